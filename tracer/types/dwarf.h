/*
 * The DWARF of a file: in it, or in its separate debug file. Read through libdw from what libelf
 * reads, never mapped.
 */
#ifndef TELLTALE_TYPES_DWARF_H
#define TELLTALE_TYPES_DWARF_H

#include "base/error.h"

#include <elfutils/libdw.h>
#include <stdbool.h>

struct elf_file;

enum { DWARF_RANGES = 4 };

struct dwarf_file {
	Dwarf *dwarf;
	struct elf_file *debug; /* the separate file, where it is in one */
	struct dwarf_range {
		const char *start, *end;
	} ranges[DWARF_RANGES]; /* the sections that names were found in */
	unsigned next_range;
};

/* Returns 1 found, 0 the file has none and no debug file that belongs to it, -errno. The file must
 * stay open until dwarf_file_close(), which takes a zeroed one too. */
int dwarf_file_open(struct elf_file *file, struct dwarf_file *dwarf, struct error *err);
void dwarf_file_close(struct dwarf_file *dwarf);

/*
 * The next unit's own entry, of a split unit that of its .dwo file; start with *unit NULL. False
 * behind the last.
 */
bool dwarf_next_die(Dwarf *dwarf, Dwarf_CU **unit, Dwarf_Die *die);

/* The unit whose code is at that address of the file; false when none says so. */
bool dwarf_unit_at(Dwarf *dwarf, Dwarf_Addr address, Dwarf_Die *die);

/* The function whose code starts at that address. */
bool dwarf_function_at(Dwarf *dwarf, Dwarf_Addr address, Dwarf_Die *function);

/*
 * The first entry below one, and the next one beside it. What claims to stand further in front, and
 * so would never end, ends it.
 */
bool dwarf_first(Dwarf_Die *parent, Dwarf_Die *child);
bool dwarf_following(Dwarf_Die *die);

/*
 * The name of an entry, "" where it has none. dwarf_diename() does not look whether a name ends
 * before its section does.
 */
const char *dwarf_name(struct dwarf_file *dwarf, Dwarf_Die *die);

#endif
