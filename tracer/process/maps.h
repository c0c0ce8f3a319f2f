/* One line of /proc/PID/maps, taken apart. */
#ifndef TELLTALE_PROCESS_MAPS_H
#define TELLTALE_PROCESS_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct maps_line {
	uint64_t start, end, offset;
	dev_t device;
	uint64_t inode;
	bool executable, writable, shared;
	const char *path;   /* into the line, not terminated; as the kernel shows it: a newline of a
	                       name is \012, and " (deleted)" may follow it */
	size_t path_length; /* 0: no name */
};

/* Takes a line (without its newline) apart; false when it is not one of maps. */
bool maps_parse(const char *line, size_t length, struct maps_line *parsed);

/* True when the mapping is of a file that may hold code of a program: a path, no device, and not
 * what the kernel makes up ("[vdso]", "anon_inode:..."). */
bool maps_is_file(const struct maps_line *line);

/* True when the kernel marks the path as no longer there; *length is that of the path alone. */
bool maps_is_deleted(const struct maps_line *line, size_t *length);

#endif
