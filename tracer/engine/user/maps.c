/*
 * Owns the maps of a plan in user space: arrays, hashes (LRU ones forget what was used longest ago)
 * and stack traces. Only one program runs at a time, so a per-CPU map has one value for a key.
 * Values never move while their key is there: programs hold their addresses.
 */
#include "machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static uint64_t hash_of(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

/* Zeros, of which only what is touched takes memory. */
static void *zeros(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool of_known_type(struct user_map *map)
{
	switch (map->plan.bpf_type) {
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		map->lru = true;
		/* fall through */
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
		map->keyed = true;
		return true;
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_STACK_TRACE:
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_UNSPEC: /* that nobody uses */
	case BPF_MAP_TYPE_TASK_STORAGE: /* see task_storage() in helpers.c */
		return true;
	default:
		return false;
	}
}

static int open_hash(struct user_map *map)
{
	uint32_t buckets = 16;

	while (buckets < map->entries && buckets < 1u << 30)
		buckets *= 2;
	map->mask = buckets - 1;
	map->keys = zeros((size_t)map->entries * map->key_size);
	map->slots = calloc(map->entries, sizeof(*map->slots));
	map->buckets = malloc(buckets * sizeof(*map->buckets));
	if (!map->keys || !map->slots || !map->buckets)
		return -ENOMEM;
	memset(map->buckets, 0xff, buckets * sizeof(*map->buckets));
	map->free = map->newest = map->oldest = NO_SLOT;
	return 0;
}

int user_map_open(struct user_map *map, const struct plan_map *plan, struct error *err)
{
	*map = (struct user_map){.plan = *plan, .key_size = plan->key_size,
				 .entries = plan->entries};
	if (!of_known_type(map))
		return error_set(err, -EOPNOTSUPP,
				 "the user engine has no maps of type %u, which this program needs: "
				 "use --engine kernel",
				 plan->bpf_type);
	if (plan->bpf_type == BPF_MAP_TYPE_RINGBUF || plan->bpf_type == BPF_MAP_TYPE_UNSPEC ||
	    plan->bpf_type == BPF_MAP_TYPE_TASK_STORAGE)
		return 0;
	if (!map->entries || !plan->value_size || !plan->key_size ||
	    (!map->keyed && plan->key_size != 4))
		return error_set(err, -EINVAL, "a map of the plan has no size");
	map->stride = ((size_t)plan->value_size + 7) & ~(size_t)7;
	map->value_bytes = map->stride * map->entries;
	map->values = zeros(map->value_bytes);
	if (!map->values || (map->keyed && open_hash(map)))
		goto no_memory;
	if (plan->bpf_type == BPF_MAP_TYPE_STACK_TRACE) {
		map->depths = calloc(map->entries, sizeof(*map->depths));
		if (!map->depths)
			goto no_memory;
	}
	for (uint32_t i = 0; plan->initial && i < map->entries; i++)
		memcpy(map->values + i * map->stride,
		       (const char *)plan->initial + (size_t)i * plan->value_size, plan->value_size);
	return 0;
no_memory:
	user_map_close(map);
	return error_memory(err);
}

void user_map_close(struct user_map *map)
{
	if (map->values)
		munmap(map->values, map->value_bytes);
	if (map->keys)
		munmap(map->keys, (size_t)map->entries * map->key_size);
	free(map->slots);
	free(map->buckets);
	free(map->depths);
	memset(map, 0, sizeof(*map));
}

/* ---- hashes ---- */

static char *key_at(struct user_map *map, uint32_t slot)
{
	return map->keys + (size_t)slot * map->key_size;
}

static char *value_at(struct user_map *map, uint32_t slot)
{
	return map->values + slot * map->stride;
}

static uint32_t find(struct user_map *map, const void *key, uint32_t hash)
{
	uint32_t slot = map->buckets[hash & map->mask];

	while (slot != NO_SLOT && (map->slots[slot].hash != hash ||
				   memcmp(key_at(map, slot), key, map->key_size)))
		slot = map->slots[slot].next;
	return slot;
}

static void unlink_use(struct user_map *map, uint32_t slot)
{
	struct user_slot *s = &map->slots[slot];

	*(s->newer == NO_SLOT ? &map->newest : &map->slots[s->newer].older) = s->older;
	*(s->older == NO_SLOT ? &map->oldest : &map->slots[s->older].newer) = s->newer;
}

static void link_use(struct user_map *map, uint32_t slot)
{
	struct user_slot *s = &map->slots[slot];

	s->newer = NO_SLOT;
	s->older = map->newest;
	*(map->newest == NO_SLOT ? &map->oldest : &map->slots[map->newest].newer) = slot;
	map->newest = slot;
}

static void touch(struct user_map *map, uint32_t slot)
{
	if (!map->lru || map->newest == slot)
		return;
	unlink_use(map, slot);
	link_use(map, slot);
}

static void forget(struct user_map *map, uint32_t slot)
{
	struct user_slot *s = &map->slots[slot];
	uint32_t *link = &map->buckets[s->hash & map->mask];

	while (*link != slot)
		link = &map->slots[*link].next;
	*link = s->next;
	if (map->lru)
		unlink_use(map, slot);
	s->taken = false;
	s->next = map->free;
	map->free = slot;
	map->count--;
}

/* A slot for a new key; NO_SLOT when the map is full. */
static uint32_t take(struct user_map *map)
{
	uint32_t slot;

	if (map->lru && map->count == map->entries)
		forget(map, map->oldest);
	if (map->free == NO_SLOT)
		return map->used < map->entries ? map->used++ : NO_SLOT;
	slot = map->free;
	map->free = map->slots[slot].next;
	return slot;
}

static int add(struct user_map *map, const void *key, const void *value, uint32_t hash)
{
	uint32_t slot = take(map), *bucket = &map->buckets[hash & map->mask];
	struct user_slot *s;

	if (slot == NO_SLOT)
		return -E2BIG;
	s = &map->slots[slot];
	*s = (struct user_slot){.next = *bucket, .hash = hash, .taken = true};
	*bucket = slot;
	map->count++;
	if (map->lru)
		link_use(map, slot);
	memcpy(key_at(map, slot), key, map->key_size);
	memcpy(value_at(map, slot), value, map->plan.value_size);
	return 0;
}

/* ---- what programs do ---- */

static uint32_t index_of(const void *key)
{
	uint32_t index;

	memcpy(&index, key, sizeof(index));
	return index;
}

void *user_map_lookup(struct user_map *map, const void *key)
{
	uint32_t slot;

	if (!map->values)
		return NULL;
	if (!map->keyed) {
		slot = index_of(key);
		if (slot >= map->entries || (map->depths && !map->depths[slot]))
			return NULL;
		return value_at(map, slot);
	}
	slot = find(map, key, (uint32_t)hash_of(key, map->key_size));
	if (slot == NO_SLOT)
		return NULL;
	touch(map, slot);
	return value_at(map, slot);
}

int user_map_update(struct user_map *map, const void *key, const void *value, uint64_t flags)
{
	void *there = user_map_lookup(map, key);

	if (flags > BPF_EXIST || !map->values || map->depths)
		return -EINVAL;
	if (flags == BPF_NOEXIST && there)
		return -EEXIST;
	if (!map->keyed && !there)
		return -E2BIG;
	if (flags == BPF_EXIST && !there)
		return -ENOENT;
	if (!there)
		return add(map, key, value, (uint32_t)hash_of(key, map->key_size));
	memmove(there, value, map->plan.value_size);
	return 0;
}

int user_map_delete(struct user_map *map, const void *key)
{
	uint32_t slot;

	if (!map->keyed)
		return -EINVAL;
	slot = find(map, key, (uint32_t)hash_of(key, map->key_size));
	if (slot == NO_SLOT)
		return -ENOENT;
	forget(map, slot);
	return 0;
}

int64_t user_map_stack(struct user_map *map, const uint64_t *addresses, uint32_t count)
{
	uint32_t most = map->plan.value_size / sizeof(*addresses), at;

	if (!map->depths)
		return -EINVAL;
	if (!count)
		return -EFAULT;
	if (count > most)
		count = most;
	at = (uint32_t)(hash_of(addresses, count * sizeof(*addresses)) % map->entries);
	for (uint32_t tries = 0; tries < map->entries; tries++, at = (at + 1) % map->entries) {
		char *value = value_at(map, at);

		if (!map->depths[at]) {
			memcpy(value, addresses, count * sizeof(*addresses));
			map->depths[at] = count;
			return at;
		}
		if (map->depths[at] == count &&
		    !memcmp(value, addresses, count * sizeof(*addresses)))
			return at;
	}
	return -EEXIST; /* what the kernel says when there is no room for another */
}

/* ---- what the reader does ---- */

int user_map_each(struct user_map *map, engine_entry_fn *entry, void *context)
{
	uint32_t end = map->keyed ? map->used : map->entries;
	int result = 0;

	for (uint32_t i = 0; i < end && !result; i++) {
		if (map->keyed ? !map->slots[i].taken : map->depths && !map->depths[i])
			continue;
		result = entry(context, map->keyed ? (const void *)key_at(map, i) : &i,
			       value_at(map, i));
	}
	return result;
}

void user_map_clear(struct user_map *map, bool only_zero)
{
	uint32_t end = map->keyed ? map->used : map->entries;

	for (uint32_t i = 0; i < end; i++) {
		if (map->keyed && !map->slots[i].taken)
			continue;
		if (map->keyed && !only_zero)
			forget(map, i);
		else
			memset(value_at(map, i), 0, map->stride);
	}
	if (map->depths && !only_zero)
		memset(map->depths, 0, map->entries * sizeof(*map->depths));
}
