/*
 * Owns the way from the notes of the target's files to probes: one probe for each file, provider
 * and name, its sites in the order of the notes. Operands are parsed once for each text: sites that
 * share it share the array, and their variant.
 */
#include "definition.h"
#include "describe.h"

#include "elf/file.h"
#include "elf/got.h"
#include "elf/note.h"
#include "elf/symbol.h"
#include "operand/operand.h"
#include "process/target.h"
#include "types/types.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One text of operands on one architecture. */
struct text {
	const char *text;
	struct operand *operands;
	size_t count;
	bool has_symbol, has_pc;
	size_t variant; /* where no symbol is in the way */
};

struct reader {
	struct probe_set *set;
	struct definitions *definitions;
	struct warnings *warnings;
	struct table by_text; /* machine, bits, file where it matters, text: to texts */
	struct text *texts;
	size_t text_count, text_room;
	struct buffer key;

	/* of the file at hand */
	const struct target_file *file;
	uint32_t number;
	const struct elf_facts *facts;
	struct notes notes;
	struct table by_name; /* provider NUL name: to a probe, counted from first_probe */
	size_t first_probe;
	const struct note **described; /* one for each probe of the file: its best description */
	size_t described_count, described_room;
	struct symbols *symbols; /* read when the first operand asks */
	struct table got;	 /* with them: names to entries of the global offset table */
	bool symbols_asked;
};

/* ---- operands ---- */

static int parse_text(struct reader *r, const char *source, struct text *text, struct error *err)
{
	struct arena *arena = &r->set->arena;
	int rc = 0;

	text->text = arena_string(arena, source);
	if (!text->text)
		return error_memory(err);
	/* Of an unknown architecture (said once for the file) sites are listed without operands. */
	if (operand_machine(r->facts->machine, r->facts->bits))
		rc = operands_parse(r->facts->machine, r->facts->bits, text->text, arena,
				    &text->operands, &text->count, err);
	for (size_t i = 0; !rc && i < text->count; i++) {
		text->has_symbol |= text->operands[i].symbol != NULL;
		text->has_pc |= text->operands[i].symbol &&
				text->operands[i].base != OPERAND_BASE_THREAD &&
				text->operands[i].base != OPERAND_BASE_TPOFF;
	}
	text->variant = text->has_pc ? 0 : r->set->variant_count++;
	return rc;
}

/* A text with a symbol has another meaning in each file, so it is looked for by file, too. */
static int find_text(struct reader *r, const char *source, const struct text **found,
		     struct error *err)
{
	uint32_t tag[3] = {r->facts->machine, r->facts->bits, 0};
	struct text *text;
	size_t place;
	char *key;
	int rc;

	buffer_clear(&r->key);
	buffer_add(&r->key, tag, sizeof(tag));
	buffer_text(&r->key, source);
	if (r->key.failed)
		return error_memory(err);
	if (table_get(&r->by_text, r->key.data, r->key.length, &place)) {
		*found = &r->texts[place];
		return 0;
	}
	tag[2] = r->number + 1;
	memcpy(r->key.data, tag, sizeof(tag));
	if (table_get(&r->by_text, r->key.data, r->key.length, &place)) {
		*found = &r->texts[place];
		return 0;
	}
	text = array_add(&r->texts, &r->text_count, &r->text_room, sizeof(*text));
	if (!text)
		return error_memory(err);
	rc = parse_text(r, source, text, err);
	if (rc)
		return rc;
	if (!text->has_symbol) {
		tag[2] = 0;
		memcpy(r->key.data, tag, sizeof(tag));
	}
	key = arena_copy(&r->set->arena, r->key.data, r->key.length);
	if (!key || table_put(&r->by_text, key, r->key.length, r->text_count - 1, &place) < 0)
		return error_memory(err);
	*found = text;
	return 0;
}

/* ---- symbols ---- */

static void ask_symbols(struct reader *r)
{
	struct error err = {0};

	if (r->symbols_asked)
		return;
	r->symbols_asked = true;
	if (symbols_read(r->file->elf, &r->symbols, &err))
		warn(r->warnings, "%s: its symbols can't be read: %s", r->file->path, err.text);
	if (elf_file_got(r->file->elf, &r->got, &err))
		warn(r->warnings, "%s: %s", r->file->path, err.text);
}

