/*
 * Owns which probes a list of patterns means: for a listing, a contract, a check.
 */
#include "session.h"

#include "base/text.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct choosing {
	struct session *session;
	struct chosen *chosen;
	struct arena *arena;
	bool search; /* a pattern without a colon is looked for in whole names, of all kinds */
};

/* Those that happen once, and have one name. */
static bool is_special(const char *pattern)
{
	return !strcmp(pattern, probe_kind_info(PROBE_BEGIN)->name) ||
	       !strcmp(pattern, probe_kind_info(PROBE_END)->name);
}

/* Patterns of whole names: those without a colon but BEGIN and END, those of all of a kind, as in tracepoint:*, and
 * what would be markers where there are no files to look into. */
static bool is_searched(const struct choosing *c, const char *pattern)
{
	struct probe_spec spec;
	enum probe_kind kind;
	const char *rest;
	struct error err;

	if (!c->search || !strchr(pattern, ':'))
		return c->search && !is_special(pattern);
	if (probe_spec_parse(pattern, c->arena, &spec, &err))
		return glob_is_pattern(pattern) && probe_kind_of(pattern, &kind, &rest) &&
		       probe_kind_info(kind)->globs;
	return spec.kind == PROBE_USDT && !spec.worded && !spec.file &&
	       !c->session->target.file_count && glob_is_pattern(pattern);
}

static int take(struct choosing *c, const struct probe *probe, struct error *err)
{
	const struct probe **slot, **key = arena_alloc(c->arena, sizeof(*key));
	size_t place;
	int rc;

	if (!key)
		return error_memory(err);
	*key = probe;
	rc = table_put(&c->chosen->seen, key, sizeof(*key), 0, &place);
	if (rc)
		return rc < 0 ? error_memory(err) : 0;
	slot = array_add(&c->chosen->items, &c->chosen->count, &c->chosen->room, sizeof(*slot));
	if (!slot)
		return error_memory(err);
	*slot = probe;
	return 0;
}

/* All that the specification means, of whose full names the pattern (NULL: any) matches. */
static int take_matching(struct choosing *c, const struct probe_spec *spec, const char *text,
			 const char *pattern, struct error *err)
{
	struct probe_set *set = &c->session->probes;
	const struct probe **found;
	size_t count;
	int rc = probes_match(set, spec, text, &found, &count, err);

	for (size_t i = 0; i < count && !rc; i++) {
		const char *name = pattern ? probe_full_name(set, found[i], c->arena) : "";

		if (!name)
			return error_memory(err);
		if (!pattern || glob_match(pattern, name))
			rc = take(c, found[i], err);
	}
	return rc;
}

/* What this kernel lacks is not there; what is not permitted, is. */
static bool is_here(enum probe_kind kind)
{
	static const enum feature needs[PROBE_KINDS] = {
		[PROBE_KPROBE] = FEATURE_KPROBE,
		[PROBE_HARDWARE] = FEATURE_HARDWARE,
	};

	return !needs[kind] || feature(needs[kind])->code != -EOPNOTSUPP;
}

/* In all kinds that can be listed as a whole. One that this user may not read is a warning. */
static int search(struct choosing *c, const char *pattern, struct error *err)
{
	size_t before = c->chosen->count;

	for (enum probe_kind kind = 0; kind < PROBE_KINDS; kind++) {
		const struct probe_kind_info *info = probe_kind_info(kind);
		struct probe_spec spec = {.kind = kind, .name = "*", .provider = "*"};
		int rc;

		if (!info->globs || !is_here(kind) || (kind == PROBE_USDT && !c->session->probes.count))
			continue;
		if (!info->in_file && kind != PROBE_TRACEPOINT)
			spec.provider = info->name;
		rc = take_matching(c, &spec, pattern, pattern, err);
		if (rc == -ENOMEM)
			return rc;
		if (rc && rc != -ENODATA)
			warn(c->session->warnings, "%s: %s", info->name, err->text);
	}
	return c->chosen->count > before
		       ? 0
		       : error_set(err, -ENODATA, "no probe matches '%s'", pattern);
}

static int choose_one(struct choosing *c, const char *pattern, struct error *err)
{
	struct probe_spec spec;
	int rc;

	if (is_searched(c, pattern))
		return search(c, pattern, err);
	rc = probe_spec_parse(pattern, c->arena, &spec, err);
	return rc ? rc : take_matching(c, &spec, pattern, NULL, err);
}

