/*
 * The types of an instance: every name is found, every operator gets values that it can take, every
 * statement makes sense. Functions are in check_call.c, maps in check_map.c, statements in
 * check_stmt.c, variables in check_variable.c. Errors go to the diagnostics; an expression with an
 * error is TYPE_UNKNOWN and stays quiet from then on.
 */
#include "lang/check_type.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct type type_s64 = {.kind = TYPE_INT, .size = 8, .is_signed = true};
const struct type type_u64 = {.kind = TYPE_INT, .size = 8};

void wrong(struct checker *c, const struct expr *e, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diagnose(&c->program->diagnostics, e->at, "%s", text);
}

void warn_at(struct checker *c, size_t at, const char *format, ...)
{
	struct program *p = c->program;
	char text[512];
	size_t *slot;
	va_list args;

	for (size_t i = 0; i < p->warned_count; i++)
		if (p->warned[i] == at)
			return;
	slot = p->warnings ? array_add(&p->warned, &p->warned_count, &p->warned_room, sizeof(*slot)) : NULL;
	if (!slot)
		return;
	*slot = at;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	warn(p->warnings, "%s: %s", source_place(&p->source, at, &p->arena), text);
}

bool check_int(struct checker *c, const struct expr *e, const char *who)
{
	if (e->type.kind == TYPE_UNKNOWN)
		return false;
	if (e->type.kind == TYPE_INT)
		return true;
	wrong(c, e, "%s takes an integer, not a %s", who, type_name(e->type));
	return false;
}

/* ---- names ---- */

struct type argument_type(const struct probe_argument *a, uint32_t limit)
{
	struct type t = {.kind = TYPE_INT, .size = a->size, .is_signed = a->is_signed};

