/*
 * Calls: the number and the kinds of arguments, as the table in func.c and each function want them.
 */
#include "lang/check_type.h"

#include "base/conversion.h"
#include "lang/func.h"

#include <ctype.h>
#include <string.h>

bool constant(const struct expr *e, int64_t *number)
{
	bool negative = e->kind == EXPR_UNARY && e->op == OP_NEG;
	const struct expr *bare = negative ? e->child : e;

	*number = (int64_t)(negative ? 0 - bare->number : bare->number);
	return bare->kind == EXPR_INT;
}

static void check_lhist(struct checker *c, const struct expr *call)
{
	const struct expr *e = call->child->next;
	static const char *const names[] = {"min", "max", "step"};

	for (size_t i = 0; i < 3; i++, e = e->next) {
		int64_t number;

		if (!constant(e, &number)) {
			wrong(c, e, "the %s of lhist() must be a number", names[i]);
			return;
		}
	}
}

void set_hist(struct checker *c, const struct expr *call, struct program_map *map)
{
	const struct expr *bits = call->child->next;
	uint64_t wanted = bits ? bits->number : 0;

	if (bits && (bits->kind != EXPR_INT || wanted > PROGRAM_HIST_BITS_MOST))
		wrong(c, bits, "the bits of hist() must be a number from 0 to %d",
		      PROGRAM_HIST_BITS_MOST);
	else if (map->aggregate && map->hist_bits != wanted)
		wrong(c, call, "%s has other buckets elsewhere in the program", map->name);
	else
		map->hist_bits = (uint32_t)wanted;
}

void set_lhist(struct checker *c, const struct expr *call, struct program_map *map)
{
	const struct expr *min = call->child->next;
	int64_t low, high, step;

	if (!constant(min, &low) || !constant(min->next, &high) || !constant(min->next->next, &step))
		return;
	if (step <= 0)
		wrong(c, min->next->next, "the step of lhist() must be above 0");
	else if (high <= low)
		wrong(c, min->next, "the max of lhist() must be above its min");
	else if (((uint64_t)high - (uint64_t)low) / (uint64_t)step > PROGRAM_LHIST_MOST)
		wrong(c, min->next->next, "lhist() has at most %d buckets; take a larger step",
		      PROGRAM_LHIST_MOST);
	else if (map->lhist_step && (map->lhist_min != low || map->lhist_max != high ||
				     map->lhist_step != step))
		wrong(c, call, "%s has other buckets elsewhere in the program", map->name);
	map->lhist_min = low;
	map->lhist_max = high;
	map->lhist_step = step;
}

/* A name that nothing has said yet what it is. */
static bool is_word(const struct expr *e)
{
	return e->kind == EXPR_BUILTIN;
}

/* Whether a conversion suits the value: %s is for any. */
static void check_conversion(struct checker *c, const struct conversion *conversion,
			     const struct expr *argument)
{
	enum type_kind kind = argument->type.kind;
	bool fits;

	switch (conversion->letter) {
	case 's':
		return;
	case 'r':
		fits = type_is_text(argument->type);
		break;
	default:
		fits = kind == TYPE_INT || kind == TYPE_FLOAT;
	}
	if (!fits && kind != TYPE_UNKNOWN)
		wrong(c, argument, "%%%c takes %s, not a %s", conversion->letter,
		      conversion->letter == 'r' ? "bytes" : "an integer", type_name(argument->type));
}

/* Conversions of a printf format against the arguments that follow. */
static void check_format(struct checker *c, const struct expr *call)
{
	const struct expr *format = call->child, *argument = format->next;
	const char *start, *stray = format->kind == EXPR_STRING ? conversion_stray(format->text) : NULL;
	struct conversion conversion;

	if (format->kind != EXPR_STRING) {
		wrong(c, format, "the format of %s() must be a string in quotes", call->text);
		return;
	}
	for (const char *at = format->text; (at = conversion_next(at, &conversion, &start)) != NULL;) {
		if (!argument) {
			wrong(c, format, "the format has more conversions than there are arguments");
			return;
		}
		check_conversion(c, &conversion, argument);
		argument = argument->next;
	}
	if (argument && stray && isgraph((unsigned char)stray[1]))
		wrong(c, format, "%s() has no conversion '%%%c'", call->text, stray[1]);
	else if (argument)
		wrong(c, argument, "the format has no conversion for this argument");
}

