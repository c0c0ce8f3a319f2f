/* How values are printed, in text and JSON, and which of two comes first. */
#include "value.h"

#include "base/text.h"
#include "number.h"
#include "state.h"

#include <math.h>

/* ---- texts ---- */

/* How many bytes from here on mean nothing to a terminal, to JSON, or to a reader of quotes. */
static size_t plain_prefix(const char *bytes, size_t length)
{
	size_t i = 0;

	while (i < length && bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '"' &&
	       bytes[i] != '\'' && bytes[i] != '\\')
		i++;
	return i;
}

bool put_json_string(struct buffer *b, const char *bytes, size_t length)
{
	if (plain_prefix(bytes, length) < length)
		return escape_json(b, bytes, length);
	put_char(b, '"');
	put_bytes(b, bytes, length);
	put_char(b, '"');
	return true;
}

void put_escaped(struct buffer *b, const char *bytes, size_t length, char quote)
{
	size_t plain = plain_prefix(bytes, length);

	put_bytes(b, bytes, plain);
	if (plain < length)
		escape_text(b, bytes + plain, length - plain, quote);
}

void put_harmless(struct buffer *b, const char *bytes, size_t length)
{
	while (length) {
		size_t n = plain_prefix(bytes, length);

		if (!n && strchr("\n\t\"'\\", *bytes) && *bytes) {
			n = 1;
		} else if (!n) {
			n = utf8_length((const unsigned char *)bytes, length);
			n = n ? n : 1;
			escape_text(b, bytes, n, 0);
			bytes += n;
			length -= n;
			continue;
		}
		put_bytes(b, bytes, n);
		bytes += n;
		length -= n;
	}
}

void put_visible(struct buffer *b, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] >= 0x20 && bytes[i] < 0x7f) {
			put_char(b, bytes[i]);
			continue;
		}
		put_text(b, "\\x");
		put_hex_bytes(b, &bytes[i], 1);
	}
}

static void text_text(const struct output *o, struct buffer *b, const struct value *v,
                      enum value_style style)
{
	if (style == VALUE_QUOTED) {
		put_char(b, '"');
		put_escaped(b, v->bytes, v->length, '"');
		put_char(b, '"');
	} else if (v->type == PLAN_BYTES) {
		put_visible(b, v->bytes, v->length);
	} else if (v->place->is_own) {
		put_bytes(b, v->bytes, v->length);
	} else {
		put_harmless(b, v->bytes, v->length);
	}
	if (v->cut && style != VALUE_RAW && !(style == VALUE_PLAIN && o->options.trailer))
		put_text(b, "...");
}

static void probe_text(const struct output *o, struct buffer *b, uint64_t index)
{
	const struct plan_probe *probe = &o->plan->probes[index];

	if (index >= o->plan->probe_count)
		return;
	put_escaped(b, probe->shown, strlen(probe->shown), 0);
}

static void wide_text(struct buffer *b, const struct value *v)
{
	buffer_print(b, "0x%016llx%016llx", (unsigned long long)v->high,
	             (unsigned long long)v->bits);
}

static void char_text(struct buffer *b, const struct value *v)
{
	char c = (char)v->bits;

	if (v->is_signed)
		put_signed(b, (int64_t)v->bits);
	else
		put_unsigned(b, v->bits);
	put_text(b, " '");
	put_escaped(b, &c, 1, '\'');
	put_char(b, '\'');
}

/* Structs, and tuples of all arguments. */
static bool has_names(const struct value *v)
{
	const struct plan_value *place = v->place;

	return place->type == PLAN_RECORD ||
	       (place->type == PLAN_TUPLE && place->part_count && place->parts[0].name &&
	        *place->parts[0].name);
}

static void tuple_text(const struct output *o, struct buffer *b, const struct value *v,
                       enum value_style style)
{
	put_char(b, '(');
	for (size_t i = 0; i < v->place->part_count; i++) {
		struct value part = value_part(v, i);

		put_text(b, i ? ", " : "");
		value_text(o, b, &part, style);
	}
	put_text(b, v->place->part_count == 1 ? ",)" : ")");
}

