/*
 * The life of an output, the way of one record through it, and every write.
 */
#include "state.h"

#include "bpf/abi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 * 1024 }; /* what a pipe takes at once */

const char *paint(const struct output_options *options, enum paint what)
{
	static const char *const codes[] = {
	        [PAINT_OFF] = "\033[0m",
	        [PAINT_DIM] = "\033[2m",
	        [PAINT_PROBE] = "\033[1;36m",
	        [PAINT_NAME] = "\033[32m",
	};

	return options->color && options->form == OUTPUT_TEXT ? codes[what] : "";
}

/* The places of fields come from the compiler, so a plan that makes no sense is found at once, and
 * not when the first record comes. */
static int check_record(const struct plan_record *shape, struct error *err)
{
	if (shape->size < sizeof(struct abi_record) || shape->field_count > 64)
		return error_set(err, -EINVAL, "a record of the plan has an impossible form");
	for (size_t i = 0; i < shape->field_count; i++) {
		const struct plan_value *value = &shape->fields[i].value;

		if (value->offset > shape->size || value->size > shape->size - value->offset)
			return error_set(err, -EINVAL,
			                 "field %zu of a record of the plan lies outside of it", i);
	}
	switch (shape->kind) {
	case PLAN_RECORD_PRINTF:
	case PLAN_RECORD_CAT:
	case PLAN_RECORD_SYSTEM:
	case PLAN_RECORD_ERRORF:
		return format_check(shape, err);
	default:
		return 0;
	}
}

int output_grow(struct output *o, struct error *err)
{
	int r = 0;

	for (size_t i = o->record_count; i < o->plan->record_count && !r; i++)
		r = check_record(&o->plan->records[i], err);
	return r ? r : event_words(o, err);
}

int output_open(FILE *file, const struct plan *plan, const struct output_options *options,
                struct output **output, struct error *err)
{
	struct output *o = calloc(1, sizeof(*o));
	int r;

	*output = NULL;
	if (!o)
		return error_memory(err);
	o->file = file;
	o->plan = plan;
	o->options = *options;
	o->epoch = clock_epoch();
	r = output_grow(o, err);
	if (r) {
		output_close(o);
		return r;
	}
	*output = o;
	return 0;
}

void output_close(struct output *o)
{
	if (!o)
		return;
	arena_free(&o->arena);
	buffer_free(&o->text);
	buffer_free(&o->line);
	buffer_free(&o->entry_bytes);
	free(o->entries);
	free(o->probes);
	free(o->fields);
	free(o);
}

static int write_out(struct output *o)
{
	size_t length = o->text.length;

	if (o->text.failed && !o->failed)
		o->failed = -ENOMEM;
	if (!o->failed && length) {
		errno = 0;
		if (fwrite(o->text.data, 1, length, o->file) != length)
			o->failed = errno ? -errno : -EIO;
	}
	buffer_clear(&o->text);
	return o->failed;
}

int output_written(struct output *o)
{
	if (o->text.length < BLOCK && !o->text.failed)
		return o->failed;
	return write_out(o);
}

int output_flush(struct output *o)
{
	if (!write_out(o)) {
		errno = 0;
		if (fflush(o->file))
			o->failed = errno ? -errno : -EIO;
	}
	return o->failed;
}

/* What printf() printed is text of many lines and of bytes; in JSON it is one string. */
static int printf_json(struct output *o, const struct plan_record *shape,
                       const struct abi_record *record, size_t size)
{
	struct buffer *b = &o->text;
	int r;

	buffer_clear(&o->line);
	r = format_record(o, &o->line, shape, record, size);
	if (r)
		return r;
	if (o->options.form == OUTPUT_BPFTRACE) {
		bpftrace_text(o, "printf", buffer_string(&o->line), o->line.length);
		return 0;
	}
	put_text(b, "{\"printf\":");
	if (!put_json_string(b, buffer_string(&o->line), o->line.length)) {
		put_text(b, ",\"raw\":{\"printf\":\"");
		put_hex_bytes(b, o->line.data, o->line.length);
		put_text(b, "\"}");
	}
	put_text(b, "}\n");
	return o->line.failed ? -ENOMEM : 0;
}

