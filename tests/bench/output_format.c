/*
 * How many events a second output/ can print on one core: three integers an event, as text, as JSON
 * and by printf(), and an integer, a text and a double as JSON; through a pipe that someone
 * empties. The figure to hold: a million.
 */
#include "bpf/abi.h"
#include "output/output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct event {
	struct abi_record head;
	uint64_t time;
	uint32_t pid, tid, cpu, pad;
	char comm[ABI_COMM];
	int32_t id;
	uint32_t size;
	uint64_t address;
	double seconds;
	struct {
		struct abi_text head;
		char bytes[64];
	} path;
};

#define FIELD(member, t, r, s)                                                                     \
	{                                                                                          \
		.value = {.type = (t),                                                             \
		          .offset = offsetof(struct event, member),                                \
		          .size = sizeof(((struct event *)0)->member),                             \
		          .limit = 62,                                                             \
		          .is_signed = (s),                                                        \
		          .name = #member},                                                        \
		.role = (r)                                                                        \
	}

static struct plan_field fields[] = {
        FIELD(time, PLAN_INT, PLAN_TIME, false),
        FIELD(pid, PLAN_INT, PLAN_PID, false),
        FIELD(tid, PLAN_INT, PLAN_TID, false),
        FIELD(cpu, PLAN_INT, PLAN_CPU, false),
        FIELD(comm, PLAN_COMM, PLAN_THREAD_NAME, false),
        FIELD(id, PLAN_INT, PLAN_ARGUMENT, true),
        FIELD(size, PLAN_INT, PLAN_ARGUMENT, false),
        FIELD(address, PLAN_INT, PLAN_ARGUMENT, false),
};

static struct plan_field mixed_fields[] = {
        FIELD(time, PLAN_INT, PLAN_TIME, false),
        FIELD(pid, PLAN_INT, PLAN_PID, false),
        FIELD(tid, PLAN_INT, PLAN_TID, false),
        FIELD(cpu, PLAN_INT, PLAN_CPU, false),
        FIELD(comm, PLAN_COMM, PLAN_THREAD_NAME, false),
        FIELD(id, PLAN_INT, PLAN_ARGUMENT, true),
        FIELD(path, PLAN_TEXT, PLAN_ARGUMENT, false),
        FIELD(seconds, PLAN_FLOAT, PLAN_ARGUMENT, false),
};

static struct plan_field printf_fields[] = {
        FIELD(id, PLAN_INT, PLAN_ARGUMENT, true),
        FIELD(size, PLAN_INT, PLAN_ARGUMENT, false),
        FIELD(address, PLAN_INT, PLAN_ARGUMENT, false),
};

static struct plan_record records[] = {
        {.kind = PLAN_RECORD_EVENT,
         .size = sizeof(struct event),
         .fields = fields,
         .field_count = sizeof(fields) / sizeof(*fields)},
        {.kind = PLAN_RECORD_PRINTF,
         .size = sizeof(struct event),
         .fields = printf_fields,
         .field_count = 3,
         .format = "%d %u %x\n"},
        {.kind = PLAN_RECORD_EVENT,
         .size = sizeof(struct event),
         .fields = mixed_fields,
         .field_count = sizeof(mixed_fields) / sizeof(*mixed_fields)},
};

static struct plan_probe probe = {"demo", "request", "usdt:/usr/bin/demo:demo:request", ""};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The other end of the pipe. */
static void drain(int fd)
{
	char bytes[65536];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	_exit(0);
}

static int measure(const char *name, enum output_form form, uint32_t format, FILE *file)
{
	enum { EVENTS = 2000000, BATCH = 1000 };
	struct plan plan = {
	        .probes = &probe, .probe_count = 1, .records = records, .record_count = 3};
	struct output_options options = {.form = form};
	struct event event = {.head = {.format = format},
	                      .pid = 1234,
	                      .tid = 1234,
	                      .cpu = 1,
	                      .comm = "demo",
	                      .size = 4096,
	                      .address = 140737488355328,
	                      .path = {{.length = 15}, "/srv/index.html"}};
	struct output *output;
	struct error err = {0};
	double start = now(), took;

	if (output_open(file, &plan, &options, &output, &err))
		return 1;
	for (int i = 0; i < EVENTS; i++) {
		event.time = (uint64_t)i * 997;
		event.id = i - EVENTS / 2;
		event.seconds = i / 1000.0;
		if (output_record(output, &event.head, sizeof(event)) ||
		    (i % BATCH == BATCH - 1 && output_flush(output)))
			return 1;
	}
	took = now() - start;
	output_close(output);
	printf("output %-8s %8.0f events/s %6.0f ns/event\n", name, EVENTS / took,
	       took / EVENTS * 1e9);
	return 0;
}

int main(void)
{
	int ends[2], failed;
	pid_t child;
	FILE *file;

	if (pipe(ends))
		return 1;
	child = fork();
	if (child == 0) {
		close(ends[1]);
		drain(ends[0]);
	}
	close(ends[0]);
	file = fdopen(ends[1], "w");
	if (child < 0 || !file)
		return 1;
	failed = measure("text", OUTPUT_TEXT, 0, file) + measure("json", OUTPUT_JSON, 0, file) +
	         measure("printf", OUTPUT_TEXT, 1, file) + measure("mixed", OUTPUT_JSON, 2, file);
	fclose(file);
	waitpid(child, NULL, 0);
	return failed ? 1 : 0;
}
