/*
 * Bodies of loops that the kernel calls, a function each: for a key of a map (each.c), or, where the
 * kernel does not bound loops itself, for a round (loop.c). Such a function has registers and a stack of
 * its own, and no way out but its end. What it shares with the clause is the frame, where the variables
 * are, and where numbers that the clause has in registers are put for it; the frame's address, and the
 * context's, come through the clause's stack, where the verifier goes on knowing what they are.
 */
#include "compile/internal.h"

#include <stdlib.h>

enum { DEPTH_MOST = 2 }; /* bodies in bodies: see STACK_SHARED */

/* The clause's, while its body is written. */
struct outside {
	struct ir ir;
	reg context, frame, probe, variant;
	struct exit_label give_up, lost, full, endless, done;
};

/* Words of the frame. */
enum { WORD_LEFT, /* not 0: the body has ended the hit */
       WORD_PROBE, WORD_VARIANT, WORDS };

static int word(const struct body *body, int which)
{
	return body->words + which * 8;
}

static struct outside enter_body(struct gen *g)
{
	struct outside out = {g->ir, g->context, g->frame, g->probe, g->variant,
			      g->give_up, g->lost, g->full, g->endless, g->done};

	g->ir = (struct ir){.arena = out.ir.arena, .shares_stack = true};
	g->context = ir_reg(&g->ir);
	g->frame = ir_reg(&g->ir);
	g->probe = out.probe == REG_NONE ? REG_NONE : ir_reg(&g->ir);
	g->variant = out.variant == REG_NONE ? REG_NONE : ir_reg(&g->ir);
	g->give_up = (struct exit_label){.label = ir_label(&g->ir)};
	g->lost = (struct exit_label){.label = ir_label(&g->ir)};
	g->full = (struct exit_label){.label = ir_label(&g->ir)};
	g->endless = (struct exit_label){.label = ir_label(&g->ir)};
	g->done = (struct exit_label){.label = ir_label(&g->ir)};
	g->depth++;
	return out;
}

static void leave_body(struct gen *g, const struct outside *out)
{
	g->depth--;
	g->ir = out->ir;
	g->context = out->context;
	g->frame = out->frame;
	g->probe = out->probe;
	g->variant = out->variant;
	g->give_up = out->give_up;
	g->lost = out->lost;
	g->full = out->full;
	g->endless = out->endless;
	g->done = out->done;
}

/* Comes last, when it is known what is needed, and is put in front. */
static void gen_beginning(struct gen *g, struct body *body)
{
	size_t from = g->ir.count;
	reg given = ir_reg(&g->ir);

	body->asks_context = ir_mentions(&g->ir, g->context);
	for (int i = 0; i < body->given; i++)
		if (body->passed[i] != REG_NONE)
			ir_entry(&g->ir, body->passed[i], i);
	ir_entry(&g->ir, given, body->given);
	ir_load(&g->ir, BPF_DW, g->frame, given, 0);
	ir_framed(&g->ir, g->frame);
	if (body->asks_context)
		ir_load(&g->ir, BPF_DW, g->context, given, 8);
	if (g->probe != REG_NONE)
		ir_load(&g->ir, BPF_DW, g->probe, g->frame, word(body, WORD_PROBE));
	if (g->variant != REG_NONE)
		ir_load(&g->ir, BPF_DW, g->variant, g->frame, word(body, WORD_VARIANT));
	ir_put_back(&g->ir, from, 0);
}

/* 0: go on; 1: it was the last round. */
static void gen_round(struct gen *g, struct body *body)
{
	struct loop loop;

	enter_loop(g, &loop);
	ir_note(&g->ir, "%s, one round", body->what);
	body->begin(g, body);
	gen_stmts(g, body->stmt->body);
	ir_place(&g->ir, loop.next.label);
	if (body->next)
		body->next(g, body);
	ir_exit(&g->ir, 0);
	gen_troubles(g);
	ir_place(&g->ir, g->done.label);
	body->leaves = g->done.used;
	if (body->leaves)
		ir_store_value(&g->ir, BPF_DW, g->frame, word(body, WORD_LEFT), 1);
	leave_loop(g, &loop);
	ir_unframed(&g->ir, g->frame);
	ir_exit(&g->ir, 1);
	gen_beginning(g, body);
}

static void gen_function(struct gen *g, struct body *body)
{
	struct outside out = enter_body(g);
	struct ir *function;

	gen_round(g, body);
	function = array_add(&g->functions, &g->function_count, &g->function_room,
			     sizeof(*function));
	g->c->failed |= !function;
	if (function) {
		*function = g->ir;
		body->function = g->function_count - 1;
	} else {
		free(g->ir.items);
	}
	leave_body(g, &out);
}

static void gen_words(struct gen *g, const struct body *body)
{
	ir_store_value(&g->ir, BPF_DW, g->frame, word(body, WORD_LEFT), 0);
	if (g->probe != REG_NONE)
		ir_store(&g->ir, BPF_DW, g->frame, word(body, WORD_PROBE), g->probe);
	if (g->variant != REG_NONE)
		ir_store(&g->ir, BPF_DW, g->frame, word(body, WORD_VARIANT), g->variant);
}

/* What the function is handed through the stack: where that is. */
static int gen_handed(struct gen *g, const struct body *body)
{
	int handed = ir_stack(&g->ir, body->asks_context ? 16 : 8);

	ir_store(&g->ir, BPF_DW, REG_STACK, handed, g->frame);
	if (body->asks_context)
		ir_store(&g->ir, BPF_DW, REG_STACK, handed + 8, g->context);
	return handed;
}

bool gen_called(struct gen *g, struct body *body)
{
	const struct stmt *s = body->stmt;

	if (g->depth == DEPTH_MOST) {
		refuse(g, s->at,
		       g->calls_loops ? "on this kernel loops go %d deep, one in the other; from Linux 6.9 "
					"on while and for over a range have no such limit"
				      : "for over a map in for over a map goes %d deep, not further",
		       DEPTH_MOST);
		return false;
	}
	body->words = gen_frame(g, s->at, WORDS * 8);
	gen_function(g, body);
	g->ir.shares_stack = true;
	ir_note(&g->ir, "%s", body->what);
	gen_words(g, body);
	body->handed = gen_handed(g, body);
	return true;
}

void gen_returned(struct gen *g, const struct body *body)
{
	reg left;

	if (!body->leaves)
		return;
	left = ir_reg(&g->ir);
	ir_load(&g->ir, BPF_DW, left, g->frame, word(body, WORD_LEFT));
	ir_branch_value(&g->ir, BPF_JNE, left, 0, use(&g->done));
}
