#!/bin/bash
# Targets that end, are killed, run other programs, fork, unload libraries, are held by a debugger or
# are stopped: telltale counts right, ends when it should, and uses no processor while nothing happens.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
need_tracing
many=100
[ "${LONG:-0}" = 1 ] && many=1000

acts=$tmp/acts library=$tmp/libreloaded.so
${CC:-gcc} -O2 -I"$root/sdk" -o "$acts" "$root/tests/programs/acts.c" -ldl &&
	${CC:-gcc} -O2 -I"$root/sdk" -DRELOADED -shared -fPIC -o "$library" "$root/tests/programs/acts.c" ||
	skip_all "no compiler"

start_waiting() # leaves its number in $target
{
	start acts "$acts" wait
	target=$pid
}

start_tracer() # WORD...: counts acts:hit there; its number in $tracer
{
	start tracer "$telltale" count --json "$@" acts:hit
	tracer=$pid
	wait_until 20 watched "$target" "$acts" acts:hit
}

# Its processor time so far, in ticks of ten milliseconds.
ticks_of() # PID
{
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}

idle() # NAME: the tracer uses little within a second
{
	local before

	before=$(ticks_of "$tracer")
	sleep 1
	check "$1: no spinning" test $(($(ticks_of "$tracer") - before)) -le 10
}

counted() # the sum of what the tracer has counted
{
	jq -s 'map(select(.map) | .value) | add // 0' "$tmp/tracer.out"
}

for signal in TERM KILL; do
	start_waiting
	start_tracer -p "$target"
	idle "a target that does little"
	stop "$target" $signal
	finished "$tracer" 10
	is "SIG$signal to the target ends telltale" "$code" 0
	check "with a count" test "$(counted)" -gt 10
done

for way in 'fork '$many 'exec '$((many > 200 ? 200 : many)); do
	run "$telltale" count --json acts:hit -- "$acts" $way $many
	is "$way: all of $many" "$code $(jq -s 'map(select(.map) | .value) | add' <<<"$out")" "0 $many"
done
run "$telltale" count --json -b "$acts" acts:hit -- "$acts" fork $many
is "fork, in whatever process: all of $many" "$code $(jq -s 'map(select(.map) | .value) | add' <<<"$out")" "0 $many"
run "$telltale" count --json -b "$library" reload:hit -- "$acts" reload "$library" $many
is "a library that is loaded and unloaded $many times, each with its semaphore" \
	"$code $(jq -s 'map(select(.map) | .value) | add' <<<"$out")" "0 $many"

# ---- stopped ----

start_waiting
kill -STOP "$target"
run "$telltale" count --json -t 0.2 -p "$target" acts:hit
is "a stopped target: a trace of it begins and ends" "$code" 0
start_tracer -p "$target"
idle "a stopped target"
kill -CONT "$target"
sleep 0.3
kill -STOP "$target"
stop "$tracer" INT
is "an interrupt ends a trace of it" "$code" 0
check "and what it did between is counted" test "$(counted)" -gt 5
check "nothing is left in it" not_watched "$target" "$acts" acts:hit
kill -CONT "$target"

# ---- in a debugger's hands ----

if have gdb; then
	cat >"$tmp/gdb" <<-END
		set confirm off
		set pagination off
		shell "$telltale" count -t 0.2 -p $target acts:hit >$tmp/held 2>&1; echo \$? >>$tmp/held
		break usleep
		ignore 1 20
		shell "$telltale" count --json -p $target acts:hit >$tmp/traced 2>&1 & echo \$! >$tmp/tracer
		shell sleep 0.5
		continue
		delete
		detach
		quit
	END
	timeout 60 gdb -q -batch -p "$target" -x "$tmp/gdb" >"$tmp/gdb.out" 2>&1
	is "a target that gdb holds: a trace of it begins and ends" "$(tail -n 1 "$tmp/held")" 0
	like "gdb's own breakpoint is met" "$(cat "$tmp/gdb.out")" 'Breakpoint 1, '
	kill -INT "$(cat "$tmp/tracer")" 2>/dev/null
	wait_until 20 contains "$tmp/traced" lost
	check "telltale counts beside it" test "$(jq -s 'map(select(.map) | .value) | add // 0' "$tmp/traced")" -ge 20
	check "and the target lives" kill -0 "$target"
else
	skip "a debugger" "no gdb"
fi
check "nothing is left" wait_until 10 not_watched "$target" "$acts" acts:hit
finish
