/*
 * Owns the order in which sources are asked, when they are opened, and the look into a struct for a
 * member.
 */
#include "types/types.h"

#include "base/text.h"
#include "elf/file.h"
#include "types/names.h"
#include "types/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_PATH "/sys/kernel/btf/vmlinux"

/* A traced file's source, once it was looked for. */
struct type_module {
	const char *name;
	struct type_source *source; /* NULL: it has no types */
};

struct type_file {
	uint32_t number;
	struct type_source *source; /* NULL: the file has no debug information */
};

void types_free(struct types *types)
{
	for (size_t i = 0; i < types->module_count; i++)
		if (types->modules[i].source)
			types->modules[i].source->close(types->modules[i].source);
	free(types->modules);
	if (types->kernel)
		types->kernel->close(types->kernel);
	for (size_t i = 0; i < types->file_count; i++)
		if (types->files[i].source)
			types->files[i].source->close(types->files[i].source);
	for (size_t i = 0; i < types->made_count; i++) {
		free(types->made[i]->members);
		free(types->made[i]->enumerators);
	}
	free(types->made);
	free(types->files);
	free(types->names);
	free(types->constants);
	for (size_t i = 0; i < sizeof(types->places) / sizeof(*types->places); i++)
		table_free(&types->places[i]);
	table_free(&types->constant_places);
	arena_free(&types->arena);
	*types = (struct types){0};
}

/* ---- sources ---- */

static int open_kernel(struct types *types, struct error *err)
{
	int rc;

	if (types->kernel)
		return 0;
	if (types->kernel_error.code) {
		*err = types->kernel_error;
		return err->code;
	}
	rc = btf_open(types, types->kernel_path ? types->kernel_path : KERNEL_PATH, NULL,
		      &types->kernel, err);
	if (rc)
		types->kernel_error = *err;
	return rc;
}

/* A module's types are beside the kernel's own. */
static int open_module(struct types *types, const char *name, struct type_source **source,
		       struct error *err)
{
	const char *kernel = types->kernel_path ? types->kernel_path : KERNEL_PATH;
	const char *slash = strrchr(kernel, '/');
	struct type_module *m;
	char path[4096];
	int rc = open_kernel(types, err);

	*source = types->kernel;
	if (rc || !*name)
		return rc;
	for (size_t i = 0; i < types->module_count; i++)
		if (!strcmp(types->modules[i].name, name)) {
			*source = types->modules[i].source;
			return *source ? 0 : -ENOENT;
		}
	m = array_add(&types->modules, &types->module_count, &types->module_room, sizeof(*m));
	if (!m)
		return error_memory(err);
	m->name = arena_string(&types->arena, name);
	if (!m->name)
		return error_memory(err);
	snprintf(path, sizeof(path), "%.*s/%s", slash ? (int)(slash - kernel) : 1, slash ? kernel : ".", name);
	rc = btf_open(types, path, types->kernel, &m->source, err);
	*source = m->source;
	return rc == -EOPNOTSUPP ? -ENOENT : rc; /* not every module has some */
}

/* The file of a place; *source is NULL where it tells no types. */
static int open_file(struct types *types, const struct type_place *place,
		     struct type_source **source, struct error *err)
{
	struct elf_file *elf;
	struct type_file *f;
	int rc;

	*source = NULL;
	if (!place || place->file == NOT_IN_FILE || !types->file)
		return 0;
	for (size_t i = 0; i < types->file_count; i++)
		if (types->files[i].number == place->file) {
			*source = types->files[i].source;
			return 0;
		}
	elf = types->file(types->context, place->file);
	rc = elf ? dwarf_source_open(types, elf, source, err) : 0;
	if (rc < 0)
		return rc;
	f = array_add(&types->files, &types->file_count, &types->file_room, sizeof(*f));
	if (!f) {
		if (*source)
			(*source)->close(*source);
		return error_memory(err);
	}
	*f = (struct type_file){place->file, *source};
	return 0;
}

