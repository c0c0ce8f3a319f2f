# Sourced by the tests of tests/qemu, after nothing else: a QEMU to look at, and the guest that it runs.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/qemu-demo/lib.sh"
. "$root/qemu-demo/guest.sh"

for command in jq python3 cpio busybox qemu-system-x86_64; do
	have $command || skip_all "no $command (make qemu-build and make qemu-demo install it)"
done

# need_built: sets qemu, the QEMU that build.sh made.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

need_built()
{
	build_folder telltale || skip_all "no QEMU with markers is built here (make qemu-build)"
	qemu=$folder/qemu-system-x86_64
}

# need_guest: the guest, made now where it is not yet.
need_guest()
{
	guest_files=$tmp
	(make_guest) 2>"$tmp/guest.err" || skip_all "no guest: $(cat "$tmp/guest.err")"
	make_guest
}

qmp() # COMMAND [ARGUMENTS]
{
	"$root/qemu-demo/qmp" "$guest_files/qmp" "$@"
}

# total NAME MAP FIELD [KEY]: in the JSON that tracer NAME wrote, the sum of a field over a map's keys, or those that end with KEY.
total()
{
	jq -s --arg map "$2" --arg field "$3" --arg key "${4-}" \
		'[.[] | select(.map == $map and ($key == "" or .key[-1] == $key)) | .[$field]] | add // 0' "$tmp/$1.out"
}

# ask NAME TARGET...: one of samples/qemu as a tracer in the background, attached when this returns.
ask()
{
	local name=$1

	shift
	start "$name" "$telltale" run --json "$@" "$root/samples/qemu/$name.bt"
	wait_until 60 attached "$pid" || not_ok "$name attaches" "$(cat "$tmp/$name.err")"
}
