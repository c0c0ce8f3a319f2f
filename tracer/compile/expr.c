/* Integer expressions and conditions: all is computed in 64 bits. */
#include "compile/internal.h"

static reg gen_helper_value(struct gen *g, int helper)
{
	reg dst = ir_reg(&g->ir);

	ir_helper(&g->ir, helper, dst, 0, NULL);
	return dst;
}

void gen_store_probe(struct gen *g, reg base, int offset, size_t first)
{
	reg number = g->probe;

	if (g->one_probe) {
		ir_store_value(&g->ir, BPF_W, base, offset, (int32_t)(g->probe_number - first));
		return;
	}
	if (first) {
		number = ir_reg(&g->ir);
		ir_move(&g->ir, number, g->probe);
		ir_alu_value(&g->ir, BPF_SUB, number, (int64_t)first);
	}
	ir_store(&g->ir, BPF_W, base, offset, number);
}

static reg gen_builtin(struct gen *g, const struct expr *e, label fail)
{
	bool low = false;
	reg dst, started;

	switch (builtin_at(e->number)->id) {
	case BUILTIN_RETVAL:
		dst = gen_operand(g, 0, fail);
		if (e->type.size < 8)
			ir_extend(&g->ir, dst, e->type.size * 8u, e->type.is_signed);
		return dst;
	case BUILTIN_TID:
		low = true;
		/* fall through */
	case BUILTIN_PID:
		dst = gen_helper_value(g, BPF_FUNC_get_current_pid_tgid);
		break;
	case BUILTIN_UID:
		low = true;
		/* fall through */
	case BUILTIN_GID:
		dst = gen_helper_value(g, BPF_FUNC_get_current_uid_gid);
		break;
	case BUILTIN_CURTASK:
		return gen_helper_value(g, BPF_FUNC_get_current_task);
	case BUILTIN_CPU:
		return gen_helper_value(g, BPF_FUNC_get_smp_processor_id);
	case BUILTIN_NUMAID:
		return gen_helper_value(g, BPF_FUNC_get_numa_node_id);
	case BUILTIN_RAND:
		return gen_helper_value(g, BPF_FUNC_get_prandom_u32);
	case BUILTIN_JIFFIES:
		return gen_helper_value(g, BPF_FUNC_jiffies64);
	case BUILTIN_CGROUP:
		return gen_helper_value(g, BPF_FUNC_get_current_cgroup_id);
	case BUILTIN_NCPUS:
		dst = ir_reg(&g->ir);
		ir_kernel(&g->ir, dst, PLAN_CPUS);
		return dst;
	case BUILTIN_ELAPSED:
		dst = gen_helper_value(g, BPF_FUNC_ktime_get_ns);
		started = ir_reg(&g->ir);
		ir_kernel(&g->ir, started, PLAN_STARTED);
		ir_alu(&g->ir, BPF_SUB, dst, started);
		return dst;
	default:
		return gen_helper_value(g, BPF_FUNC_ktime_get_ns);
	}
	if (low)
		ir_extend(&g->ir, dst, 32, false);
	else
		ir_alu_value(&g->ir, BPF_RSH, dst, 32);
	return dst;
}

/* 1 or 0 from a condition. */
static reg gen_truth(struct gen *g, const struct expr *e, label fail)
{
	label no = ir_label(&g->ir);
	reg dst = ir_reg(&g->ir), yes = ir_reg(&g->ir);

	ir_set(&g->ir, dst, 0);
	gen_condition(g, e, no, fail);
	ir_set(&g->ir, yes, 1);
	ir_move(&g->ir, dst, yes);
	ir_place(&g->ir, no);
	gen_hide(g, dst);
	return dst;
}

/* BPF divides unsigned (signed from 6.6 on only), so signs are taken off and put back. */
static void gen_absolute(struct gen *g, reg value, reg sign)
{
	label positive = ir_label(&g->ir);

	ir_branch_value(&g->ir, BPF_JSGE, value, 0, positive);
	ir_negate(&g->ir, value);
	if (sign != REG_NONE)
		ir_alu_value(&g->ir, BPF_XOR, sign, 1);
	ir_place(&g->ir, positive);
}

