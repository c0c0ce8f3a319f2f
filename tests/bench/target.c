/*
 * What is traced. Its markers stand in functions of their own, so that their operands are the
 * registers of a call: a BPF program written by hand finds them as parameters.
 *
 *	target hit PROBE HITS THREADS [untraced]
 *		waits until something has attached to PROBE (none, ints, text, pair), then executes it
 *		HITS times in each thread; prints nanoseconds per hit of the thread's own time (the
 *		median and the least of BATCHES parts), hits, and seconds by the clock
 *	target start COMMAND...
 *		see watch.h; the command is to attach to bench:watched
 */
#include "watch.h"

#include <telltale.h>

#include <pthread.h>

#define ALONE __attribute__((noinline, noclone, noipa))

enum { BATCHES = 20, THREADS_MOST = 16 };

ALONE static void hit_none(long i)
{
	(void)i;
	TELLTALE(bench, none);
}

ALONE static void hit_ints(int key, int size, int status)
{
	TELLTALE(bench, ints, key, size, status);
}

ALONE static void hit_text(const char *path)
{
	TELLTALE(bench, text, path);
}

ALONE static void hit_begin(int id)
{
	TELLTALE(bench, begin, id);
}

ALONE static void hit_end(int id)
{
	TELLTALE(bench, end, id);
}

static void do_ints(long i)
{
	hit_ints((int)(i & 15), (int)(i & 0xffff), 200);
}

static void do_text(long i)
{
	static const char *const paths[] = {"/index.html", "/images/logo.png", "/search?q=telltale"};

	hit_text(paths[i % 3]);
}

static void do_pair(long i)
{
	hit_begin((int)i);
	hit_end((int)i);
}

static const struct kind {
	const char *name;
	void (*hit)(long i);
	const void *site; /* the function with the site that is attached last */
} kinds[] = {
	{"none", hit_none, hit_none},
	{"ints", do_ints, hit_ints},
	{"text", do_text, hit_text},
	{"pair", do_pair, hit_end},
};

/* The nops that telltale.h emits; the first one is the site, and becomes a breakpoint. */
static const volatile unsigned char *find_site(const void *function)
{
	static const unsigned char nops[] = {0x90, 0x66, 0x2e, 0x0f, 0x1f, 0x84};
	const unsigned char *at = function;

	for (int i = 0; i < 64; i++)
		if (!memcmp(at + i + 1, nops + 1, sizeof(nops) - 1))
			return at + i;
	fprintf(stderr, "target: a site was not found\n");
	exit(1);
}

struct thread {
	pthread_t thread;
	const struct kind *kind;
	long hits;
	double batches[BATCHES]; /* ns per hit */
};

/* The thread's own time: what other programs take of the processor does not count. */
static double own_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *run_thread(void *context)
{
	struct thread *t = context;
	long i = 0;

	for (int b = 0; b < BATCHES; b++) {
		long end = t->hits * (b + 1) / BATCHES, first = i;
		double start = own_ns();

		for (; i < end; i++)
			t->kind->hit(i);
		t->batches[b] = (own_ns() - start) / (double)(end - first);
	}
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int hit(const struct kind *kind, long hits, int threads, bool wait)
{
	const volatile unsigned char *site = find_site(kind->site);
	struct thread all[THREADS_MOST];
	double values[THREADS_MOST * BATCHES], start = now_ms(), seconds;
	int count = threads * BATCHES;

	while (wait && *site == 0x90) {
		if (now_ms() - start > 20000) {
			fprintf(stderr, "target: nobody attached\n");
			return 1;
		}
		look_again();
	}
	if (wait)
		usleep(400000); /* perf events are switched on after they are in place */
	start = now_ms();
	for (int i = 0; i < threads; i++) {
		all[i] = (struct thread){.kind = kind, .hits = hits};
		if (pthread_create(&all[i].thread, NULL, run_thread, &all[i]))
			return 1;
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(all[i].thread, NULL);
		memcpy(values + (size_t)i * BATCHES, all[i].batches, sizeof(all[i].batches));
	}
	seconds = (now_ms() - start) / 1e3;
	qsort(values, (size_t)count, sizeof(*values), by_value);
	printf("%.2f %.2f %ld %.4f\n", values[count / 2], values[0], hits * threads, seconds);
	return 0;
}

static bool is_watched(void)
{
	return TELLTALE_ENABLED(bench, watched);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "start")) {
		TELLTALE_SEMA(bench, watched);
		return time_command(argv + 2, is_watched, is_watched);
	}
	for (size_t i = 0; argc > 4 && i < sizeof(kinds) / sizeof(*kinds); i++) {
		int threads = atoi(argv[4]);

		if (strcmp(kinds[i].name, argv[2]) || threads < 1 || threads > THREADS_MOST)
			continue;
		return hit(&kinds[i], atol(argv[3]), threads, argc == 5);
	}
	fprintf(stderr, "Usage: target hit PROBE HITS THREADS [untraced] | start COMMAND...\n");
	return 2;
}
