/*
 * Attaching: every hit counted once, the cookie of each site, semaphores up and down, pids, bad
 * sites among good ones, a tracer that is killed: over uprobe_multi, then over perf events.
 */
#include "engine_help.h"

static struct target target;

/* Hits, and what two sites have counted, with the state of the semaphores before and after. */
static void test_counts(void)
{
	struct plan_site sites[] = {
	        {0, 0, offset_of(&target, site_one), offset_of(&target, &semaphore_one), 3, NULL, 0, 0},
	        {0, 1, offset_of(&target, site_two), offset_of(&target, &semaphore_two), 7, NULL, 0, 0},
	};
	struct plan_program program;
	struct plan plan = count_plan(&program, sites, 2);
	struct engine *e = start_engine(&plan, &target);
	struct counts counts;
	const char *means = "";
	size_t attached;

	ok(e != NULL, "engine opens and attaches");
	if (!e)
		return;
	attached = engine_attached(e, &means);
	ok(attached == 2, "two sites are attached (%s)", means);
	ok(semaphore_one == 1 && semaphore_two == 1, "both semaphores are up");
	for (unsigned i = 0; i < 1000; i++)
		hit_one(i);
	for (unsigned i = 0; i < 77; i++)
		hit_two(i);
	counts = read_counts(e, &plan);
	ok(counts.by_cookie[3] == 1000, "1000 hits with cookie 3: %llu",
	   (unsigned long long)counts.by_cookie[3]);
	ok(counts.by_cookie[7] == 77, "77 hits with cookie 7: %llu",
	   (unsigned long long)counts.by_cookie[7]);
	engine_detach(e);
	ok(semaphore_one == 0 && semaphore_two == 0, "both semaphores are down after the detach");
	hit_one(1);
	counts = read_counts(e, &plan);
	ok(counts.by_cookie[3] == 1000, "nothing is counted after the detach");
	engine_close(e);
}

/* One site twice with two cookies, as two clauses on one probe make it. */
static void test_same_site_twice(void)
{
	struct plan_site sites[] = {
	        {0, 0, offset_of(&target, site_one), offset_of(&target, &semaphore_one), 1, NULL, 0, 0},
	        {0, 0, offset_of(&target, site_one), offset_of(&target, &semaphore_one), 2, NULL, 0, 0},
	};
	struct plan_program program;
	struct plan plan = count_plan(&program, sites, 2);
	struct engine *e = start_engine(&plan, &target);
	struct counts counts;

	ok(e != NULL, "one site twice: attached");
	if (!e)
		return;
	hit_one(1);
	hit_one(2);
	counts = read_counts(e, &plan);
	ok(counts.by_cookie[1] == 2 && counts.by_cookie[2] == 2,
	   "one site twice: each of its cookies counts each hit");
	engine_close(e);
	ok(semaphore_one == 0, "one site twice: the semaphore is down after the close");
}

static void test_bad_sites(void)
{
	enum { COUNT = 50 };
	struct plan_site sites[COUNT];
	struct plan_program program;
	struct plan plan = count_plan(&program, sites, COUNT);
	struct engine *e;
	struct counts counts;
	uint64_t many = offset_of(&target, site_many);

	for (unsigned i = 0; i < COUNT; i++)
		sites[i] = (struct plan_site){0, 0, many + i, 0, i, NULL, 0, 0};
	sites[17].offset = 1ull << 40; /* far behind the end of the file */
	sites[18].offset = offset_of(&target, not_a_place);
	sites[49].semaphore_offset = offset_of(&target, &semaphore_one) + 1; /* odd */
	warned = 0;
	e = start_engine(&plan, &target);
	ok(e != NULL, "bad sites: the good ones are attached");
	if (!e)
		return;
	warned -= !feature(FEATURE_REF_CTR)->present; /* which is said, too */
	ok(warned == 3, "bad sites: each is named: %u, such as: %s", warned, last_warning);
	ok(engine_attached(e, NULL) == COUNT - 3, "bad sites: the count of the good ones is right");
	hit_many();
	counts = read_counts(e, &plan);
	ok(counts.by_cookie[16] == 1 && counts.by_cookie[17] == 0 && counts.by_cookie[19] == 1 &&
	           counts.by_cookie[48] == 1 && counts.by_cookie[49] == 0,
	   "bad sites: the good ones count");
	engine_close(e);
}

