/*
 * Declarations in C: structs, unions, enums and typedefs, from tokens to types. A struct that is
 * named by a pointer only may be declared later or nowhere (then a file or the kernel may know it);
 * one that is part of another must be known by then, be it to the kernel.
 */
#include "lang/parse_type.h"

#include "lang/func.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct type_place nowhere = {.file = NOT_IN_FILE};

bool starts_declaration(const struct parser *p)
{
	return p->token.kind == TOKEN_NAME && (is(p, "struct") || is(p, "union") || is(p, "enum") ||
					       is(p, "typedef"));
}

bool bad_declaration(struct parser *p, size_t at, const char *text)
{
	diagnose(&p->program->diagnostics, at, "%s", text);
	return false;
}

/* ---- types ---- */

/* What a struct in a struct needs: its size. */
static const struct ctype *complete(struct parser *p, size_t at, const struct ctype *type)
{
	struct error err;

	if (type->kind == CTYPE_VOID || type->kind == CTYPE_FUNCTION) {
		bad_declaration(p, at, "a member can't be of this type, though a pointer to it can");
		return NULL;
	}
	if (types_complete(&p->program->types, &nowhere, type, &type, &err)) {
		diagnose(&p->program->diagnostics, at, "%s", err.text);
		return NULL;
	}
	return type;
}

static const struct ctype *parse_tagged(struct parser *p);
static bool parse_declarator(struct parser *p, const struct ctype *base, struct declarator *d);

/* `struct foo`, `struct foo { ... }`, `unsigned long`, a typedef. */
static const struct ctype *parse_base(struct parser *p, struct attributes *attributes)
{
	const struct ctype *found;
	struct type_words words;
	struct error err;

	do
		if (!parse_attributes(p, attributes))
			return NULL;
	while (accept_qualifiers(p));
	if (starts_declaration(p) && !is(p, "typedef")) {
		found = parse_tagged(p);
	} else {
		if (!parse_specifier(p, &words))
			return NULL;
		found = words.known;
		if (!found &&
		    types_find(&p->program->types, &nowhere, CTYPE_VOID, words.name, &found, &err)) {
			diagnose(&p->program->diagnostics, words.at, "%s", err.text);
			return NULL;
		}
	}
	do
		if (!parse_attributes(p, attributes))
			return NULL;
	while (accept_qualifiers(p));
	return found;
}

static bool out_of_memory(struct parser *p)
{
	p->program->arena.failed = true;
	return false;
}

/* [2][3]: the last one is the innermost. */
static bool parse_dimensions(struct parser *p, struct declarator *d)
{
	int64_t counts[8];
	size_t count = 0;

	for (; accept(p, "["); count++) {
		if (count == sizeof(counts) / sizeof(*counts))
			return bad_declaration(p, p->token.at, "too many dimensions");
		counts[count] = 0;
		if (is(p, "]") && !count) {
			next(p);
			continue;
		}
		if (!parse_constant(p, &counts[count]) || !expect(p, "]"))
			return false;
		if (counts[count] < 0)
			return bad_declaration(p, d->at, "an array can't have less than no elements");
	}
	if (count)
		d->type = complete(p, d->at, d->type);
	while (d->type && count) {
		uint64_t bytes;

		if (__builtin_mul_overflow(d->type->size, (uint64_t)counts[--count], &bytes))
			return bad_declaration(p, d->at, "this array is larger than any memory");
		d->type = types_array(&p->program->types, d->type, (uint64_t)counts[count]);
		if (!d->type)
			return out_of_memory(p);
	}
	return d->type;
}

bool skip_parentheses(struct parser *p)
{
	unsigned open = 0;

	do {
		if (p->token.kind == TOKEN_END) {
			unexpected(p, "')'");
			return false;
		}
		open += is(p, "(");
		open -= is(p, ")");
		next(p);
	} while (open);
	return true;
}

/* What stands behind a declarator's name: of a function the parameters do not matter. */
static bool parse_suffix(struct parser *p, struct declarator *d)
{
	if (!is(p, "("))
		return parse_dimensions(p, d);
	d->type = &ctype_function;
	return skip_parentheses(p);
}

