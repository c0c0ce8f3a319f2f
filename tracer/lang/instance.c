/*
 * From clauses to instances: finds the probes of each clause and puts those of one shape together,
 * each shape with a copy of the clause's tree, so that every expression has one type.
 */
#include "lang/ast.h"
#include "lang/func.h"
#include "lang/preprocess.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool expr_uses_arguments(const struct expr *e)
{
	for (; e; e = e->next) {
		size_t place;

		if (e->kind == EXPR_ARGUMENT || expr_is_all_arguments(e) || expr_uses_arguments(e->child))
			return true;
		if (e->kind == EXPR_CALL && function_find(e->text, &place) &&
		    function_at(place)->id == FUNC_EVENT)
			return true;
	}
	return false;
}

static bool stmt_uses_arguments(const struct stmt *s)
{
	for (; s; s = s->next)
		if (expr_uses_arguments(s->target) || expr_uses_arguments(s->value) ||
		    stmt_uses_arguments(s->body) || stmt_uses_arguments(s->otherwise))
			return true;
	return false;
}

static struct expr *copy_expr(struct arena *arena, const struct expr *from)
{
	struct expr *first = NULL, **last = &first;

	for (; from; from = from->next) {
		*last = arena_alloc(arena, sizeof(**last));
		if (!*last)
			return NULL;
		**last = *from;
		(*last)->next = NULL;
		(*last)->child = copy_expr(arena, from->child);
		last = &(*last)->next;
	}
	return first;
}

static struct stmt *copy_stmt(struct arena *arena, const struct stmt *from)
{
	struct stmt *first = NULL, **last = &first;

	for (; from; from = from->next) {
		*last = arena_alloc(arena, sizeof(**last));
		if (!*last)
			return NULL;
		**last = *from;
		(*last)->next = NULL;
		(*last)->target = copy_expr(arena, from->target);
		(*last)->value = copy_expr(arena, from->value);
		(*last)->body = copy_stmt(arena, from->body);
		(*last)->otherwise = copy_stmt(arena, from->otherwise);
		last = &(*last)->next;
	}
	return first;
}

/* What makes two probes alike to a clause, as text for a table. */
static char *shape_of(struct arena *arena, const struct probe *probe, bool uses_arguments,
		      bool uses_types)
{
	struct buffer b = {0};
	char *shape;

	buffer_print(&b, "%d/%d", probe->kind, probe->followed);
	if (probe->functions) /* its addresses come while it runs */
		buffer_print(&b, "/%s", probe->name);
	/* C's types are those of the file. */
	if (uses_types && probe_in_file(probe->kind))
		buffer_print(&b, "/%u/%u", probe->file, probe->site_count ? probe->sites->bits : 0);
	/* A program that looks into records of the kernel's has one layout of them. */
	if (uses_arguments && probe_has_layout(probe->kind))
		buffer_print(&b, "/%s", probe->sites->operand_text);
	for (size_t i = 0; uses_arguments && i < probe->argument_count; i++) {
		const struct probe_argument *a = &probe->arguments[i];

		buffer_print(&b, ";%d,%d,%d%d%d,%u,%u,%zu:%s", a->type, a->size, a->is_signed,
			     a->sign_differs, a->is_wide, a->operand, a->length_operand, strlen(a->name), a->name);
		if (uses_types && a->type_name)
			buffer_print(&b, " %s", a->type_name);
	}
	shape = b.failed ? NULL : arena_string(arena, buffer_string(&b));
	buffer_free(&b);
	return shape;
}

static struct instance *add_instance(struct program *program, const struct clause *clause,
				     enum probe_kind kind)
{
	struct instance *in = array_add(&program->instances, &program->instance_count,
					&program->instance_room, sizeof(*in));

	if (in) {
		in->clause = clause;
		in->kind = kind;
		in->filter = copy_expr(&program->arena, clause->filter);
		in->body = copy_stmt(&program->arena, clause->body);
	}
	return program->arena.failed ? NULL : in;
}

struct shapes {
	struct program *program;
	const struct clause *clause;
	bool uses_arguments;
	struct table shapes; /* shape to instance */
	struct table seen;   /* probes of this clause: one that two specifications match counts once */
	struct missing *missing;
};

/* Probes that match nothing: what that means is known when all have been looked for. */
struct missing {
	struct missing_probe {
		size_t at;
		const char *why;
	} *items;
	size_t count, room;
	bool others; /* a probe that is in a file or the kernel matches */
};

