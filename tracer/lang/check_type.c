/*
 * C's types of values: what the written names mean where the probe is, what is read of a place in
 * memory, casts, sizeof and offsetof, constants of enums.
 */
#include "lang/check_type.h"

#include <errno.h>
#include <string.h>

static const struct type_place nowhere = {.file = NOT_IN_FILE};

/* ---- names ---- */

struct type_place place_of(const struct probe *probe)
{
	if (!probe_in_file(probe->kind) || !probe->site_count)
		return nowhere;
	return (struct type_place){probe->file, probe->sites[0].address};
}

/*
 * What is known of a name in kernel memory does not depend on the probe; in user memory it is what
 * the source of each probe says, and these must agree.
 */
static int find(struct checker *c, const struct expr *e, enum ctype_kind kind, const char *name,
		enum type_space space, const struct ctype **found, struct error *err)
{
	struct types *types = &c->program->types;
	const struct probe **probes = c->instance->probes;
	struct type_place place = space == SPACE_KERNEL ? nowhere : place_of(probes[0]);
	int rc = types_find(types, &place, kind, name, found, err);

	for (size_t i = 1; !rc && place.file != NOT_IN_FILE && i < c->instance->probe_count; i++) {
		struct type_place other = place_of(probes[i]);
		const struct ctype *type;

		if (types_find(types, &other, kind, name, &type, err) ||
		    types_alike(*found, type))
			continue;
		wrong(c, e, "'%s' is not the same for %s:%s and %s:%s: give each a clause of its own",
		      name, probes[0]->provider, probes[0]->name, probes[i]->provider,
		      probes[i]->name);
		return -EEXIST;
	}
	return rc;
}

const struct ctype *resolve(struct checker *c, const struct expr *e, const struct type_words *words,
			    enum type_space space)
{
	struct types *types = &c->program->types;
	const struct ctype *t = words->known;
	struct error err;

	if (!t && find(c, e, words->kind, words->name, space, &t, &err)) {
		const char *near = words->kind == CTYPE_VOID ? ctype_near(words->name) : NULL;

		diagnose(&c->program->diagnostics, words->at, "%s%s%s%s", err.text,
			 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		return NULL;
	}
	for (unsigned i = 0; t && i < words->pointers; i++)
		t = types_pointer(types, t);
	if (t && words->is_array) {
		uint64_t bytes;

		if (__builtin_mul_overflow(t->size, words->count, &bytes)) {
			diagnose(&c->program->diagnostics, words->at,
				 "this array is larger than any memory");
			return NULL;
		}
		t = types_array(types, t, words->count);
	}
	c->program->arena.failed |= types->arena.failed;
	return t;
}

const struct ctype *completed(struct checker *c, const struct expr *e, const struct ctype *type,
			      enum type_space space)
{
	const struct ctype *found = type;
	struct error err;

	if (type->complete || !*type->name || !(ctype_is_record(type) || type->kind == CTYPE_ENUM))
		return type;
	if (!find(c, e, type->kind, type->name, space, &found, &err))
		return found;
	wrong(c, e, "%s", err.text);
	return NULL;
}

bool check_constant(struct checker *c, struct expr *e)
{
	struct type_place place = place_of(c->instance->probes[0]);
	const struct ctype *type;
	struct error err = {0};
	uint64_t value;
	int rc = types_constant(&c->program->types, &place, e->text, &value, &type, &err);

	if (rc == -ENOENT)
		return false;
	if (rc) {
		wrong(c, e, "%s", err.text);
		return true;
	}
	e->kind = EXPR_INT;
	e->number = value;
	e->type = (struct type){.kind = TYPE_INT, .size = 8, .ctype = type,
				.is_signed = type->is_signed || value <= INT64_MAX};
	return true;
}

/* ---- values ---- */

enum type_space default_space(const struct checker *c)
{
	return probe_in_file(c->instance->kind) ? SPACE_USER : SPACE_ANY;
}

bool is_pointer(struct type type)
{
	return type.kind == TYPE_INT && type.ctype && type.ctype->kind == CTYPE_POINTER;
}

struct type value_type(struct checker *c, const struct expr *e, const struct ctype *ctype,
		       enum type_space space)
{
	struct type t = {.ctype = ctype, .space = space};

