/* The arguments of functions on values: texts, addresses, times, and those that act on the system. */
#include "lang/check.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* A string in quotes, from which the function is made. */
static bool check_literal(struct checker *c, const struct expr *e, const struct function *f)
{
	if (e->kind == EXPR_STRING)
		return true;
	if (e->type.kind != TYPE_UNKNOWN)
		wrong(c, e, "%s() takes a string in quotes here: %s", f->name, f->signature);
	return false;
}

static bool check_text(struct checker *c, const struct expr *e, const struct function *f)
{
	if (e->type.kind == TYPE_UNKNOWN)
		return false;
	if (type_is_text(e->type))
		return check_storable(c, e, "looked at");
	wrong(c, e, "%s() takes a text, not a %s", f->name, type_name(e->type));
	return false;
}

static void check_strncmp(struct checker *c, const struct expr *call, const struct function *f)
{
	const struct expr *a = call->child, *b = a->next, *n = b->next;

	if (!check_text(c, a, f) || !check_text(c, b, f) || !check_int(c, n, f->name))
		return;
	if (n->kind != EXPR_INT)
		wrong(c, n, "the length for strncmp() must be a number");
}

static void check_contains(struct checker *c, const struct expr *call, const struct function *f)
{
	const struct expr *needle = call->child->next;

	if (!check_text(c, call->child, f) || !check_text(c, needle, f))
		return;
	if (needle->type.kind == TYPE_COMM || needle->type.limit <= PROGRAM_NEEDLE_MOST)
		return;
	wrong(c, needle, "strcontains() looks for at most %d bytes, these may be %u; "
			 "str(p, %d) is short enough",
	      PROGRAM_NEEDLE_MOST, needle->type.limit, PROGRAM_NEEDLE_MOST);
}

/* Bytes of buf() with that length, or an array of them. */
static bool is_bytes(const struct expr *e, uint32_t length)
{
	const struct ctype *array = e->type.kind == TYPE_ARRAY ? e->type.ctype : NULL;

	if (array)
		return array->target->kind == CTYPE_INT && array->target->size == 1 &&
		       array->count == length;
	return e->type.kind == TYPE_TEXT && e->type.bytes && e->type.limit == length;
}

static void check_ntop(struct checker *c, const struct expr *call, const struct function *f)
{
	struct expr *address = call->child->next ? call->child->next : call->child;

	if (address != call->child && !check_int(c, call->child, f->name))
		return;
	if (address->type.kind == TYPE_UNKNOWN || address->type.kind == TYPE_INT ||
	    is_bytes(address, 4) || is_bytes(address, 16))
		return;
	wrong(c, address, "ntop() takes a number, or 4 or 16 bytes, as of buf(p, 16); not a %s",
	      type_name(address->type));
}

static void check_pton(struct checker *c, struct expr *call, const struct function *f)
{
	const struct expr *text = call->child;
	unsigned char room[16];
	unsigned bytes;

	call->type.kind = TYPE_UNKNOWN;
	if (!check_literal(c, text, f))
		return;
	bytes = inet_pton(AF_INET, text->text, room) == 1 ? 4 : 16;
	if (bytes == 16 && inet_pton(AF_INET6, text->text, room) != 1) {
		wrong(c, text, "this is no IPv4 address and no IPv6 address");
		return;
	}
	call->type = (struct type){.kind = TYPE_ARRAY,
				   .ctype = types_array(&c->program->types, ctype_basic("uint8"), bytes)};
	if (!call->type.ctype) {
		c->program->arena.failed = true;
		call->type.kind = TYPE_UNKNOWN;
	}
}

static void check_signal(struct checker *c, const struct expr *call, const struct function *f)
{
	const struct expr *e = call->child;
	int64_t number;

	if (e->kind == EXPR_STRING) {
		if (!signal_number(e->text))
			wrong(c, e, "there is no signal of this name");
	} else if (check_int(c, e, f->name) && constant(e, &number) &&
		   (number < 1 || number > SIGRTMAX)) {
		wrong(c, e, "signals have numbers from 1 to %d", SIGRTMAX);
	}
}

int signal_number(const char *name)
{
	if (!strncmp(name, "SIG", 3))
		name += 3;
	for (int i = 1; i < NSIG; i++)
		if (sigabbrev_np(i) && !strcmp(sigabbrev_np(i), name))
			return i;
	return 0;
}

