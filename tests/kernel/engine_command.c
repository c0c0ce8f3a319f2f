/*
 * Commands and the ends of processes: everything is attached before the first instruction, other
 * processes of the same file do not count, exec and fork and death do no harm.
 */
#include "engine_help.h"

#include <fcntl.h>

static struct target target; /* this program, for everybody */

/* ---- the command: this program with an argument ---- */

/* Before main(), as constructors of libraries run. */
static void __attribute__((constructor)) early(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "hit"))
		for (int i = atoi(argv[2]); i > 0; i--)
			hit_one(1);
}

static int be_command(char **argv)
{
	int hits = atoi(argv[2]);

	if (!strcmp(argv[1], "hit"))
		return semaphore_one;
	if (!strcmp(argv[1], "exec")) {
		char number[16];

		snprintf(number, sizeof(number), "%d", hits);
		execl("/proc/self/exe", argv[0], "hit", number, (char *)NULL);
		return 99;
	}
	/* "fork": as many children, each with one hit, and none of our own. */
	for (int i = 0; i < hits; i++) {
		if (!fork()) {
			hit_one(1);
			_exit(0);
		}
		wait(NULL);
	}
	return semaphore_one;
}

/* ---- tests ---- */

static char self[4096];

static void run(struct target *commands)
{
	struct error err;

	if (target_start(commands, &err))
		printf("# target_start: %s\n", err.text);
	for (int i = 0; i < 20000 && !target_ended(commands); i++)
		usleep(500);
}

/* Runs one command with site one attached; the hits that its own pid made. */
static uint64_t count_command(const char *what, const char *hits, int *status, bool everybody)
{
	char *argv[] = {self, (char *)what, (char *)hits, NULL};
	struct plan_site site = {0, 0, offset_of(&target, site_one),
	                         offset_of(&target, &semaphore_one), 5, NULL, 0, 0};
	struct plan_program program;
	struct plan plan = count_plan(&program, &site, 1);
	struct target commands = {0};
	struct counts counts = {{0}};
	struct engine *e;
	struct error err;

	if (everybody)
		target_add_file(&commands, self, &err);
	if (target_add_command(&commands, argv, &warnings, &err)) {
		printf("# %s\n", err.text);
		return UINT64_MAX;
	}
	e = start_engine(&plan, &commands);
	if (e) {
		hit_one(1); /* somebody else's */
		run(&commands);
		counts = read_counts(e, &plan);
	}
	engine_close(e);
	*status = commands.processes[0].status;
	target_close(&commands);
	return counts.by_cookie[5];
}

static void test_command(void)
{
	uint64_t hits;
	int status = -1;

	hits = count_command("hit", "1000", &status, false);
	ok(hits == 1000, "a command's constructor: %llu hits of 1000", (unsigned long long)hits);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 1, "its semaphore was up in main()");
	hits = count_command("exec", "100", &status, false);
	ok(hits == 100, "a command that calls execve again: %llu hits of 100",
	   (unsigned long long)hits);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 1, "its semaphore was up, too");
	hits = count_command("fork", "1000", &status, true);
	ok(hits == 1001, "1000 children, everybody counts: %llu hits and our own",
	   (unsigned long long)hits);
	ok(semaphore_one == 0, "our own semaphore is down");
}

static void test_many_deaths(void)
{
	struct plan_site site = {0, 0, offset_of(&target, site_one),
	                         offset_of(&target, &semaphore_one), 5, NULL, 0, 0};
	struct plan_program program;
	struct plan plan = count_plan(&program, &site, 1);
	bool attached = true, down = true;

	for (int i = 0; i < 50; i++) {
		pid_t tracer = fork();

		if (!tracer) {
			if (!start_engine(&plan, &target))
				_exit(1);
			for (;;)
				pause();
		}
		usleep((unsigned)i * 400); /* at any point of the start */
		kill(tracer, SIGKILL);
		waitpid(tracer, NULL, 0);
		hit_one(1);
		/* What it was doing is ended, and undone, by another process. */
		for (unsigned j = 0; j < 5000 && semaphore_one; j++)
			usleep(1000);
		down &= semaphore_one == 0;
	}
	ok(attached && down, "50 tracers killed at any moment: the semaphore is down after each");
}

/* A process that is killed while its sites are attached. */
static void test_killed_target(void)
{
	struct plan_site site = {0, 0, offset_of(&target, site_one),
	                         offset_of(&target, &semaphore_one), 5, NULL, 0, 0};
	struct plan_program program;
	struct plan plan = count_plan(&program, &site, 1);
	struct target by_pid = {0};
	struct engine *e;
	struct error err;
	uint64_t start;
	pid_t pid = fork();

	if (!pid)
		for (;;)
			hit_one(1);
	if (target_add_process(&by_pid, pid, &warnings, &err)) {
		ok(false, "killed target: %s", err.text);
		return;
	}
	e = start_engine(&plan, &by_pid);
	ok(e != NULL, "killed target: attached");
	if (!e)
		return;
	usleep(20000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(target_ended(&by_pid), "killed target: seen");
	start = nanoseconds();
	engine_detach(e);
	ok(nanoseconds() - start < 2000000000, "killed target: the detach does not hang");
	ok(read_counts(e, &plan).by_cookie[5] > 0, "killed target: its counts can be read");
	engine_close(e);
	target_close(&by_pid);
}

int main(int argc, char **argv)
{
	bool again = argc == 4, perf = getenv("TELLTALE_WITHOUT") != NULL;

	if (argc == 3)
		return be_command(argv);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 1;
	if (again) {
		tests = atoi(argv[2]);
		failures = atoi(argv[3]);
	}
	skip_all_unless_permitted();
	open_self(&target);
	test_command();
	test_many_deaths();
	test_killed_target();
	target_close(&target);
	if (perf && strstr(getenv("TELLTALE_WITHOUT"), "cookie"))
		return done();
	again_with_perf_events("again");
	return 1;
}
