/* Owns the phases of the engine inside of the process, and the reading of records and maps. */
#include "self.h"

#include "process/target.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

static struct self_engine *own(struct engine *engine)
{
	return (struct self_engine *)engine;
}

static void self_close(struct engine *engine)
{
	struct self_engine *e = own(engine);

	traps_clear(e);
	for (size_t i = 0; i < e->program_count; i++)
		user_program_free(&e->programs[i]);
	for (size_t i = 0; i < e->map_count; i++) {
		user_map_close(e->maps[i]);
		free(e->maps[i]);
	}
	machine_close(&e->machine);
	user_ring_free(&e->ring);
	free(e->programs);
	free(e->maps);
	free(e->places);
	free(e->semaphores);
	free(e);
}

static int open_maps(struct self_engine *e, const struct engine_options *options, struct error *err)
{
	int code = 0;

	e->maps = calloc(e->plan->map_count + 1, sizeof(*e->maps));
	if (!e->maps)
		return error_memory(err);
	for (size_t i = 0; i < e->plan->map_count && !code; i++) {
		struct user_map *map = calloc(1, sizeof(*map));

		if (!map)
			return error_memory(err);
		e->maps[e->map_count++] = map;
		code = user_map_open(map, &e->plan->maps[i], err);
		if (!code && e->plan->maps[i].role == PLAN_MAP_RING)
			code = user_ring_new(&e->ring, options ? options->ring_bytes : 0, err);
	}
	return code ? code : machine_open(&e->machine, e->maps, e->map_count, &e->ring, err);
}

static int open_programs(struct self_engine *e, struct error *err)
{
	int code = 0;

	e->programs = calloc(e->plan->program_count + 1, sizeof(*e->programs));
	if (!e->programs)
		return error_memory(err);
	for (size_t i = 0; i < e->plan->program_count && !code; i++) {
		const struct plan_program *program = &e->plan->programs[i];

		if (program->attach != PLAN_ATTACH_UPROBE)
			return error_set(err, -EOPNOTSUPP,
					 "inside of a process only its own markers can be watched");
		code = user_program_decode(&e->machine, program, &e->programs[i], err);
		e->program_count += !code;
	}
	return code;
}

static int self_open(const struct plan *plan, struct target *target,
		     const struct engine_options *options, struct engine **engine,
		     struct warnings *warnings, struct error *err)
{
	struct self_engine *e = calloc(1, sizeof(*e));
	int code;

	(void)warnings;
	*engine = NULL;
	if (!e)
		return error_memory(err);
	e->engine.operations = &self_operations;
	e->plan = plan;
	e->target = target;
	code = open_maps(e, options, err);
	if (!code)
		code = open_programs(e, err);
	if (code)
		self_close(&e->engine);
	else
		*engine = &e->engine;
	return code;
}

static int self_attach(struct engine *engine, struct warnings *warnings, struct error *err)
{
	int code = self_places(own(engine), err);

	return code ? code : traps_set(own(engine), warnings, err);
}

static void self_detach(struct engine *engine)
{
	traps_clear(own(engine));
}

static int drain(struct self_engine *e, engine_record_fn *record, void *context, int *count,
		 struct error *err)
{
	int code;

	self_lock();
	code = e->failure.code;
	self_unlock();
	if (code) {
		*err = e->failure;
		return code;
	}
	return e->ring.data ? user_ring_drain(&e->ring, record, context, count) : 0;
}

/* Nobody wakes it: who is inside of the process knows when to look. */
static int self_poll(struct engine *engine, int timeout_ms, const int *wake_fds, size_t wake_count,
		     engine_record_fn *record, void *context, struct error *err)
{
	struct self_engine *e = own(engine);
	int count = 0, code = drain(e, record, context, &count, err);
	struct pollfd *fds;

	if (code || count || !timeout_ms)
		return code ? code : count;
	fds = calloc(wake_count + 1, sizeof(*fds));
	if (!fds)
		return error_memory(err);
	for (size_t i = 0; i < wake_count; i++)
		fds[i] = (struct pollfd){.fd = wake_fds[i], .events = POLLIN};
	poll(fds, wake_count, timeout_ms);
	free(fds);
	code = drain(e, record, context, &count, err);
	return code ? code : count;
}

/* ---- maps: read when no handler writes ---- */

static struct user_map *map_of(struct self_engine *e, const struct plan_map *map)
{
	return e->maps[map - e->plan->maps];
}

static int self_each(struct engine *engine, const struct plan_map *map, engine_entry_fn *entry,
		     void *context, struct error *err)
{
	(void)err;
	return user_map_each(map_of(own(engine), map), entry, context);
}

static int self_lookup(struct engine *engine, const struct plan_map *map, const void *key,
		       void *value, struct error *err)
{
	const void *found = user_map_lookup(map_of(own(engine), map), key);

	if (!found)
		return error_set(err, -ENOENT, "there is no such key");
	memcpy(value, found, map->value_size);
	return 0;
}

static int self_clear(struct engine *engine, const struct plan_map *map, bool only_zero,
		      struct error *err)
{
	(void)err;
	user_map_clear(map_of(own(engine), map), only_zero);
	return 0;
}

static int self_trouble(struct engine *engine, size_t probe, struct abi_trouble *trouble,
			struct error *err)
{
	const struct plan_map *map = plan_trouble_of(own(engine)->plan, probe);
	uint32_t key = map ? (uint32_t)probe - map->first_probe : 0;

	memset(trouble, 0, sizeof(*trouble));
	return map ? self_lookup(engine, map, &key, trouble, err) : 0;
}

static size_t self_attached(const struct engine *engine, const char **means)
{
	if (means)
		*means = "traps";
	return ((const struct self_engine *)engine)->attached;
}

static int self_can_follow(struct error *err)
{
	return error_set(err, -EOPNOTSUPP, "from inside of a process only itself can be seen");
}

const struct engine_operations self_operations = {
	.open = self_open,
	.attach = self_attach,
	.poll = self_poll,
	.detach = self_detach,
	.each = self_each,
	.lookup = self_lookup,
	.clear = self_clear,
	.trouble = self_trouble,
	.attached = self_attached,
	.close = self_close,
	.can_follow = self_can_follow,
};
