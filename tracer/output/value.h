/*
 * A value of a record, a key or a map: taken out of its bytes once, with every length checked, and
 * then printed or compared. Nothing else in output/ looks at the bytes that an engine delivered.
 */
#ifndef TELLTALE_OUTPUT_VALUE_H
#define TELLTALE_OUTPUT_VALUE_H

#include "plan.h"

struct output;

struct value {
	enum plan_type type;
	uint8_t size;        /* integers and floats: bytes */
	bool is_signed, cut; /* cut: a text or bytes of which there was more */
	uint64_t bits;       /* integers, extended to 64 bits as their sign says; the stack id */
	uint64_t high;       /* PLAN_WIDE: the bits above those */
	double real;         /* PLAN_FLOAT */
	const char *bytes;   /* texts, bytes, thread names; not NUL-terminated */
	size_t length;
	uint32_t pid; /* stacks */
	/* Which says more: of tuples their parts, of stacks their map, of others their format. */
	const struct plan_value *place;
	const char *parts;
	uint64_t unreadable; /* of the first 64 parts, a bit each */
};

/* -EBADMSG when the value does not lie inside the `size` bytes at base, or says of itself that it
 * is longer than its room. */
int value_take(const struct plan_value *place, const void *base, size_t size, struct value *value);

/* How many parts a tuple, a struct or an array has, and one of them: of what value_take() has taken. */
size_t value_parts(const struct plan_value *place);
struct value value_part(const struct value *whole, size_t i);

/* How a text stands among others. */
enum value_style {
	VALUE_QUOTED, /* "/index.html": between other things of a line */
	VALUE_PLAIN,  /* /index.html, with its newlines: map keys and values, as bpftrace prints them;
	               * where there is a trailer, that one was cut is not said here either */
	VALUE_RAW,    /* printf and print: the same, but that a text was cut is not said */
};

void value_text(const struct output *output, struct buffer *b, const struct value *value,
                enum value_style style);

/* Returns false when there were bytes that are not UTF-8. NaN and the infinities, for which JSON
 * has no number, are the strings "NaN", "Infinity" and "-Infinity" (as in protobuf's JSON): they
 * were read, so null would be wrong. */
bool value_json(const struct output *output, struct buffer *b, const struct value *value);

/* As strcmp(3); values of one place, so of one type. */
int value_compare(const struct value *a, const struct value *b);

/* Terminals do what control characters say: those of a traced program never reach one. Newlines
 * and tabs stay, backslashes are not doubled. */
void put_harmless(struct buffer *b, const char *bytes, size_t length);

/* Bytes that are no text: what is not ASCII's or can't be seen as \x1b. */
void put_visible(struct buffer *b, const char *bytes, size_t length);

/* JSON strings, and quoted or plain text, with a short way for plain ASCII. */
bool put_json_string(struct buffer *b, const char *bytes, size_t length);
void put_escaped(struct buffer *b, const char *bytes, size_t length, char quote);

#endif
