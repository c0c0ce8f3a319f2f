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

run "$telltale" latency sleeper:begin sleeper:end -- "$tmp/sleeper"
like "text: rows and percentiles" "$out" '50% <= [0-9]+, 90% <= [0-9]+, 99% <= [0-9]+, all <= [0-9]+'
finish
