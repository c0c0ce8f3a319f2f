/*
 * Texts: where one is (a pointer, perhaps with a length), how it gets into a record or a key, and
 * the comparison with a literal.
 */
#include "compile/internal.h"

#include <string.h>

struct text {
	reg pointer, length; /* length REG_NONE: up to the NUL */
};

void text_layout(struct plan_value *value, bool bytes, uint32_t limit)
{
	value->type = bytes ? PLAN_BYTES : PLAN_TEXT;
	value->limit = limit;
	value->size = (uint32_t)((sizeof(struct abi_text) + limit + 2 + 7) & ~7u);
}

static struct text gen_source(struct gen *g, const struct expr *e, label fail)
{
	struct text t = {REG_NONE, REG_NONE};
	const struct expr *p = e->child;

	if (e->kind == EXPR_ARGUMENT) {
		t.pointer = gen_operand(g, e->number, fail);
		if (e->type.bytes)
			t.length = gen_operand(g, e->argument->length_operand, fail);
		return t;
	}
	/* str(p), str(p, n), buf(p, n) */
	t.pointer = p->type.kind == TYPE_TEXT ? gen_source(g, p, fail).pointer
					      : gen_int(g, p, fail);
	if (p->next)
		t.length = gen_int(g, p->next, fail);
	return t;
}

/* A copy of the length that is at most `most`, so that the verifier knows it. */
static reg gen_bounded(struct gen *g, reg length, uint32_t most)
{
	label fits = ir_label(&g->ir);
	reg bounded = ir_reg(&g->ir);

	ir_move(&g->ir, bounded, length);
	ir_branch_value(&g->ir, BPF_JLE, bounded, most, fits);
	ir_set(&g->ir, bounded, most);
	ir_place(&g->ir, fits);
	return bounded;
}

/* Exactly `bytes` (bounded) bytes. */
static void gen_exact(struct gen *g, struct text t, reg bytes, reg base, int offset, label fail)
{
	gen_user_read(g, arg_at(base, offset), arg_reg(bytes), t.pointer, fail);
}

/* Text of at most `size` bytes with its NUL into memory: its length with the NUL. */
static reg gen_read_text(struct gen *g, struct ir_arg to, struct ir_arg size, struct ir_arg pointer,
			 label fail)
{
	reg length = ir_reg(&g->ir);

	ir_function(&g->ir, "tt_text", length, 3, (struct ir_arg[]){to, size, pointer});
	ir_branch_value(&g->ir, BPF_JSLE, length, 0, fail);
	g->sleepable = true;
	return length;
}

static void gen_bytes(struct gen *g, struct text t, reg base, int offset,
		      const struct plan_value *layout, label fail)
{
	reg bytes = gen_bounded(g, t.length, layout->limit);
	reg wanted = gen_bounded(g, t.length, INT32_MAX);

	ir_store(&g->ir, BPF_W, base, offset, bytes);
	ir_store(&g->ir, BPF_W, base, offset + 4, wanted);
	gen_exact(g, t, bytes, base, offset + (int)sizeof(struct abi_bytes), fail);
}

/*
 * Up to the NUL, or n bytes if none comes before. The helper wants room for a NUL behind the n
 * bytes and so looks one byte too far; where that byte can't be read, the n bytes are read alone.
 */
static void gen_string(struct gen *g, struct text t, reg base, int offset,
		       const struct plan_value *layout, label fail)
{
	int bytes_at = offset + (int)sizeof(struct abi_text);
	label read = ir_label(&g->ir), exact = ir_label(&g->ir);
	struct ir_arg size = arg_value(layout->limit + 2);
	reg length, room;

	if (t.length != REG_NONE) {
		room = gen_bounded(g, t.length, layout->limit + 1);
		ir_alu_value(&g->ir, BPF_ADD, room, 1);
		size = arg_reg(room);
	}
	length = gen_read_text(g, arg_at(base, bytes_at), size, arg_reg(t.pointer),
			       t.length == REG_NONE ? fail : exact);
	ir_alu_value(&g->ir, BPF_SUB, length, 1);
	if (t.length != REG_NONE) {
		ir_jump(&g->ir, read);
		ir_place(&g->ir, exact);
		ir_move(&g->ir, length, gen_bounded(g, t.length, layout->limit + 1));
		gen_exact(g, t, length, base, bytes_at, fail);
	}
	ir_place(&g->ir, read);
	ir_store(&g->ir, BPF_W, base, offset, length);
	ir_store_value(&g->ir, BPF_W, base, offset + 4, 0);
}

