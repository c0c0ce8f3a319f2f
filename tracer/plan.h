/*
 * The plan: what the compiler makes of a program, and all that an engine and the output need to
 * know of it. Plain data: no syntax tree, no file descriptor. The compiler fills it, plan_free()
 * ends it; every pointer in it lives in its arena or is an array of its own named below.
 *
 * An engine may be the kernel or the interpreter in user space; both run the same instructions.
 */
#ifndef TELLTALE_PLAN_H
#define TELLTALE_PLAN_H

#include "base/memory.h"

#include <linux/bpf.h>

/* ---- values: of fields in records, of keys, of maps ---- */

enum plan_type {
	PLAN_INT,     /* size 1, 2, 4, 8; is_signed. Size 16: struct abi_integer */
	PLAN_WIDE,    /* struct abi_wide, printed in hex */
	PLAN_BOOL,    /* as PLAN_INT, printed as true or false */
	PLAN_CHAR,    /* one byte, an integer that is printed with its character */
	PLAN_FLOAT,   /* size 4 or 8: IEEE 754 */
	PLAN_POINTER, /* printed in hex */
	PLAN_TEXT,    /* struct abi_text; `limit` bytes at the most */
	PLAN_BYTES,   /* struct abi_bytes; `limit` bytes at the most */
	PLAN_COMM,    /* a text that ends with a NUL or with its room */
	PLAN_PROBE,   /* 4 bytes: index into the plan's probes */
	PLAN_USTACK,  /* 8 bytes: stack id in the plan's map number `map`, negative: errno; then 4
			 bytes pid and 4 bytes that are 0 */
	PLAN_KSTACK,  /* as PLAN_USTACK; pid is 0 */
	PLAN_USYM,    /* 8 bytes: an address; then as PLAN_USTACK. Printed as its name */
	PLAN_KSYM,
	PLAN_TUPLE,   /* `parts`, whose offsets count from the tuple's start; printed as PLAN_RECORD
			 where they have names */
	PLAN_RECORD,  /* as PLAN_TUPLE, with names: a struct or union of C */
	PLAN_ARRAY,   /* `count` values, each as parts[0] and one behind the other */
	PLAN_ERRNO,   /* 8 bytes: an error number, printed as its text */
	PLAN_TIMESTAMP, /* 8 bytes: nanoseconds, printed by `format`; `limit`: of which clock */
	PLAN_INET,    /* struct abi_inet */
	PLAN_MAC,     /* 6 bytes in 8 */
	PLAN_CGROUP,  /* 8 bytes: its number; `format` says which hierarchies, or is NULL */
	PLAN_USER,    /* 8 bytes: the user's number, printed as a name */
	PLAN_FUNCTION, /* as PLAN_PROBE, printed as the traced function */
	PLAN_NONE,    /* no value at all */
};

/* How a stack is printed. */
enum plan_stack {
	PLAN_STACK_NAMES, /* names and offsets */
	PLAN_STACK_PERF,  /* and addresses in front, files behind */
	PLAN_STACK_RAW,	  /* addresses only */
	PLAN_STACK_FULL,  /* names, offsets, files, lines: of events */
};

enum plan_clock { PLAN_MONOTONIC, PLAN_BOOT, PLAN_TAI };

/* An enum: what its numbers are called. */
struct plan_enum {
	struct plan_enumerator {
		uint64_t value; /* extended to 64 bits */
		const char *name;
	} *items;
	size_t count;
};

struct plan_value {
	enum plan_type type;
	uint32_t offset; /* in the record (from its start), in the key or in the value */
	uint32_t size;	 /* bytes that it occupies there */
	uint32_t limit;	 /* texts and bytes: how many the person wants */
	bool is_signed;
	bool is_own; /* texts: the program's own, which is printed as its author wrote it */
	enum plan_stack stack;
	size_t map; /* stacks: index into the plan's maps */
	const char *name; /* "" where it has none */
	const char *format;
	const struct plan_enum *names; /* PLAN_INT: of an enum; or NULL */
	struct plan_value *parts; /* tuples, records; of an array, its element */
	size_t part_count;
	uint64_t count;	    /* PLAN_ARRAY */
	uint8_t bits, from; /* PLAN_INT that is a bit-field (else 0): how many, from which on */
};

