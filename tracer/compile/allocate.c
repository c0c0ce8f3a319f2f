/*
 * From virtual registers to BPF's: linear scan over live intervals. Values that live across a call
 * get r6 to r9, the others r2 to r5; what does not fit lives on the stack. r0 and r1 are never
 * given out: they carry spilled values to and from an instruction.
 */
#include "compile/allocate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

bool ir_is_move(const struct ir_insn *insn)
{
	return insn->kind == IR_BPF && insn->code == (BPF_ALU64 | BPF_MOV | BPF_X);
}

bool ir_only_writes(const struct ir_insn *insn)
{
	if (insn->kind != IR_BPF)
		return insn->kind == IR_WIDE || insn->kind == IR_ENTRY || insn->kind == IR_CALL;
	return BPF_CLASS(insn->code) == BPF_LDX || (insn->code & 0xf7) == (BPF_ALU64 | BPF_MOV);
}

bool ir_fetches(const struct ir_insn *insn)
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
		if (ir_fetches(insn))
			touch(a, insn->src, at + 1);
		for (size_t n = 0; n < insn->arg_count; n++)
			if (insn->args[n].kind == ARG_REG)
				touch(a, insn->args[n].reg, at);
		if (!ir_only_writes(insn))
			touch(a, insn->dst, at);
		if (ir_writes(insn))
			touch(a, insn->dst, at + 1);
		if (ir_is_move(insn) && insn->src >= 0 && insn->dst >= 0 &&
		    a->intervals[insn->dst].hint == REG_NONE)
			a->intervals[insn->dst].hint = insn->src;
	}
}

/* From the top of a loop to the jump back. */
struct round {
	int from, to;
};

static int by_top(const void *x, const void *y)
{
	const struct round *a = x, *b = y;

	return (a->from > b->from) - (a->from < b->from);
}

static struct round *find_rounds(struct allocation *a, size_t *count)
{
	struct round *rounds = NULL, *slot;
	size_t room = 0;

	*count = 0;
	for (size_t i = 0; i < a->ir->count; i++) {
		const struct ir_insn *insn = &a->ir->items[i];

		if (insn->kind != IR_JUMP || a->label_at[insn->target] > (int)i)
			continue;
		slot = array_add(&rounds, count, &room, sizeof(*slot));
		a->failed |= !slot;
		if (slot)
			*slot = (struct round){2 * a->label_at[insn->target], 2 * (int)i + 1};
	}
	if (*count)
		qsort(rounds, *count, sizeof(*rounds), by_top);
	return rounds;
}

/* The first round whose top is behind the place. */
static size_t first_behind(const struct round *rounds, size_t count, int place)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = low + (count - low) / 2;

		if (rounds[middle].from > place)
			count = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* What lives at the top of a loop and is used in it lives to the loop's end. */
