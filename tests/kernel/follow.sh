#!/bin/bash
# Children: what a process forks after the attach counts too, another process of the same program
# does not; with --no-follow only the process itself counts.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
have gcc || skip_all "no gcc"

# Waits for its marker to be watched, then hits it in itself, in children, and in their children,
# each HITS times in two threads' worth of processes; prints how many hits there were.
cat >"$tmp/forker.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <telltale.h>

static void hit(int hits)
{
	for (int i = 0; i < hits; i++)
		TELLTALE_SEMA(forker, hit, i);
}

int main(int argc, char **argv)
{
	int hits = argc > 1 ? atoi(argv[1]) : 10, children = argc > 2 ? atoi(argv[2]) : 3;

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (!TELLTALE_ENABLED(forker, hit))
		usleep(1000);
	hit(hits);
	for (int i = 0; i < children; i++) {
		if (fork())
			continue;
		hit(hits);
		if (!fork()) {
			hit(hits);
			_exit(0);
		}
		wait(NULL);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	printf("%d\n", hits * (1 + 2 * children));
	return 0;
}
END
gcc -O2 -I"$root/sdk" -o "$tmp/forker" "$tmp/forker.c" || skip_all "gcc can't build the target"
need_tracing

value()
{
	grep '^{' <<<"$out" | jq -r 'select(.map) | .value'
}

run "$telltale" count --json 'forker:hit' -- "$tmp/forker" 100 5
is "-- COMMAND: hits of the command, its children and theirs" "$(value)" 1100

run "$telltale" count --json --no-follow 'forker:hit' -- "$tmp/forker" 100 5
is "-- COMMAND --no-follow: the command's own hits" "$(value)" 100

# Another process of the same program, which sees the semaphore rise at the same time.
start target "$tmp/forker" 100 4
target=$pid
start other "$tmp/forker" 1000 2
run "$telltale" count --json 'forker:hit' -p "$target"
is "-p: the process and its children, not others" "$(value)" 900

run "$telltale" trace --json 'forker:hit' -- "$tmp/forker" 1 50
is "trace: every process is one of its own" \
	"$(grep '^{' <<<"$out" | jq -r 'select(.pid) | .pid' | sort -u | wc -l)" 101
finish
