/*
 * Where the instructions of a function begin. A breakpoint anywhere else changes what the program does.
 */
#ifndef TELLTALE_ELF_INSTRUCTION_H
#define TELLTALE_ELF_INSTRUCTION_H

#include "elf/file.h"

/*
 * True, as 0, when an instruction begins at the address, counted from the start of the function that it lies in.
 * -EILSEQ: none does, and the text says where the ones around it begin; -ENOTSUP: it can't be known,
 * and the text says why.
 */
int instruction_begins(struct elf_file *file, uint64_t function, uint64_t address, struct error *err);

#endif
