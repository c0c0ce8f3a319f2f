/* The tables of the built-in functions and values, and the types' names. */
#include "lang/func.h"

#include "base/text.h"

#include <string.h>

#define NONE	  {.kind = TYPE_NONE}
#define AGGREGATE {.kind = TYPE_AGGREGATE}
#define U64	  {.kind = TYPE_INT, .size = 8}
#define U32	  {.kind = TYPE_INT, .size = 4}
#define S64	  {.kind = TYPE_INT, .size = 8, .is_signed = true}
#define SHOWN(how) {.kind = TYPE_SHOWN, .show = how}

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
	{"exit", FUNC_EXIT, 0, 1, false, NONE, "exit([int code])",
	 "ends the program; code is the exit code"},
	{"str", FUNC_STR, 1, 2, false, {.kind = TYPE_TEXT}, "str(pointer p[, int n])",
	 "the text at p; with n, the n bytes at p up to a NUL"},
	{"buf", FUNC_BUF, 1, 2, false, {.kind = TYPE_TEXT, .bytes = true}, "buf(pointer p, int n) | buf(array)",
	 "the n bytes at p, those of an array"},
	{"delete", FUNC_DELETE, 1, 2, true, NONE, "delete(@map[key] | @map, key | @map)",
	 "forgets a key, or the value of a map without keys"},
	{"clear", FUNC_CLEAR, 1, 1, true, NONE, "clear(@map)", "forgets all keys"},
	{"zero", FUNC_ZERO, 1, 1, true, NONE, "zero(@map)", "sets the values of all keys to 0"},
	{"print", FUNC_PRINT, 1, 3, true, NONE, "print(@map[, int top[, int div]] | value)",
	 "prints a map now, of it the `top` largest values, divided by `div`; or a value and a newline"},
	{"bhist", FUNC_BHIST, 2, 129, false, AGGREGATE, "bhist(int n, int b0, int b1, ...)",
	 "a histogram of n with buckets that begin at b0, b1 and so on; telltale's own"},
	{"strncmp", FUNC_STRNCMP, 3, 3, false, S64, "strncmp(string a, string b, int n)",
	 "0 when the first n bytes are the same, else which is the greater one, as strncmp(3)"},
	{"strcontains", FUNC_STRCONTAINS, 2, 2, false, S64,
	 "strcontains(string haystack, string needle)", "1 when the needle is in the haystack"},
	{"join", FUNC_JOIN, 1, 2, false, NONE, "join(char *array[][, string separator])",
	 "prints the texts of an array that ends with NULL, a blank or the separator between them"},
	{"len", FUNC_LEN, 1, 1, true, U64, "len(@map | ustack | kstack | string s)",
	 "how many keys a map has, frames a stack, bytes a text or buf()"},
	{"has_key", FUNC_HAS_KEY, 1, 2, true, S64, "has_key(@map, key)",
	 "1 when the map has the key"},
	{"strerror", FUNC_STRERROR, 1, 1, false, SHOWN(SHOW_ERRNO), "strerror(int errno)",
	 "the text of an error number"},
	{"strftime", FUNC_STRFTIME, 2, 2, false, SHOWN(SHOW_TIME),
	 "strftime(string format, int nsecs)",
	 "a time of the clock of nsecs as strftime(3) formats it, %f: microseconds"},
	{"ntop", FUNC_NTOP, 1, 2, false, SHOWN(SHOW_INET), "ntop([int af, ]int | bytes address)",
	 "an IPv4 address as a number, or 4 or 16 bytes of buf() or an array, as a text"},
	{"pton", FUNC_PTON, 1, 1, false, {.kind = TYPE_ARRAY}, "pton(string address)",
	 "the 4 or 16 bytes of an IPv4 or IPv6 address in quotes"},
	{"macaddr", FUNC_MACADDR, 1, 1, false, SHOWN(SHOW_MAC), "macaddr(pointer | bytes mac)",
	 "6 bytes as a MAC address"},
	{"bswap", FUNC_BSWAP, 1, 1, false, U64, "bswap(int n)", "n with its bytes in reverse order"},
	{"cat", FUNC_CAT, 1, 32, false, NONE, "cat(string format, ...)",
	 "prints the file of that name"},
	{"system", FUNC_SYSTEM, 1, 32, false, NONE, "system(string format, ...)",
	 "runs a shell command; needs --unsafe"},
	{"signal", FUNC_SIGNAL, 1, 1, false, NONE, "signal(int | string signal)",
	 "sends a signal to the traced process: 9, \"KILL\"; needs --unsafe"},
	{"errorf", FUNC_ERRORF, 1, 32, false, NONE, "errorf(string format, ...)",
	 "prints on standard error, with the place in the program"},
	{"path", FUNC_PATH, 1, 2, false, {.kind = TYPE_TEXT}, "path(struct path *path[, int n])",
	 "the path of a file, n bytes of it at the most; in iter, and in those fentry and fexit probes "
	 "where the kernel permits it"},
	{"cgroupid", FUNC_CGROUPID, 1, 1, false, U64, "cgroupid(string path)",
	 "the number of the cgroup (version 2) with that path in quotes"},
	{"cgroup_path", FUNC_CGROUP_PATH, 1, 2, false, SHOWN(SHOW_CGROUP),
	 "cgroup_path(int cgroupid[, string filter])", "the path of a cgroup, looked up when printed"},
	{"nsecs", FUNC_NSECS, 0, 1, false, U64, "nsecs([clock])",
	 "nanoseconds of a clock: monotonic (where none is said), boot, tai (Linux 6.1), sw_tai",
	 .takes_word = true},
	{"reg", FUNC_REG, 1, 1, false, U64, "reg(string name)", "a register of the thread: \"ax\""},
	{"kptr", FUNC_KPTR, 1, 1, false, U64, "kptr(pointer p)", "p as an address of the kernel's"},
	{"uptr", FUNC_UPTR, 1, 1, false, U64, "uptr(pointer p)", "p as an address of the process's"},
	{"kaddr", FUNC_KADDR, 1, 1, false, U64, "kaddr(string name)",
	 "where a symbol of the kernel's is"},
	{"percpu_kaddr", FUNC_PERCPU_KADDR, 1, 2, false, U64, "percpu_kaddr(string name[, int cpu])",
	 "where a variable is that the kernel has for each CPU: this one's or that of `cpu`, NULL where "
	 "there is none of that number"},
	{"override", FUNC_OVERRIDE, 1, 1, false, NONE, "override(int rc)",
	 "the function of a kprobe is not run, and returns rc; needs --unsafe, and a function that the "
	 "kernel permits it for"},
	{"unwatch", FUNC_UNWATCH, 1, 1, false, NONE, "unwatch(pointer p)",
	 "watchpoints at that address end"},
	{"uaddr", FUNC_UADDR, 1, 1, false, U64, "uaddr(string name)",
	 "where a symbol of the probed file is: a pointer to as many bytes as it has, if 1 to 8"},
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
	{"probe", BUILTIN_PROBE, {.kind = TYPE_PROBE},
	 "the probe that was hit; a marker in full where the clause names it so, with usdt: in front"},
	{"retval", BUILTIN_RETVAL, U64, "what the function returns, in a uretprobe, kretprobe or fexit"},
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
	{"elapsed", BUILTIN_ELAPSED, U64, "nanoseconds since the program was loaded"},
	{"jiffies", BUILTIN_JIFFIES, U64, "ticks of the kernel's clock (Linux 5.9)"},
	{"cpid", BUILTIN_CPID, U32, "the process of the command that telltale started"},
	{"numaid", BUILTIN_NUMAID, U32, "the NUMA node of the CPU"},
	{"rand", BUILTIN_RAND, U32, "a number by chance"},
	{"cgroup", BUILTIN_CGROUP, U64, "the number of the thread's cgroup (version 2)"},
	{"ncpus", BUILTIN_NCPUS, U64, "how many CPUs there are"},
	{"username", BUILTIN_USERNAME, SHOWN(SHOW_USER), "the user's name, looked up when printed"},
	{"ctx", BUILTIN_CTX, U64, "what an iterator is at: ctx->task"},
	{"func", BUILTIN_FUNC, SHOWN(SHOW_FUNCTION), "the traced function, of a probe on functions"},
};

enum { FUNCTIONS = sizeof(functions) / sizeof(*functions), BUILTINS = sizeof(builtins) / sizeof(*builtins) };

bool function_is_unsafe(const struct function *f)
{
	return f->id == FUNC_SYSTEM || f->id == FUNC_SIGNAL || f->id == FUNC_OVERRIDE;
}

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
