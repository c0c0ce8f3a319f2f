/* Where the variables of a program live, and getting at them. */
#include "compile/internal.h"

/* A branch may leave one unassigned, so all start as 0. */
void gen_variables(struct gen *g)
{
	for (size_t i = 0; i < g->in->variable_count; i++) {
		g->variables[i] = ir_reg(&g->ir);
		ir_set(&g->ir, g->variables[i], 0);
	}
}

reg gen_variable(struct gen *g, const struct expr *e)
{
	return g->variables[e->number];
}

void gen_variable_set(struct gen *g, const struct expr *e, reg value)
{
	ir_move(&g->ir, g->variables[e->number], value);
}

/* $x = e, $x op= e */
void gen_variable_assign(struct gen *g, const struct stmt *s)
{
	reg value;

	if (s->op == OP_NONE) {
		gen_variable_set(g, s->target, gen_int(g, s->value, use(&g->give_up)));
		return;
	}
	value = gen_variable(g, s->target);
	gen_arithmetic(g, s->op, s->target->type, value, s->value, use(&g->give_up));
	gen_variable_set(g, s->target, value);
}