static void gen_divide(struct gen *g, int op, bool is_signed, reg dst, reg by, label fail)
{
	reg sign = ir_reg(&g->ir), divisor = ir_reg(&g->ir);
	label positive = ir_label(&g->ir);

	ir_branch_value(&g->ir, BPF_JEQ, by, 0, fail);
	if (!is_signed) {
		ir_alu(&g->ir, op, dst, by);
		return;
	}
	ir_set(&g->ir, sign, 0);
	ir_move(&g->ir, divisor, by);
	gen_absolute(g, dst, sign);
	/* The remainder has the sign of the dividend. */
	gen_absolute(g, divisor, op == BPF_DIV ? sign : REG_NONE);
	ir_alu(&g->ir, op, dst, divisor);
	ir_branch_value(&g->ir, BPF_JEQ, sign, 0, positive);
	ir_negate(&g->ir, dst);
	ir_place(&g->ir, positive);
	gen_hide(g, dst);
}

static int alu_op(enum op op, bool is_signed)
{
	switch (op) {
	case OP_ADD:
		return BPF_ADD;
	case OP_SUB:
		return BPF_SUB;
	case OP_MUL:
		return BPF_MUL;
	case OP_DIV:
		return BPF_DIV;
	case OP_MOD:
		return BPF_MOD;
	case OP_BITAND:
		return BPF_AND;
	case OP_BITOR:
		return BPF_OR;
	case OP_BITXOR:
		return BPF_XOR;
	case OP_SHL:
		return BPF_LSH;
	default:
		return is_signed ? BPF_ARSH : BPF_RSH;
	}
}

static bool is_number(const struct expr *e)
{
	return e->kind == EXPR_INT && (int64_t)e->number >= INT32_MIN &&
	       (int64_t)e->number <= INT32_MAX;
}

/* pointer + b, pointer - b: by as many bytes as b of what it leads to have. */
static void gen_walk(struct gen *g, int code, uint64_t step, reg dst, const struct expr *b,
		     label fail)
{
	reg distance;

	if (b->kind == EXPR_INT) {
		ir_alu_value(&g->ir, code, dst, (int64_t)(b->number * step));
		return;
	}
	distance = ir_reg(&g->ir);
	ir_move(&g->ir, distance, gen_int(g, b, fail));
	ir_alu_value(&g->ir, BPF_MUL, distance, (int64_t)step);
	ir_alu(&g->ir, code, dst, distance);
}

void gen_arithmetic(struct gen *g, enum op op, struct type type, reg dst, const struct expr *b,
		    label fail)
{
	int code = alu_op(op, type.is_signed);
	bool divides = op == OP_DIV || op == OP_MOD;

	if ((op == OP_ADD || op == OP_SUB) && pointer_step(type) != 1)
		gen_walk(g, code, pointer_step(type), dst, b, fail);
	else if (b->kind == EXPR_INT && (op == OP_SHL || op == OP_SHR)) /* 64 and more: as by a register */
		ir_alu_value(&g->ir, code, dst, (int64_t)(b->number & 63));
	else if (is_number(b) && !(divides && (type.is_signed || (int64_t)b->number <= 0)))
		ir_alu_value(&g->ir, code, dst, (int64_t)b->number);
	else if (divides)
		gen_divide(g, code, type.is_signed, dst, gen_int(g, b, fail), fail);
	else
		ir_alu(&g->ir, code, dst, gen_int(g, b, fail));
}

static reg gen_binary(struct gen *g, const struct expr *e, label fail)
{
	reg dst = ir_reg(&g->ir), by;
	uint64_t step;

	if (e->op <= OP_AND || (e->op >= OP_EQ && e->op <= OP_GE))
		return gen_truth(g, e, fail);
	ir_move(&g->ir, dst, gen_int(g, e->child, fail));
	gen_arithmetic(g, e->op, e->type, dst, e->child->next, fail);
	step = pointer_step(e->child->type);
	if (e->op == OP_SUB && step != 1 && pointer_step(e->type) == 1 && pointer_step(e->child->next->type) != 1) {
		by = ir_reg(&g->ir);
		ir_set(&g->ir, by, (int64_t)step);
		gen_divide(g, BPF_DIV, true, dst, by, fail);
	}
	return dst;
}

