/*
 * Maps of the program: keys, and what is done with the value of a key (reading: entry.c). Values of aggregates are
 * per CPU and changed in place; counts and sums by an atomic add, since a hit can be preempted by
 * another one on its CPU.
 */
#include "compile/internal.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum { ENTRIES = 4096 }; /* keys of a map, as in bpftrace */

/* ---- the plan's side ---- */

static void *arena_copy_of(struct arena *arena, const void *from, size_t size)
{
	void *to = size ? arena_alloc(arena, size) : NULL;

	if (to)
		memcpy(to, from, size);
	return to;
}

static uint32_t aggregate_size(const struct program_map *m)
{
	switch (m->aggregate->id) {
	case FUNC_MIN:
	case FUNC_MAX:
		return sizeof(struct abi_extreme);
	case FUNC_AVG:
	case FUNC_STATS:
		return sizeof(struct abi_average);
	case FUNC_HIST:
		return ABI_HIST_BUCKETS_OF(m->hist_bits) * 8;
	case FUNC_LHIST: {
		uint64_t range = (uint64_t)m->lhist_max - (uint64_t)m->lhist_min;
		uint64_t step = (uint64_t)m->lhist_step;

		return (uint32_t)((range / step + (range % step != 0) + 2) * 8);
	}
	case FUNC_BHIST:
		return (uint32_t)(m->bound_count + 1) * 8;
	default:
		return 8;
	}
}

static enum plan_aggregate aggregate_of(const struct program_map *m)
{
	static const enum plan_aggregate kinds[] = {
		[FUNC_COUNT] = PLAN_COUNT, [FUNC_SUM] = PLAN_SUM,     [FUNC_MIN] = PLAN_MIN,
		[FUNC_MAX] = PLAN_MAX,	   [FUNC_AVG] = PLAN_AVG,     [FUNC_STATS] = PLAN_STATS,
		[FUNC_HIST] = PLAN_HIST,   [FUNC_LHIST] = PLAN_LHIST,   [FUNC_BHIST] = PLAN_BHIST,
	};

	return m->aggregate ? kinds[m->aggregate->id] : PLAN_VALUE;
}

/* Keys as the checker settled them, 8-aligned one behind the other. */
static void plan_keys(struct compiler *c, const struct program_map *from, struct plan_map *to)
{
	to->keys = arena_alloc(&c->plan->arena, sizeof(*to->keys) * (from->key_count + 1));
	if (!to->keys)
		return;
	for (size_t i = 0; i < from->key_count; i++) {
		type_layout(c, from->keys[i], &to->keys[i]);
		to->keys[i].offset = to->key_size;
		to->key_size += (to->keys[i].size + 7) & ~7u;
	}
	to->key_count = from->key_count;
}

/*
 * Whether a map without keys has a value at all is seen: of what no register holds it is not there
 * until it is assigned, as the value of a key; beside a number stands a mark. Counts are 0 at first.
 */
static bool is_found(const struct program_map *from)
{
	return !from->key_count && !from->aggregate && is_wide(from->value);
}

static bool is_marked(const struct program_map *from)
{
	return !from->key_count && (from->aggregate ? from->aggregate->id == FUNC_SUM
						    : !is_wide(from->value));
}

