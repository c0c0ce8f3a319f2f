/*
 * The tables of what the language has built in: functions and values. The checker takes the number
 * and kinds of arguments from here, the compiler dispatches on `id`, and the manual is written
 * from the descriptions.
 */
#ifndef TELLTALE_LANG_FUNC_H
#define TELLTALE_LANG_FUNC_H

#include "lang/type.h"

enum function_id {
	FUNC_COUNT, FUNC_SUM, FUNC_MIN, FUNC_MAX, FUNC_AVG, FUNC_STATS, FUNC_HIST, FUNC_LHIST,
	FUNC_EVENT, FUNC_PRINTF, FUNC_TIME, FUNC_EXIT, FUNC_STR, FUNC_BUF,
	FUNC_DELETE, FUNC_CLEAR, FUNC_ZERO, FUNC_PRINT,
	FUNC_USTACK, FUNC_KSTACK, FUNC_USYM, FUNC_KSYM,
};

struct function {
	const char *name;
	enum function_id id;
	unsigned least, most; /* number of arguments */
	bool takes_map;	      /* the first argument is a map itself, not its value */
	struct type type;     /* of its value */
	const char *signature, *what;
	bool takes_word; /* the first argument may be a word of the function's own */
};

enum builtin_id {
	BUILTIN_PID, BUILTIN_TID, BUILTIN_UID, BUILTIN_GID, BUILTIN_CPU, BUILTIN_COMM,
	BUILTIN_NSECS, BUILTIN_PROBE, BUILTIN_USTACK, BUILTIN_KSTACK, BUILTIN_RETVAL, BUILTIN_CURTASK,
};

struct builtin {
	const char *name;
	enum builtin_id id;
	struct type type;
	const char *what;
};

/* By place: NULL behind the last. */
const struct function *function_at(size_t place);
const struct builtin *builtin_at(size_t place);
/* By name; *place is set when found. The nearest name for a misspelt one, or NULL. */
bool function_find(const char *name, size_t *place);
bool builtin_find(const char *name, size_t *place);
const char *function_near(const char *name);
const char *builtin_near(const char *name);

#endif
