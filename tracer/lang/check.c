/*
 * The types of an instance: every name is found, every operator and function gets arguments that
 * it can take, and every map learns its keys and its value. Errors go to the diagnostics; an
 * expression with an error is TYPE_UNKNOWN and stays quiet from then on.
 */
#include "lang/ast.h"
#include "lang/func.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct checker {
	struct program *program;
	struct instance *instance;
};

static const struct type type_s64 = {TYPE_INT, 8, true, LOOK_NUMBER, false};
static const struct type type_u64 = {TYPE_INT, 8, false, LOOK_NUMBER, false};
static const struct type type_bool = {TYPE_INT, 1, false, LOOK_BOOL, false};

__attribute__((format(printf, 3, 4))) static void wrong(struct checker *c, const struct expr *e,
							const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diagnose(&c->program->diagnostics, e->at, "%s", text);
}

static void check_expr(struct checker *c, struct expr *e);

static bool check_int(struct checker *c, const struct expr *e, const char *who)
{
	if (e->type.kind == TYPE_UNKNOWN)
		return false;
	if (e->type.kind == TYPE_INT)
		return true;
	wrong(c, e, "%s takes an integer, not a %s", who, type_name(e->type));
	return false;
}

/* ---- names ---- */

struct type argument_type(const struct probe_argument *a)
{
	struct type t = {TYPE_INT, a->size, a->is_signed, LOOK_NUMBER, false};

	switch (a->type) {
	case PROBE_FLOAT:
		return (struct type){TYPE_FLOAT, a->size, true, LOOK_NUMBER, false};
	case PROBE_STRING:
		return (struct type){TYPE_TEXT, 0, false, LOOK_NUMBER, false};
	case PROBE_BYTES:
		return (struct type){TYPE_TEXT, 0, false, LOOK_NUMBER, true};
	case PROBE_BOOL:
		t.look = LOOK_BOOL;
		return t;
	case PROBE_CHAR:
		t.look = LOOK_CHAR;
		return t;
	case PROBE_POINTER:
		t.look = LOOK_POINTER;
		return t;
	default:
		return t;
	}
}

static void no_argument(struct checker *c, struct expr *e, const struct probe *probe)
{
	const char *best = NULL;
	unsigned distance = 128;

	if (probe->kind != PROBE_USDT) {
		wrong(c, e, "a function's arguments are arg0 to arg5, those in registers; their names "
			    "are not known");
		return;
	}
	if (!e->text) {
		wrong(c, e, "%s:%s has %zu arguments, there is no arg%llu", probe->provider,
		      probe->name, probe->argument_count, (unsigned long long)e->number);
		return;
	}
	for (size_t i = 0; i < probe->argument_count; i++) {
		unsigned d = text_distance(e->text, probe->arguments[i].name);

		if (d < distance && d <= 1 + strlen(e->text) / 4) {
			distance = d;
			best = probe->arguments[i].name;
		}
	}
	wrong(c, e, "%s:%s has no argument '%s'%s%s%s", probe->provider, probe->name, e->text,
	      best ? "; did you mean '" : "", best ? best : "", best ? "'?" : "");
}

/* The probes of an instance have the same arguments, so the first stands for all. */
static void check_argument(struct checker *c, struct expr *e)
{
	const struct probe *probe = c->instance->probes[0];
	size_t operands = probe->site_count ? probe->sites[0].operand_count : 0;

	if (c->instance->kind != PROBE_USDT && c->instance->kind != PROBE_UPROBE) {
		wrong(c, e, "this probe has no arguments%s",
		      c->instance->kind == PROBE_URETPROBE ? "; retval is what the function returns"
							   : "");
		return;
	}
	for (size_t i = 0; i < probe->argument_count; i++) {
		const struct probe_argument *a = &probe->arguments[i];

		if (e->text ? strcmp(a->name, e->text) != 0 : a->operand != e->number)
			continue;
		e->type = argument_type(a);
		e->number = a->operand;
		if (e->text)
			e->argument = a;
		else if (e->type.kind == TYPE_TEXT) /* argN is the pointer, as in bpftrace */
			e->type = (struct type){TYPE_INT, 8, false, LOOK_POINTER, false};
		return;
	}
	if (!e->text && e->number < operands)
		e->type = type_u64; /* an operand that people do not see: a buffer's length */
	else
		no_argument(c, e, probe);
}

