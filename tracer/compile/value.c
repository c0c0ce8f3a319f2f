/* Any value into memory: a field of a record or a part of a key. */
#include "compile/internal.h"

void value_layout(struct gen *g, const struct expr *e, struct plan_value *value)
{
	enum argument_shape shape;

	type_layout(g->c, e->type, value);
	if (value->type == PLAN_CHAR && e->type.size == 1)
		value->size = 1;
	if (value->type != PLAN_INT || e->kind != EXPR_ARGUMENT)
		return;
	shape = argument_shape(&g->variants, e->number);
	if (shape == SHAPE_WIDE)
		value->type = PLAN_WIDE;
	if (shape != SHAPE_PLAIN)
		value->size = 16;
}

/* Behind what names need the process for: its number. */
static void gen_process(struct gen *g, reg base, int offset)
{
	reg pid = ir_reg(&g->ir);

	ir_helper(&g->ir, BPF_FUNC_get_current_pid_tgid, pid, 0, NULL);
	ir_alu_value(&g->ir, BPF_RSH, pid, 32);
	ir_store(&g->ir, BPF_DW, base, offset, pid);
}

/*
 * The stack's id, or the negative errno why there is none. What is no user's is the same whoever it
 * came from, so that stacks of the kernel are one key.
 */
static void gen_stack(struct gen *g, struct type type, reg base, int offset)
{
	reg id = ir_reg(&g->ir);

	ir_helper(&g->ir, BPF_FUNC_get_stackid, id, 3,
		  (struct ir_arg[]){arg_reg(g->context), arg_map(map_stacks(g->c, type.limit)),
				    arg_value(type.space == SPACE_KERNEL ? 0 : BPF_F_USER_STACK)});
	gen_failures(g, REPORT_FAILURES, "get_stackid", id, 0);
	ir_store(&g->ir, BPF_DW, base, offset, id);
	if (type.space == SPACE_KERNEL)
		ir_store_value(&g->ir, BPF_DW, base, offset + 8, 0);
	else
		gen_process(g, base, offset + 8);
}

static void gen_symbol(struct gen *g, const struct expr *e, reg base, int offset, label fail)
{
	ir_store(&g->ir, BPF_DW, base, offset, gen_int(g, e->child, fail));
	if (e->type.space == SPACE_KERNEL)
		ir_store_value(&g->ir, BPF_DW, base, offset + 8, 0);
	else
		gen_process(g, base, offset + 8);
}

/* A float; where sites differ in its size, it is a double everywhere. */
static reg gen_float(struct gen *g, const struct expr *e, unsigned size, label fail)
{
	size_t operand = e->number;
	label same = ir_label(&g->ir);
	reg dst, bytes;

	if (e->place)
		return gen_load(g, e, fail);
	if (!floats_differ(&g->variants, operand, size))
		return gen_operand(g, operand, fail);
	bytes = ir_reg(&g->ir);
	ir_move(&g->ir, bytes, gen_operand_part(g, operand, PART_BESIDE, fail));
	dst = gen_operand(g, operand, fail);
	ir_branch_value(&g->ir, BPF_JNE, bytes, 4, same);
	ir_function(&g->ir, "tt_widen", dst, 1, (struct ir_arg[]){arg_reg(dst)});
	ir_place(&g->ir, same);
	return dst;
}

static void gen_integer(struct gen *g, const struct expr *e, reg base, int offset,
			const struct plan_value *layout, label fail)
{
	if (layout->size != 16) {
		ir_store(&g->ir, ir_size(layout->size), base, offset, gen_int(g, e, fail));
		return;
	}
	ir_store(&g->ir, BPF_DW, base, offset, gen_operand(g, e->number, fail));
	ir_store(&g->ir, BPF_DW, base, offset + 8,
		 gen_operand_part(g, e->number, PART_BESIDE, fail));
}

static void gen_choice_of(struct gen *g, const struct expr *e, struct place to,
			  const struct plan_value *layout, label fail)
{
	label otherwise = ir_label(&g->ir), end = ir_label(&g->ir);
	const struct expr *a = e->child->next;

	gen_condition(g, e->child, otherwise, fail);
	gen_value(g, a, to.base, to.offset, layout, fail);
	ir_jump(&g->ir, end);
	ir_place(&g->ir, otherwise);
	gen_value(g, a->next, to.base, to.offset, layout, fail);
	ir_place(&g->ir, end);
}

/* Values that are in memory already, or made of others. False when it is neither. */
static bool gen_composed(struct gen *g, const struct expr *e, struct place to,
			 const struct plan_value *layout, label fail)
{
	struct plan_value have;
	struct place from;
	size_t i = 0;

	switch (e->kind) {
	case EXPR_VARIABLE:
	case EXPR_MAP:
	case EXPR_ITEM:
		from = gen_place(g, e, &have, fail);
		gen_convert(g, from, &have, to, layout);
		return true;
	case EXPR_TERNARY:
		gen_choice_of(g, e, to, layout, fail);
		return true;
	case EXPR_TUPLE:
		for (const struct expr *item = e->child; item && i < layout->part_count; i++) {
			const struct plan_value *part = &layout->parts[i];

			gen_value(g, item, to.base, to.offset + (int)part->offset, part, fail);
			item = item->next;
		}
		return true;
	default:
		return false;
	}
}

static void gen_thread_name(struct gen *g, struct place to, const struct plan_value *layout)
{
	int in = layout->type == PLAN_TEXT ? (int)sizeof(struct abi_text) : 0;

	ir_helper(&g->ir, BPF_FUNC_get_current_comm, REG_NONE, 2,
		  (struct ir_arg[]){arg_at(to.base, to.offset + in), arg_value(ABI_COMM)});
	if (in)
		gen_name_length(g, to);
}

void gen_value(struct gen *g, const struct expr *e, reg base, int offset,
	       const struct plan_value *layout, label fail)
{
	struct place to = {base, offset};

	if (is_wide(e->type) && gen_composed(g, e, to, layout, fail))
		return;
	switch (e->type.kind) {
	case TYPE_TEXT:
		gen_text(g, e, base, offset, layout, fail);
		break;
	case TYPE_RECORD:
	case TYPE_ARRAY:
		gen_whole(g, e, to, fail);
		break;
	case TYPE_SHOWN:
		gen_shown(g, e, to, fail);
		break;
	case TYPE_LITERAL:
		gen_literal(g, e, to, layout);
		break;
	case TYPE_COMM:
		gen_thread_name(g, to, layout);
		break;
	case TYPE_PROBE:
		gen_store_probe(g, base, offset, 0);
		break;
	case TYPE_STACK:
		gen_stack(g, e->type, base, offset);
		break;
	case TYPE_SYMBOL:
		gen_symbol(g, e, base, offset, fail);
		break;
	case TYPE_INT:
		gen_integer(g, e, base, offset, layout, fail);
		break;
	case TYPE_FLOAT:
		ir_store(&g->ir, ir_size(layout->size), base, offset,
			 gen_float(g, e, layout->size, fail));
		break;
	default:
		refuse(g, e->at, "a %s can't be used here", type_name(e->type));
	}
}
