/*
 * Owns uprobes as perf events: one event and one link for each site, on kernels without
 * uprobe_multi (before 6.6), or whose uprobe_multi takes a process for one of its threads.
 */
#include "features.h"
#include "kernel.h"
#include "process/limits.h"

#include <errno.h>
#include <unistd.h>

/* Puts a program on an event; the link keeps it there, or before 5.15 the event itself. */
int event_attach(struct kernel *e, int program, int event, uint64_t cookie)
{
	bool has_links = feature(FEATURE_COOKIE)->present; /* of the same age */
	int link = has_links ? sys_link_perf_event(program, event, cookie)
	                     : sys_perf_set_program(event, program);

	if (link < 0)
		return link;
	if (!has_links)
		link = -1;
	if (link_add(e, link, event))
		return 0;
	if (link >= 0)
		close(link);
	return -ENOMEM;
}

int uprobe_attach(struct kernel *e, struct sys_uprobe *uprobe, int program, uint64_t cookie)
{
	struct uprobe_pmu pmu;
	int event, code;

	if (!feature_uprobe_pmu(&pmu))
		return -EOPNOTSUPP;
	uprobe->type = pmu.type;
	uprobe->return_bit = pmu.return_bit;
	uprobe->ref_ctr_shift = pmu.ref_ctr_shift;
	uprobe->cpu = first_cpu();
	/* The field in `config` has 32 bits. */
	if (uprobe->ref_ctr_offset >> 32)
		return -EOVERFLOW;
	event = sys_perf_uprobe(uprobe);
	if (event == -EMFILE) {
		raise_file_limit();
		event = sys_perf_uprobe(uprobe);
	}
	if (event < 0)
		return event;
	code = event_attach(e, program, event, cookie);
	if (code == -EMFILE) {
		raise_file_limit();
		code = event_attach(e, program, event, cookie);
	}
	if (code)
		close(event);
	return code;
}

int group_attach_perf(struct group *g, size_t site)
{
	uint64_t cookie = g->cookies[site];
	struct sys_uprobe uprobe = {
	        .path = g->path,
	        .offset = g->offsets[site],
	        .ref_ctr_offset = g->ref_ctr_offsets[site],
	        .at_return = g->engine->plan->programs[g->program].attach == PLAN_ATTACH_URETPROBE,
	        .pid = g->pid,
	};

	return uprobe_attach(g->engine, &uprobe, program_for(g->engine, g->program, cookie),
	                     cookie);
}
