/* What a plan asks of whoever runs it, and is the same for all engines: times and counts. */
#include "engine/values.h"

#include <time.h>
#include <unistd.h>

static uint64_t nanoseconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

bool engine_value(int which, uint64_t *value)
{
	switch (which) {
	case PLAN_STARTED:
		*value = nanoseconds(CLOCK_MONOTONIC);
		return true;
	case PLAN_TAI_OFFSET:
		*value = nanoseconds(CLOCK_TAI) - nanoseconds(CLOCK_MONOTONIC);
		return true;
	case PLAN_CPUS:
		*value = (uint64_t)sysconf(_SC_NPROCESSORS_CONF);
		return true;
	default:
		return false;
	}
}
