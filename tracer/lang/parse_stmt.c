/* Statements and blocks. */
#include "lang/parse.h"

#include <string.h>

static struct stmt *make_stmt(struct parser *p, enum stmt_kind kind)
{
	struct stmt *s = arena_alloc(&p->program->arena, sizeof(*s));

	if (s) {
		s->kind = kind;
		s->at = p->token.at;
	}
	return s;
}

static struct stmt *parse_if(struct parser *p);

/* A chain of them is as deep in the tree as it is long. */
static struct stmt *parse_else_if(struct parser *p)
{
	struct stmt *s;

	if (!enter(p))
		return NULL;
	s = parse_if(p);
	leave(p);
	return s;
}

static struct stmt *parse_if(struct parser *p)
{
	struct stmt *s = make_stmt(p, STMT_IF);

	next(p);
	if (!s)
		return NULL;
	p->operators = 0;
	s->value = parse_expr(p);
	if (!s->value)
		return NULL;
	s->body = parse_block(p);
	if (accept(p, "else"))
		s->otherwise = is(p, "if") ? parse_else_if(p) : parse_block(p);
	return s;
}

/* `x++`, `x += 1` and `x = 1` are one statement: target op= value. */
static bool parse_assignment(struct parser *p, struct stmt *s)
{
	const char *text = p->token.text;
	size_t length = p->token.length;
	bool step = is(p, "++") || is(p, "--");

	if (p->token.kind != TOKEN_OPERATOR)
		return true;
	if (!step && (text[length - 1] != '=' || is(p, "==") || is(p, "!=") || is(p, "<=") ||
		      is(p, ">=")))
		return true;
	if (s->value->kind != EXPR_VARIABLE && s->value->kind != EXPR_MAP) {
		diagnose(&p->program->diagnostics, s->value->at,
			 "only a variable ($name) or a map (@name) can be assigned");
		return false;
	}
	s->kind = STMT_ASSIGN;
	s->target = s->value;
	s->op = binary_op(text, step ? 1 : length - 1);
	next(p);
	if (step) {
		s->value = make_expr(p, EXPR_INT);
		if (s->value)
			s->value->number = 1;
	} else {
		s->value = parse_expr(p);
	}
	return s->value != NULL;
}

static struct stmt *parse_stmt(struct parser *p)
{
	struct stmt *s;

	p->operators = 0;
	if (is(p, "if"))
		return parse_if(p);
	if (is(p, "return")) {
		s = make_stmt(p, STMT_RETURN);
		next(p);
	} else {
		s = make_stmt(p, STMT_EXPR);
		if (!s)
			return NULL;
		s->value = parse_expr(p);
		if (!s->value || !parse_assignment(p, s))
			return NULL;
	}
	if (!is(p, "}") && !expect(p, ";"))
		return NULL;
	return s;
}

/* To the end of the statement that went wrong, so that the next one can be looked at too. */
static void recover(struct parser *p)
{
	while (p->token.kind != TOKEN_END && !is(p, ";") && !is(p, "}"))
		next(p);
	accept(p, ";");
}

struct stmt *parse_block(struct parser *p)
{
	struct stmt *first = NULL, **last = &first;

	if (!expect(p, "{"))
		return NULL;
	if (!enter(p)) {
		p->token.kind = TOKEN_END;
		return NULL;
	}
	while (!is(p, "}") && p->token.kind != TOKEN_END) {
		unsigned depth = p->depth;

		if (accept(p, ";"))
			continue;
		*last = parse_stmt(p);
		if (*last)
			last = &(*last)->next;
		else
			recover(p);
		p->depth = depth;
	}
	leave(p);
	expect(p, "}");
	return first;
}
