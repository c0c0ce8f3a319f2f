/*
 * Owns the kernel's tracepoints: which there are, and the fields of their records as arguments.
 */
#include "format.h"
#include "kind.h"
#include "tracefs.h"

#include "base/text.h"
#include "operand/operand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Categories whose events no program can be attached to. */
static const char NOT_ATTACHABLE[] = "ftrace";

int parse_tracepoint(const char *text, const char *rest, struct arena *arena,
		     struct probe_spec *spec, struct error *err)
{
	const char *colon = strchr(rest, ':');

	if (!colon || strchr(".:", *rest) || !colon[1] || colon[1] == '.' || strchr(rest, '/') ||
	    strchr(colon + 1, ':'))
		return error_set(err, -EINVAL, "'%s': write %s", text,
				 probe_kind_info(spec->kind)->form);
	spec->provider = arena_copy(arena, rest, (size_t)(colon - rest));
	spec->name = arena_string(arena, colon + 1);
	return spec->provider && spec->name ? 0 : error_memory(err);
}

/* ---- fields ---- */

/*
 * The fields of a system call's tracepoint have 8 bytes each, whatever the call takes: the
 * register's. What the kernel takes of them is what the declared type says.
 */
static const struct narrow {
	const char *type;
	uint8_t size;
	bool is_signed;
} narrow_types[] = {
	{"int", 4, true},	{"unsigned int", 4, false}, {"unsigned", 4, false},
	{"short", 2, true},	{"unsigned short", 2, false}, {"long", 8, true},
	{"pid_t", 4, true},	{"uid_t", 4, false},	    {"gid_t", 4, false},
	{"old_uid_t", 2, false}, {"old_gid_t", 2, false},   {"umode_t", 2, false},
	{"u32", 4, false},	{"__u32", 4, false},	    {"uint32_t", 4, false},
	{"s32", 4, true},	{"__s32", 4, true},	    {"key_t", 4, true},
	{"qid_t", 4, true},	{"mqd_t", 4, true},	    {"timer_t", 4, true},
	{"clockid_t", 4, true}, {"key_serial_t", 4, true},  {"rwf_t", 4, true},
	{"loff_t", 8, true},	{"off_t", 8, true},	    {"ssize_t", 8, true},
	{"time_t", 8, true},
};

static void narrow(const struct format_field *field, struct operand *operand)
{
	const char *type = field->type;

	if (!strncmp(type, "const ", 6))
		type += 6;
	for (size_t i = 0; i < sizeof(narrow_types) / sizeof(*narrow_types); i++) {
		if (strcmp(narrow_types[i].type, type) != 0)
			continue;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		operand->displacement += operand->size - narrow_types[i].size;
#endif
		operand->size = narrow_types[i].size;
		operand->is_signed = narrow_types[i].is_signed;
	}
}

static bool is_scalar(const struct format_field *f)
{
	return f->place == FIELD_HERE && !f->is_array && f->size <= 8 &&
	       !(f->size & (f->size - 1)) && f->offset % f->size == 0;
}

static enum probe_type scalar_type(const struct format_field *f)
{
	if (strchr(f->type, '*'))
		return PROBE_POINTER;
	if (f->size != 1)
		return PROBE_INT;
	return !strcmp(f->type, "bool")	  ? PROBE_BOOL
	       : !strcmp(f->type, "char") ? PROBE_CHAR
					  : PROBE_INT;
}

static bool is_text(const struct format_field *f)
{
	const char *type = f->type;

	if (!strncmp(type, "const ", 6))
		type += 6;
	return !strncmp(type, "char[", 5);
}

/* Where a text or bytes are, and behind it how many. */
static void place_operands(const struct format_field *f, struct operand *place,
			   struct operand *length)
{
	uint32_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 2;

