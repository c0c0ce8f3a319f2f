/*
 * The user-space engine's own things; the files of this folder share them. One thread, the tracer
 * (tracer.c), owns every ptrace(2) call, every process, thread and address space below; the thread
 * that calls engine_poll() owns the reading of records, intervals, BEGIN and END. The tracer holds
 * `lock` but while it waits: for the next event, for room in the ring, for an answer to news. The
 * plan and the target may grow in the other thread, so the tracer looks at copies only.
 */
#ifndef TELLTALE_ENGINE_USER_USER_H
#define TELLTALE_ENGINE_USER_USER_H

#include "engine/operations.h"
#include "machine.h"

#include <pthread.h>
#include <sys/user.h>

struct target;
struct target_process;
struct user_engine;

/* ---- places: sites that are one address ---- */

/* One program at one site. */
struct use {
	size_t program;
	const struct plan_site *site;
};

struct place {
	uint32_t file; /* of the target */
	uint64_t offset;
	const char *name; /* of one of its probes */
	struct use *uses;
	size_t use_count;
	struct place *also; /* the same place, in a later addition to the plan */
	bool warned;
};

/* The places of the plan as it was opened, or of an addition: by file and offset. They stay where
 * they are. */
struct batch {
	struct place *places;
	size_t place_count;
	struct use *uses;
};

/* What the tracer has to know of a file of the target. */
struct known_file {
	dev_t device;
	ino_t inode;
	const char *path;
	pid_t *pids;
	size_t pid_count;
};

/* ---- space.c: memory of processes ---- */

enum { INSTRUCTION = 16 }; /* bytes that are kept of a place: more than any instruction has */

struct breakpoint {
	uint64_t address;
	const struct place *place; /* NULL: of returns, or of the dynamic linker only */
	bool loader, returns, in;
	uint8_t length; /* bytes of `original` that could be read */
	uint8_t original[INSTRUCTION];
};

struct raised {
	uint64_t address;
	uint32_t file;
};

/* Memory, of one process or of several that share it (vfork). */
struct space {
	unsigned users;
	int memory; /* /proc/PID/mem */
	uint64_t linker; /* the dynamic linker's function, where it is watched by debug registers */
	struct breakpoint *breakpoints; /* by address */
	size_t breakpoint_count, breakpoint_room;
	struct raised *raised;
	size_t raised_count, raised_room;
};

struct space *space_new(void);
/* As a fork leaves it to the child. */
struct space *space_copy(const struct space *from, pid_t pid);
void space_leave(struct space *space);
struct breakpoint *space_find(const struct space *space, uint64_t address);
/* The breakpoint there, made if there is none; NULL: it can't be. */
struct breakpoint *space_add(struct space *space, uint64_t address);
void space_drop(struct space *space, size_t index);
bool space_insert(struct space *space, struct breakpoint *b);
/* Takes a breakpoint out of the memory for a moment. */
void space_lift(struct space *space, struct breakpoint *b);
bool space_change(struct space *space, uint64_t semaphore, int by);

/* ---- processes and threads ---- */

/* A call that was probed and has not returned. */
struct call {
	uint64_t slot; /* where its return address is on the stack, */
	uint64_t back; /* and that address */
	uint64_t entry; /* the function's address */
	const struct place *place;
};

struct process {
	pid_t pid;
	struct space *space;
	struct process *next;
	struct target_process *target; /* NULL: a child of one */
	bool followed; /* its hits count; else it is let go as soon as it can be */
	bool before_exec; /* a command that has not become what it is to be */
	size_t threads;
};

struct thread {
	pid_t tid;
	struct process *process;
	struct thread *next;
	bool stopped; /* by ptrace, and ours to resume */
	bool vforked; /* waits for its vfork(2)'s child, and can't be stopped */
	bool kept;    /* `status` has been waited for and not been handled; count them in `kept` */
	bool halted;  /* by stop_others() */
	bool asked;   /* its stop was one that we asked for: a breakpoint's may be pending behind */
	bool group_stopped;
	int status;
	int signal; /* to deliver when it is resumed */
	struct call *calls;
	size_t call_count, call_room;
	int comm; /* its name's file; -1 */
	bool watches; /* its debug registers are set */
	uint64_t rseq; /* where the kernel tells it its CPU; 0: not known */
};

enum { THREAD_BUCKETS = 1024 };

/* A stop of a thread that nobody has told us of yet. */
struct early {
	pid_t tid;
	int status;
};

/* The context of a hit, with what it takes to ask for more. */
struct hit {
	struct current current; /* first */
	struct user_engine *user;
	struct thread *thread;
	const struct breakpoint *at;
};

struct user_engine {
	struct engine engine; /* first: what is above knows this only */
	const struct plan *plan;
	struct target *target;
	struct engine_options options;
	struct warnings *warnings;

	struct user_map **maps;
	size_t map_count, program_count;
	struct user_ring ring;
	struct user_program *programs;
	struct machine machine, tracer_machine;
	struct user_map *followed; /* PLAN_MAP_FOLLOWED; or NULL */
	pthread_mutex_t lock;
	pthread_cond_t room; /* the reader has made some, or the end is near */

	struct timer {
		size_t program;
		uint64_t cookie, period, due;
	} *timers;
	size_t timer_count, timer_room;
	uint64_t last_record;
	bool began, grows, symbols;

	struct batch *batches;
	size_t batch_count, batch_room;
	struct known_file *files;
	size_t file_count;
	size_t attached;

