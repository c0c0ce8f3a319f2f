/*
 * printf() of the language. The formats are C's; the type of a value is known from the plan, so the
 * length modifiers say nothing, and a conversion that does not suit the type prints the value as
 * what it is:
 *
 *	d i	integers in decimal. One of 64 unsigned bits is taken as signed, as C and bpftrace
 *		do it (`%d` of a return value); narrower ones are never negative
 *	u x X o	integers as unsigned numbers of their own width
 *	c	a character
 *	p	0x and hex
 *	s	any value as text
 *	r rx rh	bytes: text with \x1b for what is not printable; all as \x1b; all as 1b 2c
 *	f g e a	floats, and integers as floats
 *
 * Control characters in values, but for newlines and tabs, are shown and not sent; those of the
 * program's own texts are what its author wants.
 */
#include "state.h"

#include "bpf/abi.h"

#include <errno.h>
#include <stdlib.h>

struct conversion {
	bool left, zero, plus, space, hash;
	bool has_precision;
	int width, precision;
	char letter; /* 0: the format ends too early */
	char form;   /* of %r: 'x', 'h' or 0 */
};

enum { WIDTH_MOST = 4096 };

static int read_number(const char **at)
{
	int number = 0;

	for (; **at >= '0' && **at <= '9'; ++*at)
		if (number < WIDTH_MOST)
			number = number * 10 + **at - '0';
	return number < WIDTH_MOST ? number : WIDTH_MOST;
}

static bool read_flag(struct conversion *c, char flag)
{
	switch (flag) {
	case '-':
		return c->left = true;
	case '0':
		return c->zero = true;
	case '+':
		return c->plus = true;
	case ' ':
		return c->space = true;
	case '#':
		return c->hash = true;
	default:
		return false;
	}
}

/* Reads what stands behind a `%`; returns what comes after it. */
static const char *read_conversion(const char *at, struct conversion *c)
{
	*c = (struct conversion){0};
	while (read_flag(c, *at))
		at++;
	c->width = read_number(&at);
	if (*at == '.') {
		at++;
		c->has_precision = true;
		c->precision = read_number(&at);
	}
	while (*at && strchr("hlLqjzt", *at))
		at++;
	c->letter = *at;
	if (*at)
		at++;
	if (c->letter == 'r' && (*at == 'x' || *at == 'h'))
		c->form = *at++;
	return at;
}

int format_check(const struct plan_record *shape, struct error *err)
{
	struct conversion c;
	size_t count = 0;

	if (!shape->format)
		return error_set(err, -EINVAL, "a printf of the plan has no format");
	for (const char *at = strchr(shape->format, '%'); at; at = strchr(at, '%')) {
		at = read_conversion(at + 1, &c);
		if (c.letter == '%')
			continue;
		if (!c.letter || !strchr("diuxXocpsrfFgGeEaA", c.letter))
			return error_set(err, -EINVAL, "a printf format has an unknown conversion");
		count++;
	}
	if (count != shape->field_count)
		return error_set(err, -EINVAL, "a printf format wants %zu values and has %zu",
		                 count, shape->field_count);
	return 0;
}

/* ---- one value ---- */

/* The value without its sign extension: what %u and %x show. */
static uint64_t own_width(const struct value *v)
{
	return v->size < 8 && v->size ? v->bits & (((uint64_t)1 << v->size * 8) - 1) : v->bits;
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
	char format[48];

	if (bare && as_signed) {
		put_signed(b, (int64_t)v->bits);
		return;
	}
	if (bare && c->letter == 'u') {
		put_unsigned(b, own_width(v));
		return;
	}
	if (bare && c->letter == 'x') {
		put_hex_digits(b, own_width(v));
		return;
	}
	number_format(format, sizeof(format), c, "ll");
	if (as_signed)
		buffer_print(b, format, (long long)v->bits);
	else
		buffer_print(b, format, (unsigned long long)own_width(v));
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
	for (size_t i = 0; i < v->length; i++) {
		unsigned char byte = (unsigned char)v->bytes[i];

		if (c->form == 'h' && i)
			put_char(b, ' ');
		if (!c->form && byte >= 0x20 && byte < 0x7f) {
			put_char(b, (char)byte);
			continue;
		}
		if (c->form != 'h')
			put_text(b, "\\x");
		put_hex_bytes(b, &v->bytes[i], 1);
	}
}

/* What has no C format of its own, without its padding. */
static void print_plain(const struct output *o, struct buffer *b, const struct conversion *c,
                        const struct value *v)
{
	char byte = (char)v->bits;

	if (c->letter == 'p' && is_integer(v)) {
		put_hex(b, own_width(v));
	} else if (c->letter == 'c' && is_integer(v)) {
		put_harmless(b, &byte, 1);
	} else if (c->letter == 'r' && v->bytes) {
		print_bytes(b, c, v);
	} else if (v->bytes && c->has_precision) {
		size_t most = v->length < (size_t)c->precision ? v->length : (size_t)c->precision;

		if (v->place->is_own)
			put_bytes(b, v->bytes, most);
		else
			put_harmless(b, v->bytes, most);
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

int format_record(struct output *o, struct buffer *b, const struct plan_record *shape,
                  const struct abi_record *record, size_t size)
{
	const char *at = shape->format, *next;
	struct conversion c;
	struct value v;

	for (size_t i = 0; (next = strchr(at, '%')) != NULL;) {
		put_bytes(b, at, (size_t)(next - at));
		at = read_conversion(next + 1, &c);
		if (c.letter == '%') {
			put_char(b, '%');
			continue;
		}
		if (record->unreadable >> i & 1) {
			size_t start = b->length;

			put_text(b, "<unreadable>");
			pad(b, start, &c);
		} else if (value_take(&shape->fields[i].value, record, size, &v)) {
			return -EBADMSG;
		} else {
			print_value(o, b, &c, &v);
		}
		i++;
	}
	put_text(b, at);
	return 0;
}
