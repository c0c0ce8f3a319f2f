/*
 * printf() of the language. The formats are C's; the type of a value is known from the plan, so a
 * conversion that does not suit the type prints the value as what it is:
 *
 *	d i	integers in decimal, as C's int or what the length modifier says; but one that has
 *		more bits than an int is printed whole
 *	u x X o	the same without a sign
 *	c	a character
 *	p	0x and hex, (nil) for 0
 *	s	any value as text
 *	r rx rh	bytes: text with \x1b for what is not printable; all as \x1b; all as 1b 2c
 *	f g e a	floats, and integers as floats
 *
 * Control characters in values, but for newlines and tabs, are shown and not sent; those of the
 * program's own texts are what its author wants.
 */
#include "state.h"

#include "base/conversion.h"
#include "bpf/abi.h"

#include <errno.h>
#include <stdlib.h>

int format_check(const struct plan_record *shape, struct error *err)
{
	struct conversion c;
	const char *start;
	size_t count = 0;

	if (!shape->format)
		return error_set(err, -EINVAL, "a printf of the plan has no format");
	for (const char *at = shape->format; (at = conversion_next(at, &c, &start)) != NULL;)
		count++;
	if (count != shape->field_count)
		return error_set(err, -EINVAL, "a printf format wants %zu values and has %zu",
		                 count, shape->field_count);
	return 0;
}

/* ---- one value ---- */

/*
 * A number as an integer of the conversion's length. That is asked for by h and hh; one of an int
 * that does not hold the number cuts nothing off.
 */
static uint64_t in_length(const struct conversion *c, const struct value *v, bool as_signed)
{
	unsigned bits = c->bits, shift;
	int64_t least = v->is_signed ? INT32_MIN : 0, number = (int64_t)v->bits;

	if (bits == 32 && (number < least || number > UINT32_MAX))
		bits = 64;
	shift = 64 - bits;
	if (as_signed)
		return (uint64_t)((int64_t)(v->bits << shift) >> shift);
	return v->bits << shift >> shift;
}

static bool is_integer(const struct value *v)
{
	return v->type == PLAN_INT || v->type == PLAN_BOOL || v->type == PLAN_CHAR ||
	       v->type == PLAN_POINTER;
}

/* The C format of a number, with the length that its argument has here. */
static void number_format(char *format, size_t size, const struct conversion *c, const char *length)
{
	char precision[16] = "";

	if (c->has_precision)
		snprintf(precision, sizeof(precision), ".%d", c->precision);
	snprintf(format, size, "%%%s%s%s%s%s%.0d%s%s%c", c->left ? "-" : "", c->zero ? "0" : "",
	         c->plus ? "+" : "", c->space ? " " : "", c->hash ? "#" : "", c->width, precision,
	         length, c->letter);
}

static void print_integer(struct buffer *b, const struct conversion *c, const struct value *v)
{
	bool bare = !c->width && !c->has_precision && !c->plus && !c->space && !c->hash;
	bool as_signed = c->letter == 'd' || c->letter == 'i';
	uint64_t number = in_length(c, v, as_signed);
	char format[48];

	if (bare && as_signed) {
		put_signed(b, (int64_t)number);
		return;
	}
	if (bare && c->letter == 'u') {
		put_unsigned(b, number);
		return;
	}
	if (bare && c->letter == 'x') {
		put_hex_digits(b, number);
		return;
	}
	number_format(format, sizeof(format), c, "ll");
	buffer_print(b, format, (unsigned long long)number);
}

static void print_float(struct buffer *b, const struct conversion *c, const struct value *v)
{
	double real = v->type == PLAN_FLOAT ? v->real
	              : v->is_signed        ? (double)(int64_t)v->bits
	                                    : (double)v->bits;
	char format[48];

	number_format(format, sizeof(format), c, "");
	buffer_print(b, format, real);
}

static void print_bytes(struct buffer *b, const struct conversion *c, const struct value *v)
{
	if (!c->form) {
		put_visible(b, v->bytes, v->length);
		return;
	}
	for (size_t i = 0; i < v->length; i++) {
		put_text(b, c->form == 'x' ? "\\x" : i ? " " : "");
		put_hex_bytes(b, &v->bytes[i], 1);
	}
}

static bool is_text(const struct value *v)
{
	return v->bytes && v->type != PLAN_BYTES;
}

/* What says that it was cut counts as a part of it. */
static void print_text(const struct output *o, struct buffer *b, const struct conversion *c,
                       const struct value *v)
{
	const char *trailer = v->cut && o->options.trailer ? o->options.trailer : "";
	size_t most = c->has_precision ? (size_t)c->precision : SIZE_MAX, rest;
	size_t length = v->length < most ? v->length : most;

	if (v->place->is_own)
		put_bytes(b, v->bytes, length);
	else
		put_harmless(b, v->bytes, length);
	rest = most - length;
	put_bytes(b, trailer, strlen(trailer) < rest ? strlen(trailer) : rest);
}

/* What has no C format of its own, without its padding. */
static void print_plain(const struct output *o, struct buffer *b, const struct conversion *c,
                        const struct value *v)
{
	char byte = (char)v->bits;

	if (c->letter == 'p' && is_integer(v)) {
		if (v->bits)
			put_hex(b, v->bits);
		else
			put_text(b, "(nil)");
	} else if (c->letter == 'c' && is_integer(v)) {
		put_harmless(b, &byte, 1);
	} else if (c->letter == 'r' && v->bytes) {
		print_bytes(b, c, v);
	} else if (is_text(v)) {
		print_text(o, b, c, v);
	} else {
		value_text(o, b, v, VALUE_RAW);
	}
}

static void pad(struct buffer *b, size_t start, const struct conversion *c)
{
	size_t length = b->length - start, width = (size_t)c->width, missing;

	if (length >= width || b->failed)
		return;
	missing = width - length;
	for (size_t i = 0; i < missing; i++)
		put_char(b, ' ');
	if (!c->left && !b->failed) {
		memmove(b->data + start + missing, b->data + start, length);
		memset(b->data + start, ' ', missing);
	}
}

static void print_value(const struct output *o, struct buffer *b, const struct conversion *c,
                        const struct value *v)
{
	size_t start = b->length;

	if (strchr("diuxXo", c->letter) && is_integer(v)) {
		print_integer(b, c, v);
	} else if (strchr("fFgGeEaA", c->letter) && (is_integer(v) || v->type == PLAN_FLOAT)) {
		print_float(b, c, v);
	} else {
		print_plain(o, b, c, v);
		pad(b, start, c);
	}
}

/* What of a format stands between conversions: two percent signs are one. */
static void put_between(struct buffer *b, const char *at, const char *end)
{
	const char *pair;

	while ((pair = strstr(at, "%%")) != NULL && pair < end) {
		put_bytes(b, at, (size_t)(pair + 1 - at));
		at = pair + 2;
	}
	put_bytes(b, at, (size_t)(end - at));
}

int format_record(struct output *o, struct buffer *b, const struct plan_record *shape,
                  const struct abi_record *record, size_t size)
{
	const char *at = shape->format, *start, *next;
	struct conversion c;
	struct value v;

	for (size_t i = 0; (next = conversion_next(at, &c, &start)) != NULL; i++, at = next) {
		put_between(b, at, start);
		if (record->unreadable >> i & 1) {
			size_t from = b->length;

			put_text(b, "<unreadable>");
			pad(b, from, &c);
		} else if (value_take(&shape->fields[i].value, record, size, &v)) {
			return -EBADMSG;
		} else {
			print_value(o, b, &c, &v);
		}
	}
	put_between(b, at, at + strlen(at));
	return 0;
}
