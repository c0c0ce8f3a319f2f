/* Helpers about the process at hand: its cgroup, its NUMA node, a signal for it. */
#include "machine.h"

#include "base/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t helper_cgroup(struct machine *m, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	uint64_t number = 0;
	int code = cgroup_of_process(m->current->pid, &number);

	(void)a, (void)b, (void)c, (void)d, (void)e;
	if (code)
		machine_fail(m, code, "the cgroup of the process can't be found");
	return number;
}

/* The node that the CPU's folder names; where it names none there is one only. */
uint64_t helper_numa_node(struct machine *m, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			  uint64_t e)
{
	unsigned node = 0, found;
	const struct dirent *entry;
	char path[64];
	DIR *folder;

	(void)a, (void)b, (void)c, (void)d, (void)e;
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", m->current->cpu(m->current));
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (sscanf(entry->d_name, "node%u", &found) == 1)
			node = found;
	if (folder)
		closedir(folder);
	return node;
}

uint64_t helper_send_signal(struct machine *m, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			    uint64_t e)
{
	(void)b, (void)c, (void)d, (void)e;
	return kill(m->current->pid, (int)a) ? (uint64_t)-errno : 0;
}