/* `(*name)(...)`, `(*name)[4]`: what is in the parentheses is about what stands behind them. */
static bool parse_nested(struct parser *p, struct declarator *d)
{
	struct parser inner = *p, behind;
	const struct ctype *base;

	if (!skip_parentheses(p) || !parse_suffix(p, d))
		return false;
	behind = *p;
	base = d->type;
	*p = inner;
	next(p);
	if (!enter(p) || !parse_declarator(p, base, d) || !expect(p, ")"))
		return false;
	*p = behind;
	return true;
}

/* Attributes that make another type of it. */
static bool set_mode(struct parser *p, struct declarator *d)
{
	struct attributes *a = &d->attributes;
	char name[16];

	if (a->mode && d->type->kind != CTYPE_INT)
		return bad_declaration(p, d->at, "only an integer's type has a mode");
	if (a->mode) {
		snprintf(name, sizeof(name), "%sint%u", d->type->is_signed ? "" : "u", a->mode * 8U);
		d->type = ctype_basic(name);
	}
	if (a->vector && (!d->type->size || a->vector % d->type->size))
		return bad_declaration(p, d->at, "this type does not fill a vector");
	if (a->vector) {
		d->type = types_array(&p->program->types, d->type, a->vector / d->type->size);
		a->aligned = a->vector > a->aligned ? a->vector : a->aligned;
	}
	a->vector = a->mode = 0;
	return d->type || out_of_memory(p);
}

/* `*name[4]` */
static bool parse_declarator(struct parser *p, const struct ctype *base, struct declarator *d)
{
	unsigned pointers = 0;

	*d = (struct declarator){"", p->token.at, base, d->attributes};
	if (!parse_pointers(p, &pointers) || !parse_attributes(p, &d->attributes))
		return false;
	for (; pointers; pointers--) {
		d->type = types_pointer(&p->program->types, d->type);
		if (!d->type)
			return out_of_memory(p);
	}
	if (is(p, "(")) {
		if (!parse_nested(p, d))
			return false;
		return parse_attributes(p, &d->attributes);
	}
	if (p->token.kind == TOKEN_NAME && !is(p, "__asm__") && !is(p, "asm")) {
		d->name = p->token.text;
		d->at = p->token.at;
		next(p);
	}
	return parse_suffix(p, d) && parse_attributes(p, &d->attributes) && set_mode(p, d);
}

/* ---- structs ---- */

static bool parse_bits(struct parser *p, const struct declarator *d, int *bits)
{
	int64_t value;

	*bits = BITS_NONE;
	if (!accept(p, ":"))
		return true;
	if (d->type->kind != CTYPE_INT && d->type->kind != CTYPE_ENUM)
		return bad_declaration(p, d->at, "a bit-field is of an integer's type");
	if (!parse_constant(p, &value))
		return false;
	if (value < 0 || value > (int64_t)(d->type->is_bool ? 1 : d->type->size * 8) ||
	    (!value && *d->name))
		return bad_declaration(p, d->at, "a bit-field has 1 bit to as many as its type");
	*bits = (int)value;
	return true;
}

struct record {
	struct ctype *type;
	struct table names;
};

static bool add_member(struct parser *p, struct record *r, struct declarator *d)
{
	size_t place;
	int bits, rc;

	if (!parse_bits(p, d, &bits) || !parse_attributes(p, &d->attributes))
		return false;
	if (bits == BITS_NONE) {
		d->type = complete(p, d->at, d->type);
		if (!d->type)
			return false;
		if (!*d->name && !ctype_is_record(d->type))
			return bad_declaration(p, d->at, "this member has no name");
	}
	rc = *d->name ? table_put(&r->names, d->name, strlen(d->name), 0, &place) : 0;
	if (rc > 0)
		return bad_declaration(p, d->at, "there is a member of this name already");
	if (rc < 0 || !types_add_member(&p->program->types, r->type, d->name, d->type, bits,
					&d->attributes))
		return out_of_memory(p);
	return true;
}

static bool parse_members(struct parser *p, struct record *r)
{
	while (!accept(p, "}")) {
		struct attributes attributes = {0};
		const struct ctype *base;

		if (accept(p, ";"))
			continue;
		base = parse_base(p, &attributes);
		if (!base)
			return false;
		do {
			struct declarator d = {.attributes = attributes};

			if (!parse_declarator(p, base, &d) || !add_member(p, r, &d))
				return false;
		} while (accept(p, ","));
		if (!expect(p, ";"))
			return false;
	}
	return true;
}

