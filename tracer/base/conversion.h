/*
 * The conversions of printf(): what stands behind a `%`, for who checks a format and who prints by it.
 */
#ifndef TELLTALE_BASE_CONVERSION_H
#define TELLTALE_BASE_CONVERSION_H

#include <stdbool.h>

struct conversion {
	bool left, zero, plus, space, hash;
	bool has_precision;
	int width, precision;
	unsigned bits; /* of integers: 8 (hh), 16 (h), 32, or 64 (l, ll, j, z, t) */
	char letter;   /* one of diuxXocpsrfFgGeEaA */
	char form;     /* of r: 'x', 'h' or 0 */
};

/*
 * Finds the next conversion in a format, where `%%` is none. Returns what comes after it, and *start
 * is its `%`; NULL where there is no more. A `%` that begins no conversion is text as any other.
 */
const char *conversion_next(const char *at, struct conversion *c, const char **start);

/* The first `%` that begins no conversion; NULL where there is none. */
const char *conversion_stray(const char *format);

#endif
