/*
 * Owns the way from probes to the listing, and from the engine's features to theirs: conversions
 * into the plain data that output/ prints.
 */
#include "session.h"

#include "engine/engine.h"
#include "operand/operand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- probes ---- */

static struct listing_operand convert_operand(const struct operand *o)
{
	static const char *const kinds[] = {
		[OPERAND_CONST] = "const",	 [OPERAND_REG] = "reg",
		[OPERAND_MEM] = "mem",		 [OPERAND_SYMMEM] = "symmem",
		[OPERAND_SYMCONST] = "symconst", [OPERAND_UNKNOWN] = "unknown",
		[OPERAND_CONTEXT] = "field",	 [OPERAND_PLACE] = "field",
		[OPERAND_TYPED] = "field",
		[OPERAND_LOCATED] = "field",
	};
	bool place = o->kind == OPERAND_MEM || o->kind == OPERAND_SYMMEM ||
		     o->kind == OPERAND_SYMCONST;

	return (struct listing_operand){
		.kind = kinds[o->kind],
		.size = o->size,
		.is_signed = o->is_signed,
		.is_float = o->is_float,
		.reg = o->reg ? o->reg->name : NULL,
		.index = o->index ? o->index->name : NULL,
		.scale = o->scale,
		.symbol = o->symbol,
		.reason = o->kind == OPERAND_UNKNOWN ? o->reason : NULL,
		.has_displacement = place,
		.displacement = o->displacement,
		.has_value = o->kind == OPERAND_CONST,
		.value = o->value,
	};
}

/* An operand of the SDK's is `8@` for a double, too, since `8f@` makes other tools drop the probe:
 * its description says that it is one. */
static bool described_float(const struct probe *probe, size_t operand)
{
	for (size_t i = 0; i < probe->argument_count; i++)
		if (probe->arguments[i].operand == operand)
			return probe->arguments[i].type == PROBE_FLOAT;
	return false;
}

static const struct listing_operand *convert_operands(const struct probe *probe,
						      const struct probe_site *site,
						      struct arena *arena)
{
	struct listing_operand *operands =
		arena_alloc(arena, (site->operand_count + 1) * sizeof(*operands));

	for (size_t i = 0; operands && i < site->operand_count; i++) {
		operands[i] = convert_operand(&site->operands[i]);
		operands[i].is_float |= described_float(probe, i);
	}
	return operands;
}

static void convert_sites(const struct probe *probe, struct listing_probe *to, struct arena *arena)
{
	struct listing_site *sites = arena_alloc(arena, (probe->site_count + 1) * sizeof(*sites));

	to->sites = sites;
	to->site_count = sites ? probe->site_count : 0;
	for (size_t i = 0; i < to->site_count; i++) {
		const struct probe_site *site = &probe->sites[i];

		sites[i] = (struct listing_site){
			.address = site->address,
			.offset = site->offset,
			.has_semaphore = site->has_semaphore,
			.semaphore_address = site->semaphore_address,
			.semaphore_offset = site->semaphore_offset,
			.operand_text = site->operand_text,
			.operands = convert_operands(probe, site, arena),
			.operand_count = site->operand_count,
		};
		to->semaphore |= site->has_semaphore;
	}
}

static void convert_probe(const struct probe_set *set, const struct probe *probe,
			  struct listing_probe *to, struct arena *arena)
{
	/* Those of a function have no names; that there are six registers says nothing of it. */
	bool known = probe->kind == PROBE_USDT || (probe->argument_count && probe->arguments->named);
	size_t count = known ? probe->argument_count : 0;
	struct listing_argument *arguments = arena_alloc(arena, (count + 1) * sizeof(*arguments));

	to->kind = probe_kind_info(probe->kind)->name;
	to->full = probe_full_name(set, probe, arena);
	to->file = probe_path(set, probe);
	to->provider = probe->provider;
	to->name = probe->name;
	to->arguments = arguments;
	for (size_t i = 0; arguments && i < count; i++) {
		if (probe->arguments[i].hidden)
			continue;
		arguments[to->argument_count++] = (struct listing_argument){
			.name = probe->arguments[i].name,
			.type_name = probe->arguments[i].type_name,
			.declared = probe->arguments[i].declared,
			.size = probe->arguments[i].size,
			.is_signed = probe->arguments[i].is_signed,
		};
	}
	if (probe_in_file(probe->kind))
		convert_sites(probe, to, arena);
}

static bool is_function(enum probe_kind kind)
{
	return kind == PROBE_UPROBE;
}

/* Of functions, the parameters as their source has them. */
static int convert_parameters(struct parameter_reader *reader, const struct probe *probe,
			      struct listing_probe *to, struct arena *arena, struct error *err)
{
	struct listing_argument *arguments;
	int rc = parameters_read(reader, probe, arena, err);

	arguments = rc ? NULL : arena_alloc(arena, (reader->count + 1) * sizeof(*arguments));
	for (size_t i = 0; arguments && i < reader->count; i++)
		arguments[i] = (struct listing_argument){
			.name = reader->arguments[i].name,
			.type_name = reader->arguments[i].type_name,
		};
	if (arguments) {
		to->arguments = arguments;
		to->argument_count = reader->count;
	}
	return rc;
}

static int by_full_name(const void *a, const void *b)
{
	const struct listing_probe *x = a, *y = b;

	return strcmp(x->full, y->full);
}

