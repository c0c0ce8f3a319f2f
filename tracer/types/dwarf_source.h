/* What the files that read DWARF types share; private to this folder. */
#ifndef TELLTALE_TYPES_DWARF_SOURCE_H
#define TELLTALE_TYPES_DWARF_SOURCE_H

#include "types/dwarf.h"
#include "types/source.h"

struct dwarf_source {
	struct type_source base;
	struct elf_file *elf; /* the traced file */
	struct dwarf_file file;
	struct table nodes; /* address of an entry to its place below */
	struct dwarf_entry **entries;
	size_t entry_count, entry_room;
};

struct dwarf_search {
	struct dwarf_source *source;
	int (*visit)(struct dwarf_search *s, Dwarf_Die *die, int tag);
	enum ctype_kind kind;
	const char *name;
	struct table imported; /* units that have been looked at */
	struct error *err;
	/* the answer */
	Dwarf_Die found; /* addr NULL: none */
	const struct ctype *type;
	uint64_t value;
};

int dwarf_find(struct type_source *base, const struct type_place *place, enum ctype_kind kind,
	       const char *name, const struct ctype **found, struct error *err);
int dwarf_constant(struct type_source *base, const struct type_place *place, const char *name,
		   uint64_t *value, const struct ctype **type, struct error *err);

int dwarf_parameter(struct type_source *base, const struct type_place *place, const char *name, size_t at,
		    struct type_parameter *parameter, struct error *err);
int dwarf_returned(struct type_source *base, const struct type_place *place, const struct ctype **type,
		   struct error *err);

/* The type that an entry has, void where it has none; NULL as below. */
struct ctype *dwarf_type_of(struct dwarf_source *source, Dwarf_Die *die);

/* The node of an entry; NULL when memory is out, or the entry makes no sense. */
struct ctype *dwarf_node(struct dwarf_source *source, Dwarf_Die *die, unsigned depth);

#endif
