/*
 * From virtual registers to BPF's: linear scan over live intervals. Values that live across a call
 * get r6 to r9, the others r2 to r5; what does not fit lives on the stack. r0 and r1 are never
 * given out: they carry spilled values to and from an instruction.
 */
#include "compile/ir.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { SCRATCH_DST = BPF_REG_0, SCRATCH_SRC = BPF_REG_1 };

/* Instruction i reads at 2 * i and writes at 2 * i + 1. */
struct interval {
	int start, end; /* end < 0: never used */
	int uses;
	bool crosses_call;
	int hint; /* another virtual register it is copied from, or REG_NONE */
	int place; /* 0 to 9: a BPF register; below 0: offset from the frame pointer */
};

struct allocation {
	struct ir *ir;
	struct interval *intervals;
	int *label_at; /* label to instruction */
	int stack;     /* bytes in use, spills included */
	struct code *code;
	bool failed;
};

/* ---- intervals ---- */

static void touch(struct allocation *a, reg r, int position)
{
	struct interval *v;

	if (r < 0)
		return;
	v = &a->intervals[r];
	if (v->end < 0)
		v->start = position;
	v->end = position > v->end ? position : v->end;
	v->start = position < v->start ? position : v->start;
	v->uses++;
}

static bool is_move(const struct ir_insn *insn)
{
	return insn->kind == IR_BPF && insn->code == (BPF_ALU64 | BPF_MOV | BPF_X);
}

bool ir_only_writes(const struct ir_insn *insn)
{
	if (insn->kind != IR_BPF)
		return insn->kind == IR_WIDE || insn->kind == IR_ENTRY || insn->kind == IR_CALL;
	return BPF_CLASS(insn->code) == BPF_LDX || (insn->code & 0xf7) == (BPF_ALU64 | BPF_MOV);
}

/* An atomic operation that leaves the old value in src. */
static bool fetches(const struct ir_insn *insn)
{
	return insn->kind == IR_BPF && insn->code == (BPF_STX | BPF_ATOMIC | BPF_DW) &&
	       insn->value & BPF_FETCH;
}

bool ir_writes(const struct ir_insn *insn)
{
	if (insn->kind != IR_BPF)
		return ir_only_writes(insn);
	return BPF_CLASS(insn->code) != BPF_STX && BPF_CLASS(insn->code) != BPF_ST;
}

static void find_intervals(struct allocation *a)
{
	struct ir *ir = a->ir;

	for (size_t i = 0; i < ir->count; i++) {
		const struct ir_insn *insn = &ir->items[i];
		int at = 2 * (int)i;

		if (insn->kind == IR_LABEL)
			a->label_at[insn->target] = (int)i;
		touch(a, insn->src, at);
		if (fetches(insn))
			touch(a, insn->src, at + 1);
		for (size_t n = 0; n < insn->arg_count; n++)
			if (insn->args[n].kind == ARG_REG)
				touch(a, insn->args[n].reg, at);
		if (!ir_only_writes(insn))
			touch(a, insn->dst, at);
		if (ir_writes(insn))
			touch(a, insn->dst, at + 1);
		if (is_move(insn) && insn->src >= 0 && insn->dst >= 0 &&
		    a->intervals[insn->dst].hint == REG_NONE)
			a->intervals[insn->dst].hint = insn->src;
	}
}

/* What lives at the top of a loop and is used in it lives to the loop's end. */
static void extend_over_loops(struct allocation *a)
{
	for (size_t i = 0; i < a->ir->count; i++) {
		const struct ir_insn *insn = &a->ir->items[i];
		int from, to = 2 * (int)i + 1;

		if (insn->kind != IR_JUMP || a->label_at[insn->target] > (int)i)
			continue;
		from = 2 * a->label_at[insn->target];
		for (int r = 0; r < a->ir->regs; r++) {
			struct interval *v = &a->intervals[r];

			if (v->end >= from && v->start < from && v->end < to)
				v->end = to;
		}
	}
}

/* Calls up to each instruction are counted once, so that an interval has two places to look at. */
static void find_crossings(struct allocation *a)
{
	int *calls = calloc(a->ir->count + 2, sizeof(*calls));

	a->failed |= !calls;
	for (size_t i = 0; !a->failed && i < a->ir->count; i++)
		calls[i + 1] = calls[i] + (a->ir->items[i].kind == IR_CALL);
	for (int r = 0; !a->failed && r < a->ir->regs; r++) {
		struct interval *v = &a->intervals[r];

		/* Those at instructions with start < 2 * i < end. */
		if (v->end >= 0 && v->end > v->start)
			v->crosses_call = calls[(v->end + 1) / 2] > calls[v->start / 2 + 1];
	}
	/* What a function is given must not go where another of its arguments still is. */
	for (size_t i = 0; !a->failed && i < a->ir->count; i++)
		if (a->ir->items[i].kind == IR_ENTRY && a->ir->items[i].value)
			a->intervals[a->ir->items[i].dst].crosses_call = true;
	free(calls);
}

