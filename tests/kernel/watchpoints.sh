#!/bin/bash
# Watchpoints: a program says how often it touches what, and the kernel counts the same; threads and children of the target
# are of it, others are not. What processors can't watch is refused.
. "$(dirname "$0")/../lib.sh"
have gcc || skip_all "no gcc"
have nm || skip_all "no nm"
need_tracing
has_feature watchpoint || skip_all "no watchpoints here: $("$telltale" features | grep -A1 watchpoint)"
gcc -O1 -no-pie -pthread -o "$tmp/watched" "$root/tests/programs/watched.c" || exit 1
address() { nm "$tmp/watched" | awk -v name="$1" '$3 == name { print "0x" $1 }'; }
at=$(address watched) code_at=$(address called)

counts() # PROBE WHAT EXPECTED
{
	run "$telltale" run -q -e "$1 { @ = count(); }" -- "$tmp/watched"
	is "$2" "$(grep . <<<"$out")" "@: $3"
}
counts "watchpoint:$at:8:w" "writes, of threads and children too" 16
counts "w:$at:8:rw" "writes and reads" 19
counts "asyncwatchpoint:$at:1:wr" "one byte of them" 19
counts "w:$(address beside):8:w" "what is beside is not meant" 3
counts "w:$code_at:8:x" "calls" 7

run "$telltale" run -q -e "w:$at:8:w { @[probe, pid == cpid, tid == pid] = count(); }" -- "$tmp/watched"
is "who it was" "$(grep . <<<"$out" | sort)" "@[watchpoint:$(printf 0x%x "$at"):8:w, 0, 1]: 1
@[watchpoint:$(printf 0x%x "$at"):8:w, 1, 0]: 5
@[watchpoint:$(printf 0x%x "$at"):8:w, 1, 1]: 10"
run "$telltale" run -q -e "w:$code_at:8:x { @[ustack(1)] = count(); }" -- "$tmp/watched"
like "the stack" "$out" "called"
run "$telltale" run -q -e "w:$at:8:w { @ = count(); }" -- "$tmp/watched" 20000
is "many hits" "$(grep . <<<"$out")" "@: 20006"

# ---- what an argument leads to ----

gcc -O1 -o "$tmp/increment" "$root/tests/programs/increment.c" || exit 1
increments() # PROBE COUNT WHAT EXPECTED
{
	run "$telltale" run -q -e "$1 { @[probe] = count(); }" -- "$tmp/increment" "$2"
	is "$3" "$(grep . <<<"$out")" "@[watchpoint:increment+arg1:4:w]: $4"
	is "and it ends as it would" "$code" 0
}
increments w:increment+arg1:4:w 1 "an argument: from the first call on" 4
increments watchpoint:increment+arg1:4:w 3 "three addresses" 12
run "$telltale" run -e "w:increment+arg1:4:w { @ = count(); }" -- "$tmp/increment" 20
like "more addresses than the processor has: said" "$err" "increment\+arg1:4:w: 0x[0-9a-f]+ can't be watched: all watchpoints"
is "and the process goes on" "$code" 0
run "$telltale" run -q -e "w:increment+arg1:4:w { printf(\"hit\\n\"); exit(); }" -- "$tmp/increment" 3
is "exit() at the first" "$out" hit
run "$telltale" run -q -e "w:increment+arg1:4:w { }"
like "without a process" "$err" "name one with -p PID or -- COMMAND"
run "$telltale" run -q -e "w:incremen+arg1:4:w { }" -- "$tmp/increment"
like "a name that is near" "$err" "did you mean 'increment'"
run "$telltale" run -q -e "w:increment+arg9:4:w { }" -- "$tmp/increment"
like "an argument that can't be had" "$err" "are arg0 to arg5"

run "$telltale" run -q --unsafe -e "w:$at:8:w { @ = count(); } interval:ms:100 { unwatch($at); system(\"$tmp/watched\"); exit(); }"
is "unwatch()" "$(grep . <<<"$out")" "@: 0"

# Another process of the same program is none of the target's.
start sleeper sleep 600
run "$telltale" run -q -p "$pid" -e "w:$at:8:w { @ = count(); } BEGIN { system(\"$tmp/watched\"); } interval:ms:300 { exit(); }" --unsafe
is "another process" "$(grep . <<<"$out")" "@: 0"
stop "$pid" TERM
run "$telltale" run -q --unsafe -e "w:$at:8:w { @ = count(); } BEGIN { system(\"$tmp/watched\"); } interval:ms:300 { exit(); }"
is "without a target everybody is meant" "$(grep . <<<"$out")" "@: 16"

run "$telltale" run -e "$(for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do echo "w:0x$((n * 1000)):8:w { @ = count(); }"; done) BEGIN { exit(); }"
like "more than the processor has: which" "$err" "can't be attached: all watchpoints that the processor has are taken"
TELLTALE_WITHOUT=watchpoint run "$telltale" run -e "w:$at:8:w { }"
is "a machine without: exit code" "$code" 4
like "and what it takes" "$err" "watchpoint .*since Linux 4.9"
finish
