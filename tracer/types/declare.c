/*
 * Owns what a program declares: names, and the layout of structs and unions as the C compiler of
 * this machine makes it (the System V ABI of x86-64, gcc's packed).
 */
#include "types/source.h"

#include "types/names.h"

#include <errno.h>
#include <string.h>

enum { ENDS_UNIT = UINT32_MAX }; /* bits of a nameless bit-field of no bits, until the layout */
#define SIZE_LIMIT ((uint64_t)1 << 40)

const struct ctype *types_declared(const struct types *types, enum ctype_kind kind,
				   const char *name)
{
	size_t place;

	return table_get(&types->places[kind], name, strlen(name), &place) ? types->names[place].type
									   : NULL;
}

static bool add_name(struct types *types, enum ctype_kind kind, const char *name,
		     const struct ctype *type)
{
	struct type_name *n = array_add(&types->names, &types->name_count, &types->name_room,
					sizeof(*n));
	size_t place;

	if (!n || table_put(&types->places[kind], name, strlen(name), types->name_count - 1, &place) < 0)
		return false;
	*n = (struct type_name){name, type};
	return true;
}

struct ctype *types_declare(struct types *types, enum ctype_kind kind, const char *name)
{
	const struct ctype *known = *name ? types_declared(types, kind, name) : NULL;
	struct ctype *t;

	if (known)
		return (struct ctype *)known; /* made here */
	t = types_make(types, kind, name);
	if (!t || (*name && !add_name(types, kind, name, t)))
		return NULL;
	if (kind == CTYPE_ENUM)
		t->size = t->align = 4;
	return t;
}

bool types_add_typedef(struct types *types, const char *name, const struct ctype *type)
{
	return add_name(types, CTYPE_VOID, name, type);
}

bool types_add_member(struct types *types, struct ctype *record, const char *name,
		      const struct ctype *type, int bits, const struct attributes *attributes)
{
	struct ctype_member *m = array_add(&record->members, &record->member_count,
					   &record->member_room, sizeof(*m));

	if (!m) {
		types->arena.failed = true;
		return false;
	}
	*m = (struct ctype_member){.name = name, .type = type, .attributes = *attributes};
	m->bits = bits == BITS_NONE ? 0 : bits ? (uint32_t)bits : ENDS_UNIT;
	return true;
}

bool types_add_constant(struct types *types, struct ctype *type, const char *name, uint64_t value)
{
	struct ctype_enumerator *e = array_add(&type->enumerators, &type->enumerator_count,
					       &type->enumerator_room, sizeof(*e));
	struct type_constant *c = array_add(&types->constants, &types->constant_count,
					    &types->constant_room, sizeof(*c));

	size_t place;

	if (!e || !c || table_put(&types->constant_places, name, strlen(name),
				  types->constant_count - 1, &place) < 0) {
		types->arena.failed = true;
		return false;
	}
	*e = (struct ctype_enumerator){name, value};
	*c = (struct type_constant){name, value, type};
	return true;
}

struct layout {
	uint64_t bits; /* so far */
	uint32_t align;
	bool packed, is_union;
};

static uint64_t up(uint64_t bits, uint64_t to)
{
	return (bits + to - 1) / to * to;
}

static bool is_packed(const struct layout *l, const struct ctype_member *m)
{
	return l->packed || m->attributes.packed;
}

/* Where a bit-field goes: it does not cross the bounds of a unit of its type. */
static void place_field(struct layout *l, struct ctype_member *m)
{
	uint64_t unit = m->type->size * 8, at = l->is_union ? 0 : l->bits;

	if (m->bits == ENDS_UNIT) {
		m->bits = 0;
		l->bits = l->is_union ? l->bits : up(l->bits, unit);
		return;
	}
	if (!is_packed(l, m) && at % unit + m->bits > unit)
		at = up(at, (uint64_t)m->type->align * 8);
	if (m->attributes.aligned)
		at = up(at, (uint64_t)m->attributes.aligned * 8);
	m->bit_offset = at;
	if (at + m->bits > l->bits)
		l->bits = at + m->bits;
	/* One without a name does not align the struct. */
	if (*m->name && !is_packed(l, m) && m->type->align > l->align)
		l->align = m->type->align;
	if (m->attributes.aligned > l->align)
		l->align = m->attributes.aligned;
}

static void place_member(struct layout *l, struct ctype_member *m)
{
	uint32_t align = is_packed(l, m) || !m->type->align ? 1 : m->type->align;
	uint64_t at;

	if (m->attributes.aligned > align)
		align = m->attributes.aligned;
	at = l->is_union ? 0 : up(l->bits, (uint64_t)align * 8);
	m->bit_offset = at;
	if (at + m->type->size * 8 > l->bits)
		l->bits = at + m->type->size * 8;
	if (align > l->align)
		l->align = align;
}

/* What has neither name nor members was there for the layout alone. */
static void drop_padding(struct ctype *type)
{
	size_t count = 0;

	for (size_t i = 0; i < type->member_count; i++)
		if (*type->members[i].name || ctype_is_record(type->members[i].type))
			type->members[count++] = type->members[i];
	type->member_count = count;
}

static int finish_record(struct ctype *type, const struct attributes *attributes)
{
	struct layout l = {.align = attributes->aligned ? attributes->aligned : 1,
			   .packed = attributes->packed,
			   .is_union = type->kind == CTYPE_UNION};

	for (size_t i = 0; i < type->member_count; i++) {
		struct ctype_member *m = &type->members[i];

		if (m->type->size > SIZE_LIMIT || l.bits > SIZE_LIMIT * 8)
			return -EOVERFLOW;
		if (m->bits)
			place_field(&l, m);
		else
			place_member(&l, m);
	}
	type->align = l.align;
	type->size = up(l.bits, (uint64_t)l.align * 8) / 8;
	drop_padding(type);
	return type->size > SIZE_LIMIT ? -EOVERFLOW : 0;
}

/* An enum is an unsigned int where that holds all, else signed, else of 64 bits. */
static void finish_enum(struct ctype *type, bool packed)
{
	int64_t least = 0, most = 0;
	bool negative = false, wide = false;

	for (size_t i = 0; i < type->enumerator_count; i++) {
		int64_t value = (int64_t)type->enumerators[i].value;

		negative |= value < 0;
		wide |= value < INT32_MIN || value > (int64_t)UINT32_MAX;
		least = value < least ? value : least;
		most = value > most ? value : most;
	}
	for (size_t i = 0; negative && i < type->enumerator_count; i++)
		wide |= (int64_t)type->enumerators[i].value > INT32_MAX;
	type->is_signed = negative;
	type->size = type->align = wide ? 8 : 4;
	for (uint32_t size = 2; packed && !wide && size; size /= 2) {
		int64_t limit = (int64_t)1 << (size * 8 - negative);

		if (most < limit && least >= -limit)
			type->size = type->align = size;
	}
}

const struct ctype *types_aligned(struct types *types, const struct ctype *type, uint32_t align)
{
	struct ctype *t = arena_alloc(&types->arena, sizeof(*t));

	if (!t)
		return NULL;
	*t = *type;
	t->align = align;
	return t;
}

int types_finish(struct ctype *type, const struct attributes *attributes)
{
	int rc = 0;

	if (type->kind == CTYPE_ENUM)
		finish_enum(type, attributes->packed);
	else
		rc = finish_record(type, attributes);
	type->complete = type->has_members = true;
	return rc;
}
