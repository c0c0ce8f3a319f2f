/*
 * Variables: each has the type of what it was first assigned, and is seen from there to the end of
 * the block. bpftrace before 0.22 knew no blocks: what one assigned could be used behind it. Such
 * programs go on working: a name that is not seen means the variable of that name in a block that
 * has ended, unless it was declared there.
 */
#include "lang/check_type.h"

#include "base/text.h"

#include <string.h>

static struct variable *seen(struct checker *c, const char *name)
{
	for (size_t i = c->visible_count; i-- > 0;) {
		struct variable *v = &c->instance->variables[c->visible[i]];

		if (!strcmp(v->name, name))
			return v;
	}
	return NULL;
}

/* The last one of that name in a block that has ended; *several: there are more. */
static struct variable *ended(struct checker *c, const char *name, bool *several)
{
	struct variable *found = NULL;

	*several = false;
	for (size_t i = 0; i < c->instance->variable_count; i++) {
		struct variable *v = &c->instance->variables[i];

		if (v->declared || strcmp(v->name, name))
			continue;
		*several = found != NULL;
		found = v;
	}
	return found;
}

static void use(struct checker *c, struct expr *e, struct variable *v)
{
	e->number = (uint64_t)(v - c->instance->variables);
	e->type = v->type;
}

static bool show(struct checker *c, struct variable *v)
{
	size_t *place = array_add(&c->visible, &c->visible_count, &c->visible_room,
				  sizeof(*place));

	if (place)
		*place = (size_t)(v - c->instance->variables);
	c->program->arena.failed |= !place;
	return place;
}

/* A type that was found when the instance was looked at before stays. */
static struct type known_type(const struct checker *c, size_t place, const char *name,
			      struct type type)
{
	const struct variable *known = place < c->known_count ? &c->known[place] : NULL;

	if (!known || strcmp(known->name, name) != 0 ||
	    (type.kind != TYPE_UNKNOWN && type.kind != known->type.kind &&
	     !(type_is_text(type) && type_is_text(known->type))))
		return type;
	return known->type;
}

static struct variable *add_variable(struct checker *c, const struct expr *e, struct type type)
{
	size_t place = c->instance->variable_count;
	struct variable *v;

	if (place == PROGRAM_VARIABLES_MOST) {
		wrong(c, e, "a clause has at most %d variables; a map with a key may do",
		      PROGRAM_VARIABLES_MOST);
		return NULL;
	}
	v = array_add(&c->instance->variables, &c->instance->variable_count,
		      &c->instance->variable_room, sizeof(*v));
	c->program->arena.failed |= !v;
	if (!v)
		return NULL;
	v->name = e->text;
	v->type = known_type(c, place, e->text, type);
	v->used = place < c->known_count && c->known[place].used;
	return show(c, v) ? v : NULL;
}

void leave_block(struct checker *c, size_t mark)
{
	c->visible_count = mark;
}

static void unknown_variable(struct checker *c, const struct expr *e)
{
	const char *best = NULL;
	unsigned distance = TEXT_FAR;

	for (size_t i = 0; i < c->instance->variable_count; i++) {
		if (strcmp(c->instance->variables[i].name, e->text))
			continue;
		wrong(c, e, "$%s ended with the block that declared it", e->text);
		return;
	}
	for (size_t i = 0; i < c->visible_count; i++)
		text_keep_nearer(e->text, c->instance->variables[c->visible[i]].name, &best,
				 &distance);
	wrong(c, e, "$%s has no value yet%s%s%s", e->text, best ? "; did you mean '$" : "",
	      best ? best : "", best ? "'?" : "");
}

void check_variable(struct checker *c, struct expr *e)
{
	struct variable *v = seen(c, e->text);
	bool several = false;

	if (!v) {
		v = ended(c, e->text, &several);
		if (v)
			v->loose = true;
	}
	if (!v)
		unknown_variable(c, e);
	else if (several)
		wrong(c, e, "$%s has values of different types in the blocks above; declare it in "
			    "front of them with let $%s",
		      e->text, e->text);
	else if (v->type.kind == TYPE_UNKNOWN)
		e->type = type_s64; /* declared and never assigned: 0 */
	if (v)
		v->used = true;
	if (v && !several && v->type.kind != TYPE_UNKNOWN)
		use(c, e, v);
	else if (v)
		e->number = (uint64_t)(v - c->instance->variables);
}

/* The type of a variable that is first assigned this. */
static struct type variable_type(struct type value)
{
	struct type type = type_stored(value);

	if (value.kind != TYPE_INT || is_pointer(value))
		return type;
	type = arithmetic(value, type_s64);
	type.look = value.look == LOOK_CHAR ? LOOK_NUMBER : value.look;
	type.width = type_stored(value).width;
	type.ctype = type_is_enum(value) ? value.ctype : NULL;
	return type;
}

