/*
 * Targets: files by path and by name, this process and others, commands that wait for their start.
 * Needs no privilege beyond looking at one's own processes.
 */
#include "elf/file.h"
#include "process/target.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned said;
static char last[2048];

static void hear(void *context, const char *line)
{
	(void)context;
	said++;
	snprintf(last, sizeof(last), "%s", line);
}

static struct warnings warnings = {.say = hear};
static char folder[] = "/tmp/telltale-target-XXXXXX";

static char *in_folder(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_return_code(fchmod(fd, mode), errno);
	close(fd);
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static bool has_file(const struct target *target, const char *name)
{
	for (size_t i = 0; i < target->file_count; i++)
		if (strstr(target->files[i].path, name))
			return true;
	return false;
}

/* This program's own path: /proc/self/exe itself is what valgrind puts something else behind. */
static const char *own_path(void)
{
	static char path[4096];

	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	return path;
}

/* valgrind runs us inside a program of its own, and checks execve(2) in its own way. */
static bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

/* ---- files ---- */

static void test_files(void **state)
{
	struct target target = {0};
	struct error err;
	unsigned before = open_descriptors();

	(void)state;
	assert_int_equal(target_add_file(&target, own_path(), &err), 0);
	assert_int_equal(target.file_count, 1);
	assert_int_equal(target.files[0].pid_count, 0);
	assert_non_null(target.files[0].elf);
	assert_int_equal(fcntl(target.files[0].fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(target_add_file(&target, own_path(), &err), 0);
	assert_int_equal(target.file_count, 1);
	assert_int_equal(target_add_file(&target, "sleep", &err), 0);
	assert_int_equal(target_add_file(&target, "libc.so.6", &err), 0);
	assert_int_equal(target.file_count, 3);
	assert_true(has_file(&target, "/sleep"));
	assert_true(has_file(&target, "/libc.so.6"));
	target_close(&target);
	assert_int_equal(open_descriptors(), before);
}

static void test_bad_files(void **state)
{
	struct target target = {0};
	struct error err;
	unsigned before = open_descriptors();

	(void)state;
	assert_int_equal(target_add_file(&target, "/nowhere/at/all", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	assert_int_equal(target_add_file(&target, "no-such-program-or-library", &err), -ENOENT);
	assert_non_null(strstr(err.text, "PATH"));
	assert_int_equal(target_add_file(&target, "", &err), -EINVAL);
	assert_int_equal(target_add_file(&target, "/", &err), -EINVAL);
	assert_non_null(strstr(err.text, "a directory"));
	assert_int_equal(target_add_file(&target, "/dev/null", &err), -EINVAL);
	write_file(in_folder("text"), "no program\n", 0700);
	assert_int_equal(target_add_file(&target, in_folder("text"), &err), -EINVAL);
	write_file(in_folder("text"), "", 0700);
	assert_int_equal(target_add_file(&target, in_folder("text"), &err), -EINVAL);
	assert_return_code(mkfifo(in_folder("fifo"), 0600), errno);
	assert_int_equal(target_add_file(&target, in_folder("fifo"), &err), -EINVAL);
	unlink(in_folder("fifo"));
	assert_int_equal(target.file_count, 0);
	target_close(&target);
	assert_int_equal(open_descriptors(), before);
}

/* ---- processes ---- */

static void test_own_process(void **state)
{
	struct target target = {0};
	struct error err = {0};
	struct stat st;

	(void)state;
	if (under_valgrind())
		skip();
	if (target_add_process(&target, getpid(), &warnings, &err))
		fail_msg("%s", err.text);
	assert_return_code(stat("/proc/self/exe", &st), errno);
	assert_true(target.file_count >= 2);
	assert_int_equal(target.files[0].inode, st.st_ino);
	assert_true(has_file(&target, "libc.so.6"));
	for (size_t i = 0; i < target.file_count; i++) {
		assert_int_equal(target.files[i].pid_count, 1);
		assert_int_equal(target.files[i].pids[0], getpid());
	}
	assert_false(target_ended(&target));
	/* Twice is once, and a file that is also meant by itself counts for everybody. */
	assert_int_equal(target_add_process(&target, getpid(), &warnings, &err), 0);
	assert_int_equal(target.process_count, 1);
	assert_int_equal(target_add_file(&target, "/proc/self/exe", &err), 0);
	assert_int_equal(target.files[0].pid_count, 0);
	target_close(&target);
}

/* The pid of a process that has ended and been reaped. */
static pid_t gone_pid(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

static void test_bad_processes(void **state)
{
	struct target target = {0};
	struct error err;
	unsigned before = open_descriptors();
	pid_t pid = gone_pid(), zombie;
	char wanted[32];
	siginfo_t info;

	(void)state;
	assert_int_equal(target_add_process(&target, pid, &warnings, &err), -ESRCH);
	snprintf(wanted, sizeof(wanted), "no process %d", pid);
	assert_string_equal(err.text, wanted);
	assert_int_equal(target_add_process(&target, 0, &warnings, &err), -EINVAL);
	assert_int_equal(target_add_process(&target, -5, &warnings, &err), -EINVAL);
	zombie = fork();
	if (!zombie)
		_exit(0);
	waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT);
	assert_int_equal(target_add_process(&target, zombie, &warnings, &err), -ESRCH);
	assert_non_null(strstr(err.text, "has ended"));
	waitpid(zombie, NULL, 0);
	target_close(&target);
	assert_int_equal(open_descriptors(), before);
}

/* Copies a program, so that it can be deleted or replaced while it runs. */
static pid_t start_copy(const char *path)
{
	char command[512];
	pid_t pid;

	snprintf(command, sizeof(command), "cp \"$(command -v sleep)\" '%s'", path);
	assert_int_equal(system(command), 0);
	pid = fork();
	if (!pid) {
		execl(path, path, "1000", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000; i++) {
		char link[64], now[256] = "";

		snprintf(link, sizeof(link), "/proc/%d/exe", pid);
		if (readlink(link, now, sizeof(now) - 1) > 0 && !strcmp(now, path))
			break;
		usleep(1000);
	}
	usleep(20000); /* ld.so maps its libraries */
	return pid;
}

static void test_deleted_program(void **state)
{
	char *path = strdup(in_folder("odd\nname (deleted)"));
	struct target target = {0};
	struct error err = {0};
	struct stat st, link;
	char exe[64];
	pid_t pid;

	(void)state;
	assert_non_null(path);
	pid = start_copy(path);
	assert_return_code(stat(path, &st), errno);
	unlink(path);
	/* With another file in its place, even. */
	write_file(path, "something else", 0700);
	if (target_add_process(&target, pid, &warnings, &err))
		fail_msg("%s", err.text);
	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid);
	assert_return_code(stat(exe, &link), errno);
	assert_int_equal(target.files[0].inode, st.st_ino);
	assert_int_equal(target.files[0].inode, link.st_ino);
	assert_false(target_ended(&target));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(target_ended(&target));
	target_close(&target);
	unlink(path);
	free(path);
}

/* ---- commands ---- */

static int run_command(struct target *target, char *const argv[], struct error *err)
{
	int code = target_start(target, err);

	(void)argv;
	for (int i = 0; !code && i < 5000 && !target_ended(target); i++)
		usleep(1000);
	return code;
}

static void test_command(void **state)
{
	char *const argv[] = {"sh", "-c", "exit 3", NULL};
	struct target target = {0};
	struct error err = {0};
	unsigned before = open_descriptors();

	(void)state;
	said = 0;
	assert_int_equal(target_add_command(&target, argv, &warnings, &err), 0);
	assert_int_equal(said, 0);
	assert_true(has_file(&target, "libc.so.6"));
	assert_true(has_file(&target, "ld-linux"));
	assert_int_equal(target.files[0].pids[0], target.processes[0].pid);
	usleep(20000);
	assert_false(target_ended(&target)); /* it waits */
	assert_int_equal(run_command(&target, argv, &err), 0);
	assert_true(target.processes[0].ended);
	assert_true(WIFEXITED(target.processes[0].status));
	assert_int_equal(WEXITSTATUS(target.processes[0].status), 3);
	target_close(&target);
	assert_int_equal(open_descriptors(), before);
}

static void test_command_signal(void **state)
{
	char *const argv[] = {"sleep", "1000", NULL};
	struct target target = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(target_add_command(&target, argv, &warnings, &err), 0);
	assert_int_equal(target_start(&target, &err), 0);
	target_signal(&target, SIGTERM);
	for (int i = 0; i < 5000 && !target_ended(&target); i++)
		usleep(1000);
	assert_true(target.processes[0].ended);
	assert_true(WIFSIGNALED(target.processes[0].status));
	assert_int_equal(WTERMSIG(target.processes[0].status), SIGTERM);
	target_close(&target);
}

/* A command that is never started is gone with the target. */
static void test_command_not_started(void **state)
{
	char *const argv[] = {"sleep", "1000", NULL};
	struct target target = {0};
	struct error err;
	pid_t pid;

	(void)state;
	assert_int_equal(target_add_command(&target, argv, &warnings, &err), 0);
	pid = target.processes[0].pid;
	assert_int_equal(kill(pid, 0), 0);
	target_close(&target);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

/* If we die before the start, so does it. */
static void test_tracer_dies(void **state)
{
	char *const argv[] = {"sleep", "1000", NULL};
	int tell[2];
	pid_t pid = 0, tracer;
	char path[64], text[256];
	bool alive = true;

	(void)state;
	assert_return_code(pipe(tell), errno);
	tracer = fork();
	if (!tracer) {
		struct target target = {0};
		struct error err;

		target_add_command(&target, argv, &warnings, &err);
		if (write(tell[1], &target.processes[0].pid, sizeof(pid)) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(read(tell[0], &pid, sizeof(pid)), sizeof(pid));
	waitpid(tracer, NULL, 0);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < 2000 && alive; i++) {
		FILE *file = fopen(path, "r");

		/* It may stay a zombie where nobody reaps orphans. */
		alive = file && fgets(text, sizeof(text), file) && !strstr(text, ") Z ");
		if (file)
			fclose(file);
		usleep(1000);
	}
	assert_false(alive);
	close(tell[0]);
	close(tell[1]);
}

static void test_bad_commands(void **state)
{
	char *const none[] = {NULL}, *const unknown[] = {"no-such-program", NULL};
	char *const is_folder[] = {folder, NULL};
	char *argv[] = {NULL, NULL};
	struct target target = {0};
	struct error err;
	unsigned before = open_descriptors();

	(void)state;
	if (under_valgrind())
		skip();
	assert_int_equal(target_add_command(&target, none, &warnings, &err), -EINVAL);
	assert_int_equal(target_add_command(&target, unknown, &warnings, &err), -ENOENT);
	assert_int_equal(target_add_command(&target, is_folder, &warnings, &err), -EISDIR);
	write_file(in_folder("not-executable"), "#!/bin/sh\n", 0600);
	argv[0] = in_folder("not-executable");
	assert_int_equal(target_add_command(&target, argv, &warnings, &err), -EACCES);
	assert_int_equal(target.process_count, 0);
	/* Executable, and yet its interpreter is not there: known only when it starts. */
	write_file(in_folder("bad-script"), "#!/nowhere/interpreter\n", 0700);
	argv[0] = in_folder("bad-script");
	said = 0;
	assert_int_equal(target_add_command(&target, argv, &warnings, &err), 0);
	assert_int_equal(said, 1);
	assert_int_equal(target_start(&target, &err), -ENOENT);
	assert_non_null(strstr(err.text, "bad-script: can't be executed"));
	assert_true(target_ended(&target));
	target_close(&target);
	assert_int_equal(open_descriptors(), before);
}

static void test_scripts(void **state)
{
	char *argv[] = {NULL, NULL};
	struct target target = {0};
	struct error err = {0};

	(void)state;
	if (under_valgrind())
		skip();
	/* A text without #! is the shell's. */
	write_file(in_folder("script"), "exit 7\n", 0700);
	argv[0] = in_folder("script");
	assert_int_equal(target_add_command(&target, argv, &warnings, &err), 0);
	assert_true(has_file(&target, "/bin/sh"));
	assert_int_equal(run_command(&target, argv, &err), 0);
	assert_int_equal(WEXITSTATUS(target.processes[0].status), 7);
	target_close(&target);

	write_file(in_folder("script"), "#! /usr/bin/env sleep\n", 0700);
	assert_int_equal(target_add_command(&target, argv, &warnings, &err), 0);
	assert_true(has_file(&target, "/sleep"));
	target_close(&target);

	/* A script that is its own interpreter. */
	snprintf(last, sizeof(last), "#!%s\n", in_folder("script"));
	write_file(in_folder("script"), last, 0700);
	said = 0;
	assert_int_equal(target_add_command(&target, argv, &warnings, &err), 0);
	assert_int_equal(said, 1);
	assert_true(target_start(&target, &err) < 0);
	target_close(&target);
}

/* Signals: what was ignored and blocked before we came stays so, and nothing else. */
static void test_signals_of_command(void **state)
{
	/* SIGPIPE is 13 and SIGHUP 1: bits 12 and 0 of SigIgn; SIGUSR1 is 10: bit 9. */
	char *const argv[] = {"sh", "-c",
	                      "ign=$(sed -n 's/^SigIgn:.//p' /proc/self/status);"
	                      "blk=$(sed -n 's/^SigBlk:.//p' /proc/self/status);"
	                      "exit $(( ((0x$ign & 0x1001) == 1) * 2 + (0x$blk == 0) ))",
	                      NULL};
	struct target target = {0};
	struct error err = {0};
	sigset_t usr1;

	(void)state;
	signal(SIGHUP, SIG_IGN);
	target_remember_signals();
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	assert_int_equal(target_add_command(&target, argv, &warnings, &err), 0);
	assert_int_equal(run_command(&target, argv, &err), 0);
	assert_int_equal(WEXITSTATUS(target.processes[0].status), 3);
	target_close(&target);
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	target_remember_signals();
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[256];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* Libraries by as much of their names as people give; programs in full. */
static void libraries_by_short_names(void **state)
{
	static const struct {
		const char *file, *name;
		bool is;
	} cases[] = {
		{"libc.so.6", "libc", true},	    {"libc.so.6", "libc.so", true},
		{"libc.so.6", "libc.so.6", true},   {"libc.so.6", "libc.so.5", false},
		{"libcrypt.so.1", "libc", false},   {"libc.so.6", "lib", false},
		{"libc-2.31.so", "libc", false},    {"libx.so", "libx", true},
		{"libx.sox", "libx", false},	    {"libx.so.1.2", "libx.so.1", false},
		{"demo", "demo", true},		    {"demo.so", "demo", false},
		{"demo", "dem", false},		    {"libx.1", "libx", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (library_is(cases[i].file, cases[i].name) != cases[i].is)
			fail_msg("%s as %s", cases[i].file, cases[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_files),           cmocka_unit_test(test_bad_files),
	        cmocka_unit_test(test_own_process),     cmocka_unit_test(test_bad_processes),
	        cmocka_unit_test(test_deleted_program), cmocka_unit_test(test_command),
	        cmocka_unit_test(test_command_signal),  cmocka_unit_test(test_command_not_started),
	        cmocka_unit_test(test_tracer_dies),     cmocka_unit_test(test_bad_commands),
	        cmocka_unit_test(test_scripts),         cmocka_unit_test(test_signals_of_command),
	        cmocka_unit_test(test_scripts),         cmocka_unit_test(libraries_by_short_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
