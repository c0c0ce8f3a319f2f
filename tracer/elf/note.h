/*
 * The notes of a file: `.note.stapsdt` (owner "stapsdt", type 3; three addresses of the file's
 * own width -- site, base, semaphore -- then three texts: provider, name, operands), joined with
 * `.note.telltale` (sdk/NOTE.md) by the address of the site.
 *
 * A linker may move sections after the notes were written (prelink): a site's true address is
 * address + (where `.stapsdt.base` is now - base). Semaphores move by the same distance.
 *
 * A file that is not linked (ET_REL) is listed as well: its addresses are those inside of the
 * sections (as readelf shows them), and nothing in it has an offset.
 */
#ifndef TELLTALE_ELF_NOTE_H
#define TELLTALE_ELF_NOTE_H

#include "elf/file.h"

/* What an argument is, as the program's author declared it; the numbers are those of sdk/NOTE.md.
 */
enum note_kind {
	NOTE_UNKNOWN,
	NOTE_SIGNED,
	NOTE_UNSIGNED,
	NOTE_BOOL,
	NOTE_CHAR,
	NOTE_FLOAT,
	NOTE_POINTER,
	NOTE_STRING, /* char *, NUL-terminated */
	NOTE_BUFFER, /* bytes; their length is in the argument that length_argument names */
};

struct note_argument {
	enum note_kind kind;
	const char *name;         /* never NULL; "" where the author gave none */
	const char *type;         /* the declared type, where the author gave it; else NULL */
	unsigned length_argument; /* NOTE_BUFFER: index of the operand that holds its length */
	bool hidden; /* an operand of its own that people do not see (a buffer's length) */
};

struct note {
	unsigned number;  /* place in the section, from 0 */
	uint64_t address; /* of the site, corrected */
	uint64_t offset;  /* of the site in the file; 0 in an ET_REL file */
	bool has_semaphore;
	/* The offset is 0 where the semaphore has no place in the file: it can't be raised then. */
	uint64_t semaphore_address, semaphore_offset;
	uint64_t base; /* where `.stapsdt.base` was when the note was written; 0 is wrong */
	const char *provider, *name;
	const char *operands;                  /* "" for a probe without arguments */
	const struct note_argument *arguments; /* NULL where no .note.telltale describes them */
	size_t argument_count;
};

/* A note that was left out, for whoever wants to know of what is not there. */
struct note_left_out {
	unsigned number;
	const char *provider, *name; /* NULL where the note does not tell */
	const char *reason;
	bool no_site; /* all is well with it, but that the linker kept no code of it */
};

struct notes {
	struct note *items; /* in the order of the section */
	size_t count, room;
	struct note_left_out *left_out;
	size_t left_out_count, left_out_room;
	bool has_base;      /* the file has a `.stapsdt.base` */
	struct arena arena; /* the texts */
};

/*
 * Reads all notes. One that makes no sense (cut short, a text that does not end, an address
 * outside every segment) is named in a warning -- file, number, reason -- and left out; the rest is
 * read. A file without the section has count 0 and is no error.
 */
int notes_read(struct elf_file *file, struct notes *notes, struct warnings *warnings,
               struct error *err);
void notes_free(struct notes *notes);

#endif
