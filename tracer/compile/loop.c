/*
 * Loops. The kernel must see that each one ends: a round begins with an instruction that counts
 * down and leaves when the kernel's limit is reached (may_goto), and the hit is given up there and
 * counted, so that the person is told.
 *
 * The verifier walks a loop until a round brings nothing new, and it follows what registers hold: a
 * counter that it knows would bring something new each round, and every `if` would double the ways.
 * So the variables of a program with loops live in the frame, in memory whose contents it does
 * not follow; that also leaves little on the stack (see STACK_LOOPED).
 */
#include "compile/internal.h"

enum { UNROLLED_MOST = 20000 }; /* instructions of a clause that may be unrolled further */

/* ---- what is other where there are loops ---- */

static bool has_loop(const struct stmt *s)
{
	for (; s; s = s->next)
		if (s->kind == STMT_WHILE || s->kind == STMT_RANGE || s->kind == STMT_EACH ||
		    has_loop(s->body) || has_loop(s->otherwise))
			return true;
	return false;
}

void look_for_loops(struct gen *g)
{
	g->looped = has_loop(g->in->body);
}

/* ---- loops ---- */

void enter_loop(struct gen *g, struct loop *loop)
{
	*loop = (struct loop){.outer = g->loop};
	loop->end.label = ir_label(&g->ir);
	loop->next.label = ir_label(&g->ir);
	g->loop = loop;
}

void leave_loop(struct gen *g, struct loop *loop)
{
	ir_place(&g->ir, loop->end.label);
	g->loop = loop->outer;
}

void gen_while(struct gen *g, const struct stmt *s)
{
	struct loop loop;

	enter_loop(g, &loop);
	ir_note(&g->ir, "while");
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
	int place = gen_frame(g, s->at, 16);
	reg counter = ir_reg(&g->ir), end = ir_reg(&g->ir);
	label top = ir_label(&g->ir);
	struct loop loop;

	enter_loop(g, &loop);
	ir_note(&g->ir, "for $%s", s->target->text);
	ir_store(&g->ir, BPF_DW, g->frame, place, gen_int(g, from, use(&g->give_up)));
	ir_store(&g->ir, BPF_DW, g->frame, place + 8, gen_int(g, to, use(&g->give_up)));
	ir_place(&g->ir, top);
	ir_may_goto(&g->ir, use(&g->endless));
	ir_load(&g->ir, BPF_DW, counter, g->frame, place);
	ir_load(&g->ir, BPF_DW, end, g->frame, place + 8);
	ir_branch(&g->ir, is_signed ? BPF_JSGE : BPF_JGE, counter, end, loop.end.label);
	gen_variable_set(g, s->target, counter);
	gen_stmts(g, s->body);
	ir_place(&g->ir, loop.next.label);
	ir_load(&g->ir, BPF_DW, counter, g->frame, place);
	ir_alu_value(&g->ir, BPF_ADD, counter, 1);
	ir_store(&g->ir, BPF_DW, g->frame, place, counter);
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
