/*
 * Places in memory: members, elements, what pointers lead to, and computing with pointers. A place
 * remembers the type that is there (`place`); its own type is that of the value that is read.
 */
#include "lang/check_type.h"

#include <errno.h>
#include <string.h>

/* The type that a pointer leads to, with what is in it; NULL, and reported, where none is known. */
static const struct ctype *led_to(struct checker *c, const struct expr *e,
				  const struct expr *pointer, const char *what)
{
	if (!is_pointer(pointer->type)) {
		wrong(c, e, "%s takes a pointer, not a %s; a cast says what it leads to, as in "
			    "(struct NAME *)...",
		      what, type_name(pointer->type));
		return NULL;
	}
	if (pointer->type.ctype->target->kind == CTYPE_VOID ||
	    pointer->type.ctype->target->kind == CTYPE_FUNCTION) {
		wrong(c, e, "%s can't read what a %s leads to: cast it to what is there", what,
		      pointer->type.ctype->text);
		return NULL;
	}
	return completed(c, e, pointer->type.ctype->target, pointer->type.space);
}

static void set_place(struct checker *c, struct expr *e, const struct ctype *type,
		      enum type_space space)
{
	if (!type)
		return;
	type = completed(c, e, type, space);
	if (!type)
		return;
	e->place = type;
	e->type = value_type(c, e, type, space);
	if (e->type.look == LOOK_BOOL) /* one in memory is a number to bpftrace */
		e->type.look = LOOK_NUMBER;
}

/* What a program declares has the layout of 64-bit code. */
static bool fits_layout(struct checker *c, const struct expr *e, const struct ctype *record,
			enum type_space space)
{
	const struct probe *probe = c->instance->probes[0];

	if (record->source || space != SPACE_USER || !probe->site_count || probe->sites->bits != 32)
		return true;
	wrong(c, e, "%s is declared for 64-bit code, and this is a probe of 32-bit code; the types in "
		    "its debug information fit",
	      record->text);
	return false;
}

/* Of `args` that a variable or a map has kept. */
static void check_named_item(struct checker *c, struct expr *e)
{
	const struct type_tuple *tuple = e->child->type.tuple;

	for (size_t i = 0; i < tuple->count; i++)
		if (!strcmp(tuple->names[i], e->text)) {
			e->kind = EXPR_ITEM;
			e->number = i;
			e->type = tuple->items[i];
			return;
		}
	wrong(c, e, "there is no argument '%s' in it", e->text);
}

void check_member(struct checker *c, struct expr *e)
{
	struct expr *child = e->child;
	enum type_space space;
	const struct ctype *record;
	struct ctype_member member;
	struct error err;

	check_expr(c, child);
	if (child->type.kind == TYPE_UNKNOWN)
		return;
	if (e->number) {
		record = led_to(c, e, child, "'->'");
	} else if (child->type.kind == TYPE_TUPLE && child->type.tuple->names) {
		check_named_item(c, e);
		return;
	} else if (child->type.kind == TYPE_RECORD) {
		record = child->type.ctype;
	} else {
		wrong(c, e, "'.' takes a struct, not a %s%s", type_name(child->type),
		      is_pointer(child->type) ? "; of a pointer, '->' takes the member" : "");
		return;
	}
	if (!record)
		return;
	if (!ctype_is_record(record)) {
		wrong(c, e, "%s has no members", record->text);
		return;
	}
	if (!fits_layout(c, e, record, child->type.space))
		return;
	/* It is complete, so nothing is looked for and the place does not matter. */
	if (types_member(&c->program->types, NULL, record, e->text, &member, &err)) {
		wrong(c, e, "%s", err.text);
		return;
	}
	space = child->type.space;
	e->bit_offset = member.bit_offset;
	e->bits = member.bits;
	if (e->bits && (e->bit_offset % 8 + e->bits > 64 || e->bits > 64))
		wrong(c, e, "the bits of '%s' lie in more than eight bytes", e->text);
	else
		set_place(c, e, member.type, space);
}

void check_index(struct checker *c, struct expr *e)
{
	struct expr *child = e->child, *index = child->next;
	const struct ctype *array, *element;

	check_expr(c, child);
	check_expr(c, index);
	if (child->type.kind == TYPE_UNKNOWN || !check_int(c, index, "'[]'"))
		return;
	array = expr_array(child);
	if (array) {
		if (array->count && index->kind == EXPR_INT && index->number >= array->count) {
			wrong(c, index, "%s has no element %llu", array->text,
			      (unsigned long long)index->number);
			return;
		}
		element = array->target;
	} else {
		element = led_to(c, e, child, "'[]'");
	}
	if (!element)
		return;
	element = completed(c, e, element, child->type.space);
	if (element && !element->size) {
		wrong(c, e, "the size of a %s is not known", element->text);
		return;
	}
	set_place(c, e, element, child->type.space);
}

