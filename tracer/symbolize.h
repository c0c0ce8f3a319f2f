/*
 * From the number of a stack in a record to its frames: addresses from the engine's stack map,
 * names from the files that the process has mapped.
 */
#ifndef TELLTALE_SYMBOLIZE_H
#define TELLTALE_SYMBOLIZE_H

#include "base/error.h"
#include "output/output.h"

struct engine;
struct symbolizer;

/* Without a stack map in the plan there is none: *symbolizer is NULL then. */
int symbolizer_open(struct engine *engine, const struct plan *plan, struct symbolizer **symbolizer,
		    struct error *err);
void symbolizer_close(struct symbolizer *symbolizer); /* NULL is allowed */

output_frames_fn symbolizer_frames; /* the context is the symbolizer */

#endif
