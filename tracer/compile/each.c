/*
 * for ($kv : @map). The kernel calls the body for each key (bpf_for_each_map_elem); see body.c.
 *
 * $kv is a copy, made when the round begins: the body may change or delete what it is a copy of.
 */
#include "compile/internal.h"

/* ---- the key and its value ---- */

static void gen_entry(struct gen *g, const struct stmt *s, reg key, reg value)
{
	size_t place = s->value->number;
	struct plan_map map = g->c->plan->maps[place];
	const struct wide_variable *v = &g->wide[s->target->number];
	struct place to = {g->frame, v->at};
	struct plan_value keys = {.type = PLAN_TUPLE, .size = map.key_size, .name = "",
				  .parts = map.keys, .part_count = map.key_count};

	if (v->layout.part_count != 2) /* memory is out */
		return;
	if (layout_has_holes(&v->layout))
		gen_zero(g, to, v->layout.size);
	to.offset = v->at + (int)v->layout.parts[0].offset;
	gen_convert(g, (struct place){key, 0}, map.key_count == 1 ? &map.keys[0] : &keys, to,
		    &v->layout.parts[0]);
	to.offset = v->at + (int)v->layout.parts[1].offset;
	if (map.per_cpu)
		ir_store(&g->ir, BPF_DW, to.base, to.offset, gen_merged(g, place, arg_reg(key)));
	else
		gen_convert(g, (struct place){value, 0}, &map.value, to, &v->layout.parts[1]);
}

/* ---- the loop ---- */

enum { PASSED_KEY = 1, PASSED_VALUE, PASSED }; /* of the arguments of the body */

static void begin_entry(struct gen *g, struct body *body)
{
	body->passed[PASSED_KEY] = ir_reg(&g->ir);
	body->passed[PASSED_VALUE] = ir_reg(&g->ir);
	gen_entry(g, body->stmt, body->passed[PASSED_KEY], body->passed[PASSED_VALUE]);
}

void gen_each(struct gen *g, const struct stmt *s)
{
	const struct program_map *map = &g->c->program->maps[s->value->number];
	struct body body = {.stmt = s, .given = PASSED, .passed = {REG_NONE, REG_NONE, REG_NONE},
			    .begin = begin_entry};
	int mark = g->ir.stack;
	reg rounds;

	if (!map_is_typed(map)) {
		refuse(g, s->value->at, "%s is used before there is a probe that gives it a type",
		       map->name);
		return;
	}
	body.what = arena_print(&g->c->plan->arena, "for $%s over %s", s->target->text, map->name);
	if (!gen_called(g, &body))
		return;
	g->holds_map = true;
	rounds = gen_result(g);
	ir_helper(&g->ir, BPF_FUNC_for_each_map_elem, rounds, 4,
		  (struct ir_arg[]){arg_map(s->value->number), arg_function(body.function),
				    arg_stack(body.handed), arg_value(0)});
	g->at = s->at;
	gen_failures(g, REPORT_FAILURES, "for_each_map_elem", rounds, 0);
	gen_returned(g, &body);
	ir_stack_back(&g->ir, mark);
}
