#!/bin/bash
# Probes of the kernel: tracepoints with their fields, raw ones, functions, clocks and counters; to
# whom they are restricted; which there are. Everything is counted against what a program of our own
# does, and against the kernel's own description of its tracepoints.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
have gcc || skip_all "no gcc"
need_tracing
gcc -O1 -o "$tmp/calls" "$root/tests/programs/calls.c" || exit 1
calls=$tmp/calls

maps() { grep '^{"map"' <<<"$out" | jq -c '[.map, .key, .value]' | sort; }
value() { jq -r 'select(.map == "'"$1"'") | .value' <<<"$out"; } # @MAP: of one without a key
feature() { "$telltale" features --json | jq -e "select(.name == \"$1\") | .present" >/dev/null; }

# ---- what there is ----

run "$telltale" list --json tracepoint:syscalls:sys_enter_openat
if [ "$code" = 3 ] || [ "$code" = 4 ]; then
	skip "tracepoints" "$err"
	finish
fi
is "the fields of a tracepoint" "$(jq -c '[.args[] | [.name, .type, .size, .signed]]' <<<"$out")" \
	'[["__syscall_nr","int",4,true],["dfd","int",4,true],["filename","const char *",8,false],["flags","int",4,true],["mode","umode_t",2,false]]'
run "$telltale" run -lv t:sched:sched_process_exec
is "-lv: its arguments, indented" "$out" "tracepoint:sched:sched_process_exec
    __data_loc char[] filename
    pid_t pid
    pid_t old_pid"
if [ -d /sys/kernel/tracing/events/sched ]; then
	is "all tracepoints of a category" "$("$telltale" run -l 'tracepoint:sched:*' | sort)" \
		"$(cd /sys/kernel/tracing/events/sched && printf 'tracepoint:sched:%s\n' */ | tr -d / | sort)"
fi
run "$telltale" run -l 'software:c*,h:*misses'
is "-l: several patterns" "$out" "hardware:branch-misses:
hardware:cache-misses:
software:context-switches:
software:cpu-clock:
software:cpu-migrations:
software:cpu:
software:cs:"
is "-l: all of a kind" "$("$telltale" run -l 'tracepoint:*' | grep -c ^tracepoint:)" "$("$telltale" run -l 'tracepoint:*:*' | wc -l)"
run "$telltale" run -l -e 'BEGIN { exit(); } t:sched:sched_process_fre*, s:cs:10 { @ = count(); }'
is "-l: of a program" "$out" "BEGIN
software:context-switches:
software:cs:
tracepoint:sched:sched_process_free"
echo 'interval:s:1 { exit(); }' >"$tmp/listed.bt"
run "$telltale" run -l "$tmp/listed.bt"
is "-l: of a program in a file" "$out" "interval:s:1"
run "$telltale" run -l 'interval:*'
like "-l: of what is not listed, how it is written" "$code $err" "2 .*interval:UNIT:N"
run "$telltale" run -l '*sched_process_ex?[tc]'
is "-l: a pattern of whole names" "$(grep -vE '^(k|fentry|fexit)' <<<"$out" | sort)" "rawtracepoint:sched_process_exec
rawtracepoint:sched_process_exit
tracepoint:sched:sched_process_exec
tracepoint:sched:sched_process_exit"
run "$telltale" run -l 'nothing_is_called_so'
is "-l: nothing is exit code 1" "$code" 1

near() # PROBE NEAR: a misspelt one is refused with the right one
{
	run "$telltale" run -e "$1 { @ = count(); }"
	is "$1: exit code" "$code" 1
	like "and what is near" "$err" "did you mean '$2'"
}
near t:sched:sched_swich tracepoint:sched:sched_switch
near t:shed:sched_switch tracepoint:sched:sched_switch
near rt:sched_swich rawtracepoint:sched_switch
near k:vfs_rea kprobe:vfs_read
near s:page-fault: page-faults
near h:cycle cycles

near f:vfs_rea fentry:vfs_read
near fexit:vfs_rea fexit:vfs_read
TELLTALE_WITHOUT=fentry run "$telltale" run -e 'f:vfs_read { @[args.count] = count(); }'
is "a kernel without fentry: exit code" "$code" 4
like "and since when there is some" "$err" "fentry .*since Linux 5.5"
is "-lv of fexit: arguments and result" "$("$telltale" run -lv fexit:vfs_read)" "fexit:vfs_read
    struct file *file
    char *buf
    size_t count
    loff_t *pos
    ssize_t retval"

