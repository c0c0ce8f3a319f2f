/*
 * Numbers to digits, without printf: a busy probe fires a million times a second, and each of its
 * events is mostly numbers. All of these add to a buffer.
 */
#ifndef TELLTALE_OUTPUT_NUMBER_H
#define TELLTALE_OUTPUT_NUMBER_H

#include "base/memory.h"

#include <string.h>

/* buffer_add() for the hot path: only a full buffer costs a call. */
static inline void put_bytes(struct buffer *b, const char *bytes, size_t length)
{
	if (b->room > b->length + length && !b->failed) {
		memcpy(b->data + b->length, bytes, length);
		b->length += length;
		b->data[b->length] = '\0';
	} else {
		buffer_add(b, bytes, length);
	}
}

static inline void put_char(struct buffer *b, char c)
{
	put_bytes(b, &c, 1);
}

static inline void put_text(struct buffer *b, const char *text)
{
	put_bytes(b, text, strlen(text));
}

void put_unsigned(struct buffer *b, uint64_t value);
void put_signed(struct buffer *b, int64_t value);
void put_wide(struct buffer *b, __int128 value);
void put_padded(struct buffer *b, uint64_t value, unsigned digits); /* zeros in front */
void put_hex(struct buffer *b, uint64_t value);                     /* 0x1f */
void put_hex_digits(struct buffer *b, uint64_t value);
void put_hex_bytes(struct buffer *b, const char *bytes, size_t length);

/* The shortest decimal form that reads back as the same double, or float: 0.25, 3.0, 1e+300, nan,
 * -inf. It always shows that it is no integer. */
void put_float(struct buffer *b, double value, bool is_double);

#endif
