/*
 * Memory outside of the program's own: by which function of bpf/ it is read. In probes of the
 * process's code that is the process's; in those of the kernel a pointer leads to either, and
 * there is the record that the kernel made of the event.
 */
#include "compile/internal.h"

enum type_space pointed_space(const struct gen *g)
{
	return probe_kind_info(g->in->kind)->in_kernel ? SPACE_ANY : SPACE_USER;
}

/* Only what a process runs can wait for its pages. */
static void may_wait(struct gen *g, enum type_space space)
{
	g->sleepable |= space == SPACE_USER && pointed_space(g) == SPACE_USER;
}

void gen_read_memory(struct gen *g, enum type_space space, struct ir_arg to, struct ir_arg bytes,
		     struct ir_arg address, label fail)
{
	const char *function = space == SPACE_KERNEL ? "tt_kernel_read"
			       : space == SPACE_ANY  ? "tt_any_read"
						     : "tt_read";
	reg status = ir_reg(&g->ir);

	ir_function(&g->ir, function, status, 3, (struct ir_arg[]){to, bytes, address});
	gen_failures(g, REPORT_READS,
		     space == SPACE_KERNEL ? "probe_read_kernel"
		     : space == SPACE_ANY  ? "probe_read"
					   : "probe_read_user",
		     status, 0);
	ir_branch_value(&g->ir, BPF_JNE, status, 0, fail);
	may_wait(g, space);
}

void gen_user_read(struct gen *g, struct ir_arg to, struct ir_arg bytes, reg address, label fail)
{
	gen_read_memory(g, pointed_space(g), to, bytes, arg_reg(address), fail);
}

reg gen_read_text(struct gen *g, enum type_space space, struct ir_arg to, struct ir_arg size,
		  struct ir_arg pointer, label fail)
{
	const char *function = space == SPACE_KERNEL ? "tt_kernel_text"
			       : space == SPACE_ANY  ? "tt_any_text"
						     : "tt_text";
	reg length = ir_reg(&g->ir);

	ir_function(&g->ir, function, length, 3, (struct ir_arg[]){to, size, pointer});
	gen_failures(g, REPORT_READS,
		     space == SPACE_KERNEL ? "probe_read_kernel_str"
		     : space == SPACE_ANY  ? "probe_read_str"
					   : "probe_read_user_str",
		     length, 0);
	ir_branch_value(&g->ir, BPF_JSLE, length, 0, fail);
	may_wait(g, space);
	return length;
}
