/*
 * Texts: where one is (a pointer, perhaps with a length), how it gets into a record or a key, and
 * the comparison with a literal.
 */
#include "compile/internal.h"

#include <stddef.h>
#include <string.h>

struct text {
	reg pointer, length; /* length REG_NONE: up to the NUL */
	uint64_t bytes;	     /* of the array that it is in; 0: it is in none */
	enum type_space space;
};

void text_layout(struct plan_value *value, bool bytes, uint32_t limit)
{
	value->type = bytes ? PLAN_BYTES : PLAN_TEXT;
	value->limit = limit;
	value->size = (uint32_t)((sizeof(struct abi_text) + limit + 2 + 7) & ~7u);
}

static struct text gen_source(struct gen *g, const struct expr *e, label fail)
{
	struct text t = {.pointer = REG_NONE, .length = REG_NONE, .space = e->type.space};
	const struct expr *p = e->child;

	if (e->place) {
		t.space = read_space(e);
		t.bytes = e->place->size;
		if (e->type.bytes) {
			t.length = ir_reg(&g->ir);
			ir_set(&g->ir, t.length, (int64_t)t.bytes);
		}
		t.pointer = gen_address_of(g, e, fail);
		return t;
	}
	if (e->kind == EXPR_ARGUMENT) {
		t.space = e->argument->in_record ? SPACE_KERNEL : pointed_space(g);
		t.pointer = gen_operand(g, e->number, fail);
		if (e->type.bytes || e->argument->has_length)
			t.length = gen_operand(g, e->argument->length_operand, fail);
		return t;
	}
	if (function_at(e->number)->id == FUNC_PATH) {
		t.space = SPACE_KERNEL;
		t.pointer = gen_path(g, e, fail);
		return t;
	}
	/* str(p), str(p, n), buf(p, n), buf(array) */
	if (expr_array(p)) {
		t.bytes = expr_array(p)->size;
		t.space = expr_is_copy(p) ? SPACE_KERNEL : p->type.space;
		t.pointer = gen_address_of(g, p, fail);
	} else if (p->type.kind == TYPE_TEXT) {
		t = gen_source(g, p, fail);
	} else {
		t.pointer = gen_int(g, p, fail);
	}
	if (p->next) {
		t.length = gen_int(g, p->next, fail);
		t.bytes = 0;
	} else if (e->type.bytes) {
		t.length = ir_reg(&g->ir);
		ir_set(&g->ir, t.length, (int64_t)t.bytes);
	}
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
	gen_read_memory(g, t.space, arg_at(base, offset), arg_reg(bytes), arg_reg(t.pointer), fail);
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
	bool in_array = t.bytes && t.bytes <= layout->limit + 1;
	bool bounded = t.length != REG_NONE || in_array;
	struct ir_arg size = arg_value(in_array ? (int64_t)t.bytes + 1 : layout->limit + 2);
	reg length, room;

