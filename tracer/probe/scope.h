/*
 * What DWARF says of the code around a site: which variables its source could name there, and where
 * each is. Private to this folder.
 */
#ifndef TELLTALE_PROBE_SCOPE_H
#define TELLTALE_PROBE_SCOPE_H

#include "probe.h"
#include "elf/note.h"

#include <elfutils/libdw.h>

struct elf_file;

enum { SCOPES_MOST = 32 };

/* One site, with the scopes around it: [0] is a function, the others are blocks in it, inward. A
 * function that was inlined is one: what called it is not seen from within. */
struct scoped_site {
	const struct probe_site *site;
	size_t probe; /* the caller's number */
	Dwarf_Die scopes[SCOPES_MOST];
	unsigned scope_count;
	Dwarf_Die function; /* the one that the code is in; addr NULL: not known */
	Dwarf_Die unit;
};

/* Where a value is, in words that operands and DWARF share. */
struct place {
	enum place_kind {
		PLACE_NONE,
		PLACE_REGISTER, /* number */
		PLACE_MEMORY,	/* at register number + offset */
		PLACE_STATIC,	/* at the address `offset` */
		PLACE_ADDRESS,	/* nowhere: it is the address `offset` itself */
	} kind;
	int number;
	int64_t offset;
};

struct dwarf_tables {
	Dwarf *dwarf;
	Dwarf_CFI *frames, *debug_frames; /* either may be NULL */
};

/* Finds the scopes of sites, which are sorted by address. */
void scopes_find(Dwarf *dwarf, struct scoped_site *sites, size_t count);

/* place.c: where an operand of a site is, and a variable at an address in front of it. */
struct place place_of_operand(const struct probe_site *site, size_t operand);
struct place place_of_variable(const struct dwarf_tables *tables, const struct scoped_site *site,
			       Dwarf_Addr address, Dwarf_Die *variable);
bool place_same(const struct place *a, const struct place *b);

/* copies.c: what was moved right in front of a site. */
enum { COPIES_MOST = 48 };
struct copies {
	struct copy {
		struct place to, from;
		uint8_t size;	  /* bytes */
		uint64_t address; /* of the instruction */
		bool stale;	  /* overwritten since */
		size_t self, before; /* numbers, from 1; before: of what was copied on, 0 none */
	} items[COPIES_MOST];
	size_t count;
};
/* A function's code; zeroed before the first use. */
struct function_code {
	uint64_t address;
	size_t size;
	uint8_t *bytes;
	uint8_t *targets; /* a bit for each byte: something jumps there */
	bool swept;	  /* they are known */
};
void copies_find(const struct elf_file *elf, const struct scoped_site *site, struct function_code *code,
		 struct copies *copies);
void function_code_free(struct function_code *code);
/* The copy that is in a place at the site, and where that was copied from; or NULL. */
const struct copy *copy_at(const struct copies *copies, const struct place *place, unsigned size);
const struct copy *copy_before(const struct copies *copies, const struct copy *copy);

/* sweep.c: sets the bits of what is jumped to; false when some instruction is not known. */
bool sweep_targets(const uint8_t *code, size_t size, uint8_t *targets);
/* The length of the first instruction; 0 not known. */
size_t sweep_length(const uint8_t *code, size_t size);

/* A variable's type, as its source writes it, and what it is to an argument; false where it can't be
 * an argument of that operand: of another size or sign. */
bool variable_type(Dwarf_Die *variable, const struct operand *operand, struct buffer *text,
		   enum note_kind *kind);

/* Its type alone; false where that has no name. */
bool variable_text(Dwarf_Die *variable, struct buffer *text);

#endif
