/*
 * Tokens. The lexer is asked for one token at a time; in the head of a clause it is asked for a
 * probe instead, since a probe may hold nearly any character.
 */
#ifndef TELLTALE_LANG_LEX_H
#define TELLTALE_LANG_LEX_H

#include "lang/source.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,	/* identifier or keyword */
	TOKEN_NUMBER,	/* number */
	TOKEN_STRING,	/* text, its escapes resolved */
	TOKEN_VARIABLE, /* $name: text without the $ */
	TOKEN_PARAMETER, /* $1: number; $#: number 0 */
	TOKEN_MAP,	/* @name: text with the @ */
	TOKEN_PROBE,	/* the text of one probe */
	TOKEN_FILTER_END, /* the `/` that ends a filter */
	TOKEN_OPERATOR, /* text: one of the operators below */
	TOKEN_BAD,	/* already reported */
};

struct token {
	enum token_kind kind;
	size_t at;	  /* where it starts */
	const char *text; /* in the arena; NUL-terminated */
	size_t length;	  /* of text: strings may hold NULs */
	uint64_t number;
};

struct lexer {
	const struct source *source;
	struct diagnostics *diagnostics;
	struct arena *arena;
	size_t next; /* byte */
	bool in_filter; /* a `/` in front of a `{` ends the filter */
};

struct token lex(struct lexer *l);
struct token lex_probe(struct lexer *l);

#endif
