/*
 * The text of expectations to what they say. An error in one of them is reported and the next is
 * read, so that a person sees all at once. Conditions stay text here: the language reads them.
 */
#include "check/expect.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	const char *text;
	size_t at, end; /* end: of the expectation at hand */
	struct expectations *e;
};

static char peek(const struct parser *p)
{
	return p->at < p->end ? p->text[p->at] : '\0';
}

static void skip_blanks(struct parser *p)
{
	while (p->at < p->end && isspace((unsigned char)p->text[p->at]))
		p->at++;
}

static bool take(struct parser *p, const char *word)
{
	size_t length = strlen(word);

	skip_blanks(p);
	if (p->end - p->at < length || memcmp(p->text + p->at, word, length) != 0)
		return false;
	p->at += length;
	return true;
}

static bool word_part(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool take_word(struct parser *p, const char *word)
{
	size_t before = p->at;

	if (take(p, word) && !word_part(peek(p)))
		return true;
	p->at = before;
	return false;
}

static bool wrong(struct parser *p, size_t at, const char *what)
{
	diagnose(&p->e->diagnostics, at, "%s", what);
	return false;
}

/* ---- steps ---- */

size_t expect_quoted_end(const char *text, size_t at, size_t end)
{
	char quote = text[at++];

	while (at < end && text[at] != quote)
		at += text[at] == '\\' ? 2 : 1;
	return at < end ? at + 1 : end;
}

/* Up to the comma or parenthesis that ends the condition. */
static size_t condition_end(const struct parser *p, size_t at)
{
	int depth = 0;

	while (at < p->end) {
		char c = p->text[at];

		if (c == '"' || c == '\'') {
			at = expect_quoted_end(p->text, at, p->end);
			continue;
		}
		if (!depth && (c == ',' || c == ')'))
			break;
		depth += (c == '(' || c == '[') - (c == ')' || c == ']');
		at++;
	}
	return at;
}

static bool read_conditions(struct parser *p, struct expect_step *step)
{
	size_t open = p->at - 1;

	do {
		struct expect_condition *condition;
		size_t end;

		skip_blanks(p);
		end = condition_end(p, p->at);
		if (end == p->at)
			return wrong(p, p->at, "expected a condition, such as status == 200");
		if (step->condition_count == EXPECT_CONDITIONS_MOST)
			return wrong(p, p->at, "a step has at most 16 conditions");
		condition = array_add(&step->conditions, &step->condition_count,
				      &step->condition_room, sizeof(*condition));
		if (!condition) {
			p->e->arena.failed = true;
			return false;
		}
		condition->at = p->at;
		condition->end = p->at = end;
		while (isspace((unsigned char)p->text[condition->end - 1]))
			condition->end--;
	} while (take(p, ","));
	return take(p, ")") || wrong(p, open, "this parenthesis is not closed");
}

/* A probe may hold nearly any character; an arrow or a comparison of two characters ends it without
 * a blank, too. */
static size_t probe_length(const struct parser *p)
{
	static const char *const ends[] = {"->", "==", "!=", "<=", ">="};
	const char *start = p->text + p->at;
	size_t left = p->end - p->at, n = 0;

	for (; n < left && !isspace((unsigned char)start[n]) && start[n] != '('; n++)
		for (size_t i = 0; left - n > 1 && i < sizeof(ends) / sizeof(*ends); i++)
			if (!memcmp(start + n, ends[i], 2))
				return n;
	return n;
}

static bool read_step(struct parser *p, struct expectation *x)
{
	struct expect_step *step;
	size_t length;

	skip_blanks(p);
	length = probe_length(p);
	if (!memchr(p->text + p->at, ':', length))
		return wrong(p, p->at, "expected a probe, such as demo:request");
	if (x->step_count == EXPECT_STEPS_MOST)
		return wrong(p, p->at, "an expectation has at most 16 steps");
	step = array_add(&x->steps, &x->step_count, &x->step_room, sizeof(*step));
	if (!step) {
		p->e->arena.failed = true;
		return false;
	}
	step->at = p->at;
	step->pattern = arena_copy(&p->e->arena, p->text + p->at, length);
	p->at += length;
	return !take(p, "(") || read_conditions(p, step);
}

/* ---- what is behind them ---- */

static enum op take_comparison(struct parser *p)
{
	static const struct {
		const char *text;
		enum op op;
	} operators[] = {{"==", OP_EQ}, {"!=", OP_NE}, {"<=", OP_LE},
			 {">=", OP_GE}, {"<", OP_LT},  {">", OP_GT}};

	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
		if (take(p, operators[i].text))
			return operators[i].op;
	return OP_NONE;
}

/* Digits, up to nine of them behind a point, in units of 10^-9; false when there is none, or it
 * does not fit. */
static bool take_number(struct parser *p, uint64_t *whole, uint64_t *billionths)
{
	size_t before = p->at;
	bool fits = true;

	*whole = *billionths = 0;
	for (; isdigit((unsigned char)peek(p)); p->at++)
		fits &= !__builtin_mul_overflow(*whole, 10, whole) &&
			!__builtin_add_overflow(*whole, (uint64_t)(peek(p) - '0'), whole);
	if (p->at > before && peek(p) == '.') {
		uint64_t unit = 100000000;

		for (p->at++; isdigit((unsigned char)peek(p)); p->at++, unit /= 10)
			*billionths += (uint64_t)(peek(p) - '0') * unit;
	}
	return p->at > before && fits;
}

static bool read_hits(struct parser *p, struct expectation *x)
{
	size_t at;
	uint64_t part;

	skip_blanks(p);
	at = p->at;
	if (!take_number(p, &x->number, &part) || part)
		return wrong(p, at, "expected how many hits, a whole number");
	if (x->op == OP_GE && !x->number)
		return wrong(p, at, "that is always true");
	if (x->op == OP_LT && !x->number)
		return wrong(p, at, "that is never true");
	return true;
}

static bool read_time(struct parser *p, struct expectation *x)
{
	static const struct {
		const char *text;
		uint64_t nanoseconds;
	} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
	uint64_t whole, part;
	size_t at;

	skip_blanks(p);
	at = p->at;
	if (!take_number(p, &whole, &part))
		return wrong(p, at, "expected a time, such as 10ms");
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!take_word(p, units[i].text))
			continue;
		if (__builtin_mul_overflow(whole, units[i].nanoseconds, &whole) ||
		    __builtin_add_overflow(whole, part * units[i].nanoseconds / 1000000000, &x->number))
			return wrong(p, at, "so long a time does not fit");
		return true;
	}
	return wrong(p, p->at, "expected ns, us, ms or s");
}

