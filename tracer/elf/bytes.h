/*
 * Bytes of an ELF file, read with their bounds first: integers of either byte order and the
 * records of a note section. Private to this folder.
 */
#ifndef TELLTALE_ELF_BYTES_H
#define TELLTALE_ELF_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads an integer of 1 to 8 bytes that is known to be inside its buffer. */
static inline uint64_t bytes_number(const unsigned char *bytes, unsigned size, bool big_endian)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value = value << 8 | bytes[big_endian ? i : size - 1 - i];
	return value;
}

/* One record of a note section; name and desc point into the section. */
struct note_record {
	const unsigned char *name, *desc;
	size_t name_size, desc_size;
	uint32_t type;
};

enum note_step {
	NOTE_STEP_END,     /* nothing (or only padding) is left */
	NOTE_STEP_RECORD,  /* *record is set, *at is behind it */
	NOTE_STEP_DAMAGED, /* a record that claims more than there is: no way to go on */
};

/*
 * Steps through the records of a note section. align is 4, or 8 for the few sections whose
 * sh_addralign says so (.note.gnu.property).
 */
enum note_step note_record_next(const unsigned char *data, size_t size, size_t align,
                                bool big_endian, size_t *at, struct note_record *record);

#endif