/* ---- names ---- */

static const char *keyword(enum ctype_kind kind)
{
	return kind == CTYPE_STRUCT  ? "struct "
	       : kind == CTYPE_UNION ? "union "
	       : kind == CTYPE_ENUM  ? "enum "
				     : "type ";
}

/* Where it was looked for, in the order that it was. */
static int not_found(struct types *types, const struct type_place *place,
		     const struct type_source *file, enum ctype_kind kind, const char *name,
		     struct error *err)
{
	struct elf_file *elf = place && place->file != NOT_IN_FILE && types->file
				       ? types->file(types->context, place->file)
				       : NULL;
	char where[1024] = "";

	if (elf && file)
		snprintf(where, sizeof(where), ", not in the debug information of %s",
			 elf_file_path(elf));
	else if (elf)
		snprintf(where, sizeof(where), ", %s has no debug information", elf_file_path(elf));
	if (types->kernel)
		return error_set(err, -ENOENT,
				 "%s%s is not known: it is not declared in the program%s, and the "
				 "kernel has none of that name",
				 keyword(kind), name, where);
	return error_set(err, -ENOENT,
			 "%s%s is not known: it is not declared in the program%s, and %s",
			 keyword(kind), name, where, types->kernel_error.text);
}

int types_find(struct types *types, const struct type_place *place, enum ctype_kind kind,
	       const char *name, const struct ctype **found, struct error *err)
{
	const struct ctype *declared = types_declared(types, kind, name);
	struct type_source *file;
	int rc;

	*found = NULL;
	if (declared && (declared->complete || kind == CTYPE_VOID)) {
		*found = declared;
		return 0;
	}
	rc = open_file(types, place, &file, err);
	if (rc)
		return rc;
	if (file) {
		rc = file->find(file, place, kind, name, found, err);
		if (rc != -ENOENT)
			return rc;
	}
	rc = open_kernel(types, err);
	if (rc && !file && (!place || place->file == NOT_IN_FILE))
		return rc;
	if (!rc) {
		rc = types->kernel->find(types->kernel, place, kind, name, found, err);
		if (rc != -ENOENT)
			return rc;
	}
	return not_found(types, place, file, kind, name, err);
}

int types_constant(struct types *types, const struct type_place *place, const char *name,
		   uint64_t *value, const struct ctype **type, struct error *err)
{
	struct type_source *file;
	size_t known;
	int rc;

	if (table_get(&types->constant_places, name, strlen(name), &known)) {
		*value = types->constants[known].value;
		*type = types->constants[known].type;
		return 0;
	}
	rc = open_file(types, place, &file, err);
	if (rc)
		return rc;
	if (file) {
		rc = file->constant(file, place, name, value, type, err);
		if (rc != -ENOENT)
			return rc;
	}
	if (open_kernel(types, err))
		return -ENOENT; /* a kernel that does not tell its types has none to find */
	return types->kernel->constant(types->kernel, place, name, value, type, err);
}

int types_returned(struct types *types, const struct type_place *place, const struct ctype **type,
		   struct error *err)
{
	struct type_source *file;
	int rc = open_file(types, place, &file, err);

	return rc ? rc : file ? file->returned(file, place, type, err) : -ENOENT;
}

int types_parameter(struct types *types, const struct type_place *place, const char *name, size_t at,
		    struct type_parameter *parameter, struct error *err)
{
	struct type_source *file;
	int rc = open_file(types, place, &file, err);

	if (rc)
		return rc;
	if (!file)
		return error_set(err, -ENOENT,
				 "the names of its parameters are not known: the file has no debug "
				 "information");
	return file->parameter(file, place, name, at, parameter, err);
}

int types_function(struct types *types, const char *module, const char *name,
		   struct type_function *function, struct error *err)
{
	struct type_source *source;
	int rc = open_module(types, module, &source, err);

