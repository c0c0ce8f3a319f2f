/*
 * Owns what is changed in a process's memory: breakpoints and semaphores, what stood there before,
 * and the writing itself, which goes through /proc/PID/mem since that writes to code, too.
 */
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BREAKPOINT = 0xcc }; /* int3 */

struct space *space_new(void)
{
	struct space *s = calloc(1, sizeof(*s));

	if (s) {
		s->users = 1;
		s->memory = -1;
	}
	return s;
}

struct space *space_copy(const struct space *from, pid_t pid)
{
	struct space *s = space_new();
	char path[32];

	if (!s)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	s->memory = open(path, O_RDWR | O_CLOEXEC);
	s->breakpoints = malloc((from->breakpoint_count + 1) * sizeof(*s->breakpoints));
	s->raised = malloc((from->raised_count + 1) * sizeof(*s->raised));
	if (!s->breakpoints || !s->raised) {
		space_leave(s);
		return NULL;
	}
	if (from->breakpoint_count)
		memcpy(s->breakpoints, from->breakpoints,
		       from->breakpoint_count * sizeof(*s->breakpoints));
	if (from->raised_count)
		memcpy(s->raised, from->raised, from->raised_count * sizeof(*s->raised));
	s->linker = from->linker;
	s->breakpoint_count = s->breakpoint_room = from->breakpoint_count;
	s->raised_count = s->raised_room = from->raised_count;
	return s;
}

void space_leave(struct space *s)
{
	if (!s || --s->users)
		return;
	if (s->memory >= 0)
		close(s->memory);
	free(s->breakpoints);
	free(s->raised);
	free(s);
}

/* ---- reading and writing ---- */

ssize_t process_read(const struct process *process, uint64_t address, void *to, size_t size)
{
	struct iovec here = {to, size}, there = {(void *)(uintptr_t)address, size};
	ssize_t got = process_vm_readv(process->pid, &here, 1, &there, 1, 0);

	/* A seccomp filter may know ptrace(2) and not this one; and its leader may have ended. */
	if (got < 0 && (errno == EPERM || errno == ENOSYS || errno == ESRCH))
		got = pread(process->space->memory, to, size, (off_t)address);
	return got;
}

bool process_write(const struct process *process, uint64_t address, const void *from, size_t size)
{
	return pwrite(process->space->memory, from, size, (off_t)address) == (ssize_t)size;
}

static bool put(const struct space *s, uint64_t address, uint8_t byte)
{
	return pwrite(s->memory, &byte, 1, (off_t)address) == 1;
}

/* ---- breakpoints ---- */

/* Where a breakpoint of that address is or would be. */
static size_t place_of(const struct space *s, uint64_t address)
{
	size_t first = 0, end = s->breakpoint_count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (s->breakpoints[middle].address < address)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

struct breakpoint *space_find(const struct space *s, uint64_t address)
{
	size_t at = place_of(s, address);

	return at < s->breakpoint_count && s->breakpoints[at].address == address
		       ? &s->breakpoints[at]
		       : NULL;
}

struct breakpoint *space_add(struct space *s, uint64_t address)
{
	size_t at = place_of(s, address);
	struct breakpoint *b;

	if (at < s->breakpoint_count && s->breakpoints[at].address == address)
		return &s->breakpoints[at];
	if (!array_add(&s->breakpoints, &s->breakpoint_count, &s->breakpoint_room, sizeof(*b)))
		return NULL;
	b = &s->breakpoints[at];
	memmove(b + 1, b, (s->breakpoint_count - 1 - at) * sizeof(*b));
	*b = (struct breakpoint){.address = address};
	return b;
}

void space_drop(struct space *s, size_t index)
{
	memmove(&s->breakpoints[index], &s->breakpoints[index + 1],
		(--s->breakpoint_count - index) * sizeof(*s->breakpoints));
}

bool space_insert(struct space *s, struct breakpoint *b)
{
	ssize_t got;

	if (b->in)
		return true;
	if (!b->length) {
		got = pread(s->memory, b->original, sizeof(b->original), (off_t)b->address);
		/* At the end of the mapping there may be less. */
		while (got < 0 && errno == EIO && b->length < sizeof(b->original) &&
		       pread(s->memory, b->original + b->length, 1,
			     (off_t)(b->address + b->length)) == 1)
			b->length++;
		if (got > 0)
			b->length = (uint8_t)got;
		/* Somebody else's, or the program's own: two can't share it. */
		if (!b->length || b->original[0] == BREAKPOINT)
			return false;
	}
	b->in = put(s, b->address, BREAKPOINT);
	return b->in;
}

/* What is no breakpoint any more is somebody else's byte. */
void space_lift(struct space *s, struct breakpoint *b)
{
	uint8_t byte;

	if (b->in && pread(s->memory, &byte, 1, (off_t)b->address) == 1 && byte == BREAKPOINT)
		put(s, b->address, b->original[0]);
	b->in = false;
}

bool space_change(struct space *s, uint64_t semaphore, int by)
{
	uint16_t value;

	if (pread(s->memory, &value, sizeof(value), (off_t)semaphore) != sizeof(value))
		return false;
	if (by < 0 && !value)
		return false; /* the program has set it anew */
	value = (uint16_t)(value + by);
	return pwrite(s->memory, &value, sizeof(value), (off_t)semaphore) == sizeof(value);
}
