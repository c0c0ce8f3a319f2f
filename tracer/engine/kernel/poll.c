/*
 * Owns when the reader looks at what the programs have sent, be it in the ring buffer (ring.c) or in
 * buffers of each CPU (cpubuffers.c).
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
 * Buffers of each CPU have no such bell: the kernel wakes the reader when one is a quarter full, and
 * otherwise it looks every twenty milliseconds.
 */
#include "kernel.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
	MILLISECOND = 1000 * 1000,
	PAUSE_LEAST = MILLISECOND / 2,
	PAUSE_MOST = 5 * MILLISECOND,
	LINGER = 40 * MILLISECOND,
	FIRST_SLEEP = 5 * MILLISECOND,
	IDLE_PAUSE = 20 * MILLISECOND, /* without a bell */
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool delivers(const struct kernel *e)
{
	return e->ring.fd >= 0 || e->buffers.count;
}

/* A burst of a million of the largest records a second must not fill half of the ring meanwhile. */
static uint64_t longest_pause(const struct plan *plan, uint64_t size)
{
	uint64_t largest = 1, fits;

	for (size_t i = 0; i < plan->record_count; i++)
		if (plan->records[i].size > largest)
			largest = plan->records[i].size;
	fits = size / largest / 2 * 1000;
	return fits > PAUSE_MOST ? PAUSE_MOST : fits < PAUSE_LEAST ? PAUSE_LEAST : fits;
}

/* The fuller the ring was found, the sooner it is looked at again. */
static void choose_pause(struct looking *r, uint64_t bytes, uint64_t size, uint64_t time)
{
	if (bytes > size / 4)
		r->pause = 0;
	else if (bytes > size / 16)
		r->pause = r->pause / 2 > PAUSE_LEAST ? r->pause / 2 : PAUSE_LEAST;
	else
		r->pause = r->pause * 2 < PAUSE_LEAST     ? PAUSE_LEAST
		           : r->pause * 2 > r->pause_most ? r->pause_most
		                                          : r->pause * 2;
	if (bytes)
		r->last_record = time;
	r->next_look = time + r->pause;
}

/* ---- waiting ---- */

struct waiting {
	struct pollfd *fds; /* the caller's and that of news.c, then those of the records */
	size_t wake_count, own_count;
	uint64_t deadline; /* UINT64_MAX: none */
	bool over; /* a descriptor of the caller is readable, a signal came, or it is late */
};

/* Waits until `until` or the deadline; with the descriptors of the records or without. */
static void wait_until(struct waiting *w, uint64_t until, bool with_own)
{
	uint64_t time = now(), end = until < w->deadline ? until : w->deadline;
	uint64_t left = end > time ? end - time : 0;
	struct timespec limit = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
	int ready = ppoll(w->fds, w->wake_count + (with_own ? w->own_count : 0),
	                  end == UINT64_MAX ? NULL : &limit, NULL);

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
	while (!w->over && ring_is_empty(&e->ring)) {
		wait_until(w, until, true);
		until = UINT64_MAX;
	}
	atomic_store(asleep, 0);
}

/* One wait between two looks. */
static void wait_for_records(struct kernel *e, struct waiting *w)
{
	struct looking *l = &e->looking;
	uint64_t time = now();
	bool idle = time - l->last_record >= LINGER;

	if (!delivers(e))
		wait_until(w, UINT64_MAX, false);
	else if (time < l->next_look)
		wait_until(w, l->next_look, false);
	else if (idle && e->control && e->ring.fd >= 0 && ring_is_empty(&e->ring))
		sleep_by_bell(e, w);
	else if (idle && e->buffers.count)
		wait_until(w, time + IDLE_PAUSE, true);
	else
		wait_until(w, time + (l->pause ? l->pause : PAUSE_LEAST), false);
}

static int look(struct kernel *e, engine_record_fn *record, void *context, int *count)
{
	uint64_t bytes = 0, size = 0;
	int result;

	if (!delivers(e))
		return 0;
	if (e->ring.fd >= 0) {
		size = e->ring.size;
		result = ring_drain(&e->ring, record, context, count, &bytes);
	} else {
		size = e->buffers.size * e->buffers.count;
		result = buffers_drain(&e->buffers, now(), record, context, count, &bytes);
	}
	if (!e->looking.pause_most)
		e->looking.pause_most = longest_pause(e->plan, size);
	choose_pause(&e->looking, bytes, size, now());
	return result;
}

static int prepare(struct waiting *w, const struct kernel *e, const int *wake_fds,
                   size_t wake_count, int timeout_ms)
{
	size_t own = e->ring.fd >= 0 ? 1 : e->buffers.count;

	*w = (struct waiting){.wake_count = wake_count + 1, .own_count = own, .deadline = UINT64_MAX};
	w->fds = calloc(w->wake_count + own, sizeof(*w->fds));
	if (!w->fds)
		return -ENOMEM;
	for (size_t i = 0; i < wake_count; i++)
		w->fds[i] = (struct pollfd){.fd = wake_fds[i], .events = POLLIN};
	w->fds[wake_count] = (struct pollfd){.fd = news_fd(e), .events = POLLIN};
	for (size_t i = 0; i < own; i++)
		w->fds[w->wake_count + i] = (struct pollfd){
		        .fd = e->ring.fd >= 0 ? e->ring.fd : e->buffers.items[i].ring.event,
		        .events = POLLIN,
		};
	if (timeout_ms >= 0)
		w->deadline = now() + (uint64_t)timeout_ms * MILLISECOND;
	return 0;
}

int records_poll(struct kernel *e, int timeout_ms, const int *wake_fds, size_t wake_count,
                 engine_record_fn *record, void *context, struct error *err)
{
	struct waiting w;
	int count = 0, result;

	if (prepare(&w, e, wake_fds, wake_count, timeout_ms))
		return error_memory(err);
	/* Right after a look there is little to see; but who does not wait wants it now. */
	if (e->iterator < 0 && timeout_ms && delivers(e) && now() < e->looking.next_look)
		wait_for_records(e, &w);
	if (e->iterator >= 0) {
		result = iterator_read(e, err);
		w.over = true;
		if (result < 0) {
			free(w.fds);
			return result;
		}
	}
	for (;;) {
		result = look(e, record, context, &count);
		if (result || count || w.over || !timeout_ms)
			break;
		wait_for_records(e, &w);
	}
	free(w.fds);
	return result ? result : count;
}
