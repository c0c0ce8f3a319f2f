/*
 * Owns the way of records from a program to the reader: a ring in our own memory, with the kernel's
 * record header (a length and two flags), one writer at a time and one reader. A record that does
 * not fit before the end starts at the beginning.
 */
#include "machine.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HEADER = 8, RING_BYTES = 4 << 20, RING_LEAST = 64 << 10 };

int user_ring_new(struct user_ring *r, uint64_t bytes, struct error *err)
{
	void *memory;

	r->size = RING_LEAST;
	while (r->size < (bytes ? bytes : RING_BYTES) && r->size < 1u << 31)
		r->size *= 2;
	memory = mmap(NULL, r->size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return error_memory(err);
	r->data = memory;
	return 0;
}

void user_ring_free(struct user_ring *r)
{
	if (r->data)
		munmap(r->data, r->size);
	r->data = NULL;
}

/* Bytes that are free, those at the end that a large record could not use included. */
uint64_t user_ring_room(struct user_ring *r)
{
	return r->size - (r->reserved - atomic_load_explicit(&r->consumed, memory_order_acquire));
}

static uint32_t *header_at(struct user_ring *r, uint64_t position)
{
	return (uint32_t *)(r->data + (position & (r->size - 1)));
}

void *user_ring_reserve(struct user_ring *r, uint64_t size)
{
	uint64_t bytes, left;

	if (!r->data || size > r->size / 2)
		return NULL;
	bytes = (size + HEADER + 7) & ~7ull;
	left = r->size - (r->reserved & (r->size - 1));
	if (bytes > left) { /* the rest of the ring is a record that nobody gets */
		if (user_ring_room(r) < left + bytes)
			return NULL;
		*header_at(r, r->reserved) = (uint32_t)(left - HEADER) | BPF_RINGBUF_DISCARD_BIT;
		r->reserved += left;
	} else if (user_ring_room(r) < bytes) {
		return NULL;
	}
	*header_at(r, r->reserved) = (uint32_t)size | BPF_RINGBUF_BUSY_BIT;
	r->reserved += bytes;
	return (char *)header_at(r, r->reserved - bytes) + HEADER;
}

void user_ring_finish(void *record, bool discard)
{
	uint32_t *header = (uint32_t *)((char *)record - HEADER);

	*header &= ~BPF_RINGBUF_BUSY_BIT;
	if (discard)
		*header |= BPF_RINGBUF_DISCARD_BIT;
}

/*
 * "Write mine, then read yours" on both sides, with a full barrier between: the reader sets `asleep`
 * and then looks once more.
 */
void user_ring_publish(struct user_ring *r)
{
	uint64_t one = 1;

	if (atomic_load_explicit(&r->produced, memory_order_relaxed) == r->reserved)
		return;
	atomic_store(&r->produced, r->reserved);
	/* The bell can't be full: the reader takes what is in it. */
	if (atomic_load(&r->asleep) && atomic_exchange(&r->asleep, 0) &&
	    write(r->bell, &one, sizeof(one)) < 0)
		atomic_store(&r->asleep, 1);
}

bool user_ring_is_empty(struct user_ring *r)
{
	return atomic_load(&r->produced) == atomic_load_explicit(&r->consumed, memory_order_relaxed);
}

/* What is there at the start: a fast writer can't keep the caller from its other business. */
int user_ring_drain(struct user_ring *r, engine_record_fn *record, void *context, int *count)
{
	uint64_t end = atomic_load_explicit(&r->produced, memory_order_acquire);
	uint64_t at = atomic_load_explicit(&r->consumed, memory_order_relaxed);
	int result = 0;

	while (at < end && !result && *count < INT32_MAX) {
		const uint32_t *header = header_at(r, at);
		uint32_t length = *header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (!(*header & BPF_RINGBUF_DISCARD_BIT) && length >= sizeof(struct abi_record)) {
			result = record(context, (const void *)((const char *)header + HEADER),
					length);
			++*count;
		}
		at += (length + HEADER + 7) & ~7ull;
		atomic_store_explicit(&r->consumed, at, memory_order_release);
	}
	return result;
}