/* ---- what comes through the ring buffer ---- */

enum plan_record_kind {
	PLAN_RECORD_EVENT,  /* event(): one hit with all its arguments */
	PLAN_RECORD_PRINTF, /* printf(format, ...) */
	PLAN_RECORD_ERRORF, /* the same on standard error, `place` in front */
	PLAN_RECORD_CAT,    /* cat(format, ...) */
	PLAN_RECORD_SYSTEM, /* system(format, ...) */
	PLAN_RECORD_JOIN,   /* join(): one text; `format` goes between its parts */
	PLAN_RECORD_EXIT,   /* exit(code): no field, or one */
	PLAN_RECORD_TIME,   /* time(format): one field, PLAN_TIME */
	PLAN_RECORD_VALUE,  /* print(value): one field; or, with names, the parts of one */
	PLAN_RECORD_PRINT,  /* print(@map), clear(@map), zero(@map): no fields, but `map` */
	PLAN_RECORD_CLEAR,
	PLAN_RECORD_ZERO,
	PLAN_RECORD_WATCH,   /* `program` is for the address in field 0 from now on; field 1 and 2 are the
				process and thread that have it, 3 whether it is stopped for that (0) or
				not (-errno) */
	PLAN_RECORD_UNWATCH, /* unwatch(): nothing is watched at the address any more */
};

/* Fields of an event that are not arguments have these roles. */
enum plan_role { PLAN_ARGUMENT, PLAN_STOPPED, PLAN_TIME, PLAN_PID, PLAN_TID, PLAN_CPU, PLAN_THREAD_NAME, PLAN_STACK,
		 PLAN_JOINED, PLAN_KEY };

struct plan_field {
	struct plan_value value;
	enum plan_role role;
};

struct plan_record {
	enum plan_record_kind kind;
	uint32_t size; /* bytes, with struct abi_record, a multiple of 8 */
	struct plan_field *fields;
	size_t field_count;
	const char *format; /* PLAN_RECORD_PRINTF, PLAN_RECORD_TIME */
	size_t map;	    /* PLAN_RECORD_PRINT and its kind: index into the plan's maps; its one field,
			       if any, is the key of which it is */
	uint64_t top, div;  /* PLAN_RECORD_PRINT: so many, divided by that; 0: all, and 1 */
	size_t program;	    /* PLAN_RECORD_WATCH: index into the plan's programs */
	const char *place;  /* PLAN_RECORD_ERRORF: FILE:LINE:COLUMN */
	size_t clause;	    /* of the program, in the order of its text, that makes it */
};

/* ---- maps ---- */

enum plan_map_role {
	PLAN_MAP_RING,	  /* the one ring buffer, or (a perf event array) a buffer for each CPU */
	PLAN_MAP_CONTROL, /* one struct abi_control, memory-mapped */
	PLAN_MAP_TROUBLE, /* struct abi_trouble for each probe of the plan; an addition has its own */
	PLAN_MAP_FAILURES, /* one value: struct abi_failure for each of the plan's failures from
			      `first_failure` on; an addition has its own */
	PLAN_MAP_RECIPES, /* constant data: `initial` */
	PLAN_MAP_STACKS,  /* stack traces */
	PLAN_MAP_FOLLOWED, /* keys: the processes, u32, whose hits count: those of the target and
			      perhaps what they fork; the engine fills and keeps it */
	PLAN_MAP_THREAD,  /* in front of a map of the program: the value that each thread carries; one
			     that carries none has it in the map itself */
	PLAN_MAP_USER,	  /* a map of the program: @name */
};

/* How the values of one key on several CPUs become one; what the bytes are. */
enum plan_aggregate {
	PLAN_COUNT, /* u64 */
	PLAN_SUM,   /* u64 */
	PLAN_MIN,   /* struct abi_extreme */
	PLAN_MAX,   /* struct abi_extreme */
	PLAN_AVG,   /* struct abi_average */
	PLAN_STATS, /* struct abi_average */
	PLAN_HIST,  /* u64[ABI_HIST_BUCKETS_OF(hist_bits)] */
	PLAN_LHIST, /* u64[(max - min) / step + 2], rounded up */
	PLAN_BHIST, /* u64[bound_count + 1] */
	PLAN_VALUE, /* one plan_value, the same for all CPUs */
};

