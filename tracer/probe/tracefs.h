/* The kernel's descriptions of its tracepoints: where they are. Private to this folder. */
#ifndef TELLTALE_PROBE_TRACEFS_H
#define TELLTALE_PROBE_TRACEFS_H

#include "base/error.h"
#include "base/memory.h"

/*
 * A descriptor of the folder `events` of a tracefs: at `path`, or (NULL) where it is mounted, else in a mount of our own that
 * nobody else sees and that ends with the descriptor. Negative: an error that says what helps.
 */
int tracefs_events(const char *path, struct error *err);

/* Reads a whole small file below a folder; a file of tracefs or /proc has no size. */
int tracefs_read(int folder, const char *path, struct buffer *text, struct error *err);

/* The names in a folder that match, sorted, without those that start with a dot. */
struct names {
	char **items;
	size_t count, room;
};
int tracefs_names(int folder, const char *path, const char *pattern, struct names *names,
		  struct error *err);
void names_free(struct names *names);

#endif
