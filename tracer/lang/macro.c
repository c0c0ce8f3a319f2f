/*
 * Owns macros: what #define says, and which tokens come next where a name is one. Errors in them are
 * placed where the name stands, those in arguments where the argument does. The tokens of a macro
 * are read when it is used for the first time: headers define thousands.
 */
#include "lang/preprocess.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Tokens of one program: <tgmath.h> makes 75,000. */
	MADE_MOST = 1000000,
	READ_MOST = 4000000,
	PARAMETERS_MOST = 64,
};

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

/* ---- tokens ---- */

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
	struct tokens out = {0};
	struct token *tokens = NULL;
	bool good = macro_replace(l, m, t->at, &out);

	if (good)
		tokens = arena_alloc(l->arena, (out.count + 1) * sizeof(*tokens));
	if (tokens && out.count)
		memcpy(tokens, out.items, out.count * sizeof(*tokens));
	good = tokens && push(l, (struct expansion){m, tokens, out.count, 0, LEX_OWN_PLACES}, t->at);
	free(out.items);
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
