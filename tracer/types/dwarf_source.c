/* Owns the way from DWARF's entries to nodes: what a type is, and what is in it. */
#include "types/dwarf_source.h"

#include "elf/file.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DIMENSIONS_MOST = 16 };

/* An entry of which there is a node. */
struct dwarf_entry {
	Dwarf_Die die;
	struct ctype *node;
};

static bool number_of(Dwarf_Die *die, unsigned attribute, uint64_t *number)
{
	Dwarf_Attribute a;
	Dwarf_Word value;

	if (!dwarf_attr_integrate(die, attribute, &a) || dwarf_formudata(&a, &value))
		return false;
	*number = value;
	return true;
}

/* A constant that may be negative: what has no sign of its own has none. */
static bool signed_of(Dwarf_Die *die, unsigned attribute, int64_t *number)
{
	Dwarf_Attribute a;
	Dwarf_Sword value;
	Dwarf_Word word;

	if (!dwarf_attr_integrate(die, attribute, &a))
		return false;
	if (a.form == DW_FORM_sdata || a.form == DW_FORM_implicit_const) {
		if (dwarf_formsdata(&a, &value))
			return false;
		*number = value;
		return true;
	}
	if (dwarf_formudata(&a, &word))
		return false;
	*number = (int64_t)word;
	return true;
}

static bool flag_of(Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute a;
	bool flag = false;

	return dwarf_attr(die, attribute, &a) && !dwarf_formflag(&a, &flag) && flag;
}

/* What an entry's DW_AT_type leads to: void where there is none. */
static struct ctype *target_of(struct dwarf_source *s, Dwarf_Die *die, unsigned depth)
{
	Dwarf_Attribute a;
	Dwarf_Die target;

	if (!dwarf_attr_integrate(die, DW_AT_type, &a))
		return (struct ctype *)&ctype_void;
	return dwarf_formref_die(&a, &target) ? dwarf_node(s, &target, depth + 1) : NULL;
}

struct ctype *dwarf_type_of(struct dwarf_source *s, Dwarf_Die *die)
{
	return target_of(s, die, 0);
}

/* ---- kinds of entries ---- */

static struct ctype *make_base(struct dwarf_source *s, Dwarf_Die *die)
{
	uint64_t size = 0, encoding = 0;
	bool is_float, is_signed;
	struct ctype *t;

	number_of(die, DW_AT_byte_size, &size);
	number_of(die, DW_AT_encoding, &encoding);
	is_float = encoding == DW_ATE_float || encoding == DW_ATE_complex_float ||
		   encoding == DW_ATE_imaginary_float || encoding == DW_ATE_decimal_float;
	is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	t = types_number(s->base.types, is_float ? CTYPE_FLOAT : CTYPE_INT,
			 dwarf_name(&s->file, die), size, is_signed);
	if (t && encoding == DW_ATE_boolean)
		t->is_bool = true;
	return t;
}

/* In C++ what an enum is made of says its sign; in C its values do. */
static bool enum_signed(struct dwarf_source *s, Dwarf_Die *die)
{
	Dwarf_Attribute a;
	Dwarf_Die child;
	int64_t value;

	if (dwarf_attr_integrate(die, DW_AT_type, &a)) {
		const struct ctype *t = target_of(s, die, 0);

		return t && t->is_signed;
	}
	for (bool more = dwarf_first(die, &child); more; more = dwarf_following(&child))
		if (signed_of(&child, DW_AT_const_value, &value) && value < 0)
			return true;
	return false;
}

static struct ctype *make_tagged(struct dwarf_source *s, Dwarf_Die *die, enum ctype_kind kind)
{
	struct ctype *t = types_make(s->base.types, kind, dwarf_name(&s->file, die));
	uint64_t size = 0;

	if (!t)
		return NULL;
	t->complete = !flag_of(die, DW_AT_declaration);
	number_of(die, DW_AT_byte_size, &size);
	t->size = t->complete ? size : 0;
	t->is_signed = kind == CTYPE_ENUM && enum_signed(s, die);
	t->source = &s->base;
	return t;
}

/* The elements of one dimension; 0 where that is open or found out at run time. */
static uint64_t count_of(Dwarf_Die *range)
{
	uint64_t number;
	int64_t upper;

	if (number_of(range, DW_AT_count, &number))
		return number;
	/* int a[0] has -1, perhaps in fewer bits */
	if (!signed_of(range, DW_AT_upper_bound, &upper) || upper < 0 || upper == UINT32_MAX)
		return 0;
	return (uint64_t)upper + 1;
}