static void check_strftime(struct checker *c, struct expr *call, const struct function *f)
{
	const struct expr *format = call->child, *time = format->next;

	if (!check_literal(c, format, f) || !check_int(c, time, f->name))
		return;
	call->type.format = format->text;
	if (time->kind == EXPR_CALL && function_at(time->number)->id == FUNC_NSECS)
		call->type.clock = time->type.clock;
}

static void check_cgroup_path(struct checker *c, struct expr *call, const struct function *f)
{
	const struct expr *filter = call->child->next;

	if (!check_int(c, call->child, f->name) || (filter && !check_literal(c, filter, f)))
		return;
	call->type.format = filter ? filter->text : NULL;
}

static void check_bounds(struct checker *c, const struct expr *call)
{
	int64_t last = 0, bound;

	for (const struct expr *e = call->child->next; e; e = e->next) {
		if (!constant(e, &bound)) {
			wrong(c, e, "the buckets of bhist() begin at numbers");
			return;
		}
		if (e != call->child->next && bound <= last) {
			wrong(c, e, "each bucket of bhist() begins above the one before");
			return;
		}
		last = bound;
	}
}

void set_bhist(struct checker *c, const struct expr *call, struct program_map *map)
{
	size_t count = 0;
	int64_t *bounds;

	for (const struct expr *e = call->child->next; e; e = e->next)
		count++;
	bounds = arena_alloc(&c->program->arena, count * sizeof(*bounds));
	if (!bounds)
		return;
	count = 0;
	for (const struct expr *e = call->child->next; e; e = e->next)
		if (!constant(e, &bounds[count++]))
			return;
	if (map->bounds && (map->bound_count != count ||
			    memcmp(map->bounds, bounds, count * sizeof(*bounds))))
		wrong(c, call, "%s has other buckets elsewhere in the program", map->name);
	map->bounds = bounds;
	map->bound_count = count;
}

/* delete(@map, key) is delete(@map[key]), and so are its kind. */
void check_key_call(struct checker *c, struct expr *call, const struct function *f)
{
	struct expr *map = call->child, *key = map->next;
	bool keyed;

	if (map->kind != EXPR_MAP) {
		wrong(c, map, "%s() takes a map: %s", f->name, f->signature);
		return;
	}
	if (key && map->child) {
		wrong(c, key, "the key of %s() is there already", f->name);
		return;
	}
	if (key) {
		map->child = key;
		map->next = NULL;
	}
	keyed = map->child != NULL;
	if (check_keys(c, map) && f->id == FUNC_HAS_KEY && !keyed)
		wrong(c, call, "%s() takes a key: %s", f->name, f->signature);
}

/* A map with keys is meant itself, one without by its value. */
void check_len(struct checker *c, struct expr *call, const struct function *f)
{
	struct expr *e = call->child;
	const struct program_map *map = e->kind == EXPR_MAP && !e->child ? find_map(c, e) : NULL;

	if (map && !map->keyed)
		c->program->unknown = true;
	if (map && (!map->keyed || map->key_count))
		return;
	check_expr(c, e);
	if (e->type.kind != TYPE_STACK)
		check_text(c, e, f);
	else if (e->kind != EXPR_BUILTIN && e->kind != EXPR_CALL)
		wrong(c, e, "len() counts the frames of ustack and kstack themselves; those of a stack "
			    "that was kept are known when it is printed");
}

void check_clock(struct checker *c, struct expr *call)
{
	static const struct {
		const char *name;
		enum type_clock clock;
	} clocks[] = {{"monotonic", CLOCK_OF_NSECS}, {"boot", CLOCK_OF_BOOT}, {"tai", CLOCK_OF_TAI},
		      {"sw_tai", CLOCK_OF_TAI}};

	if (!call->child)
		return; /* as nsecs alone */
	for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		if (call->child->kind != EXPR_BUILTIN || strcmp(call->child->text, clocks[i].name))
			continue;
		call->type.clock = clocks[i].clock;
		return;
	}
	wrong(c, call->child, "the clocks of nsecs() are monotonic, boot, tai and sw_tai");
}

/*
 * The kernel's helper takes a struct path only from a program that has gone there from its own
 * arguments, member by member. A struct is meant by its address.
 */