void plan_user_map(struct compiler *c, const struct program_map *from, struct plan_map *to)
{
	bool keyed = from->key_count > 0, found = keyed || is_found(from);
	const struct program_config *config = &c->program->config;

	*to = (struct plan_map){
		.role = PLAN_MAP_USER,
		.name = arena_string(&c->plan->arena, from->name),
		.aggregate = aggregate_of(from),
		.per_cpu = from->aggregate != NULL,
		.entries = !keyed ? 1 : config->map_keys ? (uint32_t)config->map_keys : ENTRIES,
		.lhist_min = from->lhist_min,
		.lhist_max = from->lhist_max,
		.lhist_step = from->lhist_step,
		.hist_bits = from->hist_bits,
		.bounds = arena_copy_of(&c->plan->arena, from->bounds,
					from->bound_count * sizeof(*from->bounds)),
		.bound_count = from->bound_count,
	};
	if (from->aggregate) {
		to->value = (struct plan_value){.type = PLAN_INT, .size = 8, .name = "",
						.is_signed = from->value.is_signed};
		to->value_size = aggregate_size(from);
	} else {
		type_layout(c, from->value, &to->value);
		to->value_size = (to->value.size + 7) & ~7u;
	}
	if (is_marked(from)) {
		to->marked = true;
		to->value_size += sizeof(uint64_t);
	}
	plan_keys(c, from, to);
	if (!keyed)
		to->key_size = 4;
	to->bpf_type = found ? (to->per_cpu ? BPF_MAP_TYPE_PERCPU_HASH : BPF_MAP_TYPE_HASH)
			     : (to->per_cpu ? BPF_MAP_TYPE_PERCPU_ARRAY : BPF_MAP_TYPE_ARRAY);
	/*
	 * Room for every key on every CPU would be much to clear at the start. Plain values have theirs
	 * ready: keys come and go with them, as those of threads and requests do, and to take room from
	 * the kernel's allocator each time costs a hit more.
	 */
	to->flags = keyed && to->per_cpu ? BPF_F_NO_PREALLOC : 0;
}

/* ---- keys ---- */

/* Builds the key of a map expression. A tuple as the only key stands for its items. */
void gen_key_into(struct gen *g, const struct expr *e, const struct plan_map *map, struct place key,
		  label fail)
{
	struct plan_value whole = {.type = PLAN_TUPLE, .size = map->key_size, .name = "",
				   .parts = map->keys, .part_count = map->key_count};
	const struct expr *part = e->child;

	if (!map->key_count || layout_has_holes(&whole))
		gen_zero(g, key, map->key_size);
	if (part && part->type.kind == TYPE_TUPLE && !part->next) {
		gen_value(g, part, key.base, key.offset, &whole, fail);
		return;
	}
	for (size_t i = 0; i < map->key_count && part; i++, part = part->next)
		gen_value(g, part, key.base, key.offset + (int)map->keys[i].offset, &map->keys[i],
			  fail);
}

struct place gen_key(struct gen *g, const struct expr *e, const struct plan_map *map, label fail)
{
	struct place key = gen_room(g, e->at, map->key_size);

	gen_key_into(g, e, map, key, fail);
	return key;
}

void gen_lookup(struct gen *g, size_t place, struct place key, reg address)
{
	ir_helper(&g->ir, BPF_FUNC_map_lookup_elem, address, 2,
		  (struct ir_arg[]){arg_map(place), key_arg(key)});
}

/* ---- values ---- */

/*
 * The address of the key's value, made of zeros if the key is new. Two hits may make it at once:
 * the second one finds the first one's.
 */
static reg gen_value_address(struct gen *g, const struct expr *e, label fail, label full)
{
	size_t place = e->number;
	struct plan_map map = g->c->plan->maps[place];
	int mark = g->ir.stack;
	reg address = ir_reg(&g->ir), zeros = ir_reg(&g->ir), made;
	label found = ir_label(&g->ir);
	struct place key;

	gen_own(g, &map, true, address, found);
	key = gen_key(g, e, &map, fail);
	gen_lookup(g, place, key, address);
	if (map.key_count) {
		ir_branch_value(&g->ir, BPF_JNE, address, 0, found);
		ir_map_value(&g->ir, zeros, map_zeros(g->c, map.value_size), 0);
		made = gen_result(g);
		ir_helper(&g->ir, BPF_FUNC_map_update_elem, made, 4,
			  (struct ir_arg[]){arg_map(place), key_arg(key), arg_reg(zeros),
					    arg_value(BPF_NOEXIST)});
		gen_failures(g, REPORT_FAILURES, "map_update_elem", made, -EEXIST);
		gen_lookup(g, place, key, address);
		ir_place(&g->ir, found);
	}
	ir_branch_value(&g->ir, BPF_JEQ, address, 0, full);
	ir_stack_back(&g->ir, mark);
	return address;
}

