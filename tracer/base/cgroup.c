#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

/* What the folder's file handle holds. */
int cgroup_number(const char *path, uint64_t *number)
{
	struct {
		struct file_handle handle;
		uint64_t number;
	} wanted = {.handle.handle_bytes = sizeof(wanted.number)};
	struct statfs fs;
	int mount;

	if (statfs(path, &fs))
		return -errno;
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return -EINVAL;
	if (name_to_handle_at(AT_FDCWD, path, &wanted.handle, &mount, 0))
		return -errno;
	memcpy(number, wanted.handle.f_handle, sizeof(*number));
	return 0;
}

bool cgroup_next(FILE *mounts, struct cgroup_mount *mount)
{
	while (getline(&mount->line, &mount->room, mounts) > 0) {
		char *rest = mount->line, *type;

		strsep(&rest, " ");
		mount->path = strsep(&rest, " ");
		type = rest ? strsep(&rest, " ") : NULL;
		if (!type || (strcmp(type, "cgroup") != 0 && strcmp(type, "cgroup2") != 0))
			continue;
		mount->unified = type[strlen("cgroup")] == '2';
		mount->name = strrchr(mount->path, '/') ? strrchr(mount->path, '/') + 1 : mount->path;
		if (mount->unified)
			mount->name = "unified";
		return true;
	}
	return false;
}

/* The path of version 2 in /proc/PID/cgroup: the line with the number 0. */
static int read_path(pid_t pid, struct buffer *path)
{
	char name[64], *line = NULL;
	size_t room = 0;
	int code = -ENOENT;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	f = fopen(name, "re");
	if (!f)
		return -errno;
	while (code && getline(&line, &room, f) > 0) {
		if (strncmp(line, "0::", 3) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		buffer_text(path, line + 3);
		code = 0;
	}
	free(line);
	fclose(f);
	return code;
}

int cgroup_of_process(pid_t pid, uint64_t *number)
{
	struct buffer inside = {0}, path = {0};
	struct cgroup_mount mount = {0};
	int code = read_path(pid, &inside);
	FILE *mounts = code ? NULL : fopen("/proc/self/mounts", "re");

	if (!code)
		code = -ENOENT;
	while (mounts && cgroup_next(mounts, &mount)) {
		if (!mount.unified)
			continue;
		buffer_print(&path, "%s%s", mount.path, buffer_string(&inside));
		code = cgroup_number(buffer_string(&path), number);
		break;
	}
	if (mounts)
		fclose(mounts);
	free(mount.line);
	buffer_free(&inside);
	buffer_free(&path);
	return code;
}