	*place = (struct operand){.kind = OPERAND_PLACE, .size = 8, .sized = true,
				  .displacement = f->offset};
	if (f->place == FIELD_HERE) {
		*length = (struct operand){.kind = OPERAND_CONST, .size = 8, .sized = true,
					   .value = f->size};
		return;
	}
	place->kind = OPERAND_LOCATED;
	place->displacement = f->offset + low;
	place->value = f->place == FIELD_RELATIVE ? f->offset + 4 : 0;
	*length = (struct operand){.kind = OPERAND_CONTEXT, .size = 2, .sized = true,
				   .displacement = f->offset + 2 - low};
}

static void add_field(const struct format_field *f, bool of_syscall, struct operand *operands,
		      size_t *count, struct probe_argument *argument)
{
	struct operand *operand = &operands[*count];

	*argument = (struct probe_argument){
		.name = f->name,
		.type_name = f->type,
		.declared = f->declared,
		.named = true,
		.operand = (unsigned)*count,
	};
	++*count;
	if (is_scalar(f)) {
		*operand = (struct operand){.kind = OPERAND_CONTEXT, .size = (uint8_t)f->size,
					    .sized = true, .is_signed = f->is_signed,
					    .displacement = f->offset};
		if (of_syscall && f->size == 8)
			narrow(f, operand);
		argument->type = scalar_type(f);
		argument->size = operand->size;
		argument->is_signed = operand->is_signed;
		return;
	}
	place_operands(f, operand, operand + 1);
	argument->type = is_text(f) ? PROBE_STRING : PROBE_BYTES;
	argument->size = f->place == FIELD_HERE && f->size <= UINT8_MAX ? (uint8_t)f->size : 8;
	argument->in_record = argument->has_length = true;
	argument->bytes = f->place == FIELD_HERE ? f->size : 0;
	argument->length_operand = (unsigned)*count;
	++*count;
}

/* What makes two records alike: programs that look into them are for one layout. */
static const char *layout_text(const struct operand *operands, size_t count, struct arena *arena)
{
	struct buffer text = {0};
	char *copy;

	for (size_t i = 0; i < count; i++)
		buffer_print(&text, "%s%s%d@%s%lld", i ? " " : "", operands[i].is_signed ? "-" : "",
			     operands[i].size, operands[i].kind == OPERAND_CONST ? "$" : "",
			     operands[i].kind == OPERAND_CONST
				     ? (long long)operands[i].value
				     : (long long)operands[i].displacement);
	copy = text.failed ? NULL : arena_string(arena, buffer_string(&text));
	buffer_free(&text);
	return copy;
}

static int describe(struct probe *probe, const struct format *format, struct arena *arena,
		    struct error *err)
{
	size_t count = 0, fields = format->field_count;
	struct probe_argument *arguments = arena_alloc(arena, (fields + 1) * sizeof(*arguments));
	struct operand *operands = arena_alloc(arena, (2 * fields + 1) * sizeof(*operands));
	bool of_syscall = !strcmp(probe->provider, "tracepoint:syscalls");

	if (!arguments || !operands)
		return error_memory(err);
	for (size_t i = 0; i < fields; i++)
		add_field(&format->fields[i], of_syscall, operands, &count, &arguments[i]);
	probe->arguments = arguments;
	probe->argument_count = fields;
	probe->sites->event = format->number;
	probe->sites->operands = operands;
	probe->sites->operand_count = count;
	probe->sites->operand_text = layout_text(operands, count, arena);
	return probe->sites->operand_text ? 0 : error_memory(err);
}

/* ---- which ---- */

struct matching {
	struct probe_set *set;
	const struct probe_spec *spec;
	struct probe_list list;
	int folder; /* events */
	struct buffer text;
};