/* A map without keys has a value from now on. */
static void gen_mark(struct gen *g, const struct expr *e, reg address)
{
	const struct plan_map *map = &g->c->plan->maps[e->number];

	if (map->marked)
		ir_store_value(&g->ir, BPF_DW, address, (int)(map->value_size - sizeof(uint64_t)), 1);
}

static reg address_of(struct gen *g, const struct expr *e)
{
	reg address = gen_value_address(g, e, use(&g->give_up), use(&g->full));

	gen_mark(g, e, address);
	return address;
}

/*
 * @[key] = value. Where the key is there, its value is changed in place; a new one comes with its
 * value, so that nobody reads a zero that was never stored.
 */
static void gen_value_set(struct gen *g, const struct expr *e, reg value)
{
	size_t place = e->number;
	struct plan_map map = g->c->plan->maps[place];
	int mark = g->ir.stack, fresh;
	reg address, refused;
	label found = ir_label(&g->ir), end = ir_label(&g->ir);
	struct place key;

	if (!map.key_count) {
		ir_store(&g->ir, BPF_DW, address_of(g, e), 0, value);
		return;
	}
	fresh = ir_stack(&g->ir, 8);
	address = ir_reg(&g->ir);
	refused = ir_reg(&g->ir);
	gen_own(g, &map, true, address, found);
	key = gen_key(g, e, &map, use(&g->give_up));
	gen_lookup(g, place, key, address);
	ir_branch_value(&g->ir, BPF_JNE, address, 0, found);
	ir_store(&g->ir, BPF_DW, REG_STACK, fresh, value);
	ir_helper(&g->ir, BPF_FUNC_map_update_elem, refused, 4,
		  (struct ir_arg[]){arg_map(place), key_arg(key), arg_stack(fresh),
				    arg_value(BPF_ANY)});
	gen_failures(g, REPORT_FAILURES, "map_update_elem", refused, 0);
	ir_jump(&g->ir, end);
	ir_place(&g->ir, found);
	ir_store(&g->ir, BPF_DW, address, 0, value);
	ir_set(&g->ir, refused, 0);
	ir_place(&g->ir, end);
	ir_branch_value(&g->ir, BPF_JNE, refused, 0, use(&g->full));
	ir_stack_back(&g->ir, mark);
}

static void gen_add_one(struct gen *g, reg address, int offset)
{
	reg one = ir_reg(&g->ir);

	ir_set(&g->ir, one, 1);
	ir_atomic_add(&g->ir, address, offset, one);
}

static void gen_extreme(struct gen *g, enum function_id id, bool is_signed, reg address, reg value)
{
	reg rank = ir_reg(&g->ir);

	ir_move(&g->ir, rank, value);
	ir_alu_value(&g->ir, BPF_XOR, rank, (int64_t)abi_rank(id == FUNC_MIN, is_signed));
	ir_function(&g->ir, "tt_raise", REG_NONE, 2,
		    (struct ir_arg[]){arg_at(address, offsetof(struct abi_extreme, value)),
				      arg_reg(rank)});
	ir_store_value(&g->ir, BPF_DW, address, offsetof(struct abi_extreme, set), 1);
}

static void gen_average(struct gen *g, bool is_signed, reg address, reg value)
{
	reg half = ir_reg(&g->ir);

	gen_add_one(g, address, offsetof(struct abi_average, count));
	ir_move(&g->ir, half, value);
	ir_extend(&g->ir, half, 32, false);
	ir_atomic_add(&g->ir, address, offsetof(struct abi_average, low), half);
	half = ir_reg(&g->ir);
	ir_move(&g->ir, half, value);
	ir_alu_value(&g->ir, is_signed ? BPF_ARSH : BPF_RSH, half, 32);
	ir_atomic_add(&g->ir, address, offsetof(struct abi_average, high), half);
}

