/* The tables of the built-in functions and values, and the types' names. */
#include "lang/func.h"

#include "base/text.h"

#include <string.h>

#define NONE	  {.kind = TYPE_NONE}
#define AGGREGATE {.kind = TYPE_AGGREGATE}
#define U64	  {.kind = TYPE_INT, .size = 8}
#define U32	  {.kind = TYPE_INT, .size = 4}

static const struct function functions[] = {
	{"count", FUNC_COUNT, 0, 0, false, AGGREGATE, "count()", "how many times"},
	{"sum", FUNC_SUM, 1, 1, false, AGGREGATE, "sum(int n)", "the sum of n"},
	{"min", FUNC_MIN, 1, 1, false, AGGREGATE, "min(int n)", "the smallest n"},
	{"max", FUNC_MAX, 1, 1, false, AGGREGATE, "max(int n)", "the largest n"},
	{"avg", FUNC_AVG, 1, 1, false, AGGREGATE, "avg(int n)", "the average of n"},
	{"stats", FUNC_STATS, 1, 1, false, AGGREGATE, "stats(int n)",
	 "count, average and sum of n"},
	{"hist", FUNC_HIST, 1, 2, false, AGGREGATE, "hist(int n[, int bits])",
	 "a histogram of n by powers of two, each cut into 2^bits buckets; bits is 0 to 5"},
	{"lhist", FUNC_LHIST, 4, 4, false, AGGREGATE, "lhist(int n, int min, int max, int step)",
	 "a histogram of n with buckets of one width"},
	{"event", FUNC_EVENT, 0, 1, false, NONE, "event([ustack])",
	 "sends the hit with all its arguments; telltale's own"},
	{"printf", FUNC_PRINTF, 1, 32, false, NONE, "printf(string format, ...)", "prints"},
	{"time", FUNC_TIME, 0, 1, false, NONE, "time([string format])",
	 "prints the time of day, as strftime(3) formats it; \"%H:%M:%S\\n\" where not given"},
	{"exit", FUNC_EXIT, 0, 0, false, NONE, "exit()", "ends the program"},
	{"str", FUNC_STR, 1, 2, false, {.kind = TYPE_TEXT}, "str(pointer p[, int n])",
	 "the text at p; with n, the n bytes at p up to a NUL"},
	{"buf", FUNC_BUF, 1, 2, false, {.kind = TYPE_TEXT, .bytes = true}, "buf(pointer p, int n) | buf(array)",
	 "the n bytes at p, those of an array"},
	{"delete", FUNC_DELETE, 1, 1, true, NONE, "delete(@map[key])", "forgets a key"},
	{"clear", FUNC_CLEAR, 1, 1, true, NONE, "clear(@map)", "forgets all keys"},
	{"zero", FUNC_ZERO, 1, 1, true, NONE, "zero(@map)", "sets the values of all keys to 0"},
	{"print", FUNC_PRINT, 1, 1, true, NONE, "print(@map | value)",
	 "prints a map, or a value and a newline, now"},
	{"ustack", FUNC_USTACK, 0, 2, false, {.kind = TYPE_STACK, .space = SPACE_USER},
	 "ustack([mode][, int n])",
	 "the stack of the user's side, n frames at the most; mode is bpftrace, perf or raw",
	 .takes_word = true},
	{"kstack", FUNC_KSTACK, 0, 2, false, {.kind = TYPE_STACK, .space = SPACE_KERNEL},
	 "kstack([mode][, int n])", "the stack of the kernel's side", .takes_word = true},
	{"usym", FUNC_USYM, 1, 1, false, {.kind = TYPE_SYMBOL, .space = SPACE_USER}, "usym(uint64 address)",
	 "an address of the process, printed as its name"},
	{"ksym", FUNC_KSYM, 1, 1, false, {.kind = TYPE_SYMBOL, .space = SPACE_KERNEL},
	 "ksym(uint64 address)", "an address of the kernel, printed as its name"},
};

/* What is in it is looked up when a member is named. */
static const struct ctype task = {.kind = CTYPE_STRUCT, .name = "task_struct",
				  .text = "struct task_struct"};
static const struct ctype task_pointer = {.kind = CTYPE_POINTER, .name = "",
					  .text = "struct task_struct *", .size = 8, .align = 8,
					  .complete = true, .target = &task};

static const struct builtin builtins[] = {
	{"pid", BUILTIN_PID, U32, "the process"},
	{"tid", BUILTIN_TID, U32, "the thread"},
	{"uid", BUILTIN_UID, U32, "the user"},
	{"gid", BUILTIN_GID, U32, "the group"},
	{"cpu", BUILTIN_CPU, U32, "the CPU"},
	{"comm", BUILTIN_COMM, {.kind = TYPE_COMM}, "the thread's name"},
	{"nsecs", BUILTIN_NSECS, U64, "nanoseconds since boot, without suspended time"},
	{"probe", BUILTIN_PROBE, {.kind = TYPE_PROBE}, "the probe that was hit"},
	{"retval", BUILTIN_RETVAL, U64, "what the function returns, in a uretprobe"},
	{"curtask", BUILTIN_CURTASK,
	 {.kind = TYPE_INT, .size = 8, .look = LOOK_POINTER, .ctype = &task_pointer,
	  .space = SPACE_KERNEL},
	 "the thread as the kernel sees it"},
	{"ustack", BUILTIN_USTACK,
	 {.kind = TYPE_STACK, .space = SPACE_USER, .limit = STACK_FRAMES_MOST},
	 "the stack of the user's side"},
	{"kstack", BUILTIN_KSTACK,
	 {.kind = TYPE_STACK, .space = SPACE_KERNEL, .limit = STACK_FRAMES_MOST},
	 "the stack of the kernel's side"},
};

enum { FUNCTIONS = sizeof(functions) / sizeof(*functions), BUILTINS = sizeof(builtins) / sizeof(*builtins) };

const struct function *function_at(size_t place)
{
	return place < FUNCTIONS ? &functions[place] : NULL;
}

const struct builtin *builtin_at(size_t place)
{
	return place < BUILTINS ? &builtins[place] : NULL;
}

bool function_find(const char *name, size_t *place)
{
	for (*place = 0; *place < FUNCTIONS; ++*place)
		if (!strcmp(functions[*place].name, name))
			return true;
	return false;
}

bool builtin_find(const char *name, size_t *place)
{
	for (*place = 0; *place < BUILTINS; ++*place)
		if (!strcmp(builtins[*place].name, name))
			return true;
	return false;
}

const char *function_near(const char *name)
{
	const char *best = NULL;
	unsigned distance = TEXT_FAR;

	for (size_t i = 0; i < FUNCTIONS; i++)
		text_keep_nearer(name, functions[i].name, &best, &distance);
	return best;
}

const char *builtin_near(const char *name)
{
	const char *best = NULL;
	unsigned distance = TEXT_FAR;

	for (size_t i = 0; i < BUILTINS; i++)
		text_keep_nearer(name, builtins[i].name, &best, &distance);
	return best;
}