/* What a variable was declared to hold stays: a number that is written must fit, and so must a text. */
static bool fits_declared(struct checker *c, const struct variable *v, const struct expr *value)
{
	uint64_t most = v->type.size == 8 ? UINT64_MAX
					  : ((uint64_t)1 << (v->type.size * 8 - v->type.is_signed)) - 1;

	if (is_pointer(v->type) && !is_pointer(value->type) && value->type.kind == TYPE_INT &&
	    !(value->kind == EXPR_INT && !value->number)) {
		wrong(c, value, "$%s is declared as %s, this is a %s", v->name, type_name(v->type),
		      type_name(value->type));
		return false;
	}
	if (v->type.kind == TYPE_INT && v->type.look != LOOK_BOOL && value->kind == EXPR_INT &&
	    value->text && value->number > most) {
		wrong(c, value, "%llu does not fit into $%s, which is declared as %s",
		      (unsigned long long)value->number, v->name, type_name(v->type));
		return false;
	}
	if (v->bytes && value->type.kind == TYPE_LITERAL && value->type.limit > v->bytes) {
		wrong(c, value, "%u bytes and a NUL do not fit into $%s, which is declared as string[%u]",
		      value->type.limit, v->name, v->bytes + 1);
		return false;
	}
	return true;
}

/* What a variable holds grows with what it is assigned; of integers the first one says the sign. */
static void widen_variable(struct checker *c, struct variable *v, const struct expr *value)
{
	struct type type = variable_type(value->type);

	if (type.kind == TYPE_INT && v->type.kind == TYPE_INT) {
		if (v->typed)
			return;
		type.is_signed = v->type.is_signed;
	}
	if (!hold(c, &v->type, v->used, type))
		wrong(c, value, "$%s holds a %s elsewhere, a %s here", v->name, type_name(v->type),
		      type_name(value->type));
}

/* A block's variable that goes on in another block. */
static bool goes_on(const struct variable *v, struct type type)
{
	return type_same(v->type, type) || (v->type.kind != TYPE_INT && v->type.kind == type.kind) ||
	       (type_is_text(v->type) && type_is_text(type)) ||
	       (v->type.kind == TYPE_INT && type.kind == TYPE_INT &&
		v->type.size == type.size && v->type.is_signed == type.is_signed);
}

void declare_variable(struct checker *c, struct expr *target, struct type type)
{
	struct variable *v = seen(c, target->text);

	if (v) {
		wrong(c, target, "$%s is there already; two variables that can be seen at one place "
				 "have different names",
		      target->text);
		return;
	}
	v = add_variable(c, target, type);
	if (!v)
		return;
	v->declared = true;
	v->typed = type.kind != TYPE_UNKNOWN;
	v->bytes = type.kind == TYPE_TEXT ? type.limit : 0;
	use(c, target, v);
}

void declare_entry(struct checker *c, struct expr *target, struct type type)
{
	size_t before = c->instance->variable_count;

	declare_variable(c, target, type);
	if (c->instance->variable_count == before)
		return;
	/* What was known of it when the instance was looked at before, the map knows better. */
	c->instance->variables[before].type = target->type = type;
	c->instance->variables[before].fixed = true;
}

/* A truth that is counted with is a number, unless it was declared to be none. */
static void count_with(struct checker *c, struct variable *v)
{
	if (v->typed || v->type.look != LOOK_BOOL)
		return;
	v->type.look = LOOK_NUMBER;
	c->program->unsettled |= v->used;
}

void step_variable(struct checker *c, struct expr *e)
{
	struct variable *v = &c->instance->variables[e->number];

	if (v->type.kind == TYPE_UNKNOWN)
		v->type = type_s64;
	count_with(c, v);
	use(c, e, v);
}

void assign_variable(struct checker *c, struct stmt *s)
{
	struct variable *v = seen(c, s->target->text);
	bool several;

	if (v && v->fixed) {
		wrong(c, s->target, "$%s is what the loop finds in its map; it can't be assigned",
		      v->name);
		return;
	}
	/* Of an array that is open the variable has the address. */
	if (s->value->type.kind == TYPE_ARRAY && !s->value->type.ctype->count)
		decayed(c, s->value);
	if (!check_storable(c, s->value, "kept in a variable"))
		return;
	if (v && s->op != OP_NONE && !check_operands(c, s, v->type))
		return;
	if (!v && s->op != OP_NONE) {
		check_variable(c, s->target);
		return;
	}
	if (!v) {
		struct type type = variable_type(s->value->type);

		v = ended(c, s->target->text, &several);
		if (!v || !goes_on(v, type) || !show(c, v))
			v = add_variable(c, s->target, type);
	}
	if (!v)
		return;
	if (v->typed && s->op == OP_NONE && !fits_declared(c, v, s->value))
		return;
	if (s->op == OP_NONE || !is_pointer(v->type)) /* a pointer that moves stays one */
		widen_variable(c, v, s->value);
	if (s->op != OP_NONE)
		count_with(c, v);
	use(c, s->target, v);
}
