/* What a value is where it is kept: its type, its bytes, and the names that are printed with it. */
#include "compile/internal.h"

#include <errno.h>
#include <stdlib.h>

static enum plan_type plan_type_of(struct type type)
{
	static const enum plan_type shown[] = {
		[SHOW_ERRNO] = PLAN_ERRNO, [SHOW_TIME] = PLAN_TIMESTAMP, [SHOW_INET] = PLAN_INET,
		[SHOW_MAC] = PLAN_MAC,	   [SHOW_CGROUP] = PLAN_CGROUP,	 [SHOW_USER] = PLAN_USER,
		[SHOW_FUNCTION] = PLAN_FUNCTION,
	};

	switch (type.kind) {
	case TYPE_FLOAT:
		return PLAN_FLOAT;
	case TYPE_COMM:
		return PLAN_COMM;
	case TYPE_PROBE:
		return PLAN_PROBE;
	case TYPE_STACK:
		return type.space == SPACE_KERNEL ? PLAN_KSTACK : PLAN_USTACK;
	case TYPE_SYMBOL:
		return type.space == SPACE_KERNEL ? PLAN_KSYM : PLAN_USYM;
	case TYPE_TUPLE:
		return PLAN_TUPLE;
	case TYPE_SHOWN:
		return shown[type.show];
	default:
		break;
	}
	return type.look == LOOK_BOOL	   ? PLAN_BOOL
	       : type.look == LOOK_CHAR	   ? PLAN_CHAR
	       : type.look == LOOK_POINTER ? PLAN_POINTER
					   : PLAN_INT;
}

/* Parts one behind the other, each at a multiple of 8. */
static void tuple_layout(struct compiler *c, struct type type, struct plan_value *value)
{
	size_t count = type.tuple->count;

	value->parts = arena_alloc(&c->plan->arena, (count + 1) * sizeof(*value->parts));
	if (!value->parts)
		return;
	value->part_count = count;
	for (size_t i = 0; i < count; i++) {
		type_layout(c, type.tuple->items[i], &value->parts[i]);
		if (type.tuple->names)
			value->parts[i].name = arena_string(&c->plan->arena, type.tuple->names[i]);
		value->parts[i].offset = value->size;
		value->size += (value->parts[i].size + 7) & ~7u;
	}
}

/* The enumerators as data, once for each enum. */
static const struct plan_enum *enum_names(struct compiler *c, const struct ctype *type)
{
	struct enum_names *known;
	struct plan_enum *names;
	struct error err;

	for (size_t i = 0; i < c->enum_count; i++)
		if (c->enums[i].type == type)
			return c->enums[i].names;
	if (types_members(type, &err)) {
		c->failed |= err.code == -ENOMEM;
		return NULL; /* its values are numbers */
	}
	known = array_add(&c->enums, &c->enum_count, &c->enum_room, sizeof(*known));
	names = arena_alloc(&c->plan->arena, sizeof(*names));
	if (!known || !names) {
		c->failed = true;
		return NULL;
	}
	*known = (struct enum_names){type, names};
	names->items = arena_alloc(&c->plan->arena,
				   (type->enumerator_count + 1) * sizeof(*names->items));
	for (size_t i = 0; names->items && i < type->enumerator_count; i++, names->count++)
		names->items[i] = (struct plan_enumerator){
			type->enumerators[i].value,
			arena_string(&c->plan->arena, type->enumerators[i].name)};
	return names;
}

/* ---- what is laid out as in C ---- */

enum { ANONYMOUS_MOST = 32 }; /* structs without a name, one in the other */

static void c_layout(struct compiler *c, const struct ctype *type, struct plan_value *value);

/* What has no other form is shown by its bytes. */
static void bytes_layout(struct compiler *c, uint64_t size, struct plan_value *value)
{
	value->type = PLAN_ARRAY;
	value->count = size;
	value->part_count = 1;
	value->parts = arena_alloc(&c->plan->arena, sizeof(*value->parts));
	if (value->parts)
		*value->parts = (struct plan_value){.type = PLAN_INT, .size = 1, .name = ""};
}

static void array_layout(struct compiler *c, const struct ctype *type, struct plan_value *value)
{
	if (type->target->is_char) {
		value->type = PLAN_COMM;
		return;
	}
	value->type = PLAN_ARRAY;
	value->count = type->count;
	value->part_count = 1;
	value->parts = arena_alloc(&c->plan->arena, sizeof(*value->parts));
	if (value->parts)
		c_layout(c, type->target, value->parts);
}

static void member_layout(struct compiler *c, const struct ctype_member *m, uint64_t at,
			  struct plan_value *value)
{
	c_layout(c, m->type, value);
	value->name = arena_string(&c->plan->arena, m->name);
	value->offset = (uint32_t)(at / 8);
	if (!m->bits)
		return;
	value->bits = (uint8_t)m->bits;
	value->from = at % 8;
	value->size = (value->from + m->bits + 7) / 8;
}

