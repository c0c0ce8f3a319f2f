/*
 * From expectations to a program of the tracing language. A step becomes a clause that counts its
 * hits and sends events; a step with conditions also clauses for what nearly was a hit, of which
 * the first few are sent. Counts are exact whatever is lost of the events.
 */
#include "check/expect.h"

#include "lang/func.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_SENT = 8 }; /* of hits that are only counted, and of near misses */

struct writer {
	struct session *session;
	struct expectations *e;
	struct expect_program *to;
};

/* ---- probes ---- */

typedef int step_fn(struct writer *w, struct expect_step *step, struct error *err);

static int add_file(struct writer *w, struct expect_step *step, struct error *err)
{
	int rc = probe_spec_parse(step->pattern, &w->e->arena, &step->spec, err);

	if (!rc && !probe_in_file(step->spec.kind))
		rc = error_set(err, -EINVAL, "'%s' is no probe of a program", step->pattern);
	return rc ? rc : session_add_named(w->session, &step->spec, err);
}

static int match(struct writer *w, struct expect_step *step, struct error *err)
{
	return probes_match(&w->session->probes, &step->spec, step->pattern, &step->probes,
			    &step->probe_count, err);
}

/* All that are not there, in one go; the first one's error is the answer. */
static int each_step(struct writer *w, step_fn *fn, struct error *err)
{
	struct error one;
	int answer = 0;

	for (size_t i = 0; i < w->e->count; i++) {
		struct expectation *x = &w->e->items[i];

		for (size_t j = 0; j < x->step_count; j++) {
			if (!fn(w, &x->steps[j], &one))
				continue;
			diagnose(&w->e->diagnostics, x->steps[j].at, "%s", one.text);
			if (!answer)
				*err = one;
			answer = err->code;
		}
	}
	return answer;
}

/* `argN` is the Nth, whatever it is called. */
static bool is_number_name(const char *name, unsigned *number)
{
	char *end;

	if (strncmp(name, "arg", 3) != 0 || !isdigit((unsigned char)name[3]))
		return false;
	*number = (unsigned)strtoul(name + 3, &end, 10);
	return !*end;
}

static bool has_argument(const struct probe *probe, const char *name)
{
	unsigned number;

	for (size_t i = 0; i < probe->argument_count; i++)
		if (!strcmp(probe->arguments[i].name, name))
			return true;
	return is_number_name(name, &number) && number < probe->argument_count;
}

static void check_key(struct writer *w, const struct expectation *x, const struct expect_step *step)
{
	for (size_t i = 0; i < step->probe_count; i++) {
		if (has_argument(step->probes[i], x->key))
			continue;
		diagnose(&w->e->diagnostics, x->key_at, "%s:%s has no argument '%s'",
			 step->probes[i]->provider, step->probes[i]->name, x->key);
		return;
	}
}

static int check_keys(struct writer *w, struct error *err)
{
	for (size_t i = 0; i < w->e->count; i++)
		for (size_t j = 0; w->e->items[i].key && j < w->e->items[i].step_count; j++)
			check_key(w, &w->e->items[i], &w->e->items[i].steps[j]);
	if (w->e->diagnostics.errors)
		return error_set(err, -ENODATA, "%s", buffer_string(&w->e->diagnostics.first));
	return 0;
}

static int find_probes(struct writer *w, struct error *err)
{
	int rc = each_step(w, add_file, err);

	if (!rc)
		rc = session_read_probes(w->session, err);
	if (!rc)
		rc = each_step(w, match, err);
	return rc ? rc : check_keys(w, err);
}

/* ---- text ---- */

static void put(struct writer *w, const char *text)
{
	buffer_text(&w->to->text, text);
}

/* A copy of the source, so that an error in it has its place there. */
static void put_source(struct writer *w, size_t at, size_t end)
{
	struct source_part *part = array_add(&w->to->parts, &w->to->part_count, &w->to->part_room,
					     sizeof(*part));

	if (!part) {
		w->to->text.failed = true;
		return;
	}
	*part = (struct source_part){w->to->text.length, end - at, at};
	buffer_add(&w->to->text, w->e->source.text + at, end - at);
}

static bool is_argument(struct writer *w, const struct expect_step *step, size_t at, size_t end)
{
	const char *name = arena_copy(&w->e->arena, w->e->source.text + at, end - at);

	for (size_t i = 0; name && i < step->probe_count; i++)
		for (size_t j = 0; j < step->probes[i]->argument_count; j++)
			if (!strcmp(step->probes[i]->arguments[j].name, name))
				return true;
	return false;
}

static size_t word_end(const char *text, size_t at, size_t end)
{
	while (at < end && (isalnum((unsigned char)text[at]) || text[at] == '_'))
		at++;
	return at;
}

