/* What is asked of a map: the value of a key, of all CPUs together; whether there is one; how many. */
#include "compile/internal.h"

#include <stdlib.h>

/* What all CPUs together have seen of the key: what the map has, is this CPU's. */
reg gen_merged(struct gen *g, size_t place, struct ir_arg key)
{
	const struct plan_map *map = &g->c->plan->maps[place];
	bool is_signed = map->value.is_signed;
	reg cpus = ir_reg(&g->ir), merged = ir_reg(&g->ir);
	struct ir_arg args[] = {arg_map(place), key, arg_reg(cpus), arg_value(is_signed)};

	ir_kernel(&g->ir, cpus, PLAN_CPU_VALUES);
	switch (map->aggregate) {
	case PLAN_MIN:
	case PLAN_MAX:
		args[3] = arg_value((int64_t)abi_rank(map->aggregate == PLAN_MIN, is_signed));
		ir_function(&g->ir, "tt_cpus_extreme", merged, 4, args);
		break;
	case PLAN_AVG:
		ir_function(&g->ir, "tt_cpus_average", merged, 4, args);
		break;
	default:
		ir_function(&g->ir, "tt_cpus_sum", merged, 3, args);
	}
	return merged;
}

/* Where a key's value is; zeros when there is none: an empty text. */
struct place gen_map_place(struct gen *g, const struct expr *e, label fail)
{
	size_t place = e->number;
	struct plan_map map = g->c->plan->maps[place];
	reg address = ir_reg(&g->ir);
	label found = ir_label(&g->ir);
	struct place key = gen_key(g, e, &map, fail);

	gen_lookup(g, place, key, address);
	ir_branch_value(&g->ir, BPF_JNE, address, 0, found);
	ir_map_value(&g->ir, address, map_zeros(g->c, map.value_size), 0);
	ir_place(&g->ir, found);
	return (struct place){address, 0};
}

/* The value of a key, 0 when there is none, as in bpftrace. Of a map that counts, what all CPUs have come to. */
reg gen_map_read(struct gen *g, const struct expr *e, label fail)
{
	size_t place = e->number;
	struct plan_map map = g->c->plan->maps[place];
	int mark = g->ir.stack;
	reg address = ir_reg(&g->ir), value = ir_reg(&g->ir);
	label found = ir_label(&g->ir), missing = ir_label(&g->ir);
	struct place key;

	if (map.per_cpu) {
		key = gen_key(g, e, &map, fail);
		value = gen_merged(g, place, key_arg(key));
		ir_stack_back(&g->ir, mark);
		return value;
	}
	gen_own(g, &map, false, address, found);
	key = gen_key(g, e, &map, fail);
	gen_lookup(g, place, key, address);
	ir_place(&g->ir, found);
	ir_set(&g->ir, value, 0);
	ir_branch_value(&g->ir, BPF_JEQ, address, 0, missing);
	ir_load(&g->ir, BPF_DW, value, address, 0);
	ir_place(&g->ir, missing);
	gen_hide(g, value);
	ir_stack_back(&g->ir, mark);
	return value;
}

reg gen_has_key(struct gen *g, const struct expr *call, label fail)
{
	const struct expr *e = call->child;
	struct plan_map map = g->c->plan->maps[e->number];
	int mark = g->ir.stack;
	reg address = ir_reg(&g->ir), has = ir_reg(&g->ir);
	label missing = ir_label(&g->ir);
	struct place key = gen_key(g, e, &map, fail);

	gen_lookup(g, e->number, key, address);
	ir_set(&g->ir, has, 0);
	ir_branch_value(&g->ir, BPF_JEQ, address, 0, missing);
	ir_set(&g->ir, has, 1);
	ir_place(&g->ir, missing);
	gen_hide(g, has);
	ir_stack_back(&g->ir, mark);
	return has;
}

/* A function that goes on at each key: the kernel counts the calls. */
static size_t gen_counting(struct gen *g)
{
	struct ir function = {.arena = g->ir.arena, .shares_stack = true}, *kept;

	if (g->has_counting)
		return g->counting;
	ir_exit(&function, 0);
	kept = array_add(&g->functions, &g->function_count, &g->function_room, sizeof(*kept));
	g->c->failed |= !kept || function.failed;
	if (!kept) {
		free(function.items);
		return 0;
	}
	*kept = function;
	g->has_counting = true;
	return g->counting = g->function_count - 1;
}

reg gen_key_count(struct gen *g, size_t place)
{
	reg count = ir_reg(&g->ir);

	g->holds_map = true;
	ir_helper(&g->ir, BPF_FUNC_for_each_map_elem, count, 4,
		  (struct ir_arg[]){arg_map(place), arg_function(gen_counting(g)), arg_value(0),
				    arg_value(0)});
	return count;
}
