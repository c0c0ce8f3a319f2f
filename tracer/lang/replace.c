/* Owns what a macro with arguments becomes: the arguments in their places, # and ##. */
#include "lang/preprocess.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

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

bool macro_replace(struct lexer *l, const struct macro *m, size_t at, struct tokens *out)
{
	struct argument *arguments = calloc(wanted_arguments(m), sizeof(*arguments));
	struct replacing r = {.l = l, .m = m, .arguments = arguments, .at = at};
	bool good;

	if (!arguments) {
		l->arena->failed = true;
		return false;
	}
	good = read_arguments(l, m, at, arguments);
	if (good)
		replace(&r);
	*out = r.out;
	free_arguments(arguments, wanted_arguments(m));
	return good;
}
