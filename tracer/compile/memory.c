/*
 * Memory outside of the program's own: by which function of bpf/ it is read. In probes of the
 * process's code that is the process's; in those of the kernel a pointer leads to either, and
 * there is the record that the kernel made of the event.
 */
#include "compile/internal.h"

static bool leads_anywhere(const struct gen *g)
{
	return probe_kind_info(g->in->kind)->in_kernel;
}

void gen_read_memory(struct gen *g, enum memory memory, struct ir_arg to, struct ir_arg bytes,
		     reg address, label fail)
{
	const char *function = memory == MEMORY_RECORD ? "tt_kernel_read"
			       : leads_anywhere(g)     ? "tt_any_read"
						       : "tt_read";
	reg status = ir_reg(&g->ir);

	ir_function(&g->ir, function, status, 3, (struct ir_arg[]){to, bytes, arg_reg(address)});
	ir_branch_value(&g->ir, BPF_JNE, status, 0, fail);
	g->sleepable |= !leads_anywhere(g);
}

void gen_user_read(struct gen *g, struct ir_arg to, struct ir_arg bytes, reg address, label fail)
{
	gen_read_memory(g, MEMORY_POINTED, to, bytes, address, fail);
}

reg gen_read_text(struct gen *g, enum memory memory, struct ir_arg to, struct ir_arg size,
		  struct ir_arg pointer, label fail)
{
	const char *function = memory == MEMORY_RECORD ? "tt_kernel_text"
			       : leads_anywhere(g)     ? "tt_any_text"
						       : "tt_text";
	reg length = ir_reg(&g->ir);

	ir_function(&g->ir, function, length, 3, (struct ir_arg[]){to, size, pointer});
	ir_branch_value(&g->ir, BPF_JSLE, length, 0, fail);
	g->sleepable |= !leads_anywhere(g);
	return length;
}