static reg gen_unary(struct gen *g, const struct expr *e, label fail)
{
	reg dst;

	if (e->op == OP_NOT)
		return gen_truth(g, e, fail);
	dst = ir_reg(&g->ir);
	ir_move(&g->ir, dst, gen_int(g, e->child, fail));
	if (e->op == OP_NEG)
		ir_negate(&g->ir, dst);
	else
		ir_alu_value(&g->ir, BPF_XOR, dst, -1);
	return dst;
}

static reg gen_ternary(struct gen *g, const struct expr *e, label fail)
{
	label otherwise = ir_label(&g->ir), end = ir_label(&g->ir);
	const struct expr *a = e->child->next;
	reg dst = ir_reg(&g->ir);

	gen_condition(g, e->child, otherwise, fail);
	ir_move(&g->ir, dst, gen_int(g, a, fail));
	ir_jump(&g->ir, end);
	ir_place(&g->ir, otherwise);
	ir_move(&g->ir, dst, gen_int(g, a->next, fail));
	ir_place(&g->ir, end);
	gen_hide(g, dst);
	return dst;
}

static reg gen_item(struct gen *g, const struct expr *e, label fail)
{
	struct plan_value layout;
	struct place place = gen_place(g, e, &layout, fail);
	reg dst = ir_reg(&g->ir);

	ir_load(&g->ir, BPF_DW, dst, place.base, place.offset);
	return dst;
}

reg gen_int(struct gen *g, const struct expr *e, label fail)
{
	reg dst;

	switch (e->kind) {
	case EXPR_INT:
		dst = ir_reg(&g->ir);
		ir_set(&g->ir, dst, (int64_t)e->number);
		return dst;
	case EXPR_BUILTIN:
		return gen_builtin(g, e, fail);
	case EXPR_ARGUMENT:
		if (argument_shape(&g->variants, e->number) == SHAPE_WIDE)
			refuse(g, e->at, "an argument of more than 64 bits can be printed, "
					 "but not computed with");
		return gen_operand(g, e->number, fail);
	case EXPR_VARIABLE:
		return gen_variable(g, e);
	case EXPR_MAP:
		return gen_map_read(g, e, fail);
	case EXPR_ITEM:
		return gen_item(g, e, fail);
	case EXPR_CALL:
		return gen_call(g, e, fail);
	case EXPR_UNARY:
		return gen_unary(g, e, fail);
	case EXPR_BINARY:
		return gen_binary(g, e, fail);
	case EXPR_TERNARY:
		return gen_ternary(g, e, fail);
	case EXPR_STEP_BEFORE:
	case EXPR_STEP_AFTER:
		return gen_step(g, e, fail);
	case EXPR_MEMBER:
	case EXPR_INDEX:
	case EXPR_DEREF:
		return gen_load(g, e, fail);
	case EXPR_ADDRESS:
		return gen_address_of(g, e->child, fail);
	case EXPR_CAST:
		return gen_cast(g, e, fail);
	default:
		refuse(g, e->at, "a %s is not an integer", type_name(e->type));
		return ir_reg(&g->ir);
	}
}

/* The jump that is taken when `a op b` is false. */
static int opposite(enum op op, bool is_signed)
{
	switch (op) {
	case OP_EQ:
		return BPF_JNE;
	case OP_NE:
		return BPF_JEQ;
	case OP_LT:
		return is_signed ? BPF_JSGE : BPF_JGE;
	case OP_LE:
		return is_signed ? BPF_JSGT : BPF_JGT;
	case OP_GT:
		return is_signed ? BPF_JSLE : BPF_JLE;
	default:
		return is_signed ? BPF_JSLT : BPF_JLT;
	}
}

static bool wants_unsigned(struct type t)
{
	return !t.is_signed && t.size == 8;
}

static bool sign_varies(const struct gen *g, const struct expr *e)
{
	return e->kind == EXPR_ARGUMENT && e->type.kind == TYPE_INT &&
	       argument_shape(&g->variants, e->number) == SHAPE_EITHER;
}

/*
 * Of a comparison with an argument that is signed at some sites only: 1 where the site at hand
 * compares signed. With C's rule, unsigned wins. REG_NONE: all sites agree.
 */