	/* the tracer */
	pthread_t tracer;
	bool running;
	bool stop, ready, done;
	pthread_cond_t changed;
	int attach_code;
	struct error attach_error, failure;
	/* a process waits to be looked at, since it has mapped something */
	pid_t asking; /* 0: none */
	bool answered;
	struct buffer said; /* warnings, a line each, for the reader to hand on */
	struct ended {
		pid_t pid;
		int status;
	} *ended;
	size_t ended_count, ended_room;
	struct engine_mapping *told; /* the paths are its own */
	size_t told_count, told_room;

	/* the tracer's alone */
	struct thread *threads[THREAD_BUCKETS];
	struct process *processes;
	struct early *early;
	size_t early_count, early_room;
	size_t thread_count, kept;
	bool detaching; /* who stops stays stopped */
	struct hit hit;
};

static inline struct user_engine *own(struct engine *engine)
{
	return (struct user_engine *)engine;
}

/* ---- places.c ---- */

/* Those of the programs from that one on, and of the files that there are now. */
int places_collect(struct user_engine *u, size_t first_program, struct error *err);
void places_free(struct user_engine *u);
/* The places of one file: their first, and how many. */
struct place *places_of(const struct batch *batch, uint32_t file, size_t *count);

/* ---- mappings.c ---- */

/* Looks at what the process has mapped by now: breakpoints come and go, semaphores are raised. */
void space_scan(struct user_engine *u, struct process *process);
/* Where another tracer's breakpoint is at the linker's function, threads watch by debug registers:
 * sets or clears those of a thread that is stopped. */
void linker_watch(struct user_engine *u, struct thread *thread, bool watched);
/* Everything back as it was. */
void space_restore(struct user_engine *u, struct process *process);

/* ---- told.c: for names of addresses, also of processes that have ended ---- */

struct maps_line;
void tell_mapped(struct user_engine *u, pid_t pid, const struct maps_line *line);
void tell_process(struct user_engine *u, enum engine_change change, pid_t pid, pid_t parent);
int told_take(struct user_engine *u, engine_mapping_fn *mapping, void *context);
void told_free(struct user_engine *u);

/* ---- threads.c ---- */

struct thread *thread_find(const struct user_engine *u, pid_t tid);
struct thread *thread_new(struct user_engine *u, pid_t tid, struct process *process);
void thread_free(struct user_engine *u, struct thread *thread);
struct process *process_find(const struct user_engine *u, pid_t pid);
struct process *process_new(struct user_engine *u, pid_t pid, struct space *space);
void process_free(struct user_engine *u, struct process *process);
void threads_close(struct user_engine *u);
void thread_copy_calls(struct thread *to, const struct thread *from);
struct thread *thread_next(const struct user_engine *u, const struct thread *after);

/* ---- tracer.c ---- */

/* Lets the other thread look at a process that has mapped something; returns when it has. */
void tracer_ask(struct user_engine *u, pid_t pid);
int tracer_start(struct user_engine *u, struct error *err);
void tracer_stop(struct user_engine *u);
void tracer_say(struct user_engine *u, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Handles one stop, end or event; the thread may be gone afterwards. */
void thread_event(struct user_engine *u, struct thread *thread, int status);
/* Waits for that thread to stop; its status says why. False: it has ended, which is kept. */
bool thread_wait(struct user_engine *u, struct thread *thread);
void thread_keep(struct user_engine *u, struct thread *thread);

/* ---- attach.c ---- */

int attach_processes(struct user_engine *u, struct error *err);
/* Why ptrace(2) said no. */
int explain_ptrace(pid_t pid, int code, struct error *err);
void detach_processes(struct user_engine *u);
/* Stops all other threads of a space; what they were about is kept for later. */
void stop_others(struct user_engine *u, struct thread *but);
void resume_others(struct user_engine *u, struct thread *but);

/* ---- events.c ---- */

void thread_has_child(struct user_engine *u, struct thread *thread, int event);
void thread_has_exec(struct user_engine *u, struct thread *thread);
void thread_is_gone(struct user_engine *u, struct thread *thread, int status);
/* A process that is not followed: lets it go when it has memory of its own. True: gone. */
bool thread_let_go(struct user_engine *u, struct thread *thread);
/* Keeps PLAN_MAP_FOLLOWED. */
void process_counts(struct user_engine *u, const struct process *process, bool counts);

/* ---- hit.c, step.c, emulate.c ---- */

/* A SIGTRAP of the thread. True when it was ours and the thread can go on without it. */
bool thread_trap(struct user_engine *u, struct thread *thread);
/* Executes what the breakpoint stands for. */
void thread_step(struct user_engine *u, struct thread *thread, struct breakpoint *b,
		 struct user_regs_struct *regs);
/* The same in here, where the instruction is one of the plain ones; false: it is not. */
bool emulate(struct thread *thread, const struct breakpoint *b, struct user_regs_struct *regs);

ssize_t process_read(const struct process *process, uint64_t address, void *to, size_t size);
bool process_write(const struct process *process, uint64_t address, const void *from, size_t size);

/* ---- read.c: as struct engine_operations has them ---- */

int user_each(struct engine *engine, const struct plan_map *map, engine_entry_fn *entry,
	      void *context, struct error *err);
int user_lookup(struct engine *engine, const struct plan_map *map, const void *key, void *value,
		struct error *err);
int user_clear(struct engine *engine, const struct plan_map *map, bool only_zero, struct error *err);
int user_trouble(struct engine *engine, size_t probe, struct abi_trouble *trouble, struct error *err);

/* ---- current.c: what helpers want to know ---- */

void current_of_thread(struct user_engine *u, struct thread *thread, struct hit *hit);
void current_of_ourselves(struct current *current);

#endif