	if (a->bytes && a->bytes < limit)
		limit = a->bytes;
	switch (a->type) {
	case PROBE_FLOAT:
		return (struct type){.kind = TYPE_FLOAT, .size = a->size, .is_signed = true};
	case PROBE_STRING:
		return (struct type){.kind = TYPE_TEXT, .limit = limit};
	case PROBE_BYTES:
		return (struct type){.kind = TYPE_TEXT, .bytes = true, .limit = limit};
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

static const char *first_name(const struct probe *probe)
{
	for (size_t i = 0; i < probe->argument_count; i++)
		if (!probe->arguments[i].hidden)
			return probe->arguments[i].name;
	return "NAME";
}

static void no_argument(struct checker *c, struct expr *e, const struct probe *probe)
{
	const char *best = NULL;
	unsigned distance = TEXT_FAR;
	const struct probe_kind_info *kind = probe_kind_info(probe->kind);

	if (probe->kind != PROBE_USDT && kind->numbered) {
		wrong(c, e, "the arguments of a %s are arg0 to arg%zu; their names are not known",
		      kind->name, probe->sites->operand_count - 1);
		return;
	}
	if (!e->text && !kind->numbered) {
		wrong(c, e, "the arguments of %s probes have names: %s%s", kind->name,
		      probe->kind == PROBE_ITER ? "ctx->" : "args.",
		      first_name(probe));
		return;
	}
	if (!e->text) {
		wrong(c, e, "%s:%s has %zu arguments, there is no arg%llu", probe->provider,
		      probe->name, probe->argument_count, (unsigned long long)e->number);
		return;
	}
	for (size_t i = 0; i < probe->argument_count; i++)
		text_keep_nearer(e->text, probe->arguments[i].name, &best, &distance);
	wrong(c, e, "%s:%s has no argument '%s'%s%s%s", probe->provider, probe->name, e->text,
	      best ? "; did you mean '" : "", best ? best : "", best ? "'?" : "");
}

/* The probes of an instance have the same arguments, so the first stands for all. */
static void check_argument(struct checker *c, struct expr *e)
{
	const struct probe *probe = c->instance->probes[0];
	size_t operands = probe->site_count ? probe->sites[0].operand_count : 0;
	const struct probe_kind_info *kind = probe_kind_info(c->instance->kind);

	if (!kind->numbered && !probe_has_layout(c->instance->kind)) {
		wrong(c, e, "this probe has no arguments%s",
		      kind->returns ? "; retval is what the function returns" : "");
		return;
	}
	for (size_t i = 0; i < probe->argument_count; i++) {
		const struct probe_argument *a = &probe->arguments[i];

		if (e->text ? strcmp(a->name, e->text) != 0
			    : !kind->numbered || a->operand != e->number)
			continue;
		if (a->unreadable) {
			wrong(c, e, "'%s' can't be read: %s", a->name, a->unreadable);
			return;
		}
		e->type = argument_type(a, c->program->text_limit);
		e->number = a->operand;
		if (e->text)
			e->argument = a;
		else if (e->type.kind == TYPE_TEXT) /* argN is the pointer, as in bpftrace */
			e->type = (struct type){.kind = TYPE_INT, .size = 8, .look = LOOK_POINTER};
		if (e->text && a->type_name) { /* argN is a number to bpftrace's programs */
			type_argument(c, e, a->type_name);
			type_enum_argument(c, e, a->type_name);
			type_record_array(c, e);
		}
		return;
	}
	if (!e->text && kind->numbered && e->number < operands)
		e->type = type_u64; /* an operand that people do not see: a buffer's length */
	else if (e->text && c->instance->kind == PROBE_UPROBE)
		check_function_argument(c, e);
	else
		no_argument(c, e, probe);
}

/* Of a function that the kernel's types describe it is as typed as its arguments. */
static void check_retval(struct checker *c, struct expr *e)
{
	const struct probe *probe = c->instance->probes[0];

	if (!probe_kind_info(probe->kind)->returns) {
		wrong(c, e, "retval is for uretprobes, kretprobes and fexit");
		return;
	}
	if (probe->kind == PROBE_URETPROBE)
		type_returned(c, e);
	if (probe->kind != PROBE_FEXIT)
		return;
	for (size_t i = 0; i < probe->argument_count; i++)
		if (!strcmp(probe->arguments[i].name, "retval")) {
			e->kind = EXPR_ARGUMENT;
			check_argument(c, e);
			return;
		}
	wrong(c, e, "%s returns nothing", probe->name);
	e->type.kind = TYPE_UNKNOWN;
}

static void refuse_ctx(struct checker *c, struct expr *e)
{
	const struct probe *probe = c->instance->probes[0];

	if (probe->kind == PROBE_ITER)
		wrong(c, e, "ctx is no value, but has members: ctx->%s",
		      first_name(probe));
	else
		wrong(c, e, "ctx is for iterators; elsewhere arguments are args.NAME or arg0, and reg() "
			    "has registers");
	e->type.kind = TYPE_UNKNOWN;
}

/* ctx->NAME of an iterator is an argument. */
static bool check_context(struct checker *c, struct expr *e)
{
	size_t place;

	if (c->instance->kind != PROBE_ITER || !e->number || e->child->kind != EXPR_BUILTIN ||
	    !builtin_find(e->child->text, &place) || builtin_at(place)->id != BUILTIN_CTX)
		return false;
	e->kind = EXPR_ARGUMENT;
	e->child = NULL;
	check_argument(c, e);
	return true;
}

static bool on_function(enum probe_kind kind)
{
	return kind == PROBE_UPROBE || kind == PROBE_URETPROBE || kind == PROBE_KPROBE ||
	       kind == PROBE_KRETPROBE || kind == PROBE_FENTRY || kind == PROBE_FEXIT;
}

/* It becomes a number. */
static void check_cpid(struct checker *c, struct expr *e)
{
	if (!c->program->command) {
		wrong(c, e, "cpid is the process of a command, and none is started: it stands behind -- or -c");
		e->type.kind = TYPE_UNKNOWN;
		return;
	}
	e->kind = EXPR_INT;
	e->number = (uint64_t)c->program->command;
}

static void check_builtin(struct checker *c, struct expr *e)
{
	size_t place;
	const char *near;

	if (builtin_find(e->text, &place)) {
		e->number = place;
		e->type = builtin_at(place)->type;
		if (e->type.kind == TYPE_STACK)
			e->type.stack = (enum type_stack)c->program->config.stack_mode;
		if (builtin_at(place)->id == BUILTIN_RETVAL)
			check_retval(c, e);
		if (builtin_at(place)->id == BUILTIN_CTX)
			refuse_ctx(c, e);
		if (builtin_at(place)->id == BUILTIN_FUNC && !on_function(c->instance->kind))
			wrong(c, e, "func is for probes on functions, as uprobe; probe is the probe's name");
		if (builtin_at(place)->id == BUILTIN_CPID)
			check_cpid(c, e);
		return;
	}
	if (function_find(e->text, &place)) {
		wrong(c, e, "'%s' is a function: %s", e->text, function_at(place)->signature);
		return;
	}
	if (check_constant(c, e))
		return;
	near = builtin_near(e->text);
	wrong(c, e, "'%s' is not known%s%s%s", e->text, near ? "; did you mean '" : "",
	      near ? near : "", near ? "'?" : "");
}

/* ---- operators ---- */

struct type arithmetic(struct type a, struct type b)
{
	bool is_unsigned = (!a.is_signed && a.size == 8) || (!b.is_signed && b.size == 8);

	return is_unsigned ? type_u64 : type_s64;
}

/* A literal number fits both signs, so it takes the other side's. */
static void settle_literal(struct expr *literal, const struct expr *other)
{
	if (literal->kind == EXPR_INT && literal->text && literal->number <= INT64_MAX &&
	    other->type.kind == TYPE_INT)
		literal->type.is_signed = other->type.is_signed || other->type.size < 8;
}

static void check_binary(struct checker *c, struct expr *e)
{
	struct expr *a = e->child, *b = a->next;
	bool compares = e->op >= OP_EQ && e->op <= OP_GE;

	check_expr(c, a);
	check_expr(c, b);
	if (a->type.kind == TYPE_UNKNOWN || b->type.kind == TYPE_UNKNOWN ||
	    check_pointer_arithmetic(c, e))
		return;
	if (check_array_comparison(c, e) || is_text_comparison(e)) {
		e->type = type_s64;
		return;
	}
	if (a->type.kind != TYPE_INT || b->type.kind != TYPE_INT) {
		wrong(c, e, "'%s' does not go with %s and %s", e->text, type_name(a->type),
		      type_name(b->type));
		return;
	}
	if (e->op != OP_SHL && e->op != OP_SHR) {
		settle_literal(a, b);
		settle_literal(b, a);
	}
	if ((e->op == OP_DIV || e->op == OP_MOD) && b->kind == EXPR_INT && !b->number)
		wrong(c, e, "division by zero");
	/* A comparison is a number, 1 or 0, as bpftrace has it; true, false and C's bool are truths. */
	e->type = compares || e->op == OP_AND || e->op == OP_OR ? type_s64
		  : e->op == OP_SHL || e->op == OP_SHR		? arithmetic(a->type, type_s64)
								: arithmetic(a->type, b->type);
}

static void check_ternary(struct checker *c, struct expr *e)
{
	struct expr *condition = e->child, *a = condition->next, *b = a->next;

	check_expr(c, condition);
	check_expr(c, a);
	check_expr(c, b);
	if (!check_int(c, condition, "'?'"))
		return;
	if (a->type.kind != TYPE_INT || b->type.kind != TYPE_INT) {
		check_wide_ternary(c, e);
		return;
	}
	settle_literal(a, b);
	settle_literal(b, a);
	e->type = arithmetic(a->type, b->type);
	if (a->type.look == b->type.look && a->type.look != LOOK_CHAR)
		e->type.look = a->type.look;
	if (is_pointer(a->type) && type_same(a->type, b->type))
		e->type = a->type;
	else if (type_is_enum(a->type) && type_is_enum(b->type) &&
		 ctype_same(a->type.ctype, b->type.ctype))
		e->type.ctype = a->type.ctype;
}

/* ++x, x-- */
static void check_step(struct checker *c, struct expr *e)
{
	if (e->child->kind == EXPR_MAP)
		step_map(c, e->child);
	check_expr(c, e->child);
	if (!check_int(c, e->child, e->text))
		return;
	if (e->child->kind == EXPR_VARIABLE)
		step_variable(c, e->child);
	e->type = e->child->type;
}

void check_expr(struct checker *c, struct expr *e)
{
	if (e->kind != EXPR_INT)
		e->type = (struct type){.kind = TYPE_UNKNOWN};
	switch (e->kind) {
	case EXPR_INT:
		if (e->type.kind == TYPE_UNKNOWN)
			e->type = e->number > INT64_MAX ? type_u64 : type_s64;
		break;
	case EXPR_STRING:
		e->type = (struct type){.kind = TYPE_LITERAL, .limit = (uint32_t)e->length};
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
			e->type = e->op == OP_NOT || e->op == OP_NEG
					  ? type_s64
					  : arithmetic(e->child->type, e->child->type);
		break;
	case EXPR_BINARY:
		check_binary(c, e);
		break;
	case EXPR_TERNARY:
		check_ternary(c, e);
		break;
	case EXPR_CAST:
		check_cast(c, e);
		break;
	case EXPR_MEMBER:
		if (!check_context(c, e))
			check_member(c, e);
		break;
	case EXPR_INDEX:
		check_index(c, e);
		break;
	case EXPR_DEREF:
		check_deref(c, e);
		break;
	case EXPR_ADDRESS:
		check_address(c, e);
		break;
	case EXPR_SIZEOF:
		check_sizeof(c, e);
		break;
	case EXPR_OFFSETOF:
		check_offsetof(c, e);
		break;
	case EXPR_STEP_BEFORE:
	case EXPR_STEP_AFTER:
		check_step(c, e);
		break;
	case EXPR_PARAMETER:
		check_parameter(c, e);
		break;
	case EXPR_TUPLE:
		check_tuple(c, e);
		break;
	case EXPR_ITEM:
		check_item(c, e);
		break;
	}
	fold(e);
}

/*
 * A value may be used above the place where its type is decided, or widened: then all is looked at
 * again, and what was said before is forgotten. Types only grow, so this ends. A map that nobody
 * gives a type but by its own value is taken to hold integers.
 */
static void check_instances(struct program *program)
{
	struct diagnostics_mark mark = diagnostics_mark(&program->diagnostics);

	for (;;) {
		program->unsettled = program->unknown = false;
		for (size_t i = 0; i < program->instance_count; i++)
			instance_check(program, &program->instances[i]);
		if (program->arena.failed ||
		    (!program->unsettled && (!program->unknown || program->guess)))
			return;
		program->guess |= !program->unsettled;
		diagnostics_back(&program->diagnostics, mark);
	}
}

int program_check(struct program *program, struct probe_set *probes, struct error *err)
{
	bool may_miss;
	int rc;

	if (!program->text_limit)
		program->text_limit = PROGRAM_TEXT;
	rc = program_instances(program, probes, err);
	may_miss = probes->may_miss || program->lacks_probes;
	check_instances(program);
	if (program->arena.failed)
		return error_memory(err);
	for (size_t i = 0; i < program->map_count; i++)
		if (!map_is_typed(&program->maps[i]) && !may_miss)
			diagnose(&program->diagnostics, program->maps[i].at,
				 "%s is never assigned", program->maps[i].name);
	if (!rc && may_miss)
		rc = program_name_maps(program, err);
	/* The error of the last thing that was looked at need not be the one that counts. */
	if (rc && rc != -ENOMEM && program->diagnostics.errors)
		return error_set(err, rc, "%s", buffer_string(&program->diagnostics.first));
	if (rc)
		return rc;
	return diagnostics_result(&program->diagnostics, err);
}
