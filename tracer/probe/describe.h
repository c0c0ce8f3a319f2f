/* How the arguments of a probe become names and types. Private to this folder. */
#ifndef TELLTALE_PROBE_DESCRIBE_H
#define TELLTALE_PROBE_DESCRIBE_H

#include "elf/note.h"
#include "probe.h"

/*
 * Sets the arguments of a probe whose sites are complete: from the description, or where that is
 * NULL from the operands of its sites. Texts are copied into the arena.
 */
int probe_describe(struct probe *probe, const struct note *described, struct arena *arena,
		   struct error *err);

#endif