/* Where the buckets begin is data. */
static void gen_custom_bucket(struct gen *g, const struct program_map *m, reg value, reg bucket)
{
	struct plan_map *map = add_map(g->c);
	reg bounds = ir_reg(&g->ir);
	uint32_t size = (uint32_t)(m->bound_count * sizeof(*m->bounds));

	if (!map)
		return;
	*map = (struct plan_map){
		.role = PLAN_MAP_RECIPES,
		.bpf_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = size,
		.entries = 1,
		.initial = arena_copy_of(&g->c->plan->arena, m->bounds, size),
	};
	ir_map_value(&g->ir, bounds, (size_t)(map - g->c->plan->maps), 0);
	ir_function(&g->ir, "tt_custom_bucket", bucket, 4,
		    (struct ir_arg[]){arg_reg(value), arg_reg(bounds),
				      arg_value((int64_t)m->bound_count),
				      arg_value(m->value.is_signed)});
}

/* The bucket comes from a function of bpf/; the check is what the verifier wants to see. */
static void gen_bucket(struct gen *g, const struct program_map *m, reg address, reg value)
{
	reg bucket = ir_reg(&g->ir);
	uint32_t buckets = aggregate_size(m) / 8;
	bool is_signed = m->value.is_signed;

	if (m->aggregate->id == FUNC_HIST)
		ir_function(&g->ir, "tt_log2_bucket", bucket, 3,
			    (struct ir_arg[]){arg_reg(value), arg_value(is_signed),
					      arg_value(m->hist_bits)});
	else if (m->aggregate->id == FUNC_BHIST)
		gen_custom_bucket(g, m, value, bucket);
	else
		ir_function(&g->ir, "tt_linear_bucket", bucket, 5,
			    (struct ir_arg[]){arg_reg(value), arg_value(m->lhist_min),
					      arg_value(m->lhist_max), arg_value(m->lhist_step),
					      arg_value(is_signed)});
	ir_branch_value(&g->ir, BPF_JGE, bucket, buckets, use(&g->done));
	ir_alu_value(&g->ir, BPF_LSH, bucket, 3);
	ir_alu(&g->ir, BPF_ADD, bucket, address);
	gen_add_one(g, bucket, 0);
}

/* @[key] = count() and its kind. The value is had first: a key is not made for one that fails. */
void gen_aggregate(struct gen *g, const struct stmt *s)
{
	const struct program_map *m = &g->c->program->maps[s->target->number];
	enum function_id id = m->aggregate->id;
	reg value = REG_NONE, address;

	ir_note(&g->ir, "%s = %s()", m->name, m->aggregate->name);
	if (id != FUNC_COUNT)
		value = gen_int_before(g, s->value->child, s->target->child, use(&g->give_up));
	address = address_of(g, s->target);
	switch (id) {
	case FUNC_COUNT:
		gen_add_one(g, address, 0);
		break;
	case FUNC_SUM:
		ir_atomic_add(&g->ir, address, 0, value);
		break;
	case FUNC_AVG:
	case FUNC_STATS:
		gen_average(g, m->value.is_signed, address, value);
		break;
	case FUNC_MIN:
	case FUNC_MAX:
		gen_extreme(g, id, m->value.is_signed, address, value);
		break;
	default:
		gen_bucket(g, m, address, value);
	}
}

/* @[key] = a value that no register holds: it is made first, and the map takes it as a whole. */
static void gen_wide_set(struct gen *g, const struct stmt *s)
{
	size_t place = s->target->number;
	struct plan_map map = g->c->plan->maps[place];
	int mark = g->ir.stack;
	struct place value = gen_made(g, s->value, &map.value, use(&g->give_up));
	struct place key = gen_key(g, s->target, &map, use(&g->give_up));
	reg refused = ir_reg(&g->ir);

	ir_helper(&g->ir, BPF_FUNC_map_update_elem, refused, 4,
		  (struct ir_arg[]){arg_map(place), key_arg(key), arg_at(value.base, value.offset),
				    arg_value(BPF_ANY)});
	gen_failures(g, REPORT_FAILURES, "map_update_elem", refused, 0);
	ir_branch_value(&g->ir, BPF_JNE, refused, 0, use(&g->full));
	ir_stack_back(&g->ir, mark);
}

