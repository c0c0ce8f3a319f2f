/*
 * A verb and its options, as a table: --help, the shell's completion and the manual are made of it,
 * and options.c parses by it. Includes nothing of the tracer.
 */
#ifndef TELLTALE_CLI_EXPLAIN_H
#define TELLTALE_CLI_EXPLAIN_H

#include <stdbool.h>

enum option_kind {
	OPTION_FLAG,    /* bool */
	OPTION_LEVEL,   /* unsigned: how often it is given */
	OPTION_TEXT,    /* const char * */
	OPTION_LIST,    /* struct words: may repeat */
	OPTION_COUNT,   /* uint64_t, at least 1 */
	OPTION_SIZE,    /* uint64_t, at least 1, with K, M or G */
	OPTION_SECONDS, /* double, above 0 */
	OPTION_HEADING, /* none: over the rows that follow, which other verbs have, too */
};

struct option_row {
	char letter;      /* 0: none */
	const char *name; /* without its dashes; NULL: none; no help either: the end of the table */
	enum option_kind kind;
	void *place;
	const char *value; /* what --help calls the value */
	const char *help;
};

/* How a verb is explained. */
struct usage {
	const char *verb;
	const char *synopsis; /* what follows the verb; a second form on a line of its own */
	const char *text;     /* paragraphs; what is indented stays as it is */
};

bool option_is_end(const struct option_row *row);
bool option_takes_value(const struct option_row *row);

/* Answers an argument that asks for the verb's --help or, for the completion, --list-options. */
bool explain_answer(const struct usage *usage, const struct option_row *rows, const char *argument);

/* Takes every argument as such a question, where it is set: the manual's writer sees the tables so. */
extern void (*explain_instead)(const struct usage *usage, const struct option_row *rows);

#endif
