#include "number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

/* Writes the digits in front of `end`; returns the first. */
static char *digits_before(char *end, uint64_t value)
{
	while (value >= 100) {
		end -= 2;
		memcpy(end, pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (value >= 10) {
		end -= 2;
		memcpy(end, pairs + value * 2, 2);
	} else {
		*--end = (char)('0' + value);
	}
	return end;
}

void put_unsigned(struct buffer *b, uint64_t value)
{
	char room[20], *first = digits_before(room + sizeof(room), value);

	put_bytes(b, first, (size_t)(room + sizeof(room) - first));
}

void put_signed(struct buffer *b, int64_t value)
{
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char room[21], *first = digits_before(room + sizeof(room), size);

	if (value < 0)
		*--first = '-';
	put_bytes(b, first, (size_t)(room + sizeof(room) - first));
}

void put_wide(struct buffer *b, __int128 value)
{
	const uint64_t digits19 = 10000000000000000000u;
	unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;

	if (value < 0)
		put_char(b, '-');
	if (rest < digits19) {
		put_unsigned(b, (uint64_t)rest);
		return;
	}
	put_unsigned(b, (uint64_t)(rest / digits19));
	put_padded(b, (uint64_t)(rest % digits19), 19);
}

void put_padded(struct buffer *b, uint64_t value, unsigned digits)
{
	char room[20], *first = digits_before(room + sizeof(room), value);

	while (first > room && (unsigned)(room + sizeof(room) - first) < digits)
		*--first = '0';
	put_bytes(b, first, (size_t)(room + sizeof(room) - first));
}

void put_hex_digits(struct buffer *b, uint64_t value)
{
	char room[16], *first = room + sizeof(room);

	do {
		*--first = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	put_bytes(b, first, (size_t)(room + sizeof(room) - first));
}

void put_hex(struct buffer *b, uint64_t value)
{
	put_text(b, "0x");
	put_hex_digits(b, value);
}

void put_hex_bytes(struct buffer *b, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];

		put_char(b, "0123456789abcdef"[c >> 4]);
		put_char(b, "0123456789abcdef"[c & 15]);
	}
}

/* A type keeps any number of so many digits (15, 6), so that only three or four lengths have to be
 * tried: with fewer digits the same number comes out, without its zeros. */
static void shortest(char *room, size_t size, double value, bool is_double)
{
	int precision = is_double ? 15 : 6, most = is_double ? 17 : 9;

	if (fabs(value) < (is_double ? DBL_MIN : (double)FLT_MIN)) /* keeps fewer digits */
		precision = 1;
	for (;; precision++) {
		snprintf(room, size, "%.*g", precision, value);
		if (precision == most ||
		    (is_double ? strtod(room, NULL) == value : strtof(room, NULL) == (float)value))
			return;
	}
}

/*
 * Most doubles that people pass have a few decimals. m / 10^k with both numbers exact is the double
 * that the digits of m with k decimals read back as; the smallest k that gives the value is the
 * shortest form. False where that form is longer, or has an exponent.
 */
static bool put_decimals(struct buffer *b, double value)
{
	double size = fabs(value), scale = 1;

	if (size >= 1e9 || (size < 1e-4 && size > 0))
		return false;
	for (unsigned decimals = 0; decimals <= 6; decimals++, scale *= 10) {
		uint64_t m = (uint64_t)(size * scale + 0.5);

		if ((double)m / scale < size || (double)m / scale > size)
			continue;
		if (signbit(value))
			put_char(b, '-');
		put_unsigned(b, m / (uint64_t)scale);
		put_char(b, '.');
		put_padded(b, m % (uint64_t)scale, decimals ? decimals : 1);
		return true;
	}
	return false;
}

void put_float(struct buffer *b, double value, bool is_double)
{
	char room[40], *mark;

	if (!isfinite(value)) {
		put_text(b, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
		return;
	}
	if (is_double && put_decimals(b, value))
		return;
	shortest(room, sizeof(room), value, is_double);
	mark = strpbrk(room, ",.e");
	if (!mark)
		strcat(room, ".0");
	else if (*mark == ',') /* the decimal point of a locale */
		*mark = '.';
	put_text(b, room);
}
