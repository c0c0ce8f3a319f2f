/*
 * Owns macros: what #define says, and the tokens that take the place of a name. Errors in them are
 * placed where the name stands, those in arguments where the argument does. The tokens of a macro
 * are read when it is used for the first time: headers define thousands.
 */
#include "lang/preprocess.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Tokens of one program: <tgmath.h> makes 75,000. */
	MADE_MOST = 1000000,
	READ_MOST = 4000000,
	PARAMETERS_MOST = 64,
};

static bool is_operator(const struct token *t, const char *text)
{
	return t->kind == TOKEN_OPERATOR && !strcmp(t->text, text);
}

/* ---- the names ---- */

const struct macro *macro_find(const struct lexer *l, const char *name)
{
	const struct macro *m = NULL;
	size_t place;

	if (l->preprocessor && table_get(&l->preprocessor->names, name, strlen(name), &place))
		m = l->preprocessor->macros[place];
	while (m && m->from > l->next)
		m = m->older;
	return m && l->next < m->to ? m : NULL;
}

/* A macro of that name from there on; NULL: it is known already, from an earlier look. */
static struct macro *add_macro(struct preprocessor *p, const char *name, size_t from)
{
	struct macro *m = arena_alloc(p->arena, sizeof(*m));
	const struct macro **slot;
	size_t place;
	int there = m ? table_put(&p->names, name, strlen(name), p->macro_count, &place) : -1;

	if (there > 0) {
		for (const struct macro *known = p->macros[place]; known; known = known->older)
			if (known->from == from && !known->value)
				return NULL;
		slot = &p->macros[place];
	} else {
		slot = there ? NULL
			     : array_add(&p->macros, &p->macro_count, &p->macro_room, sizeof(*slot));
	}
	if (!slot) {
		p->arena->failed = true;
		return NULL;
	}
	*m = (struct macro){.name = name, .from = from, .to = SIZE_MAX, .older = *slot};
	*slot = m;
	return m;
}

void macro_predefine(struct preprocessor *p, const char *name, const char *value)
{
	struct macro *m = add_macro(p, name, 0);

	if (m)
		m->value = value;
}

/* `a, b, ...` and the parenthesis behind, of a line's lexer. */
static bool read_parameters(struct lexer *line, struct macro *m)
{
	struct token t = lex_plain(line);

	m->is_function = true;
	m->parameters = arena_alloc(line->arena, PARAMETERS_MOST * sizeof(*m->parameters));
	while (m->parameters && !is_operator(&t, ")")) {
		bool rest = is_operator(&t, "...");

		if (m->is_variadic || m->parameter_count == PARAMETERS_MOST ||
		    (t.kind != TOKEN_NAME && !rest))
			return false;
		m->parameters[m->parameter_count++] = rest ? "__VA_ARGS__" : t.text;
		m->is_variadic = rest;
		t = lex_plain(line);
		if (!rest && is_operator(&t, "...")) { /* gcc's: args... */
			m->is_variadic = true;
			t = lex_plain(line);
		}
		if (is_operator(&t, ","))
			t = lex_plain(line);
		else if (!is_operator(&t, ")"))
			return false;
	}
	return m->parameters;
}

void macro_define(struct lexer *l, size_t from, size_t end)
{
	struct source text;
	struct lexer line = line_lexer(l, &text, end);
	struct token name = lex_plain(&line);
	struct macro *m;

	if (name.kind != TOKEN_NAME) {
		diagnose(l->preprocessor->diagnostics, name.kind == TOKEN_END ? l->next : name.at,
			 "#define is followed by the macro's name");
		return;
	}
	m = add_macro(l->preprocessor, name.text, from);
	if (!m)
		return;
	if (line.next < end && text.text[line.next] == '(') {
		line.next++;
		if (!read_parameters(&line, m)) {
			diagnose(l->preprocessor->diagnostics, from,
				 "the parameters of the macro %s are names with commas between them",
				 m->name);
			m->to = from; /* it holds nowhere */
			return;
		}
	}
	m->body = line.next;
	m->end = end;
}

