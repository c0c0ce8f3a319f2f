/*
 * Whether what was seen is what was expected: a test point for the command's end and one for each
 * expectation, with what was seen instead. What can't be judged, since something was lost or could
 * not be read, has failed.
 */
#include "check/expect.h"

#include "base/text.h"
#include "bpf/abi.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { PROBLEMS_MOST = 8 };

struct judge {
	const struct source *source; /* of the expectations */
	const struct expect_seen *seen;
	struct arena *arena;
	const struct expectation *x;
	struct output_problem problems[PROBLEMS_MOST];
	size_t problem_count;
	struct buffer details;
	size_t shown; /* lines of details */
	/* order */
	struct table groups; /* key to place */
	struct group {
		uint32_t met; /* a bit for each step that came */
		size_t *open; /* starts without their partner */
		size_t open_count, open_room;
	} *items;
	size_t group_count, group_room;
	size_t broken, unknown_keys;
};

static void problem(struct judge *j, const char *kind, const char *expected, const char *got,
		    const char *message)
{
	if (j->problem_count < PROBLEMS_MOST)
		j->problems[j->problem_count++] =
			(struct output_problem){kind, message, expected, got};
}

static const char *times(struct judge *j, uint64_t count)
{
	return count == 1 ? "once" : arena_print(j->arena, "%" PRIu64 " times", count);
}

/* ---- events among the details ---- */

static bool room_for_another(struct judge *j)
{
	return j->shown++ < EXPECT_SHOWN;
}

static void show(struct judge *j, const struct expect_event *event, const char *why)
{
	if (*why)
		buffer_print(&j->details, "%s: ", why);
	if (expect_print(j->seen, event, &j->details))
		buffer_text(&j->details, "(this event can't be printed)\n");
}

static void show_clause(struct judge *j, size_t clause, const char *why)
{
	for (size_t i = 0; i < j->seen->event_count; i++)
		if (j->seen->events[i].clause == clause && room_for_another(j))
			show(j, &j->seen->events[i], why);
}

/* What came nearest: first where all conditions held but one. */
static void show_near(struct judge *j, const struct expect_step *step)
{
	size_t clause = step->first_near;

	for (size_t i = 0; i < step->condition_count; i++, clause++) {
		const struct expect_condition *c = &step->conditions[i];

		show_clause(j, clause,
			    arena_print(j->arena, "not %.*s", (int)(c->end - c->at),
					j->source->text + c->at));
	}
	if (step->condition_count > 1)
		show_clause(j, clause, "also seen");
}

/* ---- what can't be judged ---- */

/* Also one that came with a library while the command ran. */
static bool is_of_step(const struct plan_probe *probe, const struct expect_step *step)
{
	if (glob_match(step->spec.provider, probe->provider) &&
	    glob_match(step->spec.name, probe->name))
		return true;
	for (size_t i = 0; i < step->probe_count; i++)
		if (!strcmp(step->probes[i]->provider, probe->provider) &&
		    !strcmp(step->probes[i]->name, probe->name))
			return true;
	return false;
}

static uint64_t sum_of(struct judge *j, const uint64_t *numbers, const struct expect_step *step)
{
	const struct plan *plan = j->seen->plan;
	uint64_t sum = 0;

	for (size_t i = 0; i < plan->probe_count; i++)
		if (is_of_step(&plan->probes[i], step))
			sum += numbers[i];
	return sum;
}

static void judge_trouble(struct judge *j)
{
	uint64_t lost = 0, unreadable = 0;

	for (size_t i = 0; i < j->x->step_count; i++) {
		lost += sum_of(j, j->seen->lost, &j->x->steps[i]);
		unreadable += sum_of(j, j->seen->unreadable, &j->x->steps[i]);
	}
	if (unreadable)
		problem(j, "unreadable", NULL, NULL,
			"a condition could not be judged at some hits: a value could not be read");
	if (lost && j->x->step_count > 1)
		problem(j, "lost", NULL, NULL,
			arena_print(j->arena,
				    "%" PRIu64 " events were lost, for want of room in the ring "
				    "buffer (--ring-size makes it larger)",
				    lost));
	if (j->seen->too_many && j->x->step_count > 1)
		problem(j, "lost", NULL, NULL, "there were more events than can be judged");
}

/* ---- counts ---- */

static bool holds(enum op op, uint64_t a, uint64_t b)
{
	switch (op) {
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_LT:
		return a < b;
	case OP_LE:
		return a <= b;
	case OP_GT:
		return a > b;
	default:
		return a >= b;
	}
}

static const char *not_seen(struct judge *j, const struct expect_step *step)
{
	return arena_print(j->arena,
			   step->condition_count ? "no hit of %s meets the conditions"
						 : "%s was not seen",
			   step->pattern);
}