/* What is watched is known when the function is called: a program there tells it, and then waits. */
static int add_watcher(struct shapes *s, const struct probe *watch, size_t at, struct error *err)
{
	struct program *program = s->program;
	struct stmt *body = arena_alloc(&program->arena, sizeof(*body));
	struct expr *address = arena_alloc(&program->arena, sizeof(*address));
	struct instance *in = array_add(&program->instances, &program->instance_count,
					&program->instance_room, sizeof(*in));

	if (!body || !address || !in)
		return error_memory(err);
	*address = (struct expr){.kind = EXPR_ARGUMENT, .at = at, .number = watch->watched_argument};
	*body = (struct stmt){.kind = STMT_WATCH, .at = at, .value = address,
			      .watch = program->instance_count - 2};
	*in = (struct instance){.clause = s->clause, .kind = PROBE_UPROBE, .body = body};
	for (size_t i = 0; i < watch->function_count; i++) {
		const struct probe **slot = array_add(&in->probes, &in->probe_count, &in->probe_room,
						      sizeof(*slot));

		if (!slot)
			return error_memory(err);
		*slot = watch->functions[i];
	}
	return 0;
}

static int add_probe(struct shapes *s, const struct probe *probe, size_t at, struct error *err)
{
	char *shape = shape_of(&s->program->arena, probe, s->uses_arguments,
			       s->program->navigates);
	struct instance *in;
	const struct probe **slot;
	const struct probe **key = arena_alloc(&s->program->arena, sizeof(*key));
	size_t place;
	int rc;

	if (!shape || !key)
		return error_memory(err);
	*key = probe;
	rc = table_put(&s->seen, key, sizeof(*key), 0, &place);
	if (rc)
		return rc < 0 ? error_memory(err) : 0;
	rc = table_put(&s->shapes, shape, strlen(shape), s->program->instance_count, &place);
	if (rc < 0 || (rc == 0 && !add_instance(s->program, s->clause, probe->kind)))
		return error_memory(err);
	in = &s->program->instances[place];
	slot = array_add(&in->probes, &in->probe_count, &in->probe_room, sizeof(*slot));
	if (!slot)
		return error_memory(err);
	*slot = probe;
	return probe->functions ? add_watcher(s, probe, at, err) : 0;
}

/* Each is a perf event of its own, and takes its time to come off. */
static int count_kernel_probes(struct program *program, const char *text, size_t count,
			       struct error *err)
{
	size_t most = program->probes_most ? program->probes_most : PROGRAM_PROBES_MOST;

	program->kernel_probes += count;
	if (program->kernel_probes <= most)
		return 0;
	return error_set(err, -EINVAL,
			 "'%s' matches %zu probes, %zu with those before it, and at most %zu are "
			 "attached: name fewer, or set BPFTRACE_MAX_PROBES",
			 text, count, program->kernel_probes, most);
}

static int add_missing(struct shapes *s, size_t at, const char *why, struct error *err)
{
	struct missing *m = s->missing;
	struct missing_probe *one = array_add(&m->items, &m->count, &m->room, sizeof(*one));

	if (one)
		*one = (struct missing_probe){at, arena_string(&s->program->arena, why)};
	return one && one->why ? 0 : error_memory(err);
}

/* Such as BEGIN: it is hit, whatever else there is. */
static bool is_our_own(enum probe_kind kind)
{
	return kind == PROBE_BEGIN || kind == PROBE_END || kind == PROBE_INTERVAL ||
	       kind == PROBE_SELF;
}

static int judge_missing(struct program *program, const struct missing *m)
{
	enum program_missing how = (enum program_missing)program->config.missing_probes;

	if (how == MISSING_UNSAID)
		how = program->may_lack_probes && m->others ? MISSING_WARN : MISSING_ERROR;
	for (size_t i = 0; i < m->count; i++) {
		const struct missing_probe *one = &m->items[i];

		if (how == MISSING_ERROR)
			diagnose(&program->diagnostics, one->at, "%s", one->why);
		else if (how == MISSING_WARN && program->warnings)
			warn(program->warnings, "%s: %s",
			     source_place(&program->source, one->at, &program->arena), one->why);
	}
	program->lacks_probes |= m->count > 0;
	return m->count && how == MISSING_ERROR ? -ENODATA : 0;
}

static int match_one(struct shapes *s, const struct clause_probe *wanted, struct probe_set *probes,
		     struct error *err)
{
	struct probe_spec spec;
	const struct probe **found;
	size_t count;
	int rc = probe_spec_parse(wanted->text, &s->program->arena, &spec, err);