void macro_undefine(struct lexer *l, size_t from)
{
	struct source text;
	struct lexer line = line_lexer(l, &text, line_end(l, l->next));
	struct token name = lex_plain(&line);
	struct macro *m = name.kind == TOKEN_NAME ? (struct macro *)macro_find(l, name.text) : NULL;

	if (m)
		m->to = from;
}

static void read_body(const struct lexer *l, struct macro *m)
{
	struct source text;
	struct lexer body = line_lexer(l, &text, m->end);
	struct tokens tokens = {0};
	struct token t, *slot;

	if (m->value)
		text = (struct source){.name = "", .text = m->value, .length = strlen(m->value)};
	body.next = m->body;
	while ((t = lex_plain(&body)).kind != TOKEN_END) {
		slot = array_add(&tokens.items, &tokens.count, &tokens.room, sizeof(*slot));
		if (!slot)
			break;
		*slot = t;
	}
	m->tokens = arena_alloc(l->arena, (tokens.count + 1) * sizeof(t));
	if (m->tokens && tokens.count)
		memcpy((struct token *)m->tokens, tokens.items, tokens.count * sizeof(t));
	m->count = m->tokens ? tokens.count : 0;
	m->is_read = true;
	free(tokens.items);
}

/* ---- arguments ---- */

struct argument {
	struct tokens plain, expanded;
	bool is_expanded;
};

static void free_arguments(struct argument *arguments, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(arguments[i].plain.items);
		free(arguments[i].expanded.items);
	}
	free(arguments);
}

bool tokens_add(struct lexer *l, struct tokens *out, struct token t)
{
	struct token *slot = NULL;
	struct preprocessor *p = l->preprocessor;

	if (p->made < MADE_MOST) {
		p->made++;
		slot = array_add(&out->items, &out->count, &out->room, sizeof(*slot));
	} else {
		diagnose(p->diagnostics, l->next, "macros become too long here");
	}
	if (slot)
		*slot = t;
	return slot;
}

/* Only then is the name of a macro with parameters one. */
static bool parenthesis_follows(const struct lexer *l)
{
	size_t at = l->next;

	for (unsigned i = l->expansion_count; i; i--) {
		const struct expansion *e = &l->expansions[i - 1];

		if (e->next < e->count)
			return is_operator(&e->tokens[e->next], "(");
	}
	while (at < l->source->length && isspace((unsigned char)l->source->text[at]))
		at++;
	return at < l->source->length && l->source->text[at] == '(';
}

static size_t wanted_arguments(const struct macro *m)
{
	return m->parameter_count ? m->parameter_count : 1;
}

/* From the parenthesis that opens to the one that closes. */
static bool read_arguments(struct lexer *l, const struct macro *m, size_t at,
			   struct argument *arguments)
{
	size_t wanted = wanted_arguments(m), place = 0;
	unsigned depth = 0;

	for (;;) {
		struct token t = lex_plain(l);

		if (t.kind == TOKEN_END) {
			diagnose(l->diagnostics, at, "the arguments of the macro %s do not end",
				 m->name);
			return false;
		}
		depth += is_operator(&t, "(");
		if (is_operator(&t, ")") && !--depth)
			break;
		if (is_operator(&t, ",") && depth == 1 && !(m->is_variadic && place + 1 == wanted)) {
			place++;
			continue;
		}
		if ((depth > 1 || !is_operator(&t, "(")) && place < wanted &&
		    !tokens_add(l, &arguments[place].plain, t))
			return false;
	}
	if (place + 1 == wanted || (m->is_variadic && place + 2 == wanted)) {
		if (m->parameter_count || !arguments->plain.count)
			return true;
	}
	diagnose(l->diagnostics, at, "the macro %s has %zu argument%s, not %zu", m->name,
		 m->parameter_count, m->parameter_count == 1 ? "" : "s", place + 1);
	return false;
}

/* ---- what becomes of them ---- */

static void spell(const struct token *t, struct buffer *out)
{
	switch (t->kind) {
	case TOKEN_STRING:
		buffer_char(out, '"');
		escape_text(out, t->text, t->length, '"');
		buffer_char(out, '"');
		break;
	case TOKEN_NUMBER:
		if (!t->length)
			buffer_print(out, "%llu", (unsigned long long)t->number);
		buffer_text(out, t->text);
		break;
	case TOKEN_VARIABLE:
		buffer_print(out, "$%s", t->text);
		break;
	default:
		buffer_text(out, t->text);
	}
}

