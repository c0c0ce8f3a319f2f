/*
 * Owns the list of files and processes of a target: what is in it once, for whom it counts, and
 * when it is over. How a process or a command gets into it is in running.c and launch.c.
 */
#include "internal.h"

#include "elf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int open_regular(int folder, const char *path, const char *shown, struct error *err)
{
	/* O_NONBLOCK: a FIFO under that name must not make us wait for its writer. */
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 && errno == EMFILE) {
		raise_file_limit();
		fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	if (fd < 0)
		return error_set(err, -errno, "%s: %s", shown, strerror(errno));
	if (fstat(fd, &st)) {
		int code = -errno;

		close(fd);
		return error_set(err, code, "%s: %s", shown, strerror(-code));
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, -EINVAL, "%s: %s, not a program or library file", shown,
		                 S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	}
	return fd;
}

static struct target_file *find_file(struct target *target, const struct stat *st)
{
	for (size_t i = 0; i < target->file_count; i++)
		if (target->files[i].device == st->st_dev && target->files[i].inode == st->st_ino)
			return &target->files[i];
	return NULL;
}

static int add_pid(struct target_file *file, pid_t pid, struct error *err)
{
	pid_t *new;

	for (size_t i = 0; i < file->pid_count; i++)
		if (file->pids[i] == pid)
			return 0;
	new = array_add(&file->pids, &file->pid_count, &file->pid_room, sizeof(*new));
	if (!new)
		return error_memory(err);
	*new = pid;
	return 0;
}

/* The file is there already: widen the circle of the processes that it counts for. */
static int widen(struct target_file *file, pid_t pid, struct error *err)
{
	if (!pid)
		file->pid_count = 0;
	else if (file->pid_count)
		return add_pid(file, pid, err);
	return 0;
}

int target_take(struct target *target, int fd, const char *path, pid_t pid, struct error *err)
{
	struct target_file *file;
	struct elf_file *elf = NULL;
	struct stat st;
	int code;

	if (fstat(fd, &st)) {
		code = error_set(err, -errno, "%s: %s", path, strerror(errno));
		goto out;
	}
	file = find_file(target, &st);
	if (file) {
		code = widen(file, pid, err);
		goto out;
	}
	code = elf_file_open_fd(fd, path, &elf, err);
	if (code)
		goto out;
	file = array_add(&target->files, &target->file_count, &target->file_room, sizeof(*file));
	path = arena_string(&target->arena, path);
	if (!file || !path) {
		target->file_count -= !!file;
		code = error_memory(err);
		goto out;
	}
	file->path = path;
	file->fd = fd;
	file->elf = elf;
	file->device = st.st_dev;
	file->inode = st.st_ino;
	code = pid ? add_pid(file, pid, err) : 0;
	return code; /* the file owns both from here on */
out:
	elf_file_close(elf);
	close(fd);
	return code;
}

void target_warn_once(struct target *target, struct warnings *warnings, const char *text,
                      const char *more)
{
	char *line = arena_print(&target->arena, "%s%s", text, more);
	size_t found;

	if (!line || !table_put(&target->said, line, strlen(line), 0, &found))
		warn(warnings, "%s", line ? line : text);
}

/* A name without a slash that is no program along PATH. */
static int open_by_name(struct target *target, const char *name, const char **path,
                        struct error *err)
{
	int fd = find_library(&target->arena, name, path);

	if (fd >= 0)
		return fd;
	fd = open_regular(AT_FDCWD, name, name, err);
	if (fd >= 0)
		*path = name;
	else if (err->code == -ENOENT)
		error_set(err, -ENOENT,
		          "%s: neither a program along PATH nor a library that ld.so would find, "
		          "nor a file in the current folder",
		          name);
	return fd;
}

int target_add_file(struct target *target, const char *path, struct error *err)
{
	const char *found = path;
	struct error ignored;
	int fd;

	if (!*path)
		return error_set(err, -EINVAL, "the name of a file is empty");
	if (!strchr(path, '/'))
		found = find_executable(&target->arena, path, &ignored);
	if (found)
		fd = open_regular(AT_FDCWD, found, found, err);
	else
		fd = open_by_name(target, path, &found, err);
	if (fd < 0)
		return fd;
	return target_take(target, fd, found, 0, err);
}

struct target_process *target_new_process(struct target *target, pid_t pid)
{
	struct target_process *process = array_add(&target->processes, &target->process_count,
	                                           &target->process_room, sizeof(*process));

	if (process) {
		process->pid = pid;
		process->pidfd = process->go_fd = process->error_fd = -1;
	}
	return process;
}

int pidfd_of(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */

	return fd < 0 ? -errno : fd;
}

static void look_after(struct target_process *process)
{
	struct pollfd waiting = {.fd = process->pidfd, .events = POLLIN};
	pid_t got;

	if (process->watched)
		return;
	if (process->command) {
		got = waitpid(process->pid, &process->status, WNOHANG);
		/* ECHILD: somebody else reaped it, SIGCHLD being ignored; the status is lost. */
		process->ended = got == process->pid || (got < 0 && errno == ECHILD);
	} else if (process->pidfd >= 0) {
		process->ended = poll(&waiting, 1, 0) == 1;
	} else {
		process->ended = kill(process->pid, 0) && errno == ESRCH;
	}
}

bool target_ended(struct target *target)
{
	bool all = target->process_count > 0;

	for (size_t i = 0; i < target->process_count; i++) {
		if (!target->processes[i].ended)
			look_after(&target->processes[i]);
		all &= target->processes[i].ended;
	}
	return all;
}

void target_signal(struct target *target, int signal)
{
	/* A command that was not reaped keeps its pid: kill(2) can't hit anybody else. */
	for (size_t i = 0; i < target->process_count; i++)
		if (target->processes[i].command && !target->processes[i].ended)
			kill(target->processes[i].pid, signal);
}

static void close_process(struct target_process *process)
{
	if (process->command && !process->ended && process->go_fd >= 0) {
		kill(process->pid, SIGKILL);
		while (waitpid(process->pid, &process->status, 0) < 0 && errno == EINTR)
			;
	}
	if (process->pidfd >= 0)
		close(process->pidfd);
	if (process->go_fd >= 0)
		close(process->go_fd);
	if (process->error_fd >= 0)
		close(process->error_fd);
}

void target_close(struct target *target)
{
	for (size_t i = 0; i < target->process_count; i++)
		close_process(&target->processes[i]);
	for (size_t i = 0; i < target->file_count; i++) {
		elf_file_close(target->files[i].elf);
		close(target->files[i].fd);
		free(target->files[i].pids);
	}
	free(target->files);
	free(target->processes);
	table_free(&target->said);
	if (target->watch_fd > 0)
		close(target->watch_fd);
	arena_free(&target->arena);
	memset(target, 0, sizeof(*target));
}
