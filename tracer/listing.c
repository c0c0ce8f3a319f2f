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
	struct listing_argument *arguments =
		arena_alloc(arena, (probe->argument_count + 1) * sizeof(*arguments));

	to->file = probe_path(set, probe);
	to->provider = probe->provider;
	to->name = probe->name;
	to->arguments = arguments;
	to->argument_count = arguments ? probe->argument_count : 0;
	for (size_t i = 0; i < to->argument_count; i++)
		arguments[i] = (struct listing_argument){
			.name = probe->arguments[i].name,
			.type_name = probe->arguments[i].type_name,
			.size = probe->arguments[i].size,
			.is_signed = probe->arguments[i].is_signed,
		};
	convert_sites(probe, to, arena);
}

/* Marks the probes of one pattern. -ENODATA when it has none. */
static int mark_pattern(struct session *s, const char *pattern, bool *marked, struct arena *arena,
			struct error *err)
{
	const struct probe **found;
	struct probe_spec spec;
	size_t count;
	int rc = probe_spec_parse(pattern, arena, &spec, err);

	if (rc)
		return rc;
	if (spec.kind != PROBE_USDT)
		return error_set(err, -EINVAL, "'%s' is there for every target; nothing to list",
				 pattern);
	rc = probes_match(&s->probes, &spec, pattern, &found, &count, err);
	for (size_t i = 0; !rc && i < count; i++)
		marked[found[i] - s->probes.items] = true;
	return rc;
}

/* The first pattern that matches nothing makes the answer, the others are listed all the same. */
static int mark(struct session *s, char *const patterns[], size_t count, bool *marked,
		struct arena *arena, struct error *err)
{
	struct error one = {0};
	int answer = 0;

	for (size_t i = 0; i < s->probes.count && !count; i++)
		marked[i] = true;
	for (size_t i = 0; i < count; i++) {
		int rc = mark_pattern(s, patterns[i], marked, arena, &one);

		if (rc && rc != -ENODATA) {
			*err = one;
			return rc;
		}
		if (rc && !answer) {
			answer = rc;
			*err = one;
		}
	}
	if (!count && !s->probes.count)
		answer = error_set(err, -ENODATA, "%s has no probes",
				   s->target.file_count == 1 ? s->target.files[0].path
							     : "the target");
	return answer;
}

static int add_files(struct session *s, char *const patterns[], size_t count, struct arena *arena,
		     struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct probe_spec spec;
		int rc = probe_spec_parse(patterns[i], arena, &spec, err);

		if (!rc)
			rc = session_add_named(s, &spec, err);
		if (rc)
			return rc;
	}
	if (!s->target.file_count)
		return error_set(err, -EINVAL,
				 "no target: name one with -p PID, -b FILE or -- COMMAND");
	return 0;
}

static int print_marked(struct session *s, const bool *marked, bool verbose, FILE *file,
			struct arena *arena, struct error *err)
{
	struct listing_probe *probes = calloc(s->probes.count + 1, sizeof(*probes));
	struct output_options options = session_output_options(s);
	size_t count = 0;
	int rc;

	for (size_t i = 0; probes && i < s->probes.count; i++)
		if (marked[i])
			convert_probe(&s->probes, &s->probes.items[i], &probes[count++], arena);
	if (!probes || arena->failed)
		rc = error_memory(err);
	else
		rc = output_listing(file, probes, count, verbose, &options, err);
	free(probes);
	return rc;
}

int session_choose(struct session *s, char *const patterns[], size_t count, bool **marked,
		   struct arena *arena, struct error *err)
{
	int rc = add_files(s, patterns, count, arena, err);

	*marked = NULL;
	if (!rc)
		rc = session_read_probes(s, err);
	if (rc)
		return rc;
	*marked = calloc(s->probes.count + 1, sizeof(**marked));
	if (!*marked)
		return error_memory(err);
	return mark(s, patterns, count, *marked, arena, err);
}

int session_list(struct session *s, char *const patterns[], size_t pattern_count, bool verbose,
		 FILE *file, struct error *err)
{
	struct arena arena = {0};
	struct error failed;
	bool *marked;
	int answer, rc = 0;

	answer = session_choose(s, patterns, pattern_count, &marked, &arena, err);
	if (!answer || (answer == -ENODATA && marked))
		rc = print_marked(s, marked, verbose, file, &arena, &failed);
	if (rc)
		*err = failed;
	free(marked);
	arena_free(&arena);
	return rc ? rc : answer;
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