struct plan_map {
	enum plan_map_role role;
	const char *name; /* PLAN_MAP_USER: with its `@` */
	uint32_t bpf_type; /* BPF_MAP_TYPE_*; UNSPEC: an addition to the plan will say, there is no
			      such map yet */
	uint32_t flags;	   /* BPF_F_* of map creation */
	uint32_t key_size, value_size, entries;
	const void *initial; /* PLAN_MAP_RECIPES: `entries` values */
	uint32_t first_probe; /* PLAN_MAP_TROUBLE: of the plan, the one that entry 0 is for */

	uint32_t first_failure; /* PLAN_MAP_FAILURES */
	bool children; /* PLAN_MAP_FOLLOWED: what the processes fork belongs to them */

	/* PLAN_MAP_USER only */
	enum plan_aggregate aggregate;
	bool per_cpu;
	bool marked; /* its value ends with a u64 more that is 0 until a value has come */
	size_t own; /* its PLAN_MAP_THREAD, behind the program's maps; 0: none */
	struct plan_value *keys; /* none: a map without a key (an array of one) */
	size_t key_count;
	struct plan_value value; /* of the value, or of what is aggregated */
	int64_t lhist_min, lhist_max, lhist_step;
	uint32_t hist_bits; /* see ABI_HIST_BUCKETS */
	const int64_t *bounds; /* PLAN_BHIST: where its buckets begin, but the first */
	size_t bound_count;
};

/* ---- programs ---- */

enum plan_attach {
	PLAN_ATTACH_UPROBE,
	PLAN_ATTACH_URETPROBE,
	PLAN_ATTACH_BEGIN,    /* once, before anything else */
	PLAN_ATTACH_END,      /* once, after everything else */
	PLAN_ATTACH_SIGNAL,   /* on SIGUSR1 to the engine's own process */
	/* The rest has sites that are not in files. */
	PLAN_ATTACH_KPROBE, /* the kernel's function `symbol`, `offset` behind its start */
	PLAN_ATTACH_KRETPROBE,
	PLAN_ATTACH_FENTRY, /* the function `symbol`, number `event` of the kernel's types */
	PLAN_ATTACH_FEXIT,
	PLAN_ATTACH_ITER,   /* once for each thing, `symbol` as for PLAN_ATTACH_FENTRY */
	PLAN_ATTACH_TRACEPOINT,	    /* number `event` */
	PLAN_ATTACH_RAW_TRACEPOINT, /* `symbol` */
	PLAN_ATTACH_SOFTWARE,	    /* every `period`-th `event` (PERF_COUNT_SW_*) of each CPU */
	PLAN_ATTACH_HARDWARE,	    /* PERF_COUNT_HW_* */
	PLAN_ATTACH_WATCH,	    /* `period` bytes at address `offset`, mode `event` (HW_BREAKPOINT_*) */
	PLAN_ATTACH_PROFILE,	    /* every `period` nanoseconds, on each CPU */
	PLAN_ATTACH_INTERVAL,	    /* on one */
};

struct plan_site {
	uint32_t file; /* index into the target's files (process/target.h), of uprobes */
	uint32_t probe; /* index into the plan's probes */
	uint64_t offset; /* in the file or function, bytes */
	uint64_t semaphore_offset; /* in the file; 0: none */
	uint64_t cookie;
	const char *symbol; /* these three: see enum plan_attach */
	const char *module; /* of the symbol; NULL or "": the kernel itself */
	const char *pin;    /* iterators: where to leave it; NULL: it is run */
	uint64_t event, period;
};

/* The first instruction of every round of a loop: BPF_JCOND, which linux/bpf.h has since 6.9. It jumps
 * when the kernel's limit of rounds, or of time, is reached. */
enum { PLAN_MAY_GOTO = BPF_JMP | 0xe0 };