static struct ctype *make_array(struct dwarf_source *s, Dwarf_Die *die, unsigned depth)
{
	struct ctype *t = target_of(s, die, depth);
	uint64_t counts[DIMENSIONS_MOST];
	size_t count = 0;
	Dwarf_Die range;

	for (bool more = dwarf_first(die, &range); more; more = dwarf_following(&range))
		if (dwarf_tag(&range) == DW_TAG_subrange_type) {
			if (count == DIMENSIONS_MOST)
				return NULL;
			counts[count++] = count_of(&range);
		}
	while (t && count)
		t = types_array(s->base.types, t, counts[--count]);
	return t;
}

static struct ctype *make_pointer(struct dwarf_source *s, Dwarf_Die *die, unsigned depth)
{
	struct ctype *target = target_of(s, die, depth);
	struct ctype *t = target ? types_pointer(s->base.types, target) : NULL;
	uint64_t size;

	if (t && number_of(die, DW_AT_byte_size, &size) && (size == 4 || size == 8))
		t->size = t->align = (uint32_t)size;
	return t;
}

/* A typedef gives an anonymous struct its name. */
static struct ctype *make_alias(struct dwarf_source *s, Dwarf_Die *die, unsigned depth)
{
	struct ctype *t = target_of(s, die, depth);

	if (t && dwarf_tag(die) == DW_TAG_typedef && !*t->name && *dwarf_name(&s->file, die) &&
	    (ctype_is_record(t) || t->kind == CTYPE_ENUM))
		t->text = dwarf_name(&s->file, die);
	return t;
}

static struct ctype *make_node(struct dwarf_source *s, Dwarf_Die *die, unsigned depth)
{
	uint64_t size = 0;

	switch (dwarf_tag(die)) {
	case DW_TAG_base_type:
		return make_base(s, die);
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return make_tagged(s, die, CTYPE_STRUCT);
	case DW_TAG_union_type:
		return make_tagged(s, die, CTYPE_UNION);
	case DW_TAG_enumeration_type:
		return make_tagged(s, die, CTYPE_ENUM);
	case DW_TAG_array_type:
		return make_array(s, die, depth);
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return make_pointer(s, die, depth);
	case DW_TAG_ptr_to_member_type:
		number_of(die, DW_AT_byte_size, &size);
		return types_number(s->base.types, CTYPE_INT, "pointer to member", size ? size : 8,
				    false);
	case DW_TAG_typedef:
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
	case DW_TAG_immutable_type:
	case DW_TAG_packed_type:
		return make_alias(s, die, depth);
	case DW_TAG_subroutine_type:
	case DW_TAG_subprogram:
		return (struct ctype *)&ctype_function;
	case DW_TAG_unspecified_type:
		return (struct ctype *)&ctype_void;
	default:
		return NULL;
	}
}

struct ctype *dwarf_node(struct dwarf_source *s, Dwarf_Die *die, unsigned depth)
{
	Dwarf_Attribute signature;
	struct dwarf_entry *entry, **slot;
	Dwarf_Die full;
	size_t place;

