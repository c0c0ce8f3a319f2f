/*
 * A program that looks like a server and carries markers: what `make demo` watches, and what the
 * tests trace. It needs nothing and talks to nobody.
 *
 *	demo [-n REQUESTS] [-t SECONDS] [-r RATE] [-w WORKERS]
 *
 * Everything about a request follows from its number, so that what a tracer sees can be checked.
 */
#include <telltale.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const paths[] = {
        "/", "/index.html", "/images/logo.png", "/search?q=telltale", "/missing",
};

enum { PATHS = sizeof(paths) / sizeof(*paths), WORKERS_MOST = 64 };

static struct {
	long requests;  /* 0: no limit */
	double seconds; /* 0: no limit */
	double rate;    /* requests a second of all workers; 0: as fast as it goes */
	long workers;
} options = {.rate = 100, .workers = 2};

static volatile sig_atomic_t stopped;
static long next_id; /* of the next request; taken by the workers one by one */
static long served;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* Numbers that look like chance and are the same every time (splitmix64). */
static uint64_t mixed(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* Most replies are small, some are large: what a histogram is for. */
static size_t reply_size(long id)
{
	uint64_t chance = mixed((uint64_t)id);

	return (size_t)(64 + (chance >> 8) % ((uint64_t)64 << chance % 12));
}

/* Work that is worth doing only while someone looks. */
static const char *describe(long id, char *room, size_t size)
{
	snprintf(room, size, "request %ld for %s: %zu bytes", id, paths[id % PATHS],
	         reply_size(id));
	return room;
}

static void serve(int id)
{
	const char *path = paths[id % PATHS];
	int status = id % PATHS == PATHS - 1 ? 404 : 200;
	size_t bytes = reply_size(id);
	double seconds = (double)(mixed((uint64_t)id) % 1000) / 1000;
	char room[128];

	TELLTALE(demo, request, id, path, seconds);
	TELLTALE_LAZY(demo, detail, id, TELLTALE_ARG(text, describe(id, room, sizeof(room))));
	TELLTALE_SEMA(demo, reply, id, status, bytes);
}

/* In short steps, so that a signal ends it soon, whichever thread it came to. */
static void pause_for(double seconds)
{
	for (double step; seconds > 0 && !stopped; seconds -= step) {
		struct timespec t = {0};

		step = seconds < 0.05 ? seconds : 0.05;
		t.tv_nsec = (long)(step * 1e9);
		nanosleep(&t, NULL);
	}
}

static void *work(void *unused)
{
	while (!stopped) {
		long id = __atomic_fetch_add(&next_id, 1, __ATOMIC_RELAXED);

		if (options.requests && id >= options.requests)
			break;
		serve((int)id);
		__atomic_add_fetch(&served, 1, __ATOMIC_RELAXED);
		if (options.rate > 0)
			pause_for((double)options.workers / options.rate);
	}
	return unused;
}

/* Once a second; main() ends while it still runs. */
static void *tick(void *unused)
{
	for (unsigned long seconds = 1; !stopped; seconds++) {
		pause_for(1);
		TELLTALE(demo, tick, seconds,
		         TELLTALE_ARG(served, __atomic_load_n(&served, __ATOMIC_RELAXED)));
	}
	return unused;
}

static bool read_options(int argc, char **argv)
{
	char *end = "";
	int option;

	while ((option = getopt(argc, argv, "n:t:r:w:")) != -1 && !*end) {
		if (option == 'n')
			options.requests = strtol(optarg, &end, 10);
		else if (option == 't')
			options.seconds = strtod(optarg, &end);
		else if (option == 'r')
			options.rate = strtod(optarg, &end);
		else if (option == 'w')
			options.workers = strtol(optarg, &end, 10);
		else
			return false;
	}
	return !*end && optind == argc && options.requests >= 0 && options.seconds >= 0 &&
	       options.rate >= 0 && options.workers > 0 && options.workers <= WORKERS_MOST;
}

static int start(pthread_t *thread, void *(*run)(void *))
{
	int error = pthread_create(thread, NULL, run, NULL);

	if (error)
		fprintf(stderr, "demo: can't start a thread: %s\n", strerror(error));
	return error;
}

int main(int argc, char **argv)
{
	pthread_t workers[WORKERS_MOST], ticker;
	struct itimerspec end = {.it_value = {0}};
	timer_t timer;

	if (!read_options(argc, argv)) {
		fprintf(stderr, "Usage: demo [-n REQUESTS] [-t SECONDS] [-r RATE] [-w WORKERS]\n");
		return 2;
	}
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	signal(SIGALRM, stop);
	if (options.seconds > 0) {
		end.it_value.tv_sec = (time_t)options.seconds;
		end.it_value.tv_nsec =
		        (long)((options.seconds - (double)end.it_value.tv_sec) * 1e9);
		if (timer_create(CLOCK_MONOTONIC, NULL, &timer) ||
		    timer_settime(timer, 0, &end, NULL)) {
			perror("demo: timer");
			return 1;
		}
	}
	if (start(&ticker, tick))
		return 1;
	for (long i = 0; i < options.workers; i++)
		if (start(&workers[i], work))
			return 1;
	for (long i = 0; i < options.workers; i++)
		pthread_join(workers[i], NULL);
	printf("demo: %ld requests\n", served);
	return 0;
}
