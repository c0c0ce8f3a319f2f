/* The values of one key on several CPUs, made one. */
#ifndef TELLTALE_ENGINE_MERGE_H
#define TELLTALE_ENGINE_MERGE_H

#include "plan.h"

/*
 * `values` holds one value for each CPU, `stride` bytes apart (a multiple of 8, aligned to 8);
 * `merged` has room for one. What each aggregate means: enum plan_aggregate.
 */
void merge_cpus(const struct plan_map *map, const void *values, size_t stride, unsigned cpus,
                void *merged);

#endif
