/* Cgroups: the kernel's numbers of those of version 2, and where hierarchies are mounted. */
#ifndef TELLTALE_BASE_CGROUP_H
#define TELLTALE_BASE_CGROUP_H

#include "base/memory.h"

#include <stdio.h>
#include <sys/types.h>

/* The number of the cgroup with that path: 0, or a negative errno; -EINVAL: no cgroup of version 2. */
int cgroup_number(const char *path, uint64_t *number);
/* The same of the one that a process is in. */
int cgroup_of_process(pid_t pid, uint64_t *number);

struct cgroup_mount {
	char *line;
	size_t room;
	const char *path, *name; /* in the line; the name of version 2 is "unified" */
	bool unified;
};

/* The next hierarchy in /proc/self/mounts; false at the end. Zeroed before; the line is the caller's
 * to free at the end. */
bool cgroup_next(FILE *mounts, struct cgroup_mount *mount);

#endif
