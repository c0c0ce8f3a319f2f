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

# private_apt: package lists of our own below the cache, with the sources (deb-src) of whatever archive this machine
# installs from. Fills the array `apt_options`; refreshed when older than a day.
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
			echo "deb-src $signed$archive $release $component"
		done >"$apt/sources.list"
	[ -s "$apt/sources.list" ] || die "apt knows no archive here (apt-get update)"
	apt-get "${apt_options[@]}" update && touch "$apt/fresh"
}

# qemu_source: the newest source package that the archive has, else the newest one that was fetched before. Sets version
# and source (unpacked with Debian's patches).
qemu_source()
{
	local dsc

	private_apt || say "no new package lists; going on with what is here"
	mkdir -p "$cache/archives"
	if ! (cd "$cache/archives" && apt-get "${apt_options[@]}" --download-only source qemu); then
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

# kernel: Debian's cloud kernel, unpacked and not installed. Sets kernel_release and kernel (a folder with boot/, lib/).
kernel()
{
	local package deb

	package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" { print $2; exit }')
	mkdir -p "$cache/archives"
	if [ -n "$package" ] && ! compgen -G "$cache/archives/${package}_*.deb" >/dev/null; then
		(cd "$cache/archives" && apt-get -qq -o APT::Sandbox::User=root download "$package") ||
			say "the kernel cannot be fetched now; looking for one that was"
	fi
	deb=$(find "$cache/archives" -name 'linux-image-*-cloud-amd64_*.deb' | sort -V | tail -n 1)
	[ -n "$deb" ] || die "there is no package of Debian's cloud kernel"
	kernel_release=${deb##*/linux-image-}
	kernel_release=${kernel_release%%_*}
	kernel=$cache/kernel-$kernel_release
	if [ ! -d "$kernel" ]; then
		rm -rf "$kernel.new"
		dpkg-deb -x "$deb" "$kernel.new" && mv "$kernel.new" "$kernel" || die "cannot unpack $deb"
	fi
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
