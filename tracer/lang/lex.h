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
	bool blank; /* in front of it */
};

enum { LEX_EXPANSIONS_MOST = 32 }; /* macros in macros */

/* To look ahead, take a copy. */
struct lexer {
	const struct source *source;
	struct diagnostics *diagnostics;
	struct arena *arena;
	size_t next; /* byte */
	bool in_filter; /* a `/` in front of a `{` ends the filter */
	bool in_line;	/* this is a line that began with #, or a part of one */

	/* macro.c */
	struct preprocessor *preprocessor; /* of all copies; NULL: no name is a macro */
	const struct lexer *outer; /* the one whose macro's argument this one reads */
	unsigned depth;		   /* of those */
	struct expansion { /* the macros whose tokens come next, the last one's first */
		const struct macro *macro; /* NULL: of none */
		const struct token *tokens;
		size_t count, next;
		size_t at; /* the place of all of them, or LEX_OWN_PLACES */
	} expansions[LEX_EXPANSIONS_MOST];
	unsigned expansion_count;
	unsigned conditions; /* #ifs around whose text counts */
};

#define LEX_OWN_PLACES SIZE_MAX

struct token lex(struct lexer *l);
/* A name stays one, though it is a macro's. */
struct token lex_plain(struct lexer *l);
struct token lex_probe(struct lexer *l);

#endif
