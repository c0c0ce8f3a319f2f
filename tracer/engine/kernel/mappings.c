/*
 * Owns the news of what processes map as code, become and fork, while a plan that prints user
 * addresses runs: who asks after a process has ended can't read its /proc/PID/maps. The kernel tells
 * it by an event that counts nothing (PERF_COUNT_SW_DUMMY), one for each CPU, for every process;
 * what came on different CPUs is put in the order of its times.
 *
 * Layout of the records: include/uapi/linux/perf_event.h, enum perf_event_type; each ends with its
 * time, since `sample_id_all` is set and PERF_SAMPLE_TIME is all there is of it.
 */
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { BUFFER_BYTES = 256 * 1024, RECORD_MOST = 8192, TIME_BYTES = 8 };

/* A record with its time, copied out. */
struct told {
	uint64_t time;
	size_t order, at;
};

struct batch {
	struct told *items;
	size_t count, room;
	struct buffer bytes;
};

/* PERF_RECORD_MMAP2; `build_id` instead of the four where a flag says so, which is not asked for. */
struct record_map {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t address, length, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
	char path[];
};

struct record_fork {
	struct perf_event_header header;
	uint32_t pid, parent, tid, parent_tid;
};

struct record_comm {
	struct perf_event_header header;
	uint32_t pid, tid;
};

int mappings_open(struct kernel *e, struct warnings *warnings)
{
	int code = 0;

	if (!e->plan->symbols)
		return 0;
	for (unsigned cpu = 0; cpu < e->cpus && !code; cpu++) {
		int event = sys_perf_mappings((int)cpu);
		struct perf_ring *ring;

		if (event == -ENODEV)
			continue; /* not online */
		if (event < 0) {
			code = event;
			break;
		}
		ring = array_add(&e->mappings.rings, &e->mappings.count, &e->mappings.room,
		                 sizeof(*ring));
		if (!ring) {
			close(event);
			return -ENOMEM;
		}
		code = perf_ring_open(ring, event, BUFFER_BYTES);
	}
	if (code)
		warn(warnings, "symbols of processes that have ended are not known: %s",
		     strerror(-code));
	return code == -ENOMEM ? code : 0;
}

void mappings_close(struct kernel *e)
{
	for (size_t i = 0; i < e->mappings.count; i++)
		perf_ring_close(&e->mappings.rings[i]);
	free(e->mappings.rings);
}

/* ---- one batch ---- */

static int keep(struct perf_ring *ring, const struct perf_event_header *header, struct batch *b)
{
	char record[RECORD_MOST];
	struct told *told;

	if (header->size > sizeof(record) || header->size < sizeof(*header) + TIME_BYTES)
		return 0;
	told = array_add(&b->items, &b->count, &b->room, sizeof(*told));
	if (!told)
		return -ENOMEM;
	perf_ring_copy(ring, 0, record, header->size);
	memcpy(&told->time, record + header->size - TIME_BYTES, sizeof(told->time));
	told->order = b->count;
	told->at = b->bytes.length;
	buffer_add(&b->bytes, record, header->size);
	return b->bytes.failed ? -ENOMEM : 0;
}

static int collect(struct kernel *e, struct batch *b)
{
	int code = 0;

	for (size_t i = 0; i < e->mappings.count && !code; i++) {
		struct perf_ring *ring = &e->mappings.rings[i];
		const struct perf_event_header *header;

		if (!ring->memory)
			continue;
		perf_ring_look(ring);
		for (; !code && (header = perf_ring_at(ring)); perf_ring_next(ring))
			code = keep(ring, header, b);
		perf_ring_give_back(ring);
	}
	return code;
}

static int compare(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static bool take_map(const struct record_map *r, struct engine_mapping *m)
{
	size_t room = r->header.size - TIME_BYTES;

	if (room <= sizeof(*r) || !memchr(r->path, '\0', room - sizeof(*r)))
		return false;
	*m = (struct engine_mapping){
	        .change = ENGINE_MAPPED,
	        .pid = (pid_t)r->pid,
	        .start = r->address,
	        .end = r->address + r->length,
	        .offset = r->offset,
	        .device = makedev(r->major, r->minor),
	        .inode = r->inode,
	        .path = r->path,
	};
	return true;
}

static bool take(const struct perf_event_header *header, struct engine_mapping *m)
{
	const struct record_fork *forked = (const void *)header;
	const struct record_comm *comm = (const void *)header;

	switch (header->type) {
	case PERF_RECORD_MMAP2:
		return take_map((const void *)header, m);
	case PERF_RECORD_FORK:
		if (header->size < sizeof(*forked) || forked->pid == forked->parent)
			return false; /* a thread */
		*m = (struct engine_mapping){.change = ENGINE_FORKED,
		                             .pid = (pid_t)forked->pid,
		                             .parent = (pid_t)forked->parent};
		return true;
	case PERF_RECORD_COMM:
		if (header->size < sizeof(*comm) || !(header->misc & PERF_RECORD_MISC_COMM_EXEC))
			return false;
		*m = (struct engine_mapping){.change = ENGINE_EXECUTED, .pid = (pid_t)comm->pid};
		return true;
	case PERF_RECORD_LOST:
		*m = (struct engine_mapping){.change = ENGINE_UNKNOWN};
		return true;
	default:
		return false;
	}
}

int mappings_each(struct kernel *e, engine_mapping_fn *mapping, void *context)
{
	struct batch b = {.items = NULL};
	int code = collect(e, &b);

	if (b.count)
		qsort(b.items, b.count, sizeof(*b.items), compare);
	for (size_t i = 0; i < b.count && !code; i++) {
		struct engine_mapping m;

		if (take((const void *)(b.bytes.data + b.items[i].at), &m))
			code = mapping(context, &m);
	}
	free(b.items);
	buffer_free(&b.bytes);
	return code;
}
