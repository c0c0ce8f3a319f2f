/* What a value is where it is kept: its type, its bytes, and the names that are printed with it. */
#include "compile/internal.h"

#include <errno.h>

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

/*
 * Integers take 8 bytes wherever they go, extended; only floats keep their own size, since their
 * bits are not to be extended.
 */
void type_layout(struct compiler *c, struct type t, struct plan_value *value)
{
	*value = (struct plan_value){.name = ""};
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
