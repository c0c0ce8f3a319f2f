/* From tokens to the tree: recursive descent, with one table for the binary operators. */
#include "lang/ast.h"
#include "lang/lex.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

enum {
	DEPTH_MOST = 200, /* of nesting; a program that goes deeper is refused, not a crash */
	/* Of one statement: a chain such as 1 + 1 + 1 is as deep in the tree as it is long. */
	OPERATORS_MOST = 1000,
};

struct parser {
	struct lexer lexer;
	struct token token; /* the one that is looked at */
	struct program *program;
	unsigned depth;
	unsigned operators; /* of the statement at hand */
};

static const struct {
	const char *text;
	enum op op;
	int level; /* higher binds tighter; 0: not binary */
} operators[] = {
	{"||", OP_OR, 1},  {"&&", OP_AND, 2}, {"|", OP_BITOR, 3}, {"^", OP_BITXOR, 4},
	{"&", OP_BITAND, 5}, {"==", OP_EQ, 6}, {"!=", OP_NE, 6},	 {"<", OP_LT, 7},
	{"<=", OP_LE, 7},  {">", OP_GT, 7},   {">=", OP_GE, 7},	 {"<<", OP_SHL, 8},
	{">>", OP_SHR, 8}, {"+", OP_ADD, 9},  {"-", OP_SUB, 9},	 {"*", OP_MUL, 10},
	{"/", OP_DIV, 10}, {"%", OP_MOD, 10}, {"-", OP_NEG, 0},	 {"!", OP_NOT, 0},
	{"~", OP_BITNOT, 0},
};

enum { OPERATORS = sizeof(operators) / sizeof(*operators) };

const char *op_text(enum op op)
{
	for (size_t i = 0; i < OPERATORS; i++)
		if (operators[i].op == op)
			return operators[i].text;
	return "";
}

static void next(struct parser *p)
{
	p->token = lex(&p->lexer);
}

static bool is(const struct parser *p, const char *text)
{
	return (p->token.kind == TOKEN_OPERATOR || p->token.kind == TOKEN_NAME) &&
	       !strcmp(p->token.text, text);
}

static bool accept(struct parser *p, const char *text)
{
	if (!is(p, text))
		return false;
	next(p);
	return true;
}

static void unexpected(struct parser *p, const char *wanted)
{
	if (p->token.kind == TOKEN_BAD)
		return; /* reported by the lexer */
	if (p->token.kind == TOKEN_END)
		diagnose(&p->program->diagnostics, p->token.at, "the program ends where %s should be",
			 wanted);
	else
		diagnose(&p->program->diagnostics, p->token.at, "expected %s, not '%s'", wanted,
			 p->token.kind == TOKEN_FILTER_END ? "/" : p->token.text);
}

static bool expect(struct parser *p, const char *text)
{
	char wanted[16] = "'";

	if (accept(p, text))
		return true;
	strncat(wanted, text, sizeof(wanted) - 3);
	unexpected(p, strcat(wanted, "'"));
	return false;
}

static struct expr *make_expr(struct parser *p, enum expr_kind kind)
{
	struct expr *e = arena_alloc(&p->program->arena, sizeof(*e));

	if (e)
		*e = (struct expr){.kind = kind, .at = p->token.at, .text = p->token.text,
				   .length = p->token.length, .number = p->token.number};
	return e;
}

static struct expr *parse_expr(struct parser *p);

/* A list of expressions up to `end`, which is taken too. */
static bool parse_list(struct parser *p, const char *end, struct expr **first)
{
	if (accept(p, end))
		return true;
	for (;;) {
		*first = parse_expr(p);
		if (!*first)
			return false;
		first = &(*first)->next;
		if (accept(p, end))
			return true;
		if (!expect(p, ","))
			return false;
	}
}

/* The number in arg0, arg1, ...; false when the name is another one. */
static bool argument_number(const char *name, uint64_t *number)
{
	int64_t value;

	if (strncmp(name, "arg", 3) || !text_number(name + 3, &value) || value < 0 ||
	    (name[3] == '0' && name[4]))
		return false;
	*number = (uint64_t)value;
	return true;
}

