/*
 * Owns watchpoints: a perf event on each CPU for an address, of every process, since the program knows
 * whose hits count. Those whose address comes while the plan runs are attached then.
 */
#include "features.h"
#include "kernel.h"
#include "process/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct watching {
	struct kernel *engine;
	size_t program;
	const struct plan_site *site;
	uint64_t address;
};

static int open_watch(const struct sys_watch *watch)
{
	int event = sys_perf_watch(watch);

	if (event != -EMFILE)
		return event;
	raise_file_limit();
	return sys_perf_watch(watch);
}

static int watch_on(void *context, int cpu)
{
	struct watching *w = context;
	struct kernel *e = w->engine;
	uint64_t cookie = w->site->cookie;
	struct sys_watch watch = {.address = w->address, .length = w->site->period,
	                          .mode = (uint32_t)w->site->event, .cpu = cpu};
	int event = open_watch(&watch), code;

	if (event < 0)
		return event;
	code = event_attach(e, program_for(e, w->program, cookie), event, cookie);
	if (code) {
		close(event);
		return code;
	}
	e->links[e->link_count - 1].watches = true;
	e->links[e->link_count - 1].address = w->address;
	e->links[e->link_count - 1].program = w->program;
	return 0;
}

static int watch_everywhere(struct watching *w)
{
	size_t before = w->engine->link_count;
	int code = each_cpu(watch_on, w);

	if (code)
		links_drop(w->engine, before);
	return code;
}

int attach_watchpoint(struct group *g, size_t site)
{
	struct watching w = {g->engine, g->program, g->sites[site], g->sites[site]->offset};

	return watch_everywhere(&w);
}

int watch_address(struct kernel *e, size_t program, uint64_t address, struct error *err)
{
	const struct plan_program *p = &e->plan->programs[program];
	struct watching w = {e, program, p->sites, address};
	int code;

	for (size_t i = 0; i < e->link_count; i++)
		if (e->links[i].watches && e->links[i].address == address &&
		    e->links[i].program == program)
			return 0;
	code = watch_everywhere(&w);
	if (!code)
		return 0;
	return error_set(err, code, "%s: 0x%llx can't be watched: %s",
	                 e->plan->probes[p->sites->probe].full, (unsigned long long)address,
	                 code == -ENOSPC   ? "all watchpoints that the processor has are taken"
	                 : code == -EINVAL ? "the processor can't watch that place in this mode"
	                                   : strerror(-code));
}

void unwatch_address(struct kernel *e, uint64_t address)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->link_count; i++) {
		struct kernel_link *link = &e->links[i];

		if (!link->watches || link->address != address) {
			e->links[kept++] = *link;
			continue;
		}
		if (link->fd >= 0)
			close(link->fd);
		close(link->event);
	}
	e->link_count = kept;
}
