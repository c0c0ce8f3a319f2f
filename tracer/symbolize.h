/*
 * Between the engine, which has stacks and knows what processes map, the symbols' room, which names
 * addresses, and the output, which asks.
 */
#ifndef TELLTALE_SYMBOLIZE_H
#define TELLTALE_SYMBOLIZE_H

#include "base/error.h"
#include "output/output.h"

struct engine;
struct names;
struct target;

/* *names is NULL where the plan has nothing to name. */
int names_open(struct engine *engine, const struct plan *plan, const struct target *target,
	       bool demangled, struct names **names, struct warnings *warnings, struct error *err);
void names_close(struct names *names); /* NULL is allowed */

/* Takes what the engine has to tell of processes; every second or so. NULL is allowed. */
void names_listen(struct names *names);

output_frames_fn names_frames; /* the context is the names */

#endif
