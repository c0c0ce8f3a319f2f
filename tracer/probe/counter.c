/*
 * Owns the probes on counters: what the kernel (software) and the processor (hardware) count, hit
 * at every so-many-th time. The names are those of perf_event_open(2) and of bpftrace.
 */
#include "kind.h"

#include "base/text.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

static const struct counter {
	enum probe_kind kind;
	const char *name, *alias;
	uint64_t event;
	uint64_t period; /* where nobody gives one */
} counters[] = {
	{PROBE_SOFTWARE, "alignment-faults", "", PERF_COUNT_SW_ALIGNMENT_FAULTS, 1},
	{PROBE_SOFTWARE, "bpf-output", "", PERF_COUNT_SW_BPF_OUTPUT, 1},
	{PROBE_SOFTWARE, "context-switches", "cs", PERF_COUNT_SW_CONTEXT_SWITCHES, 1000},
	{PROBE_SOFTWARE, "cpu-clock", "cpu", PERF_COUNT_SW_CPU_CLOCK, 1000000},
	{PROBE_SOFTWARE, "cpu-migrations", "", PERF_COUNT_SW_CPU_MIGRATIONS, 1},
	{PROBE_SOFTWARE, "dummy", "", PERF_COUNT_SW_DUMMY, 1},
	{PROBE_SOFTWARE, "emulation-faults", "", PERF_COUNT_SW_EMULATION_FAULTS, 1},
	{PROBE_SOFTWARE, "major-faults", "", PERF_COUNT_SW_PAGE_FAULTS_MAJ, 1},
	{PROBE_SOFTWARE, "minor-faults", "", PERF_COUNT_SW_PAGE_FAULTS_MIN, 100},
	{PROBE_SOFTWARE, "page-faults", "faults", PERF_COUNT_SW_PAGE_FAULTS, 100},
	{PROBE_SOFTWARE, "task-clock", "", PERF_COUNT_SW_TASK_CLOCK, 1000000},
	{PROBE_HARDWARE, "backend-stalls", "", PERF_COUNT_HW_STALLED_CYCLES_BACKEND, 1000000},
	{PROBE_HARDWARE, "branch-instructions", "branches", PERF_COUNT_HW_BRANCH_INSTRUCTIONS,
	 100000},
	{PROBE_HARDWARE, "branch-misses", "", PERF_COUNT_HW_BRANCH_MISSES, 100000},
	{PROBE_HARDWARE, "bus-cycles", "", PERF_COUNT_HW_BUS_CYCLES, 100000},
	{PROBE_HARDWARE, "cache-misses", "", PERF_COUNT_HW_CACHE_MISSES, 1000000},
	{PROBE_HARDWARE, "cache-references", "", PERF_COUNT_HW_CACHE_REFERENCES, 1000000},
	{PROBE_HARDWARE, "cpu-cycles", "cycles", PERF_COUNT_HW_CPU_CYCLES, 1000000},
	{PROBE_HARDWARE, "frontend-stalls", "", PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, 1000000},
	{PROBE_HARDWARE, "instructions", "", PERF_COUNT_HW_INSTRUCTIONS, 1000000},
	{PROBE_HARDWARE, "ref-cycles", "", PERF_COUNT_HW_REF_CPU_CYCLES, 1000000},
};

/* A whole number, also as 1e6. */
static bool read_count(const char *text, uint64_t *count)
{
	size_t digits = strcspn(text, "eE");
	int64_t number, zeros = 0;
	char mantissa[24];

	if (digits >= sizeof(mantissa))
		return false;
	memcpy(mantissa, text, digits);
	mantissa[digits] = '\0';
	if (!text_number(mantissa, &number) || number < 1)
		return false;
	if (text[digits] && (!text_number(text + digits + 1, &zeros) || zeros < 0))
		return false;
	for (; zeros; zeros--)
		if (__builtin_mul_overflow(number, 10, &number))
			return false;
	*count = (uint64_t)number;
	return true;
}

/* EVENT, EVENT: or EVENT:COUNT. */
int parse_counter(const char *text, const char *rest, struct arena *arena, struct probe_spec *spec,
		  struct error *err)
{
	const char *colon = strchr(rest, ':');
	size_t length = colon ? (size_t)(colon - rest) : strlen(rest);

	if (!length)
		return error_set(err, -EINVAL, "'%s': write %s", text,
				 probe_kind_info(spec->kind)->form);
	if (colon && colon[1] && !read_count(colon + 1, &spec->period))
		return error_set(err, -EINVAL, "'%s': '%s' is not a number above 0", text,
				 colon + 1);
	spec->provider = probe_kind_info(spec->kind)->name;
	spec->name = arena_copy(arena, rest, length);
	return spec->name ? 0 : error_memory(err);
}

static int add(struct probe_list *list, struct probe_set *set, const struct probe_spec *spec,
	       const struct counter *counter, struct error *err)
{
	uint64_t period = spec->period ? spec->period : counter->period;
	char *name = arena_print(&set->arena, "%s:%llu", counter->name, (unsigned long long)period);
	struct probe *probe;
	bool made;
	int rc;

	if (!name)
		return error_memory(err);
	rc = probe_list_add(list, set, spec->kind, spec->provider, name, &probe, &made, err);
	if (!rc) {
		probe->sites->event = counter->event;
		probe->sites->period = period;
	}
	return rc;
}

int match_counter(struct probe_set *set, const struct probe_spec *spec, const char *text,
		  const struct probe ***found, size_t *count, struct error *err)
{
	struct probe_list list = {0};
	const char *near = NULL;
	unsigned distance = TEXT_FAR;
	int rc = 0;

	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters) && !rc; i++) {
		if (counters[i].kind != spec->kind)
			continue;
		if (glob_match(spec->name, counters[i].name) ||
		    !strcmp(spec->name, counters[i].alias))
			rc = add(&list, set, spec, &counters[i], err);
		text_keep_nearer(spec->name, counters[i].name, &near, &distance);
		if (*counters[i].alias)
			text_keep_nearer(spec->name, counters[i].alias, &near, &distance);
	}
	if (!rc && !list.count)
		rc = probe_none(text, "event of that kind", near, err);
	return probe_list_end(&list, set, rc, found, count, err);
}

const char *counter_names(const struct probe *probe, const char **alias)
{
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		if (counters[i].kind != probe->kind || counters[i].event != probe->sites->event)
			continue;
		*alias = counters[i].alias;
		return counters[i].name;
	}
	return NULL;
}
