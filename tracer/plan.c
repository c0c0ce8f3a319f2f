/* The plan's own life; what it is stands in plan.h. */
#include "plan.h"

#include <stdlib.h>

struct plan_size plan_size(const struct plan *plan)
{
	return (struct plan_size){plan->probe_count, plan->map_count, plan->record_count,
				  plan->program_count, plan->failure_count};
}

void plan_cut(struct plan *plan, const struct plan_size *size)
{
	for (size_t i = size->programs; i < plan->program_count; i++) {
		free(plan->programs[i].insns);
		free(plan->programs[i].sites);
		free(plan->programs[i].notes);
	}
	plan->program_count = size->programs;
	plan->record_count = size->records;
	plan->map_count = size->maps;
	for (size_t i = 0; i < plan->map_count; i++)
		if (plan->maps[i].own >= plan->map_count)
			plan->maps[i].own = 0;
	plan->probe_count = size->probes;
	plan->failure_count = size->failures;
}

void plan_free(struct plan *plan)
{
	plan_cut(plan, &(struct plan_size){0});
	free(plan->loaders);
	free(plan->failures);
	free(plan->programs);
	free(plan->records);
	free(plan->maps);
	free(plan->probes);
	arena_free(&plan->arena);
	*plan = (struct plan){0};
}

const struct plan_map *plan_map_of(const struct plan *plan, enum plan_map_role role)
{
	for (size_t i = 0; i < plan->map_count; i++)
		if (plan->maps[i].role == role)
			return &plan->maps[i];
	return NULL;
}

const struct plan_map *plan_trouble_of(const struct plan *plan, size_t probe)
{
	for (size_t i = 0; i < plan->map_count; i++) {
		const struct plan_map *map = &plan->maps[i];

		if (map->role == PLAN_MAP_TROUBLE && probe >= map->first_probe &&
		    probe - map->first_probe < map->entries)
			return map;
	}
	return NULL;
}
