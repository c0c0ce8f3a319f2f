/*
 * From an address of a file to the line of its source, by DWARF's line tables: the unit that has the
 * address, then the last row at or before it.
 */
#include "internal.h"

#include "types/dwarf.h"

#include <stdlib.h>

struct lines {
	struct dwarf_file file;
};

struct lines *lines_open(struct elf_file *elf)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	struct error ignored;

	if (lines && dwarf_file_open(elf, &lines->file, &ignored) == 1)
		return lines;
	free(lines);
	return NULL;
}

bool lines_at(struct lines *lines, uint64_t address, const char **source, unsigned *line)
{
	Dwarf_Line *row;
	Dwarf_Die unit;
	int number;

	if (!dwarf_unit_at(lines->file.dwarf, address, &unit))
		return false;
	row = dwarf_getsrc_die(&unit, address);
	if (!row || dwarf_lineno(row, &number) || number <= 0)
		return false; /* row 0: code that is of no line */
	*source = dwarf_linesrc(row, NULL, NULL);
	*line = (unsigned)number;
	return *source != NULL;
}

void lines_close(struct lines *lines)
{
	if (!lines)
		return;
	dwarf_file_close(&lines->file);
	free(lines);
}