/* bpftrace's names: sorted; of counters, which may have two, without how many make a hit. */
static size_t make_names(struct listing_probe *probes, const struct chosen *chosen, struct arena *arena)
{
	size_t count = chosen->count;

	for (size_t i = 0; i < chosen->count && !arena->failed; i++) {
		const char *kind = probe_kind_info(chosen->items[i]->kind)->name, *alias;
		const char *event = counter_names(chosen->items[i], &alias);

		if (!event)
			continue;
		probes[i].full = arena_print(arena, "%s:%s:", kind, event);
		if (!*alias)
			continue;
		probes[count] = probes[i];
		probes[count++].full = arena_print(arena, "%s:%s:", kind, alias);
	}
	if (!arena->failed)
		qsort(probes, count, sizeof(*probes), by_full_name);
	return count;
}

static int print_chosen(struct session *s, const struct chosen *chosen, unsigned how, FILE *file,
			struct arena *arena, struct error *err)
{
	struct listing_probe *probes = calloc(2 * chosen->count + 1, sizeof(*probes));
	struct output_options options = session_output_options(s);
	struct parameter_reader reader = {.set = &s->probes};
	size_t count = chosen->count;
	int rc = 0;

	for (size_t i = 0; probes && i < count && !rc; i++) {
		convert_probe(&s->probes, chosen->items[i], &probes[i], arena);
		if (how & LIST_VERBOSE && is_function(chosen->items[i]->kind))
			rc = convert_parameters(&reader, chosen->items[i], &probes[i], arena, err);
	}
	parameters_close(&reader);
	if (!rc && probes && !arena->failed && how & LIST_NAMES)
		count = make_names(probes, chosen, arena);
	if (!rc && (!probes || arena->failed))
		rc = error_memory(err);
	if (!rc && how & LIST_NAMES)
		rc = output_names(file, probes, count, how & LIST_VERBOSE, &options, err);
	else if (!rc)
		rc = output_listing(file, probes, count, how & LIST_VERBOSE, &options, err);
	free(probes);
	return rc;
}

int session_list(struct session *s, char *const patterns[], size_t pattern_count, unsigned how,
		 FILE *file, struct error *err)
{
	struct arena arena = {0};
	struct chosen chosen;
	struct error failed;
	int answer, rc = 0;

	answer = session_collect(s, patterns, pattern_count, how & LIST_NAMES, &chosen, &arena,
				 err);
	/* Names that the file's DWARF has are for people: a contract does not ask. */
	if (chosen.looked && (how & LIST_VERBOSE || !(how & LIST_NAMES)))
		rc = probes_name_arguments(&s->probes, chosen.items, chosen.count, &failed);
	if (!rc && (!answer || (answer == -ENODATA && chosen.looked)))
		rc = print_chosen(s, &chosen, how, file, &arena, &failed);
	if (rc)
		*err = failed;
	chosen_free(&chosen);
	arena_free(&arena);
	return rc ? rc : answer;
}

static int add_probes(const struct program *program, struct arena *arena, char ***patterns,
		      size_t *count, size_t *room, struct error *err)
{
	for (const struct clause *c = program->clauses; c; c = c->next)
		for (const struct clause_probe *p = c->probes; p; p = p->next) {
			char **slot = array_add(patterns, count, room, sizeof(*slot));

			if (!slot)
				return error_memory(err);
			*slot = arena_string(arena, p->text);
			if (!*slot)
				return error_memory(err);
		}
	return 0;
}

int session_list_program(struct session *s, const char *name, const char *text, unsigned how,
			 FILE *file, struct error *err)
{
	char **patterns = NULL;
	size_t count = 0, room = 0;
	struct arena arena = {0};
	int rc;

	session_forget_program(s);
	session_prepare(s, &s->program);
	rc = program_parse(name, text, &s->program, err);
	if (!rc)
		rc = add_probes(&s->program, &arena, &patterns, &count, &room, err);
	if (!rc)
		rc = session_list(s, patterns, count, how | LIST_NAMES, file, err);
	free(patterns);
	arena_free(&arena);
	return rc;
}

/* ---- the kernel's types ---- */

struct types_listing {
	FILE *file;
	struct output_options options;
	bool whole;
};

static int print_type(void *context, const char *name, const char *declaration, struct error *err)
{
	const struct types_listing *l = context;

	return output_type(l->file, name, l->whole ? declaration : NULL, &l->options, err);
}

int session_list_types(struct session *s, char *const patterns[], size_t pattern_count, unsigned how,
		       FILE *file, struct error *err)
{
	struct types_listing listing = {file, session_output_options(s), how & LIST_VERBOSE};
	const char *path = getenv("BPFTRACE_BTF");
	int answer = 0;

	for (size_t i = 0; i < pattern_count; i++) {
		int rc = kernel_types_text(path, patterns[i], print_type, &listing, err);

		if (rc && rc != -ENODATA)
			return rc;
		answer = rc ? rc : answer;
	}
	return answer;
}

/* ---- features ---- */

int session_features(FILE *file, bool json, struct error *err)
{
	struct output_options options = {.form = json ? OUTPUT_JSON : OUTPUT_TEXT};
	struct listing_feature features[FEATURE_COUNT];

	for (int i = 0; i < FEATURE_COUNT; i++) {
		const struct feature_answer *answer = feature((enum feature)i);

		features[i] = (struct listing_feature){
			.name = answer->name,
			.what = answer->what,
			.since = answer->since,
			.present = answer->present,
			.permitted = answer->code != -EPERM && answer->code != -EACCES,
			.remedy = answer->present ? NULL : answer->remedy,
		};
	}
	return output_features(file, features, FEATURE_COUNT, &options, err);
}
