/*
 * Owns which probes a specification means, and what to say when it means none.
 */
#include "kind.h"

#include "base/text.h"
#include "process/target.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { NEAR_MOST = 3 }; /* names in "did you mean" */

/* ---- files ---- */

void probe_file_look(const char *name, struct probe_file *file)
{
	struct stat st;

	*file = (struct probe_file){
		.name = name,
		.has_slash = strchr(name, '/') != NULL,
		.is_pattern = glob_is_pattern(name),
	};
	if (!file->has_slash || stat(name, &st))
		return;
	/* A file may well have a bracket in its name; one that is there is meant. */
	file->exists = true;
	file->is_pattern = false;
	file->device = st.st_dev;
	file->inode = st.st_ino;
}

bool probe_file_is(const struct probe_file *file, const struct target *target, size_t number)
{
	const struct target_file *of = &target->files[number];
	const char *slash = strrchr(of->path, '/'), *base = slash ? slash + 1 : of->path;

	if (file->exists && file->device == of->device && file->inode == of->inode)
		return true;
	if (!file->is_pattern)
		return file->has_slash ? !strcmp(file->name, of->path)
				       : library_is(base, file->name);
	return glob_match(file->name, file->has_slash ? of->path : base);
}

/* ---- near names ---- */

struct near {
	const struct probe *probes[NEAR_MOST];
	unsigned distances[NEAR_MOST];
	size_t count;
};

static bool same_name(const struct probe *a, const struct probe *b)
{
	return !strcmp(a->provider, b->provider) && !strcmp(a->name, b->name);
}

/* Keeps the nearest ones, nearest first; the same name in two files is one. */
static void keep(struct near *near, const struct probe *probe, unsigned distance)
{
	size_t at = near->count;

	for (size_t i = 0; i < near->count; i++)
		if (same_name(near->probes[i], probe))
			return;
	while (at && near->distances[at - 1] > distance)
		at--;
	if (at == NEAR_MOST)
		return;
	near->count += near->count < NEAR_MOST;
	for (size_t i = near->count - 1; i > at; i--) {
		near->probes[i] = near->probes[i - 1];
		near->distances[i] = near->distances[i - 1];
	}
	near->probes[at] = probe;
	near->distances[at] = distance;
}

/* How far a part of the specification is from a name; a glob is as far as it does not match. */
static unsigned part_distance(const char *part, const char *name)
{
	unsigned distance;

	if (glob_match(part, name))
		return 0;
	if (glob_is_pattern(part))
		return 128;
	distance = text_distance(part, name);
	return distance <= 1 + strlen(part) / 4 ? distance : 128;
}

static void find_near(const struct probe_set *set, const struct probe_spec *spec, struct near *near)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct probe *probe = &set->items[i];
		unsigned provider = part_distance(spec->provider, probe->provider);
		unsigned name = part_distance(spec->name, probe->name);

		/* The right name under another provider is what people look for, too. */
		if (name < 128 && provider < 128)
			keep(near, probe, name + provider);
		else if (!name && !glob_is_pattern(spec->name))
			keep(near, probe, 64);
	}
}

/* What a process loads by itself, by dlopen(3), is not known before. */
static const char *late_hint(const struct probe_set *set)
{
	return set->target && set->target->process_count
		       ? "; one in a file that is loaded later can be had by --wait"
		       : "";
}

static int nothing(const struct probe_set *set, const struct probe_spec *spec, const char *text,
		   struct error *err)
{
	struct near near = {.count = 0};
	struct buffer names = {0};
	size_t files = set->target ? set->target->file_count : 0;

	if (!set->count)
		return error_set(err, -ENODATA, "no probe matches '%s': %s%s%s", text,
				 files == 1 ? set->target->files[0].path : "the target",
				 files == 1 ? " has no probes" : " has none", late_hint(set));
	find_near(set, spec, &near);
	for (size_t i = 0; i < near.count; i++)
		buffer_print(&names, "%s'%s:%s'", !i ? "" : i + 1 < near.count ? ", " : " or ",
			     near.probes[i]->provider, near.probes[i]->name);
	if (near.count && spec->file)
		error_set(err, -ENODATA, "no probe matches '%s'; the target has %s", text,
			  buffer_string(&names));
	else if (near.count)
		error_set(err, -ENODATA, "no probe matches '%s'; did you mean %s?", text,
			  buffer_string(&names));
	else
		error_set(err, -ENODATA,
			  "no probe matches '%s'; 'telltale list' shows those there are%s", text,
			  late_hint(set));
	buffer_free(&names);
	return err->code;
}

/* ---- markers ---- */

int probe_choose_files(struct probe_set *set, const char *name, bool **chosen,
			struct error *err)
{
	struct probe_file file;

	*chosen = NULL;
	if (!name)
		return 0;
	if (!set->target)
		return error_set(err, -EINVAL, "'%s': there is no target with such a file", name);
	probe_file_look(name, &file);
	*chosen = arena_alloc(&set->arena, set->target->file_count + 1);
	if (!*chosen)
		return error_memory(err);
	for (size_t i = 0; i < set->target->file_count; i++)
		(*chosen)[i] = (!set->addition || i == set->file) &&
			       probe_file_is(&file, set->target, i);
	return 0;
}

static bool is_meant(const struct probe *probe, const struct probe_spec *spec, const bool *chosen)
{
	return (!chosen || chosen[probe->file]) && glob_match(spec->provider, probe->provider) &&
	       glob_match(spec->name, probe->name);
}

static int match_markers(struct probe_set *set, const struct probe_spec *spec,
		      const struct probe ***found, size_t *count, struct error *err)
{
	const struct probe **list;
	bool *chosen;
	int rc = probe_choose_files(set, spec->file, &chosen, err);

	*count = 0;
	for (size_t i = 0; !rc && i < set->count; i++)
		*count += is_meant(&set->items[i], spec, chosen);
	if (rc || !*count)
		return rc;
	list = arena_alloc(&set->arena, (*count + 1) * sizeof(*list));
	if (!list)
		return error_memory(err);
	*found = list;
	for (size_t i = 0; i < set->count; i++) {
		if (!is_meant(&set->items[i], spec, chosen))
			continue;
		set->items[i].in_full |= spec->worded;
		*list++ = &set->items[i];
	}
	return 0;
}

int match_usdt(struct probe_set *set, const struct probe_spec *spec, const char *text,
	       const struct probe ***found, size_t *count, struct error *err)
{
	int rc = match_markers(set, spec, found, count, err);

	if (!rc && !*count && spec->maybe_file && set->target) {
		struct probe_spec other = *spec;

		other.file = spec->provider;
		other.provider = "*";
		rc = match_markers(set, &other, found, count, err);
	}
	if (!rc && !*count)
		rc = nothing(set, spec, text, err);
	return rc;
}

int probes_match(struct probe_set *set, const struct probe_spec *spec, const char *text,
		 const struct probe ***found, size_t *count, struct error *err)
{
	int rc;

	*found = NULL;
	*count = 0;
	if (set->addition && !probe_in_file(spec->kind))
		return 0;
	rc = probe_kind_info(spec->kind)->match(set, spec, text, found, count, err);
	return rc == -ENODATA && set->may_miss && probe_in_file(spec->kind) ? 0 : rc;
}
