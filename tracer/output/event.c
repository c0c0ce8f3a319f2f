/*
 * Events: one hit with all its arguments, as a line for people or as a JSON object. All that does
 * not change from event to event is made once, in event_words().
 */
#include "state.h"

#include "base/text.h"
#include "bpf/abi.h"

#include <errno.h>

/* A text and its length, kept in the arena. */
static bool keep(struct output *o, struct buffer *b, const char **text, size_t *length)
{
	*text = arena_copy(&o->arena, buffer_string(b), b->length);
	*length = b->length;
	buffer_clear(b);
	return *text && !b->failed;
}

static bool probe_words(struct output *o, const struct plan_probe *probe, struct words *words)
{
	const char *colon = *probe->provider ? ":" : "";
	struct buffer b = {0};
	bool ok;

	put_text(&b, paint(&o->options, PAINT_PROBE));
	put_escaped(&b, probe->provider, strlen(probe->provider), 0);
	put_text(&b, colon);
	put_escaped(&b, probe->name, strlen(probe->name), 0);
	put_text(&b, paint(&o->options, PAINT_OFF));
	ok = keep(o, &b, &words->text, &words->text_length);

	put_text(&b, "\"provider\":");
	put_json_string(&b, probe->provider, strlen(probe->provider));
	put_text(&b, ",\"probe\":");
	put_json_string(&b, probe->name, strlen(probe->name));
	put_text(&b, ",\"args\":{");
	ok &= keep(o, &b, &words->json, &words->json_length);

	put_json_string(&b, probe->shown, strlen(probe->shown));
	ok &= keep(o, &b, &words->json_shown, &words->json_shown_length);
	buffer_free(&b);
	return ok;
}

static bool field_words(struct output *o, const struct plan_field *field, struct words *words)
{
	const char *name = field->value.name ? field->value.name : "";
	struct buffer b = {0};
	bool ok;

	put_char(&b, ' ');
	put_text(&b, paint(&o->options, PAINT_NAME));
	put_escaped(&b, name, strlen(name), 0);
	put_text(&b, paint(&o->options, PAINT_OFF));
	put_char(&b, '=');
	ok = keep(o, &b, &words->text, &words->text_length);

	put_json_string(&b, name, strlen(name));
	put_char(&b, ':');
	ok &= keep(o, &b, &words->json, &words->json_length);
	buffer_free(&b);
	return ok;
}

/* The words of one record's fields. */
static bool record_words(struct output *o, const struct plan_record *shape, struct words **words)
{
	bool ok;

	*words = arena_alloc(&o->arena, (shape->field_count + 1) * sizeof(**words));
	ok = *words != NULL;
	for (size_t i = 0; i < shape->field_count && ok; i++)
		ok = field_words(o, &shape->fields[i], &(*words)[i]);
	return ok;
}

int event_words(struct output *o, struct error *err)
{
	const struct plan *plan = o->plan;
	bool ok = true;

	while (ok && o->probe_count < plan->probe_count) {
		struct words *words = array_add(&o->probes, &o->probe_count, &o->probe_room,
						sizeof(*words));

		ok = words && probe_words(o, &plan->probes[o->probe_count - 1], words);
	}
	while (ok && o->record_count < plan->record_count) {
		struct words **words = array_add(&o->fields, &o->record_count, &o->record_room,
						 sizeof(*words));

		ok = words && record_words(o, &plan->records[o->record_count - 1], words);
	}
	return ok ? 0 : error_memory(err);
}

/* ---- what both forms need ---- */

/* The fields of an event by what they are: [role] is an index, or -1. */
struct parts {
	struct value values[64];
	int role[PLAN_KEY + 1];
	uint64_t unreadable;
};

static int take_parts(const struct plan_record *shape, const struct abi_record *record, size_t size,
                      struct parts *parts)
{
	memset(parts->role, -1, sizeof(parts->role));
	parts->unreadable = record->unreadable;
	for (size_t i = 0; i < shape->field_count; i++) {
		const struct plan_field *field = &shape->fields[i];

		if (!(record->unreadable >> i & 1)) {
			int r = value_take(&field->value, record, size, &parts->values[i]);

			if (r)
				return r;
		}
		if (parts->role[field->role] < 0)
			parts->role[field->role] = (int)i;
	}
	return 0;
}

