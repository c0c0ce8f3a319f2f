/*
 * The relocations of a file that is not linked (ET_REL): the addresses in its notes are zeros, and
 * these say what they will be. Private to this folder.
 */
#ifndef TELLTALE_ELF_RELOCATION_H
#define TELLTALE_ELF_RELOCATION_H

#include "elf/file.h"

struct relocation {
	size_t target;           /* the section that it changes */
	uint64_t offset;         /* in there */
	uint64_t symbol_section; /* of its symbol; above 2^32 for one that is defined elsewhere */
	uint64_t value;          /* of its symbol, with the addend where it is given here */
	bool in_place;           /* what stands at the place is the addend */
};

struct relocations {
	struct relocation *items; /* sorted by target and offset */
	size_t count, room;
};

/* Reads those of the note sections; a linked file has none. */
int relocations_read(struct elf_file *file, struct relocations *relocations, struct error *err);
void relocations_free(struct relocations *relocations);

/* The one at a place; NULL where there is none. */
const struct relocation *relocation_at(const struct relocations *relocations, size_t target,
                                       uint64_t offset);

#endif
