/*
 * Owns what a program may touch of our memory, and how it reads the traced process: texts up to
 * their NUL, and stacks along frame pointers.
 */
#include "machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 4096 };

void machine_fail(struct machine *m, int code, const char *format, ...)
{
	va_list args;

	if (m->failed)
		return;
	m->failed = true;
	va_start(args, format);
	error_setv(&m->error, code, format, args);
	va_end(args);
}

struct range *machine_add_range(struct machine *m, const void *start, uint64_t size, bool writable)
{
	struct range *r = &m->ranges[m->range_count++];

	*r = (struct range){(uintptr_t)start, (uintptr_t)start + size, writable};
	return r;
}

bool machine_owns(struct machine *m, uint64_t address, uint64_t size, bool write)
{
	if (range_has(&m->ranges[m->recent], address, size, write))
		return true;
	for (size_t i = 0; i < m->range_count; i++) {
		if (!range_has(&m->ranges[i], address, size, write))
			continue;
		m->recent = i;
		return true;
	}
	return false;
}

bool machine_may(struct machine *m, uint64_t address, uint64_t size, bool write)
{
	if (machine_owns(m, address, size, write))
		return true;
	machine_fail(m, -EFAULT,
		     "a program of telltale's (%s) touches memory that is not its own (%llu bytes); "
		     "please report it",
		     m->program ? m->program->name : "",
		     (unsigned long long)size);
	return false;
}

/* ---- the process ---- */

/* Page by page, each only when the text goes on there. What is behind the NUL stays as it was: programs
 * compare whole fields. */
int64_t current_text(struct current *current, char *to, uint64_t size, uint64_t address)
{
	char room[PAGE];
	uint64_t have = 0;

	while (have < size) {
		uint64_t part = PAGE - ((address + have) & (PAGE - 1));
		ssize_t got;
		char *end;

		if (part > size - have)
			part = size - have;
		got = current->read(current, address + have, room, part);
		if (got <= 0)
			return -EFAULT;
		end = memchr(room, '\0', (size_t)got);
		if (end)
			got = end - room + 1;
		memcpy(to + have, room, (size_t)got);
		have += (uint64_t)got;
		if (end)
			return (int64_t)have;
	}
	if (size)
		to[size - 1] = '\0';
	return (int64_t)size;
}

uint32_t current_stack(struct current *current, uint64_t *addresses, uint32_t most)
{
	/* A 32-bit program's code segment; its frames are of 4 bytes. */
	size_t word = current->regs.cs == 0x23 ? 4 : 8;
	uint64_t frame = current->regs.rbp, pair[2];
	uint32_t parts[2], count = 0;

	if (count < most)
		addresses[count++] = current->regs.rip;
	if (count < most && current->at_entry(current)) {
		uint64_t caller = 0;

		if (current->read(current, current->regs.rsp, &caller, word) == (ssize_t)word)
			addresses[count++] = caller;
	}
	while (count < most && frame) {
		void *to = word == 4 ? (void *)parts : (void *)pair;

		if (current->read(current, frame, to, 2 * word) != (ssize_t)(2 * word))
			break;
		addresses[count++] = word == 4 ? parts[1] : pair[1];
		frame = word == 4 ? parts[0] : pair[0];
	}
	return count;
}
