/* The plan's own life; what it is stands in plan.h. */
#include "plan.h"

#include <stdlib.h>

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->program_count; i++) {
		free(plan->programs[i].insns);
		free(plan->programs[i].sites);
		free(plan->programs[i].notes);
	}
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
