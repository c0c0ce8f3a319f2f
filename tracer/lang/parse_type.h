/* Types and declarations: what parse_type.c and parse_declare.c have for the parser. */
#ifndef TELLTALE_LANG_PARSE_TYPE_H
#define TELLTALE_LANG_PARSE_TYPE_H

#include "lang/parse.h"

enum { POINTERS_MOST = 8 };

/* ---- parse_type.c ---- */

/* Does the token, a name, start a type? Not of a typedef that only a file or the kernel knows. */
bool starts_type(const struct parser *p);
/* const, volatile and their kind; true when there was one. */
bool accept_qualifiers(struct parser *p);
/* A type's name: `struct foo`, `unsigned long`, `u32`. False when something was wrong. */
bool parse_specifier(struct parser *p, struct type_words *words);
/* The `*` behind it. */
bool parse_pointers(struct parser *p, unsigned *pointers);
/* All of it, without a name of something that has the type; NULL when something was wrong. */
struct type_words *parse_type(struct parser *p);

/* `(type) operand`: does the `(` at hand start one? */
bool starts_cast(const struct parser *p);
struct expr *parse_cast(struct parser *p);
/* sizeof(...), offsetof(...) behind their name, whose node it is. */
struct expr *parse_sizeof(struct parser *p, struct expr *e);
/* `.name`, `->name`, `[index]`, or a tuple's `.0` behind a value. */
struct expr *parse_place(struct parser *p, struct expr *inner);
/* `*value`, `&place` */
struct expr *parse_prefix(struct parser *p);

/* ---- parse_declare.c ---- */

struct declarator {
	const char *name; /* "" where there is none */
	size_t at;
	const struct ctype *type;
	struct attributes attributes; /* those of what stands in front are there before it is read */
};

/* A declaration instead of a clause: struct, union, enum, typedef. */
bool starts_declaration(const struct parser *p);
/* False when something was wrong: what follows makes no sense then. */
bool parse_declaration(struct parser *p);
/* Without the ; that may stand behind it. */
bool parse_declared(struct parser *p);
/* Reports it; false. */
bool bad_declaration(struct parser *p, size_t at, const char *text);
/* From ( to behind the ) that belongs to it. */
bool skip_parentheses(struct parser *p);

/* ---- parse_header.c ---- */

/* What a header declares: functions and variables are passed over, and so is, with a warning, what
 * can't be understood. */
void parse_header_declaration(struct parser *p);

/* ---- constant.c ---- */

bool parse_constant(struct parser *p, int64_t *value);
/* A type stands for its alignment. */
bool parse_alignment_of(struct parser *p, int64_t *value);

/* ---- attribute.c ---- */

/* Adds those that stand here, if any. */
bool parse_attributes(struct parser *p, struct attributes *attributes);

#endif
