/*
 * The symbols of a file: `.symtab` and `.dynsym`, of the file itself and of its separate debug
 * file (by build-id, by `.gnu_debuglink`) when the file's own tables do not have them, and
 * `.gnu_debugdata` (xz inside the file). Names are left as they are in the file.
 */
#ifndef TELLTALE_ELF_SYMBOL_H
#define TELLTALE_ELF_SYMBOL_H

#include "elf/file.h"

struct symbol {
	uint64_t address, size;
	const char *name;
	uint8_t type;    /* STT_FUNC, STT_OBJECT, STT_TLS, ... */
	uint8_t binding; /* STB_LOCAL, ... */
};

struct symbols;

/* Reads and sorts them once; a file without any gives an empty set. */
int symbols_read(struct elf_file *file, struct symbols **symbols, struct error *err);
void symbols_free(struct symbols *symbols); /* NULL is allowed */

/* The symbol that covers the address, the innermost of several; else the last one that starts at or
 * before it, when its size is not known. NULL where there is none. */
const struct symbol *symbols_at(const struct symbols *symbols, uint64_t address);

/* A symbol by its exact name; global ones win over local ones. *ambiguous (may be NULL) is set
 * when several local symbols of different addresses have the name. */
const struct symbol *symbols_named(const struct symbols *symbols, const char *name,
                                   bool *ambiguous);

/* All of them, sorted by address, for globs; thread-local ones (STT_TLS), whose address is their
 * place in the thread-local block, stand at the end. */
const struct symbol *symbols_all(const struct symbols *symbols, size_t *count);

#endif
