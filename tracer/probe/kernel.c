/*
 * Owns the probes on the kernel's own code that need no description: functions (kprobe, kretprobe)
 * and tracepoints without their formats (rawtracepoint). /proc/kallsyms says which there are; of a
 * tracepoint it has the function that calls those who listen.
 */
#include "kind.h"

#include "base/text.h"
#include "operand/operand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char CALLER[] = "__traceiter_"; /* in front of a tracepoint's name */

enum { RAW_ARGUMENTS = 12 }; /* MAX_BPF_FUNC_ARGS, include/linux/bpf.h */

int parse_kernel(const char *text, const char *rest, struct arena *arena, struct probe_spec *spec,
		 struct error *err)
{
	const char *plus = spec->kind == PROBE_KPROBE ? strchr(rest, '+') : NULL;
	int64_t offset = 0;

	if (!*rest || *rest == '+' || strpbrk(rest, ":/"))
		return error_set(err, -EINVAL, "'%s': write %s", text,
				 probe_kind_info(spec->kind)->form);
	if (plus && (!text_number(plus + 1, &offset) || offset < 0))
		return error_set(err, -EINVAL, "'%s': '%s' is not an offset", text, plus + 1);
	spec->provider = probe_kind_info(spec->kind)->name;
	spec->name = arena_copy(arena, rest, plus ? (size_t)(plus - rest) : strlen(rest));
	spec->offset = (uint64_t)offset;
	return spec->name ? 0 : error_memory(err);
}

/* ---- the kernel's symbols ---- */

struct matching {
	struct probe_set *set;
	const struct probe_spec *spec;
	struct probe_list list;
	const char *prefix; /* of the symbols that are meant; it is no part of the name */
	struct convention convention;
	struct buffer near;
	unsigned distance;
	bool is_glob;
};

static int add(struct matching *m, const char *name, struct error *err)
{
	char full[600];
	struct probe *probe;
	bool made;
	int rc;

	snprintf(full, sizeof(full), m->spec->offset ? "%s+%llu" : "%s", name,
		 (unsigned long long)m->spec->offset);
	rc = probe_list_add(&m->list, m->set, m->spec->kind, m->spec->provider, full, &probe, &made,
			    err);
	if (rc || !made)
		return rc;
	probe->arguments = m->convention.arguments;
	probe->argument_count = m->spec->kind == PROBE_RAW_TRACEPOINT
					? 0
					: m->convention.operand_count;
	probe->sites->operands = m->convention.operands;
	probe->sites->operand_count = m->convention.operand_count;
	probe->sites->operand_text = m->convention.text;
	probe->sites->offset = m->spec->offset;
	probe->sites->symbol = arena_string(&m->set->arena, name);
	return probe->sites->symbol ? 0 : error_memory(err);
}

/* "ffffffff81000000 T name [module]": returns 1 when no other line can match. */
static int take_line(struct matching *m, char *line, struct error *err)
{
	char *type = strchr(line, ' '), *name, *best = NULL;
	size_t prefix = strlen(m->prefix);
	int rc;

	if (!type || !type[1] || type[2] != ' ' || !strchr("tTwW", type[1]))
		return 0;
	name = type + 3;
	name[strcspn(name, "\t \n")] = '\0';
	/* The bytes in front of a function are symbols, too, and no code. */
	if (!strncmp(name, "__pfx_", 6) || !strncmp(name, "__cfi_", 6))
		return 0;
	if (strncmp(name, m->prefix, prefix) || strlen(name) > 500)
		return 0;
	name += prefix;
	if (m->is_glob ? glob_match(m->spec->name, name) : !strcmp(m->spec->name, name)) {
		rc = add(m, name, err);
		return rc ? rc : !m->is_glob;
	}
	if (!m->is_glob)
		text_keep_nearer(m->spec->name, name, (const char **)&best, &m->distance);
	if (best) {
		buffer_clear(&m->near);
		buffer_print(&m->near, "%s:%s", m->spec->provider, best);
	}
	return 0;
}

/* Not readable (hidepid, no /proc): a name without globs is taken as it is. */
static int find(struct matching *m, const char *text, struct error *err)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	size_t room = 0;
	char *line = NULL;
	int rc = 0;

	if (!file && !m->is_glob)
		return add(m, m->spec->name, err);
	if (!file)
		return error_set(err, -errno, "/proc/kallsyms, which names the kernel's functions, "
					      "can't be read: %s",
				 strerror(errno));
	while (!rc && getline(&line, &room, file) > 0)
		rc = take_line(m, line, err);
	free(line);
	fclose(file);
	if (rc >= 0 && !m->list.count)
		rc = probe_none(text,
				m->spec->kind == PROBE_RAW_TRACEPOINT ? "tracepoint of the kernel"
								      : "function of the kernel",
				m->near.length ? buffer_string(&m->near) : NULL, err);
	return rc < 0 ? rc : 0;
}

static int match(struct matching *m, const char *text, const struct probe ***found, size_t *count,
		 struct error *err)
{
	int rc;

	m->distance = TEXT_FAR;
	m->is_glob = glob_is_pattern(m->spec->name);
	rc = find(m, text, err);
	buffer_free(&m->near);
	return probe_list_end(&m->list, m->set, rc, found, count, err);
}

int match_kernel_function(struct probe_set *set, const struct probe_spec *spec, const char *text,
			  const struct probe ***found, size_t *count, struct error *err)
{
	struct matching m = {.set = set, .spec = spec, .prefix = ""};
	int rc = probe_convention(probe_host_machine(), 64, spec->kind == PROBE_KRETPROBE,
				  &set->arena, &m.convention, err);

	return rc ? rc : match(&m, text, found, count, err);
}

/* How many arguments there are is not known, nor what they are; the kernel refuses too many. */
int match_raw_tracepoint(struct probe_set *set, const struct probe_spec *spec, const char *text,
			 const struct probe ***found, size_t *count, struct error *err)
{
	struct matching m = {.set = set, .spec = spec, .prefix = CALLER};
	struct operand *operands = arena_alloc(&set->arena, RAW_ARGUMENTS * sizeof(*operands));

	if (!operands)
		return error_memory(err);
	for (int i = 0; i < RAW_ARGUMENTS; i++)
		operands[i] = (struct operand){.kind = OPERAND_CONTEXT, .size = 8, .sized = true,
					       .displacement = 8 * i};
	m.convention.operands = operands;
	m.convention.operand_count = RAW_ARGUMENTS;
	m.convention.text = "";
	return match(&m, text, found, count, err);
}
