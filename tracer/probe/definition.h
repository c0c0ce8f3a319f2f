/*
 * What provider files say of arguments: names and types for probes whose notes tell nothing but
 * size and place. Files that the person gives come first, then those of well-known software that
 * telltale has with it (probe/providers/).
 *
 * An argument `X` that is a `char *` and is followed by `X_length` or `X_len` is a text with that
 * length; other `char *` are texts that end with a NUL.
 */
#ifndef TELLTALE_PROBE_DEFINITION_H
#define TELLTALE_PROBE_DEFINITION_H

#include "base/error.h"
#include "base/memory.h"

struct gen_file;
struct note;

struct definitions {
	struct definition_file {
		struct gen_file *file;
		const char *known; /* the provider of a file of ours; NULL for a person's */
		struct table probes; /* "PROVIDER:NAME" to the place in `found` */
		const struct gen_probe **found;
		size_t found_count, found_room;
		struct arena names;
	} *files;
	size_t count, room;
};

/* Reads a provider file: dtrace's .d, or QEMU's trace-events (any other name; the provider is
 * `qemu` then). -EINVAL with FILE:LINE:COLUMN when it is wrong. */
int definitions_add(struct definitions *definitions, const char *path, struct error *err);

/*
 * Fills the arguments of a note, in arena memory, when a file defines the probe with that number
 * of arguments. Returns 1 then, 0 when none does, -ENOMEM.
 */
int definitions_find(struct definitions *definitions, const char *provider, const char *name,
		     size_t operands, struct arena *arena, struct note *note);

void definitions_free(struct definitions *definitions);

/* Made by the build from probe/providers/: provider and text, ended by NULL. */
struct known_provider {
	const char *provider, *text;
};
extern const struct known_provider known_providers[];

#endif
