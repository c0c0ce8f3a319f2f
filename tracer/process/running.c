/*
 * Owns the way from a pid to the files that it runs: its program and every file mapped as code,
 * opened through the kernel's own links (/proc/PID/exe and map_files), which lead to the very file
 * even when it has been deleted, replaced, or is in another mount namespace.
 */
#include "internal.h"
#include "maps.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading {
	struct target *target;
	struct warnings *warnings;
	pid_t pid;
	int folder;        /* /proc/PID: stays with this process, whatever becomes of the number */
	bool no_map_files; /* not permitted here: asked once */
	pid_t counts;	   /* whose files they are */
};

/* Reads a whole file of /proc; the reason is in the return value. */
static int read_all(int folder, const char *name, struct buffer *text)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	char *chunk;
	ssize_t got;
	int code = 0;

	if (fd < 0)
		return -errno;
	chunk = malloc(64 * 1024);
	if (!chunk) {
		close(fd);
		return -ENOMEM;
	}
	while ((got = read(fd, chunk, 64 * 1024)) != 0) {
		if (got > 0)
			buffer_add(text, chunk, (size_t)got);
		else if (errno != EINTR)
			break;
	}
	if (got < 0)
		code = -errno;
	else if (text->failed)
		code = -ENOMEM;
	free(chunk);
	close(fd);
	return code;
}

/* The value of "Name:\t..." in /proc/PID/status; -1 where there is none. */
static long status_number(const char *status, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = status; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, length) && line[length] == ':')
			return strtol(line + length + 1, NULL, 10);
	}
	return -1;
}

static bool has_state(const char *status, char state)
{
	const char *line = strstr(status, "\nState:\t");

	return line && line[strlen("\nState:\t")] == state;
}

/* A pid may be a thread's, a zombie's or a kernel thread's: each has its own sentence. */
static int check_status(struct reading *r, struct error *err)
{
	struct buffer status = {0};
	char link[8];
	long group;
	int code = read_all(r->folder, "status", &status);

	if (code) {
		error_set(err, -ESRCH, "process %d ended while it was being read", r->pid);
		goto out;
	}
	group = status_number(buffer_string(&status), "Tgid");
	if (group > 0 && group != r->pid) {
		code = error_set(err, -EINVAL, "%d is a thread of process %ld: use -p %ld", r->pid,
		                 group, group);
		goto out;
	}
	if (has_state(buffer_string(&status), 'Z') || has_state(buffer_string(&status), 'X')) {
		code = error_set(err, -ESRCH, "process %d has ended already", r->pid);
		goto out;
	}
	if (readlinkat(r->folder, "exe", link, sizeof(link)) >= 0)
		goto out;
	if (errno == EACCES || errno == EPERM)
		code = error_set(err, -EPERM,
		                 "not permitted to look into process %d: CAP_SYS_PTRACE is missing",
		                 r->pid);
	else if (errno == ENOENT)
		code = error_set(err, -EINVAL, "process %d is a kernel thread: it has no program",
		                 r->pid);
	else
		code = error_set(err, -ESRCH, "process %d ended while it was being read", r->pid);
out:
	buffer_free(&status);
	return code < 0 ? err->code : 0;
}

