/*
 * Owns the choice between the engines, and hands every call on to the one that was chosen.
 */
#include "operations.h"

#include "process/target.h"

#include <errno.h>

static const struct engine_operations *const engines[] = {
	[ENGINE_KERNEL] = &kernel_operations,
	[ENGINE_USER] = &user_operations,
	[ENGINE_SELF] = &self_operations,
};

enum engine_kind engine_choose(enum engine_kind wanted, const struct target *target,
			       struct error *why)
{
	if (wanted != ENGINE_AUTO)
		return wanted;
	return features_need(why) && target->process_count ? ENGINE_USER : ENGINE_KERNEL;
}

int engine_open(enum engine_kind kind, const struct plan *plan, struct target *target,
		const struct engine_options *options, struct engine **engine,
		struct warnings *warnings, struct error *err)
{
	return engines[kind]->open(plan, target, options, engine, warnings, err);
}

int engine_attach(struct engine *e, struct warnings *warnings, struct error *err)
{
	return e->operations->attach(e, warnings, err);
}

int engine_extend(struct engine *e, struct warnings *warnings, struct error *err)
{
	return e->operations->extend(e, warnings, err);
}

int engine_signal(struct engine *e, struct error *err)
{
	return e->operations->signal(e, err);
}

bool engine_news(struct engine *e, pid_t *pid)
{
	return e->operations->news(e, pid);
}

bool engine_go_on(struct engine *e)
{
	return e->operations->go_on(e);
}

int engine_drop_privileges(struct engine *e, unsigned needs, struct error *err)
{
	return e->operations->drop ? e->operations->drop(e, needs, err) : 0;
}

int engine_can_follow(enum engine_kind kind, struct error *err)
{
	return engines[kind]->can_follow(err);
}

int engine_poll(struct engine *e, int timeout_ms, const int *wake_fds, size_t wake_count,
		engine_record_fn *record, void *context, struct error *err)
{
	return e->operations->poll(e, timeout_ms, wake_fds, wake_count, record, context, err);
}

int engine_watch(struct engine *e, size_t program, uint64_t address, struct error *err)
{
	return e->operations->watch
		       ? e->operations->watch(e, program, address, err)
		       : error_set(err, -EOPNOTSUPP, "this engine has no watchpoints");
}

void engine_unwatch(struct engine *e, uint64_t address)
{
	if (e->operations->unwatch)
		e->operations->unwatch(e, address);
}

bool engine_over(const struct engine *e)
{
	return e->operations->over && e->operations->over(e);
}

void engine_detach(struct engine *e)
{
	e->operations->detach(e);
}

int engine_each(struct engine *e, const struct plan_map *map, engine_entry_fn *entry, void *context,
		struct error *err)
{
	return e->operations->each(e, map, entry, context, err);
}

int engine_lookup(struct engine *e, const struct plan_map *map, const void *key, void *value,
		  struct error *err)
{
	return e->operations->lookup(e, map, key, value, err);
}

int engine_clear(struct engine *e, const struct plan_map *map, bool only_zero, struct error *err)
{
	return e->operations->clear(e, map, only_zero, err);
}

int engine_trouble(struct engine *e, size_t probe, struct abi_trouble *trouble, struct error *err)
{
	return e->operations->trouble(e, probe, trouble, err);
}

int engine_mappings(struct engine *engine, engine_mapping_fn *mapping, void *context)
{
	return engine->operations->mappings ? engine->operations->mappings(engine, mapping, context)
					    : 0;
}

size_t engine_attached(const struct engine *e, const char **means)
{
	return e->operations->attached(e, means);
}

void engine_close(struct engine *e)
{
	if (e)
		e->operations->close(e);
}
