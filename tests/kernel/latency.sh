#!/bin/bash
# Time between two probes, in a program that sleeps a known time between them and measures it itself:
# by thread, by a request's pointer that another thread ends, and by a value at the end.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
have gcc || skip_all "no gcc"
cat >"$tmp/sleeper.c" <<'END'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <telltale.h>

static char request[50];
static int least = 1 << 30, most;

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* Ends the requests that the other thread began. */
static void *end_all(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++)
		TELLTALE(sleeper, done, &request[i], i % 2);
	return NULL;
}

int main(void)
{
	struct timespec wait = {0, 2000000};
	pthread_t thread;

	TELLTALE(sleeper, begin, 0); /* never ends: the next one counts */
	for (int i = 0; i < 50; i++) {
		long start = now(), took;

		TELLTALE(sleeper, begin, i);
		nanosleep(&wait, NULL);
		TELLTALE(sleeper, end, i);
		took = now() - start;
		least = took < least ? (int)took : least;
		most = took > most ? (int)took : most;
	}
	for (int i = 0; i < 50; i++)
		TELLTALE(sleeper, start, &request[i]);
	pthread_create(&thread, NULL, end_all, NULL);
	pthread_join(thread, NULL);
	printf("%d %d\n", least, most);
	return 0;
}
END
# crowd LEFT WHOLE: so many threads that begin and never end, one after the other, and so many, four at a
# time, that do a hundred times; each of these ends once more than it begins.
cat >"$tmp/crowd.c" <<'END'
#include <pthread.h>
#include <stdlib.h>
#include <telltale.h>

static void *leave(void *unused)
{
	TELLTALE(crowd, begin, 0);
	return unused;
}

static void *both(void *unused)
{
	TELLTALE(crowd, end, 0);
	for (int i = 0; i < 100; i++) {
		TELLTALE(crowd, begin, i);
		TELLTALE(crowd, end, i);
	}
	return unused;
}

static void run(void *(*what)(void *), int threads, int at_once)
{
	pthread_t ids[4];

	for (int i = 0; i < threads; i += at_once) {
		for (int k = 0; k < at_once; k++)
			if (pthread_create(&ids[k], NULL, what, NULL))
				exit(1);
		for (int k = 0; k < at_once; k++)
			pthread_join(ids[k], NULL);
	}
}

int main(int argc, char **argv)
{
	run(leave, argc > 1 ? atoi(argv[1]) : 0, 1);
	run(both, argc > 2 ? atoi(argv[2]) : 0, 4);
	return 0;
}
END
gcc -O2 -I"$root/sdk" -o "$tmp/crowd" "$tmp/crowd.c" -lpthread || skip_all "gcc can't build the target"
gcc -O2 -I"$root/sdk" -o "$tmp/sleeper" "$tmp/sleeper.c" -lpthread || skip_all "gcc can't build the target"
need_tracing

run "$telltale" latency --json sleeper:begin sleeper:end -- "$tmp/sleeper"
line=$(grep '"map"' <<<"$out")
own=$(grep -v '^{' <<<"$out")
is "by thread: every end with its begin" "$(jq -c '[.map, .key, .count]' <<<"$line")" '["@nsecs",[],50]'
# The program's own clock is read outside of ours; a bucket is 1/32 wide.
check "no time is below 2 ms" jq -e '.buckets[0].max >= 2000000' <<<"$line"
check "the longest is not above what the program measured" \
	jq -e --argjson most "${own#* }" '.buckets[-1].min <= $most' <<<"$line"
check "percentiles rise, and half is near 2 ms" \
	jq -e '.percentiles | ."50" >= 2000000 and ."50" <= ."90" and ."90" <= ."99" and ."99" <= ."100"' <<<"$line"
is "nothing else is printed of the starts" "$(grep -c '@start' <<<"$out")" 0

run "$telltale" latency --json sleeper:start sleeper:done --key arg0 --by arg1 -- "$tmp/sleeper"
is "by pointer, ended by another thread" \
	"$(grep '"map"' <<<"$out" | jq -c '[.key, .count]' | sort)" $'[[0],25]\n[[1],25]'

run "$telltale" latency --json sleeper:start sleeper:done -- "$tmp/sleeper"
is "by thread these two never meet" "$(grep '"map"' <<<"$out" | jq -c .count)" 0

# ---- many threads ----

crowd() # LEFT WHOLE [OPTIONS...]: the number of times, and what is said
{
	run "$telltale" latency --json "${@:3}" crowd:begin crowd:end -- "$tmp/crowd" "$1" "$2"
	grep '"map"' <<<"$out" | jq -c .count
	[ -z "$err" ] || echo "$err"
}

if has_feature task_storage; then
	is "threads carry their start: those that never end take no room" "$(crowd 6000 400)" 40000
else
	skip "threads carry their start" "the kernel has no task_storage"
fi
is "the same by their numbers" "$(TELLTALE_WITHOUT=task_storage crowd 500 400)" 40000
if [ "$(uname -m)" = x86_64 ]; then
	is "and in the user engine" "$(crowd 50 40 --engine user)" 4000
else
	skip "and in the user engine" "x86-64 only"
fi
is "a start map that is not cleared is printed" \
	"$("$telltale" run --json -e 'crowd:begin { @start[tid] = nsecs; } crowd:end { delete(@start[tid]); }' \
		-- "$tmp/crowd" 7 4 | jq -c 'select(.map == "@start") | .key' | wc -l)" 7

run "$telltale" latency sleeper:begin sleeper:end -- "$tmp/sleeper"
like "text: rows and percentiles" "$out" '50% <= [0-9]+, 90% <= [0-9]+, 99% <= [0-9]+, all <= [0-9]+'
finish
