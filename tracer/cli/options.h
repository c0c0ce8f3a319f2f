/*
 * Options of the command line: one table a verb, from which they are parsed, explained by --help
 * and offered by the shell's completion.
 */
#ifndef TELLTALE_CLI_OPTIONS_H
#define TELLTALE_CLI_OPTIONS_H

#include "libtelltale.h"

enum option_kind {
	OPTION_FLAG,    /* bool */
	OPTION_TEXT,    /* const char * */
	OPTION_LIST,    /* struct words: may repeat */
	OPTION_COUNT,   /* uint64_t, at least 1 */
	OPTION_SIZE,    /* uint64_t, at least 1, with K, M or G */
	OPTION_SECONDS, /* double, above 0 */
};

struct option_row {
	char letter;      /* 0: none */
	const char *name; /* without its dashes; NULL: none; both none: the end of the table */
	enum option_kind kind;
	void *place;
	const char *value; /* what --help calls the value */
	const char *help;
};

struct words {
	char **items;
	size_t count, room;
};

/* How a verb is explained. */
struct usage {
	const char *verb;
	const char *synopsis; /* what follows the verb */
	const char *text;     /* a paragraph or two */
};

enum { OPTIONS_DONE = 1 }; /* --help was asked for and given */

/*
 * Reads argv[1] and on, as getopt_long(3) would: options and words mix, long names may be
 * shortened, `--name=value`, `-n5`, `-qv`. The words go to `words`; what follows `--` is *command
 * (a NULL-ended part of argv; NULL where there is no `--`; command itself may be NULL for verbs
 * that take none). Returns 0, OPTIONS_DONE, or a negative errno.
 */
int options_parse(const struct usage *usage, const struct option_row *rows, int argc, char **argv,
                  struct words *words, char ***command, struct error *err);

void words_free(struct words *words);

#endif