static void check_path(struct checker *c, struct expr *call, const struct function *f)
{
	const struct expr *path = call->child, *most = path->next, *way;
	const struct ctype *there = path->type.kind == TYPE_RECORD ? path->place
				    : path->type.kind == TYPE_INT && path->type.ctype
					    ? path->type.ctype->target
					    : NULL;
	int64_t limit;

	call->type.limit = text_most(c); /* a path that is cut is none: the kernel gives it whole */
	if (most && (!constant(most, &limit) || limit < 1 || limit > text_most(c)))
		wrong(c, most, "the length for %s() is a number from 1 to %u", f->name, text_most(c));
	else if (most)
		call->type.limit = (uint32_t)limit;
	if (path->type.kind == TYPE_UNKNOWN)
		return;
	if (probe_kind_info(c->instance->kind)->context != PROBE_TYPED) {
		wrong(c, call, "path() is for iter, fentry and fexit: elsewhere the kernel forbids to ask "
			       "for a file's path");
		return;
	}
	if (!there || !ctype_is_record(there) || strcmp(there->name, "path")) {
		wrong(c, path, "path() takes a struct path of the kernel's, as in ctx->file->f_path, "
			       "not a %s", there ? there->text : type_name(path->type));
		return;
	}
	for (way = path; way->kind == EXPR_MEMBER || way->kind == EXPR_ADDRESS; way = way->child)
		;
	if (way->kind != EXPR_ARGUMENT)
		wrong(c, path, "path() takes what members lead to from an argument, as in "
			       "ctx->file->f_path: the kernel trusts no other way");
}

static void check_starts(struct checker *c, const struct expr *call)
{
	for (size_t i = 0; i < c->instance->probe_count; i++)
		if (c->instance->probes[i]->sites->offset) {
			wrong(c, call, "override() is for the start of a function, which %s is not",
			      c->instance->probes[i]->name);
			return;
		}
}

static void check_register(struct checker *c, const struct expr *call, const struct function *f)
{
	if (!check_literal(c, call->child, f))
		return;
	if (probe_kind_info(c->instance->kind)->context != PROBE_REGISTERS)
		wrong(c, call, "this probe does not show the registers");
	else if (register_place(call->child->text) < 0)
		wrong(c, call->child, "there is no register of this name; they are ax, bx, cx, dx, si, di, "
				      "bp, sp, ip, r8 to r15, flags, orig_ax, cs and ss");
}

void check_function(struct checker *c, struct expr *call, const struct function *f)
{
	struct expr *first = call->child;

	switch (f->id) {
	case FUNC_STRNCMP:
		check_strncmp(c, call, f);
		break;
	case FUNC_STRCONTAINS:
		check_contains(c, call, f);
		break;
	case FUNC_JOIN:
		if (check_int(c, first, f->name) && first->next)
			check_literal(c, first->next, f);
		break;
	case FUNC_NTOP:
		check_ntop(c, call, f);
		break;
	case FUNC_PTON:
		check_pton(c, call, f);
		break;
	case FUNC_MACADDR:
		if (!is_bytes(first, 6))
			check_int(c, first, f->name);
		break;
	case FUNC_BSWAP:
		if (check_int(c, first, f->name))
			call->type.size = first->type.size;
		break;
	case FUNC_SIGNAL:
		check_signal(c, call, f);
		break;
	case FUNC_STRFTIME:
		check_strftime(c, call, f);
		break;
	case FUNC_CGROUPID:
		check_literal(c, first, f);
		break;
	case FUNC_CGROUP_PATH:
		check_cgroup_path(c, call, f);
		break;
	case FUNC_PATH:
		check_path(c, call, f);
		break;
	case FUNC_OVERRIDE:
		if (c->instance->kind != PROBE_KPROBE)
			wrong(c, call, "override() is for kprobes");
		else if (check_int(c, first, f->name))
			check_starts(c, call);
		break;
	case FUNC_BHIST:
		if (check_int(c, first, f->name))
			check_bounds(c, call);
		break;
	case FUNC_NSECS:
		check_clock(c, call);
		break;
	case FUNC_REG:
		check_register(c, call, f);
		break;
	default: /* one number */
		check_int(c, first, f->name);
	}
}
