/*
 * Owns which functions the kernel has (kprobe, kretprobe, fentry, fexit), which tracepoints, to those
 * who do without their formats (rawtracepoint), and which iterators. /proc/kallsyms says it; of a
 * tracepoint it has the function that calls those who listen, of an iterator the one that stands for
 * its programs. What the kernel's types must describe is in typed.c.
 */
#include "kind.h"

#include "base/text.h"
#include "operand/operand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char CALLER[] = "__traceiter_"; /* in front of a tracepoint's name */
static const char ITERATOR[] = "bpf_iter_";  /* in front of an iterator's */

enum { RAW_ARGUMENTS = 12 }; /* MAX_BPF_FUNC_ARGS, include/linux/bpf.h */

static int refuse_form(const char *text, const struct probe_spec *spec, struct error *err)
{
	return error_set(err, -EINVAL, "'%s': write %s", text, probe_kind_info(spec->kind)->form);
}

int parse_kernel(const char *text, const char *rest, struct arena *arena, struct probe_spec *spec,
		 struct error *err)
{
	const char *colon = spec->kind == PROBE_RAW_TRACEPOINT ? NULL : strchr(rest, ':'), *plus;
	int64_t offset = 0;

	if (colon == rest)
		return refuse_form(text, spec, err);
	if (colon) {
		spec->module = arena_copy(arena, rest, (size_t)(colon - rest));
		rest = colon + 1;
	}
	plus = spec->kind == PROBE_KPROBE ? strchr(rest, '+') : NULL;
	if (!*rest || *rest == '+' || strpbrk(rest, ":/"))
		return refuse_form(text, spec, err);
	if (plus && (!text_number(plus + 1, &offset) || offset < 0))
		return error_set(err, -EINVAL, "'%s': '%s' is not an offset", text, plus + 1);
	spec->provider = probe_kind_info(spec->kind)->name;
	spec->name = arena_copy(arena, rest, plus ? (size_t)(plus - rest) : strlen(rest));
	spec->offset = (uint64_t)offset;
	return spec->name && (!colon || spec->module) ? 0 : error_memory(err);
}

/* THING, THING:PIN; a pin without a slash in front is below /sys/fs/bpf. */
int parse_iterator(const char *text, const char *rest, struct arena *arena,
		   struct probe_spec *spec, struct error *err)
{
	const char *colon = strchr(rest, ':');

	if (!*rest || colon == rest || (colon && !colon[1]))
		return refuse_form(text, spec, err);
	spec->provider = probe_kind_info(spec->kind)->name;
	spec->name = arena_copy(arena, rest, colon ? (size_t)(colon - rest) : strlen(rest));
	if (colon)
		spec->pin = arena_print(arena, "%s%s", colon[1] == '/' ? "" : "/sys/fs/bpf/", colon + 1);
	return spec->name && (!colon || spec->pin) ? 0 : error_memory(err);
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
	bool found; /* something of that name, be it described or not */
};

/* The kernel's types do not describe all that it has. */
static int describe(struct matching *m, const char *module, const char *name, const char **symbol,
		    struct error *err)
{
	*symbol = name;
	if (probe_kind_info(m->spec->kind)->context != PROBE_TYPED)
		return 0;
	return probe_typed(m->set, m->spec->kind, module, name, symbol, &m->convention, err);
}

/* Of what has types the module is a part of the name: another one may have a function that is called so. */
static const char *provider_of(struct matching *m, const char *module)
{
	if (!*module || probe_kind_info(m->spec->kind)->context != PROBE_TYPED)
		return m->spec->provider;
	return arena_print(&m->set->arena, "%s:%s", m->spec->provider, module);
}

