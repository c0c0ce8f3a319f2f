#!/bin/bash
# The command line while it traces: how it ends, what it says then, and what of bad input only shows
# there.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
demo=$samples/demo

# ---- no permission ----

as_nobody=()
if [ "$(id -u)" = 0 ] && have setpriv; then
	as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --)
	cp "$telltale" "$demo" "$tmp"
fi
if [ ${#as_nobody[@]} -gt 0 ] && "${as_nobody[@]}" "$tmp/telltale" --version >/dev/null 2>&1; then
	for verb in trace count "hist --of args.id"; do
		# shellcheck disable=SC2086
		run "${as_nobody[@]}" "$tmp/telltale" $verb -b "$tmp/demo" demo:reply
		is "$verb without permission: exit code 3, one line" "$code $(lines "$tmp/run.err")" "3 1"
		like "$verb without permission: what is missing" "$err" 'CAP_BPF and CAP_PERFMON are missing'
	done
	run "${as_nobody[@]}" "$tmp/telltale" features --json
	is "features without permission" "$(jq -r 'select(.feature == "bpf") | .present, .permitted' <<<"$out" | xargs)" "false false"
	run "${as_nobody[@]}" "$tmp/telltale" trace --engine kernel demo:reply -- "$tmp/demo" -n 1
	is "a command without permission: exit code 3, and it never ran" "$code $out" "3 "
else
	skip "without permission" "not root"
fi

need_tracing

# ---- limits ----

for n in 1 7 100; do
	run "$telltale" trace --json -n $n demo:request -- "$demo" -n 5000 -r 0 -w 4
	is "-n $n: as many, not one more" "$(grep -c '"probe"' <<<"$out")" $n
done
start=$(date +%s%N)
run "$telltale" count --json -t 1 -b "$demo" demo:request
took=$((($(date +%s%N) - start) / 1000000))
is "-t 1: exit code 0" "$code" 0
[ $took -ge 1000 ] && [ $took -lt 6000 ] && ok "-t 1: ends after about a second" || not_ok "-t 1: ends after about a second" "$took ms"
is "a target that never hits a probe: exit code 0, nothing but what is lost" "$out" '{"lost":0}'
run "$telltale" trace -t 0.1 -b "$demo" demo:request
is "a target that never hits a probe, as text" "$code $out" "0 "
run "$telltale" hist -t 0.1 -b "$demo" demo:reply --of args.bytes
is "a histogram of nothing" "$code" 0

# ---- the target ends ----

for verb in trace count; do
	start demo "$demo" -t 0.5 -r 100
	run "$telltale" $verb --json -p "$pid" demo:request
	is "$verb -p: ends with the process" "$code" 0
	like "$verb -p: with results" "$out" 'request'
	finished "$pid"
done
start demo "$demo" -t 100 -r 100
target=$pid
start tracer "$telltale" count --json -p "$target" demo:request
tracer=$pid
wait_until 20 watched "$target" "$demo" demo:request
stop "$target" KILL
finished "$tracer"
is "a process that is killed: the tracer ends, exit code 0" "$code" 0
tail -n 1 "$tmp/tracer.out" >"$tmp/last"
is "a process that is killed: what was lost is said" "$(cat "$tmp/last")" '{"lost":0}'

# ---- commands ----

cp "$demo" "$tmp/marked" # a program that has the probes, and ends as its arguments say
cat >"$tmp/ends.c" <<'END'
#include <telltale.h>
#include <signal.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
	int how = argc > 1 ? atoi(argv[1]) : 0;

	TELLTALE(ends, how, how);
	if (how < 0)
		raise(-how);
	return how;
}
END
if gcc -I"$root/sdk" -o "$tmp/ends" "$tmp/ends.c"; then
	for how in 0 1 2 7 255; do
		run "$telltale" count --json ends:how -- "$tmp/ends" $how
		is "-- COMMAND: exit code $how is passed on" "$code" $how
	done
	for signal in 6 9 11 15; do
		run "$telltale" count --json ends:how -- "$tmp/ends" -$signal
		is "-- COMMAND: signal $signal is exit code 128 and more" "$code" $((128 + signal))
		is "-- COMMAND: the hit before signal $signal is counted" "$(jq -r 'select(.map) | .value' <<<"$out")" 1
	done
	run "$telltale" trace --json ends:how -- "$tmp/ends" 3
	is "-- COMMAND: its first event" "$(jq -c 'select(.probe) | .args' <<<"$out")" '{"how":3}'
	run "$telltale" run -q -e 'ends:how { printf("%d\n", args.how); }' -c "$tmp/ends 5"
	is "run -c: program, command, exit code" "$code $out" "5 5"
else
	skip "-- COMMAND" "no compiler"
fi
run "$telltale" trace demo:request -- "$tmp/text-that-is-not-there"
is "a command that is not there" "$code $(lines "$tmp/run.err")" "2 1"
echo nothing >"$tmp/not-executable"
run "$telltale" trace demo:request -- "$tmp/not-executable"
is "a command that may not be executed: exit code 3, one line" "$code $(lines "$tmp/run.err")" "3 1"

# ---- signals ----

for signal in INT TERM HUP; do
	start demo "$demo" -t 100 -r 200
	target=$pid
	start tracer "$telltale" count --json -p "$target" demo:request
	tracer=$pid
	wait_until 20 watched "$target" "$demo" demo:request
	start witness "$telltale" trace -n 3 -p "$target" demo:request
	finished "$pid"
	stop "$tracer" $signal
	is "SIG$signal ends it properly" "$code" 0
	[ "$(jq -r 'select(.map) | .value' "$tmp/tracer.out")" -ge 3 ] && ok "SIG$signal: with results" ||
		not_ok "SIG$signal: with results" "$(cat "$tmp/tracer.out" "$tmp/tracer.err")"
	is "SIG$signal: the target runs on" "$(kill -0 "$target" && echo yes)" yes
	stop "$target"
done

# ---- nobody reads ----

for form in '' --json; do
	# shellcheck disable=SC2086
	timeout 60 "$telltale" trace $form demo:request -- "$demo" -n 200000 -r 0 2>"$tmp/pipe.err" | head -n 1 >"$tmp/pipe.out"
	statuses="${PIPESTATUS[*]}"
	is "trace $form | head -1: a line, then it ends quietly with 0" "$statuses $(lines "$tmp/pipe.out") $(grep -vc '^demo: ' "$tmp/pipe.err")" "0 0 1 0"
done
start demo "$demo" -t 100 -r 200
target=$pid
timeout 60 "$telltale" trace -p "$target" demo:request 2>"$tmp/pipe.err" | head -n 1 >"$tmp/pipe.out"
is "trace -p | head -1: ends as soon as it notices" "${PIPESTATUS[*]} $(cat "$tmp/pipe.err")" "0 0 "
stop "$target"
run sh -c '"$0" count demo:request -- "$1" -n 10 -r 0 >/dev/full' "$telltale" "$demo"
is "standard output that is full" "$code" 2
like "standard output that is full: is said" "$err" 'No space left'

# ---- what is lost ----

run "$telltale" trace --json --ring-size 4K demo:request -- "$demo" -n 50000 -r 0 -w 2
got=$(grep -c '"probe"' <<<"$out")
lost=$(grep '^{"lost"' <<<"$out" | jq -s 'map(.lost) | add')
is "a small ring: what is printed and what is lost is all there was" $((got + lost)) 50000
is "a small ring: no line is cut or mixed with others" "$(grep -v '^demo: ' <<<"$out" | jq -c 'type' | sort -u)" '"object"'
run "$telltale" trace --ring-size 4K demo:request -- "$demo" -n 50000 -r 0 -w 2
[ "$lost" = 0 ] && skip "a small ring: the loss is said, as text" "nothing was lost" ||
	like "a small ring: the loss is said, as text" "$err" '[0-9]+ .*lost|lost.* [0-9]+'

# ---- more than one ----

start demo "$demo" -t 100 -r 200
target=$pid
start demo2 "$demo" -t 100 -r 200
second=$pid
run "$telltale" count --json -t 1 -p "$target" -p "$second" --by pid demo:request
is "-p twice: both are counted" "$(jq -r 'select(.map) | .key[0]' <<<"$out" | sort -n | xargs)" \
	"$(printf '%s\n' "$target" "$second" | sort -n | xargs)"
run "$telltale" count --json -t 1 -b "$demo" --by pid demo:request
is "-b: every process that runs it" "$(jq -r 'select(.map) | .key[0]' <<<"$out" | sort -n | xargs)" \
	"$(printf '%s\n' "$target" "$second" | sort -n | xargs)"
run "$telltale" trace --json -n 20 -p "$target" demo:request
is "-p: this process only" "$(jq -r 'select(.probe) | .pid' <<<"$out" | sort -u)" "$target"
stop "$target"
stop "$second"

run "$telltale" run -e 'BEGIN { 5; pid == 1; printf("before"); return 1; printf("behind"); } interval:ms:10 { exit(); }'
like "a value that nobody uses is a warning, once" "$code $out $err" '^0 before.*-e:1:9: this value is not used.*-e:1:16: this value is not used$'
finish