	switch (ctype->kind) {
	case CTYPE_INT:
	case CTYPE_ENUM:
	case CTYPE_POINTER:
		if (ctype->size != 1 && ctype->size != 2 && ctype->size != 4 && ctype->size != 8)
			break;
		t.kind = TYPE_INT;
		t.size = (uint8_t)ctype->size;
		t.is_signed = ctype->is_signed;
		t.look = ctype->kind == CTYPE_POINTER ? LOOK_POINTER
			 : ctype->is_bool	      ? LOOK_BOOL
						      : LOOK_NUMBER;
		if (ctype->kind == CTYPE_POINTER && ctype->user)
			t.space = SPACE_USER;
		return t;
	case CTYPE_FLOAT:
		if (ctype->size != 4 && ctype->size != 8)
			break;
		t.kind = TYPE_FLOAT;
		t.size = (uint8_t)ctype->size;
		t.is_signed = true;
		return t;
	case CTYPE_STRUCT:
	case CTYPE_UNION:
		t.kind = TYPE_RECORD;
		return t;
	case CTYPE_ARRAY:
		t.kind = ctype->target->is_char ? TYPE_TEXT : TYPE_ARRAY;
		if (t.kind == TYPE_TEXT)
			t.limit = !ctype->count			  ? c->program->text_limit
				  : ctype->count < text_most(c) ? (uint32_t)ctype->count
								  : text_most(c);
		return t;
	default:
		break;
	}
	wrong(c, e, "a %s of %llu bytes can't be read as a value", ctype->text,
	      (unsigned long long)ctype->size);
	return (struct type){.kind = TYPE_UNKNOWN};
}

/*
 * What a probe says of an argument: a pointer to a struct, which need not be known before something
 * of it is asked for, or to what is known by another name.
 */
void type_argument(struct checker *c, struct expr *e, const char *text)
{
	size_t length = strlen(text);
	enum type_space space = default_space(c);
	struct type_words *words;
	const struct ctype *t;
	struct error ignored;

	if (!c->program->navigates || e->type.kind != TYPE_INT || e->type.size != 8 || !length ||
	    text[length - 1] != '*')
		return;
	words = type_from_text(c->program, text);
	if (!words || !words->pointers)
		return;
	t = words->known;
	if (!t && words->kind != CTYPE_VOID)
		t = types_make(&c->program->types, words->kind, words->name);
	else if (!t && find(c, e, CTYPE_VOID, words->name, space, &t, &ignored))
		return;
	for (unsigned i = 0; t && i < words->pointers; i++)
		t = types_pointer(&c->program->types, t);
	c->program->arena.failed |= !t;
	if (t)
		e->type = value_type(c, e, t, space);
}

/* A number of an enum, whose names are for those who print it. */
void type_enum_argument(struct checker *c, struct expr *e, const char *text)
{
	const struct ctype *found;
	struct error ignored;

	if (e->type.kind == TYPE_INT && !strncmp(text, "enum ", 5) &&
	    !find(c, e, CTYPE_ENUM, text + 5, default_space(c), &found, &ignored))
		e->type.ctype = found;
}

void type_record_array(struct checker *c, struct expr *e)
{
	const struct probe_argument *a = e->kind == EXPR_ARGUMENT ? e->argument : NULL;
	const char *brackets = a && a->in_record && a->bytes ? strchr(a->type_name, '[') : NULL;
	const struct ctype *element = NULL;
	struct type_words *words;
	struct error ignored;
	char *text;

	if (!brackets)
		return;
	text = arena_copy(&c->program->arena, a->type_name, (size_t)(brackets - a->type_name));
	words = text ? type_from_text(c->program, text) : NULL;
	if (!words || words->pointers)
		return;
	element = words->known;
	if (!element && find(c, e, words->kind, words->name, SPACE_KERNEL, &element, &ignored))
		return;
	if (!element->size || a->bytes % element->size)
		return;
	e->place = types_array(&c->program->types, element, a->bytes / element->size);
	if (e->place)
		e->type = value_type(c, e, e->place, SPACE_KERNEL);
	c->program->arena.failed |= !e->place;
}

/* ---- casts ---- */

/*
 * Between integers and arrays of integers, by their bytes: they have the same size. True when it is
 * such a cast; *to gets the size that is not written.
 */
static bool check_array_cast(struct checker *c, struct expr *e, const struct ctype **to)
{
	struct type from = e->child->type;
	const struct ctype *array = (*to)->kind == CTYPE_ARRAY ? *to
				    : from.kind == TYPE_ARRAY  ? from.ctype
							       : NULL;
	uint64_t size = from.kind == TYPE_ARRAY ? from.ctype->size : type_width(from);

	if (!array || array->target->kind != CTYPE_INT || array->target->is_bool ||
	    !(((*to)->kind == CTYPE_INT && from.kind == TYPE_ARRAY) ||
	      ((*to)->kind == CTYPE_ARRAY && from.kind == TYPE_INT)))
		return false;
	if ((*to)->kind == CTYPE_ARRAY && !array->count && !(size % array->target->size)) {
		*to = types_array(&c->program->types, array->target, size / array->target->size);
		c->program->arena.failed |= !*to;
	}
	if (*to && (*to)->size != size)
		wrong(c, e, "a %s of %llu byte%s can't be cast to %s: it needs the same size",
		      type_name(from), (unsigned long long)size, size == 1 ? "" : "s", (*to)->text);
	else if (*to && (*to)->kind == CTYPE_ARRAY) /* also of char: it is no text */
		e->type = (struct type){.kind = TYPE_ARRAY, .ctype = *to};
	else if (*to)
		e->type = value_type(c, e, *to, e->child->type.space);
	return true;
}

/* What has an address can become a pointer: texts of arguments, arrays in memory. */
static bool has_address(const struct expr *e)
{
	if (expr_is_copy(e))
		return false;
	return (e->type.kind == TYPE_TEXT && (e->place || e->kind == EXPR_ARGUMENT)) ||
	       e->type.kind == TYPE_ARRAY;
}

/* A number that is written is one of the enum's. */
static void check_enumerator(struct checker *c, const struct expr *e, const struct ctype *to,
			     uint64_t number)
{
	struct error err;

	if (types_members(to, &err)) {
		wrong(c, e, "%s", err.text);
		return;
	}
	for (size_t i = 0; i < to->enumerator_count; i++)
		if (to->enumerators[i].value == number)
			return;
	wrong(c, e, "%s has no constant that is %lld", to->text, (long long)number);
}

void check_cast(struct checker *c, struct expr *e)
{
	struct expr *child = e->child;
	enum type_space space;
	const struct ctype *to;

	check_expr(c, child);
	if (child->type.kind == TYPE_UNKNOWN)
		return;
	space = child->type.space != SPACE_ANY ? child->type.space : default_space(c);
	to = resolve(c, e, e->words, space);
	if (!to || check_array_cast(c, e, &to))
		return;
	if (to->kind == CTYPE_STRUCT || to->kind == CTYPE_UNION || to->kind == CTYPE_ARRAY ||
	    to->kind == CTYPE_VOID || to->kind == CTYPE_FLOAT) {
		wrong(c, e, "a value can't be cast to %s%s", to->text,
		      ctype_is_record(to) ? "; cast to a pointer to it" : "");
		return;
	}
	if (child->type.kind != TYPE_INT && !(to->kind == CTYPE_POINTER && has_address(child))) {
		wrong(c, e, "a %s can't be cast to %s", type_name(child->type), to->text);
		return;
	}
	e->type = value_type(c, e, to, space);
	if (to->kind == CTYPE_ENUM && child->kind == EXPR_INT)
		check_enumerator(c, e, to, child->number);
}

/* ---- sizeof, offsetof ---- */

static void make_number(struct expr *e, uint64_t number)
{
	e->kind = EXPR_INT;
	e->child = NULL;
	e->number = number;
	e->type = type_s64;
}

/* The type that sizeof or offsetof is of. */
static const struct ctype *type_meant(struct checker *c, struct expr *e)
{
	enum type_space space = default_space(c);
	const struct ctype *t;

	if (e->words) {
		t = resolve(c, e, e->words, space);
	} else {
		check_expr(c, e->child);
		if (e->child->type.kind == TYPE_UNKNOWN)
			return NULL;
		t = e->child->place ? e->child->place : e->child->type.ctype;
		space = e->child->type.space;
	}
	return t ? completed(c, e, t, space) : NULL;
}

static uint64_t up(uint64_t bytes, uint64_t to)
{
	return (bytes + to - 1) / to * to;
}

/* Bytes of a value, as bpftrace counts them, and what they are aligned to; 0: not known. */
static uint64_t value_bytes(struct type t, uint64_t *align)
{
	uint64_t bytes = 0, one, most = 1;

	*align = 1;
	switch (t.kind) {
	case TYPE_INT:
	case TYPE_FLOAT:
		return *align = type_width(t);
	case TYPE_TEXT:
		return t.bytes ? t.limit + 4 : t.limit + 1;
	case TYPE_LITERAL:
		return t.limit + 1;
	case TYPE_COMM:
		return 16;
	case TYPE_STACK:
		return t.space == SPACE_KERNEL ? 16 : 24;
	case TYPE_SYMBOL:
		return t.space == SPACE_KERNEL ? 8 : 16;
	case TYPE_RECORD:
	case TYPE_ARRAY:
		*align = t.ctype->align ? t.ctype->align : 1;
		return t.ctype->size;
	case TYPE_TUPLE:
		for (size_t i = 0; i < t.tuple->count; i++) {
			one = value_bytes(t.tuple->items[i], align);
			if (!one)
				return 0;
			bytes = up(bytes, *align) + one;
			most = *align > most ? *align : most;
		}
		*align = most;
		return up(bytes, most);
	default:
		return 0;
	}
}

/* sizeof(BUSY): the parser took the name of a constant for that of a type. */
static bool is_constant_name(struct checker *c, const struct expr *e)
{
	const struct type_words *words = e->words;
	struct type_place place = place_of(c->instance->probes[0]);
	const struct ctype *type;
	struct error ignored;
	uint64_t value;

	return words && words->kind == CTYPE_VOID && !words->known && !words->pointers &&
	       !words->is_array &&
	       !types_constant(&c->program->types, &place, words->name, &value, &type, &ignored);
}

void check_sizeof(struct checker *c, struct expr *e)
{
	const struct type *value = e->child ? &e->child->type : NULL;
	const struct ctype *t;
	uint64_t bytes, align;

	if (is_constant_name(c, e)) {
		make_number(e, 8);
		return;
	}
	t = type_meant(c, e);
	if (value && value->kind == TYPE_UNKNOWN)
		return;
	if (value && type_is_enum(*value) && !e->child->place) /* kept as any integer */
		t = NULL;
	bytes = value && !t ? value_bytes(*value, &align) : 0;
	if (t && t->kind != CTYPE_VOID && t->kind != CTYPE_FUNCTION)
		make_number(e, t->size);
	else if (bytes)
		make_number(e, bytes);
	else if (value || t)
		wrong(c, e, "the size of a %s is not known", t ? t->text : type_name(*value));
}

void check_offsetof(struct checker *c, struct expr *e)
{
	const struct ctype *t = type_meant(c, e);
	const char *path = e->text;
	struct type_place place = place_of(c->instance->probes[0]);
	uint64_t bits = 0;

	if (!t)
		return;
	while (*path) {
		size_t length = strcspn(path, ".");
		char *name = arena_copy(&c->program->arena, path, length);
		struct ctype_member member;
		struct error err;

		if (!name)
			return;
		if (!ctype_is_record(t)) {
			wrong(c, e, "%s has no members", t->text);
			return;
		}
		if (types_member(&c->program->types, &place, t, name, &member, &err)) {
			wrong(c, e, "%s", err.text);
			return;
		}
		bits += member.bit_offset;
		if (member.bits) {
			wrong(c, e, "'%s' is a bit-field: it does not start at a byte", name);
			return;
		}
		t = member.type;
		path += length + (path[length] == '.');
	}
	make_number(e, bits / 8);
}