static int add(struct matching *m, const char *module, const char *name, struct error *err)
{
	const char *provider = provider_of(m, module), *symbol;
	char full[600];
	struct probe *probe;
	bool made;
	int rc = provider ? describe(m, module, name, &symbol, err) : error_memory(err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	snprintf(full, sizeof(full), m->spec->offset ? "%s+%llu" : "%s", name,
		 (unsigned long long)m->spec->offset);
	rc = probe_list_add(&m->list, m->set, m->spec->kind, provider, full, &probe, &made,
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
	probe->sites->pin = m->spec->pin;
	probe->sites->event = m->convention.number;
	probe->sites->symbol = arena_string(&m->set->arena, symbol);
	probe->sites->module = arena_string(&m->set->arena, module);
	return probe->sites->symbol && probe->sites->module ? 0 : error_memory(err);
}

/* "vmlinux" is what is in no module. */
static bool is_in_module(const struct probe_spec *spec, const char *module)
{
	if (!spec->module)
		return true;
	return glob_match(spec->module, *module ? module : "vmlinux");
}

/* "ffffffff81000000 T name\t[module]": returns 1 when no other line can match. */
static int take_line(struct matching *m, char *line, struct error *err)
{
	char *type = strchr(line, ' '), *name, *module, *best = NULL;
	size_t prefix = strlen(m->prefix);
	int rc;

	if (!type || !type[1] || type[2] != ' ' || !strchr("tTwW", type[1]))
		return 0;
	name = type + 3;
	module = name + strcspn(name, "\t \n");
	if (*module)
		*module++ = '\0';
	module += strspn(module, "\t [");
	module[strcspn(module, "]\n")] = '\0';
	/* The bytes in front of a function are symbols, too, and no code. */
	if (!strncmp(name, "__pfx_", 6) || !strncmp(name, "__cfi_", 6))
		return 0;
	if (strncmp(name, m->prefix, prefix) || strlen(name) > 500 || !is_in_module(m->spec, module))
		return 0;
	name += prefix;
	if (m->is_glob ? glob_match(m->spec->name, name) : !strcmp(m->spec->name, name)) {
		m->found = true;
		rc = add(m, module, name, err);
		return rc ? rc : !m->is_glob && m->list.count;
	}
	if (!m->is_glob)
		text_keep_nearer(m->spec->name, name, (const char **)&best, &m->distance);
	if (best) {
		buffer_clear(&m->near);
		buffer_print(&m->near, "%s:%s", m->spec->provider, best);
	}
	return 0;
}

/* It is there, but its types are not. */
static int not_described(const struct matching *m, const char *text, struct error *err)
{
	return error_set(err, -ENODATA,
			 m->spec->kind == PROBE_ITER
				 ? "no iterator matches '%s': 'telltale list iter:*' names them"
				 : "'%s': the kernel's types do not describe it; kprobe does without them",
			 text);
}

static const char *what(enum probe_kind kind)
{
	return kind == PROBE_RAW_TRACEPOINT ? "tracepoint of the kernel"
	       : kind == PROBE_ITER	    ? "iterator"
					    : "function of the kernel";
}

/* Not readable (hidepid, no /proc): a name without globs is taken as it is. */
static int find(struct matching *m, const char *text, struct error *err)
{
	const char *path = m->set->kernel_symbols ? m->set->kernel_symbols : "/proc/kallsyms";
	FILE *file = fopen(path, "re");
	size_t room = 0;
	char *line = NULL;
	int rc = 0;

	if (!file && !m->is_glob) {
		m->found = true;
		rc = add(m, "", m->spec->name, err);
	} else if (!file) {
		return error_set(err, -errno, "%s, which names the kernel's functions, can't be read: %s",
				 path, strerror(errno));
	}
	while (file && !rc && getline(&line, &room, file) > 0)
		rc = take_line(m, line, err);
	free(line);
	if (file)
		fclose(file);
	if (rc >= 0 && !m->list.count)
		rc = m->found ? not_described(m, text, err)
			      : probe_none(text, what(m->spec->kind),
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

int match_typed(struct probe_set *set, const struct probe_spec *spec, const char *text,
		const struct probe ***found, size_t *count, struct error *err)
{
	struct matching m = {.set = set, .spec = spec,
			     .prefix = spec->kind == PROBE_ITER ? ITERATOR : ""};

	return match(&m, text, found, count, err);
}