	if (depth > TYPE_DEPTH_MOST)
		return NULL;
	/* What stands in a unit of its own, with the name alone here. */
	if (dwarf_attr(die, DW_AT_signature, &signature) && dwarf_formref_die(&signature, &full) &&
	    full.addr != die->addr)
		return dwarf_node(s, &full, depth + 1);
	if (table_get(&s->nodes, &die->addr, sizeof(die->addr), &place))
		return s->entries[place]->node;
	entry = arena_alloc(&s->base.types->arena, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->die = *die;
	entry->node = make_node(s, die, depth);
	if (!entry->node)
		return NULL;
	slot = array_add(&s->entries, &s->entry_count, &s->entry_room, sizeof(*slot));
	if (!slot || table_put(&s->nodes, &entry->die.addr, sizeof(die->addr), s->entry_count - 1,
			       &place) < 0) {
		s->base.types->arena.failed = true;
		return NULL;
	}
	*slot = entry;
	/* What an alias stands for was here before it, and has its own entry. */
	if (entry->node->source && !entry->node->key)
		entry->node->key = s->entry_count;
	return entry->node;
}

/* ---- what is in it ---- */

/* Bytes from the start of the struct; false when only the running program knows. */
static bool location_of(Dwarf_Die *die, uint64_t *bytes)
{
	Dwarf_Attribute a;
	Dwarf_Op *ops;
	size_t count;

	*bytes = 0;
	if (!dwarf_attr_integrate(die, DW_AT_data_member_location, &a))
		return true; /* of a union */
	if (number_of(die, DW_AT_data_member_location, bytes))
		return true;
	if (dwarf_getlocation(&a, &ops, &count) || count != 1 || ops[0].atom != DW_OP_plus_uconst)
		return false;
	*bytes = ops[0].number;
	return true;
}

static bool member_place(Dwarf_Die *die, struct ctype_member *m)
{
	uint64_t bytes, bits, from_top, unit = m->type->size;

	if (!location_of(die, &bytes) || bytes > UINT64_MAX / 16)
		return false;
	m->bit_offset = bytes * 8;
	if (!number_of(die, DW_AT_bit_size, &bits))
		return true;
	if (!bits || bits > 64)
		return false;
	m->bits = (uint32_t)bits;
	if (number_of(die, DW_AT_data_bit_offset, &bits)) {
		m->bit_offset = bits;
	} else if (number_of(die, DW_AT_bit_offset, &from_top)) {
		/* Before DWARF 4: counted from the highest bit of its unit. */
		number_of(die, DW_AT_byte_size, &unit);
		if (unit > 16 || from_top + m->bits > unit * 8)
			return false;
		m->bit_offset += unit * 8 - from_top - m->bits;
	}
	return m->bit_offset <= UINT64_MAX / 16;
}

static int add_member(struct dwarf_source *s, struct ctype *record, Dwarf_Die *die, int tag,
		      struct error *err)
{
	struct ctype_member m = {.name = ""}, *slot;

	/* A static member of a class is no part of its objects. */
	if (flag_of(die, DW_AT_external) || flag_of(die, DW_AT_declaration))
		return 0;
	if (tag != DW_TAG_inheritance)
		m.name = dwarf_name(&s->file, die);
	m.type = target_of(s, die, 0);
	if (!m.type)
		return s->base.types->arena.failed ? error_memory(err) : 0;
	if (!member_place(die, &m))
		return 0; /* a virtual base: where it is only the object itself knows */
	slot = array_add(&record->members, &record->member_count, &record->member_room,
			 sizeof(*slot));
	if (!slot)
		return error_memory(err);
	*slot = m;
	return 0;
}

static int add_constant(struct dwarf_source *s, struct ctype *type, Dwarf_Die *die,
			struct error *err)
{
	struct ctype_enumerator *e;
	int64_t value;

	if (!signed_of(die, DW_AT_const_value, &value))
		return 0;
	e = array_add(&type->enumerators, &type->enumerator_count, &type->enumerator_room,
		      sizeof(*e));
	if (!e)
		return error_memory(err);
	*e = (struct ctype_enumerator){dwarf_name(&s->file, die), (uint64_t)value};
	return 0;
}

static int dwarf_members(struct type_source *base, struct ctype *type, struct error *err)
{
	struct dwarf_source *s = (struct dwarf_source *)base;
	Dwarf_Die die;
	int rc = 0;

	if (!type->key || type->key > s->entry_count)
		return 0;
	for (bool more = dwarf_first(&s->entries[type->key - 1]->die, &die); more && !rc;
	     more = dwarf_following(&die)) {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_member || tag == DW_TAG_inheritance)
			rc = add_member(s, type, &die, tag, err);
		else if (tag == DW_TAG_enumerator)
			rc = add_constant(s, type, &die, err);
	}
	return rc;
}

/* ---- opening ---- */

static void dwarf_close(struct type_source *base)
{
	struct dwarf_source *s = (struct dwarf_source *)base;

	dwarf_file_close(&s->file);
	table_free(&s->nodes);
	free(s->entries);
	free(s);
}

int dwarf_source_open(struct types *types, struct elf_file *file, struct type_source **source,
		      struct error *err)
{
	struct dwarf_source *s = calloc(1, sizeof(*s));
	int rc;

	*source = NULL;
	if (!s)
		return error_memory(err);
	s->base = (struct type_source){.types = types,
				       .find = dwarf_find,
				       .constant = dwarf_constant,
				       .parameter = dwarf_parameter,
				       .returned = dwarf_returned,
				       .members = dwarf_members,
				       .close = dwarf_close};
	s->elf = file;
	rc = dwarf_file_open(file, &s->file, err);
	if (rc > 0)
		*source = &s->base;
	else
		dwarf_close(&s->base);
	return rc;
}