/* The value of that role; NULL where the event has none or it could not be read. */
static const struct value *part(const struct parts *parts, enum plan_role role)
{
	int i = parts->role[role];

	return i < 0 || parts->unreadable >> i & 1 ? NULL : &parts->values[i];
}

/* ---- text ---- */

/* myprog/1234, or myprog/1234/1236 for a thread that is not the first. */
static void thread_text(struct output *o, const struct parts *parts)
{
	const struct value *comm = part(parts, PLAN_THREAD_NAME), *pid = part(parts, PLAN_PID),
	                   *tid = part(parts, PLAN_TID);
	struct buffer *b = &o->text;

	if (comm)
		put_escaped(b, comm->bytes, comm->length, 0);
	if (pid) {
		put_char(b, '/');
		put_unsigned(b, pid->bits);
	}
	if (tid && (!pid || tid->bits != pid->bits)) {
		put_char(b, '/');
		put_unsigned(b, tid->bits);
	}
	if (comm || pid || tid)
		put_char(b, ' ');
}

static void head_text(struct output *o, const struct parts *parts)
{
	const struct value *time = part(parts, PLAN_TIME), *cpu = part(parts, PLAN_CPU);
	struct buffer *b = &o->text;

	put_text(b, paint(&o->options, PAINT_DIM));
	if (time) {
		clock_text(o, b, time->bits);
		put_char(b, ' ');
	}
	thread_text(o, parts);
	if (cpu) {
		put_text(b, "cpu");
		put_unsigned(b, cpu->bits);
		put_char(b, ' ');
	}
	put_text(b, paint(&o->options, PAINT_OFF));
}

static bool ends_line(const struct buffer *b)
{
	return b->length && b->data[b->length - 1] == '\n';
}

int event_text(struct output *o, const struct plan_record *shape, const struct abi_record *record,
               size_t size)
{
	const struct words *words = o->fields[record->format];
	struct buffer *b = &o->text;
	struct parts parts;
	int r = take_parts(shape, record, size, &parts);

	if (r)
		return r;
	head_text(o, &parts);
	put_bytes(b, o->probes[record->probe].text, o->probes[record->probe].text_length);
	for (size_t i = 0; i < shape->field_count; i++) {
		if (shape->fields[i].role != PLAN_ARGUMENT)
			continue;
		put_bytes(b, words[i].text, words[i].text_length);
		if (record->unreadable >> i & 1)
			put_text(b, "<unreadable>");
		else
			value_text(o, b, &parts.values[i], VALUE_QUOTED);
	}
	for (size_t i = 0; i < shape->field_count; i++) {
		if (shape->fields[i].role != PLAN_STACK)
			continue;
		if (ends_line(b)) /* a stack does */
			b->length--;
		if (record->unreadable >> i & 1)
			put_text(b, "\n    <unreadable>");
		else
			value_text(o, b, &parts.values[i], VALUE_QUOTED);
	}
	if (!ends_line(b))
		put_char(b, '\n');
	return 0;
}

/* ---- JSON ---- */

static const char *stack_name(enum plan_type type)
{
	return type == PLAN_KSTACK ? "kstack" : "ustack";
}

static const char *field_name(const struct plan_field *field)
{
	switch (field->role) {
	case PLAN_TIME:
		return "time";
	case PLAN_PID:
		return "pid";
	case PLAN_TID:
		return "tid";
	case PLAN_CPU:
		return "cpu";
	case PLAN_THREAD_NAME:
		return "comm";
	case PLAN_STACK:
		return stack_name(field->value.type);
	case PLAN_ARGUMENT:
	case PLAN_STOPPED:
	case PLAN_JOINED:
	case PLAN_KEY:
		break;
	}
	return field->value.name ? field->value.name : "";
}

static void head_json(struct output *o, const struct parts *parts, uint64_t *raw)
{
	static const struct {
		enum plan_role role;
		const char *name;
	} members[] = {
	        {PLAN_TIME, "\"time\":"}, {PLAN_PID, "\"pid\":"},          {PLAN_TID, "\"tid\":"},
	        {PLAN_CPU, "\"cpu\":"},   {PLAN_THREAD_NAME, "\"comm\":"},
	};
	struct buffer *b = &o->text;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		const struct value *v = part(parts, members[i].role);

		if (parts->role[members[i].role] < 0)
			continue;
		put_text(b, members[i].name);
		if (!v)
			put_text(b, "null");
		else if (members[i].role == PLAN_TIME)
			put_unsigned(b, v->bits + (uint64_t)o->epoch);
		else if (!value_json(o, b, v))
			*raw |= (uint64_t)1 << parts->role[members[i].role];
		put_char(b, ',');
	}
}

