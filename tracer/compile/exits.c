/*
 * The ways out of a clause, and of the body of a loop (body.c): hits that are done, that are not
 * meant, that have met trouble, which is counted. They stand at the end, where the jumps of a long clause
 * do not reach: it has islands on the way, from which one goes on.
 */
#include "compile/internal.h"

#include <stddef.h>

enum { ISLANDS_APART = 3000 }; /* instructions here; BPF's are about three for each */

static void gen_trouble(struct gen *g, struct exit_label *exit, int offset, struct exit_label *end)
{
	int mark = g->ir.stack, key;
	reg entry, one;

	if (!exit->used)
		return;
	key = ir_stack(&g->ir, 8);
	entry = ir_reg(&g->ir);
	one = ir_reg(&g->ir);
	ir_place(&g->ir, exit->label);
	gen_store_probe(g, REG_STACK, key, g->c->first_probe);
	ir_helper(&g->ir, BPF_FUNC_map_lookup_elem, entry, 2,
		  (struct ir_arg[]){arg_map(map_trouble(g->c)), arg_stack(key)});
	ir_branch_value(&g->ir, BPF_JEQ, entry, 0, use(end));
	ir_set(&g->ir, one, 1);
	ir_atomic_add(&g->ir, entry, offset, one);
	ir_jump(&g->ir, use(end));
	ir_stack_back(&g->ir, mark);
}

void gen_or_else(struct gen *g, void (*gen_stmt)(struct gen *g, const struct stmt *s), const struct stmt *s)
{
	struct exit_label give_up = g->give_up, lost = g->lost, full = g->full;
	struct exit_label next = {.label = ir_label(&g->ir)};

	g->give_up = (struct exit_label){.label = ir_label(&g->ir)};
	g->lost = (struct exit_label){.label = ir_label(&g->ir)};
	g->full = (struct exit_label){.label = ir_label(&g->ir)};
	gen_stmt(g, s);
	if (g->give_up.used || g->lost.used || g->full.used)
		ir_jump(&g->ir, use(&next));
	gen_trouble(g, &g->give_up, offsetof(struct abi_trouble, unreadable), &next);
	gen_trouble(g, &g->lost, offsetof(struct abi_trouble, lost), &next);
	gen_trouble(g, &g->full, offsetof(struct abi_trouble, full), &next);
	ir_place(&g->ir, next.label);
	g->give_up = give_up;
	g->lost = lost;
	g->full = full;
}

void gen_troubles(struct gen *g)
{
	gen_trouble(g, &g->give_up, offsetof(struct abi_trouble, unreadable), &g->done);
	gen_trouble(g, &g->lost, offsetof(struct abi_trouble, lost), &g->done);
	gen_trouble(g, &g->full, offsetof(struct abi_trouble, full), &g->done);
	gen_trouble(g, &g->endless, offsetof(struct abi_trouble, endless), &g->done);
}

void gen_exits(struct gen *g, bool framed, bool early)
{
	bool apart = framed && !early;

	if (framed)
		ir_unframed(&g->ir, g->frame);
	ir_jump(&g->ir, use(&g->done));
	if (apart)
		gen_trouble(g, &g->no_value, offsetof(struct abi_trouble, unreadable), &g->no_match);
	else if (g->no_value.used)
		ir_place(&g->ir, (use(&g->give_up), g->no_value.label));
	gen_troubles(g);
	gen_trouble(g, &g->busy, offsetof(struct abi_trouble, busy), &g->unframed);
	if (!apart)
		ir_place(&g->ir, g->no_match.label);
	ir_place(&g->ir, g->done.label);
	if (framed)
		gen_give_frame(g);
	if (apart)
		ir_place(&g->ir, g->no_match.label);
	ir_place(&g->ir, g->unframed.label);
	ir_exit(&g->ir, 0);
}

static void gen_step_stone(struct gen *g, struct exit_label *exit)
{
	label next = ir_label(&g->ir);

	ir_place(&g->ir, exit->label);
	exit->label = next;
	ir_jump(&g->ir, next);
}

/* Those that nobody has used yet have steps, too, which fall away if nobody will. */
void gen_island(struct gen *g)
{
	struct exit_label *all[] = {&g->give_up,  &g->lost,     &g->full, &g->endless, &g->done,
				    &g->no_match, &g->no_value, &g->busy, &g->unframed};
	size_t count = sizeof(all) / sizeof(*all) - (g->depth ? 4 : 0);
	label over;

	if (g->ir.count - g->ir.island < ISLANDS_APART)
		return;
	if (!g->ir.island && !g->depth)
		g->busy_first = g->busy.label;
	over = ir_label(&g->ir);
	ir_jump(&g->ir, over);
	for (size_t i = 0; i < count; i++)
		gen_step_stone(g, all[i]);
	ir_place(&g->ir, over);
	g->ir.island = g->ir.count;
}