/* args.NAME or args->NAME, behind `args`. */
static struct expr *parse_args(struct parser *p, struct expr *e)
{
	if (!accept(p, ".") && !accept(p, "->")) {
		unexpected(p, "'.' and the name of an argument behind 'args'");
		return NULL;
	}
	if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_STRING) {
		unexpected(p, "the name of an argument");
		return NULL;
	}
	*e = (struct expr){.kind = EXPR_ARGUMENT, .at = e->at, .text = p->token.text,
			   .length = p->token.length};
	if (p->token.kind == TOKEN_NAME && argument_number(e->text, &e->number))
		e->text = NULL;
	next(p);
	return e;
}

static struct expr *parse_name(struct parser *p)
{
	struct expr *e = make_expr(p, EXPR_BUILTIN);

	if (!e)
		return NULL;
	next(p);
	if (!strcmp(e->text, "args"))
		return parse_args(p, e);
	if (!strcmp(e->text, "true") || !strcmp(e->text, "false")) {
		e->kind = EXPR_INT;
		e->number = e->text[0] == 't';
		e->type = (struct type){TYPE_INT, 1, false, LOOK_BOOL, false};
	} else if (accept(p, "(")) {
		e->kind = EXPR_CALL;
		return parse_list(p, ")", &e->child) ? e : NULL;
	} else if (argument_number(e->text, &e->number)) {
		e->kind = EXPR_ARGUMENT;
		e->text = NULL;
	}
	return e;
}

static struct expr *parse_primary(struct parser *p)
{
	struct expr *e;

	switch (p->token.kind) {
	case TOKEN_NUMBER:
	case TOKEN_STRING:
	case TOKEN_VARIABLE:
		e = make_expr(p, p->token.kind == TOKEN_NUMBER   ? EXPR_INT
				 : p->token.kind == TOKEN_STRING ? EXPR_STRING
								 : EXPR_VARIABLE);
		next(p);
		return e;
	case TOKEN_MAP:
		e = make_expr(p, EXPR_MAP);
		next(p);
		if (e && accept(p, "[") && !parse_list(p, "]", &e->child))
			return NULL;
		return e;
	case TOKEN_NAME:
		return parse_name(p);
	default:
		if (accept(p, "(")) {
			e = parse_expr(p);
			return e && expect(p, ")") ? e : NULL;
		}
		unexpected(p, "a value");
		return NULL;
	}
}

static struct expr *parse_unary(struct parser *p)
{
	struct expr *e, *inner;
	enum op op = is(p, "-") ? OP_NEG : is(p, "!") ? OP_NOT : is(p, "~") ? OP_BITNOT : OP_NONE;

	if (op == OP_NONE || p->token.kind != TOKEN_OPERATOR)
		return parse_primary(p);
	e = make_expr(p, EXPR_UNARY);
	next(p);
	if (++p->depth > DEPTH_MOST) {
		diagnose(&p->program->diagnostics, p->token.at, "nested too deeply");
		return NULL;
	}
	inner = parse_unary(p);
	p->depth--;
	if (!e || !inner)
		return NULL;
	e->op = op;
	e->child = inner;
	return e;
}

static struct expr *join(struct parser *p, size_t at, enum op op, struct expr *a, struct expr *b)
{
	struct expr *e = make_expr(p, EXPR_BINARY);

	if (!e)
		return NULL;
	e->at = at;
	e->op = op;
	e->text = op_text(op);
	e->child = a;
	a->next = b;
	return e;
}

static size_t binary_operator(const struct parser *p)
{
	size_t i = 0;

	if (p->token.kind != TOKEN_OPERATOR)
		return OPERATORS;
	while (i < OPERATORS && (!operators[i].level || strcmp(operators[i].text, p->token.text)))
		i++;
	return i;
}

static struct expr *parse_binary(struct parser *p, int level)
{
	struct expr *left = parse_unary(p);

	while (left) {
		size_t i = binary_operator(p), at = p->token.at;
		struct expr *right;

		if (i == OPERATORS || operators[i].level < level)
			return left;
		if (++p->operators > OPERATORS_MOST) {
			diagnose(&p->program->diagnostics, at, "too many operators in one statement");
			return NULL;
		}
		next(p);
		right = parse_binary(p, operators[i].level + 1);
		if (!right)
			return NULL;
		left = join(p, at, operators[i].op, left, right);
	}
	return NULL;
}

static struct expr *parse_expr(struct parser *p)
{
	struct expr *e, *condition = NULL;

