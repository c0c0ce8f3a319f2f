/*
 * Owns the watch on the paths of files that count for every process: an upgrade puts another file
 * there, whose processes are meant as well. What is watched is the folder of the path and, of a link,
 * that of the file (inotify(7)); a file that is being written is looked at when it is closed.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static bool watch_folder(int fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	bool watched;

	if (!folder)
		return false;
	watched = inotify_add_watch(fd, folder, IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE | IN_ONLYDIR) >= 0;
	free(folder);
	return watched;
}

int target_watch_paths(struct target *target, struct warnings *warnings)
{
	for (size_t i = 0; i < target->file_count; i++) {
		const struct target_file *file = &target->files[i];
		char *real;

		if (file->pid_count)
			continue;
		if (target->watch_fd <= 0)
			target->watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		real = realpath(file->path, NULL);
		if (target->watch_fd < 0 || !watch_folder(target->watch_fd, file->path) ||
		    (real && !watch_folder(target->watch_fd, real)))
			warn(warnings, "%s: its folder can't be watched, so a file that replaces it is not "
			     "noticed: %s", file->path, strerror(errno));
		free(real);
	}
	return target->watch_fd > 0 ? target->watch_fd : -1;
}

/* What happened in the folders is of no interest: every path is looked at. */
static void drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		;
}

int target_replaced(struct target *target, struct warnings *warnings, struct error *err)
{
	size_t count = target->file_count;
	int rc = 0;

	drain(target->watch_fd);
	for (size_t i = 0; i < count && rc != -ENOMEM; i++) {
		const char *path = target->files[i].path;
		struct stat st;
		int fd;

		if (target->files[i].pid_count || stat(path, &st) || !S_ISREG(st.st_mode) ||
		    (st.st_dev == target->files[i].device && st.st_ino == target->files[i].inode))
			continue;
		fd = open_regular(AT_FDCWD, path, path, err);
		rc = fd < 0 ? fd : target_take(target, fd, path, 0, err);
		/* One that is not whole yet is looked at again when it is closed. */
		if (rc && rc != -ENOMEM && rc != -ENOENT && rc != -EINVAL)
			target_warn_once(target, warnings, err->text, "");
	}
	return rc == -ENOMEM ? rc : 0;
}