static struct variable *find_variable(struct checker *c, const char *name)
{
	for (size_t i = 0; i < c->instance->variable_count; i++)
		if (!strcmp(c->instance->variables[i].name, name))
			return &c->instance->variables[i];
	return NULL;
}

static void check_variable(struct checker *c, struct expr *e)
{
	struct variable *v = find_variable(c, e->text);

	if (!v) {
		wrong(c, e, "$%s has no value yet", e->text);
		return;
	}
	e->type = v->type;
	e->number = (uint64_t)(v - c->instance->variables);
}

static void check_builtin(struct checker *c, struct expr *e)
{
	size_t place;
	const char *near;

	if (builtin_find(e->text, &place)) {
		e->number = place;
		e->type = builtin_at(place)->type;
		if (builtin_at(place)->id == BUILTIN_RETVAL &&
		    c->instance->kind != PROBE_URETPROBE)
			wrong(c, e, "retval is for uretprobes");
		return;
	}
	if (function_find(e->text, &place)) {
		wrong(c, e, "'%s' is a function: %s", e->text, function_at(place)->signature);
		return;
	}
	near = builtin_near(e->text);
	wrong(c, e, "'%s' is not known%s%s%s", e->text, near ? "; did you mean '" : "",
	      near ? near : "", near ? "'?" : "");
}

/* ---- maps ---- */

static struct program_map *find_map(struct checker *c, struct expr *e)
{
	struct program *p = c->program;
	struct program_map *map;

	for (size_t i = 0; i < p->map_count; i++) {
		if (!strcmp(p->maps[i].name, e->text)) {
			e->number = i;
			return &p->maps[i];
		}
	}
	e->number = p->map_count;
	map = array_add(&p->maps, &p->map_count, &p->map_room, sizeof(*map));
	if (map) {
		map->name = e->text;
		map->at = e->at;
	}
	return map;
}

/* Keys of integers are 8 bytes wide whatever the site has, so that sites can share a map. */
static struct type key_type(struct type type)
{
	if (type.kind == TYPE_INT) {
		type.is_signed = type.is_signed || type.size < 8;
		type.size = 8;
	}
	return type;
}

