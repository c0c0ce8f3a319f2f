/*
 * The join of `.note.stapsdt` and `.note.telltale`, as sdk/NOTE.md has it: a site note belongs to
 * the stapsdt note of the same address, a text note to the site note of the same provider, probe,
 * number of operands and line that follows it. One pass over each, hash tables between them.
 */
#include "elf/describe.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "elf/bytes.h"
#include "elf/names.h"

enum { NOTE_SITE = 1, NOTE_TEXT = 2, NOTE_VERSION = 1 };
/* Where the address begins in a site note, the names in a text note. */
enum { FIXED_PART = 8 };
/* How many stapsdt notes of one address are looked at; identical folded functions have a few. */
enum { MOST_FOLDED = 16 };

static const size_t NONE = SIZE_MAX;

/* A text note; its names are cut when the first site asks for them. */
struct text {
	const char *text;
	size_t length;
	struct argument_name *names;
	bool cut;
};

/* The texts of one provider, probe, number of operands and line. */
struct group {
	size_t first, last; /* of texts; NONE */
};

/* A site note that has its stapsdt note. */
struct site {
	size_t note, group, text;
	const unsigned char *kinds;
	size_t count;
};

struct join {
	const struct elf_facts *facts;
	struct notes *notes;
	const struct note_place *places;
	const struct relocations *relocations;
	struct warnings *warnings;
	const char *path;
	size_t *next;          /* the next stapsdt note of the same address, or NONE */
	struct table by_place; /* struct note_place to the first stapsdt note */
	struct table by_key;   /* group_key to a group */
	struct arena keys;
	struct buffer key;
	struct text *texts;
	size_t text_count, text_room;
	struct group *groups;
	size_t group_count, group_room;
	struct site *sites;
	size_t site_count, site_room;
};

bool note_place_read(const struct elf_facts *facts, const struct elf_section *section,
                     const struct relocations *relocations, uint64_t offset,
                     struct note_place *place)
{
	const struct relocation *relocation = relocation_at(relocations, section->index, offset);

	*place = (struct note_place){
	        .address = bytes_number(section->data + offset, facts->bits / 8, facts->big_endian),
	};
	if (!relocation)
		return facts->type != ET_REL;
	place->section = relocation->symbol_section;
	place->address = relocation->value + (relocation->in_place ? place->address : 0);
	if (facts->bits == 32)
		place->address = (uint32_t)place->address;
	return true;
}

/* Operands with a size, `N@`; the SDK writes no others. */
static size_t count_operands(const char *text)
{
	size_t count = 0;

	while (*text) {
		const char *c = text + (*text == '-');

		while (*c >= '0' && *c <= '9')
			c++;
		c += *c == 'f';
		count += *c == '@' && c > text;
		text += strcspn(text, " \t");
		text += strspn(text, " \t");
	}
	return count;
}

static int index_places(struct join *j, struct error *err)
{
	size_t *last = NULL, first;
	int rc = 0;

	j->next = malloc((j->notes->count + 1) * sizeof(*j->next));
	last = malloc((j->notes->count + 1) * sizeof(*last));
	if (!j->next || !last)
		rc = error_memory(err);
	for (size_t i = 0; !rc && i < j->notes->count; i++) {
		int found = table_put(&j->by_place, &j->places[i], sizeof(j->places[i]), i, &first);

		j->next[i] = NONE;
		if (found < 0)
			rc = error_memory(err);
		else if (found)
			j->next[last[first]] = i;
		if (!rc)
			last[first] = i;
	}
	free(last);
	return rc;
}

/* The stapsdt note of a site: of those at its address, the first that fits and has none yet. */
static size_t find_note(const struct join *j, const struct note_place *place, size_t operands)
{
	size_t i;

	if (!table_get(&j->by_place, place, sizeof(*place), &i))
		return NONE;
	for (unsigned tries = 0; i != NONE && tries < MOST_FOLDED; tries++, i = j->next[i])
		if (!j->notes->items[i].arguments &&
		    count_operands(j->notes->items[i].operands) == operands)
			return i;
	return NONE;
}

/* Finds or makes the group; NONE when memory is out. */
static size_t find_group(struct join *j, size_t operands, uint64_t line, const char *provider,
                         const char *name)
{
	struct group *added;
	char *key;
	size_t found;

	buffer_clear(&j->key);
	buffer_print(&j->key, "%zu %llu %s", operands, (unsigned long long)line, provider);
	buffer_add(&j->key, "", 1);
	buffer_text(&j->key, name);
	if (j->key.failed)
		return NONE;
	if (table_get(&j->by_key, j->key.data, j->key.length, &found))
		return found;
	key = arena_copy(&j->keys, j->key.data, j->key.length);
	added = key ? array_add(&j->groups, &j->group_count, &j->group_room, sizeof(*added)) : NULL;
	if (!added)
		return NONE;
	*added = (struct group){NONE, NONE};
	return table_put(&j->by_key, key, j->key.length, j->group_count - 1, &found) ? NONE : found;
}

static int add_text(struct join *j, const struct note_record *record, struct error *err)
{
	const char *at = (const char *)record->desc + FIXED_PART;
	const char *end = (const char *)record->desc + record->desc_size;
	const char *provider = at, *name, *provider_end, *name_end;
	struct text *added;
	size_t group;

	provider_end = memchr(at, '\0', (size_t)(end - at));
	if (!provider_end)
		return 0;
	name = provider_end + 1;
	name_end = memchr(name, '\0', (size_t)(end - name));
	if (!name_end)
		return 0;
	group = find_group(j, record->desc[2],
	                   bytes_number(record->desc + 4, 4, j->facts->big_endian), provider, name);
	added = group == NONE ? NULL
	                      : array_add(&j->texts, &j->text_count, &j->text_room, sizeof(*added));
	if (!added)
		return error_memory(err);
	added->text = name_end + 1;
	added->length = strnlen(added->text, (size_t)(end - added->text));
	j->groups[group].last = j->text_count - 1;
	if (j->groups[group].first == NONE)
		j->groups[group].first = j->text_count - 1;
	return 0;
}