static int add_event(struct matching *m, const char *category, const char *name, struct error *err)
{
	struct format format;
	struct probe *probe;
	char provider[300], path[600];
	bool made;
	int rc;

	if ((size_t)snprintf(provider, sizeof(provider), "tracepoint:%s", category) >=
		    sizeof(provider) ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s/format", category, name) >= sizeof(path))
		return error_set(err, -ENAMETOOLONG, "%s:%s is no tracepoint's name", category,
				 name);
	rc = tracefs_read(m->folder, path, &m->text, err);
	if (!rc)
		rc = probe_list_add(&m->list, m->set, PROBE_TRACEPOINT, provider, name, &probe,
				    &made, err);
	if (rc || !made)
		return rc;
	rc = format_parse(buffer_string(&m->text), &m->set->arena, &format, err);
	return rc ? rc : describe(probe, &format, &m->set->arena, err);
}

static int match_category(struct matching *m, const char *category, struct error *err)
{
	struct names names = {0};
	int rc;

	if (!strcmp(category, NOT_ATTACHABLE))
		return 0;
	rc = tracefs_names(m->folder, category, m->spec->name, &names, err);
	for (size_t i = 0; i < names.count && !rc; i++) {
		rc = add_event(m, category, names.items[i], err);
		if (rc == -ENOENT) /* it went with its module */
			rc = 0;
	}
	names_free(&names);
	return rc;
}

static int match_globs(struct matching *m, struct error *err)
{
	struct names categories = {0};
	int rc = tracefs_names(m->folder, ".", m->spec->provider, &categories, err);

	for (size_t i = 0; i < categories.count && !rc; i++)
		rc = match_category(m, categories.items[i], err);
	names_free(&categories);
	return rc;
}

/* ---- near names ---- */

/* The nearest by category and name; the right name in another category is near, too. */
static void near_in(int folder, const char *category, const char *wanted, const char *name,
		    struct buffer *near, unsigned *distance)
{
	struct names names = {0};
	struct error ignored;
	char full[512];

	if (!tracefs_names(folder, category, "*", &names, &ignored)) {
		for (size_t i = 0; i < names.count; i++) {
			const char *best = NULL;

			snprintf(full, sizeof(full), "%s:%s", category, names.items[i]);
			if (!strcmp(names.items[i], name) && *distance) {
				*distance = 0;
				best = full;
			}
			text_keep_nearer(wanted, full, &best, distance);
			if (!best)
				continue;
			buffer_clear(near);
			buffer_print(near, "tracepoint:%s", best);
		}
	}
	names_free(&names);
}

static int nothing(struct matching *m, const char *text, struct error *err)
{
	struct names categories = {0};
	struct buffer near = {0};
	unsigned distance = TEXT_FAR;
	char wanted[512];

	snprintf(wanted, sizeof(wanted), "%s:%s", m->spec->provider, m->spec->name);
	if (!tracefs_names(m->folder, ".", "*", &categories, err))
		for (size_t i = 0; i < categories.count; i++)
			if (strcmp(categories.items[i], NOT_ATTACHABLE))
				near_in(m->folder, categories.items[i], wanted, m->spec->name,
					&near, &distance);
	probe_none(text, "tracepoint", near.length ? buffer_string(&near) : NULL, err);
	names_free(&categories);
	buffer_free(&near);
	return err->code;
}

static int find(struct matching *m, const char *text, struct error *err)
{
	const struct probe_spec *spec = m->spec;
	int rc;

	if (glob_is_pattern(spec->provider) || glob_is_pattern(spec->name))
		rc = match_globs(m, err);
	else if (!strcmp(spec->provider, NOT_ATTACHABLE))
		rc = 0;
	else
		rc = add_event(m, spec->provider, spec->name, err);
	return rc == -ENOENT || (!rc && !m->list.count) ? nothing(m, text, err) : rc;
}

int match_tracepoint(struct probe_set *set, const struct probe_spec *spec, const char *text,
		     const struct probe ***found, size_t *count, struct error *err)
{
	struct matching m = {.set = set, .spec = spec, .folder = tracefs_events(set->tracefs, err)};
	int rc = m.folder < 0 ? m.folder : find(&m, text, err);

	if (m.folder >= 0)
		close(m.folder);
	buffer_free(&m.text);
	return probe_list_end(&m.list, set, rc, found, count, err);
}
