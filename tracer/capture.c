/*
 * libtelltale-test: a session on the own process, by the engine that is inside of it, and its records
 * kept for questions. See telltale_test.h.
 */
#include "telltale_test.h"

#include "bpf/abi.h"
#include "engine/engine.h"
#include "output/value.h"
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RING_BYTES = 256 << 20, TEXT_BYTES = 1024 }; /* the ring takes memory as it fills */

struct tt_event {
	struct tt_capture *capture;
	struct abi_record *record;
	size_t size;
	const struct plan_record *shape;
	char *text; /* of tt_event_string(), made when asked for */
};

struct tt_capture {
	struct session *session;
	struct warnings warnings;
	struct engine *engine;
	struct tt_event **events;
	size_t event_count, event_room;
	bool ended;
	struct arena arena; /* records, texts */
};

static _Thread_local struct error last;
static void (*on_failure)(const char *message);

const char *tt_error(void)
{
	return last.code ? last.text : "";
}

void tt_on_failure(void (*fail)(const char *message))
{
	on_failure = fail;
}

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void fail(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (on_failure)
		on_failure(text);
	fprintf(stderr, "telltale_test: %s\n", text);
	abort();
}

/* ---- the capture ---- */

/* `t:hit` is a marker here, whatever else could be called so. */
static void write_probes(struct buffer *program, const char *probes)
{
	while (*probes) {
		size_t length = strcspn(probes, ","), blanks = strspn(probes, " \t\n");

		buffer_text(program, program->length ? ", usdt:" : "usdt:");
		if (blanks < length)
			buffer_add(program, probes + blanks, length - blanks);
		probes += length + (probes[length] == ',');
	}
	buffer_text(program, " { event(); }");
}

static int compile_program(struct tt_capture *c, const char *probes, struct error *err)
{
	struct session_options options = {
		.engine = SESSION_ENGINE_SELF,
		.no_follow = true,
		.text_limit = TEXT_BYTES,
	};
	struct buffer program = {0};
	int rc = session_new(&options, &c->warnings, &c->session, err);

	if (!rc)
		rc = session_add_process(c->session, getpid(), err);
	write_probes(&program, probes);
	if (!rc && program.failed)
		rc = error_memory(err);
	if (!rc)
		rc = session_program(c->session, "tt_capture_begin", buffer_string(&program), err);
	buffer_free(&program);
	return rc;
}

static int attach(struct tt_capture *c, struct error *err)
{
	struct engine_options options = {.ring_bytes = RING_BYTES};
	int rc = engine_open(ENGINE_SELF, &c->session->plan, &c->session->target, &options,
			     &c->engine, &c->warnings, err);

	return rc ? rc : engine_attach(c->engine, &c->warnings, err);
}

struct tt_capture *tt_capture_begin(const char *probes)
{
	struct tt_capture *c = calloc(1, sizeof(*c));

	last.code = 0;
#ifndef __x86_64__
	error_set(&last, -EOPNOTSUPP, "captures are for x86-64 only so far");
#else
	if (!c)
		error_memory(&last);
	else if (!compile_program(c, probes, &last) && !attach(c, &last))
		return c;
#endif
	tt_capture_free(c);
	return NULL;
}

static int keep(void *context, const struct abi_record *record, size_t size)
{
	struct tt_capture *c = context;
	struct tt_event **place, *event = arena_alloc(&c->arena, sizeof(*event));

	if (record->format >= c->session->plan.record_count)
		return -EBADMSG;
	if (event)
		event->record = arena_alloc(&c->arena, size);
	if (!event || !event->record)
		return -ENOMEM;
	memcpy(event->record, record, size);
	event->size = size;
	event->capture = c;
	event->shape = &c->session->plan.records[record->format];
	place = array_add(&c->events, &c->event_count, &c->event_room, sizeof(*place));
	if (!place)
		return -ENOMEM;
	*place = event;
	return 0;
}

/* Takes what has come. A failure is the test's: it must not be taken for "nothing came". */
static void collect(struct tt_capture *c)
{
	struct error err = {0};
	int rc;

	do
		rc = engine_poll(c->engine, 0, NULL, 0, keep, c, &err);
	while (rc > 0);
	if (rc < 0)
		fail("events can't be read: %s", err.code ? err.text : strerror(-rc));
}

