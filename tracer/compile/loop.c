/*
 * Loops. The kernel must see that each one ends: a round begins with an instruction that counts
 * down and leaves when the kernel's limit is reached (may_goto), and the hit is given up there and
 * counted, so that the person is told.
 *
 * The verifier walks a loop until a round brings nothing new. A variable that starts as a number it
 * knows would bring something new each round, so what a loop changes is made unknown in front of it:
 * by adding a 0 that comes from memory.
 */
#include "compile/internal.h"

#include <stddef.h>

enum { UNROLLED_MOST = 20000 }; /* instructions of a clause that may be unrolled further */

/* ---- what a loop changes ---- */

static void find_steps(const struct expr *e, bool *changed)
{
	for (; e; e = e->next) {
		if ((e->kind == EXPR_STEP_BEFORE || e->kind == EXPR_STEP_AFTER) &&
		    e->child->kind == EXPR_VARIABLE)
			changed[e->child->number] = true;
		find_steps(e->child, changed);
	}
}

static void find_changes(const struct stmt *s, bool *changed)
{
	for (; s; s = s->next) {
		if (s->target && s->target->kind == EXPR_VARIABLE)
			changed[s->target->number] = true;
		find_steps(s->target, changed);
		find_steps(s->value, changed);
		find_changes(s->body, changed);
		find_changes(s->otherwise, changed);
	}
}

/* Makes unknown what the loop changes, and the counter of its own, where it has one. */
static void forget_changes(struct gen *g, const struct stmt *s, reg counter)
{
	bool *changed = arena_alloc(&g->c->program->arena, g->in->variable_count + 1);
	reg base = ir_reg(&g->ir), zero = ir_reg(&g->ir);

	if (!changed) {
		g->c->failed = true;
		return;
	}
	find_steps(s->value, changed);
	find_changes(s->body, changed);
	ir_map_value(&g->ir, base, map_control(g->c), 0);
	ir_load(&g->ir, BPF_DW, zero, base, offsetof(struct abi_control, zero));
	for (size_t i = 0; i < s->older; i++)
		if (changed[i])
			gen_variable_forget(g, i, zero);
	if (counter != REG_NONE)
		ir_alu(&g->ir, BPF_ADD, counter, zero);
}

/* ---- loops ---- */

static void enter_loop(struct gen *g, struct loop *loop)
{
	*loop = (struct loop){.outer = g->loop};
	loop->end.label = ir_label(&g->ir);
	loop->next.label = ir_label(&g->ir);
	g->loop = loop;
}

static void leave_loop(struct gen *g, struct loop *loop)
{
	ir_place(&g->ir, loop->end.label);
	g->loop = loop->outer;
}

void gen_while(struct gen *g, const struct stmt *s)
{
	struct loop loop;

	enter_loop(g, &loop);
	ir_note(&g->ir, "while");
	forget_changes(g, s, REG_NONE);
	ir_place(&g->ir, loop.next.label);
	ir_may_goto(&g->ir, use(&g->endless));
	gen_condition(g, s->value, loop.end.label, use(&g->give_up));
	gen_stmts(g, s->body);
	ir_jump(&g->ir, loop.next.label);
	leave_loop(g, &loop);
}

/* Both ends are computed once; what the body does to its variable does not count. */
void gen_range(struct gen *g, const struct stmt *s)
{
	const struct expr *from = s->value, *to = from->next;
	bool is_signed = s->target->type.is_signed;
	reg counter = ir_reg(&g->ir), end = ir_reg(&g->ir);
	label top = ir_label(&g->ir);
	struct loop loop;

	enter_loop(g, &loop);
	ir_note(&g->ir, "for $%s", s->target->text);
	ir_move(&g->ir, counter, gen_int(g, from, use(&g->give_up)));
	ir_move(&g->ir, end, gen_int(g, to, use(&g->give_up)));
	forget_changes(g, s, counter);
	ir_place(&g->ir, top);
	ir_branch(&g->ir, is_signed ? BPF_JSGE : BPF_JGE, counter, end, loop.end.label);
	ir_may_goto(&g->ir, use(&g->endless));
	gen_variable_set(g, s->target, counter);
	gen_stmts(g, s->body);
	ir_place(&g->ir, loop.next.label);
	ir_alu_value(&g->ir, BPF_ADD, counter, 1);
	ir_jump(&g->ir, top);
	leave_loop(g, &loop);
}

void gen_unroll(struct gen *g, const struct stmt *s)
{
	ir_note(&g->ir, "unroll %llu", (unsigned long long)s->value->number);
	for (uint64_t i = 0; i < s->value->number && !g->c->program->diagnostics.errors; i++) {
		if (g->ir.count > UNROLLED_MOST)
			refuse(g, s->at, "unrolled, this clause gets too long; for ($i : 0..%llu) "
					 "goes as often",
			       (unsigned long long)s->value->number);
		gen_stmts(g, s->body);
	}
}
