/*
 * Owns the start of a command: a child that waits behind fork(2) for one byte, so that everything
 * can be attached to its pid and its files before its first instruction, and the way of a failed
 * execve(2) back to us. If we die before, the pipe's end tells the child to end, too.
 */
#include "internal.h"

#include "elf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- the state that a command inherits, as it was before we changed it ---- */

static struct {
	bool signals, files;
	sigset_t mask, ignored;
	struct rlimit file_limit;
} before;

void target_remember_signals(void)
{
	struct sigaction action;

	sigprocmask(SIG_SETMASK, NULL, &before.mask);
	sigemptyset(&before.ignored);
	for (int s = 1; s <= SIGRTMAX; s++)
		if (!sigaction(s, NULL, &action) && action.sa_handler == SIG_IGN)
			sigaddset(&before.ignored, s);
	before.signals = true;
}

void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	if (!before.files)
		before.file_limit = limit;
	before.files = true;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

void restore_for_command(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};

	for (int s = 1; s <= SIGRTMAX; s++) {
		/* Between the two lies the range that libc keeps for itself. */
		if (s > SIGSYS && s < SIGRTMIN)
			continue;
		action.sa_handler = sigismember(&before.ignored, s) == 1 ? SIG_IGN : SIG_DFL;
		sigaction(s, &action, NULL);
	}
	if (before.files)
		setrlimit(RLIMIT_NOFILE, &before.file_limit);
	sigprocmask(SIG_SETMASK, &before.mask, NULL);
}

/* ---- the child ---- */

struct start {
	const char *path;
	char *const *argv;
	char **shell_argv; /* for a text without #!: execvp(3) hands it to the shell */
	int go[2], error[2];
};

