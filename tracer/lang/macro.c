/*
 * Lines that begin with #: macros without arguments, and text that counts only where a macro is
 * defined. A macro's name is replaced by its tokens wherever a token is read; errors in them are
 * placed where the name stands.
 */
#include "lang/lex.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum {
	MACRO_TOKENS_MOST = 1000,   /* of one */
	EXPANDED_MOST = 20000,	    /* tokens that come of macros, of one program */
};

struct macro {
	const char *name;
	struct token *tokens;
	size_t count;
	struct macro *next;
};

/* ---- lines ---- */

static char here(const struct lexer *l)
{
	return l->next < l->source->length ? l->source->text[l->next] : '\0';
}

/* The end of a line; one that ends with a backslash goes on. */
static size_t line_end(const struct lexer *l, size_t from)
{
	const char *text = l->source->text;

	while (from < l->source->length && (text[from] != '\n' || (from && text[from - 1] == '\\')))
		from++;
	return from;
}

static void skip_spaces(struct lexer *l)
{
	while (here(l) == ' ' || here(l) == '\t')
		l->next++;
}

bool macro_line(const struct lexer *l)
{
	size_t i = l->next;

	while (i && (l->source->text[i - 1] == ' ' || l->source->text[i - 1] == '\t'))
		i--;
	return here(l) == '#' && (!i || l->source->text[i - 1] == '\n');
}

/* A word of the line; empty where there is none. */
static const char *read_word(struct lexer *l)
{
	size_t start;

	skip_spaces(l);
	start = l->next;
	while (isalnum((unsigned char)here(l)) || here(l) == '_')
		l->next++;
	return arena_copy(l->arena, l->source->text + start, l->next - start);
}

/* ---- macros ---- */

static struct macro *find_macro(const struct lexer *l, const char *name)
{
	struct macro *m = l->macros;

	while (m && strcmp(m->name, name))
		m = m->next;
	return m;
}

static struct macro *add_macro(struct lexer *l, const char *name)
{
	struct macro *m = arena_alloc(l->arena, sizeof(*m));

	if (!m)
		return NULL;
	m->name = name;
	m->next = l->macros;
	l->macros = m;
	return m;
}

void macro_predefine(struct lexer *l, const char *name)
{
	add_macro(l, name);
}

/* The rest of the line as tokens: a lexer of its own, that sees this line only. */
static void read_body(struct lexer *l, struct macro *m, size_t end)
{
	struct source line = *l->source;
	struct lexer inner = *l;
	struct token t;

	line.length = end;
	inner.source = &line;
	inner.macros = NULL;
	inner.expansion_count = 0;
	inner.in_filter = false;
	m->tokens = arena_alloc(l->arena, MACRO_TOKENS_MOST * sizeof(t));
	while (m->tokens && (t = lex(&inner)).kind != TOKEN_END) {
		if (m->count == MACRO_TOKENS_MOST) {
			diagnose(l->diagnostics, l->next, "this macro is too long");
			return;
		}
		m->tokens[m->count++] = t;
	}
}

static void define(struct lexer *l, size_t end)
{
	size_t at = l->next;
	const char *name = read_word(l);
	struct macro *m;

	if (!name)
		return;
	if (!*name || isdigit((unsigned char)*name)) {
		diagnose(l->diagnostics, at, "#define is followed by the macro's name");
		return;
	}
	if (here(l) == '(') {
		diagnose(l->diagnostics, l->next,
			 "macros with arguments are not known; those without are");
		return;
	}
	m = add_macro(l, name);
	if (m)
		read_body(l, m, end);
}

static void undefine(struct lexer *l)
{
	const char *name = read_word(l);

	for (struct macro **m = &l->macros; name && *m; m = &(*m)->next) {
		if (strcmp((*m)->name, name))
			continue;
		*m = (*m)->next;
		return;
	}
}

/* ---- conditions ---- */

/*
 * Goes on behind the #else or #endif that belongs to an #ifdef whose text does not count, or, from an
 * #else on, behind the #endif.
 */
static void skip_group(struct lexer *l, size_t at, bool to_else)
{
	unsigned depth = 0;

	while (l->next < l->source->length) {
		const char *word;

		while (isspace((unsigned char)here(l)))
			l->next++;
		if (here(l) != '#') {
			l->next = line_end(l, l->next);
			continue;
		}
		l->next++;
		word = read_word(l);
		if (!word)
			return;
		if (!strncmp(word, "if", 2))
			depth++;
		else if (!strcmp(word, "endif") && !depth--)
			return;
		else if (!strcmp(word, "else") && !depth && to_else) {
			l->conditions++;
			return;
		}
		l->next = line_end(l, l->next);
	}
	diagnose(l->diagnostics, at, "this has no #endif");
}

static void condition(struct lexer *l, size_t at, bool wanted)
{
	const char *name = read_word(l);

	if (!name)
		return;
	if (!*name)
		diagnose(l->diagnostics, at, "this is followed by a macro's name");
	if ((find_macro(l, name) != NULL) == wanted)
		l->conditions++;
	else
		skip_group(l, at, true);
}

