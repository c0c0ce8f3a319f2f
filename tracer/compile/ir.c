/* Writing instructions, one function for each kind. */
#include "compile/ir.h"

#include <stdio.h>
#include <stdlib.h>

static struct ir_insn *add(struct ir *ir, enum ir_kind kind)
{
	static struct ir_insn lost; /* written to, never read, once memory is out */
	struct ir_insn *insn = array_add(&ir->items, &ir->count, &ir->room, sizeof(*insn));

	if (!insn) {
		ir->failed = true;
		insn = &lost;
	}
	*insn = (struct ir_insn){.kind = kind, .dst = REG_NONE, .src = REG_NONE};
	return insn;
}

reg ir_reg(struct ir *ir)
{
	return ir->regs++;
}

label ir_label(struct ir *ir)
{
	return ir->labels++;
}

int ir_stack(struct ir *ir, int bytes)
{
	ir->stack += (bytes + 7) & ~7;
	if (ir->stack > ir->stack_deepest)
		ir->stack_deepest = ir->stack;
	return -ir->stack;
}

void ir_stack_back(struct ir *ir, int mark)
{
	ir->stack = mark;
}

static void reverse(struct ir_insn *first, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct ir_insn other = first[i];

		first[i] = first[count - 1 - i];
		first[count - 1 - i] = other;
	}
}

/* Turned around as a whole and each part again, the two parts have changed places. */
void ir_put_back(struct ir *ir, size_t from, size_t at)
{
	if (ir->failed)
		return;
	reverse(ir->items + at, ir->count - at);
	reverse(ir->items + at, ir->count - from);
	reverse(ir->items + at + (ir->count - from), from - at);
}

void ir_entry(struct ir *ir, reg dst, int argument)
{
	struct ir_insn *insn = add(ir, IR_ENTRY);

	insn->dst = dst;
	insn->value = argument;
}

void ir_exit(struct ir *ir, int value)
{
	add(ir, IR_EXIT)->value = value;
}

bool ir_mentions(const struct ir *ir, reg r)
{
	for (size_t i = 0; i < ir->count; i++) {
		const struct ir_insn *insn = &ir->items[i];

		if (insn->dst == r || insn->src == r)
			return true;
		for (size_t n = 0; n < insn->arg_count; n++)
			if (insn->args[n].kind == ARG_REG && insn->args[n].reg == r)
				return true;
	}
	return false;
}

void ir_place(struct ir *ir, label l)
{
	add(ir, IR_LABEL)->target = l;
}

void ir_note(struct ir *ir, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add(ir, IR_NOTE)->text = arena_string(ir->arena, text);
}

void ir_framed(struct ir *ir, reg frame)
{
	add(ir, IR_FRAMED)->dst = frame;
}

void ir_unframed(struct ir *ir, reg frame)
{
	add(ir, IR_UNFRAMED)->dst = frame;
}

static bool fits32(int64_t value)
{
	return value >= INT32_MIN && value <= INT32_MAX;
}

static void add_bpf(struct ir *ir, int code, reg dst, reg src, int offset, int64_t value)
{
	struct ir_insn *insn = add(ir, IR_BPF);

	insn->code = (uint8_t)code;
	insn->dst = dst;
	insn->src = src;
	insn->offset = (int16_t)offset;
	insn->value = value;
	insn->immediate = src == REG_NONE;
}

void ir_set(struct ir *ir, reg dst, int64_t value)
{
	struct ir_insn *insn;

	if (fits32(value)) {
		add_bpf(ir, BPF_ALU64 | BPF_MOV | BPF_K, dst, REG_NONE, 0, value);
		return;
	}
	insn = add(ir, IR_WIDE);
	insn->dst = dst;
	insn->value = value;
}

