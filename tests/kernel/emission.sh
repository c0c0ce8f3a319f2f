#!/bin/bash
# What a command emits, held to what is expected: counts, conditions, order, pairs and times that are
# known of the target, and every way in which a command can end badly.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
demo=$samples/demo
[ -x "$demo" ] || skip_all "samples/demo is not built"
have gcc || skip_all "no gcc"
cat >"$tmp/emit.c" <<'END'
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <telltale.h>

/* Emits as its arguments say: s5 start(5), e5 end(5), w20 waits 20 ms, b leaves a child, k SIGKILL. */
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int n = atoi(argv[i] + 1);
		struct timespec wait = {0, n * 1000000L};

		switch (*argv[i]) {
		case 's':
			TELLTALE_SEMA(emit, start, n);
			break;
		case 'e':
			TELLTALE_SEMA(emit, end, TELLTALE_ARG(n, (long)n), TELLTALE_ARG(s, argv[i]));
			break;
		case 'w':
			nanosleep(&wait, NULL);
			break;
		case 'b':
			if (!fork()) {
				sleep(30);
				_exit(0);
			}
			break;
		case 'k':
			kill(getpid(), 9);
		}
	}
	return 0;
}
END
sed -i '1i #include <signal.h>' "$tmp/emit.c"
gcc -O1 -I"$root/sdk" -o "$tmp/emit" "$tmp/emit.c" || skip_all "gcc can't build the target"
need_tracing

# expects NAME EXPECTED EXPECTATIONS ARGS...: exit code, and the names of what failed with its kinds.
expects()
{
	local name=$1 expected=$2 text=$3

	shift 3
	run "$telltale" check --json -e "$text" -- "$tmp/emit" "$@"
	is "$name" "$code: $(jq -r 'select(.ok == false) | "\(.name) [\([.problems[].kind] | join(" "))]"' \
		<<<"$out" | paste -sd';')" "$expected"
}

# ---- counts and conditions ----

