/* Statements and blocks. */
#include "lang/parse_type.h"

#include "base/text.h"

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

static bool is_place(const struct expr *e)
{
	return e->kind == EXPR_VARIABLE || e->kind == EXPR_MAP;
}

/* `x++` and `++x` as a statement are `x += 1`. */
static bool step_to_assignment(struct parser *p, struct stmt *s)
{
	s->kind = STMT_ASSIGN;
	s->op = s->value->op;
	s->target = s->value->child;
	s->value = make_expr(p, EXPR_INT);
	if (s->value)
		s->value->number = 1;
	return s->value != NULL;
}

/* `x += 1` and `x = 1` are one statement: target op= value. */
static bool parse_assignment(struct parser *p, struct stmt *s)
{
	const char *text = p->token.text;
	size_t length = p->token.length;

	if (s->value->kind == EXPR_STEP_BEFORE || s->value->kind == EXPR_STEP_AFTER)
		return step_to_assignment(p, s);
	if (p->token.kind != TOKEN_OPERATOR)
		return true;
	if (text[length - 1] != '=' || is(p, "==") || is(p, "!=") || is(p, "<=") || is(p, ">="))
		return true;
	if (!is_place(s->value)) {
		diagnose(&p->program->diagnostics, s->value->at,
			 "only a variable ($name) or a map (@name) can be assigned");
		return false;
	}
	s->kind = STMT_ASSIGN;
	s->target = s->value;
	s->op = binary_op(text, length - 1);
	next(p);
	s->value = parse_expr(p);
	return s->value != NULL;
}

/* `condition ? this() : that();` is an if. */
static bool ternary_to_if(struct parser *p, struct stmt *s)
{
	struct expr *condition = s->value->child, *yes = condition->next, *no = yes->next;

	s->kind = STMT_IF;
	s->value = condition;
	condition->next = yes->next = NULL;
	s->body = make_stmt(p, STMT_EXPR);
	s->otherwise = make_stmt(p, STMT_EXPR);
	if (!s->body || !s->otherwise)
		return false;
	s->body->value = yes;
	s->otherwise->value = no;
	return true;
}

static bool parse_simple(struct parser *p, struct stmt *s)
{
	s->value = parse_expr(p);
	if (!s->value || !parse_assignment(p, s))
		return false;
	return s->kind != STMT_EXPR || s->value->kind != EXPR_TERNARY || ternary_to_if(p, s);
}

/* ---- let, loops ---- */

static struct expr *parse_variable(struct parser *p)
{
	struct expr *e;

	if (p->token.kind != TOKEN_VARIABLE) {
		unexpected(p, "a variable ($name)");
		return NULL;
	}
	e = make_expr(p, EXPR_VARIABLE);
	next(p);
	return e;
}

/* `string`, `string[16]`: with its NUL. */
static bool parse_let_text(struct parser *p, struct stmt *s)
{
	next(p);
	s->declared = (struct type){.kind = TYPE_TEXT};
	if (!accept(p, "["))
		return true;
	if (p->token.kind != TOKEN_NUMBER || !p->token.number ||
	    p->token.number > PROGRAM_TEXT_LIMIT_MOST) {
		diagnose(&p->program->diagnostics, p->token.at,
			 "a string has 1 to %d bytes, one for its NUL", PROGRAM_TEXT_LIMIT_MOST);
		return false;
	}
	s->declared.limit = (uint32_t)p->token.number - 1;
	next(p);
	return expect(p, "]");
}

/* The type in `let $x : uint8`. */
static bool parse_let_type(struct parser *p, struct stmt *s)
{
	bool navigates = p->program->navigates;

	if (is(p, "string"))
		return parse_let_text(p, s);
	s->words = parse_type(p);
	if (s->words && s->words->known && !s->words->pointers)
		p->program->navigates = navigates; /* nothing is looked up */
	return s->words != NULL;
}

