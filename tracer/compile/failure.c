/*
 * Failures of the kernel's helpers that a program goes on after, or gives a hit up for: counted by
 * place where somebody wants to know of them (run -k). Else nothing is written for it.
 */
#include "compile/internal.h"

#include <errno.h>
#include <stddef.h>

reg gen_result(struct gen *g)
{
	return g->c->options->report ? ir_reg(&g->ir) : REG_NONE;
}

/* The call's number in the plan: one for a statement's calls of one helper, in whatever instance. */
static bool failure_number(struct gen *g, const char *helper, size_t *number)
{
	struct compiler *c = g->c;
	struct plan *plan = c->plan;
	const char *place = source_place(&c->program->source, g->at, &plan->arena);
	struct buffer key = {0};
	struct plan_failure *f = NULL;
	int rc;

	buffer_print(&key, "%zu %s", g->at, helper);
	rc = key.failed ? -1 : table_put(&c->failure_numbers, key.data, key.length,
					 plan->failure_count, number);
	if (!rc)
		f = array_add(&plan->failures, &plan->failure_count, &plan->failure_room,
			      sizeof(*f));
	if (f) {
		*f = (struct plan_failure){.helper = helper, .place = place};
		source_numbers(&c->program->source, g->at, &f->line, &f->column);
	}
	buffer_free(&key);
	c->failed |= rc < 0 || (!rc && !f);
	return !c->failed;
}

void gen_failures(struct gen *g, enum compile_report wanted, const char *helper, reg result, int usual)
{
	label fine;
	reg entry, one;
	size_t number, map;

	if (g->c->options->report < wanted || result == REG_NONE ||
	    !failure_number(g, helper, &number))
		return;
	number -= g->c->first_failure;
	map = map_failures(g->c, (uint32_t)((number + 1) * sizeof(struct abi_failure)));
	fine = ir_label(&g->ir);
	entry = ir_reg(&g->ir);
	one = ir_reg(&g->ir);
	ir_branch_value(&g->ir, BPF_JSGE, result, 0, fine);
	if (usual)
		ir_branch_value(&g->ir, BPF_JEQ, result, usual, fine);
	ir_map_value(&g->ir, entry, map, (uint32_t)(number * sizeof(struct abi_failure)));
	ir_store(&g->ir, BPF_DW, entry, offsetof(struct abi_failure, code), result);
	ir_set(&g->ir, one, 1);
	ir_atomic_add(&g->ir, entry, offsetof(struct abi_failure, count), one);
	ir_place(&g->ir, fine);
}

void gen_read_failures(struct gen *g, const char *helper, reg status)
{
	reg code;

	if (g->c->options->report < REPORT_READS)
		return;
	code = ir_reg(&g->ir);
	ir_move(&g->ir, code, status);
	ir_alu_value(&g->ir, BPF_ARSH, code, 63);
	ir_alu_value(&g->ir, BPF_AND, code, -EFAULT);
	gen_failures(g, REPORT_READS, helper, code, 0);
}