/* What a number of an enum is called; NULL where it has no name. */
static const char *name_of(const struct value *v)
{
	const struct plan_enum *names = v->place ? v->place->names : NULL;

	for (size_t i = 0; names && i < names->count; i++)
		if (names->items[i].value == v->bits)
			return names->items[i].name;
	return NULL;
}

static void integer_text(struct buffer *b, const struct value *v)
{
	const char *name = name_of(v);

	if (name)
		put_harmless(b, name, strlen(name));
	else if (v->is_signed)
		put_signed(b, (int64_t)v->bits);
	else
		put_unsigned(b, v->bits);
}

static void array_text(const struct output *o, struct buffer *b, const struct value *v,
                       enum value_style style)
{
	put_char(b, '[');
	for (size_t i = 0; i < v->place->count; i++) {
		struct value part = value_part(v, i);

		put_text(b, i ? "," : "");
		value_text(o, b, &part, style);
	}
	put_char(b, ']');
}

/* { .id = 1, .name = first } */
static void struct_text(const struct output *o, struct buffer *b, const struct value *v,
                        enum value_style style)
{
	put_text(b, "{ ");
	for (size_t i = 0; i < v->place->part_count; i++) {
		struct value part = value_part(v, i);

		put_text(b, i ? ", ." : ".");
		put_harmless(b, part.place->name, strlen(part.place->name));
		put_text(b, " = ");
		if (i < 64 && v->unreadable >> i & 1)
			put_text(b, "<unreadable>");
		else
			value_text(o, b, &part, style);
	}
	put_text(b, " }");
}

void value_text(const struct output *o, struct buffer *b, const struct value *v,
                enum value_style style)
{
	switch (v->type) {
	case PLAN_INT:
		integer_text(b, v);
		break;
	case PLAN_WIDE:
		wide_text(b, v);
		break;
	case PLAN_BOOL:
		put_text(b, v->bits ? "true" : "false");
		break;
	case PLAN_CHAR:
		char_text(b, v);
		break;
	case PLAN_FLOAT:
		put_float(b, v->real, v->size == 8);
		break;
	case PLAN_POINTER:
		put_hex(b, v->bits);
		break;
	case PLAN_TEXT:
	case PLAN_BYTES:
	case PLAN_COMM:
		text_text(o, b, v, style);
		break;
	case PLAN_PROBE:
		probe_text(o, b, v->bits);
		break;
	case PLAN_USTACK:
	case PLAN_KSTACK:
		stack_text(o, b, v);
		break;
	case PLAN_USYM:
	case PLAN_KSYM:
		symbol_text(o, b, v);
		break;
	case PLAN_TUPLE:
	case PLAN_RECORD:
		(has_names(v) ? struct_text : tuple_text)(o, b, v, style);
		break;
	case PLAN_ARRAY:
		array_text(o, b, v, style);
		break;
	case PLAN_ERRNO:
	case PLAN_TIMESTAMP:
	case PLAN_INET:
	case PLAN_MAC:
	case PLAN_CGROUP:
	case PLAN_USER:
	case PLAN_FUNCTION:
		shown_text(o, b, v);
		break;
	case PLAN_NONE:
		break;
	}
}

static void float_json(struct buffer *b, const struct value *v)
{
	if (isfinite(v->real))
		put_float(b, v->real, v->size == 8);
	else
		put_text(b, isnan(v->real) ? "\"NaN\""
		            : v->real < 0  ? "\"-Infinity\""
		                           : "\"Infinity\"");
}

/* Of tuples and arrays. */
static bool list_json(const struct output *o, struct buffer *b, const struct value *v)
{
	bool clean = true;

	put_char(b, '[');
	for (size_t i = 0; i < value_parts(v->place); i++) {
		struct value part = value_part(v, i);

		put_text(b, i ? "," : "");
		clean &= value_json(o, b, &part);
	}
	put_char(b, ']');
	return clean;
}