static int add_site(struct join *j, const struct elf_section *section,
                    const struct note_record *record, struct error *err)
{
	size_t width = j->facts->bits / 8, count = record->desc[2];
	struct note_place place;
	struct note *note;
	struct site *added;
	size_t found;

	if (record->desc[1] != width || record->desc_size < FIXED_PART + 2 * width + count ||
	    !note_place_read(j->facts, section, j->relocations,
	                     (uint64_t)(record->desc - section->data) + FIXED_PART, &place))
		return 0;
	found = find_note(j, &place, count);
	if (found == NONE || !count)
		return 0;
	note = &j->notes->items[found];
	note->arguments = arena_alloc(&j->notes->arena, count * sizeof(*note->arguments));
	note->argument_count = count;
	added = array_add(&j->sites, &j->site_count, &j->site_room, sizeof(*added));
	if (!note->arguments || !added)
		return error_memory(err);
	added->note = found;
	added->kinds = record->desc + FIXED_PART + 2 * width;
	added->count = count;
	added->group = find_group(j, count, bytes_number(record->desc + 4, 4, j->facts->big_endian),
	                          note->provider, note->name);
	if (added->group == NONE)
		return error_memory(err);
	added->text = j->groups[added->group].last;
	return 0;
}

static int read_section(struct join *j, const struct elf_section *section, struct error *err)
{
	struct note_record record;
	enum note_step step;
	size_t at = 0;
	int rc = 0;

	if (!section->data)
		return 0;
	while (!rc &&
	       (step = note_record_next(section->data, (size_t)section->size, 4,
	                                j->facts->big_endian, &at, &record)) == NOTE_STEP_RECORD) {
		if (record.name_size != sizeof("telltale") ||
		    memcmp(record.name, "telltale", sizeof("telltale")) ||
		    record.desc_size < FIXED_PART || record.desc[0] != NOTE_VERSION)
			continue;
		if (record.type == NOTE_SITE)
			rc = add_site(j, section, &record, err);
		else if (record.type == NOTE_TEXT)
			rc = add_text(j, &record, err);
	}
	if (!rc && step == NOTE_STEP_DAMAGED)
		warn(j->warnings, "%s: .note.telltale is cut short; some names are missing",
		     j->path);
	return rc;
}

/* The names that a text gives, or NULL; cut once, however many sites share the text. */
static const struct argument_name *text_names(struct join *j, size_t index, size_t count)
{
	struct text *text = index == NONE ? NULL : &j->texts[index];

	if (!text)
		return NULL;
	if (!text->cut) {
		text->cut = true;
		text->names = arena_alloc(&j->keys, count * sizeof(*text->names));
		if (text->names &&
		    !argument_names(&j->notes->arena, text->text, text->length, text->names, count))
			text->names = NULL;
	}
	return text->names;
}

/* A buffer takes the operand behind it as its length. */
static enum note_kind kind_of(const struct site *site, size_t i)
{
	enum note_kind kind = site->kinds[i] <= NOTE_BUFFER ? site->kinds[i] : NOTE_UNKNOWN;

	return kind == NOTE_BUFFER && i + 1 == site->count ? NOTE_POINTER : kind;
}

static void describe_site(struct join *j, const struct site *site)
{
	struct note_argument *arguments =
	        (struct note_argument *)j->notes->items[site->note].arguments;
	size_t text = site->text == NONE ? j->groups[site->group].first : site->text;
	const struct argument_name *names = text_names(j, text, site->count);

	for (size_t i = 0; i < site->count; i++) {
		struct note_argument *argument = &arguments[i];

		argument->kind = kind_of(site, i);
		argument->name = names ? names[i].name : "";
		argument->type = names ? names[i].type : NULL;
		if (i && arguments[i - 1].kind == NOTE_BUFFER && !arguments[i - 1].hidden) {
			argument->hidden = true;
			if (argument->kind != NOTE_SIGNED)
				argument->kind = NOTE_UNSIGNED;
			arguments[i - 1].length_argument = (unsigned)i;
		}
	}
}

int notes_describe(struct elf_file *file, struct notes *notes, const struct note_place *places,
                   const struct relocations *relocations, struct warnings *warnings,
                   struct error *err)
{
	struct join j = {
	        .facts = elf_file_facts(file),
	        .notes = notes,
	        .places = places,
	        .relocations = relocations,
	        .warnings = warnings,
	        .path = elf_file_path(file),
	};
	struct elf_section section;
	size_t after = 0;
	int rc = elf_file_section(file, ".note.telltale", &section, err);

	if (rc <= 0)
		return rc;
	rc = index_places(&j, err);
	while (!rc) {
		rc = elf_file_section_next(file, ".note.telltale", &after, &section, err);
		if (rc <= 0)
			break;
		rc = read_section(&j, &section, err);
	}
	for (size_t i = 0; !rc && i < j.site_count; i++)
		describe_site(&j, &j.sites[i]);
	if (!rc && (notes->arena.failed || j.keys.failed))
		rc = error_memory(err);
	free(j.next);
	free(j.texts);
	free(j.groups);
	free(j.sites);
	table_free(&j.by_place);
	table_free(&j.by_key);
	arena_free(&j.keys);
	buffer_free(&j.key);
	return rc;
}
