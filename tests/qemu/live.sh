#!/bin/bash
# A machine that must not notice: QEMU with all virtual CPUs busy, confined as libvirt runs it (a user, a mount namespace in which
# only it sees its program, a cgroup). It is attached to, traced and left, again and again, in turn and at the same time; a tracer is
# killed. The guest's checksums of its own work stay right, semaphores return, nothing hangs.
. "$(dirname "$0")/lib.sh"
need_tracing
need_built
need_guest
[ "$(id -u)" = 0 ] || skip_all "only root can confine QEMU as libvirt does"

guest_files=$tmp/vm
mkdir -p "$tmp/vm" "$tmp/private"
chown nobody "$tmp/vm"
# what it is made of is where only it can see it
inside=$tmp/private
cat >"$tmp/confine" <<'END'
#!/bin/bash
# confine FOLDER FILE... -- COMMAND...: a mount namespace where FOLDER has FILEs, and another user
mount --make-rprivate / && mount -t tmpfs none "$1" && chmod 755 "$1" || exit 1
folder=$1
shift
while [ "$1" != -- ]; do
	cp "$1" "$folder/" || exit 1
	shift
done
shift
exec setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs --bounding-set=-all "$@"
END
chmod 755 "$tmp/confine"
kernel_file=$guest_kernel initramfs_file=$guest_initramfs
guest_kernel=$inside/${guest_kernel##*/} guest_initramfs=$inside/${guest_initramfs##*/}
guest_options busy disk:100
chown -R nobody "$tmp/vm"

cgroup=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)/telltale-qemu.$$
if mkdir "$cgroup" 2>/dev/null; then
	at_exit+=("wait_until 10 rmdir '$cgroup' 2>/dev/null")
	ok "it has a cgroup of its own"
else
	cgroup=
	skip "it has a cgroup of its own" "no cgroup can be made here"
fi
started_in_cgroup()
{
	[ -z "$cgroup" ] || echo $BASHPID >"$cgroup/cgroup.procs"
	exec unshare --mount "$tmp/confine" "$inside" "$qemu" "$kernel_file" "$initramfs_file" -- \
		"$inside/qemu-system-x86_64" "${guest[@]}"
}
started_in_cgroup >"$tmp/qemu.out" 2>"$tmp/qemu.err" </dev/null &
vm=$!
started+=("$vm")
wait_until 60 contains "$tmp/vm/console" 'guest: up' || { not_ok "the guest starts" "$(cat "$tmp/qemu.err")"; finish; }
is "its user is another" "$(stat -c %U "/proc/$vm")" nobody
is "its program is not to be seen from here" "$(readlink "/proc/$vm/exe") $([ -e "$inside/qemu-system-x86_64" ] && echo yes || echo no)" \
	"$inside/qemu-system-x86_64 no"

all=$("$telltale" list -b "$qemu" --json | wc -l)
run "$telltale" list -p "$vm" --json 'qemu:*'
is "list -p: all markers, in its own namespace" "$(grep -c '"provider":"qemu"' "$tmp/run.out")" "$all"

# The semaphores of all markers, as the memory of the process has them.
"$telltale" list -b "$qemu" --json | jq '.sites[0].semaphore_address' | sort -n >"$tmp/semaphores"
base=
while read -r start_end _ offset _ _ path; do
	[ "$path" = "$inside/qemu-system-x86_64" ] && [ "$((16#$offset))" = 0 ] && base=$((16#${start_end%-*})) && break
done <"/proc/$vm/maps"
first=$(head -n 1 "$tmp/semaphores") last=$(tail -n 1 "$tmp/semaphores")
raised() # how many of the semaphores' two bytes are not 0
{
	dd if="/proc/$vm/mem" bs=1M iflag=skip_bytes,count_bytes skip=$((base + first)) count=$((last - first + 2)) 2>/dev/null |
		od -An -v -w2 -tu2 | awk '$1' | wc -l
}
is "nobody watches" "$(raised)" 0

run "$telltale" count --json -t 2 -p "$vm" 'qemu:memory_region_ops*' 'qemu:cpu_*' 'qemu:exec_tb*'
is "counted while both virtual CPUs are busy" "$code $(jq -s '[.[] | .value? // empty] | add > 1000' "$tmp/run.out")" "0 true"
is "and left: semaphores are back" "$(raised)" 0
run "$telltale" trace --json -n 2000 -p "$vm" 'qemu:memory_region_ops*'
is "traced, every name of a region readable" \
	"$code $(jq -s 'map(select(.probe and (.unreadable | not) and (.args.name | length) > 0)) | length' "$tmp/run.out")" "0 2000"
is "and left: semaphores are back" "$(raised)" 0

# all of them
start everything "$telltale" count --json -p "$vm" 'qemu:*'
everything=$pid
wait_until 60 attached "$everything" || not_ok "all markers are attached" "$(cat "$tmp/everything.err")"
is "all $all markers are watched" "$(raised)" "$(sort -u "$tmp/semaphores" | wc -l)"
start second "$telltale" run --json -p "$vm" "$root/samples/qemu/vcpu-exits.bt"
second=$pid
wait_until 60 attached "$second" || not_ok "a second one attaches" "$(cat "$tmp/second.err")"
stop "$everything" INT
is "they are left while another stays" "$code" 0
stop "$second" KILL
wait_until 20 eval '[ "$(raised)" = 0 ]'
is "a killed tracer leaves no semaphore raised" "$(raised)" 0
for turn in 1 2 3 4 5; do
	"$telltale" count -t 0.2 -p "$vm" 'qemu:v*' 'qemu:exec_tb' >"$tmp/turn" 2>&1 || not_ok "turn $turn" "$(cat "$tmp/turn")"
done
is "after five more turns, semaphores are back" "$(raised)" 0
is "meanwhile the guest was at work" "$(grep -c '^guest: cpu' "$tmp/vm/console")" 0

printf stop | dd of="$tmp/vm/disk" bs=512 seek=131000 conv=notrunc status=none
finished "$vm" 100
is "the guest comes to its end" "$code $(grep -c '^guest: done' "$tmp/vm/console")" "0 1"
# the same sums, outside
sums=$(sed -n '/^sums()/,/^}/p' "$root/qemu-demo/guest-init")
said=$(tr -d '\r' <"$tmp/vm/console" | grep -E '^guest: cpu[0-9] ' | sort)
is "each virtual CPU did its work" "$(grep -c . <<<"$said")" 2
is "its checksums of its own work are right" "$said" "$(while read -r _ vcpu rounds _; do
	busybox sh -c "$sums
sums $rounds ${vcpu#cpu}"
done <<<"$said")"
finish