static void test_nothing_good(void)
{
	struct plan_site site = {0, 0, 1ull << 40, 0, 0, NULL, 0, 0};
	struct plan_program program;
	struct plan plan = count_plan(&program, &site, 1);
	struct engine *e;
	struct error err;

	warned = 0;
	if (engine_open(ENGINE_KERNEL, &plan, &target, NULL, &e, &warnings, &err)) {
		ok(false, "no good site: %s", err.text);
		return;
	}
	ok(engine_attach(e, &warnings, &err) == -ENODATA, "no good site is an error: %s", err.text);
	engine_close(e);
}

/* ---- processes ---- */

/*
 * A child that hits site one as often as the pipe tells it, and answers with its semaphore. Told to
 * fork, it lets a child of its own go on. (We can't fork one ourselves once the engine is open: it
 * would hold the engine's descriptors.)
 */
enum { FORK = ~0u };

struct hitter {
	pid_t pid;
	int to, from;
};

static struct hitter start_hitter(void)
{
	int to[2], from[2];
	struct hitter h = {0};

	if (pipe(to) || pipe(from))
		return h;
	h.pid = fork();
	if (!h.pid) {
		unsigned hits;

		setpgid(0, 0);
		close(to[1]);
		close(from[0]);
		while (read(to[0], &hits, sizeof(hits)) == sizeof(hits)) {
			unsigned short semaphore;

			if (hits == FORK) {
				if (fork())
					wait(NULL);
				hits = 0;
			}
			while (hits--)
				hit_one(hits);
			semaphore = semaphore_one;
			if (write(from[1], &semaphore, sizeof(semaphore)) < 0)
				break;
		}
		_exit(0);
	}
	setpgid(h.pid, h.pid);
	close(to[0]);
	close(from[1]);
	h.to = to[1];
	h.from = from[0];
	return h;
}

static unsigned short let_hit(struct hitter *h, unsigned hits)
{
	unsigned short semaphore = 99;

	if (write(h->to, &hits, sizeof(hits)) != sizeof(hits) ||
	    read(h->from, &semaphore, sizeof(semaphore)) != sizeof(semaphore))
		return 99;
	return semaphore;
}

static void end_hitter(struct hitter *h)
{
	/* The group, with a child of its own. A sibling may hold the other end of its pipe, so
	 * that no end of file would come. */
	kill(-h->pid, SIGKILL);
	waitpid(h->pid, NULL, 0);
	close(h->to);
	close(h->from);
}

static void test_pids(void)
{
	struct hitter watched = start_hitter(), other = start_hitter();
	struct plan_site site = {0, 0, offset_of(&target, site_one),
	                         offset_of(&target, &semaphore_one), 5, NULL, 0, 0};
	struct plan_program program;
	struct plan plan = count_plan(&program, &site, 1);
	struct target by_pid = {0};
	struct counts counts;
	struct engine *e;
	struct error err;
	unsigned short up, down;

	if (target_add_process(&by_pid, watched.pid, &warnings, &err)) {
		ok(false, "pids: %s", err.text);
		return;
	}
	ok(by_pid.files[0].inode == target.files[0].inode && by_pid.files[0].pid_count == 1,
	   "pids: the program of the process is its first file");
	e = start_engine(&plan, &by_pid);
	ok(e != NULL, "pids: attached to one process");
	if (!e)
		return;
	up = let_hit(&watched, 100);
	down = let_hit(&other, 1000);
	hit_one(1);
	counts = read_counts(e, &plan);
	ok(counts.by_cookie[5] == 100, "pids: the hits of one process: %llu",
	   (unsigned long long)counts.by_cookie[5]);
	ok(up == 1 && down == 0 && semaphore_one == 0, "pids: the semaphore of one process: %u %u",
	   up, down);
	engine_detach(e);
	ok(let_hit(&watched, 1) == 0, "pids: the semaphore is down after the detach");
	ok(!target_ended(&by_pid), "pids: the process has not ended");
	end_hitter(&watched);
	ok(target_ended(&by_pid), "pids: the process has ended");
	engine_close(e);
	warned = 0;
	if (!engine_open(ENGINE_KERNEL, &plan, &by_pid, NULL, &e, &warnings, &err)) {
		ok(engine_attach(e, &warnings, &err) == -ENODATA && warned == 1,
		   "pids: an ended process: %s", err.text);
		engine_close(e);
	}
	target_close(&by_pid);
	end_hitter(&other);
}

