/* Variables: each has the type of what it was first assigned. */
#include "lang/check.h"

#include <string.h>

static struct variable *find_variable(struct checker *c, const char *name)
{
	for (size_t i = 0; i < c->instance->variable_count; i++)
		if (!strcmp(c->instance->variables[i].name, name))
			return &c->instance->variables[i];
	return NULL;
}

void check_variable(struct checker *c, struct expr *e)
{
	struct variable *v = find_variable(c, e->text);

	if (!v) {
		wrong(c, e, "$%s has no value yet", e->text);
		return;
	}
	e->type = v->type;
	e->number = (uint64_t)(v - c->instance->variables);
}

void assign_variable(struct checker *c, struct stmt *s)
{
	struct variable *v = find_variable(c, s->target->text);

	if (!check_int(c, s->value, "a variable"))
		return;
	if (!v && s->op != OP_NONE) {
		wrong(c, s->target, "$%s has no value yet", s->target->text);
		return;
	}
	if (!v) {
		v = array_add(&c->instance->variables, &c->instance->variable_count,
			      &c->instance->variable_room, sizeof(*v));
		if (!v)
			return;
		v->name = s->target->text;
		v->type = arithmetic(s->value->type, type_s64);
		v->type.look = s->value->type.look == LOOK_POINTER ? LOOK_POINTER : LOOK_NUMBER;
	}
	s->target->number = (uint64_t)(v - c->instance->variables);
	s->target->type = v->type;
}
