/* Entries of the global offset table, by the relocations that fill them. */
#include "elf/got.h"

#include <string.h>

#include "elf/bytes.h"
#include "elf/symtab.h"

struct tables {
	const struct elf_facts *facts;
	struct elf_section relocations, symbols, names;
};

static int read_tables(struct elf_file *file, struct tables *t, struct error *err)
{
	int rc;

	t->facts = elf_file_facts(file);
	if (t->facts->machine != EM_X86_64 && t->facts->machine != EM_386)
		return 0;
	rc = elf_file_section(file, t->facts->machine == EM_386 ? ".rel.dyn" : ".rela.dyn",
	                      &t->relocations, err);
	if (rc == 1)
		rc = elf_file_section(file, ".dynsym", &t->symbols, err);
	if (rc == 1)
		rc = elf_file_section(file, ".dynstr", &t->names, err);
	return rc == 1 && !(t->relocations.data && t->names.data) ? 0 : rc;
}

enum { NAME_MOST = 4096 }; /* a damaged file has names without an end */

/* The name of a symbol; NULL where the file has none in its tables. */
static const char *name_of(const struct tables *t, uint64_t symbol, size_t *length)
{
	struct symtab_entry entry;
	uint64_t left;

	if (symbol >= symtab_count(t->facts, &t->symbols))
		return NULL;
	entry = symtab_read(t->facts, &t->symbols, symbol);
	if (entry.name >= t->names.size)
		return NULL;
	left = t->names.size - entry.name;
	left = left < NAME_MOST ? left : NAME_MOST;
	*length = strnlen((const char *)t->names.data + entry.name, (size_t)left);
	return *length < left ? (const char *)t->names.data + entry.name : NULL;
}

int elf_file_got(struct elf_file *file, struct table *entries, struct error *err)
{
	struct tables t = {0};
	int rc = read_tables(file, &t, err);
	unsigned width, type_bits;
	uint64_t size;

	if (rc != 1)
		return rc;
	width = t.facts->bits / 8;
	type_bits = width == 8 ? 32 : 8;
	size = t.facts->machine == EM_386 ? 2u * width : 3u * width; /* with an addend */
	for (uint64_t at = 0; t.relocations.size - at >= size; at += size) {
		const unsigned char *relocation = t.relocations.data + at;
		uint64_t info = bytes_number(relocation + width, width, false);
		const char *name;
		size_t length, ignored;

		/* R_X86_64_GLOB_DAT and R_386_GLOB_DAT have one number. */
		if ((info & (((uint64_t)1 << type_bits) - 1)) != R_X86_64_GLOB_DAT)
			continue;
		name = name_of(&t, info >> type_bits, &length);
		if (name && table_put(entries, name, length,
		                      bytes_number(relocation, width, false), &ignored) < 0)
			return error_memory(err);
	}
	return 0;
}

bool elf_file_got_place(struct elf_file *file, uint64_t *address)
{
	unsigned width = elf_file_facts(file)->bits / 8;
	bool big = elf_file_facts(file)->big_endian;
	struct elf_section dynamic;
	struct error ignored;

	if (elf_file_section(file, ".dynamic", &dynamic, &ignored) != 1 || !dynamic.data)
		return false;
	for (uint64_t at = 0; dynamic.size - at >= 2 * width; at += 2 * width) {
		if (bytes_number(dynamic.data + at, width, big) != DT_PLTGOT)
			continue;
		*address = bytes_number(dynamic.data + at + width, width, big);
		return true;
	}
	return false;
}