run "$telltale" run -e 't:*:* { @ = count(); }'
is "too many: exit code" "$code" 2
like "too many: why" "$err" "matches [0-9]+ probes, .* at most 1024"
BPFTRACE_MAX_PROBES=1 run "$telltale" run -e 't:sched:sched_switch, s:cs:1 { @ = count(); }'
like "a limit of one's own" "$err" "'s:cs:1' matches 1 probes, 2 with those before it, and at most 1"

wrong() # PROGRAM TEXT: refused at compile time
{
	run "$telltale" run -e "$1"
	is "$1: exit code" "$code" 2
	like "and why" "$err" "$2"
}
wrong 't:sched:sched_switch { @ = max(arg0); }' "have names: args.prev_comm"
wrong 't:sched:sched_switch { @ = max(args.prev_pit); }' "did you mean 'prev_pid'"
wrong 't:sched:sched_switch { @ = max(retval); }' "retval is for uretprobes, kretprobes"
wrong 'p:hz:9 { @ = max(arg0); }' "this probe has no arguments"
wrong 'rt:sched_switch { @ = max(args.x); }' "are arg0 to arg11"
wrong 'i:s:1 { event(); }' "interval is not of that kind"

# ---- tracepoints ----

run "$telltale" run --json -e '
	t:syscalls:sys_enter_getppid { @asked = count(); }
	t:syscalls:sys_enter_getppid { @again = count(); }
	t:syscalls:sys_exit_getppid /args.ret > 0/ { @answered = count(); }
	t:syscalls:sys_enter_write { @bytes = sum(args.count); @[str(args.buf, args.count)] = count(); }
	t:syscalls:sys_exit_write { @written = sum(args->ret); }
	t:syscalls:sys_enter_openat /str(args.filename) == "/no/such/file-of-calls"/ { @dfd = min(args.dfd); }
	t:syscalls:sys_exit_openat /args.ret < 0/ { @errno = min(args.ret); }' -- "$calls" calls
is "calls, their arguments and results" "$(maps)" '["@",["abc"],1]
["@",["defgh"],1]
["@again",[],123]
["@answered",[],123]
["@asked",[],123]
["@bytes",[],8]
["@dfd",[],-100]
["@errno",[],-2]
["@written",[],8]'

run "$telltale" count --json 't:syscalls:sys_enter_get*pid' -- "$calls" calls
is "a glob: by their names" "$(maps)" '["@",["tracepoint:syscalls:sys_enter_getppid"],123]'

run "$telltale" trace --json tracepoint:sched:sched_process_exec -- "$calls" calls
is "trace prints all fields" "$(grep '"args"' <<<"$out" | jq -c '[.provider, .probe, .comm, .args.filename, (.args.pid == .pid), (.args | keys)]')" \
	"[\"tracepoint:sched\",\"sched_process_exec\",\"calls\",\"$calls\",true,[\"filename\",\"old_pid\",\"pid\"]]"
run "$telltale" run --json -e 't:sched:sched_process_exec /args.filename == "'"$calls"'"/ { @[args.filename] = count(); }
	t:sched:sched_process_exec /args.filename == "'"${calls%s}"'"/ { @part[pid] = count(); }
	t:task:task_rename /args.newcomm == "calls"/ { @named[args.newcomm] = count(); }' -- "$calls" calls
is "texts of a record: compared, as keys" "$(maps)" "[\"@\",[\"$calls\"],1]
[\"@named\",[\"calls\"],1]"
run "$telltale" trace --json -n 1 --filter 'args.id == '"$(printf '#include <sys/syscall.h>\nSYS_write\n' | gcc -E - | tail -n 1)" \
	t:raw_syscalls:sys_enter -- "$calls" calls
is "an array of numbers, whole" "$(grep '"args"' <<<"$out" | jq '.raw.args // .args.args | length > 0')" true
number=$(printf '#include <sys/syscall.h>\nSYS_write\n' | gcc -E - | tail -n 1)
run "$telltale" run --json -e "t:raw_syscalls:sys_enter /args.id == $number/ {
	@bytes = sum(args.args[2]); \$i = 2; @again = sum(args.args[\$i]); }" -- "$calls" calls
