/*
 * Reading memory by its type: the address of a place, as a register and a distance, so that
 * p->a.b[2] is one read; bit-fields. Casts, which cut a value as a store into memory would.
 */
#include "compile/internal.h"

#include <string.h>

/* ---- places ---- */

uint64_t pointer_step(struct type type)
{
	const struct ctype *target;

	if (type.kind != TYPE_INT || !type.ctype || type.ctype->kind != CTYPE_POINTER)
		return 1;
	target = type.ctype->target;
	return target->kind == CTYPE_VOID || target->kind == CTYPE_FUNCTION ? 1 : target->size;
}

enum type_space read_space(const struct expr *e)
{
	if (expr_is_copy(e))
		return SPACE_KERNEL;
	return e->child ? e->child->type.space : e->type.space;
}

/* What a pointer holds; of a struct or an array that the program has, where that is. */
static struct location pointer_location(struct gen *g, const struct expr *e, label fail)
{
	struct plan_value layout;
	struct place copy;

	if (!is_in_memory(e->type) || e->place)
		return (struct location){gen_int(g, e, fail), 0};
	copy = gen_place(g, e, &layout, fail);
	return (struct location){copy.base, copy.offset};
}

static struct location gen_inner(struct gen *g, const struct expr *e, label fail)
{
	return e->place ? gen_location(g, e, fail) : pointer_location(g, e, fail);
}

/* An index that is not known is held against the array's size: what is behind it is not in it. */
static struct location gen_element(struct gen *g, const struct expr *e, label fail)
{
	const struct expr *array = e->child, *index = array->next;
	const struct ctype *whole = expr_array(array);
	struct location at = whole ? gen_inner(g, array, fail) : pointer_location(g, array, fail);
	int64_t size = (int64_t)e->place->size, distance;
	reg sum, offset;

	if (index->kind == EXPR_INT &&
	    !__builtin_mul_overflow((int64_t)index->number, size, &distance) &&
	    !__builtin_add_overflow(at.offset, distance, &distance)) {
		at.offset = distance;
		return at;
	}
	sum = ir_reg(&g->ir);
	ir_move(&g->ir, sum, at.base); /* the index may change a variable that it is */
	offset = ir_reg(&g->ir);
	ir_move(&g->ir, offset, gen_int(g, index, fail));
	if (whole && whole->count)
		ir_branch_value(&g->ir, BPF_JGE, offset, (int64_t)whole->count, fail);
	ir_alu_value(&g->ir, BPF_MUL, offset, size);
	ir_alu(&g->ir, BPF_ADD, sum, offset);
	at.base = sum;
	return at;
}

struct location gen_location(struct gen *g, const struct expr *e, label fail)
{
	struct location at;

	switch (e->kind) {
	case EXPR_MEMBER:
		at = e->number ? pointer_location(g, e->child, fail) : gen_inner(g, e->child, fail);
		at.offset += (int64_t)(e->bit_offset / 8);
		return at;
	case EXPR_INDEX:
		return gen_element(g, e, fail);
	case EXPR_DEREF:
		return expr_array(e->child) ? gen_inner(g, e->child, fail)
					    : pointer_location(g, e->child, fail);
	default:
		return pointer_location(g, e, fail);
	}
}

struct place gen_copy_place(struct gen *g, const struct expr *e, label fail)
{
	struct location at = gen_location(g, e, fail);

	return (struct place){at.base, (int)at.offset};
}

/* The place as the argument of a call; a distance that no instruction holds is added before. */
static struct ir_arg location_arg(struct gen *g, struct location at)
{
	if (at.offset != (int32_t)at.offset) {
		reg sum = ir_reg(&g->ir);

		ir_move(&g->ir, sum, at.base);
		ir_alu_value(&g->ir, BPF_ADD, sum, at.offset);
		return arg_reg(sum);
	}
	return (struct ir_arg){ARG_REG, at.base, at.offset};
}

reg gen_address_of(struct gen *g, const struct expr *e, label fail)
{
	struct location at = gen_location(g, e, fail);
	reg address = ir_reg(&g->ir);

	ir_move(&g->ir, address, at.base);
	if (at.offset)
		ir_alu_value(&g->ir, BPF_ADD, address, at.offset);
	return address;
}

/* ---- values ---- */

/* `bytes` of what is at the place of the expression into memory. */
static void gen_fetch(struct gen *g, const struct expr *e, struct location at, struct place to,
		      uint32_t bytes, label fail)
{
	if (expr_is_copy(e))
		gen_copy(g, (struct place){at.base, (int)at.offset}, to, bytes);
	else
		gen_read_memory(g, read_space(e), arg_at(to.base, to.offset), arg_value(bytes),
				location_arg(g, at), fail);
}

