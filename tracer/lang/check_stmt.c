/* The types of statements: what may be assigned to what, and values that nobody uses. */
#include "lang/check.h"

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
	if (first && first->type.is_signed)
		map->value.is_signed = true;
	if (f->id == FUNC_LHIST)
		set_lhist(c, s->value, map);
}

static void assign_map(struct checker *c, struct stmt *s)
{
	struct program_map *map = find_map(c, s->target);

	if (!map)
		return;
	check_keys(c, s->target, map);
	if (s->value->type.kind == TYPE_AGGREGATE) {
		assign_aggregate(c, s, map);
		return;
	}
	if (!check_int(c, s->value, "a map"))
		return;
	if (map->aggregate) {
		wrong(c, s->value, "%s holds %s() elsewhere in the program", map->name,
		      map->aggregate->name);
		return;
	}
	map->value = arithmetic(s->value->type, map->value.kind ? map->value : type_s64);
	s->target->type = map->value;
}

static void check_stmts(struct checker *c, struct stmt *s)
{
	for (; s; s = s->next) {
		if (s->value)
			check_expr(c, s->value);
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
			check_stmts(c, s->body);
			check_stmts(c, s->otherwise);
			break;
		case STMT_EXPR:
			if (s->value->type.kind == TYPE_AGGREGATE)
				wrong(c, s->value, "%s() must be assigned to a map, as in @ = %s",
				      s->value->text, function_at(s->value->number)->signature);
			else if (s->value->type.kind != TYPE_NONE &&
				 s->value->type.kind != TYPE_UNKNOWN)
				wrong(c, s->value, "this value is not used");
			break;
		case STMT_RETURN:
			break;
		}
	}
}

void instance_check(struct program *program, struct instance *instance)
{
	struct checker c = {program, instance};

	if (instance->filter) {
		check_expr(&c, instance->filter);
		check_int(&c, instance->filter, "a filter");
	}
	check_stmts(&c, instance->body);
}