void gen_text(struct gen *g, const struct expr *e, reg base, int offset,
	      const struct plan_value *layout, label fail)
{
	struct text t = gen_source(g, e, fail);

	if (e->type.bytes)
		gen_bytes(g, t, base, offset, layout, fail);
	else
		gen_string(g, t, base, offset, layout, fail);
}

/* ---- comparison ---- */

enum { CHUNK = 48 }; /* bytes of a literal that are compared in one go */

/* `count` bytes on the stack against those of the literal, eight at a time. */
static void gen_compare(struct gen *g, int slot, const char *bytes, size_t count, label if_not)
{
	for (size_t i = 0; i < count;) {
		unsigned step = count - i >= 8 ? 8 : count - i >= 4 ? 4 : count - i >= 2 ? 2 : 1;
		reg have = ir_reg(&g->ir);
		uint64_t want = 0;

		memcpy(&want, bytes + i, step);
		ir_load(&g->ir, ir_size(step), have, REG_STACK, slot + (int)i);
		ir_branch_value(&g->ir, BPF_JNE, have, (int64_t)want, if_not);
		i += step;
	}
}

static void gen_comm_equal(struct gen *g, const struct expr *literal, label if_not)
{
	int mark = g->ir.stack, slot = ir_stack(&g->ir, ABI_COMM);

	if (literal->length >= ABI_COMM) {
		ir_jump(&g->ir, if_not);
		return;
	}
	ir_helper(&g->ir, BPF_FUNC_get_current_comm, REG_NONE, 2,
		  (struct ir_arg[]){arg_stack(slot), arg_value(ABI_COMM)});
	gen_compare(g, slot, literal->text, literal->length + 1, if_not);
	ir_stack_back(&g->ir, mark);
}

/* The length of bytes, or of a text with one, decides first; then all bytes are compared. */
static void gen_bytes_equal(struct gen *g, struct text t, const struct expr *literal, label if_not,
			    label fail)
{
	int mark = g->ir.stack, slot = ir_stack(&g->ir, CHUNK);

	ir_branch_value(&g->ir, BPF_JNE, t.length, (int64_t)literal->length, if_not);
	for (size_t i = 0; i < literal->length; i += CHUNK) {
		size_t count = literal->length - i < CHUNK ? literal->length - i : CHUNK;
		struct text part = {ir_reg(&g->ir), REG_NONE};
		reg bytes = ir_reg(&g->ir);

		ir_move(&g->ir, part.pointer, t.pointer);
		ir_alu_value(&g->ir, BPF_ADD, part.pointer, (int64_t)i);
		ir_set(&g->ir, bytes, (int64_t)count);
		gen_exact(g, part, bytes, REG_STACK, slot, fail);
		gen_compare(g, slot, literal->text + i, count, if_not);
	}
	ir_stack_back(&g->ir, mark);
}

/*
 * Reads no further than the texts agree: each part must be there in full (the helper counts a NUL
 * that it adds), the last one with its own NUL behind it.
 */
static void gen_string_equal(struct gen *g, struct text t, const struct expr *literal,
			     label if_not, label fail)
{
	int mark = g->ir.stack, slot = ir_stack(&g->ir, CHUNK + 8);
	size_t i = 0;

	do {
		size_t left = literal->length - i, count = left < CHUNK ? left : CHUNK;
		bool last = left <= CHUNK;
		reg length = gen_read_text(g, arg_stack(slot),
					   arg_value((int64_t)count + (last ? 2 : 1)),
					   arg_at(t.pointer, (int)i), fail);

		ir_branch_value(&g->ir, BPF_JNE, length, (int64_t)count + 1, if_not);
		gen_compare(g, slot, literal->text + i, count, if_not);
		i += count;
	} while (i < literal->length);
	ir_stack_back(&g->ir, mark);
}

void gen_text_equal(struct gen *g, const struct expr *e, const struct expr *literal, label if_not,
		    label fail)
{
	struct text t;

	if (e->type.kind == TYPE_COMM) {
		gen_comm_equal(g, literal, if_not);
		return;
	}
	t = gen_source(g, e, fail);
	if (t.length != REG_NONE)
		gen_bytes_equal(g, t, literal, if_not, fail);
	else
		gen_string_equal(g, t, literal, if_not, fail);
}
