/*
 * From addresses to names: of processes, also of those that have ended, and of the kernel. What
 * processes have mapped is told from outside (symbolizer_mapped() and its kind) or read from /proc
 * when somebody asks; files are opened and their symbols read when the first address in them is
 * asked for. What can't be found out stays an address, which is always true.
 */
#ifndef TELLTALE_SYMBOLS_SYMBOLS_H
#define TELLTALE_SYMBOLS_SYMBOLS_H

#include "base/error.h"
#include "base/memory.h"

#include <sys/types.h>

struct symbolizer;

int symbolizer_open(struct symbolizer **symbolizer, struct error *err);
void symbolizer_close(struct symbolizer *symbolizer); /* NULL is allowed */

/* From now on names are as the file has them, not as people write them. */
void symbolizer_keep_mangled(struct symbolizer *symbolizer);

/* ---- what processes do ---- */

/* A mapping of code; it replaces what was there. `path` is copied. */
struct symbolizer_mapping {
	uint64_t start, end, offset; /* offset in the file, bytes */
	dev_t device;
	ino_t inode;
	const char *path;
};
void symbolizer_mapped(struct symbolizer *s, pid_t pid, const struct symbolizer_mapping *mapping);
void symbolizer_forked(struct symbolizer *s, pid_t pid, pid_t parent);
void symbolizer_executed(struct symbolizer *s, pid_t pid);
/* Looks at a running process now, so that its names are known when it has ended. */
void symbolizer_look(struct symbolizer *s, pid_t pid);

/* ---- names ---- */

/* Texts are the symbolizer's and valid until the next question; NULL where it knows nothing. */
struct symbol_name {
	const char *symbol; /* as people write it: C++ and Rust names demangled */
	uint64_t offset;    /* in the symbol, bytes */
	const char *module; /* the file, or for the kernel the module, "" of the kernel itself */
	const char *source; /* where debug information says it: the file and the line */
	unsigned line;
};

/*
 * `returns`: the address is one that a call returns to, and the name is that of the call: an address
 * behind the call of a function that never returns may be the next function's first.
 */
void symbolizer_user(struct symbolizer *s, pid_t pid, uint64_t address, bool returns,
		     struct symbol_name *name);
/* From /proc/kallsyms; nothing where the kernel hides addresses from us. */
void symbolizer_kernel(struct symbolizer *s, uint64_t address, struct symbol_name *name);

#endif
