#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Matches one `[...]` that starts behind the bracket; NULL when it does not end. */
static const char *match_set(const char *set, char c, bool *matches)
{
	bool negated = *set == '!' || *set == '^';
	bool first = true, hit = false;

	for (set += negated; *set && (first || *set != ']'); first = false) {
		unsigned char low = (unsigned char)*set++, high = low;

		if (set[0] == '-' && set[1] && set[1] != ']') {
			high = (unsigned char)set[1];
			set += 2;
		}
		hit |= low <= (unsigned char)c && (unsigned char)c <= high;
	}
	if (!*set)
		return NULL;
	*matches = hit != negated;
	return set + 1;
}

/* One pattern element against one character: the pattern behind it, or NULL. */
static const char *match_one(const char *pattern, char c)
{
	bool matches = false;
	const char *end;

	if (*pattern == '?')
		return pattern + 1;
	if (*pattern == '[') {
		end = match_set(pattern + 1, c, &matches);
		if (end)
			return matches ? end : NULL;
	}
	return *pattern == c ? pattern + 1 : NULL;
}

bool glob_match(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		const char *next = NULL;

		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
			continue;
		}
		if (*pattern)
			next = match_one(pattern, *text);
		if (next) {
			pattern = next;
			text++;
		} else if (star) {
			pattern = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

bool glob_is_pattern(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

unsigned text_distance(const char *a, const char *b)
{
	enum { MOST = 127 };
	unsigned char rows[3][MOST + 1];
	size_t la = strlen(a), lb = strlen(b);
	unsigned char *before = rows[0], *last = rows[1], *row = rows[2];

	if (la > MOST || lb > MOST)
		return MOST + 1;
	for (size_t j = 0; j <= lb; j++)
		last[j] = (unsigned char)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned char *spare = before;

		row[0] = (unsigned char)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1u < best)
				best = last[j] + 1u;
			if (row[j - 1] + 1u < best)
				best = row[j - 1] + 1u;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1u < best)
				best = before[j - 2] + 1u;
			row[j] = (unsigned char)best;
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[lb];
}

void text_keep_nearer(const char *written, const char *name, const char **best, unsigned *distance)
{
	unsigned d = text_distance(written, name);

	if (d < *distance && d <= 1 + strlen(written) / 4) {
		*best = name;
		*distance = d;
	}
}

unsigned utf8_length(const unsigned char *bytes, size_t left)
{
	unsigned length;
	uint32_t code;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	if (!left)
		return 0;
	if (bytes[0] < 0x80)
		return 1;
	length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || length > left)
		return 0;
	code = bytes[0] & (0x7fu >> length);
	for (unsigned i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return length;
}

/* The letter behind the backslash for the control characters that have one. */
static char escape_letter(unsigned char c)
{
	switch (c) {
	case '\n':
		return 'n';
	case '\t':
		return 't';
	case '\r':
		return 'r';
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	default:
		return 0;
	}
}

void escape_text(struct buffer *b, const char *bytes, size_t length, char quote)
{
	const unsigned char *c = (const unsigned char *)bytes, *end = c + length;

	while (c < end) {
		unsigned n = utf8_length(c, (size_t)(end - c));
		bool c1_control = n == 2 && c[0] == 0xc2 && c[1] < 0xa0;
		char letter = escape_letter(*c);

		if (letter) {
			buffer_char(b, '\\');
			buffer_char(b, letter);
		} else if (!n || *c < 0x20 || *c == 0x7f) {
			buffer_print(b, "\\x%02x", *c);
		} else if (c1_control) {
			buffer_print(b, "\\x%02x\\x%02x", c[0], c[1]);
		} else {
			if (*c == '\\' || (quote && *c == (unsigned char)quote))
				buffer_char(b, '\\');
			buffer_add(b, c, n);
		}
		c += n ? n : 1;
	}
}

bool escape_json(struct buffer *b, const char *bytes, size_t length)
{
	const unsigned char *c = (const unsigned char *)bytes, *end = c + length;
	bool clean = true;

	buffer_char(b, '"');
	while (c < end) {
		unsigned n = utf8_length(c, (size_t)(end - c));
		bool c1_control = n == 2 && c[0] == 0xc2 && c[1] < 0xa0;
		char letter = escape_letter(*c);

		if (!n) {
			buffer_text(b, "\xef\xbf\xbd");
			clean = false;
		} else if (letter) {
			buffer_char(b, '\\');
			buffer_char(b, letter);
		} else if (*c < 0x20 || *c == 0x7f) {
			buffer_print(b, "\\u%04x", *c);
		} else if (c1_control) {
			buffer_print(b, "\\u%04x", c[1]);
		} else {
			if (*c == '"' || *c == '\\')
				buffer_char(b, '\\');
			buffer_add(b, c, n);
		}
		c += n ? n : 1;
	}
	buffer_char(b, '"');
	return clean;
}

bool text_number(const char *text, int64_t *value)
{
	const char *digits = text + (*text == '-');
	bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	char *end;

	digits += hex ? 2 : 0;
	if (!(hex ? strchr("0123456789abcdefABCDEF", *digits) : strchr("0123456789", *digits)) ||
	    !*digits)
		return false;
	errno = 0;
	*value = strtoll(text, &end, hex ? 16 : 10);
	return !errno && !*end;
}

int text_read_stream(FILE *file, const char *name, struct buffer *text, struct error *err)
{
	char block[8192];
	size_t n;

	while ((n = fread(block, 1, sizeof(block), file)) > 0) {
		buffer_add(text, block, n);
		if (text->length > TEXT_MOST)
			return error_set(err, -EFBIG, "%s: too long: more than 16 MB", name);
	}
	if (ferror(file))
		return error_set(err, -errno, "can't read %s: %s", name, strerror(errno));
	if (text->failed)
		return error_memory(err);
	if (memchr(buffer_string(text), '\0', text->length))
		return error_set(err, -EINVAL, "%s: not a text: it has a NUL byte", name);
	return 0;
}

int text_read(const char *path, struct buffer *text, struct error *err)
{
	FILE *file = fopen(path, "re");
	int r;

	if (!file)
		return error_set(err, -errno, "can't read %s: %s", path, strerror(errno));
	r = text_read_stream(file, path, text, err);
	fclose(file);
	return r;
}
