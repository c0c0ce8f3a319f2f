/*
 * Owns names and types of arguments that neither the notes nor a provider file tell: those of the
 * variable or parameter, visible at the site, that is where the operand is. Where two are, or
 * sites do not agree, there is no name. Read when somebody asks for names, once for each probe.
 */
#include "describe.h"
#include "scope.h"

#include "elf/file.h"
#include "operand/operand.h"
#include "process/target.h"
#include "types/dwarf.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What was found for one operand. */
struct guess {
	char *name, *type; /* in the set's arena */
	enum note_kind kind;
	bool differs;
};

struct naming {
	struct probe_set *set;
	const struct elf_file *elf;
	struct dwarf_tables tables;
	struct function_code code; /* of the function of the last site */
	struct probe **probes; /* of the file at hand */
	size_t count;
	struct scoped_site *sites;
	size_t site_count;
	struct guess **guesses; /* of each probe, for each of its operands */
	struct buffer text;
	/* Static variables of a unit, by their addresses; made when the first operand asks. */
	struct table statics;
	Dwarf_Die *static_dies;
	size_t static_count, static_room;
	void *static_unit;
	bool failed; /* memory ran out */
};

/* ---- one site ---- */

static void take(struct naming *n, struct guess *guess, const char *name, Dwarf_Die *variable,
		 const struct operand *op)
{
	enum note_kind kind;

	buffer_clear(&n->text);
	if (!variable_type(variable, op, &n->text, &kind))
		return;
	if (guess->name) {
		guess->differs |= strcmp(guess->name, name) != 0 || guess->kind != kind ||
				  strcmp(guess->type, buffer_string(&n->text)) != 0;
		return;
	}
	guess->name = arena_string(&n->set->arena, name);
	guess->type = arena_string(&n->set->arena, buffer_string(&n->text));
	guess->kind = kind;
	n->failed |= !guess->name || !guess->type || n->text.failed;
}

/* One variable, as it is at an address, against places, one for each operand. */
static void compare(struct naming *n, const struct scoped_site *s, Dwarf_Addr address,
		    const struct place *places, Dwarf_Die *variable, const char *name,
		    struct guess *guesses)
{
	struct place where = place_of_variable(&n->tables, s, address, variable);

	for (size_t i = 0; where.kind != PLACE_NONE && i < s->site->operand_count; i++)
		if (place_same(&where, &places[i]))
			take(n, &guesses[i], name, variable, &s->site->operands[i]);
}

/* All that the source can name at the site. Of several variables of one name the innermost is seen. */
static void look_at_variables(struct naming *n, const struct scoped_site *s, Dwarf_Addr address,
			      const struct place *places, struct guess *guesses)
{
	struct table seen = {0};
	Dwarf_Die die;
	size_t ignored;

	for (unsigned i = s->scope_count; i-- > 0;) {
		Dwarf_Die scope = s->scopes[i];

		for (bool more = dwarf_first(&scope, &die); more; more = dwarf_following(&die)) {
			int tag = dwarf_tag(&die);
			const char *name;

			if (tag != DW_TAG_variable && tag != DW_TAG_formal_parameter)
				continue;
			name = dwarf_diename(&die);
			if (!name || !*name || table_put(&seen, name, strlen(name), i, &ignored))
				continue;
			compare(n, s, address, places, &die, name, guesses);
		}
	}
	table_free(&seen);
}

/* ---- static variables ---- */

static void add_static(struct naming *n, Dwarf_Die *die)
{
	struct scoped_site any = {.site = &(struct probe_site){0}};
	struct place place = place_of_variable(&n->tables, &any, 0, die);
	Dwarf_Die *slot;
	int64_t *key;
	size_t found;

	if (place.kind != PLACE_STATIC || !dwarf_diename(die))
		return;
	key = arena_alloc(&n->set->arena, sizeof(*key));
	slot = array_add(&n->static_dies, &n->static_count, &n->static_room, sizeof(*slot));
	if (!key || !slot) {
		n->failed = true;
		return;
	}
	*slot = *die;
	*key = place.offset;
	n->failed |= table_put(&n->statics, key, sizeof(*key), n->static_count - 1, &found) < 0;
}