void tt_capture_end(struct tt_capture *c)
{
	if (c->ended)
		return;
	engine_detach(c->engine);
	collect(c);
	c->ended = true;
}

void tt_capture_free(struct tt_capture *c)
{
	if (!c)
		return;
	if (c->engine)
		engine_close(c->engine);
	session_free(c->session);
	for (size_t i = 0; i < c->event_count; i++)
		free(c->events[i]->text);
	free(c->events);
	arena_free(&c->arena);
	free(c);
}

uint64_t tt_capture_lost(struct tt_capture *c)
{
	struct error err = {0};
	uint64_t lost = 0;

	for (size_t i = 0; i < c->session->plan.probe_count; i++) {
		struct abi_trouble trouble;

		if (engine_trouble(c->engine, i, &trouble, &err))
			fail("losses can't be read: %s", err.text);
		lost += trouble.lost;
	}
	return lost;
}

/* ---- events ---- */

static const struct plan_probe *probe_of(const struct tt_event *e)
{
	return &e->capture->session->plan.probes[e->record->probe];
}

static bool matches(const struct tt_event *e, const char *probe)
{
	const struct plan_probe *p = probe_of(e);
	char name[512];

	if (!probe)
		return true;
	snprintf(name, sizeof(name), "%s:%s", p->provider, p->name);
	return glob_match(probe, name);
}

size_t tt_capture_count(struct tt_capture *c, const char *probe)
{
	size_t count = 0;

	if (!c->ended)
		collect(c);
	for (size_t i = 0; i < c->event_count; i++)
		count += matches(c->events[i], probe);
	return count;
}

const struct tt_event *tt_capture_event(struct tt_capture *c, const char *probe, size_t number)
{
	if (!c->ended)
		collect(c);
	for (size_t i = 0; i < c->event_count; i++)
		if (matches(c->events[i], probe) && !number--)
			return c->events[i];
	return NULL;
}

const char *tt_event_provider(const struct tt_event *e)
{
	return probe_of(e)->provider;
}

const char *tt_event_probe(const struct tt_event *e)
{
	return probe_of(e)->name;
}

static uint64_t fixed(const struct tt_event *e, enum plan_role role)
{
	struct value value;

	for (size_t i = 0; i < e->shape->field_count; i++)
		if (e->shape->fields[i].role == role &&
		    !value_take(&e->shape->fields[i].value, e->record, e->size, &value))
			return value.bits;
	return 0;
}

uint64_t tt_event_time(const struct tt_event *e)
{
	return fixed(e, PLAN_TIME);
}

int tt_event_thread(const struct tt_event *e)
{
	return (int)fixed(e, PLAN_TID);
}

/* The line without what differs from run to run: time, process and CPU stand in front. */
static char *print(const struct tt_event *e)
{
	struct output_options options = {.form = OUTPUT_TEXT};
	struct output *output = NULL;
	struct error err = {0};
	char *line = NULL, *start, *text;
	size_t length = 0;
	FILE *file = open_memstream(&line, &length);

	if (!file)
		return NULL;
	if (!output_open(file, &e->capture->session->plan, &options, &output, &err) &&
	    !output_record(output, e->record, e->size))
		output_flush(output);
	output_close(output);
	fclose(file);
	if (!line)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	start = strstr(line, " cpu");
	start = start ? strchr(start + 1, ' ') : NULL;
	text = strdup(start ? start + 1 : line);
	free(line);
	return text;
}

const char *tt_event_string(const struct tt_event *event)
{
	struct tt_event *e = (struct tt_event *)event;

	if (!e->text)
		e->text = print(e);
	return e->text ? e->text : "";
}

/* ---- arguments ---- */

/* The Nth argument's field; NULL behind the last. */
static const struct plan_field *argument_at(const struct tt_event *e, size_t number)
{
	for (size_t i = 0; i < e->shape->field_count; i++)
		if (e->shape->fields[i].role == PLAN_ARGUMENT && !number--)
			return &e->shape->fields[i];
	return NULL;
}

