/*
 * Owns the maps of a plan: their creation, the constant data in them, and the size of the ring.
 */
#include "kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * Without a wish: 4 MB, which holds 50 to 100 ms of a million small events a second (of those with room
 * for texts of a kilobyte 4 ms, which poll.c minds), or a thousandth of the memory of a smaller machine,
 * and never less than 256 KB.
 */
static uint64_t default_ring_bytes(void)
{
	uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES);
	uint64_t wanted = pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;

	if (wanted > 4 << 20)
		return 4 << 20;
	return wanted < 256 << 10 ? 256 << 10 : wanted;
}

uint64_t delivery_bytes(const struct kernel *e)
{
	return e->options.ring_bytes ? e->options.ring_bytes : default_ring_bytes();
}

/* A power of two and a multiple of the page: what the kernel takes. */
static uint32_t ring_bytes(const struct kernel *e)
{
	uint64_t wanted = delivery_bytes(e);
	uint64_t bytes = (uint64_t)sysconf(_SC_PAGESIZE);

	while (bytes < wanted && bytes < 1u << 31)
		bytes *= 2;
	return (uint32_t)bytes;
}

/* Kernels before 5.11 count maps against RLIMIT_MEMLOCK and say EPERM. */
static int create_map(const struct sys_map *map)
{
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	int (*create)(const struct sys_map *map) = sys_map_create;
	int fd;

	if (map->type == BPF_MAP_TYPE_TASK_STORAGE)
		create = sys_map_create_carried;
	fd = create(map);
	if (fd == -EPERM && !setrlimit(RLIMIT_MEMLOCK, &unlimited))
		fd = create(map);
	return fd;
}

static int explain_map(const struct sys_map *map, int code, struct error *err)
{
	if (code == -EPERM)
		return error_set(err, -EPERM,
		                 "not permitted to create a BPF map: CAP_BPF is missing");
	if (code == -ENOMEM || code == -E2BIG)
		return error_set(
		        err, code,
		        "the kernel has no memory for the map %s (%u entries of %u bytes): "
		        "use a smaller one",
		        map->name, map->entries, map->value_size);
	return error_set(err, code, "the kernel refused the map %s: %s", map->name,
	                 strerror(-code));
}

/* Constant data: all entries in one call where the kernel can (5.6). */
static int fill(int fd, const struct plan_map *map)
{
	const char *values = map->initial;
	uint32_t *keys = calloc(map->entries, sizeof(*keys));
	int code;

	if (!keys)
		return -ENOMEM;
	for (uint32_t i = 0; i < map->entries; i++)
		keys[i] = i;
	code = sys_map_update_batch(fd, keys, values, map->entries);
	free(keys);
	if (!code || code == -ENOMEM)
		return code;
	for (uint32_t i = 0; i < map->entries; i++) {
		code = sys_map_update(fd, &i, values + (size_t)i * map->value_size);
		if (code)
			return code;
	}
	return 0;
}

static int create_one(struct kernel *e, size_t index, struct error *err)
{
	const struct plan_map *plan = &e->plan->maps[index];
	struct sys_map map = {
	        .name = plan->name ? plan->name : "",
	        .type = plan->bpf_type,
	        .flags = plan->flags,
	        .key_size = plan->key_size,
	        .value_size = plan->value_size,
	        .entries = plan->entries,
	};
	int code = 0;

	switch (plan->role) {
	case PLAN_MAP_RING:
		map.name = "tt_ring";
		/* Else an event for each CPU, which buffers_open() puts in. */
		map.entries = plan->bpf_type == BPF_MAP_TYPE_RINGBUF ? ring_bytes(e) : e->cpus;
		break;
	case PLAN_MAP_CONTROL:
		map.name = "tt_control";
		map.flags |= BPF_F_MMAPABLE;
		break;
	case PLAN_MAP_TROUBLE:
		map.name = "tt_trouble";
		break;
	case PLAN_MAP_FAILURES:
		map.name = "tt_failures";
		break;
	case PLAN_MAP_RECIPES:
		map.name = "tt_recipes";
		break;
	case PLAN_MAP_FOLLOWED:
		map.name = "tt_followed";
		break;
	case PLAN_MAP_STACKS:
		map.name = "tt_stacks";
		break;
	case PLAN_MAP_THREAD:
		map.name = "tt_thread";
		break;
	case PLAN_MAP_USER:
		break;
	}
	e->maps[index].fd = create_map(&map);
	e->maps[index].entries = map.entries;
	if (e->maps[index].fd < 0)
		return explain_map(&map, e->maps[index].fd, err);
	if (plan->initial)
		code = fill(e->maps[index].fd, plan);
	/* A map that neither side writes any more is constants to the verifier. */
	if (!code && plan->initial && plan->flags & BPF_F_RDONLY_PROG)
		code = sys_map_freeze(e->maps[index].fd);
	return code ? error_set(err, code, "the constants of the map %s: %s", map.name,
	                        strerror(-code))
	            : 0;
}

static int map_control(struct kernel *e, size_t index, struct error *err)
{
	void *memory = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED,
	                    e->maps[index].fd, 0);

	if (memory == MAP_FAILED)
		return error_set(err, -errno, "mapping the control map: %s", strerror(errno));
	e->control = memory;
	return 0;
}

int maps_create(struct kernel *e, struct error *err)
{
	size_t first = e->map_count;
	struct kernel_map *maps;
	int code = 0;

	maps = realloc(e->maps, (e->plan->map_count + 1) * sizeof(*maps));
	if (!maps)
		return error_memory(err);
	e->maps = maps;
	e->map_count = e->plan->map_count;
	for (size_t i = first; i < e->map_count; i++)
		e->maps[i].fd = -1;
	for (size_t i = 0; i < e->map_count && !code; i++) {
		if (e->maps[i].fd >= 0 || !e->plan->maps[i].bpf_type)
			continue;
		code = create_one(e, i, err);
		if (!code && e->plan->maps[i].role == PLAN_MAP_CONTROL)
			code = map_control(e, i, err);
	}
	return code;
}

void maps_close(struct kernel *e)
{
	if (e->control)
		munmap(e->control, (size_t)sysconf(_SC_PAGESIZE));
	e->control = NULL;
	for (size_t i = 0; i < e->map_count; i++)
		if (e->maps[i].fd >= 0)
			close(e->maps[i].fd);
	free(e->maps);
	e->maps = NULL;
	e->map_count = 0;
}
