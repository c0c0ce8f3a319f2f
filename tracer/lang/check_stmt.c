/* The types of statements: what may be assigned to what, and values that nobody uses. */
#include "lang/check_type.h"

#include <stdlib.h>

static void assign_aggregate(struct checker *c, struct stmt *s, struct program_map *map)
{
	const struct function *f = function_at(s->value->number);
	const struct expr *first = s->value->child;

	if (s->op != OP_NONE || map->value.kind != TYPE_UNKNOWN ||
	    (map->aggregate && map->aggregate != f)) {
		wrong(c, s->value, "%s holds %s elsewhere in the program", map->name,
		      map->aggregate ? map->aggregate->signature : "a value");
		return;
	}
	if (f->id == FUNC_HIST)
		set_hist(c, s->value, map);
	map->aggregate = f;
	if (first && first->type.is_signed && !map->value.is_signed) {
		map->value.is_signed = true;
		c->program->unsettled |= map->used;
	}
	if (f->id == FUNC_LHIST)
		set_lhist(c, s->value, map);
	if (f->id == FUNC_BHIST)
		set_bhist(c, s->value, map);
}

static void assign_map(struct checker *c, struct stmt *s)
{
	struct program_map *map = check_keys(c, s->target);

	if (!map)
		return;
	if (s->value->type.kind == TYPE_AGGREGATE) {
		assign_aggregate(c, s, map);
		return;
	}
	if (!check_storable(c, s->value, "kept in a map"))
		return;
	if (map->aggregate) {
		wrong(c, s->value, "%s holds %s() elsewhere in the program", map->name,
		      map->aggregate->name);
		return;
	}
	if (s->op != OP_NONE && !check_operands(c, s, map->value))
		return;
	if (s->op != OP_NONE && is_pointer(map->value)) {
		s->target->type = map->value;
		return;
	}
	if (!hold(c, &map->value, map->used, s->value->type))
		wrong(c, s->value, "%s holds a %s elsewhere in the program, a %s here", map->name,
		      type_name(map->value), type_name(s->value->type));
	if (s->op != OP_NONE)
		count_map(c, map);
	s->target->type = map->value;
}

static void check_stmts(struct checker *c, struct stmt *s);

/* A block of its own: what it brings is seen in it only. */
static void check_block(struct checker *c, struct stmt *body)
{
	size_t mark = c->visible_count;

	check_stmts(c, body);
	leave_block(c, mark);
}

static void check_loop_body(struct checker *c, struct stmt *body)
{
	c->loops++;
	check_block(c, body);
	c->loops--;
}

/* The type that a variable is declared with; false: it is none, which is said. */
static bool declared_type(struct checker *c, const struct stmt *s, struct type *type)
{
	const struct ctype *ctype;

	*type = s->declared;
	if (!s->words)
		return true;
	ctype = resolve(c, s->target, s->words, default_space(c));
	if (!ctype)
		return false;
	if (ctype->kind != CTYPE_INT && ctype->kind != CTYPE_POINTER && ctype->kind != CTYPE_ENUM) {
		diagnose(&c->program->diagnostics, s->words->at,
			 "a variable is declared as an integer, a pointer, an enum or a string; one that "
			 "holds a %s has that type from what it is assigned",
			 ctype->text);
		return false;
	}
	*type = value_type(c, s->target, ctype, default_space(c));
	if (ctype->kind == CTYPE_INT)
		type->ctype = NULL;
	return true;
}

/* The declared variable is not seen in its own value. */
static void check_let(struct checker *c, struct stmt *s)
{
	struct type type;

	if (!declared_type(c, s, &type) || (s->value && s->value->type.kind == TYPE_UNKNOWN))
		return;
	declare_variable(c, s->target, type);
	if (s->value)
		assign_variable(c, s);
}

static void check_range(struct checker *c, struct stmt *s)
{
	size_t mark = c->visible_count;
	bool good = check_int(c, s->value, "for");

	check_expr(c, s->value->next);
	if (check_int(c, s->value->next, "for") && good)
		declare_variable(c, s->target, arithmetic(s->value->type, s->value->next->type));
	check_loop_body(c, s->body);
	leave_block(c, mark);
}

