/* Semaphores that telltale raises itself, in the memory of the processes (semaphore.c). */
#ifndef TELLTALE_ENGINE_KERNEL_SEMAPHORE_H
#define TELLTALE_ENGINE_KERNEL_SEMAPHORE_H

#include "base/memory.h"

#include <sys/types.h>

/* One semaphore of a file, and for whom it is to be raised. */
struct semaphore_place {
	dev_t device;
	ino_t inode;
	uint64_t offset;
	bool everywhere; /* in every process that maps the file; else: */
	pid_t *pids;
	size_t pid_count, pid_room;
};

/* A semaphore in one process, which is above zero by us. */
struct semaphore_held {
	uint64_t address;
	bool lowered; /* again */
};

struct semaphore_process {
	pid_t pid;
	dev_t exe_device;
	ino_t exe_inode;
	int memory; /* /proc/PID/mem: of this very address space, also after an execve(2); or -1 */
	struct semaphore_held *held;
	size_t held_count, held_room;
};

struct semaphores {
	struct semaphore_place *places;
	size_t place_count, place_room;
	struct semaphore_process *processes; /* by their numbers */
	size_t process_count, process_room;
	unsigned long long since; /* when the first one was raised, in clock ticks since boot */
	bool lowering;
	size_t changed; /* by the last round */
	/* The first process that refused, and why. */
	pid_t refused_by;
	int refusal;
};

/* One more semaphore, or one more process (0: all) for one that is there. 0 or -ENOMEM. */
int semaphores_add(struct semaphores *s, dev_t device, ino_t inode, uint64_t offset, pid_t pid);
/*
 * Looks at the processes and raises what is new; `again` also looks again at those that it knows,
 * for libraries that have come since. Returns 0 or -ENOMEM.
 */
int semaphores_raise(struct semaphores *s, bool again);
/* Puts all back, in children that were forked meanwhile, too. */
void semaphores_lower(struct semaphores *s);
void semaphores_free(struct semaphores *s);

#endif