/* Members, those of a struct without a name among its own. */
static void add_members(struct compiler *c, struct record_layout *r, const struct ctype *type,
			uint64_t start, unsigned depth)
{
	struct error err;

	if (types_members(type, &err)) {
		c->failed |= err.code == -ENOMEM;
		return;
	}
	for (size_t i = 0; i < type->member_count; i++) {
		const struct ctype_member *m = &type->members[i];
		uint64_t at = start + m->bit_offset;
		struct plan_value *part;

		uint64_t bits = m->bits ? m->bits : m->type->size * 8;

		/* Only a damaged source says of a member that it is not in its struct. */
		if (bits > r->size * 8 || at > r->size * 8 - bits || m->bits > 64)
			continue;
		if (!*m->name && ctype_is_record(m->type) && depth < ANONYMOUS_MOST) {
			add_members(c, r, m->type, at, depth + 1);
			continue;
		}
		part = array_add(&r->parts, &r->part_count, &r->part_room, sizeof(*part));
		if (part)
			member_layout(c, m, at, part);
		c->failed |= !part;
	}
}

/* A struct is laid out once; one that is in itself, as only a damaged source says, has nothing
 * there. */
static const struct record_layout *record_of(struct compiler *c, const struct ctype *type)
{
	struct record_layout r = {.type = type, .size = type->size}, *known;
	struct plan_value *parts;
	size_t place = c->record_layout_count;

	for (size_t i = 0; i < c->record_layout_count; i++)
		if (c->record_layouts[i].type == type)
			return &c->record_layouts[i];
	known = array_add(&c->record_layouts, &c->record_layout_count, &c->record_layout_room,
			  sizeof(*known));
	c->failed |= !known;
	if (!known)
		return NULL;
	*known = r;
	add_members(c, &r, type, 0, 0);
	parts = arena_alloc(&c->plan->arena, (r.part_count + 1) * sizeof(*parts));
	for (size_t i = 0; parts && i < r.part_count; i++)
		parts[i] = r.parts[i];
	free(r.parts);
	known = &c->record_layouts[place];
	known->parts = parts;
	known->part_count = parts ? r.part_count : 0;
	return known;
}

static void c_layout(struct compiler *c, const struct ctype *type, struct plan_value *value)
{
	const struct record_layout *record;

	*value = (struct plan_value){.name = "", .size = (uint32_t)type->size,
				     .is_signed = type->is_signed};
	switch (type->kind) {
	case CTYPE_STRUCT:
	case CTYPE_UNION:
		value->type = PLAN_RECORD;
		record = record_of(c, type);
		value->parts = record ? record->parts : NULL;
		value->part_count = record ? record->part_count : 0;
		return;
	case CTYPE_ARRAY:
		array_layout(c, type, value);
		return;
	case CTYPE_FLOAT:
		value->type = PLAN_FLOAT;
		if (value->size != 4 && value->size != 8)
			bytes_layout(c, type->size, value);
		return;
	default:
		break;
	}
	value->type = type->kind == CTYPE_POINTER ? PLAN_POINTER : PLAN_INT;
	if (type->kind == CTYPE_ENUM)
		value->names = enum_names(c, type);
	if (value->size != 1 && value->size != 2 && value->size != 4 && value->size != 8)
		bytes_layout(c, type->size, value);
}

/*
 * Integers take 8 bytes wherever they go, extended; only floats keep their own size, since their
 * bits are not to be extended.
 */
void type_layout(struct compiler *c, struct type t, struct plan_value *value)
{
	*value = (struct plan_value){.name = ""};
	if (t.kind == TYPE_RECORD || t.kind == TYPE_ARRAY) {
		c_layout(c, t.ctype, value);
		return;
	}
	value->is_signed = t.kind == TYPE_INT && (t.is_signed || t.size < 8);
	if (t.kind == TYPE_TEXT || t.kind == TYPE_LITERAL) {
		text_layout(value, t.bytes, t.limit);
		return;
	}
	value->type = plan_type_of(t);
	if (value->type == PLAN_INT && t.ctype && t.ctype->kind == CTYPE_ENUM)
		value->names = enum_names(c, t.ctype);
	if (t.kind == TYPE_TUPLE) {
		tuple_layout(c, t, value);
		return;
	}
	if (t.kind == TYPE_STACK) {
		value->limit = t.limit;
		value->stack = t.stack == STACK_PERF  ? PLAN_STACK_PERF
			       : t.stack == STACK_RAW ? PLAN_STACK_RAW
						      : PLAN_STACK_NAMES;
		value->map = map_stacks(c, t.limit);
	}
	c->plan->symbols |= t.kind == TYPE_STACK || t.kind == TYPE_SYMBOL;
	if (t.kind == TYPE_SHOWN) {
		value->limit = (uint32_t)t.clock;
		value->format = t.format ? arena_string(&c->plan->arena, t.format) : NULL;
	}
	value->size = value->type == PLAN_INET ? sizeof(struct abi_inet)
		      : value->type == PLAN_FUNCTION ? 4
		      : t.kind == TYPE_COMM    ? ABI_COMM
		      : t.kind == TYPE_FLOAT ? t.size
		      : t.kind == TYPE_PROBE ? 4
		      : t.kind == TYPE_STACK || t.kind == TYPE_SYMBOL ? 16
								      : 8;
}
