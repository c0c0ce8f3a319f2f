/*
 * Runs the program that watches for expectations, and keeps what it saw: every event that an order
 * needs, the first few of the others, counts, and what went wrong.
 */
#include "check/expect.h"

#include "bpf/abi.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORD_BYTES_MOST = 512 * 1024 * 1024 };

/* ---- records ---- */

/* The value of a field of a fixed role; 0 when the record has none. */
static uint64_t fixed(const struct plan_record *shape, const struct abi_record *record,
		      enum plan_role role)
{
	uint64_t value = 0;

	for (size_t i = 0; i < shape->field_count; i++)
		if (shape->fields[i].role == role && shape->fields[i].value.size <= sizeof(value))
			memcpy(&value, (const char *)record + shape->fields[i].value.offset,
			       shape->fields[i].value.size);
	return value;
}

static int take_record(void *context, const struct abi_record *record, size_t size)
{
	struct expect_seen *seen = context;
	const struct plan_record *shape;
	struct expect_event *event;

	if (record->format >= seen->plan->record_count)
		return -EBADMSG;
	shape = &seen->plan->records[record->format];
	if (size < shape->size || shape->clause >= seen->program->clause_count)
		return -EBADMSG;
	if (seen->records.length + size > RECORD_BYTES_MOST) {
		seen->too_many = true;
		return 0;
	}
	event = array_add(&seen->events, &seen->event_count, &seen->event_room, sizeof(*event));
	if (!event)
		return -ENOMEM;
	*event = (struct expect_event){
		.time = fixed(shape, record, PLAN_TIME),
		.tid = (uint32_t)fixed(shape, record, PLAN_TID),
		.clause = (uint32_t)shape->clause,
		.order = seen->event_count,
		.record = seen->records.length,
		.size = size,
	};
	buffer_add(&seen->records, record, size);
	return seen->records.failed ? -ENOMEM : 0;
}

/* ---- counts and troubles, at the end ---- */

static int take_count(void *context, const void *key, const void *value)
{
	(void)key;
	memcpy(context, value, sizeof(uint64_t));
	return 0;
}

static int read_hits(struct expect_seen *seen, struct engine *engine, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < seen->plan->map_count && !rc; i++) {
		const struct plan_map *map = &seen->plan->maps[i];
		size_t clause;

		if (map->role != PLAN_MAP_USER || sscanf(map->name, "@hits%zu", &clause) != 1)
			continue;
		rc = engine_each(engine, map, take_count, &seen->hits[clause], err);
	}
	return rc;
}

static int read_trouble(struct expect_seen *seen, struct engine *engine, struct error *err)
{
	int rc = 0;

	/* The plan may have got probes while it ran. */
	seen->lost = calloc(seen->plan->probe_count + 1, sizeof(*seen->lost));
	seen->unreadable = calloc(seen->plan->probe_count + 1, sizeof(*seen->unreadable));
	if (!seen->lost || !seen->unreadable)
		return error_memory(err);
	if (!plan_map_of(seen->plan, PLAN_MAP_TROUBLE))
		return 0;
	for (size_t i = 0; i < seen->plan->probe_count && !rc; i++) {
		struct abi_trouble trouble = {0};

		rc = engine_trouble(engine, i, &trouble, err);
		seen->lost[i] = trouble.lost;
		seen->unreadable[i] = trouble.unreadable;
	}
	return rc;
}

static int finish(void *context, struct engine *engine, struct error *err)
{
	int rc = read_hits(context, engine, err);

	return rc ? rc : read_trouble(context, engine, err);
}

/* By time; the ring's order holds for one thread only. */
static int compare_events(const void *a, const void *b)
{
	const struct expect_event *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* ---- the command ---- */

static bool has_command(const struct session *s)
{
	for (size_t i = 0; i < s->target.process_count; i++)
		if (s->target.processes[i].command)
			return true;
	return false;
}

/* What telltale leaves to processes of its own says so by its name (engine/kernel/child.h). */
static bool is_ours(pid_t pid)
{
	char path[64], name[4] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return true; /* it has ended by now */
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	return !strcmp(name, "tt-");
}

/* Orphans of the command become our children (see expect_watch), so that they can be told. */
static bool left_processes(void)
{
	char path[64];
	FILE *children;
	bool left = false;
	int pid;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	children = fopen(path, "re");
	if (!children)
		return !waitpid(-1, NULL, WNOHANG); /* a kernel that does not tell who they are */
	while (!left && fscanf(children, "%d", &pid) == 1)
		left = !is_ours(pid);
	fclose(children);
	return left;
}

int expect_watch(struct session *s, const struct expect_program *program, struct expect_seen *seen,
		 struct error *err)
{
	struct run_sink sink = {seen, take_record, finish};
	int rc;

	seen->plan = &s->plan;
	seen->program = program;
	seen->command = has_command(s);
	seen->hits = calloc(program->clause_count + 1, sizeof(*seen->hits));
	if (!seen->hits)
		return error_memory(err);
	if (seen->command && prctl(PR_SET_CHILD_SUBREAPER, 1))
		return error_set(err, -errno, "prctl: %s", strerror(errno));
	rc = session_run_into(s, &sink, err);
	if (rc)
		return rc;
	seen->ended = session_command_status(s, &seen->status);
	seen->daemon = seen->ended && left_processes();
	if (seen->event_count)
		qsort(seen->events, seen->event_count, sizeof(*seen->events), compare_events);
	return 0;
}

void expect_seen_free(struct expect_seen *seen)
{
	free(seen->events);
	buffer_free(&seen->records);
	free(seen->hits);
	free(seen->lost);
	free(seen->unreadable);
	*seen = (struct expect_seen){.plan = NULL};
}

int expect_print(const struct expect_seen *seen, const struct expect_event *event,
		 struct buffer *text)
{
	struct output_options options = {.form = OUTPUT_TEXT};
	struct output *output = NULL;
	struct error err = {0};
	char *line = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&line, &length);
	int rc;

	if (!file)
		return -ENOMEM;
	rc = output_open(file, seen->plan, &options, &output, &err);
	if (!rc)
		rc = output_record(output,
				   (const struct abi_record *)(seen->records.data + event->record),
				   event->size);
	if (!rc)
		rc = output_flush(output);
	output_close(output);
	if (fclose(file))
		rc = rc ? rc : -ENOMEM;
	if (!rc)
		buffer_add(text, line, length);
	free(line);
	return rc;
}
