/* What the files of this folder share. */
#ifndef TELLTALE_SYMBOLS_INTERNAL_H
#define TELLTALE_SYMBOLS_INTERNAL_H

#include "symbols.h"

struct elf_file;
struct symbols;
struct lines;

/* ---- module.c: a file, by what a mapping says of it ---- */

struct module {
	struct module_key {
		uint64_t device, inode;
	} key;
	char *path;
	bool tried; /* to open it */
	struct elf_file *elf;     /* NULL: it can't be read */
	struct symbols *symbols;  /* NULL: it has none */
	struct lines *lines;      /* NULL: not asked for yet, or none */
	bool lines_tried;
};

struct modules {
	struct module **items;
	size_t count, room;
	struct table by_key; /* struct module_key to the place */
};

/* NULL when memory is out. */
struct module *module_of(struct modules *modules, dev_t device, ino_t inode, const char *path,
			 size_t length);
/* `mapping`, where not 0, is the start of one of the process that has it. */
void module_name(struct module *module, pid_t pid, uint64_t mapping, uint64_t end, uint64_t offset,
		 bool returns, struct symbol_name *name);
void modules_close(struct modules *modules);

/* ---- lines.c: DWARF's line table ---- */

struct lines *lines_open(struct elf_file *elf); /* NULL: there are none */
bool lines_at(struct lines *lines, uint64_t address, const char **source, unsigned *line);
void lines_close(struct lines *lines);

/* ---- jit.c: /tmp/perf-PID.map, as perf's documentation jit-interface.txt has it ---- */

struct jit_symbol {
	uint64_t start, size;
	const char *name;
};

struct jit {
	struct arena arena;
	struct jit_symbol *symbols;
	size_t count, room;
	dev_t device;
	ino_t inode;
	off_t size; /* of the file when it was read: a JIT goes on writing */
};

const struct jit_symbol *jit_find(struct jit *jit, pid_t pid, pid_t inner, uint64_t address);
void jit_free(struct jit *jit);

/* ---- memory.c: processes ---- */

struct mapping {
	uint64_t start, end, offset;
	struct module *module;
};

struct memory {
	pid_t pid;
	pid_t inner; /* its number in its own namespace */
	/* Of its program, when its maps were read; 0: they never were. Another one after an execve(2)
	 * that nobody told us of. */
	dev_t device;
	ino_t inode;
	uint64_t looked; /* when we looked last: CLOCK_MONOTONIC, nanoseconds */
	struct mapping *mappings; /* by address */
	size_t mapping_count, mapping_room;
	struct jit jit;
	struct memory *former; /* what it was before execve(2); NULL: nothing, as far as we know */
};

struct memories {
	struct memory **items; /* the one that came last is the last */
	size_t count, room;
	struct modules *modules;
};

struct memory *memory_find(struct memories *memories, pid_t pid);
/* Made when there is none; NULL when memory is out. */
struct memory *memory_get(struct memories *memories, pid_t pid);
/* Reads /proc/PID/maps, when it still can. */
void memory_read(struct memories *memories, struct memory *memory);
void memory_map(struct memory *memory, const struct mapping *mapping);
/* It becomes another program; what it was is remembered. */
void memory_become(struct memory *memory);
void memory_copy(struct memory *to, const struct memory *from);
const struct mapping *memory_at(const struct memory *memory, uint64_t address);
void memories_close(struct memories *memories);

/* ---- kernel.c: /proc/kallsyms ---- */

struct kernel_symbols;

/* NULL when it can't be read, or hides its addresses. */
struct kernel_symbols *kernel_symbols_open(void);
bool kernel_symbols_at(const struct kernel_symbols *k, uint64_t address, struct symbol_name *name);
void kernel_symbols_close(struct kernel_symbols *k);

#endif
