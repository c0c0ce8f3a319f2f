/*
 * The records of a note section: three 32-bit words (size of the name, size of the contents,
 * type), the name, the contents, each padded to the section's alignment.
 */
#include "elf/bytes.h"

/* Rounds up what is inside the section; the padding of the last record may be missing. */
static size_t padded_end(size_t at, size_t size, size_t align)
{
	size_t rest = at % align ? align - at % align : 0;

	return rest > size - at ? size : at + rest;
}

static bool only_zeros(const unsigned char *data, size_t at, size_t size)
{
	while (at < size && !data[at])
		at++;
	return at == size;
}

enum note_step note_record_next(const unsigned char *data, size_t size, size_t align,
                                bool big_endian, size_t *at, struct note_record *record)
{
	size_t place = *at;

	if (size - place < 12)
		return only_zeros(data, place, size) ? NOTE_STEP_END : NOTE_STEP_DAMAGED;
	record->name_size = (size_t)bytes_number(data + place, 4, big_endian);
	record->desc_size = (size_t)bytes_number(data + place + 4, 4, big_endian);
	record->type = (uint32_t)bytes_number(data + place + 8, 4, big_endian);
	place += 12;
	if (record->name_size > size - place)
		return NOTE_STEP_DAMAGED;
	record->name = data + place;
	place = padded_end(place + record->name_size, size, align);
	if (record->desc_size > size - place)
		return NOTE_STEP_DAMAGED;
	record->desc = data + place;
	*at = padded_end(place + record->desc_size, size, align);
	return NOTE_STEP_RECORD;
}
