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
	e->number = p->map_count;
	map = array_add(&p->maps, &p->map_count, &p->map_room, sizeof(*map));
	if (map) {
		map->name = e->text;
		map->at = e->at;
	}
	return map;
}

/* Keys of integers are 8 bytes wide whatever the site has, so that sites can share a map. */
static struct type key_type(struct type type)
{
	if (type.kind == TYPE_INT) {
		type.is_signed = type.is_signed || type.size < 8;
		type.size = 8;
	}
	return type;
}

void check_keys(struct checker *c, struct expr *e, struct program_map *map)
{
	struct type keys[PROGRAM_KEYS_MOST];
	size_t count = 0;

	for (struct expr *k = e->child; k; k = k->next) {
		check_expr(c, k);
		if (k->type.kind == TYPE_UNKNOWN)
			return;
		if (count == PROGRAM_KEYS_MOST) {
			wrong(c, k, "a map has at most %d keys", PROGRAM_KEYS_MOST);
			return;
		}
		if (k->type.kind == TYPE_NONE || k->type.kind == TYPE_AGGREGATE ||
		    k->type.kind == TYPE_FLOAT || k->type.kind == TYPE_LITERAL) {
			wrong(c, k, "a %s can't be a key", type_name(k->type));
			return;
		}
		keys[count++] = key_type(k->type);
	}
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
		if (keys[i].kind != map->keys[i].kind)
			wrong(c, e, "key %zu of %s is a %s elsewhere in the program, a %s here", i + 1,
			      map->name, type_name(map->keys[i]), type_name(keys[i]));
		else if (keys[i].kind == TYPE_INT && keys[i].is_signed)
			map->keys[i].is_signed = true;
	}
}

void step_map(struct checker *c, struct expr *e)
{
	struct program_map *map = find_map(c, e);

	if (map && map->value.kind == TYPE_UNKNOWN)
		map->value = type_s64;
}

void check_map(struct checker *c, struct expr *e)
{
	struct program_map *map = find_map(c, e);

	if (!map)
		return;
	check_keys(c, e, map);
	if (map->aggregate)
		wrong(c, e, "%s holds %s(); its value can't be used in an expression", map->name,
		      map->aggregate->name);
	else if (map->value.kind == TYPE_UNKNOWN)
		e->type = type_s64; /* assigned further down: integers are all that maps hold */
	else
		e->type = map->value;
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