static bool parse_record(struct parser *p, struct ctype *type, size_t at, struct attributes *attributes)
{
	struct record r = {.type = type};
	bool good = parse_members(p, &r) && parse_attributes(p, attributes);

	table_free(&r.names);
	if (good && types_finish(type, attributes) == -EOVERFLOW)
		return bad_declaration(p, at, "this is larger than any memory");
	return good;
}

/* { A, B = 4 } */
static bool parse_enumerators(struct parser *p, struct ctype *type, struct attributes *attributes)
{
	int64_t value = 0;

	while (!accept(p, "}")) {
		const char *name = p->token.text;
		size_t at = p->token.at, builtin;

		if (p->token.kind != TOKEN_NAME) {
			unexpected(p, "the name of a constant");
			return false;
		}
		next(p);
		if (!parse_attributes(p, attributes))
			return false;
		if (accept(p, "=") && !parse_constant(p, &value))
			return false;
		if (builtin_find(name, &builtin))
			return bad_declaration(p, at, "a constant can't have the name of a built-in value");
		if (!types_add_constant(&p->program->types, type, name, (uint64_t)value))
			return out_of_memory(p);
		value = (int64_t)((uint64_t)value + 1);
		if (!is(p, "}") && !expect(p, ","))
			return false;
	}
	if (!parse_attributes(p, attributes))
		return false;
	types_finish(type, attributes);
	return true;
}

/* From `struct`, `union` or `enum` to the name or the } */
static const struct ctype *parse_tagged(struct parser *p)
{
	enum ctype_kind kind = is(p, "struct")	? CTYPE_STRUCT
			       : is(p, "union") ? CTYPE_UNION
						: CTYPE_ENUM;
	const char *name = "";
	struct ctype *type;
	struct attributes attributes = {0};
	bool good;
	size_t at;

	next(p);
	at = p->token.at;
	if (!parse_attributes(p, &attributes))
		return NULL;
	if (p->token.kind == TOKEN_NAME) {
		name = p->token.text;
		next(p);
	}
	if (!is(p, "{") && !*name) {
		unexpected(p, "the name of a type or '{'");
		return NULL;
	}
	type = types_declare(&p->program->types, kind, name);
	if (!type) {
		out_of_memory(p);
		return NULL;
	}
	if (!accept(p, "{"))
		return type;
	if (type->complete || type->member_count || type->enumerator_count) {
		diagnose(&p->program->diagnostics, at, "%s is declared twice", type->text);
		return NULL;
	}
	if (!enter(p))
		return NULL;
	good = kind == CTYPE_ENUM ? parse_enumerators(p, type, &attributes)
				 : parse_record(p, type, at, &attributes);
	leave(p);
	return good ? type : NULL;
}

/* ---- at the top ---- */

/* A name for it, once more if it is for the same. */
static bool name_type(struct parser *p, const struct ctype *base, struct declarator *d)
{
	struct types *types = &p->program->types;
	const struct ctype *known;

	if (!*d->name) {
		unexpected(p, "the name of the type");
		return false;
	}
	known = types_declared(types, CTYPE_VOID, d->name);
	if (known)
		return ctype_same(known, d->type) ||
		       bad_declaration(p, d->at, "there is a type of this name already");
	if (ctype_is_record(d->type) && !*d->type->name && d->type == base)
		((struct ctype *)base)->text = d->name; /* made for this declaration */
	if (d->attributes.aligned)
		d->type = types_aligned(types, d->type, d->attributes.aligned);
	return (d->type && types_add_typedef(types, d->name, d->type)) || out_of_memory(p);
}

static bool parse_typedef(struct parser *p)
{
	struct attributes attributes = {0};
	const struct ctype *base;

	next(p);
	base = parse_base(p, &attributes);
	if (!base)
		return false;
	do {
		struct declarator d = {.attributes = attributes};

		if (!parse_declarator(p, base, &d) || !name_type(p, base, &d))
			return false;
	} while (accept(p, ","));
	return true;
}

bool parse_declared(struct parser *p)
{
	return is(p, "typedef") ? parse_typedef(p) : parse_tagged(p) != NULL;
}

bool parse_declaration(struct parser *p)
{
	bool good = parse_declared(p);

	/* bpftrace wants no ; behind a } */
	if (good && is(p, ";"))
		next(p);
	return good;
}