/* time(): the text as it is, or {"time":"14:03:05\n"}. */
static int print_time(struct output *o, const struct plan_record *shape,
                      const struct abi_record *record)
{
	uint64_t time;
	int r;

	if (shape->field_count != 1 || shape->fields[0].value.size != sizeof(time))
		return -EBADMSG;
	memcpy(&time, (const char *)record + shape->fields[0].value.offset, sizeof(time));
	if (o->options.form == OUTPUT_TEXT)
		return clock_format(o, &o->text, shape->format, time);
	buffer_clear(&o->line);
	r = clock_format(o, &o->line, shape->format, time);
	if (r)
		return r;
	if (o->options.form == OUTPUT_BPFTRACE) {
		bpftrace_text(o, "time", buffer_string(&o->line), o->line.length);
		return 0;
	}
	put_text(&o->text, "{\"time\":");
	put_json_string(&o->text, buffer_string(&o->line), o->line.length);
	put_text(&o->text, "}\n");
	return 0;
}

enum { PARTS_MOST = 64 }; /* as many as abi_record.unreadable has bits */

/* A value whose parts are the fields of a record: all arguments of a probe. */
static int take_fields(const struct plan_record *shape, const struct abi_record *record, size_t size,
                       struct plan_value *whole, struct value *v)
{
	struct value part;
	int r = 0;

	if (shape->field_count > PARTS_MOST)
		return -EBADMSG;
	for (size_t i = 0; i < shape->field_count && !r; i++) {
		whole->parts[i] = shape->fields[i].value;
		if (!(record->unreadable >> i & 1))
			r = value_take(&whole->parts[i], record, size, &part);
	}
	whole->type = PLAN_RECORD;
	whole->size = (uint32_t)size;
	whole->part_count = shape->field_count;
	*v = (struct value){.type = PLAN_RECORD, .place = whole, .parts = (const char *)record,
	                    .unreadable = record->unreadable};
	return r;
}

/* print(value): the value and a newline, or {"print":VALUE}. */
static int print_value(struct output *o, const struct plan_record *shape,
                       const struct abi_record *record, size_t size)
{
	struct plan_value parts[PARTS_MOST], whole = {.parts = parts};
	struct value v = {.type = PLAN_NONE};
	bool in_parts = shape->field_count && shape->fields[0].value.name &&
	                *shape->fields[0].value.name;
	bool read = in_parts || !(record->unreadable & 1);
	int r = 0;

	if (!in_parts && shape->field_count != 1)
		return -EBADMSG;
	if (in_parts)
		r = take_fields(shape, record, size, &whole, &v);
	else if (read)
		r = value_take(&shape->fields[0].value, record, size, &v);
	if (r)
		return r;
	if (o->options.form == OUTPUT_BPFTRACE) {
		bpftrace_value(o, &v);
		return 0;
	}
	if (o->options.form == OUTPUT_TEXT) {
		if (read)
			value_text(o, &o->text, &v, VALUE_RAW);
		else
			put_text(&o->text, "<unreadable>");
		put_char(&o->text, '\n');
		return 0;
	}
	put_text(&o->text, "{\"print\":");
	if (!value_json(o, &o->text, &v) && v.bytes) {
		put_text(&o->text, ",\"raw\":{\"print\":\"");
		put_hex_bytes(&o->text, v.bytes, v.length);
		put_text(&o->text, "\"}");
	}
	if (in_parts && record->unreadable)
		names_json(o, ",\"unreadable\":", shape, record->unreadable);
	put_text(&o->text, read ? "}\n" : ",\"unreadable\":[\"print\"]}\n");
	return 0;
}

