#!/bin/bash
# The plugin of qemu-demo on Debian's QEMU: its markers say what QEMU does, in user mode and in a machine; what nobody watches is
# not instrumented, and blocks that are translated already are, once somebody comes.
. "$(dirname "$0")/lib.sh"
need_tracing
have qemu-x86_64 || skip_all "no qemu-x86_64 (qemu-user)"
plugin=$tmp/markers.so
check "the plugin builds without a header of QEMU's" gcc -std=gnu11 -Wall -Wextra -Werror -O2 -fPIC -fvisibility=hidden -shared \
	-I"$root/sdk" -o "$plugin" "$root/qemu-demo/plugin/markers.c"
is "markers, all with semaphores" "$("$telltale" list -b "$plugin" --json | jq -s -c 'map(select(.semaphore) | .probe) | sort')" \
	'["block__execute","block__translate","device__access","syscall__entry","syscall__return","vcpu__exit","vcpu__idle","vcpu__resume","vcpu__start"]'

# ---- user mode: against QEMU's own log of system calls ----
busybox=$(command -v busybox)
qemu-x86_64 -strace "$busybox" cat "$root/LICENSE" >"$tmp/out" 2>"$tmp/strace" </dev/null
strace=$(grep -cE '^[0-9]+ [a-z0-9_]+\(|^[0-9]+ Unknown syscall' "$tmp/strace")
"$telltale" count --json -o "$tmp/calls" -b "$plugin" qemu:syscall__entry qemu:syscall__return -- \
	qemu-x86_64 -plugin "$plugin" "$busybox" cat "$root/LICENSE" >"$tmp/out" 2>"$tmp/err" </dev/null
calls()
{
	jq -r --arg probe "qemu:syscall__$1" 'select(.key[0]? == $probe) | .value' "$tmp/calls"
}
is "user mode: as many system calls as QEMU logs" "$(calls entry)" "$strace"
# all return but exit_group
is "user mode: and all but the last return" "$(calls return)" "$((strace - 1))"

# A program that executes a known number of blocks: a loop of N rounds is a block each.
cat >"$tmp/loop.c" <<'END'
int main(void)
{
	long n = 1000000;

	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n));
	return 0;
}
END
if gcc -O1 -static -o "$tmp/loop" "$tmp/loop.c" 2>/dev/null; then
	run "$telltale" run --json -b "$plugin" -e 'qemu:block__execute { @[args.address, args.instructions] = count(); }' -- \
		qemu-x86_64 -plugin "$plugin" "$tmp/loop"
	is "user mode: the block of a loop is executed as often as it goes round" \
		"$(grep '^{' "$tmp/run.out" | jq -s -c '[.[] | select(.key[1]? == 2 and .value >= 999000)] | [length, .[0].value >= 999990]')" "[1,true]"
else
	skip "user mode: the block of a loop is executed as often as it goes round" "no static libc"
fi

# ---- a machine ----
need_guest
guest_options cpu:5 disk:200 seconds:60
start tracer "$telltale" run --json -b "$plugin" "$root/qemu-demo/machine.bt" -- qemu-system-x86_64 "${guest[@]}" -plugin "$plugin"
tracer=$pid
wait_until 60 contains "$tmp/console" 'disk:200 took' || not_ok "the guest starts" "$(cat "$tmp/tracer.err")"
vm=$(pgrep -P "$tracer" | head -n 1)
run "$telltale" run --json -t 1 -p "$vm" "$root/qemu-demo/blocks.bt"
is "blocks that were translated before are counted now: kernel and programs, on both virtual CPUs" \
	"$(jq -s -c '[(["@kernel", "@program"][]) as $map | [.[] | select(.map == $map and .value > 0)] | length]' "$tmp/run.out")" "[2,2]"
devices() # seen so far, of those that a guest at work touches
{
	jq -s -r '[.[] | .key[0]? // empty | select(. == "virtio-pci-notify-virtio-blk" or . == "virtio-pci-notify-virtio-net" or
		. == "apic-msi")] | unique | join(" ")' "$tmp"/devices.*
}
for round in 1 2 3 4 5 6 7 8 9 10; do # its disk and its network have their turns
	run "$telltale" count --json -t 1 --by 'str(args.device)' -p "$vm" qemu:device__access
	echo "$out" >"$tmp/devices.$round"
	[ "$(devices | wc -w)" = 3 ] && break
done
is "accesses by device: the disk's, the network's, and the timers of the virtual CPUs" "$(devices)" \
	"apic-msi virtio-pci-notify-virtio-blk virtio-pci-notify-virtio-net"
run "$telltale" latency --json -t 1 -p "$vm" qemu:vcpu__idle qemu:vcpu__resume --by args.vcpu
is "from idle to resume, on both virtual CPUs" "$(jq -s -c '[.[] | select(.map == "@nsecs" and .count > 0) | .key[0]] | sort' "$tmp/run.out")" "[0,1]"
# Callbacks and blocks are thrown away each time; what QEMU keeps of them must not be used.
for round in 1 2 3 4 5 6 7 8; do
	"$telltale" count -t 0.2 -p "$vm" qemu:device__access >"$tmp/toggled" 2>&1
done
like "watched and left in turn, QEMU goes on" "$(qmp query-status | jq -r .status)" running
for probe in block__execute device__access; do
	address=$("$telltale" list -b "$plugin" --json qemu:$probe | jq '.sites[0].semaphore_address')
	is "nobody watches $probe any more" "$(semaphore_value "$vm" $((address + $(load_base "$vm" "$plugin"))))" 0
done
qmp quit >/dev/null
finished "$tracer"
is "the guest's checksums of its own work are right, watched or not" "$(grep -cE '^guest: cpu[01] 5 ' "$tmp/console")" 2
is "two virtual CPUs were started" "$(total tracer @started value)" 2
is "they slept and ran" "$(jq -s -c '[(["@idle_us", "@busy_us"][]) as $map | [.[] | select(.map == $map)] | length]' \
	<(grep '^{' "$tmp/tracer.out"))" "[2,2]"
finish