/* let $x; let $x = e; let $x : uint8 = e; */
static bool parse_let(struct parser *p, struct stmt *s)
{
	s->target = parse_variable(p);
	if (!s->target)
		return false;
	if (accept(p, ":") && !parse_let_type(p, s))
		return false;
	if (!accept(p, "="))
		return true;
	s->value = parse_expr(p);
	return s->value != NULL;
}

static bool parse_while(struct parser *p, struct stmt *s)
{
	s->value = parse_expr(p);
	if (!s->value)
		return false;
	s->body = parse_block(p);
	return true;
}

/* unroll (n), unroll n: the parentheses are the expression's own. */
static bool parse_unroll(struct parser *p, struct stmt *s)
{
	return parse_while(p, s);
}

/* for ($i : 0..10), for ($kv : @map); also without the parentheses. */
static bool parse_for(struct parser *p, struct stmt *s)
{
	bool closed = accept(p, "(");

	s->target = parse_variable(p);
	if (!s->target || !expect(p, ":"))
		return false;
	s->value = parse_expr(p);
	if (!s->value)
		return false;
	if (accept(p, "..")) {
		s->kind = STMT_RANGE;
		s->value->next = parse_expr(p);
		if (!s->value->next)
			return false;
	} else if (s->value->kind != EXPR_MAP || s->value->child) {
		diagnose(&p->program->diagnostics, s->value->at,
			 "for goes over a map (for ($kv : @map)) or a range (for ($i : 0..10))");
		return false;
	}
	if (closed && !expect(p, ")"))
		return false;
	s->body = parse_block(p);
	return true;
}

/* What stands behind return is not used, since nobody calls a clause. */
static bool parse_return(struct parser *p, struct stmt *s)
{
	if (is(p, ";") || is(p, "}"))
		return true;
	s->value = parse_expr(p);
	return s->value != NULL;
}

static bool parse_nothing(struct parser *p, struct stmt *s)
{
	(void)p;
	(void)s;
	return true;
}

/* Statements that begin with a word. What ends with a block needs no semicolon. */
static const struct {
	const char *word;
	enum stmt_kind kind;
	bool (*parse)(struct parser *p, struct stmt *s);
	bool ends_with_block;
} words[] = {
	{"let", STMT_LET, parse_let, false},
	{"while", STMT_WHILE, parse_while, true},
	{"for", STMT_EACH, parse_for, true},
	{"unroll", STMT_UNROLL, parse_unroll, true},
	{"break", STMT_BREAK, parse_nothing, false},
	{"continue", STMT_CONTINUE, parse_nothing, false},
	{"return", STMT_RETURN, parse_return, false},
};

static struct stmt *parse_stmt(struct parser *p)
{
	size_t i = 0, count = sizeof(words) / sizeof(*words);
	struct stmt *s;

	p->operators = 0;
	if (is(p, "if"))
		return parse_if(p);
	while (i < count && !is(p, words[i].word))
		i++;
	s = make_stmt(p, i < count ? words[i].kind : is(p, "{") ? STMT_BLOCK : STMT_EXPR);
	if (!s)
		return NULL;
	if (i < count)
		next(p);
	if (s->kind == STMT_BLOCK) {
		s->body = parse_block(p);
		return s;
	}
	if (i < count ? !words[i].parse(p, s) : !parse_simple(p, s))
		return NULL;
	if (i < count && words[i].ends_with_block)
		return s;
	if (!is(p, "}") && !expect(p, ";"))
		return NULL;
	return s;
}

/*
 * To the end of the statement that went wrong, so that the next one can be looked at too: behind its
 * semicolon or its block, or at the end of the block that it is in.
 */
static void recover(struct parser *p)
{
	unsigned depth = 0;

	for (; p->token.kind != TOKEN_END; next(p)) {
		if (is(p, "{"))
			depth++;
		if (is(p, "}") && !depth)
			return;
		if ((is(p, "}") && !--depth) || (is(p, ";") && !depth))
			break;
	}
	next(p);
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
