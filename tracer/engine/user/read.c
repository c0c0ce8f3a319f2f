/* Owns the reading of maps while the tracer's thread may change them. */
#include "user.h"

#include "engine/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct user_map *map_of(struct user_engine *u, const struct plan_map *map)
{
	return u->maps[map - u->plan->maps];
}

/* Values of one CPU, which are not always what they stand for: a minimum is a rank. */
struct merging {
	const struct plan_map *map;
	engine_entry_fn *entry;
	void *context;
	uint64_t *merged;
};

static int merge_one(void *context, const void *key, const void *value)
{
	struct merging *m = context;

	merge_cpus(m->map, value, 0, 1, m->merged);
	return m->entry(m->context, key, m->merged);
}

int user_each(struct engine *engine, const struct plan_map *map, engine_entry_fn *entry,
		     void *context, struct error *err)
{
	struct user_engine *u = own(engine);
	struct merging merging = {map, entry, context, NULL};
	int code;

	if (map->per_cpu) {
		merging.merged = calloc(1, map->value_size + sizeof(uint64_t));
		if (!merging.merged)
			return error_memory(err);
	}
	pthread_mutex_lock(&u->lock);
	code = map->per_cpu ? user_map_each(map_of(u, map), merge_one, &merging)
			    : user_map_each(map_of(u, map), entry, context);
	pthread_mutex_unlock(&u->lock);
	free(merging.merged);
	return code;
}

int user_lookup(struct engine *engine, const struct plan_map *map, const void *key,
		       void *value, struct error *err)
{
	struct user_engine *u = own(engine);
	const void *found;

	pthread_mutex_lock(&u->lock);
	found = user_map_lookup(map_of(u, map), key);
	if (found)
		memcpy(value, found, map->value_size);
	pthread_mutex_unlock(&u->lock);
	return found ? 0
		     : error_set(err, -ENOENT, "a key of the map %s is not there",
				 map->name ? map->name : "");
}

int user_clear(struct engine *engine, const struct plan_map *map, bool only_zero,
		      struct error *err)
{
	struct user_engine *u = own(engine);

	(void)err;
	pthread_mutex_lock(&u->lock);
	user_map_clear(map_of(u, map), only_zero);
	pthread_mutex_unlock(&u->lock);
	return 0;
}

int user_trouble(struct engine *engine, size_t probe, struct abi_trouble *trouble,
			struct error *err)
{
	const struct plan_map *map = plan_trouble_of(own(engine)->plan, probe);
	uint32_t key = map ? (uint32_t)probe - map->first_probe : 0;

	memset(trouble, 0, sizeof(*trouble));
	return map ? user_lookup(engine, map, &key, trouble, err) : 0;
}
