/*
 * Owns delivery on kernels without a ring buffer (before 5.8): a perf event for each CPU, to whose
 * buffer programs write by bpf_perf_event_output(), which says when there was no room (since 5.1),
 * so that the program counts the loss.
 *
 * A thread that moves to another CPU goes on in another buffer. So that its records keep their
 * order, every look first takes the time and then all positions, and delivers by the samples' times
 * what is older than that: when a later record of a thread is older, its earlier ones had been
 * finished before, and are within the positions. A sample is the time, the bytes' length, the bytes.
 */
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SAMPLE_HEAD = sizeof(struct perf_event_header) + sizeof(uint64_t) + sizeof(uint32_t),
	RECORD_MOST = 1 << 16, /* the header's size has 16 bits */
};

/* ---- opening ---- */

static int open_one(struct kernel *e, int map, unsigned cpu)
{
	struct cpu_buffers *b = &e->buffers;
	int event = sys_perf_output((int)cpu, (uint32_t)(b->size / 4)), code;
	struct cpu_buffer *buffer;

	if (event == -ENODEV)
		return 0; /* not online: what runs there later is counted as lost */
	if (event < 0)
		return event;
	buffer = array_add(&b->items, &b->count, &b->room, sizeof(*buffer));
	if (!buffer) {
		close(event);
		return -ENOMEM;
	}
	code = perf_ring_open(&buffer->ring, event, b->size);
	b->size = buffer->ring.size;
	return code ? code : sys_map_update(map, &cpu, &event);
}

int buffers_open(struct kernel *e, uint64_t bytes, struct error *err)
{
	const struct plan_map *plan = plan_map_of(e->plan, PLAN_MAP_RING);
	struct cpu_buffers *b = &e->buffers;
	int code = 0;

	if (!plan || plan->bpf_type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return 0;
	b->size = (size_t)sysconf(_SC_PAGESIZE);
	while (b->size * 2 <= bytes / e->cpus)
		b->size *= 2;
	b->record = malloc(RECORD_MOST);
	if (!b->record)
		return error_memory(err);
	for (unsigned cpu = 0; cpu < e->cpus && !code; cpu++)
		code = open_one(e, e->maps[plan - e->plan->maps].fd, cpu);
	return code ? error_set(err, code, "the buffer of %zu bytes of a CPU: %s", b->size,
	                        strerror(-code))
	            : 0;
}

void buffers_close(struct kernel *e)
{
	struct cpu_buffers *b = &e->buffers;

	for (size_t i = 0; i < b->count; i++)
		perf_ring_close(&b->items[i].ring);
	free(b->items);
	free(b->record);
	*b = (struct cpu_buffers){0};
}

/* ---- reading ---- */

/* Goes to the next sample; what else is there (news of losses) is passed over. */
static void find_sample(struct cpu_buffer *c)
{
	const struct perf_event_header *header;

	for (c->time = UINT64_MAX; (header = perf_ring_at(&c->ring)); perf_ring_next(&c->ring)) {
		if (header->type != PERF_RECORD_SAMPLE || header->size < SAMPLE_HEAD)
			continue;
		perf_ring_copy(&c->ring, sizeof(*header), &c->time, sizeof(c->time));
		return;
	}
}

static struct cpu_buffer *oldest(struct cpu_buffers *b)
{
	struct cpu_buffer *found = &b->items[0];

	for (size_t i = 1; i < b->count; i++)
		if (b->items[i].time < found->time)
			found = &b->items[i];
	return found;
}

/* Delivers the sample at hand and goes on to the next. */
static int deliver(struct cpu_buffers *b, struct cpu_buffer *c, engine_record_fn *record,
                   void *context, int *count, uint64_t *bytes)
{
	uint32_t size = perf_ring_at(&c->ring)->size, length;
	int result = 0;

	perf_ring_copy(&c->ring, SAMPLE_HEAD - sizeof(length), &length, sizeof(length));
	if (length <= size - SAMPLE_HEAD && length >= sizeof(struct abi_record)) {
		perf_ring_copy(&c->ring, SAMPLE_HEAD, b->record, length);
		result = record(context, b->record, length);
		++*count;
	}
	*bytes += size;
	perf_ring_next(&c->ring);
	/* Often enough for the programs to go on, and not each time. */
	if (perf_ring_taken(&c->ring) >= b->size / 16)
		perf_ring_give_back(&c->ring);
	find_sample(c);
	return result;
}

int buffers_drain(struct cpu_buffers *b, uint64_t time, engine_record_fn *record, void *context,
                  int *count, uint64_t *bytes)
{
	int result = 0;

	*bytes = 0;
	for (size_t i = 0; i < b->count; i++) {
		perf_ring_look(&b->items[i].ring);
		find_sample(&b->items[i]);
	}
	while (!result && *count < INT32_MAX) {
		struct cpu_buffer *c = oldest(b);

		if (c->time >= time)
			break;
		result = deliver(b, c, record, context, count, bytes);
	}
	for (size_t i = 0; i < b->count; i++)
		perf_ring_give_back(&b->items[i].ring);
	return result;
}