/* A name that is an argument of the probe means just that, be there a built-in of that name. */
static void put_condition(struct writer *w, const struct expect_step *step,
			  const struct expect_condition *c)
{
	const char *text = w->e->source.text;
	size_t copied = c->at;

	put(w, "(");
	for (size_t at = c->at, end; at < c->end; at = end) {
		bool member = at > c->at && strchr(".>$@", text[at - 1]) && text[at - 1];

		if (text[at] == '"' || text[at] == '\'') {
			end = expect_quoted_end(text, at, c->end);
			continue;
		}
		end = word_end(text, at, c->end);
		if (end == at) {
			end++;
			continue;
		}
		if (member && text[at - 1] == '>' && (at < c->at + 2 || text[at - 2] != '-'))
			member = false; /* a comparison */
		if (member || isdigit((unsigned char)text[at]) || !is_argument(w, step, at, end))
			continue;
		put_source(w, copied, at);
		put(w, "args.");
		copied = at;
	}
	put_source(w, copied, c->end);
	put(w, ")");
}

/* ---- clauses ---- */

static struct expect_clause *add_clause(struct writer *w, struct expectation *x,
					struct expect_step *step)
{
	struct expect_clause *clause = array_add(&w->to->clauses, &w->to->clause_count,
						 &w->to->clause_room, sizeof(*clause));

	if (!clause) {
		w->to->text.failed = true;
		return NULL;
	}
	clause->expectation = x;
	clause->step = step;
	clause->missed = EXPECT_MISSED;
	if (w->to->clause_count > 1)
		put(w, "\n");
	put_source(w, step->at, step->at + strlen(step->pattern));
	return clause;
}

static void put_all(struct writer *w, const struct expect_step *step)
{
	for (size_t i = 0; i < step->condition_count; i++) {
		put(w, i ? " && " : "");
		put_condition(w, step, &step->conditions[i]);
	}
}

/* The first few only: a race between threads sends one more. */
static void put_few(struct writer *w)
{
	size_t number = w->to->clause_count - 1;

	buffer_print(&w->to->text, "if (@shown%zu < %d) { @shown%zu += 1; event(); } }", number,
		     EVENTS_SENT, number);
}

static void write_hits(struct writer *w, struct expectation *x, struct expect_step *step)
{
	struct expect_clause *clause = add_clause(w, x, step);

	if (!clause)
		return;
	step->hits = w->to->clause_count - 1;
	clause->events = x->step_count > 1;
	if (step->condition_count) {
		put(w, " /");
		put_all(w, step);
		put(w, "/");
	}
	buffer_print(&w->to->text, " { @hits%zu = count(); ", step->hits);
	if (clause->events)
		put(w, "event(); }");
	else
		put_few(w);
}

/* One condition does not hold and the rest does; of a single condition there is no rest. */
static void write_near(struct writer *w, struct expectation *x, struct expect_step *step)
{
	step->first_near = w->to->clause_count;
	for (size_t i = 0; i < step->condition_count; i++) {
		struct expect_clause *clause = add_clause(w, x, step);

		if (!clause)
			return;
		clause->near = true;
		clause->missed = i;
		put(w, " /");
		for (size_t j = 0; j < step->condition_count; j++) {
			put(w, j ? " && " : "");
			put(w, j == i ? "!" : "");
			put_condition(w, step, &step->conditions[j]);
		}
		put(w, "/ { ");
		put_few(w);
	}
}

/* Any hit of the probe, where there is more than one condition to miss. */
static void write_far(struct writer *w, struct expectation *x, struct expect_step *step)
{
	struct expect_clause *clause;

	if (step->condition_count < 2)
		return;
	clause = add_clause(w, x, step);
	if (!clause)
		return;
	clause->near = true;
	put(w, " /!(");
	put_all(w, step);
	put(w, ")/ { ");
	put_few(w);
}

int expect_write(struct session *s, struct expectations *e, struct expect_program *program,
		 struct error *err)
{
	struct writer w = {s, e, program};
	int rc = find_probes(&w, err);

	for (size_t i = 0; !rc && i < e->count; i++) {
		for (size_t j = 0; j < e->items[i].step_count; j++) {
			write_hits(&w, &e->items[i], &e->items[i].steps[j]);
			write_near(&w, &e->items[i], &e->items[i].steps[j]);
			write_far(&w, &e->items[i], &e->items[i].steps[j]);
		}
	}
	if (!rc && (program->text.failed || e->arena.failed))
		rc = error_memory(err);
	return rc;
}

void expect_program_free(struct expect_program *program)
{
	buffer_free(&program->text);
	free(program->parts);
	free(program->clauses);
	*program = (struct expect_program){.text = {0}};
}