/* What is added to the value: a subtraction is one, too; a pointer goes by what it leads to. */
static reg gen_added(struct gen *g, const struct stmt *s, reg value)
{
	uint64_t step = pointer_step(s->target->type);
	reg added;

	if (s->op == OP_ADD && step == 1)
		return value;
	added = ir_reg(&g->ir);
	ir_move(&g->ir, added, value);
	if (step != 1)
		ir_alu_value(&g->ir, BPF_MUL, added, (int64_t)step);
	if (s->op == OP_SUB)
		ir_negate(&g->ir, added);
	return added;
}

/* @ = e, @ += e. Adding is atomic; the other operators are a read and a write, as in bpftrace. */
void gen_map_assign(struct gen *g, const struct stmt *s)
{
	reg value, address;

	ir_note(&g->ir, "%s %s=", s->target->text, op_text(s->op));
	if (is_wide(s->value->type)) {
		gen_wide_set(g, s);
		return;
	}
	if (s->op == OP_NONE || s->op == OP_ADD || s->op == OP_SUB) {
		value = gen_int_before(g, s->value, s->target->child, use(&g->give_up));
		if (s->op == OP_NONE) {
			gen_value_set(g, s->target, value);
			return;
		}
		address = address_of(g, s->target);
		ir_atomic_add(&g->ir, address, 0, gen_added(g, s, value));
		return;
	}
	address = gen_value_address(g, s->target, use(&g->give_up), use(&g->full));
	value = ir_reg(&g->ir);
	ir_load(&g->ir, BPF_DW, value, address, 0);
	gen_arithmetic(g, s->op, s->target->type, value, s->value, use(&g->give_up));
	ir_store(&g->ir, BPF_DW, address, 0, value);
	gen_mark(g, s->target, address);
}

/*
 * @++ and its kind: in one step, so that no two hits get the same value. Where the hit goes on
 * without a value that can't be had, it does so, too, when the map is full.
 */
reg gen_map_step(struct gen *g, const struct expr *e, label fail)
{
	label full = fail == g->give_up.label ? use(&g->full) : fail;
	reg address = gen_value_address(g, e->child, fail, full), value = ir_reg(&g->ir);
	int64_t one = (int64_t)pointer_step(e->child->type), step = e->op == OP_ADD ? one : -one;

	gen_mark(g, e->child, address);
	ir_set(&g->ir, value, step);
	ir_atomic_fetch_add(&g->ir, address, 0, value);
	if (e->kind == EXPR_STEP_BEFORE)
		ir_alu_value(&g->ir, BPF_ADD, value, step);
	return value;
}

/* delete(@x[key]); a key that is not there is none the less gone. */
void gen_map_delete(struct gen *g, const struct expr *call)
{
	size_t place = call->child->number;
	struct plan_map map = g->c->plan->maps[place];
	int mark = g->ir.stack;
	reg address = ir_reg(&g->ir), gone = gen_result(g);
	label found = ir_label(&g->ir), end = ir_label(&g->ir);
	struct place key;

	gen_own(g, &map, false, address, found);
	key = gen_key(g, call->child, &map, use(&g->give_up));
	ir_helper(&g->ir, BPF_FUNC_map_delete_elem, gone, 2,
		  (struct ir_arg[]){arg_map(place), key_arg(key)});
	gen_failures(g, REPORT_FAILURES, "map_delete_elem", gone, 0);
	if (map.own) {
		ir_jump(&g->ir, end);
		ir_place(&g->ir, found);
		ir_store_value(&g->ir, BPF_DW, address, 0, 0);
		ir_place(&g->ir, end);
	}
	ir_stack_back(&g->ir, mark);
}