static reg gen_sign(struct gen *g, const struct expr *a, const struct expr *b, label fail)
{
	reg sign;

	if (!sign_varies(g, a)) {
		const struct expr *other = a;

		a = b;
		b = other;
	}
	if (!sign_varies(g, a) || (wants_unsigned(b->type) && !sign_varies(g, b)))
		return REG_NONE;
	sign = gen_operand_part(g, a->number, PART_BESIDE, fail);
	if (sign_varies(g, b))
		ir_alu(&g->ir, BPF_AND, sign, gen_operand_part(g, b->number, PART_BESIDE, fail));
	return sign;
}

/* The site says how the values compare: signed where the argument is, else unsigned, as in C. */
static void gen_either_comparison(struct gen *g, const struct expr *e, reg left, reg right,
				  reg is_signed, label if_false)
{
	label plain = ir_label(&g->ir), end = ir_label(&g->ir);

	ir_branch_value(&g->ir, BPF_JEQ, is_signed, 0, plain);
	ir_branch(&g->ir, opposite(e->op, true), left, right, if_false);
	ir_jump(&g->ir, end);
	ir_place(&g->ir, plain);
	ir_branch(&g->ir, opposite(e->op, false), left, right, if_false);
	ir_place(&g->ir, end);
}

static void gen_comparison(struct gen *g, const struct expr *e, label if_false, label fail)
{
	const struct expr *a = e->child, *b = a->next;
	bool is_signed = !wants_unsigned(a->type) && !wants_unsigned(b->type);
	int op = opposite(e->op, is_signed);
	reg left = gen_int_before(g, a, b, fail), sign = REG_NONE;

	if (e->op != OP_EQ && e->op != OP_NE)
		sign = gen_sign(g, a, b, fail);
	if (sign != REG_NONE)
		gen_either_comparison(g, e, left, gen_int(g, b, fail), sign, if_false);
	else if (is_number(b))
		ir_branch_value(&g->ir, op, left, (int64_t)b->number, if_false);
	else
		ir_branch(&g->ir, op, left, gen_int(g, b, fail), if_false);
}

/* Of texts and of arrays. */
static void gen_wide_comparison(struct gen *g, const struct expr *e, label if_false, label fail)
{
	const struct expr *a = e->child, *b = a->next;
	label differs = ir_label(&g->ir);
	bool arrays = a->type.kind == TYPE_ARRAY;

	(arrays ? gen_array_equal : gen_text_equal)(g, a, b, e->op == OP_EQ ? if_false : differs, fail);
	if (e->op == OP_EQ)
		return;
	ir_jump(&g->ir, if_false);
	ir_place(&g->ir, differs);
}

void gen_condition(struct gen *g, const struct expr *e, label if_false, label fail)
{
	label other;

	if (e->kind == EXPR_INT) {
		if (!e->number)
			ir_jump(&g->ir, if_false);
	} else if (e->kind == EXPR_UNARY && e->op == OP_NOT) {
		other = ir_label(&g->ir);
		gen_condition(g, e->child, other, fail);
		ir_jump(&g->ir, if_false);
		ir_place(&g->ir, other);
	} else if (e->kind == EXPR_BINARY && e->op == OP_AND) {
		gen_condition(g, e->child, if_false, fail);
		gen_condition(g, e->child->next, if_false, fail);
	} else if (e->kind == EXPR_BINARY && e->op == OP_OR) {
		label second = ir_label(&g->ir);

		other = ir_label(&g->ir);
		gen_condition(g, e->child, second, fail);
		ir_jump(&g->ir, other);
		ir_place(&g->ir, second);
		gen_condition(g, e->child->next, if_false, fail);
		ir_place(&g->ir, other);
	} else if (e->kind == EXPR_BINARY && e->op >= OP_EQ && e->op <= OP_GE) {
		if (e->child->type.kind == TYPE_INT)
			gen_comparison(g, e, if_false, fail);
		else
			gen_wide_comparison(g, e, if_false, fail);
	} else {
		ir_branch_value(&g->ir, BPF_JEQ, gen_int(g, e, fail), 0, if_false);
	}
}
