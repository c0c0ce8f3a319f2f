/*
 * Names from the source text of an argument list: C is followed just as far as the preprocessor
 * follows it -- literals and round brackets -- and the SDK's own macros are looked into. Loops, not
 * recursion; each piece of the text is passed a bounded number of times.
 */
#include "elf/names.h"

#include <string.h>

/* How many of the SDK's macros may be around each other; beyond that an item is its own name. */
enum { MOST_NESTED = 8 };

struct piece {
	const char *text;
	size_t length;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (unsigned char)c >= 0x80;
}

static struct piece trimmed(struct piece p)
{
	while (p.length && is_blank(p.text[0])) {
		p.text++;
		p.length--;
	}
	while (p.length && is_blank(p.text[p.length - 1]))
		p.length--;
	return p;
}

static struct piece behind(struct piece p, size_t at)
{
	return (struct piece){p.text + at, p.length - at};
}

/* Where the literal that begins at `at` ends: behind its quote. */
static size_t literal_end(struct piece p, size_t at)
{
	char quote = p.text[at++];

	while (at < p.length && p.text[at] != quote)
		at += p.text[at] == '\\' && at + 1 < p.length ? 2 : 1;
	return at < p.length ? at + 1 : p.length;
}

/* One step of the preprocessor: a literal, a word, a number (1'000 is one), or a character. */
static size_t token_end(struct piece p, size_t at)
{
	bool is_number = is_digit(p.text[at]);

	if (p.text[at] == '"' || p.text[at] == '\'')
		return literal_end(p, at);
	if (!is_word(p.text[at]))
		return at + 1;
	while (at < p.length &&
	       (is_word(p.text[at]) ||
	        (is_number && p.text[at] == '\'' && at + 1 < p.length && is_word(p.text[at + 1]))))
		at++;
	return at;
}

/* Where the item that begins at `at` ends: at a comma outside of brackets, or at the end. */
static size_t item_end(struct piece p, size_t at)
{
	size_t depth = 0;

	for (; at < p.length; at = token_end(p, at)) {
		char c = p.text[at];

		if (c == ',' && !depth)
			break;
		depth += c == '(';
		depth -= c == ')' && depth;
	}
	return at;
}

/* What is in the brackets that begin the piece, when they end with it as well. */
static bool in_brackets(struct piece p, struct piece *inside)
{
	size_t at = 0, depth = 0;

	if (!p.length || p.text[0] != '(')
		return false;
	do {
		depth += p.text[at] == '(';
		depth -= p.text[at] == ')';
		at = token_end(p, at);
	} while (depth && at < p.length);
	if (depth || at != p.length)
		return false;
	*inside = (struct piece){p.text + 1, p.length - 2};
	return true;
}

/* Exactly two items. */
static bool in_two(struct piece p, struct piece *first, struct piece *second)
{
	size_t end = item_end(p, 0);

	if (end == p.length)
		return false;
	*first = trimmed((struct piece){p.text, end});
	*second = behind(p, end + 1);
	if (item_end(*second, 0) != second->length)
		return false;
	*second = trimmed(*second);
	return true;
}

/* `MACRO(first, second)` and nothing around it. */
static bool is_macro(struct piece item, const char *name, struct piece *first, struct piece *second)
{
	size_t length = strlen(name);
	struct piece inside;

	return item.length > length && !memcmp(item.text, name, length) &&
	       in_brackets(trimmed(behind(item, length)), &inside) && in_two(inside, first, second);
}

/* `((void)"NAME", ANYTHING)`: the name with its quotes. */
static bool is_named(struct piece item, struct piece *name)
{
	struct piece inside, first, cast;

	if (!in_brackets(item, &inside))
		return false;
	first = trimmed((struct piece){inside.text, item_end(inside, 0)});
	if (first.length == inside.length || !first.length || first.text[0] != '(')
		return false;
	cast = (struct piece){first.text, first.length};
	for (cast.length = 1; cast.length < first.length && first.text[cast.length - 1] != ')';)
		cast.length++;
	*name = trimmed(behind(first, cast.length));
	if (!in_brackets(cast, &cast))
		return false;
	cast = trimmed(cast);
	return cast.length == 4 && !memcmp(cast.text, "void", 4) && name->length >= 2 &&
	       name->text[0] == '"' && literal_end(*name, 0) == name->length;
}

/* The name in a literal; a backslash stands for what is behind it. */
static const char *unquoted(struct arena *arena, struct piece literal)
{
	char *name = arena_copy(arena, literal.text + 1, literal.length - 2);
	size_t length = 0;

	for (size_t i = 0; name && i < literal.length - 2; i++) {
		i += name[i] == '\\' && i + 1 < literal.length - 2;
		name[length++] = name[i];
	}
	if (name)
		name[length] = '\0';
	return name;
}

/* The name of an item's first operand. */
static const char *first_name(struct arena *arena, struct piece item)
{
	struct piece first, second;

	for (unsigned i = 0; i < MOST_NESTED; i++) {
		if (is_macro(item, "TELLTALE_ARG", &first, &second))
			return arena_copy(arena, first.text, first.length);
		if (is_named(item, &first))
			return unquoted(arena, first);
		if (is_macro(item, "TELLTALE_TYPE", &first, &second))
			item = second;
		else if (is_macro(item, "TELLTALE_BUF", &first, &second))
			item = first;
		else
			break;
	}
	return arena_copy(arena, item.text, item.length);
}

/* The type of an item's first operand, which may stand inside of its name. */
static const char *first_type(struct arena *arena, struct piece item)
{
	struct piece first, second;

	for (unsigned i = 0; i < MOST_NESTED; i++) {
		if (is_macro(item, "TELLTALE_TYPE", &first, &second))
			return arena_copy(arena, first.text, first.length);
		if (is_macro(item, "TELLTALE_ARG", &first, &second))
			item = second;
		else if (is_macro(item, "TELLTALE_BUF", &first, &second))
			item = first;
		else
			break;
	}
	return NULL;
}

/* The length of a buffer is an operand of its own; finds it in an item that is one. */
static bool second_operand(struct piece item, struct piece *length)
{
	struct piece first, second;

	for (unsigned i = 0; i < MOST_NESTED; i++) {
		if (is_macro(item, "TELLTALE_BUF", &first, length))
			return true;
		if (!is_macro(item, "TELLTALE_ARG", &first, &second) &&
		    !is_macro(item, "TELLTALE_TYPE", &first, &second))
			return false;
		item = second;
	}
	return false;
}

bool argument_names(struct arena *arena, const char *text, size_t length,
                    struct argument_name *names, size_t count)
{
	struct piece all = {text, length};
	size_t at = item_end(all, 0), found = 0;

	while (at < length) {
		size_t end = item_end(all, at + 1);
		struct piece item = trimmed((struct piece){text + at + 1, end - at - 1}), second;
		bool two = second_operand(item, &second);

		at = end;
		if (found + 1 + two > count)
			return false;
		names[found].name = first_name(arena, item);
		names[found++].type = first_type(arena, item);
		if (two) {
			names[found].name = first_name(arena, second);
			names[found++].type = first_type(arena, second);
		}
	}
	return found == count && !arena->failed;
}
