/*
 * Owns uprobes as perf events: one event and one link for each site, on kernels without
 * uprobe_multi (before 6.6), or whose uprobe_multi takes a process for one of its threads.
 */
#include "features.h"
#include "kernel.h"
#include "process/limits.h"

#include <errno.h>
#include <unistd.h>

static int link_event(struct group *g, size_t site, int event)
{
	struct engine *e = g->engine;
	int program = e->programs[g->program];
	int link = sys_link_perf_event(program, event, g->cookies[site]);

	if (link < 0)
		return link;
	if (!link_add(e, link, event)) {
		close(link);
		return -ENOMEM;
	}
	return 0;
}

int group_attach_perf(struct group *g, size_t site)
{
	struct uprobe_pmu pmu;
	struct sys_uprobe uprobe = {
	        .path = g->path,
	        .offset = g->offsets[site],
	        .ref_ctr_offset = g->ref_ctr_offsets[site],
	        .at_return = g->engine->plan->programs[g->program].attach == PLAN_ATTACH_URETPROBE,
	        .pid = g->pid,
	        .cpu = first_cpu(),
	};
	int event, code;

	if (!feature_uprobe_pmu(&pmu))
		return -EOPNOTSUPP;
	uprobe.type = pmu.type;
	uprobe.return_bit = pmu.return_bit;
	uprobe.ref_ctr_shift = pmu.ref_ctr_shift;
	/* The field in `config` has 32 bits. */
	if (uprobe.ref_ctr_offset >> 32)
		return -EOVERFLOW;
	event = sys_perf_uprobe(&uprobe);
	if (event == -EMFILE) {
		raise_file_limit();
		event = sys_perf_uprobe(&uprobe);
	}
	if (event < 0)
		return event;
	code = link_event(g, site, event);
	if (code == -EMFILE) {
		raise_file_limit();
		code = link_event(g, site, event);
	}
	if (code)
		close(event);
	return code;
}
