#!/bin/bash
# What a guest does, seen from its QEMU (`make qemu-demo`): Debian's own QEMU with the plugin of this folder, while a small guest
# boots, works on its disk and network, and powers off. Where build.sh has made a QEMU with markers of its own, three of the
# questions of samples/qemu are asked of that, too, and the cost is measured if there is one without markers.
#
#	qemu-demo/demo.sh [SECONDS of the guest's work, 6]
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/guest.sh"

telltale=$root/build/telltale
plugin=$root/build/qemu-demo/markers.so
seconds=${1:-6}
guest_files=$(mktemp -d "${TMPDIR:-/tmp}/qemu-demo.XXXXXX") || exit 1
machine=
clean_up()
{
	[ -z "$machine" ] || kill "$machine" 2>/dev/null
	wait
	rm -rf "$guest_files"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

began=$SECONDS
step()
{
	echo
	echo "== $*"
}

# A command is shown as a person would type it, then run.
shown()
{
	local words="$*"

	words=${words//$root\//}
	words=${words//$folder/QEMU}
	echo "\$ ${words//$cache/CACHE}"
	"$@" 2>"$guest_files/said" | cut -c 1-130
	if [ "${PIPESTATUS[0]}" != 0 ]; then
		cat "$guest_files/said"
		failed=yes
	fi
}

# until_console TEXT: the guest has said it.
until_console()
{
	local end=$((SECONDS + 60))

	until grep -q "$1" "$guest_files/console" 2>/dev/null; do
		[ $SECONDS -lt $end ] || die "the guest did not say '$1': $(tail -n 3 "$guest_files/console" 2>/dev/null)"
		sleep 0.05
	done
}

folder=nowhere failed=
"$telltale" count -t 0.1 -b "$root/build/samples/demo" demo:tick >"$guest_files/said" 2>&1
case $? in
0) ;;
3 | 4)
	say "nothing can be traced here, so there is nothing to show: $(head -n 1 "$guest_files/said")"
	exit 0
	;;
*) die "$(cat "$guest_files/said")" ;;
esac
make_guest

step "The markers: Debian's QEMU carries none; the plugin makes some of QEMU's callbacks"
shown "$telltale" list -b "$plugin"

step "A guest of two virtual CPUs boots, works for $seconds seconds, and powers off; QEMU is watched from its first instruction"
guest_options "seconds:$seconds"
rm -f "$guest_files/console"
echo "\$ build/telltale run -b build/qemu-demo/markers.so qemu-demo/machine.bt -- qemu-system-x86_64 -plugin build/qemu-demo/markers.so ..."
"$telltale" run -b "$plugin" -o "$guest_files/machine.out" "$root/qemu-demo/machine.bt" -- \
	qemu-system-x86_64 "${guest[@]}" -plugin "$plugin" >"$guest_files/machine.err" 2>&1 &
machine=$!
until_console 'guest: up'
vm=$(pgrep -P "$machine" | head -n 1)

step "Meanwhile, for a second: the devices that the guest touches, with the size of the access"
shown "$telltale" count -t 1 --by 'str(args.device),args.size' -p "$vm" qemu:device__access
echo "# Each is an access that QEMU answers in place of a device: apic-msi are the virtual CPUs' own timers and interrupts,"
echo "# virtio-pci-notify-* says that the guest has put requests on a queue."

step "Where the guest's time goes, for a second: instructions in programs, modules, kernel; blocks executed by address"
shown "$telltale" run -t 1 -p "$vm" "$root/qemu-demo/blocks.bt"
echo "# Only now QEMU's code is instrumented for it: the plugin had all blocks translated anew when telltale came, and again when"
echo "# it went. The rows are KiB from the start of the kernel's text, of which System.map would say the functions."

step "How long a virtual CPU sleeps, from halting to waking (nanoseconds)"
shown "$telltale" latency -t 1 -p "$vm" qemu:vcpu__idle qemu:vcpu__resume --by args.vcpu

wait "$machine"
code=$?
machine=
until_console 'guest: done'
step "The guest's whole life, now that it has powered off"
cat "$guest_files/machine.out"
grep '^guest:' "$guest_files/console" | tr -d '\r'
if [ $code != 0 ]; then
	cat "$guest_files/machine.err"
	failed=yes
fi
awk '
	/^@(idle|busy)_ns\[/ { split($1, part, /[][]/); ns[part[1], part[2]] = $2; vcpus[part[2]] = 1 }
	/^@translated:/ { printf "# QEMU translated %d blocks of guest code, %d instructions each.\n", $3, $5 }
	END {
		for (vcpu in vcpus)
			printf "# Virtual CPU %d was busy %.1f s and asleep %.1f s: busy for %d%% of its time.\n", vcpu, ns["@busy_ns", vcpu] / 1e9,
				ns["@idle_ns", vcpu] / 1e9, 100 * ns["@busy_ns", vcpu] / (ns["@busy_ns", vcpu] + ns["@idle_ns", vcpu])
	}' "$guest_files/machine.out"
echo "# @busy_us: how long it ran at a time; @idle_us: how long it then slept. The guest says above how many requests its disk"
echo "# served (reads, sectors, writes, sectors) and how many packets its network."

step "User mode: the system calls of one program, by number (x86-64: 0 read, 1 write, 257 openat, 262 newfstatat)"
shown "$telltale" count --by args.number -b "$plugin" qemu:syscall__entry -- \
	qemu-x86_64 -plugin "$plugin" "$(command -v busybox)" true

if build_folder telltale; then
	qemu=$folder/qemu-system-x86_64
	step "QEMU $(basename "$folder" | cut -d - -f 2-3) with markers of its own ($("$telltale" list -b "$qemu" --json | wc -l)): three of samples/qemu"
	guest_options disk:500 net:1 cpu:5
	for question in virtio-blk-latency memory-regions vcpu-exits; do
		rm -f "$guest_files/console"
		sed -n '/^ \*\/$/q; /telltale run/d; s/^ \*$//; s/^ \*  *//; s/^./# &/p' "$root/samples/qemu/$question.bt" # what it answers
		echo "\$ build/telltale run samples/qemu/$question.bt -- QEMU/qemu-system-x86_64 ..."
		# A guest under software emulation has hung, once in many runs: then once more.
		watched=(timeout 90 "$telltale" run "$root/samples/qemu/$question.bt" -- "$qemu" "${guest[@]}")
		if ! "${watched[@]}" >"$guest_files/out" 2>"$guest_files/said" &&
			! "${watched[@]}" >"$guest_files/out" 2>"$guest_files/said"; then
			cat "$guest_files/said"
			failed=yes
		fi
		grep -vE '^$' "$guest_files/out" | tail -n 24
		echo
	done
	step "What it costs"
	"$root/qemu-demo/cost.sh" 1 || failed=yes
else
	step "No QEMU with markers of its own is built here: make qemu-build"
fi

echo
echo "qemu-demo: $((SECONDS - began)) s"
[ -z "$failed" ]
