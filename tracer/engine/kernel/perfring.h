/*
 * The buffer of one perf event, as perf_event_open(2) describes it: positions in the first page, then
 * data that wraps. A record begins with a header (type, flags, size) and is 8-aligned.
 */
#ifndef TELLTALE_ENGINE_KERNEL_PERFRING_H
#define TELLTALE_ENGINE_KERNEL_PERFRING_H

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>

struct perf_ring {
	int event;
	void *memory; /* NULL: not mapped */
	size_t size, page;
	uint64_t consumed, end; /* end: as far as this look goes */
};

/*
 * Maps the buffer of an event, which is the ring's from then on, also after an error. `size` is a power
 * of two, and halved until the limit of locked memory (kernel.perf_event_mlock_kb) allows it: the
 * ring's has what it is.
 */
int perf_ring_open(struct perf_ring *ring, int event, size_t size);
void perf_ring_close(struct perf_ring *ring);

/* Everything that is there now can be taken. */
void perf_ring_look(struct perf_ring *ring);
/* The header of the record at hand; NULL when there is none left. */
const struct perf_event_header *perf_ring_at(const struct perf_ring *ring);
/* Bytes of it, from `from` on; they may wrap, and must be the record's. */
void perf_ring_copy(const struct perf_ring *ring, size_t from, void *to, size_t size);
void perf_ring_next(struct perf_ring *ring);
/* Bytes that the kernel has not got back, and that. */
size_t perf_ring_taken(const struct perf_ring *ring);
void perf_ring_give_back(struct perf_ring *ring);

#endif
