/*
 * Owns how sites that are not in files are attached: tracepoints and functions of the kernel,
 * clocks and counters. Each function takes a site in whole or not at all.
 */
#include "features.h"
#include "kernel.h"
#include "process/limits.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <unistd.h>

/* A program on an event that was opened; closes it where that fails. */
static int attach_to(struct group *g, size_t site, int event)
{
	uint64_t cookie = g->cookies[site];
	int code;

	if (event < 0)
		return event;
	code = event_attach(g->engine, program_for(g->engine, g->program, cookie), event, cookie);
	if (code == -EMFILE) {
		raise_file_limit();
		code = event_attach(g->engine, program_for(g->engine, g->program, cookie), event,
				    cookie);
	}
	if (code)
		close(event);
	return code;
}

static int open_event(uint32_t type, uint64_t config, uint64_t period, int cpu)
{
	int event = sys_perf_event(type, config, period, cpu);

	if (event != -EMFILE)
		return event;
	raise_file_limit();
	return sys_perf_event(type, config, period, cpu);
}

/* The event is on one CPU, but its program runs on all: it belongs to the tracepoint. */
int attach_tracepoint(struct group *g, size_t site)
{
	return attach_to(g, site, open_event(PERF_TYPE_TRACEPOINT, g->sites[site]->event, 0,
					     first_cpu()));
}

/* The symbol of a raw tracepoint; NULL: the program knows its function itself. */
static int attach_by_symbol(struct group *g, size_t site, const char *symbol)
{
	int program = program_for(g->engine, g->program, g->cookies[site]);
	int fd = sys_raw_tracepoint(symbol, program);

	if (fd == -EMFILE) {
		raise_file_limit();
		fd = sys_raw_tracepoint(symbol, program);
	}
	if (fd < 0 || link_add(g->engine, fd, -1))
		return fd < 0 ? fd : 0;
	close(fd);
	return -ENOMEM;
}

int attach_raw_tracepoint(struct group *g, size_t site)
{
	return attach_by_symbol(g, site, g->sites[site]->symbol);
}

int attach_typed(struct group *g, size_t site)
{
	return attach_by_symbol(g, site, NULL);
}

/* ---- functions ---- */

static bool at_return(const struct group *g)
{
	return g->engine->plan->programs[g->program].attach == PLAN_ATTACH_KRETPROBE;
}

int attach_kprobe(struct group *g, size_t site)
{
	struct sys_kprobe kprobe = {
		.symbol = g->sites[site]->symbol,
		.offset = g->sites[site]->offset,
		.at_return = at_return(g),
		.cpu = first_cpu(),
	};
	int event;

	kprobe.type = feature_kprobe_pmu(&kprobe.return_bit);
	if (kprobe.type < 0)
		return kprobe.type;
	event = sys_perf_kprobe(&kprobe);
	if (event == -EMFILE) {
		raise_file_limit();
		event = sys_perf_kprobe(&kprobe);
	}
	return attach_to(g, site, event);
}

int attach_kprobe_multi(struct group *g, size_t first, size_t end)
{
	const char **symbols = calloc(end - first, sizeof(*symbols));
	struct sys_kprobe_multi multi = {
		.symbols = symbols,
		.cookies = g->cookies + first,
		.count = end - first,
		.at_return = at_return(g),
	};
	int fd;

	if (!symbols)
		return -ENOMEM;
	for (size_t i = first; i < end; i++)
		symbols[i - first] = g->sites[i]->symbol;
	fd = sys_link_kprobe_multi(g->engine->programs[g->program], &multi);
	free(symbols);
	if (fd < 0 || link_add(g->engine, fd, -1))
		return fd < 0 ? fd : 0;
	close(fd);
	return -ENOMEM;
}

/* ---- on every CPU ---- */

struct everywhere {
	struct group *group;
	size_t site;
	uint32_t type;
};

static int attach_on(void *context, int cpu)
{
	struct everywhere *w = context;
	const struct plan_site *site = w->group->sites[w->site];

	return attach_to(w->group, w->site, open_event(w->type, site->event, site->period, cpu));
}

static int attach_everywhere(struct group *g, size_t site, uint32_t type)
{
	struct everywhere w = {g, site, type};
	size_t before = g->engine->link_count;
	int code = each_cpu(attach_on, &w);

	if (code)
		links_drop(g->engine, before);
	return code;
}

int attach_counter(struct group *g, size_t site)
{
	bool hardware = g->engine->plan->programs[g->program].attach == PLAN_ATTACH_HARDWARE;

	return attach_everywhere(g, site, hardware ? PERF_TYPE_HARDWARE : PERF_TYPE_SOFTWARE);
}

/* A clock's site has event 0, which is the CPU's clock. */
_Static_assert(PERF_COUNT_SW_CPU_CLOCK == 0, "the event of clocks");

int attach_profile(struct group *g, size_t site)
{
	return attach_everywhere(g, site, PERF_TYPE_SOFTWARE);
}

int attach_interval(struct group *g, size_t site)
{
	return attach_to(g, site, open_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK,
					     g->sites[site]->period, first_cpu()));
}