/* A body whose types hang on a map that is not known yet is looked at when it is. */
static void check_each(struct checker *c, struct stmt *s)
{
	size_t mark = c->visible_count;
	struct type entry = check_entries(c, s->value);

	if (entry.kind == TYPE_UNKNOWN)
		return;
	declare_entry(c, s->target, entry);
	check_loop_body(c, s->body);
	leave_block(c, mark);
}

static void check_unroll(struct checker *c, struct stmt *s)
{
	if (s->value->type.kind == TYPE_UNKNOWN)
		return;
	if (s->value->kind != EXPR_INT)
		wrong(c, s->value, "unroll takes a number; for ($i : 0..n) goes any number of times");
	else if (s->value->number < 1 || s->value->number > PROGRAM_UNROLL_MOST)
		wrong(c, s->value, "unroll takes a number from 1 to %d", PROGRAM_UNROLL_MOST);
	check_block(c, s->body);
}

bool has_effect(const struct expr *e)
{
	for (; e; e = e->next)
		if (e->kind == EXPR_STEP_BEFORE || e->kind == EXPR_STEP_AFTER || has_effect(e->child))
			return true;
	return false;
}

/* A value that nobody uses, which changes nothing, is not computed: an empty block stands there. */
static void drop_value(struct checker *c, struct stmt *s)
{
	if (has_effect(s->value->child)) {
		wrong(c, s->value, "this value is not used");
		return;
	}
	warn_at(c, s->value->at, "this value is not used");
	s->kind = STMT_BLOCK;
}

static void check_value(struct checker *c, struct stmt *s)
{
	const struct expr *e = s->value;

	if (e->type.kind == TYPE_AGGREGATE)
		wrong(c, e, "%s() must be assigned to a map, as in @ = %s", e->text,
		      function_at(e->number)->signature);
	else if (e->type.kind != TYPE_NONE && e->type.kind != TYPE_UNKNOWN)
		drop_value(c, s);
}

static void check_one(struct checker *c, struct stmt *s)
{
	switch (s->kind) {
	case STMT_ASSIGN:
		if (s->value->type.kind == TYPE_UNKNOWN)
			break;
		if (s->target->kind == EXPR_MAP)
			assign_map(c, s);
		else
			assign_variable(c, s);
		break;
	case STMT_IF:
		check_int(c, s->value, "if");
		check_block(c, s->body);
		check_block(c, s->otherwise);
		break;
	case STMT_EXPR:
		check_value(c, s);
		break;
	case STMT_RETURN:
	case STMT_WATCH:
		break;
	case STMT_LET:
		check_let(c, s);
		break;
	case STMT_BLOCK:
		check_block(c, s->body);
		break;
	case STMT_WHILE:
		check_int(c, s->value, "while");
		check_loop_body(c, s->body);
		break;
	case STMT_RANGE:
		check_range(c, s);
		break;
	case STMT_EACH:
		check_each(c, s);
		break;
	case STMT_UNROLL:
		check_unroll(c, s);
		break;
	case STMT_BREAK:
	case STMT_CONTINUE:
		if (!c->loops)
			diagnose(&c->program->diagnostics, s->at, "%s is for loops: while and for",
				 s->kind == STMT_BREAK ? "break" : "continue");
		break;
	}
}

static void check_stmts(struct checker *c, struct stmt *s)
{
	for (; s; s = s->next) {
		if (s->value && s->kind != STMT_EACH)
			check_expr(c, s->value);
		check_one(c, s);
	}
}

void instance_check(struct program *program, struct instance *instance)
{
	struct checker c = {.program = program, .instance = instance,
			    .known = instance->variables,
			    .known_count = instance->variable_count};

	instance->variables = NULL;
	instance->variable_count = instance->variable_room = 0;
	if (instance->filter) {
		check_expr(&c, instance->filter);
		check_int(&c, instance->filter, "a filter");
	}
	check_stmts(&c, instance->body);
	for (size_t i = 0; i < instance->variable_count; i++)
		if (instance->variables[i].type.kind == TYPE_UNKNOWN) /* never assigned: 0 */
			instance->variables[i].type = type_s64;
	free(c.visible);
	free(c.known);
}
