/*
 * One entry of a symbol table, of either width and byte order. Private to this folder.
 */
#ifndef TELLTALE_ELF_SYMTAB_H
#define TELLTALE_ELF_SYMTAB_H

#include <elf.h>

#include "elf/bytes.h"
#include "elf/file.h"

struct symtab_entry {
	uint64_t value, size;
	uint32_t name; /* in the string table */
	uint16_t section;
	uint8_t info;
};

static inline uint64_t symtab_count(const struct elf_facts *facts,
                                    const struct elf_section *section)
{
	return section->data
	               ? section->size / (facts->bits == 64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym))
	               : 0;
}

/* index is below symtab_count */
static inline struct symtab_entry symtab_read(const struct elf_facts *facts,
                                              const struct elf_section *section, uint64_t index)
{
	bool wide = facts->bits == 64, big = facts->big_endian;
	const unsigned char *at =
	        section->data + index * (wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym));
#define FIELD(field, size)                                                                         \
	bytes_number(at + (wide ? offsetof(Elf64_Sym, field) : offsetof(Elf32_Sym, field)), size,  \
	             big)
	struct symtab_entry entry = {
	        .value = FIELD(st_value, wide ? 8 : 4),
	        .size = FIELD(st_size, wide ? 8 : 4),
	        .name = (uint32_t)FIELD(st_name, 4),
	        .section = (uint16_t)FIELD(st_shndx, 2),
	        .info = (uint8_t)FIELD(st_info, 1),
	};
#undef FIELD
	return entry;
}

#endif
