/*
 * Hammers four probes with as many threads as one says, and knows whether its work came out right: a
 * checksum over what registers and memory hold around each marker. With a number of rounds it ends
 * by itself, having hit each probe (threads * rounds) times, two of them only while watched.
 *
 *	hammer THREADS [ROUNDS]
 *
 * It says so on standard error. SIGTERM ends it; the exit code is 1 when a result was wrong.
 */
#include <telltale.h>

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t stopped;
static unsigned long rounds, wrong, done;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static uint64_t mixed(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x7fb5d329728ea185;
	return x ^ x >> 27;
}

/* What the markers must not change: the same with and without them. */
static uint64_t __attribute__((noinline)) plain(uint64_t seed, unsigned long i)
{
	uint64_t a = mixed(seed + i), b = mixed(a);
	double c = (double)(a & 1023) / 3;

	return a ^ b ^ (uint64_t)(c * 7);
}

static uint64_t __attribute__((noinline)) marked(uint64_t seed, unsigned long i)
{
	uint64_t a = mixed(seed + i), b;
	double c;

	TELLTALE(hammer, one, i, a);
	b = mixed(a);
	TELLTALE_SEMA(hammer, two, a, b, i);
	c = (double)(a & 1023) / 3;
	TELLTALE_SEMA(hammer, three, c);
	TELLTALE(hammer, four, b);
	return a ^ b ^ (uint64_t)(c * 7);
}

static void *work(void *context)
{
	uint64_t seed = (uintptr_t)context * 1000003;

	for (unsigned long i = 0; !stopped && (!rounds || i < rounds); i++) {
		if (marked(seed, i) != plain(seed, i))
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&done, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	pthread_t threads[64];

	if (argc > 2)
		rounds = strtoul(argv[2], NULL, 10);
	if (!count || count > 64)
		return 2;
	signal(SIGTERM, stop);
	for (unsigned long i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i + 1)))
			return 2;
	for (unsigned long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	fprintf(stderr, "hammer: %lu rounds, %lu wrong\n", done, wrong);
	return wrong != 0;
}