	return rc ? rc : source->function(source, name, function, err);
}

int types_percpu(struct types *types, const char *name, uint32_t *number, const struct ctype **type,
		 struct error *err)
{
	int rc = open_kernel(types, err);

	return rc ? rc : types->kernel->percpu(types->kernel, name, number, type, err);
}

int types_complete(struct types *types, const struct type_place *place, const struct ctype *type,
		   const struct ctype **complete, struct error *err)
{
	*complete = type;
	if (type->complete || !(ctype_is_record(type) || type->kind == CTYPE_ENUM))
		return 0;
	if (!*type->name)
		return error_set(err, -ENOENT, "nothing is known of what is in %s", type->text);
	return types_find(types, place, type->kind, type->name, complete, err);
}

/* ---- members ---- */

int types_members(const struct ctype *type, struct error *err)
{
	struct ctype *t = (struct ctype *)type; /* all nodes with a source are made, none constant */

	if (t->has_members || !t->source)
		return 0;
	t->has_members = true;
	return t->source->members(t->source, t, err);
}

bool types_alike(const struct ctype *a, const struct ctype *b)
{
	struct error ignored;

	/* Made to a depth that ends. */
	while (a->target && b->target && a->kind == b->kind && a->count == b->count) {
		a = a->target;
		b = b->target;
	}
	if (a == b)
		return true;
	if ((!a->complete || !b->complete) && a->kind == b->kind && ctype_is_record(a))
		return !strcmp(a->name, b->name); /* what is in it is compared when it is asked for */
	if (a->kind != b->kind || a->size != b->size || types_members(a, &ignored) ||
	    types_members(b, &ignored) || a->member_count != b->member_count)
		return false;
	for (size_t i = 0; i < a->member_count; i++) {
		const struct ctype_member *m = &a->members[i], *n = &b->members[i];

		if (strcmp(m->name, n->name) || m->bit_offset != n->bit_offset ||
		    m->bits != n->bits || m->type->kind != n->type->kind ||
		    m->type->size != n->type->size)
			return false;
	}
	return true;
}

struct look {
	const char *name;
	struct ctype_member *member;
	const char *near;
	unsigned distance;
	unsigned left; /* structs that are still looked into: what nests without an end does not */
};

/* 1 found, 0 not, -errno. */
static int look_into(struct look *l, const struct ctype *record, uint64_t bits, unsigned depth,
		     struct error *err)
{
	int rc = types_members(record, err);

	if (rc || depth > TYPE_DEPTH_MOST || !l->left)
		return rc;
	l->left--;
	for (size_t i = 0; i < record->member_count; i++) {
		const struct ctype_member *m = &record->members[i];

		if (!*m->name)
			continue;
		if (strcmp(m->name, l->name)) {
			text_keep_nearer(l->name, m->name, &l->near, &l->distance);
			continue;
		}
		*l->member = *m;
		l->member->bit_offset += bits;
		return 1;
	}
	for (size_t i = 0; i < record->member_count; i++) {
		const struct ctype_member *m = &record->members[i];

		if (*m->name || !ctype_is_record(m->type))
			continue;
		rc = look_into(l, m->type, bits + m->bit_offset, depth + 1, err);
		if (rc)
			return rc;
	}
	return 0;
}

int types_member(struct types *types, const struct type_place *place, const struct ctype *record,
		 const char *name, struct ctype_member *member, struct error *err)
{
	struct look l = {.name = name, .member = member, .distance = TEXT_FAR, .left = 1000};
	int rc = types_complete(types, place, record, &record, err);

	if (rc)
		return rc;
	rc = look_into(&l, record, 0, 0, err);
	if (rc)
		return rc < 0 ? rc : 0;
	return error_set(err, -ENOENT, "%s has no member '%s'%s%s%s", record->text, name,
			 l.near ? "; did you mean '" : "", l.near ? l.near : "",
			 l.near ? "'?" : "");
}