/* The kernel shows a newline in a name as \012. */
static void unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from; to++) {
		if (!strncmp(from, "\\012", 4)) {
			*to = '\n';
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/*
 * The way without map_files, which asks for CAP_CHECKPOINT_RESTORE: the path as the process sees
 * it. The inode must be the one that is mapped. The device is not compared: btrfs and overlayfs
 * show another one in maps than in stat(2).
 */
static int open_by_path(struct reading *r, const struct maps_line *line, const char *shown,
                        struct error *err)
{
	struct stat st;
	char *path = NULL;
	int fd;

	if (asprintf(&path, "root/%s", shown) < 0)
		return error_memory(err);
	fd = open_regular(r->folder, path, shown, err);
	if (fd == -ENOENT && strstr(path, "\\012")) {
		unescape(path);
		fd = open_regular(r->folder, path, shown, err);
	}
	free(path);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || st.st_ino != line->inode) {
		close(fd);
		return error_set(
		        err, -ESTALE,
		        "%s: replaced since process %d mapped it, and the mapped file can't "
		        "be opened without CAP_CHECKPOINT_RESTORE",
		        shown, r->pid);
	}
	return fd;
}

static int open_mapping(struct reading *r, const struct maps_line *line, const char *shown,
                        struct error *err)
{
	char name[64];
	int fd;

	if (!r->no_map_files) {
		snprintf(name, sizeof(name), "map_files/%llx-%llx", (unsigned long long)line->start,
		         (unsigned long long)line->end);
		fd = open_regular(r->folder, name, shown, err);
		/* ENOENT: unmapped meanwhile, or no such folder (gVisor has none); the path still
		 * may lead to the file. */
		if (fd >= 0 || (fd != -EPERM && fd != -EACCES && fd != -ENOENT))
			return fd;
		r->no_map_files = fd != -ENOENT;
	}
	return open_by_path(r, line, shown, err);
}

/* Nothing is missed of a process that has ended while it was being read; one that nobody has waited for
 * yet still has a number, but no program. */
static bool is_gone(const struct reading *r, int code)
{
	char byte;

	return code == -ESRCH || (code == -ENOENT && readlinkat(r->folder, "exe", &byte, 1) < 0);
}

/* Adds the file of one mapping; what can't be had is a warning. */
static void add_mapping(struct reading *r, const struct maps_line *line)
{
	size_t length;
	bool deleted = maps_is_deleted(line, &length);
	bool memory = line->path_length > 7 && !memcmp(line->path, "/memfd:", 7);
	char *shown = strndup(line->path, deleted ? length : line->path_length);
	struct error err = {0};
	int code = shown ? open_mapping(r, line, shown, &err) : error_memory(&err);

	if (code >= 0)
		code = target_take(r->target, code, shown, r->counts, &err);
	/* Code that a JIT keeps in a memory file is no ELF file and no news. */
	if (code < 0 && !(memory && code == -EINVAL) && !is_gone(r, code))
		target_warn_once(r->target, r->warnings, err.text,
		                 deleted && code == -ENOENT ? " (deleted while the process runs it)"
		                                            : "");
	free(shown);
}

static int add_program(struct reading *r, struct error *err)
{
	char path[4096];
	ssize_t length = readlinkat(r->folder, "exe", path, sizeof(path) - 1);
	struct maps_line line = {.path = path};
	size_t plain;
	int fd;

	if (length < 0)
		return error_set(err, -ESRCH, "process %d ended while it was being read", r->pid);
	path[length] = '\0';
	line.path_length = (size_t)length;
	if (maps_is_deleted(&line, &plain))
		path[plain] = '\0';
	fd = open_regular(r->folder, "exe", path, err);
	if (fd == -EACCES || fd == -EPERM)
		return error_set(err, fd, "%s: not permitted to read the program of process %d",
		                 path, r->pid);
	if (fd < 0)
		return error_set(err, fd, "the program of process %d can't be opened: %s", r->pid,
		                 fd == -ENOENT ? "the process ended" : err->text);
	return target_take(r->target, fd, path, r->counts, err);
}

/* Each mapped file once; a file has several mappings in a row, and not all of them code. */
static int add_mappings(struct reading *r, struct error *err)
{
	struct buffer text = {0};
	dev_t last_device = 0;
	uint64_t last_inode = 0;
	int code = read_all(r->folder, "maps", &text);
	const char *at = buffer_string(&text), *end = at + text.length;

	if (code == -EACCES || code == -EPERM) {
		error_set(err, -EPERM,
		          "not permitted to read the mappings of process %d: CAP_SYS_PTRACE is "
		          "missing",
		          r->pid);
		goto out;
	}
	if (code) {
		error_set(err, -ESRCH, "process %d ended while it was being read", r->pid);
		goto out;
	}
	for (; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		struct maps_line line;

		if (maps_parse(at, (size_t)(stop - at), &line) && line.executable &&
		    maps_is_file(&line) &&
		    !(line.inode == last_inode && line.device == last_device)) {
			add_mapping(r, &line);
			last_inode = line.inode;
			last_device = line.device;
		}
		at = stop + 1;
	}
out:
	buffer_free(&text);
	return code ? err->code : 0;
}

static bool has_ended(int pidfd)
{
	struct pollfd waiting = {.fd = pidfd, .events = POLLIN};

	return pidfd >= 0 && poll(&waiting, 1, 0) == 1;
}

/* The order matters: first a handle on the process, then what it runs, then: is it still there? */
static int read_process(struct reading *r, int pidfd, struct error *err)
{
	int code = check_status(r, err);

	if (!code)
		code = add_program(r, err);
	if (!code)
		code = add_mappings(r, err);
	if (!code && has_ended(pidfd))
		code = error_set(err, -ESRCH, "process %d ended while it was being read", r->pid);
	return code;
}

int target_add_process(struct target *target, pid_t pid, struct warnings *warnings,
                       struct error *err)
{
	struct reading r = {.target = target, .warnings = warnings, .pid = pid, .counts = pid};
	struct target_process *process;
	char name[32];
	int pidfd, code;

	for (size_t i = 0; i < target->process_count; i++)
		if (target->processes[i].pid == pid)
			return 0;
	if (pid <= 0)
		return error_set(err, -EINVAL, "%d is not the number of a process", pid);
	snprintf(name, sizeof(name), "/proc/%d", pid);
	r.folder = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r.folder < 0)
		return errno == ENOENT ? error_set(err, -ESRCH, "no process %d", pid)
		                       : error_set(err, -errno, "%s: %s", name, strerror(errno));
	pidfd = pidfd_of(pid); /* none before Linux 5.3; refused for a thread: check_status tells */
	code = read_process(&r, pidfd, err);
	close(r.folder);
	if (code) {
		if (pidfd >= 0)
			close(pidfd);
		return code;
	}
	process = target_new_process(target, pid);
	if (!process) {
		if (pidfd >= 0)
			close(pidfd);
		return error_memory(err);
	}
	process->pidfd = pidfd >= 0 ? pidfd : -1;
	return 0;
}

/* An earlier one of the target's own, where the process itself is not. */
static pid_t counts_for(const struct target *target, pid_t pid)
{
	for (size_t i = 0; i < target->process_count; i++)
		if (target->processes[i].pid == pid)
			return pid;
	return target->process_count ? target->processes[0].pid : 0;
}

int target_look_again(struct target *target, pid_t pid, struct warnings *warnings,
                      struct error *err)
{
	struct reading r = {.target = target, .warnings = warnings, .pid = pid,
	                    .counts = counts_for(target, pid)};
	char name[32];
	int code;

	snprintf(name, sizeof(name), "/proc/%d", pid);
	r.folder = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r.folder < 0)
		return 0;
	code = add_program(&r, err);
	if (!code)
		code = add_mappings(&r, err);
	close(r.folder);
	return code == -ESRCH || code == -ENOENT ? 0 : code;
}