/* #argument */
static struct token as_text(struct lexer *l, const struct argument *a, size_t at)
{
	struct token t = {.kind = TOKEN_STRING, .at = at, .text = ""};
	struct buffer text = {0};

	for (size_t i = 0; a && i < a->plain.count; i++) {
		if (i && a->plain.items[i].blank)
			buffer_char(&text, ' ');
		spell(&a->plain.items[i], &text);
	}
	t.length = text.length;
	t.text = arena_string(l->arena, buffer_string(&text));
	if (!t.text)
		t.text = "";
	buffer_free(&text);
	return t;
}

/* left ## right, into the left one. */
static void paste(struct lexer *l, struct token *left, const struct token *right, size_t at)
{
	struct source both = {.name = ""};
	struct diagnostics unheard = {.source = &both};
	struct lexer inner = {.source = &both, .diagnostics = &unheard, .arena = l->arena,
			      .in_line = true};
	struct buffer text = {0};
	struct token t;

	spell(left, &text);
	spell(right, &text);
	both.text = buffer_string(&text);
	both.length = text.length;
	t = lex_plain(&inner);
	if (t.kind == TOKEN_END || t.kind == TOKEN_BAD || inner.next < both.length || unheard.errors)
		diagnose(l->diagnostics, at, "## makes no word of '%s' and '%s'", left->text,
			 right->text);
	t.at = at;
	t.blank = left->blank;
	*left = t;
	diagnostics_free(&unheard);
	buffer_free(&text);
}

static struct argument *argument_of(const struct macro *m, struct argument *arguments,
				    const struct token *t)
{
	for (size_t i = 0; t->kind == TOKEN_NAME && i < m->parameter_count; i++)
		if (!strcmp(m->parameters[i], t->text))
			return &arguments[i];
	return NULL;
}

static const struct tokens *expanded(struct lexer *l, struct argument *a)
{
	if (!a->is_expanded)
		macro_expand_all(l, a->plain.items, a->plain.count, &a->expanded);
	a->is_expanded = true;
	return &a->expanded;
}

struct replacing {
	struct lexer *l;
	const struct macro *m;
	struct argument *arguments;
	size_t at; /* of the name that is replaced */
	bool empty_left; /* what stands left of a ## is an argument without tokens */
	struct tokens out;
};

/* The operand behind ##, by its place among the macro's tokens. */
static void replace_pasted(struct replacing *r, size_t place)
{
	struct token one = r->m->tokens[place], *last = NULL;
	struct argument *a = argument_of(r->m, r->arguments, &one);
	struct tokens right = a ? a->plain : (struct tokens){&one, 1, 1};
	bool variadic = a && r->m->is_variadic && a == &r->arguments[r->m->parameter_count - 1];
	size_t from = 0;

	one.at = r->at;
	if (r->out.count && !r->empty_left)
		last = &r->out.items[r->out.count - 1];
	if (last && variadic && is_operator(last, ",")) {
		/* gcc's: without arguments, no comma in front of them */
		r->out.count -= !right.count;
	} else if (last && right.count) {
		paste(r->l, last, &right.items[0], r->at);
		from = 1;
	}
	r->empty_left &= !right.count;
	for (size_t i = from; i < right.count; i++)
		if (!tokens_add(r->l, &r->out, right.items[i]))
			return;
}

static void replace_one(struct replacing *r, size_t place, bool before_paste)
{
	struct token t = r->m->tokens[place];
	struct argument *a = argument_of(r->m, r->arguments, &t);
	const struct tokens *tokens = !a ? NULL : before_paste ? &a->plain : expanded(r->l, a);

	r->empty_left = tokens && !tokens->count;
	t.at = r->at;
	if (!a)
		tokens_add(r->l, &r->out, t);
	for (size_t i = 0; tokens && i < tokens->count; i++) {
		struct token next = tokens->items[i];

		next.blank |= !i && t.blank;
		if (!tokens_add(r->l, &r->out, next))
			return;
	}
}