/* The bytes that have the bits; what does not belong to them is shifted out. */
static reg gen_bits(struct gen *g, const struct expr *e, label fail)
{
	unsigned low = (unsigned)(e->bit_offset % 8), bytes = (low + e->bits + 7) / 8;
	struct location at = gen_location(g, e, fail);
	int mark = g->ir.stack, slot = ir_stack(&g->ir, 8);
	reg value = ir_reg(&g->ir);

	if (bytes < 8)
		ir_store_value(&g->ir, BPF_DW, REG_STACK, slot, 0);
	gen_fetch(g, e, at, (struct place){REG_STACK, slot}, bytes, fail);
	ir_load(&g->ir, BPF_DW, value, REG_STACK, slot);
	ir_stack_back(&g->ir, mark);
	if (64 - low - e->bits)
		ir_alu_value(&g->ir, BPF_LSH, value, 64 - low - e->bits);
	if (64 - e->bits)
		ir_alu_value(&g->ir, e->type.is_signed ? BPF_ARSH : BPF_RSH, value, 64 - e->bits);
	return value;
}

/* `bytes` at the place, extended to 64 bits. */
static reg gen_bytes(struct gen *g, const struct expr *e, unsigned bytes, bool is_signed, label fail)
{
	struct location at = gen_location(g, e, fail);
	int mark = g->ir.stack;
	reg value = ir_reg(&g->ir);

	if (expr_is_copy(e)) {
		ir_load(&g->ir, ir_size(bytes), value, at.base, (int)at.offset);
	} else {
		int slot = ir_stack(&g->ir, 8); /* a chain of pointers needs one only */

		gen_read_memory(g, read_space(e), arg_stack(slot), arg_value(bytes),
				location_arg(g, at), fail);
		ir_load(&g->ir, ir_size(bytes), value, REG_STACK, slot);
		ir_stack_back(&g->ir, mark);
	}
	if (is_signed)
		ir_extend(&g->ir, value, bytes * 8, true);
	return value;
}

reg gen_load(struct gen *g, const struct expr *e, label fail)
{
	if (e->bits)
		return gen_bits(g, e, fail);
	/* An array or a struct has no value but its place. */
	if (e->type.kind != TYPE_INT && e->type.kind != TYPE_FLOAT)
		return gen_address_of(g, e, fail);
	return gen_bytes(g, e, (unsigned)e->place->size, e->type.is_signed, fail);
}

/* ---- structs and arrays as wholes ---- */

void gen_whole(struct gen *g, const struct expr *e, struct place to, label fail)
{
	unsigned bytes = (unsigned)e->type.ctype->size;
	reg value;

	if (e->place) {
		gen_fetch(g, e, gen_location(g, e, fail), to, bytes, fail);
	} else if (e->kind == EXPR_CALL) {
		gen_pton(g, e, to);
	} else if (e->kind == EXPR_CAST) {
		value = gen_int(g, e->child, fail);
		ir_store(&g->ir, ir_size(bytes), to.base, to.offset, value);
	} else {
		refuse(g, e->at, "a %s can't be used here", type_name(e->type));
	}
}

/* Bytes that are compared at a time. */
static uint32_t step_of(uint64_t left)
{
	return left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

void gen_array_equal(struct gen *g, const struct expr *a, const struct expr *b, label if_not,
		     label fail)
{
	struct plan_value layout;
	struct place one = gen_place(g, a, &layout, fail), other = gen_place(g, b, &layout, fail);
	uint32_t words = layout.size > INLINE_MOST ? layout.size / 8 * 8 : 0;
	reg left, right;

	if (words) {
		left = ir_reg(&g->ir);
		ir_function(&g->ir, "tt_same", left, 3,
			    (struct ir_arg[]){arg_at(one.base, one.offset),
					      arg_at(other.base, other.offset), arg_value(words)});
		ir_branch_value(&g->ir, BPF_JEQ, left, 0, if_not);
	}
	for (uint32_t at = words, step; at < layout.size; at += step) {
		step = step_of(layout.size - at);
		left = ir_reg(&g->ir);
		right = ir_reg(&g->ir);
		ir_load(&g->ir, ir_size(step), left, one.base, one.offset + (int)at);
		ir_load(&g->ir, ir_size(step), right, other.base, other.offset + (int)at);
		ir_branch(&g->ir, BPF_JNE, left, right, if_not);
	}
}

/* ---- casts ---- */

reg gen_cast(struct gen *g, const struct expr *e, label fail)
{
	const struct expr *child = e->child;
	reg value, dst = ir_reg(&g->ir);

	if (child->type.kind == TYPE_ARRAY && e->type.look != LOOK_POINTER)
		return gen_bytes(g, child, (unsigned)child->type.ctype->size, e->type.is_signed, fail);
	if (child->type.kind == TYPE_TEXT && !child->place)
		value = gen_operand(g, child->number, fail);
	else
		value = gen_int(g, child, fail);
	if (e->type.look == LOOK_BOOL) {
		label no = ir_label(&g->ir);

		ir_set(&g->ir, dst, 0);
		ir_branch_value(&g->ir, BPF_JEQ, value, 0, no);
		ir_set(&g->ir, dst, 1);
		ir_place(&g->ir, no);
		return dst;
	}
	ir_move(&g->ir, dst, value);
	if (e->type.size < 8)
		ir_extend(&g->ir, dst, e->type.size * 8u, e->type.is_signed);
	return dst;
}
