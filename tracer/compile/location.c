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

/* What a pointer holds; of a struct that a variable has, where that is. */
static struct location pointer_location(struct gen *g, const struct expr *e, label fail)
{
	return (struct location){gen_int(g, e, fail), 0};
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
		return gen_inner(g, e->child, fail);
	default:
		return pointer_location(g, e, fail);
	}
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

/* The bytes that have the bits; what does not belong to them is shifted out. */
static reg gen_bits(struct gen *g, const struct expr *e, label fail)
{
	unsigned low = (unsigned)(e->bit_offset % 8), bytes = (low + e->bits + 7) / 8;
	struct location at = gen_location(g, e, fail);
	int mark = g->ir.stack, slot = ir_stack(&g->ir, 8);
	reg value = ir_reg(&g->ir);

	if (bytes < 8)
		ir_store_value(&g->ir, BPF_DW, REG_STACK, slot, 0);
	gen_read_memory(g, e->child->type.space, arg_stack(slot), arg_value(bytes),
			location_arg(g, at), fail);
	ir_load(&g->ir, BPF_DW, value, REG_STACK, slot);
	ir_stack_back(&g->ir, mark);
	if (64 - low - e->bits)
		ir_alu_value(&g->ir, BPF_LSH, value, 64 - low - e->bits);
	if (64 - e->bits)
		ir_alu_value(&g->ir, e->type.is_signed ? BPF_ARSH : BPF_RSH, value, 64 - e->bits);
	return value;
}

/* `bytes` at the place, extended to 64 bits. */
static reg gen_bytes(struct gen *g, const struct expr *e, enum type_space space, unsigned bytes,
		     bool is_signed, label fail)
{
	struct location at = gen_location(g, e, fail);
	int mark = g->ir.stack, slot = ir_stack(&g->ir, 8); /* a chain of pointers needs one only */
	reg value = ir_reg(&g->ir);

	gen_read_memory(g, space, arg_stack(slot), arg_value(bytes), location_arg(g, at), fail);
	ir_load(&g->ir, ir_size(bytes), value, REG_STACK, slot);
	ir_stack_back(&g->ir, mark);
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
	return gen_bytes(g, e, e->child->type.space, (unsigned)e->place->size, e->type.is_signed,
			 fail);
}

/* ---- casts ---- */

reg gen_cast(struct gen *g, const struct expr *e, label fail)
{
	const struct expr *child = e->child;
	reg value, dst = ir_reg(&g->ir);

	if (child->type.kind == TYPE_ARRAY && e->type.look != LOOK_POINTER)
		return gen_bytes(g, child, child->type.space, (unsigned)child->type.ctype->size,
				 e->type.is_signed, fail);
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
