/*
 * What takes pointers of the verifier's own knowledge, and so is loaded and never computed: the way
 * to a struct path for the kernel's helper, and an iterator's first steps.
 */
#include "compile/internal.h"

static struct location gen_trusted_place(struct gen *g, const struct expr *e, label fail);

/* A pointer may be NULL, and its helper must be shown that it is not. */
static reg gen_trusted_pointer(struct gen *g, const struct expr *e, label fail)
{
	struct location from = {g->context, 0};
	reg pointer = ir_reg(&g->ir);

	if (e->kind == EXPR_ARGUMENT)
		from.offset = g->variants.sites[0]->operands[e->number].displacement;
	else
		from = gen_trusted_place(g, e, fail);
	ir_load(&g->ir, BPF_DW, pointer, from.base, (int)from.offset);
	ir_branch_value(&g->ir, BPF_JEQ, pointer, 0, fail);
	return pointer;
}

/* p->a.b */
static struct location gen_trusted_place(struct gen *g, const struct expr *e, label fail)
{
	struct location at;

	if (e->kind == EXPR_ADDRESS)
		return gen_trusted_place(g, e->child, fail);
	at = e->number ? (struct location){gen_trusted_pointer(g, e->child, fail), 0}
		       : gen_trusted_place(g, e->child, fail);
	at.offset += (int64_t)(e->bit_offset / 8);
	return at;
}

reg gen_path(struct gen *g, const struct expr *call, label fail)
{
	const struct expr *path = call->child;
	bool is_place = path->type.kind == TYPE_RECORD || path->kind == EXPR_ADDRESS;
	struct location at = is_place ? gen_trusted_place(g, path, fail)
				      : (struct location){gen_trusted_pointer(g, path, fail), 0};
	uint32_t bytes = call->type.limit + 1;
	struct place room = {g->frame, gen_frame(g, call->at, bytes)};
	reg length = ir_reg(&g->ir), text = ir_reg(&g->ir);

	ir_helper(&g->ir, BPF_FUNC_d_path, length, 3,
		  (struct ir_arg[]){{ARG_REG, at.base, (int)at.offset},
				    arg_at(room.base, room.offset), arg_value(bytes)});
	gen_failures(g, REPORT_FAILURES, "d_path", length, 0);
	ir_branch_value(&g->ir, BPF_JSLE, length, 0, fail);
	ir_move(&g->ir, text, room.base);
	ir_alu_value(&g->ir, BPF_ADD, text, room.offset);
	return text;
}

void gen_plain(struct gen *g, struct ir_arg at, reg dst, label fail)
{
	int mark = g->ir.stack, slot = ir_stack(&g->ir, 8);
	reg status = ir_reg(&g->ir);

	ir_helper(&g->ir, BPF_FUNC_probe_read_kernel, status, 3,
		  (struct ir_arg[]){arg_stack(slot), arg_value(8), at});
	gen_failures(g, REPORT_READS, "probe_read_kernel", status, 0);
	ir_branch_value(&g->ir, BPF_JNE, status, 0, fail);
	ir_load(&g->ir, BPF_DW, dst, REG_STACK, slot);
	ir_stack_back(&g->ir, mark);
}

/* Of a CPU that is not there the kernel says NULL. */
reg gen_percpu(struct gen *g, const struct expr *call, label fail)
{
	const struct expr *cpu = call->child->next;
	int mark = g->ir.stack, slot = ir_stack(&g->ir, 8);
	reg variable = ir_reg(&g->ir), found = ir_reg(&g->ir), dst = ir_reg(&g->ir);
	reg number = cpu ? gen_int(g, cpu, fail) : REG_NONE;

	ir_note(&g->ir, "where %s is", call->child->text);
	ir_kernel_variable(&g->ir, variable, (uint32_t)call->child->number);
	if (cpu)
		ir_helper(&g->ir, BPF_FUNC_per_cpu_ptr, found, 2,
			  (struct ir_arg[]){arg_reg(variable), arg_reg(number)});
	else
		ir_helper(&g->ir, BPF_FUNC_this_cpu_ptr, found, 1,
			  (struct ir_arg[]){arg_reg(variable)});
	ir_store(&g->ir, BPF_DW, REG_STACK, slot, found);
	gen_plain(g, arg_stack(slot), dst, fail);
	ir_stack_back(&g->ir, mark);
	return dst;
}

/*
 * At the end the kernel runs the program once more, with nothing. Each other time it writes a byte
 * into the iterator's file, so that who reads it decides how many things are gone over before what
 * the program sent is looked at.
 */
void gen_iterator(struct gen *g)
{
	int mark = g->ir.stack, byte;
	reg thing = ir_reg(&g->ir), meta = ir_reg(&g->ir), file = ir_reg(&g->ir);

	ir_note(&g->ir, "one of many");
	ir_load(&g->ir, BPF_DW, thing, g->context, 8);
	ir_branch_value(&g->ir, BPF_JEQ, thing, 0, use(&g->unframed));
	if (is_pinned(g)) {
		if (g->c->program->map_count)
			refuse(g, g->c->program->maps[0].at,
			       "a pinned iterator is read when telltale is gone: it has no maps");
		return;
	}
	ir_load(&g->ir, BPF_DW, meta, g->context, 0);
	ir_load(&g->ir, BPF_DW, file, meta, 0);
	byte = ir_stack(&g->ir, 8);
	ir_store_value(&g->ir, BPF_DW, REG_STACK, byte, 0);
	ir_helper(&g->ir, BPF_FUNC_seq_write, REG_NONE, 3,
		  (struct ir_arg[]){arg_reg(file), arg_stack(byte), arg_value(1)});
	ir_stack_back(&g->ir, mark);
}