/* With the blanks that bpftrace has there, in its own form. */
static bool struct_json(const struct output *o, struct buffer *b, const struct value *v)
{
	bool wide = o->options.form == OUTPUT_BPFTRACE, clean = true;

	put_text(b, wide ? "{ " : "{");
	for (size_t i = 0; i < v->place->part_count; i++) {
		struct value part = value_part(v, i);

		put_text(b, !i ? "" : wide ? ", " : ",");
		put_json_string(b, part.place->name, strlen(part.place->name));
		put_text(b, wide ? ": " : ":");
		if (i < 64 && v->unreadable >> i & 1)
			put_text(b, "null");
		else
			clean &= value_json(o, b, &part);
	}
	put_text(b, wide ? " }" : "}");
	return clean;
}

bool value_json(const struct output *o, struct buffer *b, const struct value *v)
{
	switch (v->type) {
	case PLAN_INT:
	case PLAN_CHAR:
		if (v->is_signed)
			put_signed(b, (int64_t)v->bits);
		else
			put_unsigned(b, v->bits);
		return true;
	case PLAN_POINTER:
		put_unsigned(b, v->bits);
		return true;
	case PLAN_WIDE:
		put_char(b, '"');
		wide_text(b, v);
		put_char(b, '"');
		return true;
	case PLAN_BOOL:
		put_text(b, v->bits ? "true" : "false");
		return true;
	case PLAN_FLOAT:
		float_json(b, v);
		return true;
	case PLAN_TEXT:
	case PLAN_BYTES:
	case PLAN_COMM:
		return put_json_string(b, v->bytes, v->length);
	case PLAN_PROBE:
		if (v->bits >= o->plan->probe_count)
			break;
		put_bytes(b, o->probes[v->bits].json_shown, o->probes[v->bits].json_shown_length);
		return true;
	case PLAN_USTACK:
	case PLAN_KSTACK:
		stack_json(o, b, v);
		return true;
	case PLAN_USYM:
	case PLAN_KSYM:
		return symbol_json(o, b, v);
	case PLAN_TUPLE:
	case PLAN_ARRAY:
	case PLAN_RECORD:
		return (has_names(v) ? struct_json : list_json)(o, b, v);
	case PLAN_ERRNO:
	case PLAN_TIMESTAMP:
	case PLAN_INET:
	case PLAN_MAC:
	case PLAN_CGROUP:
	case PLAN_USER:
	case PLAN_FUNCTION:
		return shown_json(o, b, v);
	case PLAN_NONE:
		break;
	}
	put_text(b, "null");
	return true;
}

static int compare_bytes(const struct value *a, const struct value *b)
{
	size_t common = a->length < b->length ? a->length : b->length;
	int order = common ? memcmp(a->bytes, b->bytes, common) : 0;

	return order ? order : (a->length > b->length) - (a->length < b->length);
}

static int compare_parts(const struct value *a, const struct value *b)
{
	int order = 0;

	for (size_t i = 0; i < value_parts(a->place) && !order; i++) {
		struct value left = value_part(a, i), right = value_part(b, i);

		order = value_compare(&left, &right);
	}
	return order;
}

int value_compare(const struct value *a, const struct value *b)
{
	if (a->type == PLAN_TUPLE || a->type == PLAN_RECORD || a->type == PLAN_ARRAY)
		return compare_parts(a, b);
	if (a->type == PLAN_INET || a->type == PLAN_MAC)
		return memcmp(a->parts, b->parts, a->place->size);
	if (a->bytes)
		return compare_bytes(a, b);
	if (a->type == PLAN_FLOAT)
		return (a->real > b->real) - (a->real < b->real);
	if (a->high != b->high)
		return a->high > b->high ? 1 : -1;
	if (a->is_signed)
		return ((int64_t)a->bits > (int64_t)b->bits) -
		       ((int64_t)a->bits < (int64_t)b->bits);
	return (a->bits > b->bits) - (a->bits < b->bits);
}
