/*
 * Owns the phases of the kernel's engine and their order: maps, then programs, then BEGIN, then
 * sites, then intervals; and back.
 */
#include "kernel.h"

#include "apart.h"
#include "features.h"
#include "process/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * How many CPUs the kernel has room for, from a list such as "0-3,8-11": a per-CPU map has a value
 * for each, more than are online on a machine that can grow.
 */
static unsigned possible_cpus(void)
{
	char text[256], *at = text;
	unsigned count = 0;
	int fd = open("/sys/devices/system/cpu/possible", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[length < 0 ? 0 : length] = '\0';
	while (*at >= '0' && *at <= '9') {
		unsigned first = (unsigned)strtoul(at, &at, 10), last = first;

		if (*at == '-')
			last = (unsigned)strtoul(at + 1, &at, 10);
		count += last - first + 1;
		at += *at == ',';
	}
	return count ? count : (unsigned)sysconf(_SC_NPROCESSORS_CONF);
}

/*
 * uprobe_multi, unless some file is meant for certain processes only and this kernel takes those
 * pids for threads.
 */
static bool choose_multi(const struct target *target)
{
	/* Without cookies only by TELLTALE_WITHOUT: they are older. */
	if (!feature(FEATURE_UPROBE_MULTI)->present || !feature(FEATURE_COOKIE)->present)
		return false;
	for (size_t i = 0; i < target->file_count; i++)
		if (target->files[i].pid_count)
			return feature(FEATURE_MULTI_PID)->present;
	return true;
}

/* What this plan needs beyond what any does; asked only where it does. */
static int check_needs(const struct kernel *e, struct error *err)
{
	for (size_t i = 0; i < e->plan->program_count; i++) {
		enum feature needs = attach_kind(e->plan->programs[i].attach)->needs;

		if (needs != FEATURE_BPF && !feature(needs)->present)
			return feature_refuse(needs, "needed for such probes", err);
	}
	return 0;
}

static struct kernel *own(struct engine *engine)
{
	return (struct kernel *)engine;
}

/* ---- what is done apart (apart.c) ---- */

struct attaching_all {
	struct kernel *engine;
	struct warnings *warnings;
	struct error *err;
	int code;
};

static void attach_all(void *context)
{
	struct attaching_all *a = context;
	int trial = feature_trial_link();

	if (trial >= 0 && !link_add(a->engine, trial, -1))
		close(trial);
	news_extend(a->engine, a->warnings);
	if (!a->code)
		a->code = sites_attach(a->engine, a->warnings, a->err);
}

/* With an error so far (in err) only what does not depend on it. */
static int attach_apart(struct kernel *e, int code, struct warnings *warnings, struct error *err)
{
	struct attaching_all a = {e, warnings, err, code};

	run_apart(attach_all, &a);
	return a.code;
}

static void close_all(void *context)
{
	links_close(context);
}

static void close_apart(struct kernel *e)
{
	if (e->link_count)
		run_apart(close_all, e);
}

/* ---- the phases ---- */

static void kernel_close(struct engine *engine)
{
	struct kernel *e = own(engine);

	news_close(e);
	guardian_end(e);
	iterator_close(e);
	close_apart(e);
	mappings_close(e);
	programs_close(e);
	ring_close(e);
	buffers_close(e);
	maps_close(e);
	free(e->file_pids);
	free(e);
}

/* All of the plan that is not loaded yet. */
static int load_all(struct kernel *e, struct warnings *warnings, struct error *err)
{
	int code = check_needs(e, err);

	if (!code)
		code = maps_create(e, err);
	if (!code && e->ring.fd < 0)
		code = ring_open(e, err);
	if (!code && !e->buffers.count)
		code = buffers_open(e, delivery_bytes(e), err);
	if (!code)
		code = programs_load(e, warnings, err);
	return code;
}

static int kernel_open(const struct plan *plan, struct target *target,
                       const struct engine_options *options, struct engine **engine,
                       struct warnings *warnings, struct error *err)
{
	struct kernel *e;
	int code = features_need(err);

	*engine = NULL;
	if (code)
		return code;
	e = calloc(1, sizeof(*e));
	if (!e)
		return error_memory(err);
	e->engine.operations = &kernel_operations;
	e->plan = plan;
	e->warnings = warnings;
	e->target = target;
	if (options)
		e->options = *options;
	e->ring.fd = -1;
	e->iterator = -1;
	e->cpus = possible_cpus();
	e->multi = choose_multi(target);
	code = guardian_start(e, err);
	if (!code)
		code = load_all(e, warnings, err);
	if (code) {
		kernel_close(&e->engine);
		return code;
	}
	*engine = &e->engine;
	return 0;
}

static int kernel_attach(struct engine *engine, struct warnings *warnings, struct error *err)
{
	struct kernel *e = own(engine);
	int code = mappings_open(e, warnings);

	if (code)
		return error_memory(err);
	code = specials_run(e, PLAN_ATTACH_BEGIN, err);
	e->began = !code;
	if (!code)
		code = follow_start(e, err);
	if (!code)
		news_start(e, warnings);
	if (!code)
		code = attach_apart(e, 0, warnings, err);
	if (!code)
		code = follow_ends(e, err);
	if (!code)
		code = guardian_raise(e, warnings, err);
	return code;
}

static int kernel_drop(struct engine *engine, unsigned needs, struct error *err)
{
	int code = privileges_drop(own(engine), needs);

	return code ? error_set(err, code, "privileges can't be given up: %s", strerror(-code)) : 0;
}

static int kernel_extend(struct engine *engine, struct warnings *warnings, struct error *err)
{
	struct kernel *e = own(engine);
	int code = attach_apart(e, load_all(e, warnings, err), warnings, err);

	if (!code)
		return guardian_raise(e, warnings, err);
	e->attached_programs = e->program_count; /* those that could be loaded run nowhere */
	return code;
}

static bool kernel_news(struct engine *e, pid_t *pid)
{
	return news_next(own(e), pid);
}

static bool kernel_go_on(struct engine *e)
{
	return news_go_on(own(e));
}

static int kernel_signal(struct engine *e, struct error *err)
{
	return specials_run(own(e), PLAN_ATTACH_SIGNAL, err);
}

static int kernel_poll(struct engine *e, int timeout_ms, const int *wake_fds, size_t wake_count,
                       engine_record_fn *record, void *context, struct error *err)
{
	return records_poll(own(e), timeout_ms, wake_fds, wake_count, record, context, err);
}

static void kernel_detach(struct engine *engine)
{
	struct kernel *e = own(engine);
	struct error ignored;

	news_stop(e);
	if (!guardian_end(e))
		warn(e->warnings, "the process that kept the semaphores was killed: they stay raised "
				  "in processes that run on");
	iterator_close(e);
	close_apart(e);
	/* END ran in BEGIN's company or not at all; a failure would have shown there. */
	if (e->began)
		specials_run(e, PLAN_ATTACH_END, &ignored);
	e->began = false;
}

static int kernel_watch(struct engine *e, size_t program, uint64_t address, struct error *err)
{
	return watch_address(own(e), program, address, err);
}

static void kernel_unwatch(struct engine *e, uint64_t address)
{
	unwatch_address(own(e), address);
}

static bool kernel_over(const struct engine *engine)
{
	const struct kernel *e = (const struct kernel *)engine;

	return e->iterates && e->iterator < 0;
}

static int kernel_clear(struct engine *e, const struct plan_map *map, bool only_zero,
                        struct error *err)
{
	return map_clear(own(e), map, only_zero, err);
}

static int kernel_each(struct engine *e, const struct plan_map *map, engine_entry_fn *entry,
                       void *context, struct error *err)
{
	return map_each(own(e), map, entry, context, err);
}

static int kernel_lookup(struct engine *e, const struct plan_map *map, const void *key, void *value,
                         struct error *err)
{
	return map_lookup(own(e), map, key, value, err);
}

static int kernel_trouble(struct engine *e, size_t probe, struct abi_trouble *trouble,
                          struct error *err)
{
	return trouble_read(own(e), probe, trouble, err);
}

static int kernel_mappings(struct engine *e, engine_mapping_fn *mapping, void *context)
{
	return mappings_each(own(e), mapping, context);
}

static size_t kernel_attached(const struct engine *engine, const char **means)
{
	const struct kernel *e = (const struct kernel *)engine;

	if (means)
		*means = e->multi ? "uprobe_multi" : "perf events";
	return e->attached;
}

const struct engine_operations kernel_operations = {
        .open = kernel_open,
        .attach = kernel_attach,
        .drop = kernel_drop,
        .extend = kernel_extend,
        .signal = kernel_signal,
        .news = kernel_news,
        .go_on = kernel_go_on,
        .poll = kernel_poll,
        .watch = kernel_watch,
        .unwatch = kernel_unwatch,
        .over = kernel_over,
        .detach = kernel_detach,
        .each = kernel_each,
        .lookup = kernel_lookup,
        .clear = kernel_clear,
        .trouble = kernel_trouble,
        .mappings = kernel_mappings,
        .attached = kernel_attached,
        .close = kernel_close,
        .can_follow = kernel_can_follow,
};
