/* What variables, maps and tuples hold: the type that all values kept in one place have together. */
#include "lang/type.h"

#include <string.h>

/* Is C's name for it the one that people know? */
static bool has_c_name(struct type type)
{
	return type.ctype && (type.kind == TYPE_RECORD || type.kind == TYPE_ARRAY ||
			      (type.kind == TYPE_INT && (type.ctype->kind == CTYPE_POINTER ||
							 type.ctype->kind == CTYPE_ENUM)));
}

const char *type_name(struct type type)
{
	static const char *const kinds[] = {
		[TYPE_UNKNOWN] = "unknown", [TYPE_NONE] = "nothing", [TYPE_FLOAT] = "float",
		[TYPE_TEXT] = "text",	    [TYPE_LITERAL] = "string", [TYPE_COMM] = "thread name",
		[TYPE_PROBE] = "probe",	    [TYPE_STACK] = "stack",    [TYPE_AGGREGATE] = "aggregate",
		[TYPE_TUPLE] = "tuple",	    [TYPE_RECORD] = "struct",  [TYPE_ARRAY] = "array",
		[TYPE_SYMBOL] = "symbol",   [TYPE_SHOWN] = "",
	};
	static const char *const ints[2][4] = {{"uint8", "uint16", "uint32", "uint64"},
					       {"int8", "int16", "int32", "int64"}};

	static const char *const shown[] = {
		[SHOW_ERRNO] = "error", [SHOW_TIME] = "time", [SHOW_INET] = "network address",
		[SHOW_MAC] = "MAC address", [SHOW_CGROUP] = "cgroup path", [SHOW_USER] = "user name",
		[SHOW_FUNCTION] = "function name",
	};

	if (type.kind == TYPE_SHOWN)
		return shown[type.show];
	if (has_c_name(type))
		return type.ctype->text;
	if (type.kind != TYPE_INT)
		return type.kind == TYPE_TEXT && type.bytes ? "bytes" : kinds[type.kind];
	if (type.look == LOOK_BOOL)
		return "bool";
	if (type.look == LOOK_POINTER)
		return "pointer";
	return ints[type.is_signed][type.size == 1 ? 0 : type.size == 2 ? 1 : type.size == 4 ? 2 : 3];
}

size_t type_values(struct type type)
{
	return type.kind == TYPE_TUPLE ? type.tuple->values : 1;
}

static bool same_names(const struct type_tuple *a, const struct type_tuple *b)
{
	for (size_t i = 0; a->names && b->names && i < a->count; i++)
		if (strcmp(a->names[i], b->names[i]) != 0)
			return false;
	return !a->names == !b->names;
}

static bool same_items(const struct type_tuple *a, const struct type_tuple *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!type_same(a->items[i], b->items[i]))
			return false;
	return same_names(a, b);
}

static bool same_ctype(struct type a, struct type b)
{
	return a.ctype && b.ctype ? ctype_same(a.ctype, b.ctype) : a.ctype == b.ctype;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool type_same(struct type a, struct type b)
{
	if (a.kind != b.kind || a.size != b.size || a.width != b.width || a.is_signed != b.is_signed ||
	    a.look != b.look || a.bytes != b.bytes || a.limit != b.limit || a.space != b.space ||
	    a.stack != b.stack || !same_ctype(a, b) || a.show != b.show || a.clock != b.clock ||
	    !same_text(a.format, b.format))
		return false;
	return a.kind != TYPE_TUPLE || same_items(a.tuple, b.tuple);
}

bool type_is_text(struct type type)
{
	return type.kind == TYPE_TEXT || type.kind == TYPE_COMM || type.kind == TYPE_LITERAL;
}

unsigned type_width(struct type type)
{
	return type.width ? type.width : type.size;
}

struct type type_stored(struct type type)
{
	if (type.kind == TYPE_LITERAL)
		return (struct type){.kind = TYPE_TEXT, .limit = type.limit};
	if (type.kind == TYPE_INT) {
		type.is_signed = type.is_signed || type.size < 8;
		type.width = type_width(type) < 8 ? (uint8_t)type_width(type) : 0;
		type.size = 8;
		if (type.ctype && type.ctype->kind == CTYPE_INT)
			type.ctype = NULL;
	}
	if (type.kind == TYPE_TEXT) { /* a copy, wherever it was */
		type.ctype = NULL;
		type.space = SPACE_ANY;
	}
	return type;
}

static uint32_t text_limit(struct type type)
{
	return type.kind == TYPE_COMM ? 15 : type.limit;
}

static bool widen_text(struct type *into, struct type more)
{
	uint32_t a = text_limit(*into), b = text_limit(more);

	if (into->kind == TYPE_COMM && more.kind == TYPE_COMM)
		return true;
	if (into->bytes != more.bytes)
		return false;
	*into = (struct type){.kind = TYPE_TEXT, .bytes = into->bytes, .limit = a > b ? a : b};
	return true;
}

static bool widen_tuple(struct arena *arena, struct type *into, struct type more)
{
	size_t count = into->tuple->count;
	struct type_tuple *wide;

	if (count != more.tuple->count)
		return false;
	wide = arena_alloc(arena, sizeof(*wide) + count * sizeof(wide->items[0]));
	if (!wide)
		return false;
	wide->count = count;
	wide->values = into->tuple->values;
	wide->names = same_names(into->tuple, more.tuple) ? into->tuple->names : NULL;
	for (size_t i = 0; i < count; i++) {
		wide->items[i] = into->tuple->items[i];
		if (!type_widen(arena, &wide->items[i], more.tuple->items[i]))
			return false;
	}
	into->tuple = wide;
	return true;
}

bool type_is_enum(struct type type)
{
	return type.kind == TYPE_INT && type.ctype && type.ctype->kind == CTYPE_ENUM;
}

/* Where two pointers lead to different types, nobody knows where the place leads. What holds numbers of
 * an enum goes on to, when it is assigned another number. */
static void widen_ctype(struct type *into, struct type more)
{
	if (!same_ctype(*into, more) && !(type_is_enum(*into) && !more.ctype))
		into->ctype = NULL;
	if (into->space != more.space)
		into->space = SPACE_ANY;
}

bool type_widen(struct arena *arena, struct type *into, struct type more)
{
	more = type_stored(more);
	if (into->kind == TYPE_UNKNOWN) {
		*into = more;
		return true;
	}
	if (type_is_text(*into) && type_is_text(more))
		return widen_text(into, more);
	if (into->kind != more.kind)
		return false;
	switch (more.kind) {
	case TYPE_INT:
		into->is_signed &= more.is_signed;
		if (into->look != more.look)
			into->look = LOOK_NUMBER;
		widen_ctype(into, more);
		return true;
	case TYPE_RECORD:
	case TYPE_ARRAY:
		if (into->space != more.space) /* where what is in it leads */
			into->space = SPACE_ANY;
		return same_ctype(*into, more);
	case TYPE_FLOAT:
		return into->size == more.size;
	case TYPE_TUPLE:
		return widen_tuple(arena, into, more);
	case TYPE_STACK: /* what is kept is kept in one way */
	case TYPE_SYMBOL:
	case TYPE_SHOWN:
		return type_same(*into, more);
	default:
		return true;
	}
}