run "$telltale" check -e 'demo:request == 25
demo:request(path == "/index.html") == 5; demo:reply(status == 404, id > 4) == 4
demo:reply(status == 500) == 0
demo:detail >= 25;' -- "$demo" -n 25 -r 0 -w 3
is "what holds" "$code: $out" "0: TAP version 14
1..6
ok 1 - emission: the command ends with exit code 0
ok 2 - emission: demo:request == 25
ok 3 - emission: demo:request(path == \"/index.html\") == 5
ok 4 - emission: demo:reply(status == 404, id > 4) == 4
ok 5 - emission: demo:reply(status == 500) == 0
ok 6 - emission: demo:detail >= 25"
like "the command's own output goes to standard error" "$err" 'demo: 25 requests'

expects "too few, too many" "1: emit:start == 2 [count];emit:start < 3 [count];emit:end [count]" \
	'emit:start == 2; emit:start < 3; emit:start != 2; emit:end' s1 s2 s3
run "$telltale" check --json -e 'emit:start(n == 7, n > 0)' -- "$tmp/emit" s1 s0 s2
like "what came near is shown" "$(jq -r 'select(.details) | .details' <<<"$out")" \
	'not n == 7: .*emit:start n=1.*not n == 7: .*emit:start n=2.*also seen: .*emit:start n=0'
run "$telltale" check --json -e 'emit:end(n == 3, s == "e3"); emit:end(arg1 == "x")' -- "$tmp/emit" e3
is "text and number, and what is no text" "$code $(grep -c error: <<<"$err") ${err%%$'\n'*}" \
	"2 1 -e:1:44: error: '==' does not go with pointer and string"
expects "text and number" "0: " 'emit:end(args.s == "e3", n == 3) == 1; emit:end(n == 3) == 2' e3 e4 e3x

# ---- order, pairs, times ----

expects "an order that holds" "0: " 'emit:start -> emit:end' s1 e1 s2 s3 e3 e2 e9
expects "an end before the start" "1: emit:start -> emit:end [order]" 'emit:start -> emit:end' e1 s1 e1
expects "an order of which nothing is seen" "1: emit:start -> emit:end [missing]" \
	'emit:start -> emit:end' s1
expects "steps with conditions" "0: " 'emit:start(n == 1) -> emit:start(n == 2) -> emit:end(n == 3)' \
	s1 s2 e3
expects "steps in the wrong order" \
	"1: emit:start(n == 1) -> emit:start(n == 2) -> emit:end(n == 3) [order]" \
	'emit:start(n == 1) -> emit:start(n == 2) -> emit:end(n == 3)' s2 s1 e3 s2
expects "pairs by a value" "0: " 'emit:start -> emit:end paired by n' s1 s2 e1 s3 e3 e2
expects "pairs by the number of an argument" "0: " 'emit:start -> emit:end paired by arg0' s1 s2 e1 e2
expects "a start without its end" "1: emit:start -> emit:end paired by n [pair];emit:start -> emit:end by n > 0ns [latency]" \
	'emit:start -> emit:end paired by n; emit:start -> emit:end by n > 0ns' s1 s2 e1 s3 e3
run "$telltale" check --json -e 'emit:start -> emit:end paired by n' -- "$tmp/emit" s1 s2 e1 e3
like "each that has no partner is shown" "$(jq -r 'select(.details) | .details' <<<"$out")" \
	'nothing before it: .*emit:end n=3.*nothing behind it: .*emit:start n=2'
expects "a time between that is kept" "0: " \
	'emit:start -> emit:end by n < 10s; emit:start -> emit:end by n >= 20ms' s1 w20 e1
expects "a time between that is not" "1: emit:start -> emit:end < 20ms [latency]" \
	'emit:start -> emit:end < 20ms' s1 e1 s1 w20 e1

# ---- how a command can end ----

expects "its exit code counts" "1: the command ends with exit code 0 [signal]" 'emit:start' s1 k
run "$telltale" check --any-exit -e 'emit:start' -- "$tmp/emit" s1 k
is "unless told otherwise" "$code" 0
run "$telltale" check --json -b "$tmp/emit" -e 'emit:start' -- sh -c "'$tmp/emit' s1; exit 3"
is "an exit code" "$code: $(jq -r 'select(.ok == false) | .problems[0].got' <<<"$out")" "1: 3"
run "$telltale" check --json -t 0.3 -e 'emit:start' -- "$tmp/emit" s1 w900 w900 w900 w900
is "a command that does not end" "$code: $(jq -r 'select(.ok == false) | .problems[].kind' <<<"$out")" \
	"1: time"
expects "a command that leaves processes behind" "1: the command ends with exit code 0 [daemon]" \
	'emit:start' s1 b
pkill -KILL -f "^$tmp/emit" 2>/dev/null
run "$telltale" check -e emit:start -- /no/such/command
is "a command that can't be started" "$code" 2
like "is named" "$err" 'no/such/command'

# ---- before anything is started ----

run "$telltale" check -e 'emit:start; emit:strat == 0' -- sh -c "touch '$tmp/started'"
is "a probe that is not there fails at once" "$code" 1
like "is named, with its place" "$err" "-e:1:1: error: no probe matches 'emit:start'"
is "and nothing is started" "$(ls "$tmp/started" 2>&1 | grep -c cannot)" 1
run "$telltale" check -e 'emit:strat == 0; emit:start -> emit:end by m' -- "$tmp/emit"
like "and a name that is near" "$code $err" "1 -e:1:1: error: no probe matches 'emit:strat'; did you mean 'emit:start'"
run "$telltale" check -e 'emit:start -> emit:end by m' -- "$tmp/emit"
like "a key that is not there" "$code $err" "1 -e:1:27: error: emit:start has no argument 'm'"
printf 'emit:start\nemit:start(m == 3)\n' >"$tmp/file"
run "$telltale" check -x "$tmp/file" -- "$tmp/emit"
like "a condition's error has its place in the file" "$code $err" "2 $tmp/file:2:12: error: 'm' is not known"

# ---- reports ----

run "$telltale" check -e 'emit:start; emit:end' --junit "$tmp/junit.xml" -- "$tmp/emit" s1
is "JUnit beside it" "$code $(grep -c '<testcase' "$tmp/junit.xml") $(grep -c '<failure' "$tmp/junit.xml")" \
	"1 3 1"

# ---- a process that runs ----

start demo "$demo" -r 200 -w 1
run "$telltale" check -t 0.5 -p "$pid" -e 'demo:request -> demo:reply paired by id; demo:reply(id < 0) == 0'
like "of a running process" "$code: $out" "ok 2 - emission: demo:reply.id < 0. == 0"
finish