static void judge_count(struct judge *j)
{
	const struct expectation *x = j->x;
	uint64_t hits = j->seen->hits[x->steps[0].hits];

	if (holds(x->op, hits, x->number))
		return;
	problem(j, "count", arena_print(j->arena, "%s %" PRIu64, op_text(x->op), x->number),
		arena_print(j->arena, "%" PRIu64, hits),
		hits ? arena_print(j->arena, "%s was seen %s", x->steps[0].pattern, times(j, hits))
		     : not_seen(j, &x->steps[0]));
	show_clause(j, x->steps[0].hits, "");
	show_near(j, &x->steps[0]);
}

/* ---- keys ---- */

static const struct plan_field *key_field(const struct plan_record *shape, const char *key)
{
	size_t number = SIZE_MAX, place = 0;

	for (size_t i = 0; i < shape->field_count; i++)
		if (shape->fields[i].role == PLAN_ARGUMENT &&
		    !strcmp(shape->fields[i].value.name, key))
			return &shape->fields[i];
	if (sscanf(key, "arg%zu", &number) != 1)
		return NULL;
	for (size_t i = 0; i < shape->field_count; i++)
		if (shape->fields[i].role == PLAN_ARGUMENT && place++ == number)
			return &shape->fields[i];
	return NULL;
}

/* An integer means the same whatever its size at this site: 64 bits, its sign extended. */
static const void *integer_key(struct judge *j, const struct plan_value *value, const char *bytes,
			       size_t *length)
{
	uint64_t number = 0;
	unsigned size = value->size < 8 ? value->size : 8;

	memcpy(&number, bytes, size);
	if (value->is_signed && size < 8)
		number = (uint64_t)((int64_t)(number << (64 - size * 8)) >> (64 - size * 8));
	*length = sizeof(number);
	return arena_copy(j->arena, (const char *)&number, sizeof(number));
}

/* NULL when the event has none that could be read. */
static const void *key_of(struct judge *j, const struct expect_event *event, size_t *length)
{
	const char *bytes = j->seen->records.data + event->record;
	const struct abi_record *record = (const void *)bytes;
	const struct plan_record *shape = &j->seen->plan->records[record->format];
	const struct plan_field *field;
	const struct abi_text *text;

	if (!j->x->key) {
		*length = sizeof(event->tid);
		return &event->tid;
	}
	field = key_field(shape, j->x->key);
	if (!field || record->unreadable >> (field - shape->fields) & 1)
		return NULL;
	bytes += field->value.offset;
	switch (field->value.type) {
	case PLAN_INT:
	case PLAN_BOOL:
	case PLAN_CHAR:
	case PLAN_POINTER:
		return integer_key(j, &field->value, bytes, length);
	case PLAN_TEXT:
	case PLAN_BYTES: /* length first, in both */
		text = (const void *)bytes;
		*length = text->length < field->value.size - sizeof(*text)
				  ? text->length
				  : field->value.size - sizeof(*text);
		return text->bytes;
	default:
		*length = field->value.size;
		return bytes;
	}
}

static struct group *group_of(struct judge *j, const struct expect_event *event)
{
	size_t length = 0, place;
	const void *key = key_of(j, event, &length);
	struct group *group;

	if (!key) {
		j->unknown_keys++;
		return NULL;
	}
	switch (table_put(&j->groups, key, length, j->group_count, &place)) {
	case 1:
		return &j->items[place];
	case 0:
		group = array_add(&j->items, &j->group_count, &j->group_room, sizeof(*group));
		if (group)
			return group;
		/* fall through */
	default:
		j->arena->failed = true;
		return NULL;
	}
}

/* ---- order ---- */

static void judge_partner(struct judge *j, size_t start, size_t stop)
{
	const struct expect_event *events = j->seen->events;
	uint64_t taken = events[stop].time - events[start].time;

	if (j->x->op == OP_NONE || holds(j->x->op, taken, j->x->number))
		return;
	j->broken++;
	if (!room_for_another(j))
		return;
	buffer_print(&j->details, "%.3f ms between\n", (double)taken / 1e6);
	show(j, &events[start], "");
	show(j, &events[stop], "");
}

static void take_paired(struct judge *j, struct group *group, size_t step, size_t number)
{
	if (step == 0) {
		size_t *open = array_add(&group->open, &group->open_count, &group->open_room,
					 sizeof(*open));

		if (open)
			*open = number;
		else
			j->arena->failed = true;
	} else if (group->open_count) {
		judge_partner(j, group->open[--group->open_count], number);
	} else {
		j->broken++;
		if (room_for_another(j))
			show(j, &j->seen->events[number], "nothing before it");
	}
}

static void take_chained(struct judge *j, struct group *group, size_t step, size_t number)
{
	if (step && !(group->met >> (step - 1) & 1)) {
		j->broken++;
		if (room_for_another(j))
			show(j, &j->seen->events[number], "too early");
	}
	group->met |= 1u << step;
}

