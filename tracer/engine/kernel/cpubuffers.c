/*
 * Owns delivery on kernels without a ring buffer (before 5.8): a perf event for each CPU, to whose
 * buffer programs write by bpf_perf_event_output(), which says when there was no room (since 5.1),
 * so that the program counts the loss.
 *
 * A thread that moves to another CPU goes on in another buffer. So that its records keep their
 * order, every look first takes the time and then all positions, and delivers by the samples' times
 * what is older than that: when a later record of a thread is older, its earlier ones had been
 * finished before, and are within the positions.
 *
 * The layout is that of perf_event_open(2): positions in the first page, then data that wraps. A
 * record is a header (type, flags, size), and of a sample the time, the bytes' length, the bytes.
 */
#include "kernel.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	SAMPLE_HEAD = sizeof(struct perf_event_header) + sizeof(uint64_t) + sizeof(uint32_t),
	RECORD_MOST = 1 << 16, /* the header's size has 16 bits */
};

/* ---- opening ---- */

/* Halves until the limit of locked memory allows it (kernel.perf_event_mlock_kb). */
static void *map_buffer(int event, size_t page, size_t *size)
{
	for (;; *size /= 2) {
		void *memory = mmap(NULL, page + *size, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);

		if (memory != MAP_FAILED)
			return memory;
		if ((errno != EPERM && errno != ENOMEM) || *size <= page)
			return NULL;
	}
}

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
	buffer->event = event;
	buffer->memory = map_buffer(event, b->page, &b->size);
	code = buffer->memory ? sys_map_update(map, &cpu, &event) : -errno;
	return code;
}

int buffers_open(struct kernel *e, uint64_t bytes, struct error *err)
{
	const struct plan_map *plan = plan_map_of(e->plan, PLAN_MAP_RING);
	struct cpu_buffers *b = &e->buffers;
	int code = 0;

	if (!plan || plan->bpf_type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return 0;
	b->page = b->size = (size_t)sysconf(_SC_PAGESIZE);
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

	for (size_t i = 0; i < b->count; i++) {
		if (b->items[i].memory)
			munmap(b->items[i].memory, b->page + b->size);
		close(b->items[i].event);
	}
	free(b->items);
	free(b->record);
	*b = (struct cpu_buffers){0};
}

/* ---- reading ---- */

static struct perf_event_mmap_page *positions(const struct cpu_buffer *c)
{
	return c->memory;
}

/* Everything is 8-aligned, so that a header and a time lie in one piece. */
static const void *at(const struct cpu_buffers *b, const struct cpu_buffer *c, uint64_t position)
{
	return (const char *)c->memory + b->page + (position & (b->size - 1));
}

static void copy_out(const struct cpu_buffers *b, const struct cpu_buffer *c, uint64_t position,
                     void *to, size_t size)
{
	size_t start = position & (b->size - 1), first = b->size - start;

	if (first > size)
		first = size;
	memcpy(to, (const char *)c->memory + b->page + start, first);
	memcpy((char *)to + first, (const char *)c->memory + b->page, size - first);
}

static void give_back(struct cpu_buffer *c)
{
	atomic_store_explicit((_Atomic uint64_t *)&positions(c)->data_tail, c->consumed,
	                      memory_order_release);
}

/* Goes to the next sample; what else is there (news of losses) is passed over. */
static void find_sample(const struct cpu_buffers *b, struct cpu_buffer *c)
{
	c->time = UINT64_MAX;
	while (c->consumed < c->end) {
		const struct perf_event_header *header = at(b, c, c->consumed);

		if (header->type == PERF_RECORD_SAMPLE && header->size >= SAMPLE_HEAD) {
			memcpy(&c->time, at(b, c, c->consumed + sizeof(*header)), sizeof(c->time));
			return;
		}
		if (header->size < sizeof(*header)) /* never: it would be no end */
			c->consumed = c->end;
		else
			c->consumed += header->size;
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
                   void *context, int *count)
{
	const struct perf_event_header *header = at(b, c, c->consumed);
	uint32_t size = header->size, length;
	int result = 0;

	copy_out(b, c, c->consumed + SAMPLE_HEAD - sizeof(length), &length, sizeof(length));
	if (length <= size - SAMPLE_HEAD && length >= sizeof(struct abi_record)) {
		copy_out(b, c, c->consumed + SAMPLE_HEAD, b->record, length);
		result = record(context, b->record, length);
		++*count;
	}
	c->consumed += size;
	/* Often enough for the programs to go on, and not each time. */
	if (c->consumed - positions(c)->data_tail >= b->size / 16)
		give_back(c);
	find_sample(b, c);
	return result;
}

int buffers_drain(struct cpu_buffers *b, uint64_t time, engine_record_fn *record, void *context,
                  int *count, uint64_t *bytes)
{
	int result = 0;

	*bytes = 0;
	for (size_t i = 0; i < b->count; i++) {
		struct cpu_buffer *c = &b->items[i];

		c->end = atomic_load_explicit((_Atomic uint64_t *)&positions(c)->data_head,
		                              memory_order_acquire);
		find_sample(b, c);
	}
	while (!result && *count < INT32_MAX) {
		struct cpu_buffer *c = oldest(b);
		uint64_t before = c->consumed;

		if (c->time >= time)
			break;
		result = deliver(b, c, record, context, count);
		*bytes += c->consumed - before;
	}
	for (size_t i = 0; i < b->count; i++)
		give_back(&b->items[i]);
	return result;
}
