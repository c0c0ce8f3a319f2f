/*
 * What the generator wrote and nobody needs: code that no jump reaches (the kernel refuses it),
 * jumps to the next instruction, and computations whose result is not used. What is dropped
 * becomes an empty note, so that places stay.
 */
#include "compile/ir.h"

#include <stdlib.h>
#include <string.h>

static void drop(struct ir_insn *insn)
{
	*insn = (struct ir_insn){.kind = IR_NOTE, .dst = REG_NONE, .src = REG_NONE};
}

static bool goes_on(const struct ir_insn *insn)
{
	return insn->kind != IR_EXIT &&
	       !(insn->kind == IR_JUMP && insn->code == (BPF_JMP | BPF_JA));
}

/*
 * Marks what can be reached from the start: a list of places to go on from, which every label
 * enters once.
 */
static void drop_unreachable(struct ir *ir, const int *label_at, int *pending, bool *reached)
{
	size_t count = 0;

	pending[count++] = 0;
	while (count) {
		size_t i = (size_t)pending[--count];

		while (i < ir->count && !reached[i]) {
			const struct ir_insn *insn = &ir->items[i];

			reached[i] = true;
			if (insn->kind == IR_JUMP && !reached[label_at[insn->target]])
				pending[count++] = label_at[insn->target];
			if (!goes_on(insn))
				break;
			i++;
		}
	}
	for (size_t i = 0; i < ir->count; i++)
		if (!reached[i] && ir->items[i].kind != IR_LABEL && ir->items[i].kind != IR_UNFRAMED)
			drop(&ir->items[i]);
}

static void drop_short_jumps(struct ir *ir)
{
	for (size_t i = 0; i < ir->count; i++) {
		const struct ir_insn *insn = &ir->items[i];

		if (insn->kind != IR_JUMP || insn->code != (BPF_JMP | BPF_JA))
			continue;
		for (size_t next = i + 1; next < ir->count; next++) {
			if (ir->items[next].kind == IR_LABEL &&
			    ir->items[next].target == insn->target) {
				drop(&ir->items[i]);
				break;
			}
			if (ir->items[next].kind != IR_LABEL && ir->items[next].kind != IR_NOTE)
				break;
		}
	}
}

/* dst op= something counts as no use of dst: a chain of these alone is not needed. */
static void count_uses(const struct ir *ir, int *uses)
{
	for (size_t i = 0; i < ir->count; i++) {
		const struct ir_insn *insn = &ir->items[i];

		if (insn->src >= 0)
			uses[insn->src]++;
		if (insn->dst >= 0 && !ir_only_writes(insn) &&
		    !(insn->kind == IR_BPF && BPF_CLASS(insn->code) == BPF_ALU64))
			uses[insn->dst]++;
		for (size_t n = 0; n < insn->arg_count; n++)
			if (insn->args[n].kind == ARG_REG)
				uses[insn->args[n].reg]++;
	}
}

/* Loads, moves and arithmetic have no other effect than their result. */
static bool drop_unused(struct ir *ir, int *uses)
{
	bool dropped = false;

	memset(uses, 0, ((size_t)ir->regs + 1) * sizeof(*uses));
	count_uses(ir, uses);
	for (size_t i = 0; i < ir->count; i++) {
		struct ir_insn *insn = &ir->items[i];
		bool pure = insn->kind == IR_WIDE || insn->kind == IR_ENTRY ||
			    (insn->kind == IR_BPF && ir_writes(insn));

		if (pure && insn->dst >= 0 && !uses[insn->dst]) {
			drop(insn);
			dropped = true;
		}
	}
	return dropped;
}

bool ir_tidy(struct ir *ir)
{
	int *label_at = calloc((size_t)ir->labels + 1, sizeof(*label_at));
	int *pending = calloc(ir->count + 1, sizeof(*pending));
	bool *reached = calloc(ir->count + 1, sizeof(*reached));
	int *uses = calloc((size_t)ir->regs + 1, sizeof(*uses));
	bool good = label_at && pending && reached && uses;

	if (good) {
		for (size_t i = 0; i < ir->count; i++)
			if (ir->items[i].kind == IR_LABEL)
				label_at[ir->items[i].target] = (int)i;
		drop_unreachable(ir, label_at, pending, reached);
		drop_short_jumps(ir);
		while (drop_unused(ir, uses))
			;
	}
	free(label_at);
	free(pending);
	free(reached);
	free(uses);
	return good;
}
