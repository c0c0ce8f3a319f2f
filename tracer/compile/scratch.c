/*
 * Scratch memory: what is too large for the stack is built in a slot of a per-CPU map. Another hit
 * may preempt this one on its CPU, so there are several slots, and bits in the first word say which
 * are taken. Each size has a map of its own: slots of two sizes in one would lie over each other.
 */
#include "compile/internal.h"

enum {
	CLASS_LEAST = 128,
	VALUE_MOST = 32 << 10, /* PCPU_MIN_UNIT_SIZE: what the kernel takes as a per-CPU value */
};

static uint32_t class_of(uint32_t bytes, size_t *number)
{
	uint32_t size = CLASS_LEAST;

	for (*number = 0; size < bytes && *number + 1 < SCRATCH_CLASSES; ++*number)
		size *= 2;
	return size;
}

static uint32_t slots_of(uint32_t size)
{
	uint32_t room = (VALUE_MOST - 8) / size;

	return room < SCRATCH_SLOTS ? room : SCRATCH_SLOTS;
}

bool scratch_fits(uint32_t bytes)
{
	size_t number;
	uint32_t size = class_of(bytes, &number);

	return size >= bytes && slots_of(size);
}

void gen_take_slot(struct gen *g, struct slot *slot, uint32_t bytes, struct exit_label *none)
{
	int mark = g->ir.stack, zero = ir_stack(&g->ir, 8);
	label taken = ir_label(&g->ir);
	size_t number;
	uint32_t size = class_of(bytes, &number), count = slots_of(size);
	size_t map = map_scratch(g->c, number, 8 + count * size);

	slot->memory = ir_reg(&g->ir);
	slot->bit = ir_reg(&g->ir);
	slot->base = ir_reg(&g->ir);
	ir_store_value(&g->ir, BPF_W, REG_STACK, zero, 0);
	ir_helper(&g->ir, BPF_FUNC_map_lookup_elem, slot->memory, 2,
		  (struct ir_arg[]){arg_map(map), arg_stack(zero)});
	ir_stack_back(&g->ir, mark);
	ir_branch_value(&g->ir, BPF_JEQ, slot->memory, 0, use(none));
	for (uint32_t i = 0; i < count; i++) {
		reg old = ir_reg(&g->ir);

		ir_set(&g->ir, slot->bit, 1 << i);
		ir_move(&g->ir, old, slot->bit);
		ir_atomic_or(&g->ir, slot->memory, 0, old);
		ir_move(&g->ir, slot->base, slot->memory);
		ir_alu_value(&g->ir, BPF_ADD, slot->base, 8 + i * (int64_t)size);
		ir_alu(&g->ir, BPF_AND, old, slot->bit);
		ir_branch_value(&g->ir, BPF_JEQ, old, 0, taken);
	}
	ir_jump(&g->ir, use(none));
	ir_place(&g->ir, taken);
}

/* A bit that is set is taken off by subtracting it; nobody else changes it meanwhile. */
void gen_release_slot(struct gen *g, const struct slot *slot)
{
	reg minus = ir_reg(&g->ir);

	ir_move(&g->ir, minus, slot->bit);
	ir_negate(&g->ir, minus);
	ir_atomic_add(&g->ir, slot->memory, 0, minus);
}