is "and its elements" "$(maps)" '["@again",[],8]
["@bytes",[],8]'
wrong 't:raw_syscalls:sys_enter { @ = max(args.args[6]); }' "unsigned long\[6\] has no element 6"
run "$telltale" run --json -e 't:syscalls:sys_enter_openat2 { @ = max(args.how->flags); } t:task:task_rename { @n[args.newcomm] = count(); }' -- "$calls" calls
is "a struct that a field points to, by the kernel's types" "$code" 0

# ---- to whom ----

start loop "$calls" loop
other=$pid
start loop2 "$calls" loop
run "$telltale" run --json -t 0.3 -p "$pid" -e 't:syscalls:sys_enter_getppid { @[pid] = count(); }'
is "-p: the process only" "$(maps | jq -c '.[1]')" "[$pid]"
run "$telltale" run --json -t 0.3 -e 't:syscalls:sys_enter_getppid /pid == '"$pid"' || pid == '"$other"'/ { @[pid] = count(); }'
is "without a target: everybody" "$(maps | wc -l)" 2
stop "$other"
stop "$pid"
run "$telltale" run --json -e 't:syscalls:sys_enter_getppid { @ = count(); }' -- "$calls" fork
is "children count" "$(maps)" '["@",[],12]'
run "$telltale" run --json --no-follow -e 't:syscalls:sys_enter_getppid { @ = count(); }' -- "$calls" fork
is "--no-follow: they don't" "$(maps)" '["@",[],5]'

# ---- raw tracepoints ----

number=$(printf '#include <sys/syscall.h>\nSYS_getppid\n' | gcc -E - | tail -n 1)
run "$telltale" run --json -e "rt:sys_enter /arg1 == $number/ { @asked = count(); }
	rt:sched_process_exec, rt:sched_process_exit { @[probe] = count(); }" -- "$calls" calls
is "raw tracepoints" "$(maps)" '["@",["rawtracepoint:sched_process_exec"],1]
["@",["rawtracepoint:sched_process_exit"],1]
["@asked",[],123]'
run "$telltale" run -t 1 -e 'rt:sys_enter { @ = max(arg9); }'
is "an argument that it has not: exit code" "$code" 1
like "and why" "$err" "asks for more arguments than it has"

# ---- clocks and counters ----

run "$telltale" run --json -e 'p:hz:100 { @profile = count(); } s:cpu:10000000 { @cpu = count(); }
	s:task-clock:10ms { @ = count(); }' -- "$calls" burn
is "10ms is no count" "$code" 2
run "$telltale" run --json -e 'p:hz:100 { @profile = count(); } s:cpu:10000000 { @cpu = count(); }
	profile:10ms { @ten[probe] = count(); }' -- "$calls" burn
for map in @profile @cpu @ten; do
	n=$(value "$map")
	check "$map: half a second by a hundredth ($n)" test "${n:-0}" -ge 25 -a "${n:-0}" -le 75
done
run "$telltale" run --json -o "$tmp/faults" -e 's:faults:1 { @ = count(); } s:minor-faults:1 { @minor = count(); }' -- "$calls" pages
faults=$out
out=$(cat "$tmp/faults")
n=$(value @)
# The program's own count has the pages that execve(2) brought in for it, and not those after it.
check "page faults: $n, by the program's own count $faults" test "$n" -ge 1000 -a "$n" -le $((faults + 400))
check "most are minor ones" test "$(value @minor)" -ge 1000
run "$telltale" run --json -t 0.3 -e 'i:100ms { @[probe] = count(); } i:hz:1000000 { @fast = count(); } i:s:1 { @slow = count(); }'
check "intervals: $(value @) in 0.3 s" test "$(value @)" -ge 1 -a "$(value @)" -le 3
is "none of the long one" "$(value @slow)" 0

# A signal to telltale itself, which ends it where no program waits for it.
start self "$telltale" run -e 'BEGIN { printf("ready\n"); } self:signal:SIGUSR1 { printf("%s\n", probe); @ = count(); }'
wait_until 20 contains "$tmp/self.out" ready
for n in 1 2; do
	kill -USR1 "$pid"
	wait_until 20 eval "[ \$(grep -c self: '$tmp/self.out') = $n ]"