/* ---- places ---- */

static int by_start(const void *x, const void *y)
{
	const struct interval *a = *(struct interval *const *)x, *b = *(struct interval *const *)y;

	return a->start != b->start ? (a->start > b->start) - (a->start < b->start)
				    : (a > b) - (a < b);
}

static void spill(struct allocation *a, struct interval *v)
{
	a->stack += 8;
	v->place = -a->stack;
}

static bool register_free(struct interval **active, size_t count, int place)
{
	for (size_t i = 0; i < count; i++)
		if (active[i]->place == place)
			return false;
	return true;
}

/* A free register that suits the interval, the hint's own if it ends here; -1: none. */
static int choose_register(struct allocation *a, struct interval *v, struct interval **active,
			   size_t count)
{
	int low = v->crosses_call ? BPF_REG_6 : BPF_REG_2;

	if (v->hint >= 0) {
		int place = a->intervals[v->hint].place;

		if (place >= low && place <= BPF_REG_9 && register_free(active, count, place))
			return place;
	}
	for (int place = low; place <= BPF_REG_9; place++)
		if (register_free(active, count, place))
			return place;
	return -1;
}

/* No register is left: of those that could give theirs, the one that ends last goes to the stack. */
static void make_room(struct allocation *a, struct interval *v, struct interval **active,
		      size_t count)
{
	struct interval *victim = v;

	for (size_t i = 0; i < count; i++) {
		bool suits = active[i]->place >= BPF_REG_6 ||
			     (active[i]->place >= BPF_REG_2 && !v->crosses_call);

		if (suits && active[i]->end > victim->end)
			victim = active[i];
	}
	if (victim != v)
		v->place = victim->place;
	spill(a, victim);
}

static void give_places(struct allocation *a)
{
	size_t count = 0, active_count = 0;
	struct interval **order = calloc((size_t)a->ir->regs + 1, sizeof(*order));
	struct interval **active = calloc((size_t)a->ir->regs + 1, sizeof(*active));

	a->failed |= !order || !active;
	for (int r = 0; !a->failed && r < a->ir->regs; r++)
		if (a->intervals[r].end >= 0)
			order[count++] = &a->intervals[r];
	if (count)
		qsort(order, count, sizeof(*order), by_start);
	for (size_t i = 0; i < count; i++) {
		struct interval *v = order[i];
		size_t kept = 0;

		for (size_t n = 0; n < active_count; n++)
			if (active[n]->end >= v->start && active[n]->place >= 0)
				active[kept++] = active[n];
		active_count = kept;
		v->place = choose_register(a, v, active, active_count);
		if (v->place < 0)
			make_room(a, v, active, active_count);
		active[active_count++] = v;
	}
	free(order);
	free(active);
}

/* ---- instructions ---- */

static void put(struct allocation *a, struct bpf_insn insn)
{
	struct bpf_insn *slot =
		array_add(&a->code->insns, &a->code->count, &a->code->room, sizeof(*slot));

	if (slot)
		*slot = insn;
	a->failed |= !slot;
}

static void put_load(struct allocation *a, int dst, int slot)
{
	put(a, (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = (uint8_t)dst & 15,
				 .src_reg = BPF_REG_10, .off = (int16_t)slot});
}

static void put_save(struct allocation *a, int slot, int src)
{
	put(a, (struct bpf_insn){.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10,
				 .src_reg = (uint8_t)src & 15, .off = (int16_t)slot});
}

static void put_move(struct allocation *a, int dst, int src)
{
	if (dst != src)
		put(a, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X,
					 .dst_reg = (uint8_t)dst & 15, .src_reg = (uint8_t)src & 15});
}

static void put_wide(struct allocation *a, int dst, int pseudo, uint32_t low, uint32_t high)
{
	put(a, (struct bpf_insn){.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = (uint8_t)dst & 15,
				 .src_reg = (uint8_t)pseudo & 15, .imm = (int32_t)low});
	put(a, (struct bpf_insn){.imm = (int32_t)high});
}

static int place_of(struct allocation *a, reg r)
{
	return r == REG_STACK ? BPF_REG_10 : a->intervals[r].place;
}

/* The BPF register that holds r for reading: its own, or the scratch it is loaded into. */
static int read_reg(struct allocation *a, reg r, int scratch)
{
	int place = place_of(a, r);

	if (place >= 0)
		return place;
	put_load(a, scratch, place);
	return scratch;
}

