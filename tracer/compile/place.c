/*
 * Values in memory, those that no register holds: where one is, what it becomes where there is room
 * for more, and variables that hold one.
 */
#include "compile/internal.h"

#include <stddef.h>
#include <string.h>

bool is_wide(struct type type)
{
	return type.kind != TYPE_INT;
}

bool layout_has_holes(const struct plan_value *layout)
{
	for (size_t i = 0; layout->type == PLAN_TUPLE && i < layout->part_count; i++)
		if (layout_has_holes(&layout->parts[i]))
			return true;
	return layout->type == PLAN_TEXT || layout->type == PLAN_BYTES || layout->size % 8;
}

struct place gen_place(struct gen *g, const struct expr *e, struct plan_value *layout, label fail)
{
	struct place place;

	switch (e->kind) {
	case EXPR_VARIABLE:
		*layout = g->wide[e->number].layout;
		return (struct place){g->frame, g->wide[e->number].at};
	case EXPR_MAP:
		*layout = g->c->plan->maps[e->number].value;
		return gen_map_place(g, e, fail);
	case EXPR_ITEM:
		place = gen_place(g, e->child, layout, fail);
		if (e->number >= layout->part_count)
			return place;
		*layout = layout->parts[e->number];
		place.offset += (int)layout->offset;
		return place;
	default:
		value_layout(g, e, layout);
		if (e->place && is_in_memory(e->type) && expr_is_copy(e))
			return gen_copy_place(g, e, fail);
		return gen_made(g, e, layout, fail);
	}
}

/* Is there a struct or an array in it? */
static bool has_whole(const struct plan_value *layout)
{
	for (size_t i = 0; layout->type == PLAN_TUPLE && i < layout->part_count; i++)
		if (has_whole(&layout->parts[i]))
			return true;
	return layout->type == PLAN_RECORD || layout->type == PLAN_ARRAY;
}

struct place gen_made(struct gen *g, const struct expr *e, const struct plan_value *layout,
		      label fail)
{
	/* Comparisons look at 8 bytes at a time, wherever they start. What is in a struct may lie
	 * anywhere, as may what an index leads to, and the stack is not for that. */
	struct place place = has_whole(layout)
				     ? (struct place){g->frame, gen_frame(g, e->at, layout->size + 8)}
				     : gen_room(g, e->at, layout->size + 8);

	if (layout_has_holes(layout))
		gen_zero(g, place, layout->size);
	gen_value(g, e, place.base, place.offset, layout, fail);
	return place;
}

/* A text that was cut where it came from, in a place with room for more. */
static void gen_mark_cut(struct gen *g, struct place to, uint32_t limit)
{
	label whole = ir_label(&g->ir);
	reg length = ir_reg(&g->ir);

	ir_load(&g->ir, BPF_W, length, to.base, to.offset + (int)offsetof(struct abi_text, length));
	ir_branch_value(&g->ir, BPF_JLE, length, limit, whole);
	ir_store_value(&g->ir, BPF_W, to.base, to.offset + (int)offsetof(struct abi_text, length),
		       (int32_t)limit);
	ir_store_value(&g->ir, BPF_W, to.base, to.offset + (int)offsetof(struct abi_text, cut), 1);
	ir_store_value(&g->ir, BPF_B, to.base,
		       to.offset + (int)offsetof(struct abi_text, bytes) + (int)limit, 0);
	ir_place(&g->ir, whole);
}

void gen_name_length(struct gen *g, struct place to)
{
	reg length = ir_reg(&g->ir);

	ir_function(&g->ir, "tt_length", length, 2,
		    (struct ir_arg[]){arg_at(to.base, to.offset + (int)sizeof(struct abi_text)),
				      arg_value(ABI_COMM)});
	ir_store(&g->ir, BPF_W, to.base, to.offset, length);
	ir_store_value(&g->ir, BPF_W, to.base, to.offset + (int)offsetof(struct abi_text, cut), 0);
}

void gen_convert(struct gen *g, struct place from, const struct plan_value *have, struct place to,
		 const struct plan_value *want)
{
	struct place bytes = {to.base, to.offset + (int)sizeof(struct abi_text)};

	for (size_t i = 0; want->type == PLAN_TUPLE && i < want->part_count && i < have->part_count;
	     i++)
		gen_convert(g, (struct place){from.base, from.offset + (int)have->parts[i].offset},
			    &have->parts[i],
			    (struct place){to.base, to.offset + (int)want->parts[i].offset},
			    &want->parts[i]);
	if (want->type == PLAN_TUPLE)
		return;
	if (have->type == PLAN_COMM && want->type == PLAN_TEXT) {
		gen_copy(g, from, bytes, ABI_COMM);
		gen_name_length(g, to);
		return;
	}
	gen_copy(g, from, to, have->size < want->size ? have->size : want->size);
	if (want->type == PLAN_TEXT && have->limit < want->limit)
		gen_mark_cut(g, to, have->limit);
}

/* ---- variables ---- */

static bool mentions(const struct expr *e, uint64_t variable)
{
	for (; e; e = e->next)
		if ((e->kind == EXPR_VARIABLE && e->number == variable) ||
		    mentions(e->child, variable))
			return true;
	return false;
}

void place_variables(struct gen *g)
{
	for (size_t i = 0; i < g->in->variable_count; i++) {
		const struct variable *v = &g->in->variables[i];

		if (!is_wide(v->type)) {
			if (g->framed)
				g->wide[i].at = gen_frame(g, g->in->clause->at, 8);
			continue;
		}
		type_layout(g->c, v->type, &g->wide[i].layout);
		g->wide[i].at = gen_frame(g, g->in->clause->at, g->wide[i].layout.size + 8);
	}
}

void gen_clear_variables(struct gen *g)
{
	for (size_t i = 0; i < g->in->variable_count; i++)
		if ((g->framed || is_wide(g->in->variables[i].type)) &&
		    g->in->variables[i].loose)
			gen_zero(g, (struct place){g->frame, g->wide[i].at},
				 is_wide(g->in->variables[i].type) ? g->wide[i].layout.size : 8);
}

void gen_wide_assign(struct gen *g, const struct stmt *s)
{
	size_t n = s->target->number;
	const struct plan_value *layout = &g->wide[n].layout;
	struct place to = {g->frame, g->wide[n].at}, made;

	ir_note(&g->ir, "$%s =", s->target->text);
	if (!s->value) {
		gen_zero(g, to, layout->size);
		return;
	}
	if (mentions(s->value, n)) {
		made = gen_made(g, s->value, layout, use(&g->give_up));
		gen_copy(g, made, to, layout->size);
		return;
	}
	if (layout_has_holes(layout))
		gen_zero(g, to, layout->size);
	gen_value(g, s->value, to.base, to.offset, layout, use(&g->give_up));
}