void names_json(struct output *o, const char *member, const struct plan_record *shape,
                uint64_t fields)
{
	bool first = true;

	if (!fields)
		return;
	put_text(&o->text, member);
	for (size_t i = 0; i < shape->field_count; i++) {
		const char *name = field_name(&shape->fields[i]);

		if (!(fields >> i & 1))
			continue;
		put_text(&o->text, first ? "[" : ",");
		put_json_string(&o->text, name, strlen(name));
		first = false;
	}
	put_text(&o->text, first ? "[]" : "]");
}

static void raw_json(struct output *o, const struct plan_record *shape, const struct parts *parts,
                     uint64_t fields)
{
	struct buffer *b = &o->text;
	bool first = true;

	if (!fields)
		return;
	put_text(b, ",\"raw\":{");
	for (size_t i = 0; i < shape->field_count; i++) {
		const char *name = field_name(&shape->fields[i]);

		if (!(fields >> i & 1))
			continue;
		if (!first)
			put_char(b, ',');
		put_json_string(b, name, strlen(name));
		put_text(b, ":\"");
		put_hex_bytes(b, parts->values[i].bytes, parts->values[i].length);
		put_char(b, '"');
		first = false;
	}
	put_char(b, '}');
}

static void value_or_null(struct output *o, const struct parts *parts, size_t i,
                          struct oddities *odd)
{
	if (parts->unreadable >> i & 1) {
		put_text(&o->text, "null");
		return;
	}
	if (!value_json(o, &o->text, &parts->values[i]))
		odd->raw |= (uint64_t)1 << i;
	if (parts->values[i].cut)
		odd->cut |= (uint64_t)1 << i;
}

static void stacks_json(struct output *o, const struct plan_record *shape,
                        const struct parts *parts, struct oddities *odd)
{
	for (size_t i = 0; i < shape->field_count; i++) {
		if (shape->fields[i].role != PLAN_STACK)
			continue;
		put_text(&o->text, ",\"");
		put_text(&o->text, stack_name(shape->fields[i].value.type));
		put_text(&o->text, "\":");
		value_or_null(o, parts, i, odd);
	}
}

/* A stack that the kernel refused is null as any other value that could not be read. */
static uint64_t unreadable_fields(const struct plan_record *shape, const struct parts *parts)
{
	uint64_t fields = parts->unreadable;

	for (size_t i = 0; i < shape->field_count; i++)
		if (shape->fields[i].role == PLAN_STACK && !(fields >> i & 1) &&
		    (int64_t)parts->values[i].bits < 0)
			fields |= (uint64_t)1 << i;
	return shape->field_count < 64 ? fields & (((uint64_t)1 << shape->field_count) - 1)
	                               : fields;
}

int event_json(struct output *o, const struct plan_record *shape, const struct abi_record *record,
               size_t size)
{
	const struct words *words = o->fields[record->format];
	struct buffer *b = &o->text;
	struct oddities odd = {0};
	struct parts parts;
	bool first = true;
	int r = take_parts(shape, record, size, &parts);

	if (r)
		return r;
	put_char(b, '{');
	head_json(o, &parts, &odd.raw);
	put_bytes(b, o->probes[record->probe].json, o->probes[record->probe].json_length);
	for (size_t i = 0; i < shape->field_count; i++) {
		if (shape->fields[i].role != PLAN_ARGUMENT)
			continue;
		if (!first)
			put_char(b, ',');
		first = false;
		put_bytes(b, words[i].json, words[i].json_length);
		value_or_null(o, &parts, i, &odd);
	}
	put_char(b, '}');
	stacks_json(o, shape, &parts, &odd);
	names_json(o, ",\"unreadable\":", shape, unreadable_fields(shape, &parts));
	names_json(o, ",\"truncated\":", shape, odd.cut);
	raw_json(o, shape, &parts, odd.raw);
	put_text(b, "}\n");
	return 0;
}
