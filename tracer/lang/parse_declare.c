/*
 * Declarations in C: structs, unions, enums and typedefs, from tokens to types. A struct that is
 * named by a pointer only may be declared later or nowhere (then a file or the kernel may know it);
 * one that is part of another must be known by then, be it to the kernel.
 */
#include "lang/parse_type.h"

#include "lang/func.h"

#include <errno.h>
#include <string.h>

static const struct type_place nowhere = {.file = NOT_IN_FILE};

bool starts_declaration(const struct parser *p)
{
	return p->token.kind == TOKEN_NAME && (is(p, "struct") || is(p, "union") || is(p, "enum") ||
					       is(p, "typedef"));
}

static bool bad(struct parser *p, size_t at, const char *text)
{
	diagnose(&p->program->diagnostics, at, "%s", text);
	return false;
}

/* ---- constants ---- */

static bool constant(struct parser *p, const struct expr *e, int64_t *value);

static bool constant_name(struct parser *p, const struct expr *e, int64_t *value)
{
	const struct ctype *type;
	struct error err;
	uint64_t number;

	if (types_constant(&p->program->types, &nowhere, e->text, &number, &type, &err)) {
		diagnose(&p->program->diagnostics, e->at, "'%s' is no constant", e->text);
		return false;
	}
	*value = (int64_t)number;
	return true;
}

static bool constant_binary(struct parser *p, const struct expr *e, int64_t a, int64_t b,
			    int64_t *value)
{
	bool fits = true;

	switch (e->op) {
	case OP_ADD:
		fits = !__builtin_add_overflow(a, b, value);
		break;
	case OP_SUB:
		fits = !__builtin_sub_overflow(a, b, value);
		break;
	case OP_MUL:
		fits = !__builtin_mul_overflow(a, b, value);
		break;
	case OP_DIV:
		fits = b && !(a == INT64_MIN && b == -1);
		*value = fits ? a / b : 0;
		break;
	case OP_SHL:
		fits = b >= 0 && b < 63 && a >= 0 && a <= INT64_MAX >> b;
		*value = fits ? a << b : 0;
		break;
	case OP_SHR:
		fits = b >= 0 && b < 64;
		*value = fits ? a >> b : 0;
		break;
	case OP_BITOR:
		*value = a | b;
		break;
	case OP_BITAND:
		*value = a & b;
		break;
	case OP_BITXOR:
		*value = a ^ b;
		break;
	default:
		return bad(p, e->at, "a declaration takes a number here");
	}
	return fits || bad(p, e->at, "this number does not fit");
}

/* A number that the compiler must know now: of elements, of bits, of an enum. */
static bool constant(struct parser *p, const struct expr *e, int64_t *value)
{
	int64_t a, b;

	switch (e->kind) {
	case EXPR_INT:
		*value = (int64_t)e->number;
		return true;
	case EXPR_BUILTIN:
		return constant_name(p, e, value);
	case EXPR_UNARY:
		if (!constant(p, e->child, &a))
			return false;
		*value = e->op == OP_NEG ? (int64_t)(0 - (uint64_t)a) : e->op == OP_NOT ? !a : ~a;
		return true;
	case EXPR_BINARY:
		return constant(p, e->child, &a) && constant(p, e->child->next, &b) &&
		       constant_binary(p, e, a, b, value);
	default:
		return bad(p, e->at, "a declaration takes a number here");
	}
}

static bool parse_constant(struct parser *p, int64_t *value)
{
	const struct expr *e;

	p->operators = 0;
	e = parse_expr(p);
	return e && constant(p, e, value);
}

/* ---- types ---- */

/* What a struct in a struct needs: its size. */
static const struct ctype *complete(struct parser *p, size_t at, const struct ctype *type)
{
	struct error err;

	if (type->kind == CTYPE_VOID || type->kind == CTYPE_FUNCTION) {
		bad(p, at, "a member can't be of this type, though a pointer to it can");
		return NULL;
	}
	if (types_complete(&p->program->types, &nowhere, type, &type, &err)) {
		diagnose(&p->program->diagnostics, at, "%s", err.text);
		return NULL;
	}
	return type;
}

static const struct ctype *parse_tagged(struct parser *p);

/* `struct foo`, `struct foo { ... }`, `unsigned long`, a typedef. */
static const struct ctype *parse_base(struct parser *p)
{
	const struct ctype *found;
	struct type_words words;
	struct error err;

	accept_qualifiers(p);
	if (starts_declaration(p) && !is(p, "typedef")) {
		found = parse_tagged(p);
		accept_qualifiers(p);
		return found;
	}
	if (!parse_specifier(p, &words))
		return NULL;
	if (words.known)
		return words.known;
	if (types_find(&p->program->types, &nowhere, CTYPE_VOID, words.name, &found, &err)) {
		diagnose(&p->program->diagnostics, words.at, "%s", err.text);
		return NULL;
	}
	return found;
}

struct declarator {
	const char *name; /* "" where there is none */
	size_t at;
	const struct ctype *type;
};

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
			return bad(p, p->token.at, "too many dimensions");
		counts[count] = 0;
		if (is(p, "]") && !count) {
			next(p);
			continue;
		}
		if (!parse_constant(p, &counts[count]) || !expect(p, "]"))
			return false;
		if (counts[count] < 0)
			return bad(p, d->at, "an array can't have less than no elements");
	}
	if (count)
		d->type = complete(p, d->at, d->type);
	while (d->type && count) {
		uint64_t bytes;

		if (__builtin_mul_overflow(d->type->size, (uint64_t)counts[--count], &bytes))
			return bad(p, d->at, "this array is larger than any memory");
		d->type = types_array(&p->program->types, d->type, (uint64_t)counts[count]);
		if (!d->type)
			return out_of_memory(p);
	}
	return d->type;
}

