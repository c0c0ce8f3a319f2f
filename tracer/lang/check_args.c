/*
 * What functions are called with and return, with the types of the debug information; and `args` alone:
 * all arguments of a probe as one value.
 */
#include "lang/check_type.h"

#include <errno.h>
#include <string.h>

/*
 * args.NAME of a function: what is in the register, cut to the parameter's type. All functions of
 * the instance have it there.
 */
void check_function_argument(struct checker *c, struct expr *e)
{
	struct type_words *words = arena_alloc(&c->program->arena, sizeof(*words));
	struct expr *argument = arena_alloc(&c->program->arena, sizeof(*argument));
	struct type_parameter first, other;
	struct error err;

	for (size_t i = 0; i < c->instance->probe_count; i++) {
		struct type_place place = place_of(c->instance->probes[i]);

		if (types_parameter(&c->program->types, &place, e->text, 0, i ? &other : &first,
				    &err)) {
			wrong(c, e, "%s: %s", c->instance->probes[i]->name, err.text);
			return;
		}
		if (i && (other.number != first.number || !types_alike(other.type, first.type))) {
			wrong(c, e, "'%s' is not the same for %s and %s: give each a clause of its own",
			      e->text, c->instance->probes[0]->name, c->instance->probes[i]->name);
			return;
		}
	}
	if (!words || !argument)
		return;
	*words = (struct type_words){.known = first.type, .name = first.type->text, .at = e->at};
	*argument = (struct expr){.kind = EXPR_ARGUMENT, .at = e->at, .number = first.number};
	e->kind = EXPR_CAST;
	e->words = words;
	e->child = argument;
	check_cast(c, e);
}

/* ---- args ---- */

static struct expr *add_argument(struct checker *c, const struct expr *args, struct expr ***last,
				 const char *name)
{
	struct expr *e = arena_alloc(&c->program->arena, sizeof(*e));

	if (!e)
		return NULL;
	*e = (struct expr){.kind = EXPR_ARGUMENT, .at = args->at, .length = strlen(name), .text = name};
	**last = e;
	*last = &e->next;
	return e;
}

/* The parameters of the first function; the check of each sees to it that all have them. */
static bool list_parameters(struct checker *c, const struct expr *args, struct expr **last)
{
	struct type_place place = place_of(c->instance->probes[0]);
	struct type_parameter parameter;
	struct error err;
	size_t count = 0;
	int rc;

	while (!(rc = types_parameter(&c->program->types, &place, NULL, count, &parameter, &err))) {
		if (!add_argument(c, args, &last, parameter.name))
			return false;
		count++;
	}
	if (rc == -ENOENT && count)
		return true;
	wrong(c, args, "args of %s: %s", c->instance->probes[0]->name, err.text);
	return false;
}

bool list_arguments(struct checker *c, struct expr *args)
{
	const struct probe *probe = c->instance->probes[0];
	struct expr **last = &args->child;

	if (probe->kind == PROBE_UPROBE)
		return list_parameters(c, args, last);
	if (!probe_has_layout(probe->kind) && probe->kind != PROBE_USDT) {
		wrong(c, args, "args alone is for probes whose arguments have names");
		return false;
	}
	for (size_t i = 0; i < probe->argument_count; i++)
		if (!probe->arguments[i].hidden && strcmp(probe->arguments[i].name, "retval") != 0 &&
		    !add_argument(c, args, &last, probe->arguments[i].name))
			return false;
	if (!args->child)
		wrong(c, args, "this probe has no arguments");
	return args->child;
}

/* What items were called, whatever the check has made of them since. */
const char *const *listed_names(struct checker *c, const struct expr *args, size_t count)
{
	const char **names = arena_alloc(&c->program->arena, (count + 1) * sizeof(*names));
	size_t i = 0;

	for (const struct expr *item = args->child; names && item; item = item->next)
		names[i++] = item->text;
	return names;
}

/* ---- retval ---- */

void type_returned(struct checker *c, struct expr *e)
{
	const struct ctype *first = NULL, *type;
	struct error ignored;

	for (size_t i = 0; i < c->instance->probe_count; i++) {
		struct type_place place = place_of(c->instance->probes[i]);

		if (types_returned(&c->program->types, &place, &type, &ignored) ||
		    (first && !types_alike(first, type)))
			return;
		first = first ? first : type;
	}
	if (first && first->size <= 8 &&
	    (first->kind == CTYPE_INT || first->kind == CTYPE_ENUM || first->kind == CTYPE_POINTER))
		e->type = value_type(c, e, first, default_space(c));
}
