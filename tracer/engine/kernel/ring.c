/*
 * Owns the reading side of the ring buffer.
 *
 * The kernel's layout (kernel/bpf/ringbuf.c): a page with the consumer's position, a page with the
 * producer's, then the data, twice in a row so that a record never wraps; once does here, and counts once
 * as our memory. A record has a header of 8 bytes, which does not wrap either: its length with two flags,
 * and a page number of the kernel's own.
 *
 * One ring for all CPUs, whose programs take turns by a lock: an event cost its thread 838 ns of
 * processor time with one thread and 860 with two on two CPUs (a count, which shares nothing, 714 and
 * 725; medians of interleaved runs on 6.18), against 1,150 by a buffer for each CPU (cpubuffers.c).
 * A ring for each CPU could save those one or two percent, and would ask for a merge by time.
 */
#include "kernel.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int ring_open(struct kernel *e, struct error *err)
{
	struct ring *r = &e->ring;
	const struct plan_map *plan = plan_map_of(e->plan, PLAN_MAP_RING);
	void *memory;

	r->fd = -1;
	if (!plan || plan->bpf_type != BPF_MAP_TYPE_RINGBUF)
		return 0;
	r->fd = e->maps[plan - e->plan->maps].fd;
	r->size = e->maps[plan - e->plan->maps].entries;
	r->page = (size_t)sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (memory == MAP_FAILED)
		goto fail;
	r->own = memory;
	memory = mmap(NULL, r->page + r->size, PROT_READ, MAP_SHARED, r->fd, (off_t)r->page);
	if (memory == MAP_FAILED)
		goto fail;
	r->shared = memory;
	return 0;
fail:
	return error_set(err, -errno, "mapping the ring buffer of %zu bytes: %s", r->size,
	                 strerror(errno));
}

void ring_close(struct kernel *e)
{
	if (e->ring.own)
		munmap(e->ring.own, e->ring.page);
	if (e->ring.shared)
		munmap(e->ring.shared, e->ring.page + e->ring.size);
	free(e->ring.joined);
	e->ring.own = e->ring.shared = e->ring.joined = NULL;
}

/* A record as a whole; NULL: memory is out. */
static const void *whole(struct ring *r, const char *data, uint64_t at, uint32_t length)
{
	uint64_t room = r->size - at;
	char *joined;

	if (length <= room)
		return data + at;
	joined = realloc(r->joined, length);
	if (!joined)
		return NULL;
	r->joined = joined;
	memcpy(joined, data + at, room);
	memcpy(joined + room, data, length - room);
	return joined;
}

static uint64_t produced(const struct ring *r)
{
	return atomic_load_explicit((_Atomic uint64_t *)r->shared, memory_order_acquire);
}

bool ring_is_empty(const struct ring *r)
{
	return produced(r) == r->consumed;
}

static void give_back(struct ring *r)
{
	atomic_store_explicit((_Atomic uint64_t *)r->own, r->consumed, memory_order_release);
}

/*
 * Delivers what is there now: up to the position at the start, so that a fast producer can't keep
 * the caller from its other business. Returns what `record` returned when not 0.
 */
int ring_drain(struct ring *r, engine_record_fn *record, void *context, int *count,
               uint64_t *bytes)
{
	const char *data = (const char *)r->shared + r->page;
	uint64_t end = produced(r), start = r->consumed, returned = start;
	int result = 0;

	while (r->consumed < end && !result && *count < INT32_MAX) {
		uint64_t at = r->consumed & (r->size - 1);
		uint32_t header = atomic_load_explicit((_Atomic uint32_t *)(uintptr_t)(data + at),
		                                       memory_order_acquire);
		uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(header & BPF_RINGBUF_DISCARD_BIT) && length >= sizeof(struct abi_record)) {
			const void *found = whole(r, data, at + BPF_RINGBUF_HDR_SZ, length);

			result = found ? record(context, found, length) : -ENOMEM;
			++*count;
		}
		r->consumed += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7ull;
		/* Producers read this position: often enough for them to go on, and not each
		 * time, since its cache line would travel. */
		if (r->consumed - returned >= r->size / 16) {
			give_back(r);
			returned = r->consumed;
		}
	}
	give_back(r);
	*bytes = r->consumed - start;
	return result;
}