/* The global offset table's own place. */
static bool got_place(const struct reader *r, uint64_t *place)
{
	const struct symbol *symbol =
		symbols_named(r->symbols, "_GLOBAL_OFFSET_TABLE_", NULL);

	if (symbol)
		*place = symbol->address;
	return symbol || elf_file_got_place(r->file->elf, place);
}

/*
 * The symbol of one operand. One that is reached through the global offset table may be another
 * file's (also where this one defines it), so its entry there is what counts.
 */
static void resolve_one(struct reader *r, const struct operand *operand, uint64_t *address,
			bool *known, bool *in_got)
{
	const struct symbol *symbol;
	bool ambiguous = false;
	uint64_t place = 0;
	size_t entry;

	if (operand->base == OPERAND_BASE_GOT &&
	    table_get(&r->got, operand->symbol, strlen(operand->symbol), &entry)) {
		*address = entry;
		*in_got = *known = true;
		return;
	}
	symbol = r->symbols ? symbols_named(r->symbols, operand->symbol, &ambiguous) : NULL;
	if (!symbol || ambiguous)
		return;
	*address = symbol->address;
	if (operand_gotoff_of_two(operand)) {
		*known = got_place(r, &place);
		*address -= place;
		return;
	}
	*known = symbol->type != STT_TLS || elf_file_thread_offset(r->file->elf, address);
}

static int resolve(struct reader *r, struct probe_site *site, struct error *err)
{
	size_t count = site->operand_count;
	uint64_t *addresses = arena_alloc(&r->set->arena, count * sizeof(*addresses));
	bool *known = arena_alloc(&r->set->arena, count * sizeof(*known));
	bool *in_got = arena_alloc(&r->set->arena, count * sizeof(*in_got));

	if (!addresses || !known || !in_got)
		return error_memory(err);
	ask_symbols(r);
	for (size_t i = 0; i < count; i++)
		if (site->operands[i].symbol)
			resolve_one(r, &site->operands[i], &addresses[i], &known[i], &in_got[i]);
	site->symbol_addresses = addresses;
	site->symbol_known = known;
	site->symbol_in_got = in_got;
	return 0;
}

/* ---- probes ---- */

static struct probe *find_probe(struct reader *r, const struct note *note, size_t *place)
{
	size_t provider = strlen(note->provider) + 1, name = strlen(note->name);
	const struct note **described;
	struct probe *probe;
	char *key;

	buffer_clear(&r->key);
	buffer_add(&r->key, note->provider, provider);
	buffer_add(&r->key, note->name, name);
	if (r->key.failed)
		return NULL;
	if (table_get(&r->by_name, r->key.data, r->key.length, place))
		return &r->set->items[r->first_probe + *place];
	*place = r->described_count;
	key = arena_copy(&r->set->arena, r->key.data, r->key.length);
	if (!key || table_put(&r->by_name, key, r->key.length, *place, place) < 0)
		return NULL;
	probe = array_add(&r->set->items, &r->set->count, &r->set->room, sizeof(*probe));
	described = array_add(&r->described, &r->described_count, &r->described_room,
			      sizeof(*described));
	if (!probe || !described)
		return NULL;
	probe->kind = PROBE_USDT;
	probe->file = r->number;
	probe->provider = key;
	probe->name = key + provider;
	return probe;
}

static int add_site(struct reader *r, const struct note *note, struct error *err)
{
	const struct text *text = NULL;
	struct probe_site *site;
	struct probe *probe;
	size_t place;
	int rc = find_text(r, note->operands, &text, err);

	if (rc)
		return rc;
	probe = find_probe(r, note, &place);
	site = probe ? array_add(&probe->sites, &probe->site_count, &probe->site_room,
				 sizeof(*site))
		     : NULL;
	if (!site)
		return error_memory(err);
	*site = (struct probe_site){
		.address = note->address,
		.offset = note->offset,
		.has_semaphore = note->has_semaphore,
		.semaphore_address = note->semaphore_address,
		.semaphore_offset = note->semaphore_offset,
		.operands = text->operands,
		.operand_count = text->count,
		.operand_text = text->text,
		.machine = r->facts->machine,
		.bits = r->facts->bits,
		.variant = text->has_pc ? r->set->variant_count++ : text->variant,
	};
	if (note->arguments && (!r->described[place] ||
				r->described[place]->argument_count < note->argument_count))
		r->described[place] = note;
	return text->has_symbol ? resolve(r, site, err) : 0;
}

