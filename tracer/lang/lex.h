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

enum { LEX_EXPANSIONS_MOST = 16 }; /* macros in macros */

/* To look ahead, take a copy. */
struct lexer {
	const struct source *source;
	struct diagnostics *diagnostics;
	struct arena *arena;
	size_t next; /* byte */
	bool in_filter; /* a `/` in front of a `{` ends the filter */

	/* macro.c */
	struct macro *macros;
	struct expansion { /* the macros whose tokens come next, the last one's first */
		const struct macro *macro;
		size_t next, at;
	} expansions[LEX_EXPANSIONS_MOST];
	unsigned expansion_count;
	unsigned expanded;   /* tokens so far */
	unsigned conditions; /* #ifdefs around whose text counts */
};

struct token lex(struct lexer *l);
struct token lex_probe(struct lexer *l);

/* ---- macro.c ---- */

#define MACRO_HAVE_BTF "BPFTRACE_HAVE_BTF" /* defined where the kernel tells its types */

void macro_predefine(struct lexer *l, const char *name);
/* Does a line that begins with # start here? macro_directive() reads it. */
bool macro_line(const struct lexer *l);
void macro_directive(struct lexer *l);
/* A name that is a macro's: true, and its tokens come from macro_next() until that is false. */
bool macro_expand(struct lexer *l, const struct token *t);
bool macro_next(struct lexer *l, struct token *t);
/* The rest of what is being expanded does not come. */
void macro_forget(struct lexer *l);

#endif