static uint32_t say_shortened(struct checker *c, const struct expr *length, uint32_t limit)
{
	warn_at(c, length->at, "a text has at most %u bytes here, not %llu (max_strlen)", limit,
		(unsigned long long)length->number);
	return limit;
}

/*
 * How long a text or bytes may get whose length is written as a number, or is only known at the hit.
 * Programs of bpftrace ask for texts of more than max_strlen, and get that.
 */
static uint32_t asked_length(struct checker *c, const struct expr *length, bool is_text)
{
	uint64_t room = c->program->config.text_room;
	uint32_t most = is_text && room ? (uint32_t)room : text_most(c);

	if (!length || length->kind != EXPR_INT)
		return c->program->text_limit + !is_text;
	if (length->number <= most)
		return (uint32_t)length->number;
	if (is_text)
		return say_shortened(c, length, most);
	wrong(c, length, "at most %u bytes", most);
	return 0;
}

/* str() and buf(): of an address, of an argument that is a text, of an array. */
static void check_source(struct checker *c, struct expr *call, const struct function *f)
{
	struct expr *first = call->child, *length = first->next;
	const struct ctype *array = expr_array(first);

	if (!array && (first->type.kind != TYPE_TEXT || first->kind != EXPR_ARGUMENT) &&
	    !check_int(c, first, f->name))
		return;
	if (length && !check_int(c, length, f->name))
		return;
	if (f->id == FUNC_BUF && !length && (!array || !array->size)) {
		wrong(c, call, "buf() takes an address and how many bytes, or an array");
		return;
	}
	call->type = f->type;
	call->type.limit = asked_length(c, length, f->id == FUNC_STR);
	if (array && array->size && !length)
		call->type.limit = array->size < text_most(c) ? (uint32_t)array->size : text_most(c);
	call->type.space = first->type.space != SPACE_ANY ? first->type.space : default_space(c);
}

/* ustack(perf, 3): a mode, a number of frames, both or none. */
static void check_stack(struct checker *c, struct expr *call)
{
	static const char *const modes[] = {[STACK_NAMES] = "bpftrace",
					    [STACK_PERF] = "perf",
					    [STACK_RAW] = "raw"};
	const struct expr *e = call->child;

	call->type.limit = STACK_FRAMES_MOST;
	call->type.stack = (enum type_stack)c->program->config.stack_mode;
	if (e && is_word(e)) {
		size_t mode = 0;

		while (mode <= STACK_RAW && strcmp(modes[mode], e->text) != 0)
			mode++;
		if (mode > STACK_RAW)
			wrong(c, e, "a stack is bpftrace, perf or raw, not '%s'", e->text);
		call->type.stack = (enum type_stack)mode;
		e = e->next;
	}
	if (!e)
		return;
	if (e->kind != EXPR_INT || !e->number || e->number > STACK_FRAMES_MOST)
		wrong(c, e, "the number of frames must be written here, from 1 to %d",
		      STACK_FRAMES_MOST);
	else
		call->type.limit = (uint32_t)e->number;
	if (e->next)
		wrong(c, e->next, "nothing follows the number of frames");
}

