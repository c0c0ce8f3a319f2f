#!/bin/bash
# samples/qemu/migration.bt: a guest at work moves from one QEMU to another, both watched; held against what the source says of
# the migration itself.
. "$(dirname "$0")/lib.sh"
need_tracing
need_built
need_guest

guest_options seconds:60
start source "$qemu" "${guest[@]}"
source_vm=$pid
wait_until 60 contains "$tmp/console" 'guest: up' || { not_ok "the guest starts" "$(cat "$tmp/source.err")"; finish; }
# the destination has consoles and files of its own, and the same disk
destination=("${guest[@]//$tmp\/console/$tmp\/console2}")
destination=("${destination[@]//$tmp\/qmp/$tmp\/qmp2}")
start destination "$qemu" "${destination[@]}" -incoming "unix:$tmp/migration"
destination_vm=$pid
wait_until 20 [ -S "$tmp/qmp2" ] || not_ok "the destination starts" "$(cat "$tmp/destination.err")"

start tracer "$telltale" run --json -p "$source_vm" -p "$destination_vm" "$root/samples/qemu/migration.bt"
tracer=$pid
wait_until 60 attached "$tracer" || not_ok "the tracer attaches" "$(cat "$tmp/tracer.err")"
began=$EPOCHREALTIME
qmp migrate "{\"uri\": \"unix:$tmp/migration\"}" >/dev/null || not_ok "the migration starts"
migrated()
{
	qmp query-migrate >"$tmp/migrate" && [[ $(jq -r .status "$tmp/migrate") =~ completed|failed ]]
}
wait_until 60 migrated
is "the guest has moved" "$(jq -r .status "$tmp/migrate")" completed
took=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
wait_until 30 eval '[ "$("$root/qemu-demo/qmp" "$tmp/qmp2" query-status | jq -r .status)" = running ]'
is "it runs there" "$("$root/qemu-demo/qmp" "$tmp/qmp2" query-status | jq -r .status)" running
stop "$tracer" INT
is "the tracer ends well" "$code" 0

said()
{
	jq -r 'select(.printf) | .printf' "$tmp/tracer.out" | grep -c "$1"
}
is "phases of the source, in order" \
	"$(jq -r 'select(.printf) | .printf' "$tmp/tracer.out" | sed -n "s/.* $source_vm: migration is //p" | tr '\n' ' ')" \
	"setup active completed "
is "the guest stopped at the source" "$(said "$source_vm: the guest was running, is finish-migrate")" 1
is "and runs at the destination" "$(said "$destination_vm: the guest was inmigrate, is running")" 1
is "rounds over dirty memory" "$(said "$source_vm: .* pages to send")" "$(jq '.ram["dirty-sync-count"]' "$tmp/migrate")"
is "sections: memory, and the disk's device" "$(jq -s -c '[.[] | select(.map == "@section_us") | .key[1]] | map(select(. == "ram" or (. | test("virtio-blk")))) | unique | length' \
	"$tmp/tracer.out")" 2
is "their times are within the migration's" "$(($(total tracer @section_us value) / 1000 <= took && $(total tracer @section_us value) > 0))" 1
# both reckon from stopping the guest, but QEMU's own end is in the source, ours in the destination
is "the guest stood still about as long as QEMU says" "$(jq -s --argjson qemu "$(jq .downtime "$tmp/migrate")" \
	'[.[] | select(.map == "@downtime_us") | .value] | (add / 1000 - $qemu) as $more | $more > -50 and $more < 2000' "$tmp/tracer.out")" true
qmp quit >/dev/null
"$root/qemu-demo/qmp" "$tmp/qmp2" quit >/dev/null
finished "$source_vm"
is "the source ends" "$code" 0
finished "$destination_vm"
is "the destination ends" "$code" 0
finish