static void put_bpf(struct allocation *a, const struct ir_insn *insn)
{
	struct bpf_insn out = {.code = insn->code, .off = insn->offset,
			       .imm = (int32_t)insn->value};
	int place = place_of(a, insn->dst);
	int dst = place >= 0 ? place : SCRATCH_DST;

	if (is_move(insn)) {
		int src = read_reg(a, insn->src, SCRATCH_DST);

		if (place < 0)
			put_save(a, place, src);
		else
			put_move(a, place, src);
		return;
	}
	if (insn->src != REG_NONE)
		out.src_reg = (uint8_t)read_reg(a, insn->src, SCRATCH_SRC) & 15;
	if (place < 0 && !ir_only_writes(insn))
		put_load(a, dst, place);
	out.dst_reg = (uint8_t)dst & 15;
	put(a, out);
	if (place < 0 && ir_writes(insn))
		put_save(a, place, dst);
	if (fetches(insn) && place_of(a, insn->src) < 0)
		put_save(a, place_of(a, insn->src), out.src_reg);
}

static void put_wide_insn(struct allocation *a, const struct ir_insn *insn)
{
	int place = place_of(a, insn->dst), dst = place >= 0 ? place : SCRATCH_DST;
	uint64_t value = (uint64_t)insn->value;

	put_wide(a, dst, insn->pseudo, (uint32_t)value, (uint32_t)(value >> 32));
	if (place < 0)
		put_save(a, place, dst);
}

/*
 * Registers into r1 to r5, in an order in which none is overwritten before it is read; a cycle is
 * opened through r0.
 */
static void put_register_args(struct allocation *a, const struct ir_insn *insn)
{
	int from[5];
	size_t pending = 0;

	for (size_t n = 0; n < insn->arg_count; n++) {
		int place = insn->args[n].kind == ARG_REG ? place_of(a, insn->args[n].reg) : -1;

		from[n] = place >= 0 && place != (int)n + 1 ? place : -1;
		pending += from[n] >= 0;
	}
	while (pending) {
		size_t ready = insn->arg_count;

		for (size_t n = 0; n < insn->arg_count && ready == insn->arg_count; n++) {
			bool blocked = from[n] < 0;

			for (size_t m = 0; m < insn->arg_count; m++)
				blocked |= m != n && from[m] == (int)n + 1;
			if (!blocked)
				ready = n;
		}
		if (ready < insn->arg_count) {
			put_move(a, (int)ready + 1, from[ready]);
			from[ready] = -1;
			pending--;
			continue;
		}
		for (size_t n = 0, open = 0; n < insn->arg_count; n++) {
			if (from[n] < 0 || from[n] == BPF_REG_0)
				continue;
			if (!open) {
				open = (size_t)from[n];
				put_move(a, BPF_REG_0, from[n]);
			}
			if (from[n] == (int)open)
				from[n] = BPF_REG_0;
		}
	}
}

static void put_other_args(struct allocation *a, const struct ir_insn *insn)
{
	for (size_t n = 0; n < insn->arg_count; n++) {
		const struct ir_arg *arg = &insn->args[n];
		int dst = (int)n + 1, place;
		struct bpf_insn out = {.code = BPF_ALU64 | BPF_MOV | BPF_K,
				       .dst_reg = (uint8_t)dst & 15, .imm = (int32_t)arg->value};

		switch (arg->kind) {
		case ARG_REG:
			place = place_of(a, arg->reg);
			if (place < 0)
				put_load(a, dst, place);
			out.code = BPF_ALU64 | BPF_ADD | BPF_K;
			if (arg->value)
				put(a, out);
			break;
		case ARG_VALUE:
			if (arg->value == (int32_t)arg->value)
				put(a, out);
			else
				put_wide(a, dst, 0, (uint32_t)arg->value,
					 (uint32_t)((uint64_t)arg->value >> 32));
			break;
		case ARG_STACK:
			put_move(a, dst, BPF_REG_10);
			out.code = BPF_ALU64 | BPF_ADD | BPF_K;
			put(a, out);
			break;
		case ARG_MAP:
			put_wide(a, dst, BPF_PSEUDO_MAP_IDX, (uint32_t)arg->value, 0);
			break;
		case ARG_FUNCTION:
			put_wide(a, dst, BPF_PSEUDO_FUNC, (uint32_t)arg->value, 0);
			break;
		}
	}
}

static void put_call(struct allocation *a, const struct ir_insn *insn)
{
	put_register_args(a, insn);
	put_other_args(a, insn);
	if (insn->function) {
		struct code_call *call = array_add(&a->code->calls, &a->code->call_count,
						   &a->code->call_room, sizeof(*call));

		a->failed |= !call;
		if (call)
			*call = (struct code_call){a->code->count, insn->function};
	}
	put(a, (struct bpf_insn){.code = BPF_JMP | BPF_CALL,
				 .src_reg = insn->function ? BPF_PSEUDO_CALL : 0,
				 .imm = (int32_t)insn->value});
	if (insn->dst == REG_NONE || a->intervals[insn->dst].end < 0)
		return;
	if (place_of(a, insn->dst) < 0)
		put_save(a, place_of(a, insn->dst), BPF_REG_0);
	else
		put_move(a, place_of(a, insn->dst), BPF_REG_0);
}