	if (++p->depth > DEPTH_MOST) {
		diagnose(&p->program->diagnostics, p->token.at, "nested too deeply");
		return NULL;
	}
	e = parse_binary(p, 1);
	if (e && is(p, "?")) {
		condition = e;
		e = make_expr(p, EXPR_TERNARY);
		next(p);
		if (e) {
			e->child = condition;
			condition->next = parse_expr(p);
			if (!condition->next || !expect(p, ":"))
				return NULL;
			condition->next->next = parse_expr(p);
			if (!condition->next->next)
				return NULL;
		}
	}
	p->depth--;
	return e;
}

static struct stmt *parse_block(struct parser *p);

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

	if (++p->depth > DEPTH_MOST) {
		diagnose(&p->program->diagnostics, p->token.at, "nested too deeply");
		return NULL;
	}
	s = parse_if(p);
	p->depth--;
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
	for (size_t i = 0; length > 1 && i < OPERATORS; i++)
		if (operators[i].level && strlen(operators[i].text) == length - 1 &&
		    !memcmp(operators[i].text, text, length - 1))
			s->op = operators[i].op;
	if (step)
		s->op = *text == '+' ? OP_ADD : OP_SUB;
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

static struct stmt *parse_block(struct parser *p)
{
	struct stmt *first = NULL, **last = &first;

	if (!expect(p, "{"))
		return NULL;
	if (++p->depth > DEPTH_MOST) {
		diagnose(&p->program->diagnostics, p->token.at, "nested too deeply");
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
	p->depth--;
	expect(p, "}");
	return first;
}

static bool parse_probes(struct parser *p, struct clause *c)
{
	struct clause_probe **last = &c->probes;

	do {
		struct clause_probe *probe = arena_alloc(&p->program->arena, sizeof(*probe));
		struct token t = lex_probe(&p->lexer);

		if (!probe)
			return false;
		if (!t.length) {
			diagnose(&p->program->diagnostics, t.at, "expected a probe");
			return false;
		}
		*probe = (struct clause_probe){t.text, t.at, NULL};
		*last = probe;
		last = &probe->next;
		next(p);
	} while (is(p, ","));
	return true;
}

static struct clause *parse_clause(struct parser *p)
{
	struct clause *c = arena_alloc(&p->program->arena, sizeof(*c));

	if (!c)
		return NULL;
	c->at = p->lexer.next;
	p->operators = 0;
	if (!parse_probes(p, c))
		return NULL;
	if (is(p, "/")) {
		p->lexer.in_filter = true;
		next(p);
		c->filter = parse_expr(p);
		p->lexer.in_filter = false;
		if (!c->filter)
			return NULL;
		if (p->token.kind != TOKEN_FILTER_END) {
			unexpected(p, "'/' at the end of the filter");
			return NULL;
		}
		next(p);
	}
	c->body = parse_block(p);
	return c;
}

/*
 * The head of the next clause is lexed as a probe, so the parser must not have looked at it as a
 * token: it goes back to where the token behind the last `}` started.
 */
static void parse_program(struct parser *p)
{
	struct clause **last = &p->program->clauses;

	for (;;) {
		p->lexer.in_filter = false;
		next(p);
		if (p->token.kind == TOKEN_END)
			return;
		p->lexer.next = p->token.at;
		*last = parse_clause(p);
		if (!*last)
			return; /* where a clause ends is unknown after an error in its head */
		last = &(*last)->next;
		if (p->token.kind == TOKEN_END)
			return;
		p->lexer.next = p->token.at;
	}
}

int program_parse(const char *name, const char *text, struct program *program, struct error *err)
{
	struct parser p = {.program = program};

	program->source.length = strlen(text);
	program->source.name = arena_string(&program->arena, name);
	program->source.text = arena_string(&program->arena, text);
	if (program->arena.failed)
		return error_memory(err);
	program->diagnostics.source = &program->source;
	p.lexer = (struct lexer){.source = &program->source,
				 .diagnostics = &program->diagnostics,
				 .arena = &program->arena};
	parse_program(&p);
	if (program->arena.failed)
		return error_memory(err);
	if (!program->clauses && !program->diagnostics.errors)
		diagnose(&program->diagnostics, 0, "the program is empty");
	return diagnostics_result(&program->diagnostics, err);
}
