/*
 * Values that do not fit a register, and the places that hold values: tuples, texts, what a
 * variable or a map holds by all its uses.
 */
#include "lang/check_type.h"

#include <string.h>

uint32_t text_most(const struct checker *c)
{
	uint32_t limit = c->program->text_limit;

	return limit > PROGRAM_TEXT_MOST ? limit : PROGRAM_TEXT_MOST;
}

/* As GNU C allows it. */
static bool is_empty(const struct ctype *t)
{
	return ctype_is_record(t) && t->complete;
}

/* Structs and arrays are copied, as far as there is room for them. */
static bool check_whole(struct checker *c, const struct expr *e, const char *where)
{
	uint64_t size = e->type.ctype->size;

	if (!size)
		wrong(c, e, "a %s can't be %s: %s", type_name(e->type), where,
		      is_empty(e->type.ctype) ? "it is empty" : "its size is not known");
	else if (size > PROGRAM_WHOLE_MOST)
		wrong(c, e, "a %s can't be %s: it has %llu bytes, and there is room for %d",
		      type_name(e->type), where, (unsigned long long)size, PROGRAM_WHOLE_MOST);
	return size && size <= PROGRAM_WHOLE_MOST;
}

bool check_storable(struct checker *c, const struct expr *e, const char *where)
{
	switch (e->type.kind) {
	case TYPE_UNKNOWN:
		return false;
	case TYPE_NONE:
		wrong(c, e, "%s() has no value that could be %s", e->text, where);
		return false;
	case TYPE_AGGREGATE:
		wrong(c, e, "%s() can't be %s: it must be assigned to a map, as in @ = %s", e->text, where,
		      function_at(e->number)->signature);
		return false;
	case TYPE_RECORD:
	case TYPE_ARRAY:
		return check_whole(c, e, where);
	case TYPE_LITERAL:
		if (e->type.limit <= text_most(c))
			return true;
		wrong(c, e, "a text has at most %u bytes here, this one has %u", text_most(c),
		      e->type.limit);
		return false;
	default:
		return true;
	}
}

bool hold(struct checker *c, struct type *held, bool used, struct type value)
{
	struct type before = *held;

	if (!type_widen(&c->program->arena, held, value)) {
		*held = before;
		return false;
	}
	if (used && !type_same(before, *held))
		c->program->unsettled = true;
	return true;
}

void check_printed(struct checker *c, struct expr *e)
{
	struct program_map *map;

	if (e->kind == EXPR_MAP) {
		map = check_keys(c, e);
		if (map && map->aggregate && !is_one_number(map))
			return;
	}
	check_expr(c, e);
	check_storable(c, e, "printed");
}

bool check_operands(struct checker *c, const struct stmt *s, struct type held)
{
	if (!check_int(c, s->value, op_text(s->op)))
		return false;
	if (is_pointer(held) && is_pointer(s->value->type)) {
		wrong(c, s->target, "'%s' does not go with two pointers", op_text(s->op));
		return false;
	}
	if (held.kind == TYPE_INT || held.kind == TYPE_UNKNOWN)
		return true;
	wrong(c, s->target, "'%s' takes an integer, not a %s", op_text(s->op), type_name(held));
	return false;
}

void check_tuple(struct checker *c, struct expr *e)
{
	struct type_tuple *tuple;
	size_t count = 0;

	if (expr_is_all_arguments(e) && !e->child && !list_arguments(c, e))
		return;
	for (struct expr *item = e->child; item; item = item->next, count++)
		check_expr(c, item);
	if (count > PROGRAM_ITEMS_MOST && !e->number) {
		wrong(c, e, "a tuple has at most %d items", PROGRAM_ITEMS_MOST);
		return;
	}
	tuple = arena_alloc(&c->program->arena, sizeof(*tuple) + count * sizeof(tuple->items[0]));
	if (!tuple)
		return;
	for (struct expr *item = e->child; item; item = item->next) {
		if (!check_storable(c, item, "an item of a tuple"))
			return;
		tuple->items[tuple->count++] = type_stored(item->type);
		tuple->values += type_values(item->type);
	}
	if (tuple->values > PROGRAM_VALUES_MOST) {
		wrong(c, e, "a tuple has at most %d values, with those of the tuples in it",
		      PROGRAM_VALUES_MOST);
		return;
	}
	if (e->number)
		tuple->names = listed_names(c, e, count);
	e->type = (struct type){.kind = TYPE_TUPLE, .tuple = tuple};
}

void check_item(struct checker *c, struct expr *e)
{
	struct type t;

	check_expr(c, e->child);
	t = e->child->type;
	if (t.kind == TYPE_UNKNOWN)
		return;
	if (t.kind != TYPE_TUPLE)
		wrong(c, e, "a %s has no items, only a tuple has", type_name(t));
	else if (e->number >= t.tuple->count)
		wrong(c, e, "this tuple has %zu item%s, the first is .0", t.tuple->count,
		      t.tuple->count == 1 ? "" : "s");
	else
		e->type = t.tuple->items[e->number];
}

bool check_array_comparison(struct checker *c, const struct expr *e)
{
	const struct ctype *a = expr_array(e->child), *b = expr_array(e->child->next);

	if ((e->op != OP_EQ && e->op != OP_NE) || !a || !b || e->child->type.kind != TYPE_ARRAY ||
	    e->child->next->type.kind != TYPE_ARRAY)
		return false;
	if (a->target->kind != CTYPE_INT || b->target->kind != CTYPE_INT)
		wrong(c, e, "'%s' compares arrays of integers, not %s and %s", e->text, a->text, b->text);
	else if (!ctype_same(a, b) || !a->size)
		wrong(c, e, "'%s' compares arrays of one size and type, not %s and %s", e->text, a->text,
		      b->text);
	return true;
}

bool is_text_comparison(const struct expr *e)
{
	const struct expr *a = e->child, *b = a->next;
	bool literal = a->type.kind == TYPE_LITERAL || b->type.kind == TYPE_LITERAL;

	if (e->op != OP_EQ && e->op != OP_NE)
		return false;
	if (literal && (a->type.kind == TYPE_PROBE || b->type.kind == TYPE_PROBE))
		return true;
	return type_is_text(a->type) && type_is_text(b->type) &&
	       (literal || a->type.bytes == b->type.bytes);
}

/* The value of `?:` where it is not an integer: what holds both. */
void check_wide_ternary(struct checker *c, struct expr *e)
{
	const struct expr *a = e->child->next, *b = a->next;
	struct type type = {.kind = TYPE_UNKNOWN};

	if (!check_storable(c, a, "a value of '?'") || !check_storable(c, b, "a value of '?'"))
		return;
	if (type_widen(&c->program->arena, &type, a->type) &&
	    type_widen(&c->program->arena, &type, b->type))
		e->type = type;
	else
		wrong(c, e, "the values of '?' are a %s and a %s", type_name(a->type),
		      type_name(b->type));
}
