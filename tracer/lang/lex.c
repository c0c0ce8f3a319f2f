/* From bytes to tokens. */
#include "lang/preprocess.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

static char at(const struct lexer *l, size_t ahead)
{
	return l->next + ahead < l->source->length ? l->source->text[l->next + ahead] : '\0';
}

static bool name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool name_part(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Blanks, comments, and the `#!` line of a script. */
static void skip_blanks(struct lexer *l)
{
	while (l->next < l->source->length) {
		if (isspace((unsigned char)at(l, 0)) || (at(l, 0) == '\\' && at(l, 1) == '\n')) {
			l->next++;
		} else if ((at(l, 0) == '/' && at(l, 1) == '/') ||
			   (l->next == 0 && at(l, 0) == '#' && at(l, 1) == '!')) {
			while (l->next < l->source->length && at(l, 0) != '\n')
				l->next++;
		} else if (at(l, 0) == '/' && at(l, 1) == '*') {
			const char *start = l->source->text + l->next;
			const char *end = memmem(start + 2, l->source->length - l->next - 2, "*/", 2);

			if (!end)
				diagnose(l->diagnostics, l->next, "this comment does not end");
			l->next = end ? (size_t)(end + 2 - l->source->text) : l->source->length;
		} else if (directive_starts(l)) {
			directive_read(l);
		} else {
			return;
		}
	}
}

static struct token make(struct lexer *l, enum token_kind kind, size_t start)
{
	struct token t = {.kind = kind, .at = start};

	t.length = l->next - start;
	t.text = arena_copy(l->arena, l->source->text + start, t.length);
	if (!t.text) {
		t.text = "";
		t.kind = TOKEN_BAD;
	}
	return t;
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

enum { QUOTED_MOST = 60 }; /* bytes of a number */

static void wrong_number(struct lexer *l, size_t start, const char *what)
{
	size_t length = l->next - start;

	diagnose(l->diagnostics, start, "'%.*s%s' %s",
		 (int)(length < QUOTED_MOST ? length : QUOTED_MOST), l->source->text + start,
		 length < QUOTED_MOST ? "" : "...", what);
}

/* The exponent of 1e9: multiplies value; false when it does not fit. */
static bool read_exponent(struct lexer *l, uint64_t *value)
{
	unsigned exponent = 0;

	for (l->next++; isdigit((unsigned char)at(l, 0)); l->next++)
		exponent = exponent < 100 ? exponent * 10 + digit_value(at(l, 0)) : exponent;
	for (; exponent && *value; exponent--)
		if (__builtin_mul_overflow(*value, 10, value))
			return false;
	return true;
}

/* The unit of 10ms, in nanoseconds: multiplies value; false when there is none. */
static bool read_unit(struct lexer *l, uint64_t *value, bool *fits)
{
	static const struct {
		const char *name;
		uint64_t nanoseconds;
	} units[] = {
		{"ns", 1},	     {"us", 1000},	      {"ms", 1000000},
		{"s", 1000000000},   {"m", 60000000000},      {"h", 3600000000000},
		{"d", 86400000000000},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		size_t length = strlen(units[i].name);

		if (l->source->length - l->next < length ||
		    memcmp(l->source->text + l->next, units[i].name, length) ||
		    name_part(at(l, length)))
			continue;
		*fits &= !__builtin_mul_overflow(*value, units[i].nanoseconds, value);
		l->next += length;
		return true;
	}
	return false;
}

/* A _ between digits, of which there may be several. */
static bool parts_digits(const struct lexer *l, size_t digits, unsigned base)
{
	size_t ahead = 0;

	while (at(l, ahead) == '_')
		ahead++;
	return ahead && l->next > digits && digit_value(at(l, ahead)) < base;
}

static struct token lex_number(struct lexer *l)
{
	size_t start = l->next, digits;
	unsigned base = 10;
	uint64_t value = 0;
	bool fits = true;
	struct token t;

	if (at(l, 0) == '0' && tolower((unsigned char)at(l, 1)) == 'x') {
		base = 16;
		l->next += 2;
	} else if (at(l, 0) == '0' && isdigit((unsigned char)at(l, 1))) {
		base = 8;
	}
	digits = l->next;
	for (; digit_value(at(l, 0)) < base || parts_digits(l, digits, base); l->next++) {
		if (at(l, 0) == '_')
			continue;
		fits &= !__builtin_mul_overflow(value, base, &value) &&
			!__builtin_add_overflow(value, digit_value(at(l, 0)), &value);
	}
	if (base == 10 && tolower((unsigned char)at(l, 0)) == 'e' &&
	    isdigit((unsigned char)at(l, 1)))
		fits &= read_exponent(l, &value);
	if (!read_unit(l, &value, &fits))
		while (strchr("uUlL", at(l, 0)) && at(l, 0))
			l->next++;
	if (name_part(at(l, 0)) || (base == 16 && l->next == start + 2)) {
		while (name_part(at(l, 0)))
			l->next++;
		wrong_number(l, start, "is not a number");
	} else if (!fits) {
		wrong_number(l, start, "does not fit in 64 bits");
	}
	t = make(l, TOKEN_NUMBER, start);
	t.number = value;
	return t;
}

/* Up to `most` digits of an escape such as \x1b or \033. */
static char escape_digits(struct lexer *l, size_t start, unsigned base, unsigned most)
{
	unsigned value = 0;

	for (; most && digit_value(at(l, 0)) < base; most--, l->next++)
		value = value * base + digit_value(at(l, 0));
	if (value > UINT8_MAX)
		diagnose(l->diagnostics, start, "'%.*s' is more than a byte holds",
			 (int)(l->next - start), l->source->text + start);
	return (char)value;
}

static char lex_escape(struct lexer *l)
{
	static const char letters[] = "n\nt\tr\ra\ab\bf\fv\v\\\\\"\"''";
	size_t start = l->next++;
	char c = at(l, 0);

	if (c >= '0' && c <= '7')
		return escape_digits(l, start, 8, 3);
	l->next++;
	if (c == 'x' && digit_value(at(l, 0)) < 16)
		return escape_digits(l, start, 16, 2);
	for (const char *known = letters; *known; known += 2)
		if (*known == c)
			return known[1];
	diagnose(l->diagnostics, start, "'\\%c' is not an escape", c);
	return c;
}

/* The bytes up to the quote that ends a string: room for what is in it. */
static size_t string_room(const struct lexer *l)
{
	size_t i = 1;

	while (l->next + i < l->source->length && at(l, i) != '"' && at(l, i) != '\n')
		i += at(l, i) == '\\' ? 2 : 1;
	return i + 1;
}

static struct token lex_string(struct lexer *l)
{
	struct token t = {.kind = TOKEN_STRING, .at = l->next};
	char *text = arena_alloc(l->arena, string_room(l));

	for (l->next++; text && l->next < l->source->length && at(l, 0) != '"';) {
		if (at(l, 0) == '\n')
			break;
		if (at(l, 0) == '\\' && l->next + 1 < l->source->length)
			text[t.length++] = lex_escape(l);
		else
			text[t.length++] = l->source->text[l->next++];
	}
	if (at(l, 0) == '"')
		l->next++;
	else
		diagnose(l->diagnostics, t.at, "this string does not end");
	t.text = text ? text : "";
	return t;
}

/* 'a' is the number of its character. */
static struct token lex_character(struct lexer *l)
{
	struct token t = {.kind = TOKEN_NUMBER, .at = l->next++, .text = "", .length = 0};

	if (at(l, 0) == '\\' && l->next + 1 < l->source->length)
		t.number = (unsigned char)lex_escape(l);
	else if (at(l, 0) && at(l, 0) != '\n' && at(l, 0) != '\'')
		t.number = (unsigned char)l->source->text[l->next++];
	if (at(l, 0) == '\'' && l->next > t.at + 1) {
		l->next++;
		return t;
	}
	diagnose(l->diagnostics, t.at, "a character in ' quotes is one character, such as 'a' or '\\n'");
	while (l->next < l->source->length && at(l, 0) != '\n' && at(l, 0) != '\'')
		l->next++;
	l->next += at(l, 0) == '\'';
	return t;
}

/* The longest operator at this place, or 0. */
static size_t operator_length(const struct lexer *l)
{
	static const char *const three[] = {"<<=", ">>=", "..."};
	static const char *const two[] = {"==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "++",
					  "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
					  "->", ".."};
	const char *text = l->source->text + l->next;
	size_t left = l->source->length - l->next;

	for (size_t i = 0; i < sizeof(three) / sizeof(*three); i++)
		if (left >= 3 && !memcmp(text, three[i], 3))
			return 3;
	for (size_t i = 0; i < sizeof(two) / sizeof(*two); i++)
		if (left >= 2 && !memcmp(text, two[i], 2))
			return 2;
	if (l->in_line && *text == '#')
		return left >= 2 && text[1] == '#' ? 2 : 1;
	return *text && strchr("+-*/%&|^~!<>=?:;,.(){}[]", *text) ? 1 : 0;
}

/* In a filter, a `/` whose next token is `{` ends it. */
static bool ends_filter(const struct lexer *l)
{
	struct lexer ahead = *l;

	ahead.next++;
	skip_blanks(&ahead);
	return at(&ahead, 0) == '{';
}

static struct token lex_sigil(struct lexer *l, enum token_kind kind)
{
	size_t start = l->next++;
	struct token t;

	while (name_part(at(l, 0)))
		l->next++;
	t = make(l, kind, start);
	if (kind == TOKEN_VARIABLE && t.kind == kind && l->next == start + 1 && at(l, 0) == '#') {
		l->next++;
		t.kind = TOKEN_PARAMETER;
		t.text = "$#";
		t.length = 2;
	} else if (kind == TOKEN_VARIABLE && t.kind == kind && isdigit((unsigned char)t.text[1])) {
		int64_t number;

		t.kind = TOKEN_PARAMETER;
		if (text_number(t.text + 1, &number) && number > 0)
			t.number = (uint64_t)number;
		else
			diagnose(l->diagnostics, start,
				 "'%s' is neither a variable nor a parameter: those are $1, $2, ...",
				 t.text);
	} else if (kind == TOKEN_VARIABLE && t.kind == kind) {
		t.text++;
		t.length--;
		if (!t.length)
			diagnose(l->diagnostics, start, "'$' without a name");
	}
	return t;
}

static struct token lex_text(struct lexer *l)
{
	size_t start, length;
	char c;

	skip_blanks(l);
	start = l->next;
	c = at(l, 0);
	if (start >= l->source->length)
		return (struct token){.kind = TOKEN_END, .at = start, .text = "the end"};
	if (isdigit((unsigned char)c))
		return lex_number(l);
	if (name_start(c)) {
		while (name_part(at(l, 0)))
			l->next++;
		return make(l, TOKEN_NAME, start);
	}
	if (c == '"')
		return lex_string(l);
	if (c == '\'')
		return lex_character(l);
	if (c == '$')
		return lex_sigil(l, TOKEN_VARIABLE);
	if (c == '@')
		return lex_sigil(l, TOKEN_MAP);
	if (c == '/' && l->in_filter && ends_filter(l)) {
		l->next++;
		return make(l, TOKEN_FILTER_END, start);
	}
	length = operator_length(l);
	l->next += length ? length : 1;
	if (length)
		return make(l, TOKEN_OPERATOR, start);
	diagnose(l->diagnostics, start, isprint((unsigned char)c) ? "unexpected '%c'"
								   : "unexpected byte 0x%02x",
		 (unsigned char)c);
	return make(l, TOKEN_BAD, start);
}

struct token lex_plain(struct lexer *l)
{
	size_t before = l->next;
	struct token t;

	if (macro_next(l, &t))
		return t;
	t = lex_text(l);
	t.blank = t.at > before;
	return t;
}

struct token lex(struct lexer *l)
{
	struct token t;

	do
		t = lex_plain(l);
	while (t.kind == TOKEN_NAME && macro_expand(l, &t));
	return t;
}

/*
 * A probe ends at a blank, a comma or a brace; a part in quotes may hold these. One that is a word, as
 * BEGIN, ends at a filter or a comment, too; others may have a path.
 */
static size_t probe_end(const struct lexer *l)
{
	bool quoted = false, is_word = true;
	size_t i = 0;

	for (; l->next + i < l->source->length; i++) {
		char c = at(l, i);

		if (c == '"')
			quoted = !quoted;
		else if (!quoted && (isspace((unsigned char)c) || c == ',' || c == '{'))
			break;
		else if (is_word && i && c == '/')
			break;
		is_word &= name_part(c);
	}
	return i;
}

struct token lex_probe(struct lexer *l)
{
	struct token t = {.kind = TOKEN_PROBE};
	size_t length;
	char *text;

	skip_blanks(l);
	t.at = l->next;
	length = probe_end(l);
	text = arena_alloc(l->arena, length + 1);
	t.text = text ? text : "";
	for (size_t i = 0; text && i < length; i++)
		if (at(l, i) != '"')
			text[t.length++] = at(l, i);
	l->next += length;
	return t;
}
