#!/bin/bash
# What markers cost a guest: its boot, and a disk benchmark inside it, under QEMU without markers, with markers that nobody
# watches, with the virtio markers counted, and with them traced to a file. Interleaved rounds, medians, and their ratios.
#
#	qemu-demo/cost.sh [ROUNDS, 5]
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/guest.sh"

telltale=$root/build/telltale
rounds=${1:-5}
requests=3000
guest_files=$(mktemp -d "${TMPDIR:-/tmp}/qemu-cost.XXXXXX") || exit 1
trap 'rm -rf "$guest_files"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

build_folder telltale || die "no QEMU with markers is built here (make qemu-build)"
with=$folder/qemu-system-x86_64
without=
build_folder none && without=$folder/qemu-system-x86_64
make_guest
guest_options disk:$requests

# measure KIND COMMAND...: one life of the guest; adds `KIND boot|disk SECONDS` to the figures.
measure()
{
	local kind=$1

	shift
	rm -f "$guest_files/console" "$guest_files/disk"
	truncate -s 64M "$guest_files/disk"
	if ! timeout 120 "$@" "${guest[@]}" >"$guest_files/out" 2>&1 || ! grep -q 'guest: done' "$guest_files/console"; then
		die "the guest did not come to its end ($kind): $(tail -n 3 "$guest_files/out" "$guest_files/console")"
	fi
	tr -d '\r' <"$guest_files/console" | awk -v kind="$kind" '
		/^guest: up after/ { print kind, "boot", $4 }
		/^guest: disk:.* took/ { print kind, "disk", $4 / 100 }' >>"$guest_files/figures"
}

for round in $(seq "$rounds"); do
	[ -z "$without" ] || measure "compiled-out" "$without"
	measure "unwatched" "$with"
	measure "counted" "$telltale" count 'qemu:virtio_*' 'qemu:virtqueue_*' -- "$with"
	measure "traced" "$telltale" trace -o "$guest_files/trace" 'qemu:virtio_*' 'qemu:virtqueue_*' -- "$with"
	events=$(wc -l <"$guest_files/trace")
done

[ -n "$without" ] || echo "(QEMU with its markers compiled out is not built here: qemu-demo/build.sh none; ratios are to unwatched)"
printf '%-32s %10s %7s   %14s %7s\n' "markers" "boot, s" "ratio" "$requests+$requests disk, s" "ratio"
sort "$guest_files/figures" | awk -v base="$([ -n "$without" ] && echo compiled-out || echo unwatched)" '
	{ key = $1 " " $2; value[key, ++count[key]] = $3 + 0 }
	function median(key, n, i, j, t) {
		n = count[key]
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && value[key, j - 1] > value[key, j]; j--) {
				t = value[key, j]; value[key, j] = value[key, j - 1]; value[key, j - 1] = t
			}
		return n % 2 ? value[key, (n + 1) / 2] : (value[key, n / 2] + value[key, n / 2 + 1]) / 2
	}
	END {
		names = "compiled-out unwatched counted traced"
		split(names, kind, " ")
		label["compiled-out"] = "compiled out"
		label["unwatched"] = "compiled in, unwatched"
		label["counted"] = "virtio markers counted"
		label["traced"] = "virtio markers traced to a file"
		boot = median(base " boot"); disk = median(base " disk")
		for (i = 1; i <= 4; i++)
			if (count[kind[i] " boot"])
				printf "%-32s %10.2f %7.2f   %20.2f %7.2f\n", label[kind[i]], median(kind[i] " boot"), median(kind[i] " boot") / boot,
					median(kind[i] " disk"), median(kind[i] " disk") / disk
	}'
echo "# boot: until the guest's first program runs with its disk there, by the guest's clock; disk: $requests writes and $requests reads of 4 KiB,"
echo "# one after the other, in the guest. Medians of $rounds rounds; the last trace had $events events."
