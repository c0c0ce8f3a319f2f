/* Owns what is done with maps as a whole while a plan runs and at its end: printed, cleared, set to 0. */
#include "session.h"

#include "bpf/abi.h"

#include <stdlib.h>
#include <string.h>

/* What of a map is printed: one key, or the largest values. */
struct wanted {
	const void *key; /* NULL: all */
	uint64_t top, div;
};

struct printing {
	struct output *output;
	const struct plan_map *map;
	const struct wanted *wanted;
	bool zeroed;
	bool any; /* of min() and its kind what has no values yet is printed, too */
};

/* A map without a key has its one value always: until something comes to it, that is none. Telltale's
 * own JSON says so of those whose numbers are about values (null). */
static bool is_gone(const struct printing *p, const void *value)
{
	if (p->map->key_count || p->zeroed || output_map_holds(p->map, value))
		return false;
	return p->map->marked || !p->any;
}

static int print_entry(void *context, const void *key, const void *value)
{
	const struct printing *p = context;

	if (p->wanted->key && key && memcmp(key, p->wanted->key, p->map->key_size) != 0)
		return 0;
	if (is_gone(p, value))
		return 0;
	return output_map_entry(p->output, key, value);
}

static int print_map(struct results *r, const struct plan_map *map, const struct wanted *wanted,
		     struct error *err)
{
	struct printing printing = {r->output, map, wanted,
				    r->zeroed[map - r->session->plan.maps],
				    r->session->options.json};
	int rc = output_map_begin(r->output, map);

	if (rc)
		return session_output_error(rc, err);
	output_map_limits(r->output, wanted->top, wanted->div);
	err->code = 0;
	rc = engine_each(r->engine, map, print_entry, &printing, err);
	if (rc)
		return err->code ? rc : session_output_error(rc, err);
	rc = output_map_end(r->output);
	return rc ? session_output_error(rc, err) : 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct plan_map *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

int results_open(struct results *r, struct error *err)
{
	r->zeroed = calloc(r->session->plan.map_count + 1, sizeof(*r->zeroed));
	return r->zeroed ? 0 : error_memory(err);
}

void results_close(struct results *r)
{
	free(r->zeroed);
}

int results_print(struct results *r, struct error *err)
{
	const struct plan *plan = &r->session->plan;
	const struct plan_map **maps = calloc(plan->map_count + 1, sizeof(*maps));
	const struct wanted all = {.div = 1};
	size_t count = 0;
	int rc = 0;

	if (!maps)
		return error_memory(err);
	for (size_t i = 0; i < plan->map_count; i++)
		if (plan->maps[i].role == PLAN_MAP_USER && plan->maps[i].bpf_type)
			maps[count++] = &plan->maps[i];
	qsort(maps, count, sizeof(*maps), compare_names);
	for (size_t i = 0; i < count && !rc; i++)
		rc = print_map(r, maps[i], &all, err);
	free(maps);
	return rc;
}

int results_take(struct results *r, const struct plan_record *shape,
		 const struct abi_record *record, size_t size, struct error *err)
{
	const struct plan_map *map = &r->session->plan.maps[shape->map];
	struct wanted wanted = {.top = shape->top, .div = shape->div};

	if (size < shape->size)
		return 1;
	if (shape->kind == PLAN_RECORD_PRINT && shape->field_count) {
		if (record->unreadable & 1) {
			warn(r->session->warnings, "the key of %s to print can't be read", map->name);
			return 0;
		}
		wanted.key = (const char *)record + shape->fields[0].value.offset;
	}

	switch (shape->kind) {
	case PLAN_RECORD_PRINT:
		return !map->bpf_type ? 0 : print_map(r, map, &wanted, err);
	case PLAN_RECORD_CLEAR:
	case PLAN_RECORD_ZERO:
		r->zeroed[shape->map] = shape->kind == PLAN_RECORD_ZERO;
		return !map->bpf_type ? 0 : engine_clear(r->engine, map, shape->kind == PLAN_RECORD_ZERO, err);
	default:
		return 1;
	}
}
