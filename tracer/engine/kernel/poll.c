/*
 * Owns the reading side of the ring buffer and when it looks.
 *
 * To wake a reader costs the traced program three times the event itself, so programs submit
 * without waking (BPF_RB_NO_WAKEUP) as long as the reader is awake: it looks again every half to
 * five milliseconds, more often the fuller it finds the ring. After a while without a record it
 * sets `asleep` in the control map and sleeps; the program that finds it set wakes the reader.
 *
 * No wake-up is lost: the reader sets `asleep`, then looks, then sleeps. A program takes its room
 * (the position moves), then reads `asleep`. Both are "write mine, then read yours". The reader has
 * a full barrier between; BPF programs have none, and their write may be seen late, by the time
 * that a store buffer takes to drain. So the first sleep is a short one, with `asleep` set, and
 * only when that ends with an empty ring the long one starts. A record that is taken and not yet
 * finished keeps the reader awake.
 *
 * The kernel's layout (kernel/bpf/ringbuf.c): a page with the consumer's position, a page with the
 * producer's, then the data, mapped twice in a row so that a record never wraps. A record has a
 * header of 8 bytes: its length with two flags, and a page number of the kernel's own.
 */
#include "kernel.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
	MILLISECOND = 1000 * 1000,
	PAUSE_LEAST = MILLISECOND / 2,
	PAUSE_MOST = 5 * MILLISECOND,
	LINGER = 40 * MILLISECOND,
	FIRST_SLEEP = 5 * MILLISECOND,
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the ring ---- */

int ring_open(struct kernel *e, struct error *err)
{
	struct ring *r = &e->ring;
	void *memory;

	r->fd = -1;
	for (size_t i = 0; i < e->plan->map_count; i++) {
		if (e->plan->maps[i].role == PLAN_MAP_RING) {
			r->fd = e->maps[i].fd;
			r->size = e->maps[i].entries;
			break;
		}
	}
	if (r->fd < 0)
		return 0;
	r->page = (size_t)sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (memory == MAP_FAILED)
		goto fail;
	r->own = memory;
	memory = mmap(NULL, r->page + 2 * r->size, PROT_READ, MAP_SHARED, r->fd, (off_t)r->page);
	if (memory == MAP_FAILED)
		goto fail;
	r->shared = memory;
	r->pause = MILLISECOND;
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
		munmap(e->ring.shared, e->ring.page + 2 * e->ring.size);
	e->ring.own = e->ring.shared = NULL;
}

static uint64_t produced(const struct ring *r)
{
	return atomic_load_explicit((_Atomic uint64_t *)r->shared, memory_order_acquire);
}

static bool is_empty(const struct ring *r)
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
static int drain(struct ring *r, engine_record_fn *record, void *context, int *count)
{
	const char *data = (const char *)r->shared + r->page;
	uint64_t end = produced(r), returned = r->consumed;
	int result = 0;

	while (r->consumed < end && !result && *count < INT32_MAX) {
		const char *at = data + (r->consumed & (r->size - 1));
		uint32_t header = atomic_load_explicit((_Atomic uint32_t *)(uintptr_t)at,
		                                       memory_order_acquire);
		uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(header & BPF_RINGBUF_DISCARD_BIT) && length >= sizeof(struct abi_record)) {
			result = record(context, (const void *)(at + BPF_RINGBUF_HDR_SZ), length);
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
	return result;
}

/* The fuller the ring was found, the sooner it is looked at again. */
static void choose_pause(struct ring *r, uint64_t bytes, uint64_t time)
{
	if (bytes > r->size / 4)
		r->pause = 0;
	else if (bytes > r->size / 16)
		r->pause = r->pause / 2 > PAUSE_LEAST ? r->pause / 2 : PAUSE_LEAST;
	else
		r->pause = r->pause * 2 < PAUSE_LEAST  ? PAUSE_LEAST
		           : r->pause * 2 > PAUSE_MOST ? PAUSE_MOST
		                                       : r->pause * 2;
	if (bytes)
		r->last_record = time;
	r->next_look = time + r->pause;
}

/* ---- waiting ---- */

struct waiting {
	struct pollfd *fds; /* the caller's, then the ring's */
	size_t wake_count;
	uint64_t deadline; /* UINT64_MAX: none */
	bool over; /* a descriptor of the caller is readable, a signal came, or it is late */
};

/* Waits until `until` or the deadline; with the ring's descriptor or without. */
static void wait_until(struct waiting *w, uint64_t until, bool with_ring)
{
	uint64_t time = now(), end = until < w->deadline ? until : w->deadline;
	uint64_t left = end > time ? end - time : 0;
	struct timespec limit = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
	int ready =
	        ppoll(w->fds, w->wake_count + with_ring, end == UINT64_MAX ? NULL : &limit, NULL);

	if (ready < 0)
		w->over = true;
	for (size_t i = 0; ready > 0 && i < w->wake_count; i++)
		w->over |= w->fds[i].revents != 0;
	w->over |= !ready && end == w->deadline;
}

static void sleep_by_bell(struct kernel *e, struct waiting *w)
{
	_Atomic uint32_t *asleep = (_Atomic uint32_t *)&e->control->asleep;
	uint64_t until = now() + FIRST_SLEEP;

	atomic_store(asleep, 1);
	atomic_thread_fence(memory_order_seq_cst);
	while (!w->over && is_empty(&e->ring)) {
		wait_until(w, until, true);
		until = UINT64_MAX;
	}
	atomic_store(asleep, 0);
}

/* One wait between two looks. */
static void wait_for_records(struct kernel *e, struct waiting *w)
{
	struct ring *r = &e->ring;
	uint64_t time = now();

	if (r->fd < 0)
		wait_until(w, UINT64_MAX, false);
	else if (time < r->next_look)
		wait_until(w, r->next_look, false);
	else if (e->control && is_empty(r) && time - r->last_record >= LINGER)
		sleep_by_bell(e, w);
	else
		wait_until(w, time + (r->pause ? r->pause : PAUSE_LEAST), false);
}

static int look(struct kernel *e, engine_record_fn *record, void *context, int *count)
{
	struct ring *r = &e->ring;
	uint64_t before = r->consumed;
	int result;

	if (r->fd < 0)
		return 0;
	result = drain(r, record, context, count);
	choose_pause(r, r->consumed - before, now());
	return result;
}

int ring_poll(struct kernel *e, int timeout_ms, const int *wake_fds, size_t wake_count,
              engine_record_fn *record, void *context, struct error *err)
{
	struct waiting w = {.wake_count = wake_count, .deadline = UINT64_MAX};
	int count = 0, result = 0;

	w.fds = calloc(wake_count + 1, sizeof(*w.fds));
	if (!w.fds)
		return error_memory(err);
	for (size_t i = 0; i < wake_count; i++)
		w.fds[i] = (struct pollfd){.fd = wake_fds[i], .events = POLLIN};
	w.fds[wake_count] = (struct pollfd){.fd = e->ring.fd, .events = POLLIN};
	if (timeout_ms >= 0)
		w.deadline = now() + (uint64_t)timeout_ms * MILLISECOND;
	/* Right after a look there is little to see; but who does not wait wants it now. */
	if (timeout_ms && e->ring.fd >= 0 && now() < e->ring.next_look)
		wait_for_records(e, &w);
	for (;;) {
		result = look(e, record, context, &count);
		if (result || count || w.over || !timeout_ms)
			break;
		wait_for_records(e, &w);
	}
	free(w.fds);
	return result ? result : count;
}