/* What a 16-byte load with src_reg PLAN_PSEUDO_KERNEL loads: imm says which. */
enum { PLAN_PSEUDO_KERNEL = 15 };
enum plan_kernel_value {
	PLAN_TASK_FSBASE, /* offset of thread.fsbase in task_struct */
	PLAN_TASK_TLS,	  /* of thread.tls_array */
	PLAN_STARTED,	  /* when the program was loaded: nanoseconds of the monotonic clock */
	PLAN_TAI_OFFSET,  /* what makes these nanoseconds of international atomic time */
	PLAN_CPUS,	  /* how many there are */
	PLAN_CPU_VALUES,  /* of how many CPUs a map per CPU has values: their numbers are below that */
};

/*
 * A BPF program. A 16-byte load whose src_reg is BPF_PSEUDO_MAP_IDX or BPF_PSEUDO_MAP_IDX_VALUE has
 * the index of a map of the plan in imm; the engine puts the descriptor there.
 *
 * One whose src_reg is BPF_PSEUDO_FUNC has in imm how far behind the next place a function of the
 * program starts that a helper calls.
 *
 * A sleepable program may call bpf_copy_from_user(); an engine that can't have it sleep lets these
 * calls fail.
 */
struct plan_program {
	enum plan_attach attach;
	const char *name; /* for people and for the kernel's lists; at most 15 characters count */
	const char *place; /* FILE:LINE:COLUMN of its clause */
	struct bpf_insn *insns;
	size_t insn_count;
	struct plan_note { /* for listings: what the instructions from here on are for */
		size_t insn;
		const char *text;
	} *notes;
	size_t note_count;
	bool uses_cookie; /* sites differ in cookies, and the program asks for it */
	bool followed;	  /* sees every process and asks PLAN_MAP_FOLLOWED which count */
	bool waits;	  /* its site gets its address while it runs, by PLAN_RECORD_WATCH */
	bool sleepable;	  /* wants to be loaded sleepable, but runs without, too */
	struct plan_site *sites;
	size_t site_count;
};

/* A probe as the output names it. */
struct plan_probe {
	const char *provider, *name; /* "demo", "request" */
	const char *full;	     /* "usdt:/usr/bin/demo:demo:request" */
	const char *shown;	     /* what `probe` is in the program: the one or the other */
	const char *function;	     /* the traced function; "" where there is none */
};

/* A call of the kernel's helper whose failures are counted. */
struct plan_failure {
	const char *helper; /* "map_delete_elem" */
	const char *place;  /* FILE:LINE:COLUMN of the statement */
	unsigned line, column;
};

/* A place that a process passes when its dynamic linker has mapped libraries and not run them yet. */
struct plan_loader {
	uint32_t file; /* index into the target's files */
	uint64_t offset;
	/* How far from there a 32-bit number is that is 0 when the list of libraries is whole; 0: not
	 * known. */
	int64_t state;
};

struct plan {
	struct arena arena;
	struct plan_probe *probes;
	size_t probe_count;
	struct plan_map *maps;
	size_t map_count;
	struct plan_record *records;
	size_t record_count;
	struct plan_program *programs;
	size_t program_count;
	struct plan_failure *failures;
	size_t failure_count, failure_room;
	struct plan_loader *loaders;
	size_t loader_count, loader_room;
	/* What is wanted of files that the target's processes map while the plan runs: to be told
	 * (engine_news), so that the plan can be added to. */
	bool grows;
	bool symbols; /* addresses of processes or the kernel are printed as names */
};

void plan_free(struct plan *plan);

/*
 * How much a plan had before an addition (arrays only grow, so numbers stay and pointers into them
 * do not); plan_cut() takes one that failed back.
 */
struct plan_size {
	size_t probes, maps, records, programs, failures;
};
struct plan_size plan_size(const struct plan *plan);
void plan_cut(struct plan *plan, const struct plan_size *size);

/* The first map of that role, or NULL. */
const struct plan_map *plan_map_of(const struct plan *plan, enum plan_map_role role);
/* The map that has a probe's trouble: the plan has one, and one for each addition. Or NULL. */
const struct plan_map *plan_trouble_of(const struct plan *plan, size_t probe);

#endif
