/*
 * Loops. The kernel must see that each one ends: a round begins with an instruction that counts
 * down and leaves when the kernel's limit is reached (may_goto), and the hit is given up there and
 * counted, so that the person is told. A kernel that does not have it is asked to call the body.
 *
 * The verifier walks a loop until a round brings nothing new, and it follows what registers hold: a
 * counter that it knows would bring something new each round. So the variables of a program with loops
 * live in the frame (see ways.c); that also leaves little on the stack (see STACK_LOOPED).
 */
#include "compile/internal.h"

enum { ROUNDS_MOST = 1 << 23 }; /* that the kernel allows: BPF_MAX_LOOPS, since 5.17 */
enum { UNROLLED_MOST = 20000 }; /* instructions of a clause that may be unrolled further */

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

/* ---- while, and for over a range ---- */

static void gen_rounds(struct gen *g, struct body *body)
{
	label top = ir_label(&g->ir);
	struct loop loop;

	enter_loop(g, &loop);
	ir_note(&g->ir, "%s", body->what);
	ir_place(&g->ir, top);
	ir_may_goto(&g->ir, use(&g->endless));
	body->begin(g, body);
	gen_stmts(g, body->stmt->body);
	ir_place(&g->ir, loop.next.label);
	if (body->next)
		body->next(g, body);
	ir_jump(&g->ir, top);
	leave_loop(g, &loop);
}

/* bpf_loop(): the kernel calls the body until it says that it was the last round, or has no patience. */
static void gen_called_rounds(struct gen *g, struct body *body)
{
	int mark = g->ir.stack;
	reg rounds = ir_reg(&g->ir);

	body->given = 1; /* behind the number of the round */
	body->passed[0] = REG_NONE;
	if (!gen_called(g, body))
		return;
	ir_helper(&g->ir, BPF_FUNC_loop, rounds, 4,
		  (struct ir_arg[]){arg_value(ROUNDS_MOST), arg_function(body->function),
				    arg_stack(body->handed), arg_value(0)});
	gen_returned(g, body);
	ir_branch_value(&g->ir, BPF_JGE, rounds, ROUNDS_MOST, use(&g->endless));
	ir_stack_back(&g->ir, mark);
}

static void gen_loop(struct gen *g, struct body *body)
{
	if (g->calls_loops)
		gen_called_rounds(g, body);
	else
		gen_rounds(g, body);
}

static void begin_while(struct gen *g, struct body *body)
{
	gen_condition(g, body->stmt->value, use(&g->loop->end), use(&g->give_up));
}

void gen_while(struct gen *g, const struct stmt *s)
{
	gen_loop(g, &(struct body){.stmt = s, .what = "while", .begin = begin_while});
}

static void begin_range(struct gen *g, struct body *body)
{
	const struct expr *variable = body->stmt->target;
	reg counter = ir_reg(&g->ir), end = ir_reg(&g->ir);

	ir_load(&g->ir, BPF_DW, counter, g->frame, body->range);
	ir_load(&g->ir, BPF_DW, end, g->frame, body->range + 8);
	ir_branch(&g->ir, variable->type.is_signed ? BPF_JSGE : BPF_JGE, counter, end,
		  use(&g->loop->end));
	gen_variable_set(g, variable, counter);
}

static void next_in_range(struct gen *g, const struct body *body)
{
	reg counter = ir_reg(&g->ir);

	ir_load(&g->ir, BPF_DW, counter, g->frame, body->range);
	ir_alu_value(&g->ir, BPF_ADD, counter, 1);
	ir_store(&g->ir, BPF_DW, g->frame, body->range, counter);
}

/* Both ends are computed once; what the body does to its variable does not count. */
void gen_range(struct gen *g, const struct stmt *s)
{
	const struct expr *from = s->value, *to = from->next;
	struct body body = {.stmt = s, .begin = begin_range, .next = next_in_range,
			    .range = gen_frame(g, s->at, 16)};

	body.what = arena_print(&g->c->plan->arena, "for $%s", s->target->text);
	ir_store(&g->ir, BPF_DW, g->frame, body.range, gen_int(g, from, use(&g->give_up)));
	ir_store(&g->ir, BPF_DW, g->frame, body.range + 8, gen_int(g, to, use(&g->give_up)));
	gen_loop(g, &body);
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