static bool read_key(struct parser *p, struct expectation *x)
{
	size_t length = 0;

	skip_blanks(p);
	x->key_at = p->at;
	if (p->end - p->at > 5 && !memcmp(p->text + p->at, "args.", 5))
		p->at += 5;
	while (p->at + length < p->end && word_part(p->text[p->at + length]))
		length++;
	if (!length)
		return wrong(p, p->at, "expected the argument that tells them apart, such as id");
	x->key = arena_copy(&p->e->arena, p->text + p->at, length);
	p->at += length;
	return true;
}

static bool read_rest(struct parser *p, struct expectation *x)
{
	bool several = x->step_count > 1;
	size_t at;

	skip_blanks(p);
	at = p->at;
	x->paired = take_word(p, "paired");
	if (take_word(p, "by") && !read_key(p, x))
		return false;
	if (!several && (x->paired || x->key))
		return wrong(p, at, "paired and by need two probes: demo:start -> demo:stop");
	skip_blanks(p);
	at = p->at;
	x->op = take_comparison(p);
	if (x->op != OP_NONE && !several)
		return read_hits(p, x);
	if (x->op == OP_EQ || x->op == OP_NE)
		return wrong(p, at, "of a time expect < or <=, > or >=");
	if (x->op != OP_NONE) {
		x->paired = true;
		if (!read_time(p, x))
			return false;
	}
	if (x->paired && x->step_count != 2)
		return wrong(p, x->at, "paired, and a time between, are of two probes");
	if (!several) {
		x->op = OP_GE;
		x->number = 1;
	}
	return true;
}

/* ---- the whole ---- */

static bool read_expectation(struct parser *p)
{
	struct expectation *x = array_add(&p->e->items, &p->e->count, &p->e->room, sizeof(*x));
	size_t end = p->end;

	if (!x) {
		p->e->arena.failed = true;
		return false;
	}
	while (isspace((unsigned char)p->text[end - 1]))
		end--;
	x->at = p->at;
	x->line = 1;
	for (size_t i = 0; i < p->at; i++)
		x->line += p->text[i] == '\n';
	x->text = arena_copy(&p->e->arena, p->text + p->at, end - p->at);
	do {
		if (!read_step(p, x))
			return false;
	} while (take(p, "->"));
	if (!read_rest(p, x))
		return false;
	skip_blanks(p);
	return p->at == p->end ||
	       wrong(p, p->at, "nothing more is expected here; a line or a ; ends an expectation");
}

/* Where the expectation ends: at its line's end, a `;` or a comment outside of quotes. */
static size_t expectation_end(const struct parser *p)
{
	size_t at = p->at;

	while (at < p->end && !strchr("\n;#", p->text[at]))
		at = p->text[at] == '"' || p->text[at] == '\'' ? expect_quoted_end(p->text, at, p->end) : at + 1;
	return at;
}

/* Blanks, comments and `;` between them. */
static void skip_empty(struct parser *p)
{
	for (skip_blanks(p); peek(p) == '#' || peek(p) == ';'; skip_blanks(p)) {
		if (peek(p) == ';')
			p->at++;
		else
			while (p->at < p->end && p->text[p->at] != '\n')
				p->at++;
	}
}

int expect_parse(const struct source *source, struct expectations *e, struct error *err)
{
	struct parser p = {.text = source->text, .end = source->length, .e = e};

	e->source = *source;
	e->diagnostics.source = &e->source;
	for (skip_empty(&p); p.at < source->length; skip_empty(&p)) {
		size_t end = expectation_end(&p);

		if (e->count == EXPECTATIONS_MOST) {
			wrong(&p, p.at, "there are more than 1000 expectations");
			break;
		}
		p.end = end;
		read_expectation(&p);
		p.at = end;
		p.end = source->length;
	}
	if (e->arena.failed)
		return error_memory(err);
	if (!e->count && !e->diagnostics.errors)
		diagnose(&e->diagnostics, 0, "nothing is expected here");
	return diagnostics_result(&e->diagnostics, err);
}

void expect_free(struct expectations *e)
{
	for (size_t i = 0; i < e->count; i++) {
		for (size_t j = 0; j < e->items[i].step_count; j++)
			free(e->items[i].steps[j].conditions);
		free(e->items[i].steps);
	}
	free(e->items);
	diagnostics_free(&e->diagnostics);
	arena_free(&e->arena);
	*e = (struct expectations){0};
}