/* `(*name)(...)`: a pointer to a function, whose parameters do not matter. */
static bool parse_function(struct parser *p, struct declarator *d)
{
	unsigned open = 1;

	if (!expect(p, "*"))
		return false;
	d->name = p->token.text;
	if (p->token.kind != TOKEN_NAME) {
		unexpected(p, "a name");
		return false;
	}
	next(p);
	if (!expect(p, ")") || !expect(p, "("))
		return false;
	while (open && p->token.kind != TOKEN_END) {
		open += is(p, "(");
		open -= is(p, ")");
		next(p);
	}
	d->type = types_pointer(&p->program->types, &ctype_function);
	return d->type || out_of_memory(p);
}

/* `*name[4]` */
static bool parse_declarator(struct parser *p, const struct ctype *base, struct declarator *d)
{
	unsigned pointers = 0;

	*d = (struct declarator){"", p->token.at, base};
	if (!parse_pointers(p, &pointers))
		return false;
	for (; pointers; pointers--) {
		d->type = types_pointer(&p->program->types, d->type);
		if (!d->type)
			return out_of_memory(p);
	}
	if (accept(p, "("))
		return parse_function(p, d);
	if (p->token.kind == TOKEN_NAME) {
		d->name = p->token.text;
		d->at = p->token.at;
		next(p);
	}
	return parse_dimensions(p, d);
}

/* ---- structs ---- */

/* __attribute__((packed)), the only one that is known. */
static bool parse_attributes(struct parser *p, bool *packed)
{
	while (accept(p, "__attribute__")) {
		if (!expect(p, "(") || !expect(p, "("))
			return false;
		if (!is(p, "packed") && !is(p, "__packed__"))
			return bad(p, p->token.at, "only the attribute 'packed' is known");
		next(p);
		*packed = true;
		if (!expect(p, ")") || !expect(p, ")"))
			return false;
	}
	return true;
}

static bool parse_bits(struct parser *p, const struct declarator *d, int *bits)
{
	int64_t value;

	*bits = BITS_NONE;
	if (!accept(p, ":"))
		return true;
	if (d->type->kind != CTYPE_INT && d->type->kind != CTYPE_ENUM)
		return bad(p, d->at, "a bit-field is of an integer's type");
	if (!parse_constant(p, &value))
		return false;
	if (value < 0 || value > (int64_t)(d->type->is_bool ? 1 : d->type->size * 8) ||
	    (!value && *d->name))
		return bad(p, d->at, "a bit-field has 1 bit to as many as its type");
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

	if (!parse_bits(p, d, &bits))
		return false;
	if (bits == BITS_NONE) {
		d->type = complete(p, d->at, d->type);
		if (!d->type)
			return false;
		if (!*d->name && !ctype_is_record(d->type))
			return bad(p, d->at, "this member has no name");
	}
	rc = *d->name ? table_put(&r->names, d->name, strlen(d->name), 0, &place) : 0;
	if (rc > 0)
		return bad(p, d->at, "there is a member of this name already");
	if (rc < 0 || !types_add_member(&p->program->types, r->type, d->name, d->type, bits))
		return out_of_memory(p);
	return true;
}

static bool parse_members(struct parser *p, struct record *r)
{
	while (!accept(p, "}")) {
		const struct ctype *base = parse_base(p);
		struct declarator d;

		if (!base)
			return false;
		do {
			if (!parse_declarator(p, base, &d) || !add_member(p, r, &d))
				return false;
		} while (accept(p, ","));
		if (!expect(p, ";"))
			return false;
	}
	return true;
}

static bool parse_record(struct parser *p, struct ctype *type, size_t at, bool packed)
{
	struct record r = {.type = type};
	bool good = parse_members(p, &r) && parse_attributes(p, &packed);

	table_free(&r.names);
	if (good && types_finish(type, packed) == -EOVERFLOW)
		return bad(p, at, "this is larger than any memory");
	return good;
}

/* { A, B = 4 } */
static bool parse_enumerators(struct parser *p, struct ctype *type)
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
		if (accept(p, "=") && !parse_constant(p, &value))
			return false;
		if (builtin_find(name, &builtin))
			return bad(p, at, "a constant can't have the name of a built-in value");
		if (!types_add_constant(&p->program->types, type, name, (uint64_t)value))
			return out_of_memory(p);
		value = (int64_t)((uint64_t)value + 1);
		if (!is(p, "}") && !expect(p, ","))
			return false;
	}
	types_finish(type, false);
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
	bool packed = false, good;
	size_t at;

	next(p);
	at = p->token.at;
	if (!parse_attributes(p, &packed))
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
	good = kind == CTYPE_ENUM ? parse_enumerators(p, type) : parse_record(p, type, at, packed);
	leave(p);
	return good ? type : NULL;
}

/* ---- at the top ---- */

static bool parse_typedef(struct parser *p)
{
	const struct ctype *base;
	struct declarator d;

	next(p);
	base = parse_base(p);
	if (!base || !parse_declarator(p, base, &d))
		return false;
	if (!*d.name) {
		unexpected(p, "the name of the type");
		return false;
	}
	if (types_declared(&p->program->types, CTYPE_VOID, d.name))
		return bad(p, d.at, "there is a type of this name already");
	if (ctype_is_record(d.type) && !*d.type->name && d.type == base)
		((struct ctype *)base)->text = d.name; /* made for this declaration */
	return types_add_typedef(&p->program->types, d.name, d.type) || out_of_memory(p);
}

bool parse_declaration(struct parser *p)
{
	bool good = is(p, "typedef") ? parse_typedef(p) : parse_tagged(p) != NULL;

	/* bpftrace wants no ; behind a } */
	if (good && is(p, ";"))
		next(p);
	return good;
}
