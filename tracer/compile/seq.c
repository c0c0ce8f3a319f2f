/*
 * Pinned iterators: nobody of telltale's is there when one is read, so that the kernel itself prints,
 * into the file that is read, as its bpf_seq_printf() does it: numbers and texts.
 */
#include "compile/internal.h"

#include "base/conversion.h"

#include <ctype.h>
#include <string.h>

enum { ARGUMENTS_MOST = 12 }; /* MAX_BPRINTF_VARARGS, include/linux/bpf.h */

bool is_pinned(const struct gen *g)
{
	return g->in->kind == PROBE_ITER && g->in->probes[0]->sites->pin;
}

/* Where bytes of the program's own are at the hit. */
static reg gen_constant(struct gen *g, const char *bytes, size_t size)
{
	char *copy = arena_copy(&g->c->plan->arena, bytes, size);
	struct plan_map *map = add_map(g->c);
	reg dst = ir_reg(&g->ir);

	if (!copy || !map)
		return dst;
	*map = (struct plan_map){.role = PLAN_MAP_RECIPES,
				 .bpf_type = BPF_MAP_TYPE_ARRAY,
				 .key_size = 4,
				 .value_size = (uint32_t)size,
				 .entries = 1,
				 .initial = copy};
	ir_map_value(&g->ir, dst, (size_t)(map - g->c->plan->maps), 0);
	return dst;
}

/* The iterator's file; see gen_iterator(). */
static reg gen_file(struct gen *g)
{
	reg meta = ir_reg(&g->ir), file = ir_reg(&g->ir);

	ir_load(&g->ir, BPF_DW, meta, g->context, 0);
	ir_load(&g->ir, BPF_DW, file, meta, 0);
	return file;
}

/* The kernel's formats have no precision, no '#' and no octal numbers, and all of ours have 64 bits. */
static bool put_conversion(struct buffer *out, const struct conversion *c)
{
	if (c->has_precision || c->hash || !strchr("diuxXcps", c->letter))
		return false;
	buffer_text(out, c->letter == 'p' ? "0x%" : "%");
	buffer_text(out, c->left ? "-" : "");
	buffer_text(out, c->zero ? "0" : "");
	buffer_text(out, c->plus ? "+" : "");
	buffer_text(out, c->space ? " " : "");
	if (c->width)
		buffer_print(out, "%d", c->width);
	if (c->letter == 's' || c->letter == 'c')
		buffer_char(out, c->letter);
	else
		buffer_print(out, "ll%c", c->letter == 'p' ? 'x' : c->letter);
	return true;
}

/* As output/format.c has it: what a conversion is for is cut to its bits, but what an int can't hold is
 * printed whole by one that is for ints. */
static reg gen_number(struct gen *g, const struct expr *e, const struct conversion *c, label fail)
{
	bool is_signed = c->letter == 'd' || c->letter == 'i';
	bool below = e->type.is_signed || e->type.size < 8;
	label whole = ir_label(&g->ir);
	reg value = ir_reg(&g->ir), most;

	ir_move(&g->ir, value, gen_int(g, e, fail));
	if (c->bits == 64 || c->letter == 'c' || c->letter == 'p')
		return value;
	if (c->bits == 32) {
		most = ir_reg(&g->ir);
		ir_set(&g->ir, most, UINT32_MAX);
		ir_branch_value(&g->ir, BPF_JSLT, value, below ? INT32_MIN : 0, whole);
		ir_branch(&g->ir, BPF_JSGT, value, most, whole);
	}
	ir_extend(&g->ir, value, c->bits, is_signed);
	ir_place(&g->ir, whole);
	return value;
}

/* A text must end with a NUL, so its memory is cleared first. */
static void gen_text_argument(struct gen *g, const struct expr *e, struct place to, label fail)
{
	struct plan_value layout;
	struct place room;
	reg pointer = ir_reg(&g->ir);
	uint32_t start;

	value_layout(g, e, &layout);
	if (layout.type != PLAN_TEXT && layout.type != PLAN_COMM) {
		refuse(g, e->at, "a pinned iterator prints numbers and texts, not a %s",
		       type_name(e->type));
		return;
	}
	start = layout.type == PLAN_TEXT ? sizeof(struct abi_text) : 0;
	room = (struct place){g->frame, gen_frame(g, e->at, layout.size)};
	gen_zero(g, room, layout.size);
	gen_value(g, e, room.base, room.offset, &layout, fail);
	ir_move(&g->ir, pointer, room.base);
	ir_alu_value(&g->ir, BPF_ADD, pointer, room.offset + (int)start);
	ir_store(&g->ir, BPF_DW, to.base, to.offset, pointer);
}

/* The format as the kernel takes it, and the arguments, 8 bytes each; how many. */
static size_t gen_arguments(struct gen *g, const struct expr *call, struct buffer *format,
			    struct place to, label fail)
{
	const struct expr *e = call->child->next;
	const char *at = call->child->text, *rest, *start;
	struct conversion conversion;
	size_t count = 0;

	for (; (rest = conversion_next(at, &conversion, &start)) && e; at = rest, e = e->next, count++) {
		buffer_add(format, at, (size_t)(start - at));
		if (!put_conversion(format, &conversion))
			refuse(g, call->child->at, "a pinned iterator's formats have d, i, u, x, X, c, p and s "
						   "with flags and a width, not this %%%c",
			       conversion.letter);
		if (conversion.letter == 's')
			gen_text_argument(g, e, to, fail);
		else
			ir_store(&g->ir, BPF_DW, to.base, to.offset,
				 gen_number(g, e, &conversion, fail));
		to.offset += 8;
	}
	buffer_text(format, at);
	for (const char *c = call->child->text; *c; c++)
		if ((unsigned char)*c >= 128 || (!isprint((unsigned char)*c) && !isspace((unsigned char)*c))) {
			refuse(g, call->child->at, "a pinned iterator prints ASCII only");
			break;
		}
	return count;
}

void gen_seq_printf(struct gen *g, const struct expr *call)
{
	static const char unreadable[] = "<unreadable>\n";
	struct buffer format = {0};
	label fail = ir_label(&g->ir), end = ir_label(&g->ir);
	struct place data = {g->frame, gen_frame(g, call->at, 8 * ARGUMENTS_MOST)};
	size_t count = 0;
	reg text;

	for (const struct expr *e = call->child->next; e; e = e->next)
		count++;
	if (count > ARGUMENTS_MOST) {
		refuse(g, call->at, "a pinned iterator prints at most %d values at once", ARGUMENTS_MOST);
		return;
	}
	count = gen_arguments(g, call, &format, data, fail);
	text = gen_constant(g, buffer_string(&format), format.length + 1);
	ir_helper(&g->ir, BPF_FUNC_seq_printf, REG_NONE, 5,
		  (struct ir_arg[]){arg_reg(gen_file(g)), arg_reg(text),
				    arg_value((int64_t)format.length + 1),
				    count ? arg_at(data.base, data.offset) : arg_value(0),
				    arg_value(8 * (int64_t)count)});
	ir_jump(&g->ir, end);
	ir_place(&g->ir, fail);
	ir_helper(&g->ir, BPF_FUNC_seq_write, REG_NONE, 3,
		  (struct ir_arg[]){arg_reg(gen_file(g)),
				    arg_reg(gen_constant(g, unreadable, sizeof(unreadable))),
				    arg_value(sizeof(unreadable) - 1)});
	ir_place(&g->ir, end);
	g->c->failed |= format.failed;
	buffer_free(&format);
}
