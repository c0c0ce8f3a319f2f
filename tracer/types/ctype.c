/* Owns the making of nodes: the basic types, pointers, arrays, and how they are spelled. */
#include "base/text.h"
#include "types/source.h"

#include <stdlib.h>
#include <string.h>

const struct ctype ctype_void = {.kind = CTYPE_VOID, .name = "void", .text = "void"};
const struct ctype ctype_function = {.kind = CTYPE_FUNCTION, .name = "", .text = "function"};

#define NUMBER(k, n, bytes, sgn, ...) \
	{.kind = (k), .name = (n), .text = (n), .size = (bytes), .align = (bytes), \
	 .is_signed = (sgn), .complete = true, __VA_ARGS__}
#define INT(n, bytes, sgn) NUMBER(CTYPE_INT, n, bytes, sgn)
/* The names that bpftrace, C and the kernel have for an integer of one size. */
#define SIZED(bits, bytes) \
	INT("int" #bits, bytes, true), INT("uint" #bits, bytes, false), \
	INT("int" #bits "_t", bytes, true), INT("uint" #bits "_t", bytes, false), \
	INT("s" #bits, bytes, true), INT("u" #bits, bytes, false), \
	INT("__s" #bits, bytes, true), INT("__u" #bits, bytes, false)

static const struct ctype basics[] = {
	SIZED(8, 1), SIZED(16, 2), SIZED(32, 4), SIZED(64, 8),
	NUMBER(CTYPE_INT, "char", 1, true, .is_char = true),
	INT("signed char", 1, true), INT("unsigned char", 1, false),
	INT("short", 2, true), INT("unsigned short", 2, false),
	INT("int", 4, true), INT("unsigned int", 4, false),
	INT("long", 8, true), INT("unsigned long", 8, false),
	INT("long long", 8, true), INT("unsigned long long", 8, false),
	INT("size_t", 8, false), INT("ssize_t", 8, true), INT("off_t", 8, true),
	INT("intptr_t", 8, true), INT("uintptr_t", 8, false), INT("ptrdiff_t", 8, true),
	NUMBER(CTYPE_INT, "bool", 1, false, .is_bool = true),
	NUMBER(CTYPE_INT, "_Bool", 1, false, .is_bool = true),
	NUMBER(CTYPE_FLOAT, "float", 4, true), NUMBER(CTYPE_FLOAT, "double", 8, true),
	NUMBER(CTYPE_FLOAT, "long double", 16, true),
	INT("__int128", 16, true), INT("unsigned __int128", 16, false),
};

const struct ctype *ctype_basic(const char *name)
{
	if (!strcmp(name, "void"))
		return &ctype_void;
	for (size_t i = 0; i < sizeof(basics) / sizeof(*basics); i++)
		if (!strcmp(basics[i].name, name))
			return &basics[i];
	return NULL;
}

const char *ctype_near(const char *name)
{
	const char *best = NULL;
	unsigned distance = TEXT_FAR;

	for (size_t i = 0; i < sizeof(basics) / sizeof(*basics); i++)
		text_keep_nearer(name, basics[i].name, &best, &distance);
	return best;
}

struct ctype *types_make(struct types *types, enum ctype_kind kind, const char *name)
{
	const char *keyword = kind == CTYPE_STRUCT  ? "struct"
			      : kind == CTYPE_UNION ? "union"
			      : kind == CTYPE_ENUM  ? "enum"
						    : NULL;
	struct ctype **slot = array_add(&types->made, &types->made_count, &types->made_room,
					sizeof(*slot));
	struct ctype *t = slot ? arena_alloc(&types->arena, sizeof(*t)) : NULL;

	if (!t) {
		types->arena.failed = true;
		types->made_count -= slot != NULL;
		return NULL;
	}
	*slot = t;
	*t = (struct ctype){.kind = kind, .name = name, .text = name, .align = 1};
	if (keyword)
		t->text = *name ? arena_print(&types->arena, "%s %s", keyword, name)
				: arena_print(&types->arena, "%s {...}", keyword);
	return t->text ? t : NULL;
}

struct ctype *types_number(struct types *types, enum ctype_kind kind, const char *name,
			   uint64_t size, bool is_signed)
{
	struct ctype *t = types_make(types, kind, name);

	if (!t)
		return NULL;
	t->size = size;
	t->align = size && size <= 16 ? (uint32_t)(size & -size) : 1;
	t->is_signed = is_signed;
	t->is_bool = kind == CTYPE_INT && (!strcmp(name, "_Bool") || !strcmp(name, "bool"));
	t->is_char = kind == CTYPE_INT && size == 1 && !strcmp(name, "char");
	t->complete = true;
	return t;
}

struct ctype *types_pointer(struct types *types, const struct ctype *target)
{
	struct ctype *t = types_make(types, CTYPE_POINTER, "");
	size_t length = strlen(target->text);

	if (!t)
		return NULL;
	t->size = t->align = sizeof(void *);
	t->complete = true;
	t->target = target;
	t->text = arena_print(&types->arena, "%s%s*", target->text,
			      length && target->text[length - 1] == '*' ? "" : " ");
	return t->text ? t : NULL;
}

struct ctype *types_array(struct types *types, const struct ctype *element, uint64_t count)
{
	struct ctype *t = types_make(types, CTYPE_ARRAY, "");
	size_t head = strcspn(element->text, "[");

	if (!t)
		return NULL;
	if (__builtin_mul_overflow(element->size, count, &t->size))
		t->size = 0;
	t->align = element->align;
	t->complete = true;
	t->target = element;
	t->count = count;
	/* int [2] of int [3] is written int[2][3] */
	t->text = count ? arena_print(&types->arena, "%.*s[%llu]%s", (int)head, element->text,
				      (unsigned long long)count, element->text + head)
			: arena_print(&types->arena, "%.*s[]%s", (int)head, element->text,
				      element->text + head);
	return t->text ? t : NULL;
}

static bool same(const struct ctype *a, const struct ctype *b, unsigned depth)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || depth > TYPE_DEPTH_MOST)
		return false;
	switch (a->kind) {
	case CTYPE_POINTER:
		return same(a->target, b->target, depth + 1);
	case CTYPE_ARRAY:
		return a->count == b->count && same(a->target, b->target, depth + 1);
	case CTYPE_STRUCT:
	case CTYPE_UNION:
	case CTYPE_ENUM:
		return !strcmp(a->text, b->text) && *a->name &&
		       (!a->complete || !b->complete || a->size == b->size);
	default:
		return a->size == b->size && a->is_signed == b->is_signed &&
		       a->is_bool == b->is_bool;
	}
}

bool ctype_same(const struct ctype *a, const struct ctype *b)
{
	return same(a, b, 0);
}
