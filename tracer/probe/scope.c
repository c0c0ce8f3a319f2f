/*
 * Owns the way from sites to the scopes around them, in one walk over the DWARF of a file: a unit, a
 * function, a block without sites is passed over. What files claim is not believed: entries come one
 * behind the other, and blocks in blocks are counted.
 */
#include "scope.h"

#include "types/dwarf.h"

#include <dwarf.h>

enum { DEPTH_MOST = 64 };

struct walk {
	struct scoped_site *sites;
	size_t count;
	Dwarf_Die *unit;
};

/* The first site at or behind an address. */
static size_t first_at(const struct walk *w, Dwarf_Addr address)
{
	size_t low = 0, high = w->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->sites[middle].site->address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void enter(const struct walk *w, struct scoped_site *s, Dwarf_Die *die, int tag)
{
	if (tag == DW_TAG_subprogram)
		s->function = *die;
	if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) {
		s->scope_count = 0;
		s->unit = *w->unit;
	}
	if (s->scope_count < SCOPES_MOST)
		s->scopes[s->scope_count++] = *die;
}

/* Enters the sites that are in the entry's code (tag 0: none); true when there are some. */
static bool enter_sites(const struct walk *w, Dwarf_Die *die, int tag)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;
	bool some = false;

	while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		for (size_t i = first_at(w, start); i < w->count && w->sites[i].site->address < end;
		     i++) {
			some = true;
			if (tag)
				enter(w, &w->sites[i], die, tag);
		}
	}
	return some;
}

static void walk_below(const struct walk *w, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MOST)
		return;
	for (bool more = dwarf_first(parent, &die); more; more = dwarf_following(&die)) {
		int tag = dwarf_tag(&die);

		switch (tag) {
		case DW_TAG_subprogram:
		case DW_TAG_inlined_subroutine:
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			if (enter_sites(w, &die, tag))
				walk_below(w, &die, depth + 1);
			break;
		case DW_TAG_namespace:
			walk_below(w, &die, depth + 1);
			break;
		}
	}
}

void scopes_find(Dwarf *dwarf, struct scoped_site *sites, size_t count)
{
	struct walk w = {.sites = sites, .count = count};
	Dwarf_CU *unit = NULL;
	Dwarf_Die own, split;
	uint8_t type;

	while (count && !dwarf_get_units(dwarf, unit, &unit, NULL, &type, &own, &split)) {
		if (!own.addr || !enter_sites(&w, &own, 0))
			continue;
		w.unit = type == DW_UT_skeleton && split.addr ? &split : &own;
		walk_below(&w, w.unit, 0);
	}
}
