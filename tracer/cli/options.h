/*
 * Options of the command line are parsed from one table a verb (explain.h).
 */
#ifndef TELLTALE_CLI_OPTIONS_H
#define TELLTALE_CLI_OPTIONS_H

#include "explain.h"
#include "libtelltale.h"

struct words {
	char **items;
	size_t count, room;
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