static void read_statics(struct naming *n, Dwarf_Die *unit)
{
	Dwarf_Die die;

	if (n->static_unit == unit->addr)
		return;
	table_free(&n->statics);
	n->static_count = 0;
	n->static_unit = unit->addr;
	for (bool more = dwarf_first(unit, &die); more; more = dwarf_following(&die))
		if (dwarf_tag(&die) == DW_TAG_variable)
			add_static(n, &die);
}

/* A static variable of the unit, for one operand. */
static void look_at_static(struct naming *n, const struct scoped_site *s, const struct place *place,
			   size_t number, struct guess *guess)
{
	Dwarf_Die unit = s->unit;
	size_t found;

	if (place->kind != PLACE_STATIC || guess->name || !unit.addr)
		return;
	read_statics(n, &unit);
	if (table_get(&n->statics, &place->offset, sizeof(place->offset), &found))
		take(n, guess, dwarf_diename(&n->static_dies[found]), &n->static_dies[found],
		     &s->site->operands[number]);
}

/* Back along the copies that were made of a variable for the marker, as far as to that. */
static void look_at_copies(struct naming *n, const struct scoped_site *s,
			   const struct copies *copies, const struct place *place, size_t number,
			   struct place *places, struct guess *guesses)
{
	const struct copy *copy = copy_at(copies, place, s->site->operands[number].size);

	for (; copy && !guesses[number].name; copy = copy_before(copies, copy)) {
		places[number] = copy->from;
		look_at_variables(n, s, copy->address, places, guesses);
		look_at_static(n, s, &copy->from, number, &guesses[number]);
	}
	places[number] = (struct place){.kind = PLACE_NONE};
}

static void look_at_site(struct naming *n, const struct scoped_site *s, struct guess *guesses,
			 struct place *places)
{
	size_t count = s->site->operand_count;
	struct copies copies = {.count = 0};

	for (size_t i = 0; i < count; i++)
		places[i] = place_of_operand(s->site, i);
	look_at_variables(n, s, s->site->address, places, guesses);
	for (size_t i = 0; i < count; i++)
		look_at_static(n, s, &places[i], i, &guesses[i]);
	copies_find(n->elf, s, &n->code, &copies);
	if (!copies.count)
		return;
	memset(places, 0, count * sizeof(*places)); /* PLACE_NONE */
	for (size_t i = 0; i < count; i++) {
		struct place place = place_of_operand(s->site, i);

		if (!guesses[i].name && place.kind != PLACE_NONE)
			look_at_copies(n, s, &copies, &place, i, places, guesses);
	}
}

/* ---- one probe ---- */

/* What this site says joins what the others said. A constant says nothing. */
static void join(struct guess *all, const struct guess *one, const struct operand *op)
{
	if (op->kind == OPERAND_CONST)
		return;
	if (!one->name || one->differs || all->differs) {
		all->differs = true;
	} else if (!all->name) {
		*all = *one;
	} else if (strcmp(all->name, one->name) || strcmp(all->type, one->type)) {
		all->differs = true;
	}
}

static void name_site(struct naming *n, const struct scoped_site *s)
{
	size_t count = s->site->operand_count;
	struct guess *guesses = calloc(count + 1, sizeof(*guesses));
	struct place *places = calloc(count + 1, sizeof(*places));

	n->failed |= !guesses || !places;
	if (!n->failed)
		look_at_site(n, s, guesses, places);
	for (size_t i = 0; i < count && !n->failed; i++)
		join(&n->guesses[s->probe][i], &guesses[i], &s->site->operands[i]);
	free(guesses);
	free(places);
}

static int describe(struct naming *n, size_t number, struct error *err)
{
	struct arena *arena = &n->set->arena;
	struct probe *probe = n->probes[number];
	size_t count = 0;
	struct note_argument *arguments;
	struct note note = {0};

	for (size_t i = 0; i < probe->site_count; i++)
		if (probe->sites[i].operand_count > count)
			count = probe->sites[i].operand_count;
	arguments = arena_alloc(arena, (count + 1) * sizeof(*arguments));
	if (!arguments)
		return error_memory(err);
	for (size_t i = 0; i < count; i++) {
		const struct guess *guess = &n->guesses[number][i];
		bool known = guess->name && !guess->differs;

		arguments[i].name = known ? guess->name : "";
		arguments[i].type = known ? guess->type : NULL;
		arguments[i].kind = known ? guess->kind : NOTE_UNKNOWN;
	}
	note.arguments = arguments;
	note.argument_count = count;
	return probe_describe(probe, &note, arena, err);
}