void check_deref(struct checker *c, struct expr *e)
{
	struct expr *child = e->child;

	check_expr(c, child);
	if (child->type.kind == TYPE_UNKNOWN)
		return;
	/* *array is its first element. */
	if (expr_array(child))
		set_place(c, e, expr_array(child)->target, child->type.space);
	else if (child->type.kind == TYPE_INT && !is_pointer(child->type))
		/* What is at a number is one of 64 bits, as in bpftrace. */
		set_place(c, e, ctype_basic("uint64"),
			  child->type.space != SPACE_ANY ? child->type.space : default_space(c));
	else
		set_place(c, e, led_to(c, e, child, "'*'"), child->type.space);
}

void check_address(struct checker *c, struct expr *e)
{
	struct expr *child = e->child;
	const struct ctype *pointer, *there;

	check_expr(c, child);
	if (child->type.kind == TYPE_UNKNOWN)
		return;
	if (!child->place || child->bits || expr_is_copy(child)) {
		wrong(c, e, child->bits ? "a bit-field has no address"
			    : expr_is_copy(child)
				    ? "this is a copy, which has no address; &$p->member has one"
				    : "'&' takes a place in memory, such as $p->member");
		return;
	}
	there = child->place;
	pointer = types_pointer(&c->program->types, e->number ? there->target : there);
	if (!pointer)
		c->program->arena.failed = true;
	else
		e->type = value_type(c, e, pointer, child->type.space);
}

/* ---- arithmetic ---- */

/* How far one step goes must be known: the pointer's type becomes one to what is there. */
static bool steps(struct checker *c, const struct expr *e, struct expr *pointer)
{
	const struct ctype *target = pointer->type.ctype->target, *full;

	if (target->kind == CTYPE_VOID || target->kind == CTYPE_FUNCTION)
		return true; /* by bytes, as gcc has it */
	full = completed(c, e, target, pointer->type.space);
	if (!full)
		return false;
	if (!full->size) {
		wrong(c, e, "the size of a %s is not known", full->text);
		return false;
	}
	if (full != target)
		pointer->type.ctype = types_pointer(&c->program->types, full);
	c->program->arena.failed |= !pointer->type.ctype;
	return pointer->type.ctype;
}

struct expr *decayed(struct checker *c, struct expr *e)
{
	struct expr *inner;

	if (!expr_array(e))
		return e;
	inner = arena_alloc(&c->program->arena, sizeof(*inner));
	if (!inner)
		return e;
	*inner = *e;
	inner->next = NULL;
	*e = (struct expr){.kind = EXPR_ADDRESS, .at = e->at, .text = "&", .length = 1,
			   .number = 1, .child = inner, .next = e->next};
	check_address(c, e);
	return e;
}

bool check_pointer_arithmetic(struct checker *c, struct expr *e)
{
	struct expr *a, *b;

	if (e->op != OP_ADD && e->op != OP_SUB)
		return false;
	a = decayed(c, e->child);
	b = decayed(c, a->next);
	if (a->type.kind == TYPE_UNKNOWN || b->type.kind == TYPE_UNKNOWN)
		return true; /* an array that has no address */
	if (!is_pointer(a->type) && !is_pointer(b->type))
		return false;
	if (a->type.kind != TYPE_INT || b->type.kind != TYPE_INT)
		return false;
	if (is_pointer(a->type) && is_pointer(b->type)) {
		if (e->op == OP_ADD || !ctype_same(a->type.ctype->target, b->type.ctype->target))
			wrong(c, e, "'%s' does not go with %s and %s", e->text, type_name(a->type),
			      type_name(b->type));
		else if (steps(c, e, a))
			e->type = type_s64;
		return true;
	}
	if (is_pointer(b->type)) {
		if (e->op == OP_SUB) {
			wrong(c, e, "'-' does not go with %s and %s", type_name(a->type),
			      type_name(b->type));
			return true;
		}
		e->child = b; /* the pointer first */
		b->next = a;
		a->next = NULL;
	}
	if (steps(c, e, e->child))
		e->type = e->child->type;
	return true;
}