/* ---- files ---- */

/* The description that the notes carry, else the one of a provider file. */
static int describe(struct reader *r, struct probe *probe, const struct note *described,
		    struct error *err)
{
	struct note defined = {0};
	int rc = 0;

	if (!described && probe->site_count)
		rc = definitions_find(r->definitions, probe->provider, probe->name,
				      probe->sites[0].operand_count, &r->set->arena, &defined);
	if (rc < 0)
		return error_memory(err);
	return probe_describe(probe, rc ? &defined : described, &r->set->arena, err);
}

static int read_notes(struct reader *r, struct error *err)
{
	int rc = notes_read(r->file->elf, &r->notes, r->warnings, err);

	if (rc)
		return rc;
	if (r->notes.count && !operand_machine(r->facts->machine, r->facts->bits))
		warn(r->warnings,
		     "%s: operands of this architecture (ELF machine %u) can't be read, so its "
		     "probes have no arguments",
		     r->file->path, r->facts->machine);
	for (size_t i = 0; !rc && i < r->notes.count; i++)
		rc = add_site(r, &r->notes.items[i], err);
	for (size_t i = 0; !rc && i < r->described_count; i++)
		rc = describe(r, &r->set->items[r->first_probe + i], r->described[i], err);
	return rc;
}

static int read_file(struct reader *r, size_t number, struct error *err)
{
	int rc;

	r->file = &r->set->target->files[number];
	r->number = (uint32_t)number;
	r->facts = elf_file_facts(r->file->elf);
	r->first_probe = r->set->count;
	r->described_count = 0;
	rc = read_notes(r, err);
	symbols_free(r->symbols);
	r->symbols = NULL;
	r->symbols_asked = false;
	table_free(&r->got);
	table_free(&r->by_name);
	notes_free(&r->notes);
	r->notes = (struct notes){0};
	if (!rc || rc == -ENOMEM || r->set->target->file_count == 1)
		return rc;
	/* What was read of it has no arguments yet: all of it goes. */
	while (r->set->count > r->first_probe)
		free(r->set->items[--r->set->count].sites);
	warn(r->warnings, "%s", err->text);
	return 0;
}

static int read_files(const struct target *target, size_t first, size_t end,
		      struct definitions *definitions, struct probe_set *set,
		      struct warnings *warnings, struct error *err)
{
	struct reader r = {.set = set, .definitions = definitions, .warnings = warnings};
	int rc = 0;

	set->target = target;
	set->warnings = warnings;
	for (size_t i = first; !rc && i < end; i++)
		rc = read_file(&r, i, err);
	table_free(&r.by_text);
	buffer_free(&r.key);
	free(r.texts);
	free(r.described);
	return rc;
}

int probes_read(const struct target *target, struct definitions *definitions,
		struct probe_set *set, struct warnings *warnings, struct error *err)
{
	*set = (struct probe_set){0};
	return read_files(target, 0, target->file_count, definitions, set, warnings, err);
}

int probes_read_file(const struct target *target, size_t file, struct definitions *definitions,
		     struct probe_set *set, struct warnings *warnings, struct error *err)
{
	*set = (struct probe_set){.addition = true, .may_miss = true, .file = file};
	return read_files(target, file, file + 1, definitions, set, warnings, err);
}

void probes_free(struct probe_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->items[i].sites);
	free(set->items);
	table_free(&set->others);
	free(set->other);
	if (set->types)
		types_free(set->types);
	free(set->types);
	arena_free(&set->arena);
	*set = (struct probe_set){0};
}

const char *probe_path(const struct probe_set *set, const struct probe *probe)
{
	if (probe->kind != PROBE_USDT || !set->target || probe->file >= set->target->file_count)
		return "";
	return set->target->files[probe->file].path;
}