	if (!rc)
		rc = probes_match(probes, &spec, wanted->text, &found, &count, err);
	if (!rc && !probe_in_file(spec.kind))
		rc = count_kernel_probes(s->program, wanted->text, count, err);
	if (rc == -ENODATA)
		return add_missing(s, wanted->at, err->text, err);
	if (rc && rc != -ENOMEM) {
		diagnose(&s->program->diagnostics, wanted->at, "%s", err->text);
		s->program->lacks_probes = true;
		return rc;
	}
	for (size_t i = 0; !rc && i < count; i++)
		rc = add_probe(s, found[i], wanted->at, err);
	s->missing->others |= !rc && count && !is_our_own(spec.kind);
	return rc;
}

static bool expr_uses_names(const struct expr *e)
{
	for (; e; e = e->next) {
		size_t place;

		if ((e->kind == EXPR_ARGUMENT && e->text) || expr_is_all_arguments(e) || expr_uses_names(e->child))
			return true;
		if (e->kind == EXPR_CALL && function_find(e->text, &place) &&
		    function_at(place)->id == FUNC_EVENT)
			return true;
	}
	return false;
}

static bool stmt_uses_names(const struct stmt *s)
{
	for (; s; s = s->next)
		if (expr_uses_names(s->target) || expr_uses_names(s->value) ||
		    stmt_uses_names(s->body) || stmt_uses_names(s->otherwise))
			return true;
	return false;
}

/* Before any shape is made: with their names arguments may get other types, too. What is wrong with a
 * specification is said later. */
static int name_arguments(struct program *program, const struct clause *c, struct probe_set *probes,
			  struct error *err)
{
	const struct probe **found;
	struct probe_spec spec;
	size_t count;
	int rc = 0;

	for (const struct clause_probe *p = c->probes; p && !rc; p = p->next)
		if (!probe_spec_parse(p->text, &program->arena, &spec, err) &&
		    spec.kind == PROBE_USDT &&
		    !probes_match(probes, &spec, p->text, &found, &count, err))
			rc = probes_name_arguments(probes, found, count, err);
	return rc;
}

/* An iterator is run once, and with it the program is over: nothing could be waited for beside it. */
static void check_alone(struct program *program)
{
	const struct instance *first = NULL;

	for (size_t i = 0; i < program->instance_count; i++) {
		const struct instance *in = &program->instances[i];

		if (in->kind == PROBE_BEGIN || in->kind == PROBE_END)
			continue;
		if (!first) {
			first = in;
			if (!probe_kind_info(in->kind)->alone || in->probe_count == 1)
				continue;
		} else if (!probe_kind_info(in->kind)->alone && !probe_kind_info(first->kind)->alone) {
			continue;
		}
		diagnose(&program->diagnostics, in->clause->probes->at,
			 "an iterator is alone in its program, but for BEGIN and END");
		return;
	}
}

int program_instances(struct program *program, struct probe_set *probes, struct error *err)
{
	struct missing missing = {0};
	int rc = 0;

	for (const struct clause *c = program->clauses; c && !rc; c = c->next)
		if (expr_uses_names(c->filter) || stmt_uses_names(c->body))
			rc = name_arguments(program, c, probes, err);

	for (const struct clause *c = program->clauses; c && rc != -ENOMEM; c = c->next) {
		struct shapes s = {.program = program, .clause = c, .missing = &missing};

		s.uses_arguments = expr_uses_arguments(c->filter) || stmt_uses_arguments(c->body);
		for (const struct clause_probe *p = c->probes; p && rc != -ENOMEM; p = p->next) {
			int one = match_one(&s, p, probes, err);

			rc = one ? one : rc;
		}
		table_free(&s.shapes);
		table_free(&s.seen);
	}
	check_alone(program);
	if (rc != -ENOMEM)
		rc = judge_missing(program, &missing) ? -ENODATA : rc;
	free(missing.items);
	return rc;
}

void program_free(struct program *program)
{
	for (size_t i = 0; i < program->instance_count; i++) {
		free(program->instances[i].probes);
		free(program->instances[i].variables);
	}
	free(program->instances);
	free(program->maps);
	free(program->warned);
	preprocessor_free(program->preprocessor);
	diagnostics_free(&program->diagnostics);
	types_free(&program->types);
	arena_free(&program->arena);
	*program = (struct program){0};
}
