/*
 * Owns the reading of maps: every key with what all CPUs have for it, made one by merge.c; and
 * their clearing.
 */
#include "engine/merge.h"
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where values of several CPUs stand side by side, each starts at a multiple of 8. */
static size_t stride(const struct plan_map *map)
{
	return ((size_t)map->value_size + 7) & ~(size_t)7;
}

static bool is_per_cpu(const struct plan_map *map)
{
	return map->bpf_type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       map->bpf_type == BPF_MAP_TYPE_PERCPU_HASH ||
	       map->bpf_type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

struct reading {
	struct kernel *engine;
	const struct plan_map *map;
	int fd;
	size_t value_bytes; /* of one key, all CPUs */
	engine_entry_fn *entry;
	void *context;
	uint64_t *merged; /* NULL: nothing to merge */
	struct error *err;
};

static int deliver(struct reading *r, const void *key, const void *value)
{
	if (r->merged) {
		merge_cpus(r->map, value, stride(r->map), r->engine->cpus, r->merged);
		value = r->merged;
	}
	return r->entry(r->context, key, value);
}

static int fail(struct reading *r, int code)
{
	return error_set(r->err, code, "reading the map %s: %s", r->map->name ? r->map->name : "",
	                 strerror(-code));
}

/*
 * Many keys in one call. Returns -EOPNOTSUPP where this kernel or this type of map can't; nothing
 * has been delivered then.
 */
static int each_batch(struct reading *r)
{
	size_t each = r->map->key_size + r->value_bytes;
	uint32_t room = (uint32_t)((1 << 20) / each), count;
	char *keys = NULL, *values = NULL;
	/* The place to go on from is the kernel's own: 4 bytes, or a key. */
	void *from = calloc(1, r->map->key_size + 8), *to = calloc(1, r->map->key_size + 8);
	bool first = true;
	int code = 0, result = 0;

	if (room < 16)
		room = 16;
	if (room > r->map->entries)
		room = r->map->entries;
	while (!code && !result) {
		free(keys);
		free(values);
		keys = malloc((size_t)room * r->map->key_size);
		values = malloc((size_t)room * r->value_bytes);
		if (!keys || !values || !from || !to) {
			code = -ENOMEM;
			break;
		}
		do {
			count = room;
			code = sys_map_lookup_batch(r->fd, first ? NULL : from, to, keys, values,
			                            &count);
			if (code && code != -ENOENT)
				break;
			for (uint32_t i = 0; i < count && !result; i++)
				result = deliver(r, keys + (size_t)i * r->map->key_size,
				                 values + i * r->value_bytes);
			memcpy(from, to, r->map->key_size + 8);
			first = false;
		} while (!code && !result);
		/* One bucket of the hash holds more keys than there is room for. */
		if (code == -ENOSPC && room < 1u << 24) {
			room *= 2;
			code = 0;
		}
	}
	free(keys);
	free(values);
	free(from);
	free(to);
	if (result)
		return result;
	if (code == -ENOENT)
		return 0;
	/* ENOTSUPP (524) is the kernel's own; strangers to batches say EINVAL. */
	if (first && (code == -524 || code == -EINVAL || code == -EOPNOTSUPP))
		return -EOPNOTSUPP;
	return fail(r, code);
}

/* One by one; a key that goes away meanwhile is passed over. */
static int each_key(struct reading *r)
{
	size_t key_size = r->map->key_size;
	char *key = malloc(key_size), *next = malloc(key_size), *swap;
	char *value = malloc(r->value_bytes);
	uint64_t left = r->map->entries + 1024ull; /* keys that come and go could lead in circles */
	int code, result = 0;
	bool first = true;

	if (!key || !next || !value) {
		code = -ENOMEM;
		goto out;
	}
	while (!(code = sys_map_next(r->fd, first ? NULL : key, next)) && left--) {
		code = sys_map_lookup(r->fd, next, value);
		if (!code)
			result = deliver(r, next, value);
		else if (code != -ENOENT)
			break;
		if (result)
			break;
		swap = key;
		key = next;
		next = swap;
		first = false;
	}
	if (code == -ENOENT)
		code = 0;
out:
	free(key);
	free(next);
	free(value);
	return result ? result : code ? fail(r, code) : 0;
}

int map_each(struct kernel *e, const struct plan_map *map, engine_entry_fn *entry, void *context,
             struct error *err)
{
	bool per_cpu = is_per_cpu(map);
	struct reading r = {
	        .engine = e,
	        .map = map,
	        .fd = e->maps[map - e->plan->maps].fd,
	        .value_bytes = per_cpu ? stride(map) * e->cpus : map->value_size,
	        .entry = entry,
	        .context = context,
	        .err = err,
	};
	int code;

	if (per_cpu) {
		r.merged = calloc(1, stride(map));
		if (!r.merged)
			return error_memory(err);
	}
	code = map->entries > 1 && map->bpf_type != BPF_MAP_TYPE_STACK_TRACE ? each_batch(&r)
	                                                                     : -EOPNOTSUPP;
	if (code == -EOPNOTSUPP)
		code = each_key(&r);
	free(r.merged);
	return code;
}

/*
 * Keys are forgotten from the first one on, since none is left behind it; values are set to 0 along
 * the keys. Hits go on meanwhile, so the number of steps is bounded.
 */
int map_clear(struct kernel *e, const struct plan_map *map, bool only_zero, struct error *err)
{
	bool forget = !only_zero && map->bpf_type != BPF_MAP_TYPE_ARRAY &&
		      map->bpf_type != BPF_MAP_TYPE_PERCPU_ARRAY;
	int fd = e->maps[map - e->plan->maps].fd, code = 0;
	size_t value_bytes = is_per_cpu(map) ? stride(map) * e->cpus : map->value_size;
	char *keys = calloc(2, map->key_size), *zeros = calloc(1, value_bytes);
	char *key = keys, *last = NULL;

	for (uint32_t i = 0; keys && zeros && i < map->entries; i++) {
		code = sys_map_next(fd, forget ? NULL : last, key);
		if (code)
			break;
		code = forget ? sys_map_delete(fd, key) : sys_map_update(fd, key, zeros);
		if (code && code != -ENOENT)
			break;
		last = key;
		key = key == keys ? keys + map->key_size : keys;
		code = 0;
	}
	if (!keys || !zeros)
		code = -ENOMEM;
	free(keys);
	free(zeros);
	return code && code != -ENOENT ? error_set(err, code, "clearing the map %s: %s", map->name,
	                                           strerror(-code))
	                               : 0;
}

int map_lookup(struct kernel *e, const struct plan_map *map, const void *key, void *value,
               struct error *err)
{
	int code = sys_map_lookup(e->maps[map - e->plan->maps].fd, key, value);

	return code ? error_set(err, code, "looking up a key of the map %s: %s",
	                        map->name ? map->name : "", strerror(-code))
	            : 0;
}

int trouble_read(struct kernel *e, size_t probe, struct abi_trouble *trouble, struct error *err)
{
	const struct plan_map *map = plan_trouble_of(e->plan, probe);
	unsigned cpus = map && is_per_cpu(map) ? e->cpus : 1;
	uint32_t key = map ? (uint32_t)probe - map->first_probe : 0;
	struct abi_trouble *values;
	int code;

	memset(trouble, 0, sizeof(*trouble));
	if (!map)
		return 0;
	values = calloc(cpus, sizeof(*values));
	if (!values)
		return error_memory(err);
	code = sys_map_lookup(e->maps[map - e->plan->maps].fd, &key, values);
	for (unsigned i = 0; !code && i < cpus; i++) {
		trouble->lost += values[i].lost;
		trouble->unreadable += values[i].unreadable;
		trouble->full += values[i].full;
		trouble->endless += values[i].endless;
	}
	free(values);
	return code ? error_set(err, code, "reading what was lost: %s", strerror(-code)) : 0;
}
