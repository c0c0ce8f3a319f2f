#!/bin/bash
# telltale is killed at random moments of its start, its run and its end, 20 times (LONG=1: 200), while
# eight threads of the target hammer its probes: each time everything is taken back.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
need_tracing
. "$(dirname "$0")/../hammer.sh"
kills=20
[ "${LONG:-0}" = 1 ] && kills=200

start_hammer
wrong=()
for ((i = 0; i < kills; i++)); do
	"$telltale" trace -t 0.05 -p "$target" 'hammer:*' >/dev/null 2>&1 &
	tracer=$!
	sleep "0.$(printf %03d $((RANDOM % 120)))"
	kill -KILL $tracer 2>/dev/null
	wait $tracer 2>/dev/null
	wait_until 10 as_before || wrong+=("$i")
done 2>/dev/null
is "$kills tracers killed at random moments: everything is as before after each" "${wrong[*]}" ""
end_hammer
finish