static const struct plan_field *argument(const struct tt_event *e, const char *name)
{
	const struct plan_field *field;

	for (size_t i = 0; (field = argument_at(e, i)); i++)
		if (!strcmp(field->value.name, name))
			return field;
	return NULL;
}

size_t tt_event_arguments(const struct tt_event *e)
{
	size_t count = 0;

	while (argument_at(e, count))
		count++;
	return count;
}

const char *tt_event_name(const struct tt_event *e, size_t number)
{
	const struct plan_field *field = argument_at(e, number);

	return field ? field->value.name : NULL;
}

static enum tt_kind take(const struct tt_event *e, const char *name, struct value *value)
{
	const struct plan_field *field = argument(e, name);

	if (!field)
		return TT_ABSENT;
	if (e->record->unreadable >> (field - e->shape->fields) & 1 ||
	    value_take(&field->value, e->record, e->size, value))
		return TT_UNREADABLE;
	switch (value->type) {
	case PLAN_FLOAT:
		return TT_FLOAT;
	case PLAN_TEXT:
	case PLAN_COMM:
		return TT_TEXT;
	case PLAN_BYTES:
	case PLAN_WIDE:
		return TT_BYTES;
	default:
		return value->is_signed ? TT_SIGNED : TT_UNSIGNED;
	}
}

enum tt_kind tt_event_kind(const struct tt_event *e, const char *name)
{
	struct value value;

	return take(e, name, &value);
}

static void wrong_kind(const struct tt_event *e, const char *name, enum tt_kind is,
		       const char *wanted)
{
	static const char *const kinds[] = {
		[TT_ABSENT] = "there is no such argument", [TT_UNREADABLE] = "it could not be read",
		[TT_SIGNED] = "it is an integer",	   [TT_UNSIGNED] = "it is an integer",
		[TT_FLOAT] = "it is a float",		   [TT_TEXT] = "it is a text",
		[TT_BYTES] = "it is bytes",
	};

	fail("'%s' of %s is not %s: %s", name, e ? tt_event_string(e) : "no event", wanted, kinds[is]);
}

/* An integer of either sign; the other one's is not, when it does not fit. */
static uint64_t integer(const struct tt_event *e, const char *name, bool is_signed)
{
	struct value value;
	enum tt_kind kind = e ? take(e, name, &value) : TT_ABSENT;
	const char *wanted = is_signed ? "a signed integer" : "an unsigned integer";

	if (kind != TT_SIGNED && kind != TT_UNSIGNED)
		wrong_kind(e, name, kind, wanted);
	if ((kind == TT_SIGNED) != is_signed && (int64_t)value.bits < 0)
		fail("'%s' of %s does not fit into %s", name, tt_event_string(e), wanted);
	return value.bits;
}

int64_t tt_event_int(const struct tt_event *e, const char *name)
{
	return (int64_t)integer(e, name, true);
}

uint64_t tt_event_uint(const struct tt_event *e, const char *name)
{
	return integer(e, name, false);
}

double tt_event_float(const struct tt_event *e, const char *name)
{
	struct value value = {.real = 0};
	enum tt_kind kind = e ? take(e, name, &value) : TT_ABSENT;

	if (kind != TT_FLOAT)
		wrong_kind(e, name, kind, "a float");
	return value.real;
}

const char *tt_event_text(const struct tt_event *e, const char *name)
{
	struct value value = {.bytes = ""};
	enum tt_kind kind = e ? take(e, name, &value) : TT_ABSENT;
	const char *text;

	if (kind != TT_TEXT)
		wrong_kind(e, name, kind, "a text");
	text = arena_copy(&e->capture->arena, value.bytes, value.length);
	if (!text)
		fail("memory is out");
	return text;
}

const void *tt_event_bytes(const struct tt_event *e, const char *name, size_t *length)
{
	struct value value = {.bytes = ""};
	enum tt_kind kind = e ? take(e, name, &value) : TT_ABSENT;

	if (kind != TT_BYTES && kind != TT_TEXT)
		wrong_kind(e, name, kind, "bytes");
	*length = value.length;
	return value.bytes;
}
