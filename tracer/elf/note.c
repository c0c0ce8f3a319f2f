/*
 * The reader of `.note.stapsdt`: one note per site, its addresses corrected by `.stapsdt.base` and
 * turned into file offsets. What a note claims is checked here; what does not hold is named in a
 * warning and left out.
 */
#include "elf/note.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "elf/bytes.h"
#include "elf/describe.h"

enum { STAPSDT_VERSION = 3 };

/* What is the same for every note of a file. */
struct reader {
	struct elf_file *file;
	const struct elf_facts *facts;
	struct notes *notes;
	struct warnings *warnings;
	unsigned number;       /* of the next note */
	uint64_t base_address; /* of .stapsdt.base, where the file has one */
	struct relocations relocations;
	struct note_place *places; /* of notes->items, one for each */
	size_t place_count, place_room;
};

static const char no_address[] = "its address is 0: the linker discarded its code";
static const char no_segment[] = "its address is in no segment of the file";

/* `note` has the names where they are known already. */
static int skip(struct reader *r, const struct note *note, const char *reason, struct error *err)
{
	struct notes *notes = r->notes;
	struct note_left_out *left;

	warn(r->warnings, "%s: note %u of .note.stapsdt is left out: %s", elf_file_path(r->file),
	     r->number, reason);
	left = array_add(&notes->left_out, &notes->left_out_count, &notes->left_out_room,
	                 sizeof(*left));
	if (!left)
		return error_memory(err);
	*left = (struct note_left_out){.number = r->number, .reason = reason};
	if (note->operands && *note->provider && *note->name) {
		left->provider = note->provider;
		left->name = note->name;
		left->no_site = reason == no_address || reason == no_segment;
	}
	return 0;
}

/* Takes the next text of the note's contents; NULL when it does not end inside them. */
static const char *take_text(struct reader *r, const unsigned char **at, size_t *left)
{
	const unsigned char *text = *at, *end = *left ? memchr(text, '\0', *left) : NULL;
	size_t length;

	if (!end)
		return NULL;
	length = (size_t)(end - text);
	*at += length + 1;
	*left -= length + 1;
	return length ? arena_copy(&r->notes->arena, (const char *)text, length) : "";
}

/* Moves an address by the distance that .stapsdt.base moved; addresses wrap at their width. */
static uint64_t corrected(const struct reader *r, uint64_t address, uint64_t base)
{
	if (r->notes->has_base && base)
		address += r->base_address - base;
	return r->facts->bits == 32 ? (uint32_t)address : address;
}

/* Nothing has a place yet; a semaphore may be at 0 of its section. */
static const char *read_unlinked(struct reader *r, const struct elf_section *section,
                                 uint64_t offset, struct note *note, struct note_place *place)
{
	unsigned width = r->facts->bits / 8;
	struct note_place semaphore;

	if (!note_place_read(r->facts, section, &r->relocations, offset, place))
		return "no relocation says where its site is";
	note->address = place->address;
	note->has_semaphore =
	        note_place_read(r->facts, section, &r->relocations, offset + 2 * width, &semaphore);
	note->semaphore_address = note->has_semaphore ? semaphore.address : 0;
	return NULL;
}

static const char *read_linked(struct reader *r, const unsigned char *desc, struct note *note,
                               struct note_place *place)
{
	unsigned width = r->facts->bits / 8;
	bool big = r->facts->big_endian;
	uint64_t base = bytes_number(desc + width, width, big);
	uint64_t semaphore = bytes_number(desc + 2 * width, width, big);

	note->base = base;
	place->address = bytes_number(desc, width, big);
	note->address = corrected(r, place->address, base);
	if (!place->address)
		return no_address;
	if (!elf_file_offset(r->file, note->address, &note->offset))
		return no_segment;
	note->has_semaphore = semaphore != 0;
	if (!note->has_semaphore)
		return NULL;
	note->semaphore_address = corrected(r, semaphore, base);
	if (!elf_file_offset(r->file, note->semaphore_address, &note->semaphore_offset)) {
		note->semaphore_offset = 0;
		warn(r->warnings,
		     "%s: note %u of .note.stapsdt (%s:%s): its semaphore has no place in the file "
		     "and can't be raised",
		     elf_file_path(r->file), r->number, note->provider, note->name);
	}
	return NULL;
}

