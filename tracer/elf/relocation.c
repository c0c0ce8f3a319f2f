/*
 * Relocations of the note sections of an ET_REL file. The fields are plain addresses, so that a
 * relocation at one of them is always "the symbol's value plus an addend", whatever its number is
 * on the architecture.
 */
#include "elf/relocation.h"

#include <stdlib.h>

#include "elf/bytes.h"
#include "elf/symtab.h"

/* What is read once for all relocation sections. */
struct reader {
	const struct elf_facts *facts;
	struct elf_section symbols, indexes; /* .symtab; .symtab_shndx, where a file needs it */
	struct relocations *relocations;
};

static uint64_t number(const struct reader *r, const unsigned char *bytes, unsigned size)
{
	return bytes_number(bytes, size, r->facts->big_endian);
}

/* The symbol's number in r_info; mips64 has a structure of its own there. */
static uint64_t symbol_number(const struct reader *r, const unsigned char *info)
{
	if (r->facts->bits == 32)
		return number(r, info, 4) >> 8;
	if (r->facts->machine == EM_MIPS)
		return number(r, info, 4);
	return number(r, info, 8) >> 32;
}

/* Fills value and section of a symbol; false for one that is not in the table. */
static bool read_symbol(const struct reader *r, uint64_t index, struct relocation *relocation)
{
	struct symtab_entry entry;

	if (index >= symtab_count(r->facts, &r->symbols))
		return false;
	entry = symtab_read(r->facts, &r->symbols, index);
	relocation->value = entry.value;
	relocation->symbol_section = entry.section;
	if (relocation->symbol_section == SHN_XINDEX && r->indexes.data &&
	    index < r->indexes.size / 4)
		relocation->symbol_section = number(r, r->indexes.data + index * 4, 4);
	if (relocation->symbol_section == SHN_UNDEF || relocation->symbol_section == SHN_COMMON)
		relocation->symbol_section = ((uint64_t)1 << 32) + index;
	return true;
}

static int read_section(struct reader *r, const struct elf_section *section, struct error *err)
{
	unsigned width = r->facts->bits / 8;
	bool with_addend = section->type == SHT_RELA;
	size_t size = width * (with_addend ? 3u : 2u);

	if (!section->data || (section->type != SHT_RELA && section->type != SHT_REL))
		return 0;
	for (size_t at = 0; section->size - at >= size; at += size) {
		const unsigned char *entry = section->data + at;
		struct relocation *added, new = {
		                                  .target = section->info,
		                                  .offset = number(r, entry, width),
		                                  .in_place = !with_addend,
		                          };

		if (!read_symbol(r, symbol_number(r, entry + width), &new))
			continue;
		if (with_addend)
			new.value += number(r, entry + 2 * width, width);
		added = array_add(&r->relocations->items, &r->relocations->count,
		                  &r->relocations->room, sizeof(*added));
		if (!added)
			return error_memory(err);
		*added = new;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct relocation *x = a, *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

int relocations_read(struct elf_file *file, struct relocations *relocations, struct error *err)
{
	static const char *const names[] = {".rela.note.stapsdt", ".rel.note.stapsdt",
	                                    ".rela.note.telltale", ".rel.note.telltale"};
	struct reader r = {.facts = elf_file_facts(file), .relocations = relocations};
	int rc;

	*relocations = (struct relocations){0};
	if (r.facts->type != ET_REL)
		return 0;
	rc = elf_file_section(file, ".symtab", &r.symbols, err);
	if (rc >= 0)
		rc = elf_file_section(file, ".symtab_shndx", &r.indexes, err);
	for (size_t i = 0; rc >= 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		struct elf_section section;
		size_t after = 0;

		while ((rc = elf_file_section_next(file, names[i], &after, &section, err)) == 1) {
			rc = read_section(&r, &section, err);
			if (rc)
				break;
		}
	}
	if (rc < 0) {
		relocations_free(relocations);
		return rc;
	}
	if (relocations->count)
		qsort(relocations->items, relocations->count, sizeof(*relocations->items), compare);
	return 0;
}

void relocations_free(struct relocations *relocations)
{
	free(relocations->items);
	*relocations = (struct relocations){0};
}

const struct relocation *relocation_at(const struct relocations *relocations, size_t target,
                                       uint64_t offset)
{
	struct relocation key = {.target = target, .offset = offset};

	return relocations->count
	               ? bsearch(&key, relocations->items, relocations->count, sizeof(key), compare)
	               : NULL;
}
