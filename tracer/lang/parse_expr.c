/* Expressions: recursive descent, with one table for the binary operators. */
#include "lang/parse_type.h"

#include "base/text.h"

#include <string.h>

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
enum op binary_op(const char *text, size_t length)
{
	for (size_t i = 0; i < OPERATORS; i++)
		if (operators[i].level && strlen(operators[i].text) == length &&
		    !memcmp(operators[i].text, text, length))
			return operators[i].op;
	return OP_NONE;
}

struct expr *make_expr(struct parser *p, enum expr_kind kind)
{
	struct expr *e = arena_alloc(&p->program->arena, sizeof(*e));

	if (e)
		*e = (struct expr){.kind = kind, .at = p->token.at, .text = p->token.text,
				   .length = p->token.length, .number = p->token.number};
	return e;
}

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

/* args.NAME or args->NAME, behind `args`; alone it is all of them, which the check finds. */
static struct expr *parse_args(struct parser *p, struct expr *e)
{
	if (!accept(p, ".") && !accept(p, "->")) {
		e->kind = EXPR_TUPLE;
		e->number = 1;
		return e;
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
	if (is(p, "(") && (!strcmp(e->text, "sizeof") || !strcmp(e->text, "offsetof")))
		return parse_sizeof(p, e);
	if (!strcmp(e->text, "true") || !strcmp(e->text, "false")) {
		e->kind = EXPR_INT;
		e->number = e->text[0] == 't';
		e->type = (struct type){.kind = TYPE_INT, .size = 1, .look = LOOK_BOOL};
	} else if (accept(p, "(")) {
		e->kind = EXPR_CALL;
		return parse_list(p, ")", &e->child) ? e : NULL;
	} else if (argument_number(e->text, &e->number)) {
		e->kind = EXPR_ARGUMENT;
		e->text = NULL;
	}
	return e;
}

/* `(e)` is e, `(e, f)` and `(e,)` are tuples. */
static struct expr *parse_parentheses(struct parser *p)
{
	struct expr *tuple = make_expr(p, EXPR_TUPLE), **last;

	next(p);
	if (!tuple)
		return NULL;
	*tuple = (struct expr){.kind = EXPR_TUPLE, .at = tuple->at};
	for (last = &tuple->child;; last = &(*last)->next) {
		*last = parse_expr(p);
		if (!*last)
			return NULL;
		if (accept(p, ")"))
			return last == &tuple->child ? *last : tuple;
		if (!accept(p, ",")) {
			expect(p, ")");
			return NULL;
		}
		if (accept(p, ")"))
			return tuple;
	}
}

static struct expr *parse_primary(struct parser *p)
{
	struct expr *e;

	switch (p->token.kind) {
	case TOKEN_NUMBER:
	case TOKEN_STRING:
	case TOKEN_VARIABLE:
	case TOKEN_PARAMETER:
		e = make_expr(p, p->token.kind == TOKEN_NUMBER	   ? EXPR_INT
				 : p->token.kind == TOKEN_STRING   ? EXPR_STRING
				 : p->token.kind == TOKEN_VARIABLE ? EXPR_VARIABLE
								   : EXPR_PARAMETER);
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
		if (is(p, "("))
			return parse_parentheses(p);
		unexpected(p, "a value");
		return NULL;
	}
}

static bool is_step(const struct parser *p)
{
	return p->token.kind == TOKEN_OPERATOR && (is(p, "++") || is(p, "--"));
}

/* x++ or ++x: `e` is what the operator's token made. */
static struct expr *make_step(struct parser *p, struct expr *e, enum expr_kind kind,
			      struct expr *inner)
{
	if (!e || !inner)
		return NULL;
	if (inner->kind != EXPR_VARIABLE && inner->kind != EXPR_MAP) {
		diagnose(&p->program->diagnostics, inner->at,
			 "%s goes with a variable ($name) or a map (@name)", e->text);
		return NULL;
	}
	e->kind = kind;
	e->op = e->text[0] == '+' ? OP_ADD : OP_SUB;
	e->child = inner;
	return e;
}

static struct expr *parse_postfix(struct parser *p)
{
	struct expr *e = parse_primary(p), *step;

	while (e && (is(p, ".") || is(p, "->") || is(p, "[")))
		e = parse_place(p, e);
	if (!e || !is_step(p))
		return e;
	step = make_expr(p, EXPR_STEP_AFTER);
	next(p);
	return make_step(p, step, EXPR_STEP_AFTER, e);
}

struct expr *parse_unary(struct parser *p)
{
	struct expr *e, *inner;
	enum op op = is(p, "-") ? OP_NEG : is(p, "!") ? OP_NOT : is(p, "~") ? OP_BITNOT : OP_NONE;

	if (starts_cast(p))
		return parse_cast(p);
	if (is(p, "*") || is(p, "&"))
		return parse_prefix(p);
	if (p->token.kind != TOKEN_OPERATOR || (op == OP_NONE && !is_step(p)))
		return parse_postfix(p);
	e = make_expr(p, EXPR_UNARY);
	next(p);
	if (op == OP_NONE)
		return make_step(p, e, EXPR_STEP_BEFORE, parse_primary(p));
	if (!enter(p))
		return NULL;
	inner = parse_unary(p);
	leave(p);
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

struct expr *parse_expr(struct parser *p)
{
	struct expr *e, *condition = NULL;

	if (!enter(p))
		return NULL;
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
	leave(p);
	return e;
}
