/*
 * Owns the table of the ways in which a program gets to run: what type it has, what it needs of the
 * kernel, how it is attached. And those that are run by hand.
 */
#include "features.h"
#include "kernel.h"

#include <string.h>

static bool has_uprobe_multi(const struct kernel *e, const struct plan_program *program)
{
	(void)program;
	return e->multi;
}

/* A link over many knows the start of functions only. */
static bool has_kprobe_multi(const struct kernel *e, const struct plan_program *program)
{
	(void)e;
	for (size_t i = 0; i < program->site_count; i++)
		if (program->sites[i].offset)
			return false;
	return feature(FEATURE_KPROBE_MULTI)->present && feature(FEATURE_COOKIE)->present;
}

static const struct attach_kind kinds[] = {
	[PLAN_ATTACH_UPROBE] = {BPF_PROG_TYPE_KPROBE, FEATURE_BPF, .in_file = true,
				.attach = group_attach_perf, .attach_many = group_attach_multi,
				.has_many = has_uprobe_multi},
	[PLAN_ATTACH_URETPROBE] = {BPF_PROG_TYPE_KPROBE, FEATURE_BPF, .in_file = true,
				   .attach = group_attach_perf, .attach_many = group_attach_multi,
				   .has_many = has_uprobe_multi},
	[PLAN_ATTACH_KPROBE] = {BPF_PROG_TYPE_KPROBE, FEATURE_KPROBE, .attach = attach_kprobe,
				.attach_many = attach_kprobe_multi, .has_many = has_kprobe_multi},
	[PLAN_ATTACH_KRETPROBE] = {BPF_PROG_TYPE_KPROBE, FEATURE_KPROBE, .attach = attach_kprobe,
				   .attach_many = attach_kprobe_multi,
				   .has_many = has_kprobe_multi},
	[PLAN_ATTACH_FENTRY] = {BPF_PROG_TYPE_TRACING, FEATURE_FENTRY, .typed = true,
				.attach_type = BPF_TRACE_FENTRY, .attach = attach_typed},
	[PLAN_ATTACH_FEXIT] = {BPF_PROG_TYPE_TRACING, FEATURE_FENTRY, .typed = true,
			       .attach_type = BPF_TRACE_FEXIT, .attach = attach_typed},
	[PLAN_ATTACH_ITER] = {BPF_PROG_TYPE_TRACING, FEATURE_ITER, .typed = true,
			      .attach_type = BPF_TRACE_ITER, .attach = attach_iterator},
	[PLAN_ATTACH_TRACEPOINT] = {BPF_PROG_TYPE_TRACEPOINT, FEATURE_TRACEPOINT,
				    .attach = attach_tracepoint},
	[PLAN_ATTACH_RAW_TRACEPOINT] = {BPF_PROG_TYPE_RAW_TRACEPOINT, FEATURE_RAW_TRACEPOINT,
					.by_copy = true, .attach = attach_raw_tracepoint},
	[PLAN_ATTACH_SOFTWARE] = {BPF_PROG_TYPE_PERF_EVENT, FEATURE_CLOCK,
				  .attach = attach_counter},
	[PLAN_ATTACH_HARDWARE] = {BPF_PROG_TYPE_PERF_EVENT, FEATURE_HARDWARE,
				  .attach = attach_counter},
	[PLAN_ATTACH_WATCH] = {BPF_PROG_TYPE_PERF_EVENT, FEATURE_WATCH, .attach = attach_watchpoint},
	[PLAN_ATTACH_PROFILE] = {BPF_PROG_TYPE_PERF_EVENT, FEATURE_CLOCK,
				 .attach = attach_profile},
	[PLAN_ATTACH_INTERVAL] = {BPF_PROG_TYPE_PERF_EVENT, FEATURE_CLOCK, .is_clock = true,
				  .attach = attach_interval},
	/* Run by BPF_PROG_TEST_RUN, on this CPU, as this process. */
	[PLAN_ATTACH_BEGIN] = {BPF_PROG_TYPE_RAW_TRACEPOINT, FEATURE_BPF, .attach = NULL},
	[PLAN_ATTACH_END] = {BPF_PROG_TYPE_RAW_TRACEPOINT, FEATURE_BPF, .attach = NULL},
	[PLAN_ATTACH_SIGNAL] = {BPF_PROG_TYPE_RAW_TRACEPOINT, FEATURE_BPF, .attach = NULL},
};

const struct attach_kind *attach_kind(enum plan_attach attach)
{
	return &kinds[attach];
}

int specials_run(struct kernel *e, enum plan_attach which, struct error *err)
{
	for (size_t i = 0; i < e->plan->program_count; i++) {
		int code;

		if (e->plan->programs[i].attach != which)
			continue;
		code = sys_program_run(e->programs[i]);
		if (code)
			return error_set(err, code,
					 "running %s: %s (BPF_PROG_TEST_RUN of a raw tracepoint, "
					 "since Linux 5.10)",
					 e->plan->programs[i].name, strerror(-code));
	}
	return 0;
}