done
stop "$pid" INT
is "self:signal" "$code $(grep -v '^$' "$tmp/self.out" | tr '\n' ' ')" \
	"0 ready self:signal:SIGUSR1 self:signal:SIGUSR1 @: 2 "

run "$telltale" run --json -e 'h:instructions:100000 { @ = count(); }' -- "$calls" burn
if feature hardware; then
	check "the processor's counters" test "$(value @)" -ge 10
else
	is "no counters in the processor: exit code" "$code" 4
	like "and why" "$err" "the processor's counters"
fi

# ---- functions of the kernel ----

run "$telltale" run --json -e 'k:__x64_sys_getppid { @ = count(); } kr:__x64_sys_getppid /retval > 0/ { @r = count(); }
	kprobe:vfs_write { @bytes = sum(arg2); }' -- "$calls" calls
if feature kprobe; then
	is "functions of the kernel" "$(maps)" '["@",[],123]
["@bytes",[],8]
["@r",[],123]'
else
	is "no kprobes in the kernel: exit code" "$code" 4
	like "and why" "$err" "the kernel lacks kprobe .*CONFIG_KPROBE_EVENTS"
fi

# ---- where tracefs is not mounted ----

if have unshare && unshare -m true 2>/dev/null; then
	printf '#!/bin/sh\nexec unshare -m sh -c '\''umount -a -t tracefs,debugfs; "$@"'\'' sh "$@"\n' >"$tmp/elsewhere"
	chmod +x "$tmp/elsewhere"
	run "$tmp/elsewhere" "$telltale" count --json t:syscalls:sys_enter_getppid -- "$calls" calls
	is "tracefs that nobody has mounted" "$(maps)" '["@",["tracepoint:syscalls:sys_enter_getppid"],123]'
	run "$tmp/elsewhere" sh -c "'$telltale' list t:sched:sched_switch; grep -c tracefs /proc/mounts"
	is "and that is not mounted by us" "$(tail -n 1 <<<"$out")" 0
	if have setpriv; then
		run "$tmp/elsewhere" setpriv --reuid=65534 --clear-groups "$telltale" list t:sched:sched_switch
		is "without the right to: exit code" "$code" 3
		like "and what helps" "$err" "mount -t tracefs"
	fi
fi
# An enum that the kernel's types describe: what is sent to a port where nobody listens is dropped.
run "$telltale" run -e 't:skb:kfree_skb /args.reason == SKB_DROP_REASON_NO_SOCKET/ { print(args.reason);
	@[args.reason] = 1; exit(); }' -- bash -c 'echo >/dev/udp/127.0.0.1/9'
if [[ $err =~ "not known" ]]; then
	skip "an enum of a tracepoint" "the kernel has no such reason"
else
	is "an enum of a tracepoint" "$(grep -v '^$' <<<"$out")" 'SKB_DROP_REASON_NO_SOCKET
@[SKB_DROP_REASON_NO_SOCKET]: 1'
fi
# Fields that are arrays of numbers are arrays, as members of structs are.
run "$telltale" run -e 't:sock:inet_sock_set_state /args.newstate == 2/ { print(args.daddr); @[args.daddr] = args.saddr;
	$a = args.daddr; print($a[3]); print(args.daddr == pton("127.0.0.1")); print((uint32)args.daddr);
	print(ntop(args.daddr_v6)); print(buf(args.daddr)); exit(); }' -- bash -c ': 3<>/dev/tcp/127.0.0.1/9'
is "arrays of tracepoints" "$(grep -v '^$' <<<"$out")" '[127,0,0,1]
1
1
16777343
::ffff:127.0.0.1
\x7f\x00\x00\x01
@[[127,0,0,1]]: [127,0,0,1]'
run "$telltale" run -e 't:sock:inet_sock_set_state /args.newstate == 2/ { print(args); exit(); }' -- bash -c ': 3<>/dev/tcp/127.0.0.1/9'
like "all fields of a tracepoint" "$out" '\{ \.skaddr = 0x[0-9a-f]+, \.oldstate = 7, .*\.dport = 9, .*, \.daddr = \[127,0,0,1\], '
finish
