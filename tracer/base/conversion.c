#include "conversion.h"

#include <string.h>

enum { NUMBER_MOST = 4096 }; /* of a width or a precision */

static int read_number(const char **at)
{
	int number = 0;

	for (; **at >= '0' && **at <= '9'; ++*at)
		if (number < NUMBER_MOST)
			number = number * 10 + **at - '0';
	return number < NUMBER_MOST ? number : NUMBER_MOST;
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

static unsigned read_bits(const char **at)
{
	static const struct {
		const char *text;
		unsigned bits;
	} lengths[] = {{"hh", 8}, {"h", 16}, {"ll", 64}, {"l", 64}, {"j", 64}, {"z", 64}, {"t", 64}};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		size_t length = strlen(lengths[i].text);

		if (strncmp(*at, lengths[i].text, length) != 0)
			continue;
		*at += length;
		return lengths[i].bits;
	}
	return 32;
}

/* Reads what stands behind a `%`; NULL when that is no conversion. */
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
	c->bits = read_bits(&at);
	if (!*at || !strchr("diuxXocpsrfFgGeEaA", *at))
		return NULL;
	c->letter = *at++;
	if (c->letter == 'r' && (*at == 'x' || *at == 'h'))
		c->form = *at++;
	return at;
}

/* The next `%` but of `%%`, and what comes after it and its conversion, or (letter 0) after it alone. */
static const char *next_percent(const char *at, struct conversion *c, const char **start)
{
	const char *end;

	for (*start = strchr(at, '%'); *start && (*start)[1] == '%'; *start = strchr(*start + 2, '%'))
		;
	if (!*start)
		return NULL;
	end = read_conversion(*start + 1, c);
	if (end)
		return end;
	c->letter = 0;
	return *start + 1;
}

const char *conversion_next(const char *at, struct conversion *c, const char **start)
{
	do
		at = next_percent(at, c, start);
	while (at && !c->letter);
	return at;
}

const char *conversion_stray(const char *at)
{
	struct conversion c;
	const char *start;

	do
		at = next_percent(at, &c, &start);
	while (at && c.letter);
	return at ? start : NULL;
}
