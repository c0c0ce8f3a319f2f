/*
 * Maps whose key is the thread that is hit: where the kernel can, a thread carries its value itself
 * (task storage), which is quicker than to look its number up, has room for any number of threads,
 * and ends with the thread. Nobody can go through such values, so a map is kept so only where what is
 * in it is never shown: all its uses are @map[tid] in probes of a process's code, and END clears it.
 *
 * A thread that can't be given its memory at the moment (kernels before 7.0 refuse it where a hit of
 * another thread was preempted while it asked) uses the map itself, which is there all the same; and so
 * do all threads in the engines that are not the kernel's.
 * A value of 0 is as good as none: nothing asks whether the key is there.
 */
#include "compile/internal.h"

#include <string.h>

/* ---- which maps ---- */

struct use {
	const char *map;
	bool others; /* something else than @map[tid] is done with it, or elsewhere */
	bool clears; /* END clears it, whatever comes before */
};

static bool is_of_thread(const struct expr *map)
{
	const struct expr *key = map->child;

	return key && !key->next && key->kind == EXPR_BUILTIN && !strcmp(key->text, "tid");
}

static bool is_call(const struct expr *e, enum function_id id)
{
	size_t place;

	return e->kind == EXPR_CALL && function_find(e->text, &place) &&
	       function_at(place)->id == id;
}

/* A function that is given the map, or a key of it, and not a value: only to delete is simple. */
static bool takes_map(const struct expr *e)
{
	size_t place;

	return e->kind == EXPR_CALL && e->child && e->child->kind == EXPR_MAP &&
	       function_find(e->text, &place) && function_at(place)->takes_map &&
	       !(is_call(e, FUNC_DELETE) && !e->child->next);
}

static void look_at_exprs(struct use *use, const struct expr *e, bool is_place)
{
	for (; e; e = e->next) {
		bool is_map = e->kind == EXPR_MAP && !strcmp(e->text, use->map);

		use->others |= is_map && (!is_place || !is_of_thread(e));
		look_at_exprs(use, e->child, is_place && !takes_map(e));
	}
}

static void look_at_stmts(struct use *use, const struct stmt *s, bool is_place)
{
	for (; s; s = s->next) {
		look_at_exprs(use, s->target, is_place);
		look_at_exprs(use, s->value, is_place);
		look_at_stmts(use, s->body, is_place);
		look_at_stmts(use, s->otherwise, is_place);
	}
}

/* Whether a statement is a call that nothing keeps the clause from going on behind; but that the
 * reader is behind, who hears of it. */
static bool goes_on(const struct stmt *s)
{
	if (s->kind != STMT_EXPR || s->value->kind != EXPR_CALL || is_call(s->value, FUNC_EXIT))
		return false;
	for (const struct expr *e = s->value->child; e; e = e->next)
		if (e->child || (e->kind != EXPR_MAP && e->kind != EXPR_STRING && e->kind != EXPR_INT))
			return false;
	return true;
}

static bool clears(const struct expr *call, const char *map)
{
	return is_call(call, FUNC_CLEAR) && call->child && call->child->kind == EXPR_MAP &&
	       !strcmp(call->child->text, map);
}

/* The statements of END: up to the one that clears the map, and the others. */
static void look_at_end(struct use *use, const struct clause *clause)
{
	const struct stmt *s = clause->body;
	bool certain = !clause->filter;

	look_at_exprs(use, clause->filter, false);
	for (; s; s = s->next) {
		struct stmt one = *s;

		one.next = NULL;
		certain &= goes_on(s);
		if (certain && clears(s->value, use->map))
			use->clears = true;
		else
			look_at_stmts(use, &one, false);
	}
}

static void look_at_clause(struct compiler *c, struct use *use, const struct clause *clause)
{
	bool at_end = true, in_code = true;

	for (const struct clause_probe *p = clause->probes; p; p = p->next) {
		struct probe_spec spec;
		struct error err;
		bool known = !probe_spec_parse(p->text, &c->program->arena, &spec, &err);

		at_end &= known && spec.kind == PROBE_END;
		in_code &= known && probe_in_file(spec.kind);
	}
	if (at_end) {
		look_at_end(use, clause);
		return;
	}
	look_at_exprs(use, clause->filter, in_code);
	look_at_stmts(use, clause->body, in_code);
}

static bool is_kept_by_threads(struct compiler *c, const struct program_map *map)
{
	struct use use = {.map = map->name, .clears = !c->program->config.print_maps};

	/* Who asks for failures is told of keys that were not there. */
	if (!map_is_typed(map) || map->aggregate || is_wide(map->value) || c->options->report)
		return false;
	for (const struct clause *clause = c->program->clauses; clause; clause = clause->next)
		look_at_clause(c, &use, clause);
	return use.clears && !use.others && c->options->has_thread_storage &&
	       c->options->has_thread_storage();
}

void plan_own(struct compiler *c, size_t place)
{
	struct plan_map *own;

	if (!is_kept_by_threads(c, &c->program->maps[place]))
		return;
	own = add_map(c);
	if (!own)
		return;
	*own = (struct plan_map){
		.role = PLAN_MAP_THREAD,
		.bpf_type = BPF_MAP_TYPE_TASK_STORAGE,
		.flags = BPF_F_NO_PREALLOC,
		.key_size = 4,
		.value_size = c->plan->maps[place].value_size,
	};
	c->plan->maps[place].own = (size_t)(own - c->plan->maps);
}

/* ---- code ---- */

void gen_own(struct gen *g, const struct plan_map *map, bool make, reg address, label found)
{
	reg thread;

	if (!map->own)
		return;
	thread = ir_reg(&g->ir);
	ir_helper(&g->ir, BPF_FUNC_get_current_task_btf, thread, 0, NULL);
	ir_helper(&g->ir, BPF_FUNC_task_storage_get, address, 4,
		  (struct ir_arg[]){arg_map(map->own), arg_reg(thread), arg_value(0),
				    arg_value(make ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0)});
	ir_branch_value(&g->ir, BPF_JNE, address, 0, found);
}
