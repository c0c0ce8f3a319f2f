# Shared by the scripts here and by tests/qemu: sourced, not run (bash). Where things are kept, and how they are got
# from Debian's archive without touching the machine's own package lists.
#
# Sets root (of telltale), cache. What is below the cache can be removed at any time.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${TELLTALE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/telltale}
firmware=(-L /usr/share/seabios -L /usr/share/qemu)

say()
{
	echo "qemu-demo: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

# private_apt: package lists of our own below the cache, with sources (deb-src), of whatever archive this machine installs from;
# refreshed when older than a day. Fills the array `apt_options`.
private_apt()
{
	local apt=$cache/apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed=

	[ -r $keyring ] && signed="[signed-by=$keyring] "
	apt_options=(-qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State::Lists=$apt/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
		-o APT::Sandbox::User=root)
	[ -n "$(find "$apt/fresh" -mtime -1 2>/dev/null)" ] && return
	mkdir -p "$apt/lists/partial"
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u |
		while read -r archive release component; do
			echo "deb $signed$archive $release $component"
			echo "deb-src $signed$archive $release $component"
		done >"$apt/sources.list"
	[ -s "$apt/sources.list" ] || die "apt knows no archive here"
	apt-get "${apt_options[@]}" update && touch "$apt/fresh"
}

# fetch WORD...: apt-get WORD... in the folder of archives; once more with new lists, should the archive have moved on.
fetch()
{
	mkdir -p "$cache/archives"
	(cd "$cache/archives" && apt-get "${apt_options[@]}" "$@") && return
	rm -f "$cache/apt/fresh"
	private_apt && (cd "$cache/archives" && apt-get "${apt_options[@]}" "$@")
}

# qemu_source: the newest source package that the archive has, else the newest one that was fetched before. Sets version
# and source (unpacked with Debian's patches).
qemu_source()
{
	local dsc

	if ! private_apt || ! fetch --download-only source qemu; then
		say "the source package cannot be fetched now; looking for one that was"
	fi
	dsc=$(find "$cache/archives" -name 'qemu_*.dsc' | sort -V | tail -n 1)
	[ -n "$dsc" ] || die "there is no source package of QEMU"
	version=${dsc##*/qemu_}
	version=${version%.dsc}
	source=$cache/qemu-$version-source
	if [ ! -d "$source" ]; then
		rm -rf "$source.new"
		dpkg-source --no-check --no-copy -x "$dsc" "$source.new" >"$cache/unpack.log" 2>&1 ||
			die "$(tail -n 3 "$cache/unpack.log")"
		mv "$source.new" "$source"
	fi
}

# kernel: Debian's cloud kernel, unpacked and not installed. Sets kernel_release and kernel (a folder with boot/, lib/). One that
# was unpacked in the last week does.
kernel()
{
	local package deb

	kernel=$(find "$cache" -maxdepth 1 -name 'kernel-*-cloud-amd64' -mtime -7 2>/dev/null | sort -V | tail -n 1)
	if [ -n "$kernel" ]; then
		kernel_release=${kernel##*/kernel-}
		return
	fi
	private_apt
	package=$(apt-cache "${apt_options[@]}" depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" { print $2; exit }')
	if [ -n "$package" ] && ! compgen -G "$cache/archives/${package}_*.deb" >/dev/null && ! fetch download "$package"; then
		say "the kernel cannot be fetched now; looking for one that was"
	fi
	deb=$(find "$cache/archives" -name 'linux-image-*-cloud-amd64_*.deb' 2>/dev/null | sort -V | tail -n 1)
	[ -n "$deb" ] || die "there is no package of Debian's cloud kernel"
	kernel_release=${deb##*/linux-image-}
	kernel_release=${kernel_release%%_*}
	kernel=$cache/kernel-$kernel_release
	rm -rf "$kernel.new"
	if [ ! -d "$kernel" ]; then
		dpkg-deb -x "$deb" "$kernel.new" && mv "$kernel.new" "$kernel" || die "cannot unpack $deb"
	fi
	touch "$kernel"
}

# build_folder VARIANT: where build.sh leaves that build of QEMU; sets version and folder. Needs no network where a build
# is complete.
build_folder()
{
	local folders

	folders=$(find "$cache" -maxdepth 2 -path "*/qemu-*-$1-$(build_key "$1")/complete" 2>/dev/null | sort -V | tail -n 1)
	folder=${folders%/complete}
	[ -n "$folder" ]
}

# What a build is made of beside QEMU's source: change one of these and it is another build.
configure_options=(
	--target-list=x86_64-softmmu --without-default-features --enable-tcg --disable-install-blobs
	--enable-vnc --enable-slirp # what the questions in samples/qemu need
	--enable-system --disable-user --disable-tools --disable-docs --disable-guest-agent
	--disable-debug-info --disable-werror --with-git-submodules=ignore
)

build_key() # VARIANT
{
	{
		echo "$1" "${configure_options[@]}"
		gcc -dumpfullversion
		[ "$1" = telltale ] && cat "$root"/sdk/telltale.h "$root"/sdk/compat/sys/sdt.h "$root"/sdk/gen/*
		[ "$1" = dtrace ] && dpkg-query -W -f '${Version}' systemtap-sdt-dev 2>/dev/null
	} | sha256sum | cut -c 1-10
}
