/*
 * Owns the arithmetic of bringing several CPUs together. Sums wrap modulo 2^64, as they do in the
 * programs, so that signed and unsigned ones are the same.
 */
#include "merge.h"

#include "bpf/abi.h"

#include <string.h>

/* Counts, sums, averages and histograms: 64-bit numbers that add up one by one. */
static void add_all(const struct plan_map *map, const char *values, size_t stride, unsigned cpus,
                    void *merged)
{
	size_t numbers = map->value_size / sizeof(uint64_t);

	memset(merged, 0, map->value_size);
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		for (size_t i = 0; i < numbers; i++) {
			uint64_t sum, more;

			memcpy(&sum, (char *)merged + i * sizeof(sum), sizeof(sum));
			memcpy(&more, values + cpu * stride + i * sizeof(more), sizeof(more));
			sum += more;
			memcpy((char *)merged + i * sizeof(sum), &sum, sizeof(sum));
		}
	}
}

/* The greatest rank, as the value that it stands for. A CPU that has seen none (`set` is 0) has no
 * say. */
static void find_extreme(const struct plan_map *map, const char *values, size_t stride,
                         unsigned cpus, void *merged)
{
	struct abi_extreme best = {0};

	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		struct abi_extreme other;

		memcpy(&other, values + cpu * stride, sizeof(other));
		if (other.set && (!best.set || other.value > best.value))
			best = other;
	}
	if (best.set)
		best.value ^= abi_rank(map->aggregate == PLAN_MIN, map->value.is_signed);
	memcpy(merged, &best, sizeof(best));
}

void merge_cpus(const struct plan_map *map, const void *values, size_t stride, unsigned cpus,
                void *merged)
{
	switch (map->aggregate) {
	case PLAN_COUNT:
	case PLAN_SUM:
	case PLAN_AVG:
	case PLAN_STATS:
	case PLAN_HIST:
	case PLAN_LHIST:
	case PLAN_BHIST:
		add_all(map, values, stride, cpus, merged);
		break;
	case PLAN_MIN:
	case PLAN_MAX:
		find_extreme(map, values, stride, cpus, merged);
		break;
	case PLAN_VALUE:
		/* The same for all CPUs: the first one's. */
		memcpy(merged, values, map->value_size);
		break;
	}
}