/* The files that the patterns name, and whether there is something to look into. */
static int add_files(struct choosing *c, char *const patterns[], size_t count, struct error *err)
{
	struct session *s = c->session;
	bool in_file = !count;

	for (size_t i = 0; i < count; i++) {
		struct probe_spec spec;
		int rc;

		if (is_searched(c, patterns[i]))
			continue;
		rc = probe_spec_parse(patterns[i], c->arena, &spec, err);
		if (!rc)
			rc = session_add_named(s, &spec, err);
		if (rc)
			return rc;
		in_file |= probe_in_file(spec.kind);
	}
	if (in_file && !s->target.file_count)
		return error_set(err, -EINVAL,
				 "no target: name one with -p PID, -b FILE or -- COMMAND");
	return session_read_probes(s, err);
}

/* The first pattern that matches nothing makes the answer, the others are taken all the same. */
static int choose_all(struct choosing *c, char *const patterns[], size_t count, struct error *err)
{
	struct session *s = c->session;
	struct error one = {0};
	int answer = 0;

	for (size_t i = 0; i < count; i++) {
		int rc = choose_one(c, patterns[i], &one);

		if (rc && rc != -ENODATA) {
			*err = one;
			return rc;
		}
		if (rc && !answer) {
			answer = rc;
			*err = one;
		}
	}
	for (size_t i = 0; i < s->probes.count && !count; i++)
		if (take(c, &s->probes.items[i], err))
			return err->code;
	if (!count && !s->probes.count)
		answer = error_set(err, -ENODATA, "%s has no probes",
				   s->target.file_count == 1 ? s->target.files[0].path
							     : "the target");
	return answer;
}

static int by_place(const void *a, const void *b)
{
	const struct probe *const *x = a, *const *y = b;

	return (*x > *y) - (*x < *y);
}

/* Markers in the order of the files, everything else behind them as it was asked for. */
static int put_in_order(struct choosing *c, struct error *err)
{
	const struct probe_set *set = &c->session->probes;
	size_t count = c->chosen->count, markers = 0, others = 0;
	const struct probe **items = c->chosen->items;
	const struct probe **other = arena_alloc(c->arena, (count + 1) * sizeof(*other));

	if (!other)
		return error_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (items[i] >= set->items && items[i] < set->items + set->count)
			items[markers++] = items[i];
		else
			other[others++] = items[i];
	}
	if (markers)
		qsort(items, markers, sizeof(*items), by_place);
	for (size_t i = 0; i < others; i++)
		items[markers + i] = other[i];
	return 0;
}

int session_collect(struct session *s, char *const patterns[], size_t count, bool whole_names,
		    struct chosen *chosen, struct arena *arena, struct error *err)
{
	struct choosing c = {s, chosen, arena, whole_names};
	int rc = add_files(&c, patterns, count, err);

	*chosen = (struct chosen){0};
	if (rc)
		return rc;
	chosen->looked = true;
	rc = choose_all(&c, patterns, count, err);
	return !rc || rc == -ENODATA ? (put_in_order(&c, err) ? -ENOMEM : rc) : rc;
}

void chosen_free(struct chosen *chosen)
{
	table_free(&chosen->seen);
	free(chosen->items);
	*chosen = (struct chosen){0};
}

int session_choose(struct session *s, char *const patterns[], size_t count, bool **marked,
		   struct arena *arena, struct error *err)
{
	struct chosen chosen;
	int rc = session_collect(s, patterns, count, false, &chosen, arena, err);

	*marked = NULL;
	if (rc && (rc != -ENODATA || !chosen.looked))
		goto out;
	*marked = calloc(s->probes.count + 1, sizeof(**marked));
	if (!*marked)
		rc = error_memory(err);
	for (size_t i = 0; *marked && i < chosen.count; i++) {
		if (chosen.items[i]->kind != PROBE_USDT) {
			rc = error_set(err, -EINVAL, "'%s' is no marker: a contract is of markers",
				       chosen.items[i]->name);
			goto out;
		}
		(*marked)[chosen.items[i] - s->probes.items] = true;
	}
out:
	chosen_free(&chosen);
	return rc;
}
