/* Reading of the buffer of a perf event. */
#include "perfring.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int perf_ring_open(struct perf_ring *ring, int event, size_t size)
{
	*ring = (struct perf_ring){.event = event, .size = size};
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	for (;; ring->size /= 2) {
		void *memory = mmap(NULL, ring->page + ring->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		                    event, 0);

		if (memory != MAP_FAILED) {
			ring->memory = memory;
			return 0;
		}
		if ((errno != EPERM && errno != ENOMEM) || ring->size <= ring->page)
			return -errno;
	}
}

void perf_ring_close(struct perf_ring *ring)
{
	if (ring->memory)
		munmap(ring->memory, ring->page + ring->size);
	close(ring->event);
}

static struct perf_event_mmap_page *positions(const struct perf_ring *ring)
{
	return ring->memory;
}

void perf_ring_look(struct perf_ring *ring)
{
	ring->end = atomic_load_explicit((_Atomic uint64_t *)&positions(ring)->data_head,
	                                 memory_order_acquire);
}

const struct perf_event_header *perf_ring_at(const struct perf_ring *ring)
{
	if (ring->consumed >= ring->end)
		return NULL;
	/* 8-aligned, so that it lies in one piece */
	return (const void *)((const char *)ring->memory + ring->page +
	                      (ring->consumed & (ring->size - 1)));
}

void perf_ring_copy(const struct perf_ring *ring, size_t from, void *to, size_t size)
{
	const char *data = (const char *)ring->memory + ring->page;
	size_t start = (ring->consumed + from) & (ring->size - 1), first = ring->size - start;

	if (first > size)
		first = size;
	memcpy(to, data + start, first);
	memcpy((char *)to + first, data, size - first);
}

void perf_ring_next(struct perf_ring *ring)
{
	const struct perf_event_header *header = perf_ring_at(ring);

	if (header && header->size >= sizeof(*header))
		ring->consumed += header->size;
	else /* never: it would be no end */
		ring->consumed = ring->end;
}

size_t perf_ring_taken(const struct perf_ring *ring)
{
	return ring->consumed - positions(ring)->data_tail;
}

void perf_ring_give_back(struct perf_ring *ring)
{
	atomic_store_explicit((_Atomic uint64_t *)&positions(ring)->data_tail, ring->consumed,
	                      memory_order_release);
}
