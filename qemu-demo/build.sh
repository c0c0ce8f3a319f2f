#!/bin/bash
# Builds QEMU from Debian's source package with its own trace events as markers (`make qemu-build`):
#
#	qemu-demo/build.sh [telltale|dtrace|none]...
#
# telltale: telltale's gen stands in for dtrace. dtrace: systemtap's, to compare with. none: no markers at all, to see what
# they cost. Builds are kept in the cache (lib.sh); one that is there is not made again, one that was interrupted goes on.
# Prints the path of each build's qemu-system-x86_64.
set -u
. "$(dirname "$0")/lib.sh"

cores=$(nproc)

# The steps as ninja says them, cut down to one line in ten per cent, with the time that is left.
progress()
{
	local step finished total last=-1 start=$SECONDS

	while IFS= read -r step; do
		if ! [[ $step =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
			continue
		fi
		finished=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
		if [ $((finished * 10 / total)) -gt $last ]; then
			last=$((finished * 10 / total))
			if [ $last -gt 0 ]; then
				say "$finished of $total steps; about $(((SECONDS - start) * (total - finished) / finished)) s left"
			fi
		fi
	done
}

configure() # VARIANT FOLDER
{
	local options=("${configure_options[@]}") tools=$2/tools

	mkdir -p "$tools"
	case $1 in
	telltale)
		cp "$root/build/telltale" "$tools/telltale" && cp "$root/sdk/gen/telltale-dtrace" "$tools/dtrace" || return
		mkdir -p "$2/sdk" && cp -r "$root/sdk/telltale.h" "$root/sdk/compat/sys" "$2/sdk/" || return
		options+=(--enable-trace-backends=dtrace "--extra-cflags=-I$2/sdk")
		;;
	dtrace)
		options+=(--enable-trace-backends=dtrace)
		;;
	none)
		options+=(--enable-trace-backends=nop)
		;;
	*) die "no such build: $1 (telltale, dtrace, none)" ;;
	esac
	(cd "$2" && PATH=$tools:$PATH CC="$compiler" ../"$(basename "$source")"/configure "${options[@]}" >configure.log 2>&1)
}

build() # VARIANT
{
	local folder=$cache/qemu-$version-$1-$(build_key "$1") steps

	if [ ! -e "$folder/complete" ]; then
		if [ ! -e "$folder/build.ninja" ]; then
			rm -rf "$folder"
			mkdir -p "$folder"
			configure "$1" "$folder" || die "configure failed: $(tail -n 12 "$folder/configure.log")"
		fi
		steps=$(ninja -C "$folder" -n qemu-system-x86_64 | sed -n '$s/.*\/\([0-9]*\)\].*/\1/p')
		say "QEMU $version with markers by $1: ${steps:-0} steps, about $((${steps:-0} / cores / 4 + 5)) s on $cores" \
			"free cores (less where the compiler's cache has them); kept in $folder"
		nice ninja -C "$folder" qemu-system-x86_64 2>&1 9>&- | tee "$folder/build.log" | progress
		[ "${PIPESTATUS[0]}" = 0 ] ||
			die "the build failed: $(grep -A 12 FAILED "$folder/build.log" | head -n 24)"
		# what the linker has taken is not needed again
		find "$folder" \( -name '*.o' -o -name '*.fa' -o -name '*.a' \) -delete
		touch "$folder/complete"
	fi
	echo "$folder/qemu-system-x86_64"
}

[ $# -gt 0 ] || set -- telltale
for variant in "$@"; do
	if ! build_folder "$variant"; then
		missing=yes
	fi
done
if [ -z "${missing-}" ]; then
	for variant in "$@"; do
		build_folder "$variant" && echo "$folder/qemu-system-x86_64"
	done
	exit 0
fi
mkdir -p "$cache" && exec 9>"$cache/lock" || die "cannot write to $cache"
flock -n 9 || { say "another build is at work; waiting for it"; flock 9; }
compiler=gcc
if command -v ccache >/dev/null; then # most objects of a second build are those of the first
	export CCACHE_DIR=$cache/ccache CCACHE_MAXSIZE=1G CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$cache
	compiler="ccache gcc"
fi
qemu_source
for variant in "$@"; do
	build "$variant"
done
