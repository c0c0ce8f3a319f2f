/* Any value into memory: a field of a record or a part of a key. */
#include "compile/internal.h"

static enum plan_type plan_type_of(struct type type)
{
	switch (type.kind) {
	case TYPE_FLOAT:
		return PLAN_FLOAT;
	case TYPE_COMM:
		return PLAN_COMM;
	case TYPE_PROBE:
		return PLAN_PROBE;
	case TYPE_STACK:
		return PLAN_USTACK;
	default:
		break;
	}
	return type.look == LOOK_BOOL	   ? PLAN_BOOL
	       : type.look == LOOK_CHAR	   ? PLAN_CHAR
	       : type.look == LOOK_POINTER ? PLAN_POINTER
					   : PLAN_INT;
}

/*
 * Integers take 8 bytes wherever they go, extended; only floats keep their own size, since their
 * bits are not to be extended.
 */
void value_layout(struct gen *g, const struct expr *e, struct plan_value *value)
{
	struct type t = e->type;

	value->name = "";
	value->is_signed = t.kind == TYPE_INT && (t.is_signed || t.size < 8);
	if (t.kind == TYPE_TEXT) {
		text_layout(value, t.bytes, g->c->options->text_limit);
		return;
	}
	value->type = plan_type_of(t);
	if (value->type == PLAN_INT && e->kind == EXPR_ARGUMENT) {
		enum argument_shape shape = argument_shape(&g->variants, e->number);

		value->size = 16;
		if (shape == SHAPE_WIDE)
			value->type = PLAN_WIDE;
		if (shape != SHAPE_PLAIN)
			return;
	}
	value->size = t.kind == TYPE_COMM    ? ABI_COMM
		      : t.kind == TYPE_FLOAT ? t.size
		      : t.kind == TYPE_PROBE ? 4
		      : t.kind == TYPE_STACK ? 16
					     : 8;
	if (value->type == PLAN_CHAR)
		value->size = 1;
}

/* The stack's id, or the negative errno why there is none; behind it the process, for names. */
static void gen_stack(struct gen *g, reg base, int offset)
{
	reg id = ir_reg(&g->ir), pid = ir_reg(&g->ir);

	ir_helper(&g->ir, BPF_FUNC_get_stackid, id, 3,
		  (struct ir_arg[]){arg_reg(g->context), arg_map(map_stacks(g->c)),
				    arg_value(BPF_F_USER_STACK)});
	ir_store(&g->ir, BPF_DW, base, offset, id);
	ir_helper(&g->ir, BPF_FUNC_get_current_pid_tgid, pid, 0, NULL);
	ir_alu_value(&g->ir, BPF_RSH, pid, 32);
	ir_store(&g->ir, BPF_DW, base, offset + 8, pid);
}

/* A float; where sites differ in its size, it is a double everywhere. */
static reg gen_float(struct gen *g, size_t operand, unsigned size, label fail)
{
	label same = ir_label(&g->ir);
	reg dst, bytes;

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

void gen_value(struct gen *g, const struct expr *e, reg base, int offset,
	       const struct plan_value *layout, label fail)
{
	switch (e->type.kind) {
	case TYPE_TEXT:
		gen_text(g, e, base, offset, layout, fail);
		break;
	case TYPE_COMM:
		ir_helper(&g->ir, BPF_FUNC_get_current_comm, REG_NONE, 2,
			  (struct ir_arg[]){arg_at(base, offset), arg_value(ABI_COMM)});
		break;
	case TYPE_PROBE:
		gen_store_probe(g, base, offset, 0);
		break;
	case TYPE_STACK:
		gen_stack(g, base, offset);
		break;
	case TYPE_INT:
		if (layout->size == 16) {
			ir_store(&g->ir, BPF_DW, base, offset, gen_operand(g, e->number, fail));
			ir_store(&g->ir, BPF_DW, base, offset + 8,
				 gen_operand_part(g, e->number, PART_BESIDE, fail));
			break;
		}
		ir_store(&g->ir, ir_size(layout->size), base, offset, gen_int(g, e, fail));
		break;
	case TYPE_FLOAT:
		ir_store(&g->ir, ir_size(layout->size), base, offset,
			 gen_float(g, e->number, layout->size, fail));
		break;
	default:
		refuse(g, e->at, "a %s can't be used here", type_name(e->type));
	}
}
