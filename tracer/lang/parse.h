/* What the files of the parser share: the token that is looked at, and who parses what. */
#ifndef TELLTALE_LANG_PARSE_H
#define TELLTALE_LANG_PARSE_H

#include "lang/ast.h"
#include "lang/lex.h"

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

/* ---- parse.c ---- */

/* Goes on to the next token. */
void next(struct parser *p);
/* Is the token this operator or name? accept() takes it then, expect() reports when it is not. */
bool is(const struct parser *p, const char *text);
bool accept(struct parser *p, const char *text);
bool expect(struct parser *p, const char *text);
/* Reports that the token is not what should be here. */
void unexpected(struct parser *p, const char *wanted);
/* One level deeper; false, and reported, when that is too deep. leave() goes back. */
bool enter(struct parser *p);
static inline void leave(struct parser *p)
{
	p->depth--;
}

/* ---- parse_expr.c: NULL when something was wrong ---- */

/* A node of what the token is; the token stays. */
struct expr *make_expr(struct parser *p, enum expr_kind kind);
struct expr *parse_expr(struct parser *p);
/* An operand with the operators in front of it and behind it. */
struct expr *parse_unary(struct parser *p);
/* The operator of `x += 1` from its text, without the `=`; OP_NONE when there is none. */
enum op binary_op(const char *text, size_t length);

/* ---- parse_stmt.c ---- */

/* From { to }. */
struct stmt *parse_block(struct parser *p);

/* ---- config.c ---- */

/* What the environment says, before the program does. */
void config_defaults(struct parser *p);
bool starts_config(const struct parser *p);
bool parse_config(struct parser *p);

/* ---- parameter.c ---- */

const char *probe_with_parameters(struct parser *p, const struct token *probe);

#endif