static void put_note(struct allocation *a, const char *text)
{
	struct plan_note *note = text ? array_add(&a->code->notes, &a->code->note_count,
						  &a->code->note_room, sizeof(*note))
				      : NULL;

	if (note)
		*note = (struct plan_note){a->code->count, text};
	a->failed |= text && !note;
}

static void put_jump(struct allocation *a, const struct ir_insn *insn)
{
	struct bpf_insn out = {.code = insn->code, .imm = (int32_t)insn->value};

	if (insn->src != REG_NONE)
		out.src_reg = (uint8_t)read_reg(a, insn->src, SCRATCH_SRC) & 15;
	if (insn->dst != REG_NONE)
		out.dst_reg = (uint8_t)read_reg(a, insn->dst, SCRATCH_DST) & 15;
	put(a, out);
}

/* Second pass: the distances of jumps, now that every instruction has its place. */
static int close_jumps(struct allocation *a, const size_t *placed, struct error *err)
{
	for (size_t i = 0; i < a->ir->count; i++) {
		const struct ir_insn *insn = &a->ir->items[i];
		long distance;

		if (insn->kind != IR_JUMP)
			continue;
		distance = (long)placed[a->label_at[insn->target]] - (long)placed[i + 1];
		if (distance < SHRT_MIN || distance > SHRT_MAX)
			return error_set(err, -E2BIG, "the program is too long for BPF's jumps");
		a->code->insns[placed[i + 1] - 1].off = (int16_t)distance;
	}
	return 0;
}

static void put_entry(struct allocation *a, const struct ir_insn *insn)
{
	int place = place_of(a, insn->dst), given = BPF_REG_1 + (int)insn->value;

	if (place < 0)
		put_save(a, place, given);
	else
		put_move(a, place, given);
}

static void put_all(struct allocation *a, size_t *placed)
{
	for (size_t i = 0; i < a->ir->count; i++) {
		const struct ir_insn *insn = &a->ir->items[i];

		placed[i] = a->code->count;
		switch (insn->kind) {
		case IR_BPF:
			put_bpf(a, insn);
			break;
		case IR_WIDE:
			put_wide_insn(a, insn);
			break;
		case IR_ENTRY:
			put_entry(a, insn);
			break;
		case IR_JUMP:
			put_jump(a, insn);
			break;
		case IR_CALL:
			put_call(a, insn);
			break;
		case IR_EXIT:
			put(a, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K,
						 .imm = (int32_t)insn->value});
			put(a, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
			break;
		case IR_NOTE:
			put_note(a, insn->text);
			break;
		case IR_LABEL:
			break;
		}
	}
	placed[a->ir->count] = a->code->count;
}

static int stack_most(const struct ir *ir)
{
	for (size_t i = 0; i < ir->count; i++)
		if (ir->items[i].kind == IR_JUMP && ir->items[i].code == PLAN_MAY_GOTO)
			return STACK_LOOPED;
	return ir->shares_stack ? STACK_SHARED : STACK_PROGRAM;
}

int ir_allocate(struct ir *ir, struct code *code, struct error *err)
{
	struct allocation a = {.ir = ir, .code = code, .stack = ir->stack_deepest,
			       .failed = ir->failed};
	size_t *placed = calloc(ir->count + 1, sizeof(*placed));
	int rc = 0;

	a.intervals = calloc((size_t)ir->regs + 1, sizeof(*a.intervals));
	a.label_at = calloc((size_t)ir->labels + 1, sizeof(*a.label_at));
	a.failed |= !placed || !a.intervals || !a.label_at || !ir_tidy(ir);
	if (!a.failed) {
		for (int r = 0; r < ir->regs; r++)
			a.intervals[r] = (struct interval){.end = -1, .hint = REG_NONE};
		find_intervals(&a);
		extend_over_loops(&a);
		find_crossings(&a);
		give_places(&a);
	}
	if (!a.failed && a.stack > stack_most(ir))
		rc = error_set(err, -E2BIG, "this needs %d bytes of BPF stack, there are %d%s",
			       a.stack, stack_most(ir),
			       stack_most(ir) < STACK_PROGRAM
				       ? " beside a loop; use fewer variables, or simpler expressions"
				       : "");
	if (!a.failed && !rc) {
		put_all(&a, placed);
		rc = a.failed ? 0 : close_jumps(&a, placed, err);
	}
	if (a.failed)
		rc = error_memory(err);
	free(placed);
	free(a.intervals);
	free(a.label_at);
	return rc;
}
