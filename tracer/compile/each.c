/*
 * for ($kv : @map). The kernel calls a function for each key (bpf_for_each_map_elem), and the body is that
 * function: registers and a stack of its own, and no way out but its end. What it shares with the
 * clause is the frame, where the variables are, and where numbers that the clause has in registers are put
 * for it; the frame's address, and the context's, come through the clause's stack, where the verifier
 * goes on knowing what they are.
 *
 * $kv is a copy, made when the round begins: the body may change or delete what it is a copy of.
 */
#include "compile/internal.h"

#include <stdlib.h>

enum { DEPTH_MOST = 2 }; /* bodies in bodies: see STACK_SHARED */

/* The clause's, while its body is written. */
struct outside {
	struct ir ir;
	reg context, frame, probe, variant;
	struct exit_label give_up, lost, full, endless, done;
};

/* Words of the frame. */
enum { WORD_LEFT, /* not 0: the body has ended the hit */
       WORD_PROBE, WORD_VARIANT, WORDS };

struct body {
	int words; /* in the frame */
	size_t function;
	bool leaves; /* it may end the hit */
	bool asks_context;
};

static int word(const struct body *body, int which)
{
	return body->words + which * 8;
}

static struct outside enter_body(struct gen *g)
{
	struct outside out = {g->ir, g->context, g->frame, g->probe, g->variant,
			      g->give_up, g->lost, g->full, g->endless, g->done};

	g->ir = (struct ir){.arena = out.ir.arena, .shares_stack = true};
	g->context = ir_reg(&g->ir);
	g->frame = ir_reg(&g->ir);
	g->probe = out.probe == REG_NONE ? REG_NONE : ir_reg(&g->ir);
	g->variant = out.variant == REG_NONE ? REG_NONE : ir_reg(&g->ir);
	g->give_up = (struct exit_label){.label = ir_label(&g->ir)};
	g->lost = (struct exit_label){.label = ir_label(&g->ir)};
	g->full = (struct exit_label){.label = ir_label(&g->ir)};
	g->endless = (struct exit_label){.label = ir_label(&g->ir)};
	g->done = (struct exit_label){.label = ir_label(&g->ir)};
	g->depth++;
	return out;
}

static void leave_body(struct gen *g, const struct outside *out)
{
	g->depth--;
	g->ir = out->ir;
	g->context = out->context;
	g->frame = out->frame;
	g->probe = out->probe;
	g->variant = out->variant;
	g->give_up = out->give_up;
	g->lost = out->lost;
	g->full = out->full;
	g->endless = out->endless;
	g->done = out->done;
}

/* ---- the key and its value ---- */

/* What all CPUs together have seen of the key: what the map has, is this CPU's. */
static reg gen_merged(struct gen *g, size_t place, reg key)
{
	const struct plan_map *map = &g->c->plan->maps[place];
	bool is_signed = map->value.is_signed;
	reg cpus = ir_reg(&g->ir), merged = ir_reg(&g->ir);
	struct ir_arg args[] = {arg_map(place), arg_reg(key), arg_reg(cpus), arg_value(is_signed)};

	ir_kernel(&g->ir, cpus, PLAN_CPU_VALUES);
	switch (map->aggregate) {
	case PLAN_MIN:
	case PLAN_MAX:
		args[3] = arg_value((int64_t)abi_rank(map->aggregate == PLAN_MIN, is_signed));
		ir_function(&g->ir, "tt_cpus_extreme", merged, 4, args);
		break;
	case PLAN_AVG:
		ir_function(&g->ir, "tt_cpus_average", merged, 4, args);
		break;
	default:
		ir_function(&g->ir, "tt_cpus_sum", merged, 3, args);
	}
	return merged;
}

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
		ir_store(&g->ir, BPF_DW, to.base, to.offset, gen_merged(g, place, key));
	else
		gen_convert(g, (struct place){value, 0}, &map.value, to, &v->layout.parts[1]);
}

/* ---- the function ---- */

