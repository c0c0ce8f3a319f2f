#!/bin/bash
# What `list` says of software that carries markers, against readelf: every note of every program
# and library of some packages of Debian. What is not installed is fetched and unpacked, not
# installed, below build/cache.
. "$(dirname "$0")/../lib.sh"
have jq && have readelf && have perl || skip_all "no jq, readelf or perl"
have dpkg-query && have apt-get || skip_all "not Debian"

packages=(postgresql-15 openjdk-17-jre-headless libstdc++6 libvirt0 php8.2-cli ruby3.1 libruby3.1
	python3.11 python3.11-minimal libpython3.11 libpython3.11-minimal libpython3.11-stdlib)
cache=$root/build/cache/packages

# files PACKAGE: its files, installed or unpacked; false where it can't be had.
files()
{
	local package=$1 deb

	if dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed; then
		dpkg-query -L "$package"
		return
	fi
	if [ ! -d "$cache/$package" ]; then
		mkdir -p "$cache" && (cd "$tmp" && apt-get download "$package") >/dev/null 2>&1 || return
		deb=$(echo "$tmp/${package}_"*.deb)
		dpkg-deb -x "$deb" "$cache/$package.new" && mv "$cache/$package.new" "$cache/$package" || return
		rm "$deb"
	fi
	find "$cache/$package" -type f
}

# with_notes: those of the files on standard input that are ELF and have markers.
with_notes()
{
	while read -r file; do
		[ -f "$file" ] && [ ! -L "$file" ] && head -c 4 "$file" | grep -q ELF &&
			readelf -SW "$file" 2>/dev/null | grep -q ' \.note\.stapsdt ' && echo "$file"
	done
}

# The notes as readelf has them, corrected by where .stapsdt.base is: address, semaphore, provider,
# name and operands, with tabs between.
by_readelf()
{
	readelf -nSW "$1" 2>/dev/null | perl -ne '
		$base = hex $1 if /\] \.stapsdt\.base +\S+ +([0-9a-f]+)/;
		$provider = $1 if /\sProvider: (.*)/;
		$name = $1 if /^ +Name: (.*)/;
		@at = map hex, ($1, $2, $3) if /^ +Location: (\S+), Base: (\S+), Semaphore: (\S+)/;
		next unless /^ +Arguments: ?(.*)/;
		my $moved = $base ? $base - $at[1] : 0;
		printf "%d\t%d\t%s\t%s\t%s\n", $at[0] + $moved, $at[2] ? $at[2] + $moved : 0,
			$provider, $name, $1 =~ s/ +$//r;' | sort
}

by_telltale()
{
	jq -r '. as $p | .sites[] | [.address, .semaphore_address // 0, $p.provider, $p.probe, .operands] |
		map(tostring) | join("\t")' | sed 's/ *$//' | sort
}

# Sizes and signs of the operands that have them, from the text and from the arguments of each site.
odd_arguments='.sites[] | . as $s |
	[$s.operands | scan("(-?)([0-9]+)(f?)@") | {size: (.[1] | tonumber), signed: (.[0] == "-"), float: (.[2] == "f")}] as $want |
	[$s.args[] | {size, signed, float}] as $have |
	select($want != $have) | $s.operands'

for package in "${packages[@]}"; do
	if ! files=$(files "$package"); then
		skip "$package" "can't be fetched"
		continue
	fi
	found=0
	while read -r file; do
		found=$((found + 1))
		name="$package: ${file##*/}"
		run "$telltale" list --json -b "$file"
		is "$name: notes as readelf has them" "$(by_telltale <<<"$out")" "$(by_readelf "$file")"
		is "$name: sizes and signs" "$(jq -r "$odd_arguments" <<<"$out")" ""
		is "$name: each probe once" "$(jq -r '"\(.provider):\(.probe)"' <<<"$out" | sort | uniq -d)" ""
		is "$name: each site's offset is that of a nop" \
			"$(jq -r '.sites[].offset' <<<"$out" | perl -e 'open F, "<:raw", shift;
				while (<STDIN>) { seek F, $_, 0; read F, $b, 1; print unless ord($b) == 0x90 }' "$file")" ""
		is "$name: no operand that is not understood" \
			"$(jq -c '.sites[].args[] | select(.kind == null)' <<<"$out" | sort -u)" ""
		is "$name: nothing to complain of" "$err" ""
	done < <(with_notes <<<"$files")
	[ "$found" != 0 ] || echo "# $package has no markers"
done
[ "$tests" != 0 ] || skip_all "none of the packages can be had"

finish
