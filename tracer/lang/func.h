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
	FUNC_BHIST, FUNC_STRNCMP, FUNC_STRCONTAINS, FUNC_JOIN, FUNC_LEN, FUNC_HAS_KEY,
	FUNC_STRERROR, FUNC_STRFTIME, FUNC_NTOP, FUNC_PTON, FUNC_MACADDR, FUNC_BSWAP, FUNC_CAT,
	FUNC_SYSTEM, FUNC_SIGNAL, FUNC_ERRORF, FUNC_PATH, FUNC_CGROUPID, FUNC_CGROUP_PATH, FUNC_NSECS,
	FUNC_REG, FUNC_KPTR, FUNC_UPTR, FUNC_KADDR, FUNC_UADDR, FUNC_PERCPU_KADDR, FUNC_OVERRIDE, FUNC_UNWATCH,
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
	BUILTIN_ELAPSED, BUILTIN_NUMAID, BUILTIN_RAND, BUILTIN_CGROUP, BUILTIN_NCPUS,
	BUILTIN_USERNAME, BUILTIN_FUNC, BUILTIN_JIFFIES, BUILTIN_CPID, BUILTIN_CTX,
};

struct builtin {
	const char *name;
	enum builtin_id id;
	struct type type;
	const char *what;
};

/* register.c: where a register is in struct pt_regs; -1 when there is none of that name. */
int register_place(const char *name);

/* The number of a signal's name, with or without its SIG; 0 when there is none. */
int signal_number(const char *name);

/* Changes the system: only with --unsafe. */
bool function_is_unsafe(const struct function *f);

/* By place: NULL behind the last. */
const struct function *function_at(size_t place);
const struct builtin *builtin_at(size_t place);
/* By name; *place is set when found. The nearest name for a misspelt one, or NULL. */
bool function_find(const char *name, size_t *place);
bool builtin_find(const char *name, size_t *place);
const char *function_near(const char *name);
const char *builtin_near(const char *name);

#endif
