/*
 * The compiler: a checked program to a plan. An error that belongs to a place in the program is
 * added to the program's diagnostics (and returned as -EINVAL).
 */
#ifndef TELLTALE_COMPILE_COMPILE_H
#define TELLTALE_COMPILE_COMPILE_H

#include "base/error.h"
#include "lang/ast.h"
#include "plan.h"

/* Which failures of the kernel's helpers are counted, for people to know of. */
enum compile_report {
	REPORT_NONE,
	REPORT_FAILURES,
	REPORT_READS, /* those of memory that can't be read, too */
};

struct compile_options {
	bool cpu_buffers; /* the kernel has no ring buffer */
	struct warnings *warnings; /* what can't be read; or NULL */
	bool addition; /* see compile() */
	enum compile_report report;
	bool vectors;  /* the engine reads vector registers */
	bool (*has_thread_storage)(void); /* the engine's threads can carry values; NULL: no */
	bool (*has_bounded_loops)(void);  /* the engine sees to the end of loops; NULL: yes */
};

/*
 * Fills an empty plan, which needs plan_free() also after an error; or (options->addition) adds to
 * one that an earlier call filled from the same text: `program` was begun by program_continue() then, and the maps, which
 * are there already, must fit (-EINVAL: they don't). After an error plan_cut() takes back what there
 * is of the addition.
 */
int compile(struct program *program, const struct probe_set *probes,
	    const struct compile_options *options, struct plan *plan, struct error *err);

/* The plan as text: the instructions of every program ("code"); maps, records, sites ("plan"). */
void plan_print_code(const struct plan *plan, struct buffer *out);
void plan_print(const struct plan *plan, struct buffer *out);

#endif
