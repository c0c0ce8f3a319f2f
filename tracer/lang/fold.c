/*
 * Constants: an operator whose operands are numbers becomes a number when it is checked. The result
 * is what the compiled program would have computed.
 */
#include "lang/check.h"

static bool is_unsigned(struct type t)
{
	return !t.is_signed && t.size == 8;
}

static bool compare(enum op op, uint64_t a, uint64_t b, bool is_signed)
{
	bool less = is_signed ? (int64_t)a < (int64_t)b : a < b;

	switch (op) {
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_LT:
		return less;
	case OP_LE:
		return less || a == b;
	case OP_GT:
		return !less && a != b;
	default:
		return !less;
	}
}

/* Signs are taken off and put back, as the compiled code does it. */
static uint64_t divide(enum op op, uint64_t a, uint64_t b, bool is_signed)
{
	bool a_minus = is_signed && (int64_t)a < 0, b_minus = is_signed && (int64_t)b < 0;
	uint64_t x = a_minus ? 0 - a : a, y = b_minus ? 0 - b : b, result;
	bool minus = op == OP_DIV ? a_minus != b_minus : a_minus;

	result = op == OP_DIV ? x / y : x % y;
	return minus ? 0 - result : result;
}

static uint64_t shift_right(uint64_t a, unsigned by, bool is_signed)
{
	uint64_t result = a >> by;

	return is_signed && by && (int64_t)a < 0 ? result | ~(UINT64_MAX >> by) : result;
}

static uint64_t compute(const struct expr *e, uint64_t a, uint64_t b)
{
	bool is_signed = e->type.is_signed;

	switch (e->op) {
	case OP_BITOR:
		return a | b;
	case OP_BITXOR:
		return a ^ b;
	case OP_BITAND:
		return a & b;
	case OP_ADD:
		return a + b;
	case OP_SUB:
		return a - b;
	case OP_MUL:
		return a * b;
	case OP_SHL:
		return a << (b & 63);
	case OP_SHR:
		return shift_right(a, b & 63, is_signed);
	case OP_OR:
		return a || b;
	case OP_AND:
		return a && b;
	default:
		return compare(e->op, a, b,
			       !is_unsigned(e->child->type) && !is_unsigned(e->child->next->type));
	}
}

static void become(struct expr *e, uint64_t number)
{
	e->kind = EXPR_INT;
	e->op = OP_NONE;
	e->number = number;
	e->text = NULL; /* no literal, whose type would go with the other side's */
	e->child = NULL;
}

static void fold_unary(struct expr *e)
{
	uint64_t a = e->child->number;

	if (e->op == OP_NEG || e->op == OP_NOT || e->op == OP_BITNOT)
		become(e, e->op == OP_NEG ? 0 - a : e->op == OP_NOT ? !a : ~a);
}

static void fold_binary(struct expr *e)
{
	const struct expr *a = e->child, *b = a->next;

	if (a->kind != EXPR_INT || b->kind != EXPR_INT)
		return;
	if (e->op != OP_DIV && e->op != OP_MOD)
		become(e, compute(e, a->number, b->number));
	else if (b->number)
		become(e, divide(e->op, a->number, b->number, e->type.is_signed));
}

/* Programs are checked again when a type turns out wider; so what is left must not lose any. */
static void fold_ternary(struct expr *e)
{
	const struct expr *a = e->child->next, *b = a->next;

	if (a->kind == EXPR_INT && b->kind == EXPR_INT)
		become(e, e->child->number ? a->number : b->number);
}

void fold(struct expr *e)
{
	if (e->type.kind != TYPE_INT || !e->child || e->child->kind != EXPR_INT)
		return;
	if (e->kind == EXPR_UNARY)
		fold_unary(e);
	else if (e->kind == EXPR_BINARY)
		fold_binary(e);
	else if (e->kind == EXPR_TERNARY)
		fold_ternary(e);
}