/* ---- one file ---- */

static int by_address(const void *a, const void *b)
{
	const struct scoped_site *x = a, *y = b;

	return (x->site->address > y->site->address) - (x->site->address < y->site->address);
}

static bool prepare(struct naming *n)
{
	size_t sites = 0, operands;

	n->guesses = calloc(n->count + 1, sizeof(*n->guesses));
	for (size_t i = 0; i < n->count; i++)
		sites += n->probes[i]->site_count;
	n->sites = calloc(sites + 1, sizeof(*n->sites));
	if (!n->guesses || !n->sites)
		return false;
	for (size_t i = 0; i < n->count; i++) {
		operands = 0;
		for (size_t k = 0; k < n->probes[i]->site_count; k++) {
			const struct probe_site *site = &n->probes[i]->sites[k];

			n->sites[n->site_count++] = (struct scoped_site){.site = site, .probe = i};
			if (site->operand_count > operands)
				operands = site->operand_count;
		}
		n->guesses[i] = calloc(operands + 1, sizeof(**n->guesses));
		if (!n->guesses[i])
			return false;
	}
	qsort(n->sites, n->site_count, sizeof(*n->sites), by_address);
	return true;
}

static int name_all(struct naming *n, struct error *err)
{
	int rc = 0;

	if (!prepare(n))
		return error_memory(err);
	scopes_find(n->tables.dwarf, n->sites, n->site_count);
	for (size_t i = 0; i < n->site_count; i++)
		name_site(n, &n->sites[i]);
	if (n->failed)
		return error_memory(err);
	for (size_t i = 0; i < n->count && !rc; i++)
		rc = describe(n, i, err);
	return rc;
}

static void finish(struct naming *n)
{
	for (size_t i = 0; n->guesses && i < n->count; i++)
		free(n->guesses[i]);
	free(n->guesses);
	free(n->sites);
	free(n->static_dies);
	function_code_free(&n->code);
	table_free(&n->statics);
	buffer_free(&n->text);
}

static int name_file(struct probe_set *set, uint32_t number, struct probe **probes, size_t count,
		     struct error *err)
{
	struct naming n = {.set = set, .probes = probes, .count = count};
	struct elf_file *elf = set->target ? set->target->files[number].elf : NULL;
	struct dwarf_file file = {0};
	struct error why = {0};
	int rc;

	if (!elf)
		return 0;
	rc = dwarf_file_open(elf, &file, &why);
	if (rc <= 0) {
		if (rc < 0)
			warn(set->warnings, "%s", why.text);
		return rc == -ENOMEM ? error_memory(err) : 0;
	}
	n.elf = elf;
	n.tables.dwarf = file.dwarf;
	n.tables.frames = dwarf_getcfi_elf(elf_file_handle(elf));
	n.tables.debug_frames = dwarf_getcfi(file.dwarf);
	rc = name_all(&n, err);
	finish(&n);
	dwarf_cfi_end(n.tables.frames);
	dwarf_file_close(&file);
	return rc;
}

/* Nobody said anything of it, and there is something to say. */
static bool wants_names(const struct probe *probe)
{
	if (probe->kind != PROBE_USDT || probe->names_asked)
		return false;
	for (size_t i = 0; i < probe->argument_count; i++)
		if (probe->arguments[i].named)
			return false;
	return probe->argument_count > 0;
}

int probes_name_arguments(struct probe_set *set, const struct probe *const *wanted, size_t count,
			  struct error *err)
{
	struct probe **probes = calloc(count + 1, sizeof(*probes));
	size_t found = 0;
	int rc = probes ? 0 : error_memory(err);

	for (size_t i = 0; probes && i < count; i++) {
		if (!wants_names(wanted[i]))
			continue;
		/* The set's own, of which the caller has a view. */
		probes[found] = &set->items[wanted[i] - set->items];
		probes[found++]->names_asked = true;
	}
	/* They stand in the order of their files. */
	for (size_t first = 0, end; first < found && !rc; first = end) {
		for (end = first + 1; end < found && probes[end]->file == probes[first]->file; end++)
			;
		rc = name_file(set, probes[first]->file, probes + first, end - first, err);
	}
	free(probes);
	return rc;
}