/* Comes last, when it is known what is needed, and is put in front. */
static void gen_beginning(struct gen *g, struct body *body, reg key, reg value)
{
	size_t from = g->ir.count;
	reg given = ir_reg(&g->ir);

	body->asks_context = ir_mentions(&g->ir, g->context);
	ir_entry(&g->ir, key, 1);
	ir_entry(&g->ir, value, 2);
	ir_entry(&g->ir, given, 3);
	ir_load(&g->ir, BPF_DW, g->frame, given, 0);
	if (body->asks_context)
		ir_load(&g->ir, BPF_DW, g->context, given, 8);
	if (g->probe != REG_NONE)
		ir_load(&g->ir, BPF_DW, g->probe, g->frame, word(body, WORD_PROBE));
	if (g->variant != REG_NONE)
		ir_load(&g->ir, BPF_DW, g->variant, g->frame, word(body, WORD_VARIANT));
	ir_put_back(&g->ir, from, 0);
}

static void gen_rounds(struct gen *g, const struct stmt *s, struct body *body)
{
	reg key = ir_reg(&g->ir), value = ir_reg(&g->ir);
	struct loop loop;

	enter_loop(g, &loop);
	ir_note(&g->ir, "for $%s, one round", s->target->text);
	gen_entry(g, s, key, value);
	gen_stmts(g, s->body);
	ir_place(&g->ir, loop.next.label);
	ir_exit(&g->ir, 0);
	gen_troubles(g);
	ir_place(&g->ir, g->done.label);
	body->leaves = g->done.used;
	if (body->leaves)
		ir_store_value(&g->ir, BPF_DW, g->frame, word(body, WORD_LEFT), 1);
	leave_loop(g, &loop);
	ir_exit(&g->ir, 1);
	gen_beginning(g, body, key, value);
}

static void gen_body_of(struct gen *g, const struct stmt *s, struct body *body)
{
	struct outside out = enter_body(g);
	struct ir *function;

	gen_rounds(g, s, body);
	function = array_add(&g->functions, &g->function_count, &g->function_room,
			     sizeof(*function));
	g->c->failed |= !function;
	if (function) {
		*function = g->ir;
		body->function = g->function_count - 1;
	} else {
		free(g->ir.items);
	}
	leave_body(g, &out);
}

static void gen_words(struct gen *g, const struct body *body)
{
	ir_store_value(&g->ir, BPF_DW, g->frame, word(body, WORD_LEFT), 0);
	if (g->probe != REG_NONE)
		ir_store(&g->ir, BPF_DW, g->frame, word(body, WORD_PROBE), g->probe);
	if (g->variant != REG_NONE)
		ir_store(&g->ir, BPF_DW, g->frame, word(body, WORD_VARIANT), g->variant);
}

/* What the body of the statement is handed through the stack: where that is. */
static int gen_handed(struct gen *g, const struct body *body)
{
	int handed = ir_stack(&g->ir, body->asks_context ? 16 : 8);

	ir_store(&g->ir, BPF_DW, REG_STACK, handed, g->frame);
	if (body->asks_context)
		ir_store(&g->ir, BPF_DW, REG_STACK, handed + 8, g->context);
	return handed;
}

void gen_each(struct gen *g, const struct stmt *s)
{
	const struct program_map *map = &g->c->program->maps[s->value->number];
	struct body body = {.words = gen_frame(g, s->at, WORDS * 8)};
	int mark = g->ir.stack, handed;
	reg left = ir_reg(&g->ir), rounds;

	if (!map_is_typed(map)) {
		refuse(g, s->value->at, "%s is used before there is a probe that gives it a type",
		       map->name);
		return;
	}
	if (g->depth == DEPTH_MOST) {
		refuse(g, s->at, "for over a map in for over a map goes %d deep, not further", DEPTH_MOST);
		return;
	}
	gen_body_of(g, s, &body);
	g->ir.shares_stack = true;
	ir_note(&g->ir, "for $%s over %s", s->target->text, map->name);
	gen_words(g, &body);
	handed = gen_handed(g, &body);
	rounds = gen_result(g);
	ir_helper(&g->ir, BPF_FUNC_for_each_map_elem, rounds, 4,
		  (struct ir_arg[]){arg_map(s->value->number), arg_function(body.function),
				    arg_stack(handed), arg_value(0)});
	g->at = s->at;
	gen_failures(g, REPORT_FAILURES, "for_each_map_elem", rounds, 0);
	if (body.leaves) {
		ir_load(&g->ir, BPF_DW, left, g->frame, word(&body, WORD_LEFT));
		ir_branch_value(&g->ir, BPF_JNE, left, 0, use(&g->done));
	}
	ir_stack_back(&g->ir, mark);
}
