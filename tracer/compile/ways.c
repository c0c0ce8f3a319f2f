/*
 * Keeps the verifier's walk short. It follows each way through a program with what registers hold
 * there, and where two ways meet it drops the second one only if it holds nothing new: twenty `if`
 * that set one number each would be a million ways. So in a clause with many of them, variables live
 * in the frame, in memory whose contents it does not follow, and a number that it knows on each way
 * takes the way through the frame where the ways meet. A clause with few keeps its variables in registers.
 */
#include "compile/internal.h"

enum {
	WAYS_MOST = 6,	     /* places where ways part, of a clause that hides nothing */
	IN_REGISTERS = 12,   /* variables; more would not fit on the stack beside all else */
	DEPTH_MOST = 12,     /* of expressions whose values wait for each other on the stack */
	COUNTED_MOST = 1000, /* nobody asks for more */
};

static uint64_t ways(const struct expr *e)
{
	uint64_t count = 0;

	for (; e && count < COUNTED_MOST; e = e->next) {
		count += e->kind == EXPR_TERNARY || (e->kind == EXPR_MAP && e->type.kind == TYPE_INT) ||
			 (e->kind == EXPR_CALL && e->type.kind == TYPE_INT) ||
			 (e->kind == EXPR_UNARY && e->op == OP_NOT) ||
			 (e->kind == EXPR_BINARY &&
			  (e->op <= OP_AND || (e->op >= OP_EQ && e->op <= OP_GE)));
		count += ways(e->child);
	}
	return count;
}

static uint64_t ways_of(const struct stmt *s)
{
	uint64_t count = 0;

	for (; s && count < COUNTED_MOST; s = s->next) {
		uint64_t body = ways_of(s->body) + ways_of(s->otherwise);

		if (s->kind == STMT_UNROLL)
			body *= s->value->number < COUNTED_MOST ? s->value->number : COUNTED_MOST;
		count += body + ways(s->value) + (s->kind == STMT_IF);
		if (s->target)
			count += ways(s->target->child);
	}
	return count;
}

static unsigned depth(const struct expr *e)
{
	unsigned most = 0;

	for (; e; e = e->next) {
		unsigned here = 1 + depth(e->child);

		most = here > most ? here : most;
	}
	return most;
}

static bool is_deep(const struct stmt *s)
{
	for (; s; s = s->next)
		if (depth(s->value) > DEPTH_MOST || depth(s->target) > DEPTH_MOST ||
		    is_deep(s->body) || is_deep(s->otherwise))
			return true;
	return false;
}

/* Also (each) those over maps. */
static bool has_loop(const struct stmt *s, bool each)
{
	for (; s; s = s->next)
		if (s->kind == STMT_WHILE || s->kind == STMT_RANGE || (each && s->kind == STMT_EACH) ||
		    has_loop(s->body, each) || has_loop(s->otherwise, each))
			return true;
	return false;
}

static size_t numbers(const struct instance *in)
{
	size_t count = 0;

	for (size_t i = 0; i < in->variable_count; i++)
		count += !is_wide(in->variables[i].type);
	return count;
}

void look_for_ways(struct gen *g)
{
	bool (*bounded)(void) = g->c->options->has_bounded_loops;

	g->looped = has_loop(g->in->body, true);
	g->calls_loops = bounded && has_loop(g->in->body, false) && !bounded();
	g->hides = ways(g->in->filter) + ways_of(g->in->body) > WAYS_MOST;
	g->framed = g->looped || g->hides || numbers(g->in) > IN_REGISTERS || is_deep(g->in->body);
	g->frame_touched = depth(g->in->filter) > DEPTH_MOST;
}

/* What is read from the frame is any number. */
void gen_hide(struct gen *g, reg value)
{
	uint32_t before = g->frame_bytes;
	int at;

	if (!g->hides)
		return;
	at = gen_frame(g, g->at, 8);
	ir_store(&g->ir, BPF_DW, g->frame, at, value);
	ir_load(&g->ir, BPF_DW, value, g->frame, at);
	g->frame_bytes = before;
}
