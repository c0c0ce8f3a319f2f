/*
 * What the lexer and the files of the preprocessor share. It works on the one text of the program as
 * that is read: the text of a header takes the place of the line that includes it, and what a line
 * that begins with # says holds from its place in the text on, so that a parser that looks ahead, or
 * goes back, always reads the same.
 */
#ifndef TELLTALE_LANG_PREPROCESS_H
#define TELLTALE_LANG_PREPROCESS_H

#include "lang/lex.h"

#include <string.h>

struct program;

static inline bool is_operator(const struct token *t, const char *text)
{
	return t->kind == TOKEN_OPERATOR && !strcmp(t->text, text);
}

struct macro {
	const char *name;
	size_t from, to;   /* where in the text it holds */
	size_t body, end;  /* where its tokens stand, to be read when it is used */
	const char *value; /* those of one that no text defines */
	bool is_function, is_variadic, is_read;
	const char **parameters;
	size_t parameter_count;
	const struct token *tokens;
	size_t count;
	const struct macro *older; /* of this name */
};

/* A text that the program is put together from. */
struct text {
	struct source source;
	const struct text *includer; /* NULL: of the program itself */
	const char *folder;	     /* "": the current one; NULL: it is in no file */
	size_t place;		     /* among the folders that are searched, or NO_PLACE */
};
#define NO_PLACE SIZE_MAX

struct preprocessor {
	const struct program *program;
	struct source *source; /* the program's text so far */
	struct arena *arena;
	/* Of the lines that begin with #; the lexer's own may be heard by nobody. */
	struct diagnostics *diagnostics;

	/* macro.c */
	struct table names; /* to places in `macros` */
	const struct macro **macros; /* the newest of each name */
	size_t macro_count, macro_room;
	unsigned made, read; /* tokens of macros so far */

	/* header.c */
	struct text main;
	struct buffer text; /* of `source`, once a header is part of it */
	struct source_part *parts;
	size_t part_count, part_room;
	const char **folders; /* that are searched */
	size_t folder_count, folder_room;
	struct table once; /* names of headers that want to be read once */
	size_t header_count;
};

/*
 * For a parse of program->source by that lexer. It lives as long as the program, whose text it puts
 * together; NULL when memory is out.
 */
struct preprocessor *preprocessor_new(struct program *program, struct lexer *l);
void preprocessor_free(struct preprocessor *p); /* NULL is allowed */

/* ---- directive.c ---- */

#define MACRO_HAVE_BTF "BPFTRACE_HAVE_BTF" /* defined where the kernel tells its types */

/* Does a line that begins with # start here? directive_read() reads it. */
bool directive_starts(const struct lexer *l);
void directive_read(struct lexer *l);
/* The end of a line from a place in it on; one that ends with a backslash or in a comment goes on. */
size_t line_end(const struct lexer *l, size_t from);
/* A lexer for the rest of a line. `line` lives as long. */
struct lexer line_lexer(const struct lexer *l, struct source *line, size_t end);

/* ---- macro.c ---- */

/* NULL where the name is no macro here. */
const struct macro *macro_find(const struct lexer *l, const char *name);
/* #define and #undef behind that word. */
void macro_define(struct lexer *l, size_t from, size_t end);
void macro_undefine(struct lexer *l, size_t from);
/* For all of the text. */
void macro_predefine(struct preprocessor *p, const char *name, const char *value);
/* A name that is a macro's: true, and its tokens come from macro_next() until that is false. */
bool macro_expand(struct lexer *l, const struct token *t);
bool macro_next(struct lexer *l, struct token *t);
/* The rest of what is being expanded does not come. */
void macro_forget(struct lexer *l);

/* Tokens that grow; the caller frees them. */
struct tokens {
	struct token *items;
	size_t count, room;
};
/* Adds what the tokens are when their macros are replaced. */
void macro_expand_all(struct lexer *l, const struct token *tokens, size_t count, struct tokens *out);
/* False, once it has been said, when macros have made more tokens than any program has. */
bool tokens_add(struct lexer *l, struct tokens *out, struct token t);

/* ---- replace.c ---- */

/* Behind a macro's name, from the parenthesis on; `at` is the name's place. False: it was said what is
 * wrong with its arguments. */
bool macro_replace(struct lexer *l, const struct macro *m, size_t at, struct tokens *out);

/* ---- condition.c ---- */

/* Is the number in the rest of the line not 0? */
bool condition_holds(struct lexer *l, size_t end);

/* ---- header.c ---- */

/* <name> or "name" in the rest of the text of `l`, behind it then; NULL when it is none. */
const char *header_name(struct lexer *l, bool *quoted);
/* #include behind that word: the text of the header stands where the line did, and is read next. */
void header_include(struct lexer *l, size_t from, size_t end, bool next);
bool header_exists(const struct lexer *l, const char *name, bool quoted);
/* #pragma once */
void header_once(struct lexer *l);
/* Is that place in the text of a header? */
bool header_has(const struct preprocessor *p, size_t at);

/* ---- standard.c: what is known of headers without reading them ---- */

/* Adds lines for what the header defines and the ones read so far do not. False: nothing is known. */
bool standard_header(const char *name, struct buffer *text);
/* Names that every C compiler of this machine defines. */
void standard_names(struct preprocessor *p);

#endif
