/*
 * The text of a program and what is wrong with it. A place in a program is a byte offset; it
 * becomes line and column only when an error is written.
 */
#ifndef TELLTALE_LANG_SOURCE_H
#define TELLTALE_LANG_SOURCE_H

#include "base/error.h"
#include "base/memory.h"

struct source {
	const char *name; /* "FILE", or what stands for it */
	const char *text; /* NUL behind it */
	size_t length;
	/*
	 * Of a text that was written from another one, or put together from several: which parts come
	 * from where, in the order of the text. Errors have their place in the origin. NULL: there is
	 * none.
	 */
	const struct source *origin;
	const struct source_part {
		size_t at;   /* where the part begins in the text */
		size_t length;
		size_t from; /* where it begins in the origin */
		const struct source *origin; /* NULL: the text's own */
	} *parts;
	size_t part_count;
};

/* The part that a place is in, or that ends before it; NULL: it is in front of all. */
const struct source_part *source_part(const struct source *source, size_t at);

/* NAME:LINE:COLUMN of a place. */
const char *source_place(const struct source *source, size_t at, struct arena *arena);

/* The two numbers of it. */
void source_numbers(const struct source *source, size_t at, unsigned *line, unsigned *column);

/* Errors of one program, complete: `NAME:LINE:COLUMN: error: ...`, the line, a caret. */
struct diagnostics {
	const struct source *source;
	struct buffer text;
	unsigned errors;
	size_t last; /* place of the last error: a second one at the same place is not shown */
	struct buffer first; /* the first error's own line, without source and caret */
};

enum { DIAGNOSTICS_MOST = 20 }; /* errors shown in one go */

void diagnose(struct diagnostics *d, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Forgets all errors since a mark. */
struct diagnostics_mark {
	unsigned errors;
	size_t last, text, first;
};
struct diagnostics_mark diagnostics_mark(const struct diagnostics *d);
void diagnostics_back(struct diagnostics *d, struct diagnostics_mark mark);

void diagnostics_free(struct diagnostics *d);
/* 0 when nothing is wrong, else -EINVAL with the first error as text. */
int diagnostics_result(const struct diagnostics *d, struct error *err);

#endif
