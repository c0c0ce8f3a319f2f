/*
 * Owns __attribute__((...)) and _Alignas(...): those that say how a struct is laid out are heeded, one
 * that changes it in a way that is not known is refused, the others say nothing to a tracer.
 */
#include "lang/parse_type.h"

#include <string.h>

/* `__name__` is `name`. */
static bool is_attribute(const struct parser *p, const char *name)
{
	const char *text = p->token.text;
	size_t length = strlen(name);

	if (p->token.kind != TOKEN_NAME)
		return false;
	if (!strcmp(text, name))
		return true;
	return !strncmp(text, "__", 2) && !strncmp(text + 2, name, length) &&
	       !strcmp(text + 2 + length, "__");
}

/* `(16)` or `(int)`; without it, the most that a type wants. */
static bool parse_alignment(struct parser *p, struct attributes *a)
{
	int64_t bytes = 16;
	size_t at = p->token.at;

	if (accept(p, "(")) {
		if (!parse_alignment_of(p, &bytes) || !expect(p, ")"))
			return false;
	}
	if (bytes < 0 || bytes > 1 << 28 || (bytes & (bytes - 1)))
		return bad_declaration(p, at, "an alignment is a power of two");
	if (bytes > a->aligned)
		a->aligned = (uint32_t)bytes;
	return true;
}

/* (DI), the size of an integer. */
static bool parse_mode(struct parser *p, struct attributes *a)
{
	static const struct {
		const char *name;
		uint8_t bytes;
	} modes[] = {{"QI", 1}, {"byte", 1}, {"HI", 2}, {"SI", 4}, {"DI", 8}, {"word", 8}, {"pointer", 8}};

	next(p);
	if (!expect(p, "("))
		return false;
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (is_attribute(p, modes[i].name))
			a->mode = modes[i].bytes;
	if (!a->mode)
		return bad_declaration(p, p->token.at, "this mode is not known");
	next(p);
	return expect(p, ")");
}

/* (16): an array of so many bytes, and aligned as such. */
static bool parse_vector(struct parser *p, struct attributes *a)
{
	size_t at = p->token.at;
	int64_t bytes;

	next(p);
	if (!expect(p, "(") || !parse_constant(p, &bytes) || !expect(p, ")"))
		return false;
	if (bytes < 1 || bytes > 1 << 16 || (bytes & (bytes - 1)))
		return bad_declaration(p, at, "the size of a vector is a power of two");
	a->vector = (uint32_t)bytes;
	return true;
}

static bool parse_one(struct parser *p, struct attributes *a)
{
	static const char *const layout[] = {"scalar_storage_order", "ms_struct"};

	if (is_attribute(p, "packed")) {
		a->packed = true;
		next(p);
		return true;
	}
	if (is_attribute(p, "aligned")) {
		next(p);
		return parse_alignment(p, a);
	}
	if (is_attribute(p, "mode"))
		return parse_mode(p, a);
	if (is_attribute(p, "vector_size"))
		return parse_vector(p, a);
	for (size_t i = 0; i < sizeof(layout) / sizeof(*layout); i++)
		if (is_attribute(p, layout[i])) {
			diagnose(&p->program->diagnostics, p->token.at,
				 "the attribute '%s' changes the type in a way that is not known here",
				 p->token.text);
			return false;
		}
	if (p->token.kind == TOKEN_NAME)
		next(p);
	return !is(p, "(") || skip_parentheses(p);
}

bool parse_attributes(struct parser *p, struct attributes *a)
{
	for (;;) {
		if (accept(p, "__extension__"))
			continue;
		if (accept(p, "_Alignas")) {
			if (!is(p, "(")) {
				unexpected(p, "'('");
				return false;
			}
			if (!parse_alignment(p, a))
				return false;
			continue;
		}
		if (!accept(p, "__attribute__") && !accept(p, "__attribute"))
			return true;
		if (!expect(p, "(") || !expect(p, "("))
			return false;
		while (!is(p, ")"))
			if (!parse_one(p, a) || (!is(p, ")") && !expect(p, ",")))
				return false;
		if (!expect(p, ")") || !expect(p, ")"))
			return false;
	}
}
