/* Statements, one after the other. */
#include "compile/internal.h"

static void gen_assign(struct gen *g, const struct stmt *s)
{
	if (s->target->kind == EXPR_MAP) {
		if (s->value->type.kind == TYPE_AGGREGATE)
			gen_aggregate(g, s);
		else
			gen_map_assign(g, s);
		return;
	}
	gen_variable_assign(g, s);
}

static void gen_call_stmt(struct gen *g, const struct stmt *s)
{
	const struct expr *call = s->value;

	if (is_pinned(g) && function_at(call->number)->id != FUNC_PRINTF) {
		refuse(g, call->at, "a pinned iterator is read when telltale is gone: it has printf() only");
		return;
	}
	switch (function_at(call->number)->id) {
	case FUNC_EVENT:
		gen_event(g, call);
		break;
	case FUNC_PRINTF:
		if (is_pinned(g))
			gen_seq_printf(g, call);
		else
			gen_printf(g, call, PLAN_RECORD_PRINTF);
		break;
	case FUNC_ERRORF:
		gen_printf(g, call, PLAN_RECORD_ERRORF);
		break;
	case FUNC_CAT:
		gen_printf(g, call, PLAN_RECORD_CAT);
		break;
	case FUNC_SYSTEM:
		gen_printf(g, call, PLAN_RECORD_SYSTEM);
		break;
	case FUNC_JOIN:
		gen_join(g, call);
		break;
	case FUNC_SIGNAL:
		gen_signal(g, call);
		break;
	case FUNC_UNWATCH:
		gen_unwatch(g, call);
		break;
	case FUNC_OVERRIDE:
		ir_helper(&g->ir, BPF_FUNC_override_return, REG_NONE, 2,
			  (struct ir_arg[]){arg_reg(g->context),
					    arg_reg(gen_int(g, call->child, use(&g->give_up)))});
		break;
	case FUNC_TIME:
		gen_time(g, call);
		break;
	case FUNC_DELETE:
		if (call->child->child)
			gen_map_delete(g, call);
		else
			gen_map_record(g, call, PLAN_RECORD_CLEAR);
		break;
	case FUNC_CLEAR:
		gen_map_record(g, call, PLAN_RECORD_CLEAR);
		break;
	case FUNC_ZERO:
		gen_map_record(g, call, PLAN_RECORD_ZERO);
		break;
	case FUNC_PRINT:
		if (call->child->kind == EXPR_MAP &&
		    (!call->child->child ||
		     (g->c->program->maps[call->child->number].aggregate &&
		      call->child->type.kind != TYPE_INT)))
			gen_map_record(g, call, PLAN_RECORD_PRINT);
		else
			gen_value_record(g, call);
		break;
	case FUNC_EXIT:
		gen_exit_record(g, call);
		break;
	default:
		refuse(g, call->at, "%s() is not a statement", call->text);
	}
}

static void gen_if(struct gen *g, const struct stmt *s)
{
	label otherwise = ir_label(&g->ir), end = ir_label(&g->ir);

	gen_condition(g, s->value, otherwise, use(&g->give_up));
	gen_stmts(g, s->body);
	ir_jump(&g->ir, end);
	ir_place(&g->ir, otherwise);
	gen_stmts(g, s->otherwise);
	ir_place(&g->ir, end);
}

static void gen_leave(struct gen *g, const struct stmt *s)
{
	ir_jump(&g->ir, use(s->kind == STMT_BREAK ? &g->loop->end : &g->loop->next));
}

void gen_stmts(struct gen *g, const struct stmt *s)
{
	for (; s; s = s->next) {
		uint32_t frame = g->frame_bytes;
		int stack = g->ir.stack;

		g->at = s->at;
		gen_island(g);
		switch (s->kind) {
		case STMT_EXPR:
			gen_or_else(g, gen_call_stmt, s);
			break;
		case STMT_LET:
		case STMT_ASSIGN:
			if (s->target->kind == EXPR_MAP)
				gen_or_else(g, gen_assign, s);
			else
				gen_assign(g, s);
			break;
		case STMT_IF:
			gen_if(g, s);
			break;
		case STMT_RETURN:
			ir_jump(&g->ir, use(&g->done));
			break;
		case STMT_BLOCK:
			gen_stmts(g, s->body);
			break;
		case STMT_WHILE:
			gen_while(g, s);
			break;
		case STMT_RANGE:
			gen_range(g, s);
			break;
		case STMT_EACH:
			gen_each(g, s);
			break;
		case STMT_UNROLL:
			gen_unroll(g, s);
			break;
		case STMT_WATCH:
			gen_watch(g, s);
			break;
		case STMT_BREAK:
		case STMT_CONTINUE:
			gen_leave(g, s);
			break;
		}
		g->frame_bytes = frame;
		ir_stack_back(&g->ir, stack);
	}
}
