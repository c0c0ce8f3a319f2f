/*
 * The table of a program's settings: config.c reads programs and the environment by it, and the
 * manual is written from it.
 */
#ifndef TELLTALE_LANG_CONFIG_H
#define TELLTALE_LANG_CONFIG_H

#include <stddef.h>
#include <stdint.h>

enum setting_kind {
	SETTING_NUMBER,
	SETTING_TRUTH,
	SETTING_WORD,	 /* one of `words` */
	SETTING_TEXT,	 /* struct program_config has a const char * */
	SETTING_NOTHING, /* bpftrace's own affair: taken, and without effect here */
};

struct setting {
	const char *name;
	const char *old; /* of the environment variable, where it has another name, too */
	enum setting_kind kind;
	uint64_t least, most;
	size_t place; /* in struct program_config */
	const char *const *words;
	const char *what;
	const char *opposite; /* an environment variable of old that says no, where it is not 0 */
};

const struct setting *setting_at(size_t place); /* NULL behind the last */

#endif
