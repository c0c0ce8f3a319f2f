/*
 * Owns the search for a name in DWARF: first in the unit of the probe's own code, which is what its
 * source file sees, then in all units, where several types of one name must be alike. What files
 * claim is not believed: entries must come one behind the other, and no unit is looked at twice.
 */
#include "types/dwarf_source.h"

#include "elf/file.h"

#include <dwarf.h>
#include <errno.h>
#include <string.h>

enum { NAMESPACES_MOST = 16 };

/* Calls visit() for each entry below; stops at the first that does not return 0. */
static int walk(struct dwarf_search *s, Dwarf_Die *parent, unsigned depth);

static int walk_import(struct dwarf_search *s, Dwarf_Die *die, unsigned depth)
{
	Dwarf_Attribute attribute;
	Dwarf_Die unit;
	void **key;
	size_t place;
	int rc;

	if (!dwarf_attr(die, DW_AT_import, &attribute) || !dwarf_formref_die(&attribute, &unit))
		return 0;
	key = arena_alloc(&s->source->base.types->arena, sizeof(*key));
	if (!key)
		return -ENOMEM;
	*key = unit.addr;
	rc = table_put(&s->imported, key, sizeof(*key), 0, &place);
	return rc < 0 ? rc : rc ? 0 : walk(s, &unit, depth + 1);
}

static int walk(struct dwarf_search *s, Dwarf_Die *parent, unsigned depth)
{
	bool more;
	Dwarf_Die die;

	if (depth > NAMESPACES_MOST)
		return 0;
	for (more = dwarf_first(parent, &die); more; more = dwarf_following(&die)) {
		int tag = dwarf_tag(&die), rc;

		if (tag == DW_TAG_imported_unit)
			rc = walk_import(s, &die, depth);
		else if (tag == DW_TAG_namespace)
			rc = walk(s, &die, depth + 1);
		else
			rc = s->visit(s, &die, tag);
		if (rc)
			return rc;
	}
	return 0;
}

static int walk_all(struct dwarf_search *s)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	int rc = 0;

	while (!rc && dwarf_next_die(s->source->file.dwarf, &unit, &die))
		rc = dwarf_tag(&die) == DW_TAG_partial_unit ? 0 : walk(s, &die, 0);
	return rc;
}

/*
 * In the unit of the place; where nothing is found, in all. 0 found, -ENOENT.
 */
static int search(struct dwarf_search *s, const struct type_place *place)
{
	Dwarf_Die unit;
	int rc = 0;

	if (dwarf_unit_at(s->source->file.dwarf, place->address, &unit))
		rc = walk(s, &unit, 0);
	table_free(&s->imported);
	if (!rc && !s->found.addr)
		rc = walk_all(s);
	table_free(&s->imported);
	return rc < 0 ? rc : s->found.addr ? 0 : -ENOENT;
}

/* ---- types ---- */

static bool is_declaration(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	bool flag = false;

	return dwarf_attr(die, DW_AT_declaration, &attribute) &&
	       !dwarf_formflag(&attribute, &flag) && flag;
}

static bool tag_fits(int tag, enum ctype_kind kind)
{
	switch (kind) {
	case CTYPE_STRUCT:
		return tag == DW_TAG_structure_type || tag == DW_TAG_class_type;
	case CTYPE_UNION:
		return tag == DW_TAG_union_type;
	case CTYPE_ENUM:
		return tag == DW_TAG_enumeration_type;
	default:
		return tag == DW_TAG_typedef || tag == DW_TAG_base_type || tag == DW_TAG_class_type;
	}
}

static int visit_type(struct dwarf_search *s, Dwarf_Die *die, int tag)
{
	const char *name = tag_fits(tag, s->kind) ? dwarf_name(&s->source->file, die) : "";
	const struct ctype *type;

	if (strcmp(name, s->name) || is_declaration(die))
		return 0;
	type = dwarf_node(s->source, die, 0);
	if (!type)
		return s->source->base.types->arena.failed ? -ENOMEM : 0;
	if (s->type && !types_alike(s->type, type))
		return -EEXIST;
	if (!s->type) {
		s->type = type;
		s->found = *die;
	}
	return 0;
}

static int result(struct dwarf_source *source, int rc, const char *what, const char *name,
		  struct error *err)
{
	if (rc == -ENOMEM)
		return error_memory(err);
	if (rc == -EEXIST)
		return error_set(err, rc,
				 "%s has several different %ss '%s', none of them in the source "
				 "file of the probe: declare the one that is meant",
				 elf_file_path(source->elf), what, name);
	return rc;
}

int dwarf_find(struct type_source *base, const struct type_place *place, enum ctype_kind kind,
	       const char *name, const struct ctype **found, struct error *err)
{
	struct dwarf_source *source = (struct dwarf_source *)base;
	struct dwarf_search s = {.source = source, .visit = visit_type, .kind = kind,
				 .name = name, .err = err};
	static const char *const what[] = {[CTYPE_STRUCT] = "struct", [CTYPE_UNION] = "union",
					   [CTYPE_ENUM] = "enum", [CTYPE_VOID] = "type"};
	int rc = search(&s, place);

	*found = s.type;
	return result(source, rc, what[kind], name, err);
}

/* ---- constants of enums ---- */

static int visit_enum(struct dwarf_search *s, Dwarf_Die *die, int tag)
{
	const struct ctype *type =
		tag == DW_TAG_enumeration_type ? dwarf_node(s->source, die, 0) : NULL;

	if (!type || types_members(type, s->err))
		return s->source->base.types->arena.failed ? -ENOMEM : 0;
	for (size_t i = 0; i < type->enumerator_count; i++) {
		if (strcmp(type->enumerators[i].name, s->name))
			continue;
		if (s->type && s->value != type->enumerators[i].value)
			return -EEXIST;
		s->type = type;
		s->value = type->enumerators[i].value;
		s->found = *die;
	}
	return 0;
}

int dwarf_constant(struct type_source *base, const struct type_place *place, const char *name,
		   uint64_t *value, const struct ctype **type, struct error *err)
{
	struct dwarf_source *source = (struct dwarf_source *)base;
	struct dwarf_search s = {.source = source, .visit = visit_enum, .name = name, .err = err};
	int rc = search(&s, place);

	*value = s.value;
	*type = s.type;
	return result(source, rc, "constant", name, err);
}
