/* SPDX-License-Identifier: MIT */
/* model.h - building a struct gen_file, and the text that both readers walk; internal to sdk/gen.
 */
#ifndef TELLTALE_GEN_MODEL_H
#define TELLTALE_GEN_MODEL_H

#include "gen.h"

/* Where a reader is in its text. file, line: as told by line markers. */
struct gen_text {
	const char *start, *at, *end, *line_start;
	const char *path;
	char file[256];
	int line;
};

enum gen_kind { GEN_END, GEN_WORD, GEN_STRING, GEN_SIGN };

/* A word, a string with its quotes, or one character. */
struct gen_token {
	enum gen_kind kind;
	const char *at;
	size_t size;
	int line, column;
};

void gen_text_init(struct gen_text *text, const char *start, size_t size, const char *path);

/*
 * The next token of provider definitions: comments and preprocessor lines are skipped, line markers
 * followed. -EINVAL for what can't be a token.
 */
int gen_next(struct gen_text *text, struct gen_token *token, struct gen_error *error);

/* Whether a token is this word or sign. */
bool gen_is(const struct gen_token *token, const char *what);

/* Say what is wrong at a token; returns -EINVAL. */
int gen_fail(struct gen_error *error, const struct gen_text *text, const struct gen_token *at,
             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Append to what is built; NULL or -ENOMEM if memory is out. */
struct gen_provider *gen_add_provider(struct gen_file *file, const char *name, size_t size);
struct gen_probe *gen_add_probe(struct gen_provider *provider, const char *name, size_t size);
int gen_add_argument(struct gen_probe *probe, const char *declaration, size_t size);

/* Whether a declaration has only what types and names are written with; the header's macros count
 * on it. */
bool gen_is_type(const char *declaration, size_t size);

/* A probe of this name in a provider. */
const struct gen_probe *gen_find_probe(const struct gen_provider *provider, const char *name);

#endif