static void check_arguments(struct checker *c, struct expr *call, const struct function *f)
{
	struct expr *first = call->child;

	switch (f->id) {
	case FUNC_COUNT:
		break;
	case FUNC_EXIT:
		if (first)
			check_int(c, first, f->name);
		break;
	case FUNC_EVENT:
		if (!probe_kind_info(c->instance->kind)->in_process)
			wrong(c, call, "event() is for what a process does; %s is not of that kind",
			      probe_kind_info(c->instance->kind)->name);
		if (first && first->type.kind != TYPE_STACK && first->type.kind != TYPE_UNKNOWN)
			wrong(c, first, "event() takes ustack or nothing");
		break;
	case FUNC_PRINTF:
	case FUNC_CAT:
	case FUNC_SYSTEM:
	case FUNC_ERRORF:
		check_format(c, call);
		break;
	case FUNC_TIME:
		if (first && first->kind != EXPR_STRING)
			wrong(c, first, "the format of time() must be a string in quotes");
		break;
	case FUNC_STR:
	case FUNC_BUF:
		check_source(c, call, f);
		break;
	case FUNC_USTACK:
	case FUNC_KSTACK:
		check_stack(c, call);
		break;
	case FUNC_LHIST:
		check_int(c, first, f->name);
		check_lhist(c, call);
		break;
	case FUNC_KPTR:
	case FUNC_UPTR:
	case FUNC_KADDR:
	case FUNC_UADDR:
	case FUNC_PERCPU_KADDR:
		check_address_function(c, call, f);
		break;
	default:
		check_function(c, call, f);
	}
}

/* print(@map, top, div) */
static void check_print(struct checker *c, struct expr *call)
{
	struct expr *e = call->child;

	if (e->kind != EXPR_MAP || e->child) {
		check_printed(c, e);
		if (e->next)
			wrong(c, e->next, "only of a map as a whole the largest are printed");
		return;
	}
	find_map(c, e);
	for (const struct expr *limit = e->next; limit; limit = limit->next)
		if (limit->kind != EXPR_INT)
			wrong(c, limit, "print() takes numbers behind the map");
}

/* clear(@x) and its kind take the map as a whole. */
static void check_map_argument(struct checker *c, struct expr *call, const struct function *f)
{
	struct expr *e = call->child;

	if (e->kind != EXPR_MAP)
		wrong(c, e, "%s() takes a map: %s", f->name, f->signature);
	else if (e->child)
		wrong(c, e->child, "%s() takes the map as a whole: %s(%s)", f->name, f->name, e->text);
	else
		find_map(c, e);
}

static void check_takes_map(struct checker *c, struct expr *call, const struct function *f)
{
	switch (f->id) {
	case FUNC_PRINT:
		check_print(c, call);
		break;
	case FUNC_DELETE:
	case FUNC_HAS_KEY:
		check_key_call(c, call, f);
		break;
	case FUNC_LEN:
		check_len(c, call, f);
		break;
	default:
		check_map_argument(c, call, f);
	}
}

void check_call(struct checker *c, struct expr *e)
{
	const struct function *f;
	unsigned count = 0;
	size_t place;

	bool known = function_find(e->text, &place);

	if (known && function_at(place)->id == FUNC_STR && check_parameter_text(c, e))
		return;
	for (struct expr *a = e->child; a; a = a->next, count++)
		if (!known || !(function_at(place)->takes_map ||
				(function_at(place)->takes_word && !count && is_word(a))))
			check_expr(c, a);
	if (!known) {
		const char *near = function_near(e->text);

		wrong(c, e, "there is no function '%s'%s%s%s", e->text,
		      near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		return;
	}
	f = function_at(place);
	e->number = place;
	if (count < f->least || count > f->most) {
		wrong(c, e, "%s() is called with %u argument%s; it is %s", f->name, count,
		      count == 1 ? "" : "s", f->signature);
		return;
	}
	if (function_is_unsafe(f) && !c->program->is_unsafe) {
		wrong(c, e, "%s() changes the system: it is allowed with --unsafe", f->name);
		return;
	}
	e->type = f->type;
	if (f->takes_map)
		check_takes_map(c, e, f);
	else
		check_arguments(c, e, f);
}
