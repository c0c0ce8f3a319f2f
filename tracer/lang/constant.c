/* Owns the numbers that a declaration takes: of elements, of bits, of an enum. */
#include "lang/parse_type.h"

#include <string.h>

static const struct type_place nowhere = {.file = NOT_IN_FILE};

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
		fits = b >= 0 && b < 64 && a >= 0 && (uint64_t)a <= UINT64_MAX >> b;
		*value = fits ? (int64_t)((uint64_t)a << b) : 0;
		break;
	case OP_SHR:
		fits = b >= 0 && b < 64;
		*value = fits ? a >> b : 0;
		break;
	case OP_MOD:
		fits = b && !(a == INT64_MIN && b == -1);
		*value = fits ? a % b : 0;
		break;
	case OP_EQ:
		*value = a == b;
		break;
	case OP_NE:
		*value = a != b;
		break;
	case OP_LT:
		*value = a < b;
		break;
	case OP_LE:
		*value = a <= b;
		break;
	case OP_GT:
		*value = a > b;
		break;
	case OP_GE:
		*value = a >= b;
		break;
	case OP_AND:
		*value = a && b;
		break;
	case OP_OR:
		*value = a || b;
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
		return bad_declaration(p, e->at, "a declaration takes a number here");
	}
	return fits || bad_declaration(p, e->at, "this number does not fit");
}

/* The type that is written in it, without what is behind its name. */
static const struct ctype *named_type(struct parser *p, const struct type_words *words)
{
	const struct ctype *found = words->known;
	struct error err;

	if (words->pointers)
		return ctype_basic("uintptr_t"); /* as large as any pointer */
	if ((!found && types_find(&p->program->types, &nowhere, words->kind, words->name, &found, &err)) ||
	    types_complete(&p->program->types, &nowhere, found, &found, &err)) {
		diagnose(&p->program->diagnostics, words->at, "%s", err.text);
		return NULL;
	}
	return found;
}

static bool constant_size(struct parser *p, const struct expr *e, int64_t *value)
{
	const struct ctype *type = e->words ? named_type(p, e->words) : NULL;
	uint64_t size;

	if (!e->words)
		return bad_declaration(p, e->at, "a declaration takes the size of a type here");
	if (!type)
		return false;
	if (__builtin_mul_overflow(type->size, e->words->is_array ? e->words->count : 1, &size) ||
	    size > INT64_MAX)
		return bad_declaration(p, e->at, "this number does not fit");
	*value = (int64_t)size;
	return true;
}

/* A number as an integer type has it. */
static bool constant_cast(struct parser *p, const struct expr *e, int64_t *value)
{
	const struct ctype *type = named_type(p, e->words);
	unsigned cut;

	if (!type || !constant(p, e->child, value))
		return false;
	if ((type->kind != CTYPE_INT && type->kind != CTYPE_ENUM) || !type->size || type->size > 8)
		return bad_declaration(p, e->at, "a declaration takes a number here");
	cut = 64 - (unsigned)type->size * 8;
	*value = type->is_bool	   ? *value != 0
		 : type->is_signed ? (int64_t)((uint64_t)*value << cut) >> cut
				   : (int64_t)((uint64_t)*value << cut >> cut);
	return true;
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
	case EXPR_TERNARY:
		return constant(p, e->child, &a) &&
		       constant(p, a ? e->child->next : e->child->next->next, value);
	case EXPR_SIZEOF:
		return constant_size(p, e, value);
	case EXPR_CAST:
		return constant_cast(p, e, value);
	default:
		return bad_declaration(p, e->at, "a declaration takes a number here");
	}
}

bool parse_constant(struct parser *p, int64_t *value)
{
	bool navigates = p->program->navigates; /* of what runs */
	const struct expr *e;

	p->operators = 0;
	e = parse_expr(p);
	p->program->navigates = navigates;
	return e && constant(p, e, value);
}


bool parse_alignment_of(struct parser *p, int64_t *value)
{
	bool navigates = p->program->navigates;
	const struct type_words *words;
	const struct ctype *type;

	if (!starts_type(p))
		return parse_constant(p, value);
	words = parse_type(p);
	p->program->navigates = navigates;
	type = words ? named_type(p, words) : NULL;
	*value = type ? type->align : 0;
	return type;
}
