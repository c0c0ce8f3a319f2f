/*
 * Engines: what runs a plan. The phases are always open, attach, poll (again and again), detach,
 * read, close; engine_close() is right at any point. The kernel engine (kernel/) is BPF on
 * uprobes; the one in user space (user/) is ptrace(2) and an interpreter of BPF. Both run the same
 * plan. Nothing above this folder sees a descriptor of the kernel's.
 */
#ifndef TELLTALE_ENGINE_ENGINE_H
#define TELLTALE_ENGINE_ENGINE_H

#include "base/error.h"
#include "plan.h"

#include <sys/types.h>

struct target;
struct engine;
struct abi_record;

enum engine_kind {
	ENGINE_AUTO,
	ENGINE_KERNEL, /* BPF on uprobes */
	ENGINE_USER,   /* ptrace(2) and an interpreter */
	ENGINE_SELF,   /* in the process that is watched: traps and the same interpreter */
};

/*
 * ENGINE_KERNEL or ENGINE_USER: the wanted one, else the kernel's; where that can't be had (*why says
 * what is missing) and the target has a process to trace, the other one.
 */
enum engine_kind engine_choose(enum engine_kind wanted, const struct target *target,
			       struct error *why);

struct engine_options {
	uint64_t ring_bytes; /* 0: by the engine's own choice; else rounded up to a power of two */
	bool no_follow; /* not the children of the target's processes, where the plan leaves it open */
	bool debug_verifier; /* on a refused program: the verifier's whole log in the error */
	struct buffer *verifier; /* NULL, or what the verifier says of each program is added to it */
};

/* Creates the maps and loads the programs. Nothing of the target is touched yet. */
int engine_open(enum engine_kind kind, const struct plan *plan, struct target *target,
		const struct engine_options *options, struct engine **engine,
		struct warnings *warnings, struct error *err);

/*
 * Attaches all sites and raises their semaphores. A site that can't be attached is a warning that
 * names it; -ENODATA when not one could be, with the reason of the first.
 */
int engine_attach(struct engine *engine, struct warnings *warnings, struct error *err);

/*
 * After the attach: gives up, for good and for the whole process, the privileges that are not needed
 * any more. The process must have one thread only. `needs` says what is still to come.
 */
enum engine_need {
	ENGINE_NEED_MORE = 1,	 /* engine_extend() */
	ENGINE_NEED_SYMBOLS = 2, /* looking into processes and the kernel's symbols for stacks */
	ENGINE_NEED_SIGNAL = 4,	 /* signals to commands, which may have become another user's */
};
int engine_drop_privileges(struct engine *engine, unsigned needs, struct error *err);

/* 0 when children of the target's processes can be followed here (PLAN_MAP_FOLLOWED), else why
 * not. */
int engine_can_follow(enum engine_kind kind, struct error *err);

/*
 * The plan has been added to (plan.h), or a file of the target counts for more processes: makes the new
 * maps, loads the new programs and attaches what is not attached yet. A failure leaves what was there
 * running. Only between attach and detach.
 */
int engine_extend(struct engine *engine, struct warnings *warnings, struct error *err);

/*
 * News: between attach and detach, where the plan `grows`, the engine notices when a process that
 * counts has mapped files that it had not: it loads a library, or it has become another program.
 * engine_poll() returns then. engine_news() says which process it is, and false when there are no more; after
 * each, engine_go_on() must follow. A process that loads a library waits until then, before anything
 * of the library has run, but not for longer than a bounded time: false when that was not enough.
 */
bool engine_news(struct engine *engine, pid_t *pid);
bool engine_go_on(struct engine *engine);

/* Runs what waits for a signal to telltale (PLAN_ATTACH_SIGNAL). */
int engine_signal(struct engine *engine, struct error *err);

/* Called for each record, in the order in which one thread made them. The record is valid during
 * the call only. A return value other than 0 ends the poll with that value. */
typedef int engine_record_fn(void *context, const struct abi_record *record, size_t size);

/*
 * Waits at most timeout_ms (-1: without a limit) for records, or for one of the `wake_count`
 * descriptors to become readable, and delivers what there is. Returns the number of records
 * (0: time is over, or a descriptor is readable, or a signal came, or there are news), or a negative errno. It returns
 * after each batch: a caller that is never idle must look at its descriptors and its clock itself.
 * To poll again after a detach, use a timeout of 0 until it returns 0.
 */
int engine_poll(struct engine *engine, int timeout_ms, const int *wake_fds, size_t wake_count,
		engine_record_fn *record, void *context, struct error *err);

/* Does what records of PLAN_RECORD_WATCH and PLAN_RECORD_UNWATCH say: what is watched already is once. */
int engine_watch(struct engine *engine, size_t program, uint64_t address, struct error *err);
void engine_unwatch(struct engine *engine, uint64_t address);

/* Nothing more will come: the plan was for an iterator (PLAN_ATTACH_ITER), which is through. */
bool engine_over(const struct engine *engine);

