/*
 * The global offset table: where a program finds, at run time, the address of a symbol that another
 * file may define instead of this one.
 */
#ifndef TELLTALE_ELF_GOT_H
#define TELLTALE_ELF_GOT_H

#include "base/memory.h"
#include "elf/file.h"

/*
 * Finds the entries that the dynamic linker fills with symbols' addresses: from a symbol's name (in
 * the file's memory) to the entry's address in the file. A symbol without one is known to the file
 * itself. Of x86.
 */
int elf_file_got(struct elf_file *file, struct table *entries, struct error *err);

/* Where the table is, by the dynamic section; false where that does not tell. */
bool elf_file_got_place(struct elf_file *file, uint64_t *address);

#endif