/* Reads one record of owner "stapsdt"; returns why it makes no sense, or NULL. */
static const char *read_note(struct reader *r, const struct elf_section *section,
                             const struct note_record *record, struct note *note,
                             struct note_place *place)
{
	size_t places = 3u * (r->facts->bits / 8u), left = record->desc_size;
	const unsigned char *at = record->desc;

	if (record->type != STAPSDT_VERSION)
		return "its version is not 3";
	if (left < places)
		return "it is too short for its three addresses";
	at += places;
	left -= places;
	note->number = r->number;
	note->provider = take_text(r, &at, &left);
	note->name = note->provider ? take_text(r, &at, &left) : NULL;
	note->operands = note->name ? take_text(r, &at, &left) : NULL;
	if (!note->operands)
		return "a text in it does not end";
	if (!*note->provider || !*note->name)
		return "it names no provider or no probe";
	if (r->facts->type != ET_REL)
		return read_linked(r, record->desc, note, place);
	return read_unlinked(r, section, (uint64_t)(record->desc - section->data), note, place);
}

static int add_note(struct reader *r, const struct elf_section *section,
                    const struct note_record *record, struct error *err)
{
	struct notes *notes = r->notes;
	struct note *added, note = {0};
	struct note_place *added_place, place = {0};
	const char *reason = read_note(r, section, record, &note, &place);

	if (notes->arena.failed)
		return error_memory(err);
	if (reason)
		return skip(r, &note, reason, err);
	added = array_add(&notes->items, &notes->count, &notes->room, sizeof(*added));
	if (!added)
		return error_memory(err);
	*added = note;
	added_place = array_add(&r->places, &r->place_count, &r->place_room, sizeof(*added_place));
	if (!added_place)
		return error_memory(err);
	*added_place = place;
	return 0;
}

static int read_section(struct reader *r, const struct elf_section *section, struct error *err)
{
	struct note_record record;
	enum note_step step;
	size_t at = 0;

	if (!section->data)
		return 0;
	while ((step = note_record_next(section->data, (size_t)section->size, 4,
	                                r->facts->big_endian, &at, &record)) == NOTE_STEP_RECORD) {
		int rc;

		if (record.name_size != sizeof("stapsdt") ||
		    memcmp(record.name, "stapsdt", sizeof("stapsdt")))
			continue; /* another owner's, none of our business */
		rc = add_note(r, section, &record, err);
		if (rc)
			return rc;
		r->number++;
	}
	if (step == NOTE_STEP_DAMAGED)
		return skip(r, &(struct note){0}, "it is cut short, and with it the rest of the section",
		            err);
	return 0;
}

static int read_base(struct reader *r, struct error *err)
{
	struct elf_section section;
	int rc = elf_file_section(r->file, ".stapsdt.base", &section, err);

	if (rc < 0)
		return rc;
	r->notes->has_base = rc == 1;
	r->base_address = rc ? section.address : 0;
	return 0;
}

int notes_read(struct elf_file *file, struct notes *notes, struct warnings *warnings,
               struct error *err)
{
	struct reader r = {
	        .file = file,
	        .facts = elf_file_facts(file),
	        .notes = notes,
	        .warnings = warnings,
	};
	struct elf_section section;
	size_t after = 0;
	int rc;

	*notes = (struct notes){0};
	rc = read_base(&r, err);
	if (!rc)
		rc = relocations_read(file, &r.relocations, err);
	while (!rc) {
		rc = elf_file_section_next(file, ".note.stapsdt", &after, &section, err);
		if (rc <= 0)
			break;
		rc = read_section(&r, &section, err);
	}
	if (!rc && notes->count)
		rc = notes_describe(file, notes, r.places, &r.relocations, warnings, err);
	relocations_free(&r.relocations);
	free(r.places);
	if (rc)
		notes_free(notes);
	return rc;
}

void notes_free(struct notes *notes)
{
	free(notes->items);
	free(notes->left_out);
	arena_free(&notes->arena);
	*notes = (struct notes){0};
}
