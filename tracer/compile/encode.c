/*
 * BPF instructions, once every virtual register has a place (allocate.c): moves to and from the
 * places that are in memory, the arguments of calls, the distances of jumps.
 */
#include "compile/allocate.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

enum { SCRATCH_DST = BPF_REG_0, SCRATCH_SRC = BPF_REG_1 };

static void put(struct allocation *a, struct bpf_insn insn)
{
	struct bpf_insn *slot =
		array_add(&a->code->insns, &a->code->count, &a->code->room, sizeof(*slot));

	if (slot)
		*slot = insn;
	a->failed |= !slot;
}

static void put_memory(struct allocation *a, int code, int dst, int src, int offset)
{
	put(a, (struct bpf_insn){.code = (uint8_t)(code | BPF_MEM | BPF_DW), .dst_reg = (uint8_t)dst & 15,
				 .src_reg = (uint8_t)src & 15, .off = (int16_t)offset});
}

/* The BPF register that a place in memory counts from, and the distance; `scratch` may be used. */
static int base_of(struct allocation *a, int place, int scratch, int *offset)
{
	int frame;

	*offset = place;
	if (place > PLACE_FRAME)
		return BPF_REG_10;
	*offset = PLACE_FRAME - place;
	frame = a->intervals[a->frame].place;
	if (frame >= 0)
		return frame;
	put_memory(a, BPF_LDX, scratch, BPF_REG_10, frame);
	return scratch;
}

static void put_load(struct allocation *a, int dst, int place)
{
	int offset, base = base_of(a, place, dst, &offset);

	put_memory(a, BPF_LDX, dst, base, offset);
}

static void put_save(struct allocation *a, int place, int src)
{
	int other = src == SCRATCH_SRC ? SCRATCH_DST : SCRATCH_SRC;
	int offset, base = base_of(a, place, other, &offset);

	put_memory(a, BPF_STX, base, src, offset);
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

	if (ir_is_move(insn)) {
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
	if (ir_fetches(insn) && place_of(a, insn->src) < 0)
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

static bool divides(const struct ir_insn *insn)
{
	int op = BPF_OP(insn->code);

	return insn->kind == IR_BPF && BPF_CLASS(insn->code) == BPF_ALU64 && !insn->immediate &&
	       (op == BPF_DIV || op == BPF_MOD);
}

/* Instructions at the most that the kernel puts in the place of one: it writes out looking up a key, and
 * checks of divisors and of loops. */
static long grown(const struct ir_insn *insn)
{
	if (insn->kind == IR_CALL)
		return insn->function ? 0 : insn->value == BPF_FUNC_map_lookup_elem ? 10 : 4;
	return insn->code == PLAN_MAY_GOTO || divides(insn) ? 4 : 0;
}

/* How far a jump may go once the kernel has written out what is between. */
static long distance_of(const struct allocation *a, const size_t *placed, const long *added, size_t i)
{
	size_t to = (size_t)a->label_at[a->ir->items[i].target];
	long distance = (long)placed[to] - (long)placed[i + 1];

	return distance + added[to] - added[i + 1];
}

/* Second pass: the distances of jumps, now that every instruction has its place. */
static int close_jumps(struct allocation *a, const size_t *placed, const long *added,
		       struct error *err)
{
	for (size_t i = 0; i < a->ir->count; i++) {
		const struct ir_insn *insn = &a->ir->items[i];
		long distance;

		if (insn->kind != IR_JUMP)
			continue;
		distance = distance_of(a, placed, added, i);
		if (distance < SHRT_MIN || distance > SHRT_MAX)
			return error_set(err, -E2BIG,
					 "it is too long for BPF, where a jump goes over %d instructions "
					 "at the most; make several clauses of it", SHRT_MAX);
		distance = (long)placed[a->label_at[insn->target]] - (long)placed[i + 1];
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

static void put_all(struct allocation *a, size_t *placed, long *added)
{
	for (size_t i = 0; i < a->ir->count; i++) {
		const struct ir_insn *insn = &a->ir->items[i];

		placed[i] = a->code->count;
		added[i + 1] = added[i] + grown(insn);
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
		case IR_FRAMED:
		case IR_UNFRAMED:
			break;
		}
	}
	placed[a->ir->count] = a->code->count;
}

int encode(struct allocation *a, struct error *err)
{
	size_t *placed = calloc(a->ir->count + 1, sizeof(*placed));
	long *added = calloc(a->ir->count + 1, sizeof(*added));
	int rc = -ENOMEM;

	if (placed && added) {
		put_all(a, placed, added);
		rc = a->failed ? -ENOMEM : close_jumps(a, placed, added, err);
	}
	free(placed);
	free(added);
	return rc == -ENOMEM ? error_memory(err) : rc;
}
