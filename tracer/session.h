/* What the files of a session share; private to this folder. */
#ifndef TELLTALE_SESSION_H
#define TELLTALE_SESSION_H

#include "compile/compile.h"
#include "engine/engine.h"
#include "lang/ast.h"
#include "libtelltale.h"
#include "output/output.h"
#include "plan.h"
#include "probe/definition.h"
#include "probe/probe.h"
#include "process/target.h"

#include <signal.h>

struct abi_record;
struct engine;

struct session {
	struct session_options options;
	struct warnings *warnings; /* the caller's */
	struct target target;
	struct definitions definitions;
	struct probe_set probes;
	enum engine_kind engine; /* ENGINE_AUTO: not chosen yet */
	struct error no_kernel;	 /* why not, where the choice was made by itself */
	bool probes_known;
	size_t files_known; /* of the target when the probes were read */
	struct program program;
	struct plan plan;
	bool compiled;
	bool exit_given; /* by exit(code) of the program */
	int exit_code;
	struct addition **additions; /* late.c */
	size_t addition_count, addition_room;
	/* session_stop(): the flag is the truth, the descriptor wakes a poll. */
	int stop_fd;
	volatile sig_atomic_t stopped;
};

struct output_options session_output_options(const struct session *session);
struct compile_options session_compile_options(struct session *session);
void session_use_fast_sites(struct session *session, struct probe_set *probes);

/* Which engine runs this session's programs. */
enum engine_kind session_engine(struct session *session);

/* The program that there is, and all that came of it. */
void session_forget_program(struct session *session);

/* What a program needs to know of the session before it is parsed. */
void session_prepare(struct session *session, struct program *program);

/* Reads the probes of the target, once, and again when a file has come since. */
int session_read_probes(struct session *session, struct error *err);

/* Adds the file that a specification names, where it names one that the target does not have. */
int session_add_named(struct session *session, const struct probe_spec *spec, struct error *err);

/* The probes that patterns mean, each once. */
struct chosen {
	const struct probe **items; /* markers first, in the order of the files */
	size_t count, room;
	struct table seen;
	bool looked; /* the patterns made sense; -ENODATA is an answer then */
};

/*
 * Reads the probes of the target and collects those of the patterns (none: all markers). whole_names:
 * a pattern without a colon is looked for in the whole names of probes of all kinds. -ENODATA when
 * a pattern has none; the others are there then. chosen_free() also after an error.
 */
int session_collect(struct session *session, char *const patterns[], size_t count, bool whole_names,
		    struct chosen *chosen, struct arena *arena, struct error *err);
void chosen_free(struct chosen *chosen);

/*
 * Reads the probes of the target and marks those of the patterns (none: all), a flag each, for the
 * caller to free. -ENODATA, with *marked, when a pattern has none.
 */
int session_choose(struct session *session, char *const patterns[], size_t count, bool **marked,
		   struct arena *arena, struct error *err);

/*
 * Compiles a program that was written from another text: errors have their place there.
 * session_program() is this without an origin.
 */
int session_compile(struct session *session, const struct source *source, struct error *err);

/* Prints test points, and to `junit`, where not NULL, as JUnit. -ENODATA when some have failed. */
int session_print_tests(struct session *session, const struct output_test *tests, size_t count,
			FILE *file, FILE *junit, struct error *err);

/* Who takes what a run brings, instead of the output. */
struct run_sink {
	void *context;
	int (*record)(void *context, const struct abi_record *record, size_t size);
	/* The sites are off, and every record has come. */
	int (*finish)(void *context, struct engine *engine, struct error *err);
};

/* session_run() with such a sink. Nothing is printed, and no trouble is said. */
int session_run_into(struct session *session, const struct run_sink *sink, struct error *err);

/* Marks the probes whose hits count for the target's processes and their children only. */
void session_mark_followed(const struct session *session, struct probe_set *set);

/* What can be listed can't always be run: the files of the program's probes. */
int session_check_files(const struct session *session, const struct program *program,
			struct error *err);

/* Why the output could not be written, for people. */
int session_output_error(int code, struct error *err);

/* ---- trouble.c: what went wrong in a run, at its end ---- */

struct engine;

int trouble_report(struct session *session, struct engine *engine, struct output *output,
		   struct error *err);

/* ---- results.c: maps as a whole, while a plan runs and at its end ---- */

struct results {
	struct session *session;
	struct engine *engine;
	struct output *output;
	bool *zeroed; /* by zero(): of each map that the program has */
};

int results_open(struct results *r, struct error *err);
void results_close(struct results *r);
/* What a record wants done with a map. 1: it is none of these. */
int results_take(struct results *r, const struct plan_record *shape, const struct abi_record *record,
		 size_t size, struct error *err);
/* All maps, by their names, as bpftrace does it. */
int results_print(struct results *r, struct error *err);

/* ---- self.c: a signal to telltale that the program waits for ---- */

struct engine;

struct self {
	int fd; /* readable when the signal has come; -1: the program waits for none */
	sigset_t before;
};

int self_open(struct self *self, const struct plan *plan, struct error *err);
/* Runs the program where the signal has come. */
int self_take(const struct self *self, struct engine *engine, struct error *err);
void self_close(struct self *self);

/* ---- late.c: files that come while a plan runs ---- */

/* Whether they are wanted, and where the target's dynamic linkers tell of them, for the plan. */
int late_prepare(struct session *session, struct error *err);

/* What happened since the last call: adds to plan, output and engine. Errors are those that end a run. */
int late_news(struct session *session, struct engine *engine, struct output *output,
	      struct error *err);
int late_replaced(struct session *session, struct engine *engine, struct output *output,
		  struct error *err);

/* At the end: -ENODATA when probes were waited for and none came. */
int late_missed(const struct session *session, struct error *err);

void late_forget(struct session *session);

#endif