void ir_move(struct ir *ir, reg dst, reg src)
{
	if (dst != src)
		add_bpf(ir, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

void ir_alu(struct ir *ir, int op, reg dst, reg src)
{
	add_bpf(ir, BPF_ALU64 | op | BPF_X, dst, src, 0, 0);
}

void ir_alu_value(struct ir *ir, int op, reg dst, int64_t value)
{
	if (fits32(value)) {
		add_bpf(ir, BPF_ALU64 | op | BPF_K, dst, REG_NONE, 0, value);
	} else {
		reg wide = ir_reg(ir);

		ir_set(ir, wide, value);
		ir_alu(ir, op, dst, wide);
	}
}

void ir_negate(struct ir *ir, reg dst)
{
	add_bpf(ir, BPF_ALU64 | BPF_NEG, dst, REG_NONE, 0, 0);
}

void ir_swap(struct ir *ir, reg dst, unsigned bits)
{
	add_bpf(ir, BPF_ALU | BPF_END | BPF_TO_BE, dst, REG_NONE, 0, bits);
}

void ir_extend(struct ir *ir, reg dst, unsigned bits, bool is_signed)
{
	if (bits >= 64)
		return;
	ir_alu_value(ir, BPF_LSH, dst, 64 - bits);
	ir_alu_value(ir, is_signed ? BPF_ARSH : BPF_RSH, dst, 64 - bits);
}

void ir_load(struct ir *ir, int size, reg dst, reg base, int offset)
{
	add_bpf(ir, BPF_LDX | BPF_MEM | size, dst, base, offset, 0);
}

void ir_store(struct ir *ir, int size, reg base, int offset, reg src)
{
	add_bpf(ir, BPF_STX | BPF_MEM | size, base, src, offset, 0);
}

void ir_store_value(struct ir *ir, int size, reg base, int offset, int32_t value)
{
	add_bpf(ir, BPF_ST | BPF_MEM | size, base, REG_NONE, offset, value);
}

void ir_atomic_add(struct ir *ir, reg base, int offset, reg src)
{
	add_bpf(ir, BPF_STX | BPF_ATOMIC | BPF_DW, base, src, offset, BPF_ADD);
}

void ir_atomic_fetch_add(struct ir *ir, reg base, int offset, reg src)
{
	add_bpf(ir, BPF_STX | BPF_ATOMIC | BPF_DW, base, src, offset, BPF_ADD | BPF_FETCH);
}

void ir_jump(struct ir *ir, label target)
{
	struct ir_insn *insn = add(ir, IR_JUMP);

	insn->code = BPF_JMP | BPF_JA;
	insn->target = target;
	insn->immediate = true;
}

void ir_branch(struct ir *ir, int op, reg a, reg b, label target)
{
	struct ir_insn *insn = add(ir, IR_JUMP);

	insn->code = (uint8_t)(BPF_JMP | op | BPF_X);
	insn->dst = a;
	insn->src = b;
	insn->target = target;
}

void ir_branch_value(struct ir *ir, int op, reg a, int64_t value, label target)
{
	struct ir_insn *insn;

	if (!fits32(value)) {
		reg wide = ir_reg(ir);

		ir_set(ir, wide, value);
		ir_branch(ir, op, a, wide, target);
		return;
	}
	insn = add(ir, IR_JUMP);
	insn->code = (uint8_t)(BPF_JMP | op | BPF_K);
	insn->dst = a;
	insn->value = value;
	insn->immediate = true;
	insn->target = target;
}

void ir_may_goto(struct ir *ir, label target)
{
	struct ir_insn *insn = add(ir, IR_JUMP);

	insn->code = PLAN_MAY_GOTO;
	insn->target = target;
	insn->immediate = true;
}

void ir_kernel(struct ir *ir, reg dst, int value)
{
	struct ir_insn *insn = add(ir, IR_WIDE);

	insn->dst = dst;
	insn->pseudo = PLAN_PSEUDO_KERNEL;
	insn->value = value;
}

void ir_kernel_variable(struct ir *ir, reg dst, uint32_t number)
{
	struct ir_insn *insn = add(ir, IR_WIDE);

	insn->dst = dst;
	insn->pseudo = BPF_PSEUDO_BTF_ID;
	insn->value = number;
}

void ir_map_value(struct ir *ir, reg dst, size_t map, uint32_t offset)
{
	struct ir_insn *insn = add(ir, IR_WIDE);

	insn->dst = dst;
	insn->pseudo = BPF_PSEUDO_MAP_IDX_VALUE;
	insn->value = (int64_t)map | (int64_t)((uint64_t)offset << 32);
}

static struct ir_insn *add_call(struct ir *ir, reg dst, size_t count, const struct ir_arg *args)
{
	struct ir_insn *insn = add(ir, IR_CALL);

	insn->dst = dst;
	insn->arg_count = (uint8_t)count;
	for (size_t i = 0; i < count; i++)
		insn->args[i] = args[i];
	return insn;
}

void ir_helper(struct ir *ir, int helper, reg dst, size_t count, const struct ir_arg *args)
{
	add_call(ir, dst, count, args)->value = helper;
}

void ir_function(struct ir *ir, const char *name, reg dst, size_t count,
		 const struct ir_arg *args)
{
	add_call(ir, dst, count, args)->function = name;
}

int ir_size(unsigned bytes)
{
	return bytes == 1 ? BPF_B : bytes == 2 ? BPF_H : bytes == 4 ? BPF_W : BPF_DW;
}

void code_free(struct code *code)
{
	free(code->insns);
	free(code->calls);
	free(code->notes);
	*code = (struct code){0};
}
