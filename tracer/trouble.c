/*
 * Owns what is said at the end of a run of what went wrong in it: what was lost, could not be read or
 * found no room, by probe; and (run -k) which helpers of the kernel failed, by place in the program.
 */
#include "session.h"

#include "bpf/abi.h"
#include "engine/engine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void say_trouble(struct warnings *warnings, const struct plan_probe *probe,
			const struct abi_trouble *trouble)
{
	const char *colon = *probe->provider ? ":" : "";

	if (trouble->lost)
		warn(warnings,
		     "%s%s%s: %" PRIu64 " record%s lost, for want of room in the ring buffer "
		     "(--ring-size makes it larger)",
		     probe->provider, colon, probe->name, (uint64_t)trouble->lost,
		     trouble->lost == 1 ? "" : "s");
	if (trouble->unreadable)
		warn(warnings, "%s%s%s: %" PRIu64 " time%s nothing was done: a value could not be read",
		     probe->provider, colon, probe->name, (uint64_t)trouble->unreadable,
		     trouble->unreadable == 1 ? "" : "s");
	if (trouble->full)
		warn(warnings, "%s%s%s: %" PRIu64 " time%s nothing was kept: no room for another key in a map",
		     probe->provider, colon, probe->name, (uint64_t)trouble->full,
		     trouble->full == 1 ? "" : "s");
	if (trouble->endless)
		warn(warnings,
		     "%s%s%s: %" PRIu64 " hit%s given up in a loop: it went on for longer than the kernel "
		     "allows (8,388,608 rounds, or a quarter of a second)",
		     probe->provider, colon, probe->name, (uint64_t)trouble->endless,
		     trouble->endless == 1 ? "" : "s");
	if (trouble->busy)
		warn(warnings, "%s%s%s: %" PRIu64 " hit%s not acted upon: too many at a time on one CPU",
		     probe->provider, colon, probe->name, (uint64_t)trouble->busy,
		     trouble->busy == 1 ? "" : "s");
}

static int report_lost(struct session *s, struct engine *engine, struct output *output,
		       struct error *err)
{
	const struct plan *plan = &s->plan;
	uint64_t lost = 0;
	int rc;

	if (plan_map_of(plan, PLAN_MAP_TROUBLE)) {
		for (size_t i = 0; i < plan->probe_count; i++) {
			struct abi_trouble trouble = {0};

			rc = engine_trouble(engine, i, &trouble, err);
			if (rc)
				return rc;
			say_trouble(s->warnings, &plan->probes[i], &trouble);
			lost += trouble.lost;
		}
	}
	rc = output_lost(output, lost);
	return rc ? session_output_error(rc, err) : 0;
}

static int say_failure(struct session *s, struct output *output, const struct plan_failure *failure,
		       const struct abi_failure *seen)
{
	int code = (int)-seen->code;

	warn(s->warnings, "%s: %s failed %" PRIu64 " time%s: %s (%d)", failure->place, failure->helper,
	     (uint64_t)seen->count, seen->count == 1 ? "" : "s, the last time", strerror(code), -code);
	return output_failure(output, &(struct output_failure){
					      .helper = failure->helper,
					      .place = failure->place,
					      .line = failure->line,
					      .column = failure->column,
					      .number = code,
					      .count = seen->count,
				      });
}

static int report_failures_of(struct session *s, const struct plan_map *map, struct engine *engine,
			      struct output *output, struct error *err)
{
	size_t count = map->value_size / sizeof(struct abi_failure);
	struct abi_failure *seen = calloc(count, sizeof(*seen));
	uint32_t key = 0;
	int rc = seen ? engine_lookup(engine, map, &key, seen, err) : error_memory(err);

	for (size_t i = 0; i < count && !rc; i++) {
		if (!seen[i].count)
			continue;
		rc = say_failure(s, output, &s->plan.failures[map->first_failure + i], &seen[i]);
		if (rc)
			session_output_error(rc, err);
	}
	free(seen);
	return rc;
}

int trouble_report(struct session *s, struct engine *engine, struct output *output, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->plan.map_count && !rc; i++)
		if (s->plan.maps[i].role == PLAN_MAP_FAILURES)
			rc = report_failures_of(s, &s->plan.maps[i], engine, output, err);
	return rc ? rc : report_lost(s, engine, output, err);
}
