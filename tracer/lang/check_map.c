/*
 * Maps: every one learns its keys, from all its uses together, and what it holds.
 */
#include "lang/check.h"

#include <string.h>

struct program_map *find_map(struct checker *c, struct expr *e)
{
	struct program *p = c->program;
	struct program_map *map;

	for (size_t i = 0; i < p->map_count; i++) {
		if (!strcmp(p->maps[i].name, e->text)) {
			e->number = i;
			return &p->maps[i];
		}
	}
	if (p->map_count == PROGRAM_MAPS_MOST) {
		wrong(c, e, "a program has at most %d maps; one map with one more key may do",
		      PROGRAM_MAPS_MOST);
		e->number = 0;
		return NULL;
	}
	e->number = p->map_count;
	map = array_add(&p->maps, &p->map_count, &p->map_room, sizeof(*map));
	if (map) {
		map->name = e->text;
		map->at = e->at;
	}
	return map;
}

static bool add_key(struct checker *c, const struct expr *at, struct type type, struct type *keys,
		    size_t *count)
{
	if (*count == PROGRAM_KEYS_MOST) {
		wrong(c, at, "a map has at most %d keys", PROGRAM_KEYS_MOST);
		return false;
	}
	if (type.kind == TYPE_FLOAT) {
		wrong(c, at, "a %s can't be a key", type_name(type));
		return false;
	}
	keys[(*count)++] = type_stored(type);
	return true;
}

/* The keys of one use. A tuple that is the only key stands for its items. */
static bool own_keys(struct checker *c, struct expr *e, struct type *keys, size_t *count)
{
	struct expr *only = e->child && !e->child->next ? e->child : NULL;

	*count = 0;
	for (struct expr *k = e->child; k; k = k->next)
		check_expr(c, k);
	for (struct expr *k = e->child; k; k = k->next)
		if (!check_storable(c, k, "a key"))
			return false;
	if (only && only->type.kind == TYPE_TUPLE) {
		for (size_t i = 0; i < only->type.tuple->count; i++)
			if (!add_key(c, only, only->type.tuple->items[i], keys, count))
				return false;
		return true;
	}
	for (struct expr *k = e->child; k; k = k->next)
		if (!add_key(c, k, k->type, keys, count))
			return false;
	return true;
}

