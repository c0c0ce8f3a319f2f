#!/bin/bash
# The questions of samples/qemu, all asked at the same time of a guest that boots, works on its disk and network, prints,
# and is looked at over VNC; held against what QEMU itself, the guest, and a viewer counted.
. "$(dirname "$0")/lib.sh"
need_tracing
need_built
need_guest

guest_options disk:300 deep:100 net:2 cpu:5
start qemu "$qemu" "${guest[@]}" -S -no-shutdown -device VGA -vnc "unix:$tmp/vnc"
vm=$pid
wait_until 20 [ -S "$tmp/vnc" ] || { not_ok "QEMU starts" "$(cat "$tmp/qemu.err")"; finish; }
questions="virtio-blk-latency virtio-blk-depth virtqueue-notify main-loop memory-regions coroutines console-traffic vcpu-exits"
began=$EPOCHREALTIME
tracers=()
for question in $questions; do
	ask $question -p "$vm"
	tracers+=("$pid")
done
start viewer "$here/viewer" "$tmp/vnc"
viewer=$pid
wait_until 20 contains "$tmp/viewer.out" connected || not_ok "a viewer connects" "$(cat "$tmp/viewer.err")"
qmp cont >"$tmp/cont" 2>&1 || not_ok "the guest starts" "$(cat "$tmp/cont")"
if ! wait_until 120 contains "$tmp/console" 'guest: done'; then
	not_ok "the guest does its work" "$(tail "$tmp/console")"
	finish
fi
wait_until 30 eval '[ "$(qmp query-status | jq -r .status)" = shutdown ]'
qmp query-blockstats >"$tmp/blockstats"
ended=$EPOCHREALTIME
qmp quit >/dev/null
finished "$vm"
is "QEMU ends" "$code" 0
finished "$viewer"
for process in "${tracers[@]}"; do
	finished "$process"
	[ "$code" = 0 ] || not_ok "a tracer ends with its target" "exit code $code" "$(cat "$tmp"/*.err)"
done
for question in $questions; do
	is "$question: nothing is lost" "$(jq '.lost // empty' "$tmp/$question.out")" 0
done

counted() # FIELD: what QEMU counted itself
{
	jq --arg field "$1" '.[0].stats[$field]' "$tmp/blockstats"
}
reads=$(counted rd_operations) writes=$(counted wr_operations)
is "latency: as many reads as QEMU counts" "$(total virtio-blk-latency @us count read)" "$reads"
is "latency: as many writes" "$(total virtio-blk-latency @us count write)" "$writes"
is "latency: the guest's 700 writes are there" "$((writes >= 700))" 1
is "latency: the sum of reads is no more than the time that went by" \
	"$(($(total virtio-blk-latency @total sum read) < (${ended/./} - ${began/./})))" 1
is "depth: every request has one" "$(total virtio-blk-depth @depth count)" "$((reads + writes))"
is "depth: one at a time by one program, more by four, and never more than that" "$(jq -c 'select(.map == "@depth") |
	[.buckets[] | select(.count > 0) | .min] | [(. | min) == 1, (. | max) > 1, (. | max) <= 4]' "$tmp/virtio-blk-depth.out")" "[true,true,true]"
is "depth: and over time, the greatest of each second" "$(jq -s --argjson depth "$(jq -c 'select(.map == "@depth") | [.buckets[] | select(.count > 0) | .min] | max' \
	"$tmp/virtio-blk-depth.out")" '[.[] | select(.map == "@most") | .value] | max == $depth' "$tmp/virtio-blk-depth.out")" true

# The disk's queues are those that have neither the network's bytes nor its numbers; all queues together keep the rules.
is "virtqueues: what is taken is given back, but for what the network still holds" \
	"$(($(total virtqueue-notify @taken value) - $(total virtqueue-notify @given value) <= 256))" 1
is "virtqueues: no more interrupts than elements" \
	"$(($(total virtqueue-notify @interrupts value) <= $(total virtqueue-notify @given value)))" 1
is "virtqueues: kicks by queue and by number are the same" "$(total virtqueue-notify @kicks value)" \
	"$(total virtqueue-notify @kicks_of value)"
received=$(sed -n 's/^guest: net \([0-9]*\) .*/\1/p' "$tmp/console" | tr -d '\r')
is "virtqueues: the packets that the guest received are among what was given" \
	"$(($(jq -s '[.[] | select(.map == "@given") | .value] | max' "$tmp/virtqueue-notify.out") >= received && received > 1000))" 1

is "main loop: polling and dispatching fill the time" "$(awk -v poll="$(total main-loop @poll_ns value)" \
	-v dispatch="$(total main-loop @dispatch_ns value)" -v all="$(((${ended/./} - ${began/./}) * 1000))" \
	'BEGIN {
		print (poll > 0 && dispatch > 0 && poll + dispatch < all * 1.1 && poll + dispatch > all * 0.3) ? "yes" : poll " " dispatch " " all
	}')" yes
accesses=$(($(total memory-regions @reads value) + $(total memory-regions @writes value)))
is "memory regions: as many as the virtual CPUs made" "$accesses" "$(total vcpu-exits @devices value)"
is "memory regions: each byte of the serial line is a write of one byte" \
	"$(jq -s --argjson size "$(stat -c %s "$tmp/console")" \
		'[.[] | select(.map == "@writes" and .key[0] == "serial" and .key[1] == 1) | .value] | add >= $size' "$tmp/memory-regions.out")" true
is "coroutines: one for each write (those that QEMU merged are one), from its first entry to its end" "$(total coroutines @life_us count write)" "$((writes - $(counted wr_merged)))"
is "coroutines: they run for less time than went by" \
	"$(($(total coroutines @run_ns value) > 0 && $(total coroutines @run_ns value) < (${ended/./} - ${began/./}) * 1000))" 1
is "console: the serial line has the bytes of its file" \
	"$(jq -s --argjson size "$(stat -c %s "$tmp/console")" '[.[] | select(.map == "@from_guest" and .sum == $size)] | length' \
		"$tmp/console-traffic.out")" 1
is "VNC: the viewer got what was sent, and sent what was received" \
	"$(total console-traffic @vnc_sent value) $(total console-traffic @vnc_received value)" "$(tail -n 1 "$tmp/viewer.out" | awk '{ print $1, $2 }')"
is "VNC: one viewer" "$(total console-traffic @vnc_viewers value)" 1
is "exits: two virtual CPUs ran, were interrupted, and halted" \
	"$(jq -s -c '[.[] | select(.map == "@us")] | length' "$tmp/vcpu-exits.out") $(jq -s -c \
		'[(["interrupted", "halted"][]) as $why | [.[] | select(.map == "@exits" and .key[1] == $why)] | length]' "$tmp/vcpu-exits.out")" "2 [2,2]"
is "exits: a virtual CPU's time is no more than what went by" \
	"$(jq -s --argjson all $(((${ended/./} - ${began/./}) * 1000)) '[.[] | select(.map == "@run_ns") | .value] | max < $all' "$tmp/vcpu-exits.out")" true
finish