static void check_keys(struct checker *c, struct expr *e, struct program_map *map)
{
	struct type keys[PROGRAM_KEYS_MOST];
	size_t count = 0;

	for (struct expr *k = e->child; k; k = k->next) {
		check_expr(c, k);
		if (k->type.kind == TYPE_UNKNOWN)
			return;
		if (count == PROGRAM_KEYS_MOST) {
			wrong(c, k, "a map has at most %d keys", PROGRAM_KEYS_MOST);
			return;
		}
		if (k->type.kind == TYPE_NONE || k->type.kind == TYPE_AGGREGATE ||
		    k->type.kind == TYPE_FLOAT || k->type.kind == TYPE_LITERAL) {
			wrong(c, k, "a %s can't be a key", type_name(k->type));
			return;
		}
		keys[count++] = key_type(k->type);
	}
	if (!map->keyed) {
		memcpy(map->keys, keys, sizeof(*keys) * count);
		map->key_count = count;
		map->keyed = true;
		return;
	}
	if (count != map->key_count) {
		wrong(c, e, "%s has %zu keys elsewhere in the program, %zu here", map->name,
		      map->key_count, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (keys[i].kind != map->keys[i].kind)
			wrong(c, e, "key %zu of %s is a %s elsewhere in the program, a %s here", i + 1,
			      map->name, type_name(map->keys[i]), type_name(keys[i]));
		else if (keys[i].kind == TYPE_INT && keys[i].is_signed)
			map->keys[i].is_signed = true;
	}
}

static void check_map(struct checker *c, struct expr *e)
{
	struct program_map *map = find_map(c, e);

	if (!map)
		return;
	check_keys(c, e, map);
	if (map->aggregate)
		wrong(c, e, "%s holds %s(); its value can't be used in an expression", map->name,
		      map->aggregate->name);
	else if (map->value.kind == TYPE_UNKNOWN)
		e->type = type_s64; /* assigned further down: integers are all that maps hold */
	else
		e->type = map->value;
}

/* ---- functions ---- */

static void check_lhist(struct checker *c, const struct expr *call)
{
	const struct expr *e = call->child->next;
	static const char *const names[] = {"min", "max", "step"};

	for (size_t i = 0; i < 3; i++, e = e->next) {
		bool negative = e->kind == EXPR_UNARY && e->op == OP_NEG;

		if ((negative ? e->child : e)->kind != EXPR_INT) {
			wrong(c, e, "the %s of lhist() must be a number", names[i]);
			return;
		}
	}
}

static void set_hist(struct checker *c, const struct expr *call, struct program_map *map)
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

static int64_t lhist_number(const struct expr *e)
{
	if (e->kind == EXPR_UNARY)
		return (int64_t)(0 - e->child->number);
	return (int64_t)e->number;
}

static void set_lhist(struct checker *c, const struct expr *call, struct program_map *map)
{
	const struct expr *min = call->child->next;
	int64_t low = lhist_number(min), high = lhist_number(min->next);
	int64_t step = lhist_number(min->next->next);

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

/* Conversions of a printf format against the arguments that follow. */
static void check_format(struct checker *c, const struct expr *call)
{
	const struct expr *format = call->child, *argument = format->next;

	if (format->kind != EXPR_STRING) {
		wrong(c, format, "the format of printf() must be a string in quotes");
		return;
	}
	for (size_t i = 0; i < format->length; i++) {
		char kind;

		if (format->text[i] != '%')
			continue;
		if (format->text[i + 1] == '%') {
			i++;
			continue;
		}
		i += 1 + strspn(format->text + i + 1, "-+ #0123456789.");
		i += strspn(format->text + i, "hlzjt");
		kind = format->text[i];
		if (!kind || !strchr("diuxXocsprfFeEgGaA", kind)) {
			wrong(c, format, "printf() has no conversion '%%%c'", kind ? kind : ' ');
			return;
		}
		if (!argument) {
			wrong(c, format, "the format has more conversions than there are arguments");
			return;
		}
		if (kind != 's' && kind != 'r' && argument->type.kind != TYPE_INT &&
		    argument->type.kind != TYPE_FLOAT && argument->type.kind != TYPE_UNKNOWN)
			wrong(c, argument, "%%%c takes an integer, not a %s", kind,
			      type_name(argument->type));
		argument = argument->next;
	}
	if (argument)
		wrong(c, argument, "the format has no conversion for this argument");
}

static void check_arguments(struct checker *c, struct expr *call, const struct function *f)
{
	struct expr *first = call->child;

	switch (f->id) {
	case FUNC_COUNT:
	case FUNC_EXIT:
		break;
	case FUNC_EVENT:
		if (!c->instance->probes[0]->site_count)
			wrong(c, call, "event() is for probes in programs; this one has no arguments");
		if (first && first->type.kind != TYPE_STACK && first->type.kind != TYPE_UNKNOWN)
			wrong(c, first, "event() takes ustack or nothing");
		break;
	case FUNC_PRINTF:
		check_format(c, call);
		break;
	case FUNC_TIME:
		if (first && first->kind != EXPR_STRING)
			wrong(c, first, "the format of time() must be a string in quotes");
		break;
	case FUNC_STR:
	case FUNC_BUF:
		if (first->type.kind != TYPE_TEXT)
			check_int(c, first, f->name);
		if (first->next)
			check_int(c, first->next, f->name);
		break;
	default:
		check_int(c, first, f->name);
		if (f->id == FUNC_LHIST)
			check_lhist(c, call);
	}
}

/* delete(@x[key]) takes one key, print(@x) and its kind the map as a whole. */
static void check_map_argument(struct checker *c, struct expr *call, const struct function *f)
{
	struct expr *e = call->child;
	struct program_map *map;

	if (e->kind != EXPR_MAP) {
		wrong(c, e, "%s() takes a map: %s", f->name, f->signature);
		return;
	}
	map = find_map(c, e);
	if (!map)
		return;
	if (f->id == FUNC_DELETE) {
		check_keys(c, e, map);
		if (!e->child)
			wrong(c, e, "delete() forgets a key; clear(%s) forgets a whole map", e->text);
	} else if (e->child) {
		wrong(c, e->child, "%s() takes the map as a whole: %s(%s)", f->name, f->name, e->text);
	}
}

static void check_call(struct checker *c, struct expr *e)
{
	const struct function *f;
	unsigned count = 0;
	size_t place;

	bool known = function_find(e->text, &place);

	for (struct expr *a = e->child; a; a = a->next, count++)
		if (!known || !function_at(place)->takes_map)
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
	if (f->takes_map)
		check_map_argument(c, e, f);
	else
		check_arguments(c, e, f);
	e->type = f->type;
}

/* ---- operators ---- */

/* The type of a + b: all is computed in 64 bits, signed unless one side needs all 64 unsigned. */
static struct type arithmetic(struct type a, struct type b)
{
	bool is_unsigned = (!a.is_signed && a.size == 8) || (!b.is_signed && b.size == 8);

	return is_unsigned ? type_u64 : type_s64;
}

static bool is_texty(struct type t)
{
	return t.kind == TYPE_TEXT || t.kind == TYPE_COMM || t.kind == TYPE_LITERAL;
}

/* A literal number fits both signs, so it takes the other side's. */
static void settle_literal(struct expr *literal, const struct expr *other)
{
	if (literal->kind == EXPR_INT && literal->number <= INT64_MAX &&
	    other->type.kind == TYPE_INT)
		literal->type.is_signed = other->type.is_signed || other->type.size < 8;
}

static void check_binary(struct checker *c, struct expr *e)
{
	struct expr *a = e->child, *b = a->next;
	bool compares = e->op >= OP_EQ && e->op <= OP_GE;

	check_expr(c, a);
	check_expr(c, b);
	if (a->type.kind == TYPE_UNKNOWN || b->type.kind == TYPE_UNKNOWN)
		return;
	if ((e->op == OP_EQ || e->op == OP_NE) && is_texty(a->type) && is_texty(b->type)) {
		if (a->type.kind != TYPE_LITERAL && b->type.kind != TYPE_LITERAL)
			wrong(c, e, "a text is compared with a string in quotes");
		else
			e->type = type_bool;
		return;
	}
	if (a->type.kind != TYPE_INT || b->type.kind != TYPE_INT) {
		wrong(c, e, "'%s' does not go with %s and %s", e->text, type_name(a->type),
		      type_name(b->type));
		return;
	}
	settle_literal(a, b);
	settle_literal(b, a);
	if ((e->op == OP_DIV || e->op == OP_MOD) && b->kind == EXPR_INT && !b->number)
		wrong(c, e, "division by zero");
	e->type = compares || e->op == OP_AND || e->op == OP_OR ? type_bool
		  : e->op == OP_SHL || e->op == OP_SHR		? arithmetic(a->type, type_s64)
								: arithmetic(a->type, b->type);
}

static void check_ternary(struct checker *c, struct expr *e)
{
	struct expr *condition = e->child, *a = condition->next, *b = a->next;

	check_expr(c, condition);
	check_expr(c, a);
	check_expr(c, b);
	if (check_int(c, condition, "'?'") && check_int(c, a, "'?'") && check_int(c, b, "'?'")) {
		settle_literal(a, b);
		settle_literal(b, a);
		e->type = arithmetic(a->type, b->type);
	}
}

static void check_expr(struct checker *c, struct expr *e)
{
	switch (e->kind) {
	case EXPR_INT:
		if (e->type.kind == TYPE_UNKNOWN)
			e->type = e->number > INT64_MAX ? type_u64 : type_s64;
		break;
	case EXPR_STRING:
		e->type = (struct type){.kind = TYPE_LITERAL};
		break;
	case EXPR_BUILTIN:
		check_builtin(c, e);
		break;
	case EXPR_ARGUMENT:
		check_argument(c, e);
		break;
	case EXPR_VARIABLE:
		check_variable(c, e);
		break;
	case EXPR_MAP:
		check_map(c, e);
		break;
	case EXPR_CALL:
		check_call(c, e);
		break;
	case EXPR_UNARY:
		check_expr(c, e->child);
		if (check_int(c, e->child, op_text(e->op)))
			e->type = e->op == OP_NOT ? type_bool
				  : e->op == OP_NEG
					  ? type_s64
					  : arithmetic(e->child->type, e->child->type);
		break;
	case EXPR_BINARY:
		check_binary(c, e);
		break;
	case EXPR_TERNARY:
		check_ternary(c, e);
		break;
	}
}

/* ---- statements ---- */

static void assign_variable(struct checker *c, struct stmt *s)
{
	struct variable *v = find_variable(c, s->target->text);

	if (!check_int(c, s->value, "a variable"))
		return;
	if (!v && s->op != OP_NONE) {
		wrong(c, s->target, "$%s has no value yet", s->target->text);
		return;
	}
	if (!v) {
		v = array_add(&c->instance->variables, &c->instance->variable_count,
			      &c->instance->variable_room, sizeof(*v));
		if (!v)
			return;
		v->name = s->target->text;
		v->type = arithmetic(s->value->type, type_s64);
		v->type.look = s->value->type.look == LOOK_POINTER ? LOOK_POINTER : LOOK_NUMBER;
	}
	s->target->number = (uint64_t)(v - c->instance->variables);
	s->target->type = v->type;
}

static void assign_aggregate(struct checker *c, struct stmt *s, struct program_map *map)
{
	const struct function *f = function_at(s->value->number);
	const struct expr *first = s->value->child;

	if (s->op != OP_NONE || map->value.kind != TYPE_UNKNOWN ||
	    (map->aggregate && map->aggregate != f)) {
		wrong(c, s->value, "%s holds %s elsewhere in the program", map->name,
		      map->aggregate ? map->aggregate->signature : "a value");
		return;
	}
	if (f->id == FUNC_HIST)
		set_hist(c, s->value, map);
	map->aggregate = f;
	if (first && first->type.is_signed)
		map->value.is_signed = true;
	if (f->id == FUNC_LHIST)
		set_lhist(c, s->value, map);
}

static void assign_map(struct checker *c, struct stmt *s)
{
	struct program_map *map = find_map(c, s->target);

	if (!map)
		return;
	check_keys(c, s->target, map);
	if (s->value->type.kind == TYPE_AGGREGATE) {
		assign_aggregate(c, s, map);
		return;
	}
	if (!check_int(c, s->value, "a map"))
		return;
	if (map->aggregate) {
		wrong(c, s->value, "%s holds %s() elsewhere in the program", map->name,
		      map->aggregate->name);
		return;
	}
	map->value = arithmetic(s->value->type, map->value.kind ? map->value : type_s64);
	s->target->type = map->value;
}

static void check_stmts(struct checker *c, struct stmt *s)
{
	for (; s; s = s->next) {
		if (s->value)
			check_expr(c, s->value);
		switch (s->kind) {
		case STMT_ASSIGN:
			if (s->value->type.kind == TYPE_UNKNOWN)
				break;
			if (s->target->kind == EXPR_MAP)
				assign_map(c, s);
			else
				assign_variable(c, s);
			break;
		case STMT_IF:
			check_int(c, s->value, "if");
			check_stmts(c, s->body);
			check_stmts(c, s->otherwise);
			break;
		case STMT_EXPR:
			if (s->value->type.kind == TYPE_AGGREGATE)
				wrong(c, s->value, "%s() must be assigned to a map, as in @ = %s",
				      s->value->text, function_at(s->value->number)->signature);
			else if (s->value->type.kind != TYPE_NONE &&
				 s->value->type.kind != TYPE_UNKNOWN)
				wrong(c, s->value, "this value is not used");
			break;
		case STMT_RETURN:
			break;
		}
	}
}

void instance_check(struct program *program, struct instance *instance)
{
	struct checker c = {program, instance};

	if (instance->filter) {
		check_expr(&c, instance->filter);
		check_int(&c, instance->filter, "a filter");
	}
	check_stmts(&c, instance->body);
}

int program_check(struct program *program, struct probe_set *probes, struct error *err)
{
	int rc = program_instances(program, probes, err);

	for (size_t i = 0; i < program->instance_count; i++)
		instance_check(program, &program->instances[i]);
	for (size_t i = 0; i < program->map_count; i++)
		if (!program->maps[i].aggregate && program->maps[i].value.kind == TYPE_UNKNOWN)
			diagnose(&program->diagnostics, program->maps[i].at,
				 "%s is never assigned", program->maps[i].name);
	if (rc)
		return rc;
	return diagnostics_result(&program->diagnostics, err);
}
