/*
 * Owns the way to tracefs, the file system in which the kernel describes its tracepoints.
 */
#include "tracefs.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A mount that is there, by its kind of file system: an empty folder of the name is none. */
static int open_mounted(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return errno == EACCES || errno == EPERM ? -errno : -ENOENT;
	if (!fstatfs(fd, &fs) && fs.f_type == TRACEFS_MAGIC)
		return fd;
	close(fd);
	return -ENOENT;
}

/* Linux 5.2; takes CAP_SYS_ADMIN. The mount hangs at the descriptor and nowhere in the tree. */
static int open_private(void)
{
	int context = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC), fd = -1, code;

	if (context < 0)
		return -errno;
	if (!syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	code = -errno;
	close(context);
	return fd < 0 ? code : fd;
}

static int open_root(struct error *err)
{
	static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	int fd = -ENOENT;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places) && fd == -ENOENT; i++)
		fd = open_mounted(places[i]);
	if (fd == -ENOENT)
		fd = open_private();
	if (fd >= 0)
		return fd;
	if (fd == -ENODEV)
		return error_set(err, -EOPNOTSUPP,
				 "this kernel has no tracefs, which describes its tracepoints "
				 "(CONFIG_TRACING)");
	if (fd == -EACCES)
		return error_set(err, fd, "not permitted: reading /sys/kernel/tracing: run as root, "
					  "or grant CAP_DAC_READ_SEARCH with setcap(8)");
	return error_set(err, fd == -EPERM || fd == -ENOSYS ? -EPERM : fd,
			 "tracefs, which describes the kernel's tracepoints, is not mounted (%s): as "
			 "root, mount -t tracefs nodev /sys/kernel/tracing",
			 strerror(-fd));
}

int tracefs_events(const char *path, struct error *err)
{
	int root = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : open_root(err), fd;

	if (root < 0 && path)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (root < 0)
		return root;
	fd = openat(root, "events", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		error_set(err, -errno, "tracefs has no folder events: %s", strerror(errno));
	close(root);
	return fd < 0 ? err->code : fd;
}

int tracefs_read(int folder, const char *path, struct buffer *text, struct error *err)
{
	char part[16384];
	ssize_t n = -1;
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);

	buffer_clear(text);
	if (fd >= 0) {
		while ((n = read(fd, part, sizeof(part))) > 0 && text->length < TEXT_MOST)
			buffer_add(text, part, (size_t)n);
	}
	if (n < 0)
		error_set(err, -errno, "can't read %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return err->code;
	return text->failed ? error_memory(err) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int tracefs_names(int folder, const char *path, const char *pattern, struct names *names,
		  struct error *err)
{
	int fd = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char **slot;

	if (!dir) {
		error_set(err, -errno, "can't read %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return err->code;
	}
	err->code = 0;
	while (!err->code && (entry = readdir(dir))) {
		if ((entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) || *entry->d_name == '.' ||
		    !glob_match(pattern, entry->d_name))
			continue;
		slot = array_add(&names->items, &names->count, &names->room, sizeof(*slot));
		if (slot)
			*slot = strdup(entry->d_name);
		if (!slot || !*slot)
			error_memory(err);
	}
	closedir(dir);
	if (!err->code && names->count)
		qsort(names->items, names->count, sizeof(*names->items), by_name);
	return err->code;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct names){0};
}
