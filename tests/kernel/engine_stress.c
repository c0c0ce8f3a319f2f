/*
 * Threads hammer the sites while they are attached and taken off again and again: the target lives
 * and gets its results right, every semaphore goes up and down, nothing of ours stays behind, and
 * what is counted while all the while attached is exact. An argument sets the rounds (50).
 */
#include "engine_help.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

static struct target target;

enum { THREADS = 8 };

static atomic_bool stop;
static atomic_ulong wrong, results;

/* Work whose result shows any register or memory that a probe disturbs. */
static void *hammer(void *context)
{
	unsigned long seed = (unsigned long)(uintptr_t)context, check = 0, sum = 0;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		for (unsigned long i = 0; i < 100; i++) {
			hit_one(seed + i);
			hit_two(i);
			sum += seed * i;
		}
		check += seed * 4950;
		atomic_fetch_add(&results, 1);
		if (sum != check)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static unsigned descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

static long resident_pages(void)
{
	long total = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file && fscanf(file, "%ld %ld", &total, &resident) != 2)
		resident = 0;
	if (file)
		fclose(file);
	return resident;
}

static void test_attach_and_detach(unsigned rounds)
{
	struct plan_site sites[] = {
	        {0, 0, offset_of(&target, site_one), offset_of(&target, &semaphore_one), 1, NULL, 0, 0},
	        {0, 1, offset_of(&target, site_two), offset_of(&target, &semaphore_two), 2, NULL, 0, 0},
	        {0, 0, offset_of(&target, site_one), offset_of(&target, &semaphore_one), 3, NULL, 0, 0},
	        {0, 0, offset_of(&target, site_many), 0, 4, NULL, 0, 0},
	};
	struct plan_program program;
	struct plan plan = count_plan(&program, sites, 4);
	pthread_t threads[THREADS];
	unsigned up = 0, down = 0, counted = 0, before = 0, after;
	long pages_before = 0;

	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, hammer, (void *)(i + 1));
	for (unsigned i = 0; i < rounds; i++) {
		struct engine *e = start_engine(&plan, &target);
		struct counts counts = {{0}};

		if (!e)
			break;
		up += semaphore_one && semaphore_two;
		/* Until some thread has come by: on a busy machine that takes a while. */
		for (unsigned wait = 0; wait < 1000 && !counts.by_cookie[3]; wait++) {
			usleep(1000);
			counts = read_counts(e, &plan);
		}
		engine_detach(e);
		down += !semaphore_one && !semaphore_two;
		counts = read_counts(e, &plan);
		counted += counts.by_cookie[1] && counts.by_cookie[3];
		engine_close(e);
		if (i == rounds / 10) {
			before = descriptors();
			pages_before = resident_pages();
		}
	}
	after = descriptors();
	atomic_store(&stop, true);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ok(up == rounds, "%u rounds: both semaphores were up in each: %u", rounds, up);
	ok(down == rounds, "%u rounds: and down after each: %u", rounds, down);
	ok(counted == rounds, "%u rounds: hits were counted in each: %u", rounds, counted);
	ok(!atomic_load(&wrong), "%lu results of the target, %lu wrong", atomic_load(&results),
	   atomic_load(&wrong));
	ok(before == after, "descriptors: %u after the first rounds, %u at the end", before, after);
	ok(resident_pages() < pages_before + 64,
	   "memory: %ld pages after the first rounds, %ld now", pages_before, resident_pages());
}

/* ---- exact counts with several threads ---- */

enum { HITS = 20000 };

static void *hit_some(void *context)
{
	(void)context;
	for (unsigned i = 0; i < HITS; i++)
		hit_one(i);
	return NULL;
}

static void test_exact(unsigned thread_count)
{
	struct plan_site site = {0, 0, offset_of(&target, site_one),
	                         offset_of(&target, &semaphore_one), 1, NULL, 0, 0};
	struct plan_program program;
	struct plan plan = count_plan(&program, &site, 1);
	struct engine *e = start_engine(&plan, &target);
	pthread_t threads[THREADS];
	struct counts counts;

	if (!e)
		return;
	for (unsigned i = 0; i < thread_count; i++)
		pthread_create(&threads[i], NULL, hit_some, NULL);
	for (unsigned i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	counts = read_counts(e, &plan);
	ok(counts.by_cookie[1] == (uint64_t)HITS * thread_count, "%u threads: %llu hits of %u",
	   thread_count, (unsigned long long)counts.by_cookie[1], HITS * thread_count);
	engine_close(e);
}

int main(int argc, char **argv)
{
	bool again = argc == 4, perf = getenv("TELLTALE_WITHOUT") != NULL;
	unsigned rounds = argc > 1 && !again ? (unsigned)atoi(argv[1]) : 50;

	if (again) {
		tests = atoi(argv[2]);
		failures = atoi(argv[3]);
	}
	if (perf)
		rounds = 5;
	skip_all_unless_permitted();
	open_self(&target);
	test_attach_and_detach(rounds);
	for (unsigned threads = 1; threads <= THREADS; threads *= 2)
		test_exact(threads);
	target_close(&target);
	if (perf && strstr(getenv("TELLTALE_WITHOUT"), "cookie"))
		return done();
	again_with_perf_events("again");
	return 1;
}
