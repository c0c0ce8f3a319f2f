/*
 * Owns what is not at a site: BEGIN and END, which run once on this CPU as this process, and
 * intervals, which a software clock of one CPU runs.
 */
#include "features.h"
#include "kernel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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

static int attach_interval(struct kernel *e, size_t index, struct error *err)
{
	const struct plan_program *program = &e->plan->programs[index];
	int event = sys_perf_clock(program->period, first_cpu()), code;

	if (event < 0)
		return error_set(err, event, "%s: the clock can't be opened: %s", program->name,
		                 strerror(-event));
	code = event_attach(e, e->programs[index], event, 0);
	if (!code)
		return 0;
	close(event);
	return error_set(err, code, "%s: the clock can't be attached: %s", program->name,
	                 strerror(-code));
}

int timers_attach(struct kernel *e, struct error *err)
{
	for (size_t i = 0; i < e->plan->program_count; i++) {
		int code;

		if (e->plan->programs[i].attach != PLAN_ATTACH_INTERVAL)
			continue;
		code = attach_interval(e, i, err);
		if (code)
			return code;
	}
	return 0;
}