/* The keys of a use against those of the other uses. */
static void same_keys(struct checker *c, struct expr *e, struct program_map *map,
		      const struct type *keys, size_t count)
{
	if (!map->keyed) {
		memcpy(map->keys, keys, sizeof(*keys) * count);
		map->key_count = count;
		map->keyed = true;
		return;
	}
	if (count != map->key_count) {
		wrong(c, e, "%s has %zu keys elsewhere in the program, %zu here", map->name,
		      map->key_count, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct type before = map->keys[i];
		bool is_signed = map->keys[i].is_signed || keys[i].is_signed;

		if (!type_widen(&c->program->arena, &map->keys[i], keys[i]))
			wrong(c, e, "key %zu of %s is a %s elsewhere in the program, a %s here", i + 1,
			      map->name, type_name(map->keys[i]), type_name(keys[i]));
		else if (keys[i].kind == TYPE_INT)
			map->keys[i].is_signed = is_signed;
		c->program->unsettled |= map->keys_used && !type_same(before, map->keys[i]);
	}
}

struct program_map *check_keys(struct checker *c, struct expr *e)
{
	struct type keys[PROGRAM_KEYS_MOST];
	struct program_map *map = find_map(c, e);
	size_t count;
	bool known = map && own_keys(c, e, keys, &count);

	if (!map)
		return NULL;
	map = &c->program->maps[e->number]; /* keys may have named new maps */
	if (known)
		same_keys(c, e, map, keys, count);
	return map;
}

void count_map(struct checker *c, struct program_map *map)
{
	if (map->value.kind == TYPE_UNKNOWN)
		map->value = type_s64;
	if (map->value.look != LOOK_BOOL)
		return;
	map->value.look = LOOK_NUMBER;
	c->program->unsettled |= map->used;
}

void step_map(struct checker *c, struct expr *e)
{
	struct program_map *map = find_map(c, e);

	if (map && map->aggregate)
		wrong(c, e, "%s holds %s() elsewhere in the program", map->name, map->aggregate->name);
	else if (map)
		count_map(c, map);
}

bool is_one_number(const struct program_map *map)
{
	switch (map->aggregate->id) {
	case FUNC_COUNT:
	case FUNC_SUM:
	case FUNC_MIN:
	case FUNC_MAX:
	case FUNC_AVG:
		return true;
	default:
		return false;
	}
}

/* What a program makes of the hits that an aggregate has seen: one number, or it is the reader who
 * knows what to do with them. False: that, which is said. */
static bool entry_value(struct checker *c, const struct expr *e, const struct program_map *map,
			struct type *value)
{
	*value = map->value;
	if (!map->aggregate)
		return true;
	*value = type_s64;
	if (map->aggregate->id != FUNC_COUNT)
		value->is_signed = map->value.is_signed;
	if (is_one_number(map))
		return true;
	wrong(c, e, "%s holds %s(), which is many numbers and no value; print(%s) shows them", map->name,
	      map->aggregate->name, map->name);
	return false;
}

void check_map(struct checker *c, struct expr *e)
{
	struct program_map *map = check_keys(c, e);
	struct type value;

	if (!map)
		return;
	if (map->aggregate) {
		map->used = true;
		if (entry_value(c, e, map, &value))
			e->type = value;
		return;
	}
	if (map->value.kind != TYPE_UNKNOWN)
		e->type = map->value;
	else if (c->program->guess)
		e->type = type_s64;
	else
		e->type.kind = TYPE_UNKNOWN;
	e->type.width = 0; /* a map's integers have 64 bits */
	map->used = true;
	c->program->unknown |= map->value.kind == TYPE_UNKNOWN;
}

static struct type tuple_of(struct checker *c, const struct type *items, size_t count)
{
	struct type_tuple *tuple =
		arena_alloc(&c->program->arena, sizeof(*tuple) + count * sizeof(*items));

	if (!tuple)
		return (struct type){.kind = TYPE_UNKNOWN};
	tuple->count = count;
	memcpy(tuple->items, items, count * sizeof(*items));
	for (size_t i = 0; i < count; i++)
		tuple->values += type_values(items[i]);
	return (struct type){.kind = TYPE_TUPLE, .tuple = tuple};
}

struct type check_entries(struct checker *c, struct expr *e)
{
	struct program_map *map = find_map(c, e);
	struct type unknown = {.kind = TYPE_UNKNOWN}, entry[2];

	if (!map)
		return unknown;
	map->used = map->keys_used = true;
	if (!map->keyed || !map_is_typed(map)) {
		c->program->unknown = true;
		return unknown;
	}
	if (!map->key_count) {
		wrong(c, e, "%s has no keys; for goes over maps that have", map->name);
		return unknown;
	}
	if (!entry_value(c, e, map, &entry[1]))
		return unknown;
	entry[0] = map->key_count == 1 ? map->keys[0] : tuple_of(c, map->keys, map->key_count);
	return entry[0].kind == TYPE_UNKNOWN ? unknown : tuple_of(c, entry, 2);
}

bool map_is_typed(const struct program_map *map)
{
	return map->aggregate || map->value.kind != TYPE_UNKNOWN;
}

static bool name_in_exprs(struct checker *c, struct expr *e)
{
	for (; e; e = e->next)
		if ((e->kind == EXPR_MAP && !find_map(c, e)) || !name_in_exprs(c, e->child))
			return false;
	return true;
}

static bool name_in_stmts(struct checker *c, struct stmt *s)
{
	for (; s; s = s->next)
		if (!name_in_exprs(c, s->value) || !name_in_exprs(c, s->target) ||
		    !name_in_stmts(c, s->body) || !name_in_stmts(c, s->otherwise))
			return false;
	return true;
}

int program_name_maps(struct program *program, struct error *err)
{
	struct checker c = {.program = program};

	for (struct clause *clause = program->clauses; clause; clause = clause->next)
		if (!name_in_exprs(&c, clause->filter) || !name_in_stmts(&c, clause->body))
			return error_memory(err);
	return 0;
}

int program_continue(struct program *p, const struct program *first, struct error *err)
{
	for (size_t i = 0; i < first->map_count; i++) {
		struct program_map *map = array_add(&p->maps, &p->map_count, &p->map_room, sizeof(*map));

		if (!map)
			return error_memory(err);
		*map = first->maps[i];
	}
	return 0;
}
