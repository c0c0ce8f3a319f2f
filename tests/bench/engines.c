/*
 * What the ways to watch a marker cost the one who is watched: hits of a marker with three integers.
 *
 *	engines HITS		prints nanoseconds a hit, by the clock
 *	engines HITS inside	the same, while it captures them itself
 */
#include <telltale.h>
#include <telltale_test.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void hit(int key, int size, int status); /* seen by those who trace functions */
__attribute__((noinline, noclone, noipa)) void hit(int key, int size, int status)
{
	TELLTALE(bench, ints, key, size, status);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	long hits = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	struct tt_capture *capture = NULL;
	double start;

	if (hits < 1) {
		fprintf(stderr, "Usage: engines HITS [inside]\n");
		return 2;
	}
	if (argc > 2 && !strcmp(argv[2], "inside")) {
		capture = tt_capture_begin("bench:ints");
		if (!capture) {
			fprintf(stderr, "engines: %s\n", tt_error());
			return 1;
		}
	}
	start = now();
	for (long i = 0; i < hits; i++)
		hit((int)i, (int)(i & 0xffff), 200);
	printf("%.0f\n", (now() - start) / (double)hits);
	if (capture && (tt_capture_count(capture, NULL) != (size_t)hits || tt_capture_lost(capture))) {
		fprintf(stderr, "engines: not all hits were captured\n");
		return 1;
	}
	tt_capture_free(capture);
	return 0;
}