/* The macro's tokens with the arguments in their places. */
static void replace(struct replacing *r)
{
	const struct macro *m = r->m;

	for (size_t i = 0; i < m->count; i++) {
		const struct token *t = &m->tokens[i];
		bool more = i + 1 < m->count;

		if (is_operator(t, "##") && i && more) {
			replace_pasted(r, ++i);
		} else if (is_operator(t, "#") && more) {
			tokens_add(r->l, &r->out,
				   as_text(r->l, argument_of(m, r->arguments, &m->tokens[++i]), r->at));
			r->empty_left = false;
		} else {
			replace_one(r, i, more && is_operator(&m->tokens[i + 1], "##"));
		}
	}
}

/* ---- tokens ---- */

/* In its own tokens, and in the arguments that stand there, a macro's name stays a name. */
static bool is_being_replaced(const struct lexer *l, const struct macro *m)
{
	for (; l; l = l->outer)
		for (unsigned i = 0; i < l->expansion_count; i++)
			if (l->expansions[i].macro == m)
				return true;
	return false;
}

static bool push(struct lexer *l, struct expansion e, size_t at)
{
	if (l->expansion_count == LEX_EXPANSIONS_MOST || l->depth == LEX_EXPANSIONS_MOST) {
		diagnose(l->diagnostics, at, "macros are nested too deeply");
		return false;
	}
	l->expansions[l->expansion_count++] = e;
	return true;
}

static bool expand_function(struct lexer *l, const struct macro *m, const struct token *t)
{
	struct argument *arguments = calloc(wanted_arguments(m), sizeof(*arguments));
	struct replacing r = {.l = l, .m = m, .arguments = arguments, .at = t->at};
	struct token *tokens;
	bool good;

	if (!arguments) {
		l->arena->failed = true;
		return false;
	}
	good = read_arguments(l, m, t->at, arguments);
	if (good)
		replace(&r);
	tokens = arena_alloc(l->arena, (r.out.count + 1) * sizeof(*tokens));
	if (tokens && r.out.count)
		memcpy(tokens, r.out.items, r.out.count * sizeof(*tokens));
	good = good && tokens &&
	       push(l, (struct expansion){m, tokens, r.out.count, 0, LEX_OWN_PLACES}, t->at);
	free(r.out.items);
	free_arguments(arguments, wanted_arguments(m));
	return good;
}

bool macro_expand(struct lexer *l, const struct token *t)
{
	const struct macro *m = macro_find(l, t->text);

	if (!m || is_being_replaced(l, m) || (m->is_function && !parenthesis_follows(l)))
		return false;
	if (!m->is_read)
		read_body(l, (struct macro *)m);
	if (m->is_function)
		return expand_function(l, m, t);
	return push(l, (struct expansion){m, m->tokens, m->count, 0, t->at}, t->at);
}

bool macro_next(struct lexer *l, struct token *t)
{
	for (; l->expansion_count; l->expansion_count--) {
		struct expansion *e = &l->expansions[l->expansion_count - 1];

		if (e->next == e->count)
			continue;
		if (l->preprocessor && ++l->preprocessor->read > READ_MOST) {
			diagnose(l->preprocessor->diagnostics, l->next, "macros become too long here");
			break;
		}
		*t = e->tokens[e->next++];
		if (e->at != LEX_OWN_PLACES)
			t->at = e->at;
		return true;
	}
	macro_forget(l);
	return false;
}

void macro_forget(struct lexer *l)
{
	l->expansion_count = 0;
}

void macro_expand_all(struct lexer *l, const struct token *tokens, size_t count, struct tokens *out)
{
	struct source nothing = *l->source;
	struct lexer inner = {.source = &nothing, .diagnostics = l->diagnostics, .arena = l->arena,
			      .next = l->next, .in_line = true, .preprocessor = l->preprocessor,
			      .outer = l, .depth = l->depth + 1};
	struct token t;

	nothing.length = l->next; /* behind the tokens comes nothing */
	if (!push(&inner, (struct expansion){NULL, tokens, count, 0, LEX_OWN_PLACES}, l->next))
		return;
	while ((t = lex(&inner)).kind != TOKEN_END)
		if (!tokens_add(l, out, t))
			return;
}
