/*
 * Owns the lines that begin with #: which text counts, and whom the rest of a line concerns.
 */
#include "lang/preprocess.h"

#include "lang/ast.h"

#include <ctype.h>
#include <string.h>

static char here(const struct lexer *l)
{
	return l->next < l->source->length ? l->source->text[l->next] : '\0';
}

/* Behind a comment, or a text in quotes that ends on this line; the place itself where there is none. */
static size_t behind(const char *text, size_t at, size_t length)
{
	char quote = text[at];
	const char *end;

	if (quote == '/' && at + 1 < length && text[at + 1] == '*') {
		end = memmem(text + at + 2, length - at - 2, "*/", 2);
		return end ? (size_t)(end - text) + 2 : length;
	}
	if (quote != '"' && quote != '\'')
		return at;
	for (size_t i = at + 1; i < length && text[i] != '\n'; i++) {
		if (text[i] == quote)
			return i + 1;
		i += text[i] == '\\' && i + 1 < length;
	}
	return at;
}

size_t line_end(const struct lexer *l, size_t from)
{
	const char *text = l->source->text;
	size_t length = l->source->length, next;

	while (from < length && text[from] != '\n') {
		next = behind(text, from, length);
		if (next > from)
			from = next;
		else if (text[from] == '\\' && from + 1 < length && text[from + 1] == '\n')
			from += 2;
		else if (text[from] == '/' && from + 1 < length && text[from + 1] == '/')
			while (from < length && (text[from] != '\n' || text[from - 1] == '\\'))
				from++;
		else
			from++;
	}
	return from;
}

struct lexer line_lexer(const struct lexer *l, struct source *line, size_t end)
{
	*line = *l->source;
	line->length = end;
	return (struct lexer){.source = line, .diagnostics = l->diagnostics, .arena = l->arena,
			      .next = l->next, .in_line = true};
}

bool directive_starts(const struct lexer *l)
{
	size_t i = l->next;

	if (here(l) != '#' || l->in_line)
		return false;
	while (i && (l->source->text[i - 1] == ' ' || l->source->text[i - 1] == '\t'))
		i--;
	return !i || l->source->text[i - 1] == '\n';
}

/* A word of the line; empty where there is none. */
static const char *read_word(struct lexer *l)
{
	size_t start;

	while (here(l) == ' ' || here(l) == '\t')
		l->next++;
	start = l->next;
	while (isalnum((unsigned char)here(l)) || here(l) == '_')
		l->next++;
	return arena_copy(l->arena, l->source->text + start, l->next - start);
}

/* ---- conditions ---- */

/* What #ifdef, #ifndef, #if and #elif ask. */
static bool holds(struct lexer *l, const char *word, size_t at)
{
	const char *name;

	if (!strcmp(word, "if") || !strcmp(word, "elif"))
		return condition_holds(l, line_end(l, l->next));
	name = read_word(l);
	if (name && !*name)
		diagnose(l->preprocessor->diagnostics, at, "this is followed by a macro's name");
	return name && (macro_find(l, name) != NULL) == !strcmp(word, "ifdef");
}

/*
 * Goes on behind the #elif, #else or #endif that ends text that does not count; where a group before
 * counted, behind the #endif.
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
		else if (!depth && to_else &&
			 (!strcmp(word, "else") || (!strcmp(word, "elif") && holds(l, word, l->next)))) {
			l->conditions++;
			return;
		}
		l->next = line_end(l, l->next);
	}
	diagnose(l->preprocessor->diagnostics, at, "this has no #endif");
}

static void condition(struct lexer *l, size_t at, const char *word)
{
	if (holds(l, word, at))
		l->conditions++;
	else
		skip_group(l, at, true);
}

/* #elif, #else or #endif behind text that counts. */
static void end_condition(struct lexer *l, size_t at, const char *word)
{
	if (!l->conditions) {
		diagnose(l->preprocessor->diagnostics, at,
			 "there is no #if, #ifdef or #ifndef that this belongs to");
		return;
	}
	l->conditions--;
	if (strcmp(word, "endif") != 0)
		skip_group(l, at, false);
}

/* ---- the rest ---- */

static void say(struct lexer *l, size_t at, size_t end, bool is_error)
{
	const char *text;

	while (here(l) == ' ' || here(l) == '\t')
		l->next++;
	text = arena_copy(l->arena, l->source->text + l->next, end > l->next ? end - l->next : 0);
	if (text && is_error)
		diagnose(l->preprocessor->diagnostics, at, "#error: %s", text);
	else if (text && l->preprocessor->program->warnings)
		warn(l->preprocessor->program->warnings, "#warning: %s", text);
}

/* `once` is known. Those that change the layout of structs are not to be passed over. */
static void pragma(struct lexer *l, size_t at)
{
	const char *word = read_word(l);

	if (word && !strcmp(word, "once"))
		header_once(l);
	else if (word && !strcmp(word, "pack"))
		diagnose(l->preprocessor->diagnostics, at,
			 "#pragma pack is not known; __attribute__((packed)) is");
}

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words && strcmp(word, *words) != 0)
		words++;
	return *words;
}

void directive_read(struct lexer *l)
{
	static const char *const begins[] = {"if", "ifdef", "ifndef", NULL};
	static const char *const ends[] = {"elif", "else", "endif", NULL};
	static const char *const nothing[] = {"line", "ident", "", NULL};
	size_t at = l->next++, end = line_end(l, at);
	const char *word = read_word(l);

	if (!word)
		return;
	if (!strcmp(word, "include") || !strcmp(word, "include_next") || !strcmp(word, "import")) {
		header_include(l, at, end, !strcmp(word, "include_next"));
		return;
	}
	if (!strcmp(word, "define"))
		macro_define(l, at, end);
	else if (!strcmp(word, "undef"))
		macro_undefine(l, at);
	else if (is_one_of(word, begins))
		condition(l, at, word);
	else if (is_one_of(word, ends))
		end_condition(l, at, word);
	else if (!strcmp(word, "error") || !strcmp(word, "warning"))
		say(l, at, end, *word == 'e');
	else if (!strcmp(word, "pragma"))
		pragma(l, at);
	else if (!is_one_of(word, nothing) && !isdigit((unsigned char)*word))
		diagnose(l->preprocessor->diagnostics, at,
			 "'#%s' is not known; #define, #undef, #if, #ifdef, #ifndef, #elif, #else, "
			 "#endif, #include, #error, #warning and #pragma are",
			 word);
	l->next = line_end(l, l->next);
}
