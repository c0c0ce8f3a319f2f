/*
 * Where the variables of a program live, and getting at them: in a register, or in the frame (see
 * ways.c). A register is made when the variable is first assigned, which is in
 * front of all of its uses; a loose one (see struct variable) is 0 from the start, since the block
 * that assigns it may not run. Variables that no register holds are in place.c.
 */
#include "compile/internal.h"

static struct type type_of(const struct gen *g, size_t number)
{
	return g->in->variables[number].type;
}

static void make(struct gen *g, size_t number)
{
	if (g->variables[number] == REG_NONE)
		g->variables[number] = ir_reg(&g->ir);
}

void gen_variables(struct gen *g)
{
	look_for_ways(g);
	for (size_t i = 0; i < g->in->variable_count; i++) {
		g->variables[i] = REG_NONE;
		if (!g->in->variables[i].loose || g->framed || is_wide(type_of(g, i)))
			continue;
		make(g, i);
		ir_set(&g->ir, g->variables[i], 0);
	}
}

reg gen_variable(struct gen *g, const struct expr *e)
{
	reg value;

	if (!g->framed) {
		make(g, e->number);
		return g->variables[e->number];
	}
	value = ir_reg(&g->ir);
	ir_load(&g->ir, BPF_DW, value, g->frame, g->wide[e->number].at);
	return value;
}

/* A variable that was declared with a narrow type holds what fits. */
static void cut(struct gen *g, size_t number, reg value)
{
	struct type type = type_of(g, number);

	if (!g->in->variables[number].typed)
		return;
	if (type.look == LOOK_BOOL) {
		label no = ir_label(&g->ir);

		ir_branch_value(&g->ir, BPF_JEQ, value, 0, no);
		ir_set(&g->ir, value, 1);
		ir_place(&g->ir, no);
	} else if (type.kind == TYPE_INT && type.size < 8) {
		ir_extend(&g->ir, value, type.size * 8u, type.is_signed);
	}
}

void gen_variable_set(struct gen *g, const struct expr *e, reg value)
{
	reg to;

	if (!g->framed)
		make(g, e->number);
	to = g->framed ? ir_reg(&g->ir) : g->variables[e->number];
	ir_move(&g->ir, to, value);
	cut(g, e->number, to);
	if (g->framed)
		ir_store(&g->ir, BPF_DW, g->frame, g->wide[e->number].at, to);
}

reg gen_int_before(struct gen *g, const struct expr *e, const struct expr *later, label fail)
{
	reg value = gen_int(g, e, fail), copy;

	if (e->kind != EXPR_VARIABLE || !has_effect(later))
		return value;
	copy = ir_reg(&g->ir);
	ir_move(&g->ir, copy, value);
	return copy;
}

/* $x = e, $x op= e, let $x */
void gen_variable_assign(struct gen *g, const struct stmt *s)
{
	reg value;

	if (is_wide(type_of(g, s->target->number))) {
		gen_wide_assign(g, s);
		return;
	}
	if (!s->value) {
		reg none = ir_reg(&g->ir);

		ir_set(&g->ir, none, 0);
		gen_variable_set(g, s->target, none);
		return;
	}
	if (s->op == OP_NONE) {
		gen_variable_set(g, s->target, gen_int(g, s->value, use(&g->give_up)));
		return;
	}
	value = gen_int_before(g, s->target, s->value, use(&g->give_up));
	gen_arithmetic(g, s->op, s->target->type, value, s->value, use(&g->give_up));
	gen_variable_set(g, s->target, value);
}

/* The value is a copy: the variable may change again before it is used. */
reg gen_step(struct gen *g, const struct expr *e, label fail)
{
	const struct expr *x = e->child;
	uint64_t step = pointer_step(x->type);
	reg value, old, fresh;

	if (x->kind == EXPR_MAP)
		return gen_map_step(g, e, fail);
	value = ir_reg(&g->ir);
	fresh = ir_reg(&g->ir);
	old = gen_int(g, x, fail);
	if (e->kind == EXPR_STEP_AFTER)
		ir_move(&g->ir, value, old);
	ir_move(&g->ir, fresh, old);
	ir_alu_value(&g->ir, BPF_ADD, fresh, (int64_t)(e->op == OP_ADD ? step : 0 - step));
	gen_variable_set(g, x, fresh);
	if (e->kind == EXPR_STEP_BEFORE)
		ir_move(&g->ir, value, gen_variable(g, x));
	return value;
}