static size_t step_of(const struct expectation *x, uint32_t clause)
{
	size_t step = 0;

	while (step < x->step_count && x->steps[step].hits != clause)
		step++;
	return step;
}

/* Those that never ended. */
static void judge_open(struct judge *j)
{
	for (size_t i = 0; i < j->group_count; i++) {
		for (size_t n = 0; n < j->items[i].open_count; n++) {
			j->broken++;
			if (room_for_another(j))
				show(j, &j->seen->events[j->items[i].open[n]], "nothing behind it");
		}
	}
}

static void judge_seen(struct judge *j)
{
	for (size_t i = 0; i < j->x->step_count; i++) {
		const struct expect_step *step = &j->x->steps[i];

		if (j->seen->hits[step->hits])
			continue;
		problem(j, "missing", NULL, NULL, not_seen(j, step));
		show_near(j, step);
	}
}

static void judge_order(struct judge *j)
{
	const struct expectation *x = j->x;

	for (size_t i = 0; i < j->seen->event_count; i++) {
		size_t step = step_of(x, j->seen->events[i].clause);
		struct group *group;

		if (step == x->step_count)
			continue;
		group = group_of(j, &j->seen->events[i]);
		if (group && x->paired)
			take_paired(j, group, step, i);
		else if (group)
			take_chained(j, group, step, i);
	}
	judge_open(j);
	judge_seen(j);
	if (j->unknown_keys)
		problem(j, "unreadable", NULL, NULL,
			arena_print(j->arena, "'%s' could not be read at %s", x->key,
				    times(j, j->unknown_keys)));
	if (j->broken)
		problem(j, x->op != OP_NONE ? "latency" : x->paired ? "pair" : "order", NULL, NULL,
			arena_print(j->arena, "it does not hold for %zu event%s", j->broken,
				    j->broken == 1 ? "" : "s"));
}

static void forget_groups(struct judge *j)
{
	for (size_t i = 0; i < j->group_count; i++)
		free(j->items[i].open);
	free(j->items);
	table_free(&j->groups);
}

/* ---- test points ---- */

static void finish_test(struct judge *j, struct output_test *test)
{
	struct output_problem *problems =
		arena_alloc(j->arena, (j->problem_count + 1) * sizeof(*problems));

	if (problems && j->problem_count)
		memcpy(problems, j->problems, j->problem_count * sizeof(*problems));
	test->group = "emission";
	test->problems = problems;
	test->problem_count = problems ? j->problem_count : 0;
	if (j->details.length)
		test->details = arena_copy(j->arena, j->details.data, j->details.length);
	j->arena->failed |= j->details.failed;
	buffer_free(&j->details);
}

static void judge_one(const struct expectations *e, size_t number, const struct expect_seen *seen,
		      struct output_test *test, struct arena *arena)
{
	const struct expectation *x = &e->items[number];
	struct judge j = {.source = &e->source, .seen = seen, .arena = arena, .x = x};

	test->name = x->text;
	test->at = arena_print(arena, "%s:%u", e->source.name, x->line);
	judge_trouble(&j);
	if (x->step_count > 1)
		judge_order(&j);
	else
		judge_count(&j);
	forget_groups(&j);
	finish_test(&j, test);
}

static void judge_command(const struct expect_seen *seen, bool any_status, struct output_test *test,
			  struct arena *arena)
{
	struct judge j = {.seen = seen, .arena = arena};
	int status = seen->status;

	test->name = any_status ? "the command ends" : "the command ends with exit code 0";
	if (!seen->ended)
		problem(&j, "time", NULL, NULL, "it did not end in the time that it had");
	else if (WIFSIGNALED(status) && !any_status)
		problem(&j, "signal", NULL, NULL,
			arena_print(arena, "it was ended by signal %d (%s)", WTERMSIG(status),
				    strsignal(WTERMSIG(status))));
	else if (status && !any_status)
		problem(&j, "exit-code", "0", arena_print(arena, "%d", WEXITSTATUS(status)),
			arena_print(arena, "its exit code is %d", WEXITSTATUS(status)));
	if (seen->daemon)
		problem(&j, "daemon", NULL, NULL,
			"it left processes behind that still run: what they emit was not waited for");
	finish_test(&j, test);
}

int expect_judge(const struct expectations *e, const struct expect_seen *seen, bool any_status,
		 struct expect_results *results, struct error *err)
{
	size_t n = 0;

	results->tests = arena_alloc(&results->arena, (e->count + 1) * sizeof(*results->tests));
	if (!results->tests)
		return error_memory(err);
	if (seen->command)
		judge_command(seen, any_status, &results->tests[n++], &results->arena);
	for (size_t i = 0; i < e->count; i++)
		judge_one(e, i, seen, &results->tests[n++], &results->arena);
	results->count = n;
	return results->arena.failed ? error_memory(err) : 0;
}

void expect_results_free(struct expect_results *results)
{
	arena_free(&results->arena);
	*results = (struct expect_results){.tests = NULL};
}