static int print_record(struct output *o, const struct plan_record *shape,
                        const struct abi_record *record, size_t size)
{
	bool json = o->options.form != OUTPUT_TEXT;

	switch (shape->kind) {
	case PLAN_RECORD_EVENT:
		return json ? event_json(o, shape, record, size)
		            : event_text(o, shape, record, size);
	case PLAN_RECORD_PRINTF:
		return json ? printf_json(o, shape, record, size)
		            : format_record(o, &o->text, shape, record, size);
	case PLAN_RECORD_TIME:
		return size >= shape->size ? print_time(o, shape, record) : -EBADMSG;
	case PLAN_RECORD_VALUE:
		return print_value(o, shape, record, size);
	case PLAN_RECORD_CAT:
	case PLAN_RECORD_SYSTEM:
	case PLAN_RECORD_ERRORF:
	case PLAN_RECORD_JOIN:
		return async_record(o, shape, record, size);
	case PLAN_RECORD_EXIT:
	case PLAN_RECORD_PRINT:
	case PLAN_RECORD_CLEAR:
	case PLAN_RECORD_ZERO:
	case PLAN_RECORD_WATCH:
	case PLAN_RECORD_UNWATCH:
		return 0; /* the caller's business */
	}
	return -EBADMSG;
}

int output_record(struct output *o, const struct abi_record *record, size_t size)
{
	size_t before = o->text.length;
	const struct plan_record *shape;
	int r;

	if (o->failed)
		return o->failed;
	if (size < sizeof(*record) || record->format >= o->plan->record_count ||
	    record->probe >= o->plan->probe_count)
		return -EBADMSG;
	shape = &o->plan->records[record->format];
	if (size < shape->size)
		return -EBADMSG;
	r = print_record(o, shape, record, size);
	if (r) {
		o->text.length = before; /* no half lines */
		return r;
	}
	return output_written(o);
}

int output_apart(struct output *o)
{
	if (o->options.form == OUTPUT_TEXT)
		put_text(&o->text, "\n\n");
	return output_written(o);
}

int output_attached(struct output *o, size_t probes)
{
	if (o->options.form == OUTPUT_BPFTRACE)
		bpftrace_number(o, "attached_probes", "probes", probes);
	return output_written(o);
}

int output_pinned(struct output *o, const char *path)
{
	if (o->options.form == OUTPUT_JSON) {
		put_text(&o->text, "{\"pinned\":");
		put_json_string(&o->text, path, strlen(path));
		put_text(&o->text, "}\n");
	} else {
		buffer_print(&o->text, "Program pinned to %s\n", path);
	}
	return output_written(o);
}

int output_lost(struct output *o, uint64_t lost)
{
	if (o->options.form == OUTPUT_BPFTRACE && lost)
		bpftrace_number(o, "lost_events", "events", lost);
	if (o->options.form == OUTPUT_JSON) {
		put_text(&o->text, "{\"lost\":");
		put_unsigned(&o->text, lost);
		put_text(&o->text, "}\n");
	}
	return output_written(o);
}

int output_failure(struct output *o, const struct output_failure *f)
{
	const char *why = strerror(f->number);

	if (o->options.form == OUTPUT_BPFTRACE)
		buffer_print(&o->text,
			     "{\"type\": \"helper_error\", \"helper\": \"%s\", \"retcode\": %d, "
			     "\"line\": %u, \"col\": %u, \"count\": %llu}\n",
			     f->helper, -f->number, f->line, f->column, (unsigned long long)f->count);
	if (o->options.form == OUTPUT_JSON) {
		buffer_print(&o->text, "{\"failed\":\"%s\",\"place\":", f->helper);
		put_json_string(&o->text, f->place, strlen(f->place));
		buffer_print(&o->text, ",\"errno\":%d,\"error\":", f->number);
		put_json_string(&o->text, why, strlen(why));
		buffer_print(&o->text, ",\"count\":%llu}\n", (unsigned long long)f->count);
	}
	return output_written(o);
}