/* Children that are forked after the attach count where every process counts. */
static void test_fork(void)
{
	struct plan_site site = {0, 0, offset_of(&target, site_one),
	                         offset_of(&target, &semaphore_one), 5, NULL, 0, 0};
	struct plan_program program;
	struct plan plan = count_plan(&program, &site, 1);
	struct hitter child = start_hitter();
	struct engine *e = start_engine(&plan, &target);
	struct counts counts;
	unsigned short up;

	ok(e != NULL, "fork: attached");
	if (!e)
		return;
	let_hit(&child, FORK);
	ok(let_hit(&child, 10) == 1, "fork: the semaphore is up in a child of later");
	counts = read_counts(e, &plan);
	ok(counts.by_cookie[5] == 10, "fork: the hits of a child of later");
	engine_detach(e);
	up = let_hit(&child, 10);
	ok(up == 0, "fork: and down in it after the detach: %u", up);
	end_hitter(&child);
	engine_close(e);
}

/* kill -9 of the tracer: all is taken back. */
static void test_killed(void)
{
	struct plan_site site = {0, 0, offset_of(&target, site_one),
	                         offset_of(&target, &semaphore_one), 5, NULL, 0, 0};
	struct plan_program program;
	struct plan plan = count_plan(&program, &site, 1);
	pid_t tracer = fork();
	unsigned up = 0;
	int status;

	if (!tracer) {
		start_engine(&plan, &target);
		for (;;)
			pause();
	}
	for (unsigned i = 0; i < 5000 && !up; i++) {
		up = semaphore_one;
		usleep(1000);
	}
	ok(up == 1, "killed tracer: the semaphore was up");
	kill(tracer, SIGKILL);
	waitpid(tracer, &status, 0);
	hit_one(1);
	/* Where the kernel does not keep it, another process does, a little later. */
	for (unsigned i = 0; i < 5000 && semaphore_one; i++)
		usleep(getenv("TELLTALE_WITHOUT") ? 1000 : 0);
	ok(semaphore_one == 0, "killed tracer: the semaphore is at its old value");
}

/* ---- many ---- */

/* Is there a breakpoint, or what the kernel makes of it, in a row of one-byte nops? */
static bool is_watched(const char *first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (((const volatile unsigned char *)first)[i] != 0x90)
			return true;
	return false;
}

static void test_many(unsigned count)
{
	struct plan_site *sites = calloc(count, sizeof(*sites));
	struct plan_program program;
	struct plan plan = count_plan(&program, sites, count);
	uint64_t first = offset_of(&target, site_many), start, attached, detached;
	struct engine *e;
	struct counts counts;
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		sites[i] = (struct plan_site){0, 0, first + i, 0, i, NULL, 0, 0};
	start = nanoseconds();
	e = start_engine(&plan, &target);
	attached = nanoseconds();
	ok(e != NULL, "many: %u sites attached", count);
	if (!e)
		return;
	hit_many();
	counts = read_counts(e, &plan);
	for (unsigned i = 0; i < COUNTERS; i++)
		sum += counts.by_cookie[i];
	ok(sum == count, "many: each counted once: %llu", (unsigned long long)sum);
	detached = nanoseconds();
	engine_detach(e);
	detached = nanoseconds() - detached;
	hit_many();
	ok(read_counts(e, &plan).by_cookie[0] == counts.by_cookie[0], "many: none counts any more");
	printf("# %u sites: attached in %.1f ms, detached in %.1f ms\n", count,
	       (double)(attached - start) / 1e6, (double)detached / 1e6);
	/* A perf event's end takes the kernel a tenth of a second: another process does it then. */
	ok(detached / count < 60 * 1000 * 1000 || count < 50, "many: detached soon");
	for (unsigned i = 0; i < 60 * 100 && is_watched(site_many, count); i++)
		usleep(10000);
	ok(!is_watched(site_many, count), "many: and all are off");
	engine_close(e);
	free(sites);
}

int main(int argc, char **argv)
{
	bool again = argc == 4, perf = getenv("TELLTALE_WITHOUT") != NULL;

	if (again) {
		tests = atoi(argv[2]);
		failures = atoi(argv[3]);
	}
	skip_all_unless_permitted();
	open_self(&target);
	test_counts();
	test_same_site_twice();
	test_bad_sites();
	test_nothing_good();
	test_pids();
	test_fork();
	test_killed();
	test_many(!perf ? MANY : feature(FEATURE_COOKIE)->present ? 60 : 20);
	target_close(&target);
	if (perf && strstr(getenv("TELLTALE_WITHOUT"), "cookie"))
		return done();
	again_with_perf_events("again");
	return 1;
}
