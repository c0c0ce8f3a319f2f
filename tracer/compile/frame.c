/*
 * The frame: memory of one hit for what is too large for the stack. A CPU has a few, since a hit may
 * preempt another one, or wait for a page. A program that needs one takes it once, before the first
 * use, and gives it back at its end. And what is done with any memory: zeros, copies.
 */
#include "compile/internal.h"

#include <errno.h>

enum {
	FRAMES = 8,	      /* hits that can be under way on one CPU */
	FRAME_START = 8,      /* the first word says how many hits want it: its owner is alone */
	FRAME_MOST = 32752,   /* bytes behind it; the kernel's limit of a value of a CPU is 32 KB */
	ROOM_ON_STACK = 160,  /* bytes of the stack that values may take */
};

int gen_frame(struct gen *g, size_t at, uint32_t bytes)
{
	uint32_t offset = FRAME_START + g->frame_bytes;

	bytes = (bytes + 7) & ~7u;
	g->frame_touched = true;
	if (bytes > FRAME_MOST || g->frame_bytes > FRAME_MOST - bytes) {
		refuse(g, at, "the values of this clause need more than %d bytes of memory; use "
			      "shorter texts, as in str(p, 64), and of large structs what you need", FRAME_MOST);
		return FRAME_START;
	}
	g->frame_bytes += bytes;
	if (g->frame_bytes > g->frame_deepest)
		g->frame_deepest = g->frame_bytes;
	return (int)offset;
}

struct place gen_room(struct gen *g, size_t at, uint32_t bytes)
{
	uint32_t most = g->looped ? 8 : VALUE_ON_STACK;
	int room = g->looped ? 16 : ROOM_ON_STACK;

	if (bytes <= most && g->ir.stack + (int)bytes <= room)
		return (struct place){REG_STACK, ir_stack(&g->ir, (int)bytes)};
	return (struct place){g->frame, gen_frame(g, at, bytes)};
}

void gen_zero(struct gen *g, struct place to, uint32_t bytes)
{
	reg zeros;

	bytes = (bytes + 7) & ~7u;
	if (bytes <= INLINE_MOST) {
		for (uint32_t at = 0; at < bytes; at += 8)
			ir_store_value(&g->ir, BPF_DW, to.base, to.offset + (int)at, 0);
		return;
	}
	zeros = ir_reg(&g->ir);
	ir_map_value(&g->ir, zeros, map_zeros(g->c, bytes), 0);
	ir_helper(&g->ir, BPF_FUNC_probe_read_kernel, REG_NONE, 3,
		  (struct ir_arg[]){arg_at(to.base, to.offset), arg_value(bytes), arg_reg(zeros)});
}

void gen_copy(struct gen *g, struct place from, struct place to, uint32_t bytes)
{
	if (bytes > INLINE_MOST) {
		ir_helper(&g->ir, BPF_FUNC_probe_read_kernel, REG_NONE, 3,
			  (struct ir_arg[]){arg_at(to.base, to.offset), arg_value(bytes),
					    arg_at(from.base, from.offset)});
		return;
	}
	for (uint32_t at = 0, step; at < bytes; at += step) {
		reg part = ir_reg(&g->ir);

		step = bytes - at >= 8 ? 8 : bytes - at >= 4 ? 4 : bytes - at >= 2 ? 2 : 1;
		ir_load(&g->ir, ir_size(step), part, from.base, from.offset + (int)at);
		ir_store(&g->ir, ir_size(step), to.base, to.offset + (int)at, part);
	}
}

/* Without a step that tells the value from before, which kernels have since 5.12 only. */
static void gen_add_to_word(struct gen *g, reg scratch, int64_t value)
{
	ir_set(&g->ir, scratch, value);
	ir_atomic_add(&g->ir, g->frame, 0, scratch);
}

/*
 * Who adds 1 and then finds 1 there is the only one; two that want it at once may both go on to the
 * next, but never both have it.
 */
void gen_take_frame(struct gen *g)
{
	size_t map = map_frames(g->c, FRAME_START + g->frame_deepest, FRAMES);
	int mark = g->ir.stack, word = ir_stack(&g->ir, 8);
	label again = ir_label(&g->ir), taken = ir_label(&g->ir);
	reg slot = ir_reg(&g->ir), was = ir_reg(&g->ir);

	use(&g->busy);
	if (!g->ir.island)
		g->busy_first = g->busy.label;
	ir_note(&g->ir, "memory for values: %u bytes", g->frame_deepest);
	ir_set(&g->ir, slot, 0);
	ir_place(&g->ir, again);
	ir_store(&g->ir, BPF_W, REG_STACK, word, slot);
	ir_helper(&g->ir, BPF_FUNC_map_lookup_elem, g->frame, 2,
		  (struct ir_arg[]){arg_map(map), arg_stack(word)});
	ir_branch_value(&g->ir, BPF_JEQ, g->frame, 0, g->busy_first);
	gen_add_to_word(g, was, 1);
	ir_load(&g->ir, BPF_DW, was, g->frame, 0);
	ir_branch_value(&g->ir, BPF_JEQ, was, 1, taken);
	gen_add_to_word(g, was, -1);
	ir_alu_value(&g->ir, BPF_ADD, slot, 1);
	ir_branch_value(&g->ir, BPF_JLT, slot, FRAMES, again);
	ir_jump(&g->ir, g->busy_first);
	ir_place(&g->ir, taken);
	ir_stack_back(&g->ir, mark);
}

void gen_more_frame(struct gen *g, size_t at, uint32_t bytes)
{
	g->frame_bytes = g->frame_deepest;
	gen_frame(g, at, bytes);
	map_frames(g->c, FRAME_START + g->frame_deepest, FRAMES);
}

int gen_frame_end(const struct gen *g)
{
	return FRAME_START + (int)g->frame_deepest;
}

void gen_give_frame(struct gen *g)
{
	gen_add_to_word(g, ir_reg(&g->ir), -1);
}
