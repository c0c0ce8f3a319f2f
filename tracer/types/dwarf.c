/*
 * Owns the way to the DWARF of a file, and to the units in it. What compressed sections claim to
 * unpack to is held against a limit before libdw does it.
 */
#include "types/dwarf.h"

#include "elf/debugfile.h"
#include "elf/file.h"

#include <dwarf.h>
#include <errno.h>
#include <gelf.h>
#include <string.h>

/* Real ones have some hundred megabytes. */
#define UNPACKED_MOST ((uint64_t)4 << 30)

/* Bytes of a section once it is unpacked. */
static uint64_t unpacked_size(Elf_Scn *section, const GElf_Shdr *header, const char *name)
{
	GElf_Chdr compressed;

	if (header->sh_flags & SHF_COMPRESSED)
		return gelf_getchdr(section, &compressed) ? compressed.ch_size : UINT64_MAX;
	if (!strncmp(name, ".zdebug", 7)) { /* "ZLIB" and the size */
		Elf_Data *data = elf_rawdata(section, NULL);
		uint64_t size = 0;

		for (size_t i = 4; i < 12 && data && data->d_size >= 12; i++)
			size = size << 8 | ((unsigned char *)data->d_buf)[i];
		return size;
	}
	return header->sh_size;
}

/* 1 has .debug_info and no more than can be read, 0 has none, -EFBIG. */
static int look(Elf *elf)
{
	uint64_t total = 0;
	bool found = false;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return 0;
	for (Elf_Scn *s = NULL; (s = elf_nextscn(elf, s));) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(s, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (!name || (strncmp(name, ".debug_", 7) && strncmp(name, ".zdebug_", 8)))
			continue;
		found |= !strcmp(strchr(name, '_'), "_info");
		if (__builtin_add_overflow(total, unpacked_size(s, &header, name), &total) ||
		    total > UNPACKED_MOST)
			return -EFBIG;
	}
	return found;
}

/* Opens what is in this very file; returns as dwarf_file_open(). */
static int open_in(struct elf_file *file, Dwarf **dwarf, struct error *err)
{
	Elf *elf = elf_file_handle(file);
	int rc = look(elf);

	if (rc < 0)
		return error_set(err, rc, "%s: its debug information is too large to read",
				 elf_file_path(file));
	if (!rc)
		return 0;
	*dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	if (!*dwarf)
		return error_set(err, -EINVAL, "%s: its debug information can't be read: %s",
				 elf_file_path(file), dwarf_errmsg(-1));
	return 1;
}

int dwarf_file_open(struct elf_file *file, struct dwarf_file *dwarf, struct error *err)
{
	int rc = open_in(file, &dwarf->dwarf, err);

	dwarf->debug = NULL;
	if (rc)
		return rc;
	rc = debug_file_open(file, &dwarf->debug, err);
	if (rc <= 0)
		return rc;
	rc = open_in(dwarf->debug, &dwarf->dwarf, err);
	if (rc > 0)
		return rc;
	elf_file_close(dwarf->debug);
	dwarf->debug = NULL;
	return rc;
}

void dwarf_file_close(struct dwarf_file *dwarf)
{
	if (dwarf->dwarf)
		dwarf_end(dwarf->dwarf);
	elf_file_close(dwarf->debug);
	*dwarf = (struct dwarf_file){0};
}

bool dwarf_next_die(Dwarf *dwarf, Dwarf_CU **unit, Dwarf_Die *die)
{
	uint8_t type;

	for (;;) {
		Dwarf_Die split = {0};

		if (dwarf_get_units(dwarf, *unit, unit, NULL, &type, die, &split))
			return false;
		if (type == DW_UT_skeleton && split.addr)
			*die = split;
		if (die->addr)
			return true;
	}
}

bool dwarf_unit_at(Dwarf *dwarf, Dwarf_Addr address, Dwarf_Die *die)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die own, split;

	die->addr = NULL;
	/* By the table of addresses, where the compiler made one; else by what each unit says. */
	if (!dwarf_addrdie(dwarf, address, die))
		while (!dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &own, NULL))
			if (own.addr && dwarf_haspc(&own, address) == 1) {
				*die = own;
				break;
			}
	if (!die->addr)
		return false;
	if (!dwarf_cu_info(die->cu, NULL, NULL, NULL, &split, NULL, NULL, NULL) && split.addr)
		*die = split;
	return true;
}

bool dwarf_first(Dwarf_Die *parent, Dwarf_Die *child)
{
	return !dwarf_child(parent, child) && (char *)child->addr > (char *)parent->addr;
}

bool dwarf_following(Dwarf_Die *die)
{
	Dwarf_Die next;

	if (dwarf_siblingof(die, &next) || (char *)next.addr <= (char *)die->addr)
		return false;
	*die = next;
	return true;
}

/* The section whose bytes a place is among; NULL when it is in none. */
static const struct dwarf_range *section_of(struct dwarf_file *d, Dwarf *dwarf, const char *place)
{
	struct dwarf_range *r;

	for (size_t i = 0; i < DWARF_RANGES; i++)
		if (place >= d->ranges[i].start && place < d->ranges[i].end)
			return &d->ranges[i];
	for (Elf_Scn *s = NULL; (s = elf_nextscn(dwarf_getelf(dwarf), s));) {
		Elf_Data *data = elf_rawdata(s, NULL);
		const char *start = data ? data->d_buf : NULL;

		if (!start || place < start || place >= start + data->d_size)
			continue;
		r = &d->ranges[d->next_range++ % DWARF_RANGES];
		*r = (struct dwarf_range){start, start + data->d_size};
		return r;
	}
	return NULL;
}

const char *dwarf_name(struct dwarf_file *d, Dwarf_Die *die)
{
	const struct dwarf_range *section;
	const char *name;
	Dwarf_Attribute a;

	if (!dwarf_attr_integrate(die, DW_AT_name, &a))
		return "";
	name = dwarf_formstring(&a);
	section = name ? section_of(d, dwarf_cu_getdwarf(a.cu), name) : NULL;
	if (!section && name && dwarf_getalt(dwarf_cu_getdwarf(a.cu)))
		section = section_of(d, dwarf_getalt(dwarf_cu_getdwarf(a.cu)), name);
	return section && memchr(name, '\0', (size_t)(section->end - name)) ? name : "";
}