/* Behind #else or #endif of a text that counts. */
static void end_condition(struct lexer *l, size_t at, bool otherwise)
{
	if (!l->conditions) {
		diagnose(l->diagnostics, at, "there is no #ifdef or #ifndef that this belongs to");
		return;
	}
	l->conditions--;
	if (otherwise)
		skip_group(l, at, false);
}

/* ---- headers ---- */

/*
 * Numbers that headers define as macros, and programs use: part of the kernel's promise to
 * programs, so they are the same everywhere.
 */
static const struct {
	const char *header, *name, *value;
} numbers[] = {
	{"linux/sched.h", "TASK_RUNNING", "0"},	     {"linux/sched.h", "TASK_INTERRUPTIBLE", "1"},
	{"linux/sched.h", "TASK_UNINTERRUPTIBLE", "2"}, {"sys/socket.h", "AF_UNSPEC", "0"},
	{"sys/socket.h", "AF_UNIX", "1"},	     {"sys/socket.h", "AF_INET", "2"},
	{"sys/socket.h", "AF_INET6", "10"},	     {"sys/socket.h", "AF_NETLINK", "16"},
	{"linux/socket.h", "AF_UNSPEC", "0"},	     {"linux/socket.h", "AF_UNIX", "1"},
	{"linux/socket.h", "AF_INET", "2"},	     {"linux/socket.h", "AF_INET6", "10"},
	{"linux/socket.h", "AF_NETLINK", "16"},
};

static bool define_numbers(struct lexer *l, size_t at, const char *header)
{
	bool known = false;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		struct macro *m;
		int64_t value;

		if (strcmp(numbers[i].header, header))
			continue;
		known = true;
		m = add_macro(l, numbers[i].name);
		if (!m || !text_number(numbers[i].value, &value))
			continue;
		m->tokens = arena_alloc(l->arena, sizeof(*m->tokens));
		if (m->tokens)
			m->tokens[m->count++] = (struct token){TOKEN_NUMBER, at, numbers[i].value,
							       strlen(numbers[i].value),
							       (uint64_t)value};
	}
	return known;
}

/*
 * No header is read. The kernel's own types are known without, where the kernel tells them; of its
 * macros, those above are.
 */
static void include(struct lexer *l, size_t at, size_t end)
{
	const char *text = l->source->text, *close;
	const char *header = NULL;
	size_t start;
	bool kernel;

	skip_spaces(l);
	start = l->next + 1;
	close = start < end && (text[start - 1] == '<' || text[start - 1] == '"')
			? memchr(text + start, text[start - 1] == '<' ? '>' : '"', end - start)
			: NULL;
	if (close)
		header = arena_copy(l->arena, text + start, (size_t)(close - text) - start);
	if (!header) {
		diagnose(l->diagnostics, at, "#include is followed by <HEADER>");
		return;
	}
	kernel = !strncmp(header, "linux/", 6) || !strncmp(header, "net/", 4) ||
		 !strncmp(header, "asm/", 4) || !strncmp(header, "uapi/", 5);
	if (!define_numbers(l, at, header) && !(kernel && find_macro(l, MACRO_HAVE_BTF)))
		diagnose(l->diagnostics, at,
			 "headers are not read: declare with struct and #define what is needed of "
			 "%s%s",
			 header, kernel ? " (this kernel does not tell its types: no BTF)" : "");
}

void macro_directive(struct lexer *l)
{
	size_t at = l->next++, end = line_end(l, at);
	const char *word = read_word(l);

	if (!word)
		return;
	if (!strcmp(word, "define"))
		define(l, end);
	else if (!strcmp(word, "undef"))
		undefine(l);
	else if (!strcmp(word, "include"))
		include(l, at, end);
	else if (!strcmp(word, "ifdef") || !strcmp(word, "ifndef"))
		condition(l, at, word[2] == 'd');
	else if (!strcmp(word, "else") || !strcmp(word, "endif"))
		end_condition(l, at, word[1] == 'l');
	else
		diagnose(l->diagnostics, at,
			 "'#%s' is not known; #define, #undef, #ifdef, #ifndef, #else, #endif and "
			 "#include are",
			 word);
	l->next = line_end(l, l->next);
}

/* ---- tokens ---- */

/* In its own tokens, a macro's name stays a name. */
bool macro_expand(struct lexer *l, const struct token *t)
{
	const struct macro *m = find_macro(l, t->text);

	for (unsigned i = 0; m && i < l->expansion_count; i++)
		if (l->expansions[i].macro == m)
			return false;
	if (!m)
		return false;
	if (l->expansion_count == LEX_EXPANSIONS_MOST) {
		diagnose(l->diagnostics, t->at, "macros are nested too deeply");
		return false;
	}
	l->expansions[l->expansion_count++] = (struct expansion){m, 0, t->at};
	return true;
}

bool macro_next(struct lexer *l, struct token *t)
{
	for (; l->expansion_count; l->expansion_count--) {
		struct expansion *e = &l->expansions[l->expansion_count - 1];

		if (e->next == e->macro->count)
			continue;
		if (++l->expanded > EXPANDED_MOST) {
			diagnose(l->diagnostics, e->at, "this macro becomes too long");
			break;
		}
		*t = e->macro->tokens[e->next++];
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