/* Takes every site off; the semaphores are back then. Records that are still in the ring can be
 * polled afterwards, maps can be read. */
/* (The process that called engine_open() must not fork while it is open, unless the child calls
 * execve(2): a child that keeps the descriptors keeps everything attached.) */
void engine_detach(struct engine *engine);

/* Called for each key of a map with the values of all CPUs made one (see enum plan_aggregate). */
typedef int engine_entry_fn(void *context, const void *key, const void *value);
int engine_each(struct engine *engine, const struct plan_map *map, engine_entry_fn *entry,
		void *context, struct error *err);

/* The value of one key as it is in the map (not merged): the addresses behind a stack id. -ENOENT
 * when it is not there. */
int engine_lookup(struct engine *engine, const struct plan_map *map, const void *key, void *value,
		  struct error *err);

/* Forgets all keys of a map (of one without a key: its value), or sets their values to 0. */
int engine_clear(struct engine *engine, const struct plan_map *map, bool only_zero,
		 struct error *err);

/* What went wrong for probe number N of the plan so far. */
struct abi_trouble;
int engine_trouble(struct engine *engine, size_t probe, struct abi_trouble *trouble,
		   struct error *err);

/*
 * What processes have mapped as code, become and forked since attach, or since the last call, where
 * the plan says that symbols are wanted; in the order of time. Call it every second or so: what finds no
 * room is told as ENGINE_UNKNOWN. Returns what `mapping` returned when not 0, or -ENOMEM.
 */
enum engine_change {
	ENGINE_MAPPED,	 /* pid, start to path */
	ENGINE_FORKED,	 /* pid has what parent has */
	ENGINE_EXECUTED, /* pid has nothing any more */
	ENGINE_UNKNOWN,	 /* some of this was lost */
};
struct engine_mapping {
	enum engine_change change;
	pid_t pid, parent;
	uint64_t start, end, offset; /* offset in the file */
	dev_t device;
	ino_t inode;
	const char *path; /* valid during the call */
};
typedef int engine_mapping_fn(void *context, const struct engine_mapping *mapping);
int engine_mappings(struct engine *engine, engine_mapping_fn *mapping, void *context);

/* How many sites are attached, and by which means ("uprobe_multi", "perf events"). */
size_t engine_attached(const struct engine *engine, const char **means);

void engine_close(struct engine *engine); /* NULL is allowed */

/* ---- features: each found by trying it, once, in kernel/features.c ---- */

enum feature {
	FEATURE_BPF,	      /* may load BPF at all */
	FEATURE_UPROBE,	      /* uprobes as perf events */
	FEATURE_UPROBE_MULTI, /* links over many sites */
	FEATURE_MULTI_PID,    /* whose pids mean processes, not threads */
	FEATURE_FAST_SITES,   /* a uprobe on a ten-byte nop becomes a call */
	FEATURE_REF_CTR,      /* semaphores kept by the kernel */
	FEATURE_COOKIE,
	FEATURE_RINGBUF,
	FEATURE_ATOMICS,
	FEATURE_SLEEPABLE,
	FEATURE_TRACEPOINT,
	FEATURE_RAW_TRACEPOINT,
	FEATURE_KPROBE,
	FEATURE_KPROBE_MULTI, /* links over many functions of the kernel */
	FEATURE_FENTRY,	      /* the kernel's functions by its types */
	FEATURE_ITER,	      /* iterators */
	FEATURE_CLOCK,	      /* software events with BPF on them */
	FEATURE_HARDWARE,
	FEATURE_WATCH,	      /* watchpoints with BPF on them */
	FEATURE_CHILDREN,     /* of the target's processes are followed */
	FEATURE_PROCESSES,    /* of other users can be looked into */
	FEATURE_MAP_FILES,    /* files that were replaced while processes run them */
	FEATURE_KERNEL_NAMES,
	FEATURE_TASK_STORAGE, /* values that threads carry */
	FEATURE_MAY_GOTO,     /* loops whose end the kernel sees to */
	FEATURE_CALLED_LOOPS, /* loops without that: functions that the kernel calls for each round */
	FEATURE_EACH,	      /* loops over maps: functions that the kernel calls for each key */
	FEATURE_CPU_VALUES,   /* the values of other CPUs, which make a count one number */
	FEATURE_COUNT,
};

struct feature_answer {
	const char *name;   /* "uprobe_multi" */
	const char *what;   /* "one link for all sites of a program" */
	const char *since;  /* "6.6" */
	bool present;
	int code;	    /* when not: -EPERM (not permitted) or -EOPNOTSUPP (the kernel lacks it) */
	char remedy[240];   /* when not: what to do */
};

/* Tries one feature; the answer is remembered. TELLTALE_WITHOUT=name,... switches features off. */
const struct feature_answer *feature(enum feature feature);

/* 0, or the error (-EPERM, -EOPNOTSUPP) that says what is missing for tracing on this machine. */
int features_need(struct error *err);

#endif