	if (t.length != REG_NONE) {
		room = gen_bounded(g, t.length, layout->limit + 1);
		ir_alu_value(&g->ir, BPF_ADD, room, 1);
		size = arg_reg(room);
	}
	length = gen_read_text(g, t.space, arg_at(base, bytes_at), size, arg_reg(t.pointer),
			       bounded ? exact : fail);
	ir_alu_value(&g->ir, BPF_SUB, length, 1);
	if (bounded) {
		ir_jump(&g->ir, read);
		ir_place(&g->ir, exact);
		if (in_array)
			ir_set(&g->ir, length, (int64_t)t.bytes);
		else
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

void gen_literal(struct gen *g, const struct expr *e, struct place to,
		 const struct plan_value *layout)
{
	size_t length = e->length < layout->limit ? e->length : layout->limit;
	int at = to.offset + (int)sizeof(struct abi_text);

	ir_store_value(&g->ir, BPF_W, to.base, to.offset, (int32_t)length);
	ir_store_value(&g->ir, BPF_W, to.base, to.offset + (int)offsetof(struct abi_text, cut),
		       layout->type == PLAN_BYTES ? (int32_t)e->length : 0);
	for (size_t i = 0; i < length; i += 8) {
		reg part = ir_reg(&g->ir);
		uint64_t bytes = 0;

		memcpy(&bytes, e->text + i, length - i < 8 ? length - i : 8);
		ir_set(&g->ir, part, (int64_t)bytes);
		ir_store(&g->ir, BPF_DW, to.base, at + (int)i, part);
	}
}

/* ---- comparison ---- */

/* Bytes of a literal that are compared in one go. */
static size_t chunk_of(const struct gen *g)
{
	return g->looped ? 8 : 48;
}

/* `count` bytes in memory against those of the literal, eight at a time. */
static void gen_compare(struct gen *g, struct place at, const char *bytes, size_t count,
			label if_not)
{
	for (size_t i = 0; i < count;) {
		unsigned step = count - i >= 8 ? 8 : count - i >= 4 ? 4 : count - i >= 2 ? 2 : 1;
		reg have = ir_reg(&g->ir);
		uint64_t want = 0;

		memcpy(&want, bytes + i, step);
		ir_load(&g->ir, ir_size(step), have, at.base, at.offset + (int)i);
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
	gen_compare(g, (struct place){REG_STACK, slot}, literal->text, literal->length + 1,
		    if_not);
	ir_stack_back(&g->ir, mark);
}

/* The length of bytes, or of a text with one, decides first; then all bytes are compared. */
static void gen_bytes_equal(struct gen *g, struct text t, const struct expr *literal, label if_not,
			    label fail)
{
	size_t chunk = chunk_of(g);
	int mark = g->ir.stack, slot = ir_stack(&g->ir, (int)chunk);

	ir_branch_value(&g->ir, BPF_JNE, t.length, (int64_t)literal->length, if_not);
	for (size_t i = 0; i < literal->length; i += chunk) {
		size_t count = literal->length - i < chunk ? literal->length - i : chunk;
		struct text part = {ir_reg(&g->ir), REG_NONE, 0, t.space};
		reg bytes = ir_reg(&g->ir);

		ir_move(&g->ir, part.pointer, t.pointer);
		ir_alu_value(&g->ir, BPF_ADD, part.pointer, (int64_t)i);
		ir_set(&g->ir, bytes, (int64_t)count);
		gen_exact(g, part, bytes, REG_STACK, slot, fail);
		gen_compare(g, (struct place){REG_STACK, slot}, literal->text + i, count, if_not);
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
	size_t chunk = chunk_of(g);
	int mark = g->ir.stack, slot = ir_stack(&g->ir, (int)chunk + 8);
	size_t i = 0;

	if (t.bytes && literal->length > t.bytes) {
		ir_jump(&g->ir, if_not);
		return;
	}
	do {
		size_t left = literal->length - i, count = left < chunk ? left : chunk;
		/* A text that fills its array has no NUL. */
		bool last = left <= chunk && literal->length != t.bytes;
		reg length = gen_read_text(g, t.space, arg_stack(slot),
					   arg_value((int64_t)count + (last ? 2 : 1)),
					   arg_at(t.pointer, (int)i), fail);

		ir_branch_value(&g->ir, BPF_JNE, length, (int64_t)count + 1, if_not);
		gen_compare(g, (struct place){REG_STACK, slot}, literal->text + i, count, if_not);
		i += count;
	} while (i < literal->length);
	ir_stack_back(&g->ir, mark);
}

/* What is read from the traced process, and no further than need be. */
static void gen_user_equal(struct gen *g, const struct expr *e, const struct expr *literal,
			   label if_not, label fail)
{
	struct text t = gen_source(g, e, fail);

	/* A text in a record has its NUL in the room that it has. */
	if (t.length != REG_NONE && (t.space != SPACE_KERNEL || e->type.bytes))
		gen_bytes_equal(g, t, literal, if_not, fail);
	else
		gen_string_equal(g, t, literal, if_not, fail);
}

struct place gen_text_place(struct gen *g, const struct expr *e, struct plan_value *layout,
			    label fail)
{
	if (e->type.kind != TYPE_COMM)
		return gen_place(g, e, layout, fail);
	*layout = (struct plan_value){.name = ""};
	text_layout(layout, false, ABI_COMM - 1);
	return gen_made(g, e, layout, fail);
}

static void gen_kept_equal(struct gen *g, const struct expr *e, const struct expr *literal,
			   label if_not, label fail)
{
	struct plan_value layout;
	struct place at = gen_text_place(g, e, &layout, fail);
	reg length = ir_reg(&g->ir);

	if (literal->length > layout.limit) {
		ir_jump(&g->ir, if_not);
		return;
	}
	ir_load(&g->ir, BPF_W, length, at.base, at.offset);
	ir_branch_value(&g->ir, BPF_JNE, length, (int64_t)literal->length, if_not);
	at.offset += (int)sizeof(struct abi_text);
	gen_compare(g, at, literal->text, literal->length, if_not);
}

static void gen_both_equal(struct gen *g, const struct expr *a, const struct expr *b, label if_not,
			   label fail)
{
	struct plan_value left, right;
	struct place one = gen_text_place(g, a, &left, fail);
	struct place other = gen_text_place(g, b, &right, fail);
	uint32_t bytes = (left.size < right.size ? left.size : right.size) - sizeof(struct abi_text);
	reg length = ir_reg(&g->ir), second = ir_reg(&g->ir), same = ir_reg(&g->ir);

	ir_load(&g->ir, BPF_W, length, one.base, one.offset);
	ir_load(&g->ir, BPF_W, second, other.base, other.offset);
	ir_branch(&g->ir, BPF_JNE, length, second, if_not);
	ir_function(&g->ir, "tt_same", same, 3,
		    (struct ir_arg[]){arg_at(one.base, one.offset + (int)sizeof(struct abi_text)),
				      arg_at(other.base, other.offset + (int)sizeof(struct abi_text)),
				      arg_value(bytes)});
	ir_branch_value(&g->ir, BPF_JEQ, same, 0, if_not);
}

/* probe == "demo:request": which of the probes have that name is known here. */
static void gen_probe_equal(struct gen *g, const struct expr *literal, label if_not)
{
	label yes = ir_label(&g->ir);

	for (size_t i = 0; i < g->c->plan->probe_count; i++) {
		const struct plan_probe *p = &g->c->plan->probes[i];
		size_t provider = strlen(p->provider), name = strlen(p->name);
		const char *text = literal->text;

		if (strcmp(text, p->full) &&
		    (literal->length != provider + (provider > 0) + name ||
		     memcmp(text, p->provider, provider) ||
		     (provider && text[provider] != ':') ||
		     memcmp(text + provider + (provider > 0), p->name, name)))
			continue;
		if (!g->one_probe)
			ir_branch_value(&g->ir, BPF_JEQ, g->probe, (int64_t)i, yes);
		else if (i == g->probe_number)
			return;
	}
	ir_jump(&g->ir, if_not);
	ir_place(&g->ir, yes);
}

void gen_text_equal(struct gen *g, const struct expr *a, const struct expr *b, label if_not,
		    label fail)
{
	if (a->type.kind == TYPE_LITERAL) {
		const struct expr *literal = a;

		a = b;
		b = literal;
	}
	if (a->type.kind == TYPE_PROBE)
		gen_probe_equal(g, b, if_not);
	else if (b->type.kind != TYPE_LITERAL)
		gen_both_equal(g, a, b, if_not, fail);
	else if (a->kind == EXPR_BUILTIN && a->type.kind == TYPE_COMM)
		gen_comm_equal(g, b, if_not);
	else if (a->kind == EXPR_ARGUMENT || a->place || a->kind == EXPR_CALL)
		gen_user_equal(g, a, b, if_not, fail);
	else
		gen_kept_equal(g, a, b, if_not, fail);
}