static void __attribute__((noreturn)) child(const struct start *s)
{
	char byte;
	ssize_t got;
	int code;

	restore_for_command();
	close(s->go[1]);
	close(s->error[0]);
	do
		got = read(s->go[0], &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(127);
	execve(s->path, s->argv, environ);
	if (errno == ENOEXEC)
		execve("/bin/sh", s->shell_argv, environ);
	code = errno;
	/* Nobody reads it once our parent has died: then there is nobody to tell. */
	if (write(s->error[1], &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

static int prepare(struct start *s, struct arena *arena, struct error *err)
{
	size_t count = 0;

	while (s->argv[count])
		count++;
	s->shell_argv = arena_alloc(arena, (count + 2) * sizeof(*s->shell_argv));
	if (!s->shell_argv)
		return error_memory(err);
	s->shell_argv[0] = "sh";
	s->shell_argv[1] = (char *)s->path;
	for (size_t i = 1; i < count; i++)
		s->shell_argv[i + 1] = s->argv[i];
	if (pipe2(s->go, O_CLOEXEC))
		return error_set(err, -errno, "pipe: %s", strerror(errno));
	if (pipe2(s->error, O_CLOEXEC)) {
		error_set(err, -errno, "pipe: %s", strerror(errno));
		close(s->go[0]);
		close(s->go[1]);
		return err->code;
	}
	return 0;
}

/* Signals stay blocked in the child until their handlers, which are ours, are gone. */
static pid_t fork_child(struct target *target, const struct start *s)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (!pid) {
		/* Another command's pipe held open here would keep it from seeing our end. */
		for (size_t i = 0; i < target->process_count; i++)
			if (target->processes[i].go_fd >= 0)
				close(target->processes[i].go_fd);
		child(s);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

static int launch(struct target *target, const char *path, char *const argv[],
                  struct target_process **process, struct error *err)
{
	struct start s = {.path = path, .argv = argv};
	pid_t pid;
	int code;

	if (!before.signals)
		target_remember_signals();
	code = prepare(&s, &target->arena, err);
	if (code)
		return code;
	pid = fork_child(target, &s);
	code = pid < 0 ? error_set(err, -errno, "fork: %s", strerror(errno)) : 0;
	close(s.go[0]);
	close(s.error[1]);
	*process = code ? NULL : target_new_process(target, pid);
	if (!*process) {
		close(s.go[1]); /* a child ends by this */
		close(s.error[0]);
		if (!code)
			waitpid(pid, NULL, 0);
		return code ? code : error_memory(err);
	}
	(*process)->command = true;
	(*process)->name = arena_string(&target->arena, argv[0]);
	(*process)->go_fd = s.go[1];
	(*process)->error_fd = s.error[0];
	(*process)->pidfd = pidfd_of(pid);
	if ((*process)->pidfd < 0)
		(*process)->pidfd = -1;
	return 0;
}

/* ---- its files ---- */

/*
 * The program that a script's first line names; NULL: not a script. `env NAME` stands for the
 * program NAME, as it does for the person who wrote it.
 */
static const char *script_interpreter(struct arena *arena, int fd)
{
	char line[257], *word, *rest = NULL;
	struct error ignored;
	ssize_t length = pread(fd, line, sizeof(line) - 1, 0);
	const char *base;

	if (length < 3 || line[0] != '#' || line[1] != '!')
		return NULL;
	line[length] = '\0';
	*strchrnul(line, '\n') = '\0';
	word = strtok_r(line + 2, " \t", &rest);
	if (!word)
		return NULL;
	base = strrchr(word, '/');
	if (base && !strcmp(base, "/env")) {
		char *name = strtok_r(NULL, " \t", &rest);

		if (name && !strcmp(name, "-S"))
			name = strtok_r(NULL, " \t", &rest);
		if (name && *name != '-' && !strchr(name, '='))
			return find_executable(arena, name, &ignored);
	}
	return arena_string(arena, word);
}

static const struct target_file *file_of(const struct target *target, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return NULL;
	for (size_t i = 0; i < target->file_count; i++)
		if (target->files[i].device == st.st_dev && target->files[i].inode == st.st_ino)
			return &target->files[i];
	return NULL;
}

/* Adds an ELF program and what its interpreter would load for it. */
static int add_program(struct target *target, int fd, const char *path, pid_t pid,
                       struct warnings *warnings, struct error *err)
{
	const struct target_file *file;
	const char *interpreter;
	struct elf_file *elf;
	int again = fcntl(fd, F_DUPFD_CLOEXEC, 0), code;

	code = target_take(target, fd, path, pid, err);
	if (code) {
		if (again >= 0)
			close(again);
		return code;
	}
	file = again >= 0 ? file_of(target, again) : NULL;
	elf = file ? file->elf : NULL;
	interpreter = elf ? elf_file_interpreter(elf) : NULL;
	if (interpreter)
		add_needed(target, interpreter, path, pid, warnings);
	if (again >= 0)
		close(again);
	return 0;
}

/* Follows scripts to a program; the kernel allows five in a row. */
static int add_files(struct target *target, const char *path, pid_t pid, struct warnings *warnings,
                     struct error *err)
{
	for (int depth = 0; depth < 6; depth++) {
		int fd = open_regular(AT_FDCWD, path, path, err);
		char magic[4] = "";
		const char *next;

		if (fd < 0)
			return fd;
		if (pread(fd, magic, 4, 0) == 4 && !memcmp(magic, "\177ELF", 4))
			return add_program(target, fd, path, pid, warnings, err);
		next = script_interpreter(&target->arena, fd);
		close(fd);
		path = next ? next : "/bin/sh"; /* a text without #! is the shell's */
	}
	return error_set(err, -ELOOP, "%s: scripts that call scripts, too many in a row", path);
}

int target_add_command(struct target *target, char *const argv[], struct warnings *warnings,
                       struct error *err)
{
	struct target_process *process;
	struct error trouble;
	const char *path;
	int code;

	if (!argv[0])
		return error_set(err, -EINVAL, "the command is empty");
	path = find_executable(&target->arena, argv[0], err);
	if (!path)
		return err->code;
	code = launch(target, path, argv, &process, err);
	if (code)
		return code;
	/* A program that can be run but not read (mode 0111) still runs, and -b may add others. */
	if (add_files(target, path, process->pid, warnings, &trouble))
		warn(warnings, "%s", trouble.text);
	return 0;
}

/* ---- go ---- */

static int start(struct target_process *process, const char *name, struct error *err)
{
	char byte = 1;
	int code = 0;
	ssize_t got;

	/* The child may have been killed meanwhile; that is no reason for us to get SIGPIPE. */
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;

	sigaction(SIGPIPE, &ignore, &old);
	while (write(process->go_fd, &byte, 1) < 0 && errno == EINTR)
		;
	sigaction(SIGPIPE, &old, NULL);
	close(process->go_fd);
	process->go_fd = -1;
	do
		got = read(process->error_fd, &code, sizeof(code));
	while (got < 0 && errno == EINTR);
	close(process->error_fd);
	process->error_fd = -1;
	if (got != sizeof(code))
		return 0;
	while (waitpid(process->pid, &process->status, 0) < 0 && errno == EINTR)
		;
	process->ended = true;
	return error_set(err, -code, "%s: can't be executed: %s", name, strerror(code));
}

int target_start(struct target *target, struct error *err)
{
	for (size_t i = 0; i < target->process_count; i++) {
		struct target_process *process = &target->processes[i];
		int code;

		if (!process->command || process->go_fd < 0)
			continue;
		code = start(process, process->name ? process->name : "the command", err);
		if (code)
			return code;
	}
	return 0;
}