static void extend_over_loops(struct allocation *a)
{
	size_t count;
	struct round *rounds = find_rounds(a, &count);

	for (int r = 0; count && r < a->ir->regs; r++) {
		struct interval *v = &a->intervals[r];

		if (v->end < 0)
			continue;
		for (size_t i = first_behind(rounds, count, v->start);
		     i < count && rounds[i].from <= v->end; i++)
			v->end = rounds[i].to > v->end ? rounds[i].to : v->end;
	}
	free(rounds);
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

static void find_frame(struct allocation *a)
{
	a->frame = REG_NONE;
	for (size_t i = 0; i < a->ir->count; i++) {
		const struct ir_insn *insn = &a->ir->items[i];

		if (insn->kind == IR_FRAMED) {
			a->frame = insn->dst;
			a->frame_from = 2 * (int)i;
		} else if (insn->kind == IR_UNFRAMED) {
			a->frame_to = 2 * (int)i;
		}
	}
}

/* Helpers whose result is an address. */
static bool finds_memory(int64_t helper)
{
	return helper == BPF_FUNC_map_lookup_elem || helper == BPF_FUNC_map_lookup_percpu_elem ||
	       helper == BPF_FUNC_ringbuf_reserve || helper == BPF_FUNC_task_storage_get ||
	       helper == BPF_FUNC_get_current_task_btf ||
	       helper == BPF_FUNC_per_cpu_ptr || helper == BPF_FUNC_this_cpu_ptr;
}

static bool makes_pointer(const struct allocation *a, const struct ir_insn *insn)
{
	bool of_pointer = insn->src >= 0 && a->intervals[insn->src].is_pointer;

	switch (insn->kind) {
	case IR_ENTRY:
		return true;
	case IR_WIDE:
		return insn->pseudo && insn->pseudo != PLAN_PSEUDO_KERNEL;
	case IR_CALL:
		return !insn->function && finds_memory(insn->value);
	case IR_BPF:
		if (BPF_CLASS(insn->code) == BPF_LDX)
			return of_pointer && insn->src != a->frame && a->intervals[insn->src].leads_on;
		return of_pointer && BPF_CLASS(insn->code) == BPF_ALU64;
	default:
		return false;
	}
}

static void find_pointers(struct allocation *a)
{
	bool found = true;

	while (found) {
		found = false;
		for (size_t i = 0; i < a->ir->count; i++) {
			const struct ir_insn *insn = &a->ir->items[i];

			if (insn->dst < 0 || a->intervals[insn->dst].is_pointer ||
			    !makes_pointer(a, insn))
				continue;
			a->intervals[insn->dst].is_pointer = found = true;
			a->intervals[insn->dst].leads_on =
				insn->kind == IR_ENTRY ||
				(insn->src >= 0 && a->intervals[insn->src].leads_on);
		}
	}
}

/* Numbers that calls are given, or that are added to an address. */
static void find_bounds(struct allocation *a)
{
	for (size_t i = 0; i < a->ir->count; i++) {
		const struct ir_insn *insn = &a->ir->items[i];

		for (size_t n = 0; n < insn->arg_count; n++)
			if (insn->args[n].kind == ARG_REG)
				a->intervals[insn->args[n].reg].is_bound = true;
		if (insn->kind == IR_BPF && BPF_CLASS(insn->code) == BPF_ALU64 && insn->src >= 0 &&
		    insn->dst >= 0 && a->intervals[insn->dst].is_pointer)
			a->intervals[insn->src].is_bound = true;
	}
}

/* ---- places ---- */

static int by_start(const void *x, const void *y)
{
	const struct interval *a = *(struct interval *const *)x, *b = *(struct interval *const *)y;

	return a->start != b->start ? (a->start > b->start) - (a->start < b->start)
				    : (a > b) - (a < b);
}

/* Where the stack is small, or much of it is taken, a number goes to the frame. */
static bool suits_frame(const struct allocation *a, const struct interval *v)
{
	return a->frame != REG_NONE && !v->is_pointer && !v->is_bound && v->start >= a->frame_from &&
	       v->end <= a->frame_to && a->stack >= a->stack_most - STACK_PROGRAM / 2;
}

static void spill(struct allocation *a, struct interval *v)
{
	if (suits_frame(a, v)) {
		v->place = PLACE_FRAME - a->ir->frame_at - a->ir->frame_bytes;
		a->ir->frame_bytes += 8;
		return;
	}
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

/* Does a go to memory rather than b? */
static bool goes_first(const struct allocation *a, const struct interval *v, const struct interval *w)
{
	bool first = suits_frame(a, v), second = suits_frame(a, w);

	return first != second ? first : v->end > w->end;
}

/* No register is left: of those that could give theirs, the one that ends last goes to memory, but not
 * the frame's address. */
static void make_room(struct allocation *a, struct interval *v, struct interval **active,
		      size_t count)
{
	struct interval *victim = v;

	for (size_t i = 0; i < count; i++) {
		bool suits = active[i]->place >= BPF_REG_6 ||
			     (active[i]->place >= BPF_REG_2 && !v->crosses_call);

		if (suits && goes_first(a, active[i], victim))
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
			       .stack_most = stack_most(ir), .failed = ir->failed};
	int rc = 0;

	a.intervals = calloc((size_t)ir->regs + 1, sizeof(*a.intervals));
	a.label_at = calloc((size_t)ir->labels + 1, sizeof(*a.label_at));
	a.failed |= !a.intervals || !a.label_at || !ir_tidy(ir);
	if (!a.failed) {
		for (int r = 0; r < ir->regs; r++)
			a.intervals[r] = (struct interval){.end = -1, .hint = REG_NONE};
		find_intervals(&a);
		extend_over_loops(&a);
		find_crossings(&a);
		find_frame(&a);
		find_pointers(&a);
		find_bounds(&a);
		give_places(&a);
	}
	if (!a.failed && a.stack > a.stack_most)
		rc = error_set(err, -E2BIG, "this needs %d bytes of BPF stack, there are %d%s",
			       a.stack, a.stack_most,
			       a.stack_most < STACK_PROGRAM
				       ? " beside a loop; use fewer variables, or simpler expressions"
				       : "");
	if (a.failed)
		rc = error_memory(err);
	else if (!rc)
		rc = encode(&a, err);
	free(a.intervals);
	free(a.label_at);
	return rc;
}
