#!/bin/bash
# The provider files of PostgreSQL, QEMU, libvirt, CPython and glib, from Debian's source packages: the macros are those
# of systemtap's dtrace -h, the headers compile, the objects have their semaphores.
#
# The sources (90 MB) are fetched once, into $TELLTALE_CACHE (build/cache); nothing of them is kept but provider files.
. "$(dirname "$0")/lib.sh"

cache=${TELLTALE_CACHE:-$root/build/cache}/providers
mkdir -p "$cache"

# fetch PACKAGE: its provider files into $cache/PACKAGE
fetch()
{
	local package=$1 apt=$cache/apt archive

	[ -e "$cache/$package/.complete" ] && return 0
	have apt-get || { echo "no apt-get"; return 1; }
	mkdir -p "$apt/lists/partial" "$cache/$package"
	if [ ! -e "$apt/sources.list" ]; then
		sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1 >"$apt/mirror"
		awk '$1 == "deb" { print $2; exit }' /etc/apt/sources.list >>"$apt/mirror" 2>/dev/null
		mirror=$(head -n 1 "$apt/mirror")
		codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
		[ -n "$mirror" ] && [ -n "$codename" ] || { echo "no Debian mirror is known"; return 1; }
		echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $codename main" \
			>"$apt/sources.list"
	fi
	options="-qq -o Dir::Etc::sourcelist=$apt/sources.list -o Dir::Etc::sourceparts=/nonexistent
		-o Dir::State::lists=$apt/lists -o APT::Sandbox::User=root"
	# shellcheck disable=SC2086
	[ -e "$apt/updated" ] || { timeout 120 apt-get $options update >/dev/null 2>&1 && touch "$apt/updated"; }
	# shellcheck disable=SC2086
	(cd "$apt" && timeout 300 apt-get $options source --download-only "$package" >/dev/null 2>&1) || {
		echo "the source package can't be fetched"
		return 1
	}
	for archive in "$apt/$package"_*.orig.tar.*; do
		case $archive in *.asc) continue ;; esac
		tar -xf "$archive" -C "$cache/$package" --wildcards '*.d' '*trace-events' 2>/dev/null
	done
	rm -f "$apt/$package"_*
	[ -n "$(find "$cache/$package" -type f)" ] || { echo "no provider files in it"; return 1; }
	touch "$cache/$package/.complete"
}

gcc -std=c11 -D_GNU_SOURCE -Wall -I"$root/sdk" -o "$work/telltale" "$here/gen_main.c" \
	"$root"/tracer/cli/{gen,explain}.c "$root"/sdk/gen/*.c || exit 1
cd "$work" || exit 1

macros()
{
	grep -E '^#define [A-Z0-9_]+ ?\(' "$1" | sed -E 's/^#define //; s/\) .*/)/; s/[a-z]+[0-9]+/x/g; s/ //g; s/\\$//' |
		sed -E 's/__builtin.*//' | sort -u
}

# compiles HEADER: every macro's text can be compiled; nothing is said of it
compiles()
{
	echo "#include \"$1\"" >all.c
	gcc -std=c99 -pedantic-errors -Wall -Wextra -Werror -I. -I"$root/sdk" -c -o all.o all.c
}

provider_file()
{
	local package=$1 file=$2 name="$1: ${2##*/}" flag

	for flag in "" -C; do
		# libvirt's have comments that no preprocessor takes; it never uses -C
		[ "$package$flag" = libvirt-C ] && continue
		# shellcheck disable=SC2086
		if ! said=$(./telltale $flag -h -s "$file" -o ours.h 2>&1); then
			no "$name $flag" "$said"
			continue
		fi
		check "$name $flag: the header compiles" compiles ours.h
		if have dtrace; then
			# shellcheck disable=SC2086
			dtrace $flag -h -s "$file" -o theirs.h >/dev/null 2>&1
			same "$name $flag: the macros of dtrace -h" "$(macros theirs.h)" "$(macros ours.h)"
		else
			skip "$name $flag: the macros of dtrace -h" "no dtrace of systemtap-sdt-dev"
		fi
	done
	flag=-C
	[ "$package" = libvirt ] && flag=""
	# shellcheck disable=SC2086
	check "$name: the object" ./telltale $flag -G -s "$file" -o ours.o
	same "$name: a semaphore for each probe" "$(grep -c '^extern.*_semaphore;' ours.h)" \
		"$(nm ours.o | grep -c '_semaphore$')"
}

for package in postgresql-15 libvirt python3.11 glib2.0 qemu; do
	if ! why=$(fetch $package); then
		skip "$package" "$why"
		continue
	fi
	while read -r file; do
		provider_file $package "$file"
	done < <(find "$cache/$package" -name '*.d' -type f | xargs grep -lE '^provider ' | sort)
	[ $package = qemu ] || continue
	events=0
	files=0
	while read -r file; do
		if ! said=$(./telltale -h -s "$file" -o ours.h 2>&1 && compiles ours.h 2>&1); then
			no "qemu: ${file#"$cache"/qemu/}" "$said"
			continue
		fi
		files=$((files + 1))
		events=$((events + $(grep -cE '^/\* [A-Za-z0-9_]+\(' ours.h)))
		wanted=$(grep -cE '^[a-zA-Z].*\(' "$file")
		got=$(grep -cE '^/\* [A-Za-z0-9_]+\(' ours.h)
		[ "$wanted" = "$got" ] || no "qemu: ${file#"$cache"/qemu/}: $got events of $wanted"
	done < <(find "$cache/qemu" -name trace-events -type f -size +0 | xargs grep -lE '^[a-zA-Z].*\(' | sort)
	if [ $files -gt 50 ] && [ $events -gt 1000 ]; then
		ok "qemu: $events events in $files trace-events files"
	else
		no "qemu: only $events events in $files trace-events files"
	fi
done
finish
