/*
 * `.note.telltale` joined with the notes that are read already. Private to this folder.
 */
#ifndef TELLTALE_ELF_DESCRIBE_H
#define TELLTALE_ELF_DESCRIBE_H

#include "elf/note.h"
#include "elf/relocation.h"

/* A site's address as it stands in the file, uncorrected; section is 0 in a linked file. */
struct note_place {
	uint64_t section, address;
};

/* Reads the address field at an offset of a section: raw, or what its relocation says. */
bool note_place_read(const struct elf_facts *facts, const struct elf_section *section,
                     const struct relocations *relocations, uint64_t offset,
                     struct note_place *place);

/* Sets the arguments of the notes that are described; places has one for each note. */
int notes_describe(struct elf_file *file, struct notes *notes, const struct note_place *places,
                   const struct relocations *relocations, struct warnings *warnings,
                   struct error *err);

#endif
