/*
 * Types as they are written, and what goes with them in expressions: casts, sizeof and offsetof,
 * members, elements, `*` and `&`. What the names mean is found out by the checker, since that may
 * depend on the probe. Declarations are in parse_declare.c.
 */
#include "lang/parse_type.h"

#include "lang/func.h"

#include <string.h>

static bool is_name(const struct parser *p, const char *text)
{
	return p->token.kind == TOKEN_NAME && !strcmp(p->token.text, text);
}

bool accept_qualifiers(struct parser *p)
{
	static const char *const qualifiers[] = {"const", "volatile", "restrict", "__restrict",
						 "_Atomic", "__user", "__kernel", "__const",
						 "__volatile", "__volatile__", "__restrict__"};
	bool found = false;

	for (size_t i = 0; i < sizeof(qualifiers) / sizeof(*qualifiers); i++)
		if (is_name(p, qualifiers[i])) {
			next(p);
			found = true;
			i = (size_t)-1; /* from the start */
		}
	return found;
}

static enum ctype_kind tag_kind(const struct parser *p)
{
	return is_name(p, "struct")  ? CTYPE_STRUCT
	       : is_name(p, "union") ? CTYPE_UNION
	       : is_name(p, "enum")  ? CTYPE_ENUM
				     : CTYPE_VOID;
}

/* The words that C makes an integer's name of. */
static const char *const number_words[] = {"unsigned", "signed", "long", "short", "char", "int",
					   "double", "__int128"};
enum { UNSIGNED, SIGNED, LONG, SHORT, CHAR, INT, DOUBLE, WIDE, NUMBER_WORDS };

static unsigned number_word(const struct parser *p)
{
	unsigned i = 0;

	if (is_name(p, "__signed__") || is_name(p, "__signed"))
		return SIGNED;
	while (i < NUMBER_WORDS && !is_name(p, number_words[i]))
		i++;
	return i;
}

/* `unsigned long int` and its kind, in any order. NULL when there is no such type. */
static const struct ctype *parse_number_words(struct parser *p)
{
	unsigned count[NUMBER_WORDS] = {0}, word;
	char name[64] = "";

	while ((word = number_word(p)) < NUMBER_WORDS) {
		if (++count[word] > 2)
			return NULL;
		next(p);
		accept_qualifiers(p);
	}
	if (count[UNSIGNED] + count[SIGNED] > 1 || count[SHORT] + count[CHAR] > 1 ||
	    count[INT] > 1 || count[DOUBLE] > 1 || (count[CHAR] && count[INT]) ||
	    (count[LONG] && count[SHORT] + count[CHAR]) || count[WIDE] > 1 ||
	    (count[WIDE] && count[LONG] + count[SHORT] + count[CHAR] + count[INT]))
		return NULL;
	if (count[DOUBLE])
		return count[UNSIGNED] + count[SIGNED] + count[SHORT] + count[CHAR] + count[INT] +
				       count[WIDE] || count[LONG] > 1
			       ? NULL
			       : ctype_basic(count[LONG] ? "long double" : "double");
	strcat(name, count[UNSIGNED] ? "unsigned " : count[CHAR] && count[SIGNED] ? "signed " : "");
	strcat(name, count[WIDE]       ? "__int128"
		     : count[CHAR]     ? "char"
		     : count[SHORT]    ? "short"
		     : count[LONG] > 1 ? "long long"
		     : count[LONG]     ? "long"
				       : "int");
	return ctype_basic(name);
}

bool starts_type(const struct parser *p)
{
	struct parser ahead = *p;

	return p->token.kind == TOKEN_NAME &&
	       (tag_kind(p) != CTYPE_VOID || number_word(p) < NUMBER_WORDS ||
		ctype_basic(p->token.text) ||
		types_declared(&p->program->types, CTYPE_VOID, p->token.text) ||
		accept_qualifiers(&ahead));
}

bool parse_specifier(struct parser *p, struct type_words *words)
{
	*words = (struct type_words){.at = p->token.at};
	accept_qualifiers(p);
	words->kind = tag_kind(p);
	if (words->kind != CTYPE_VOID) {
		next(p);
		if (p->token.kind != TOKEN_NAME) {
			unexpected(p, "the name of a type");
			return false;
		}
	}
	words->name = p->token.text;
	if (words->kind != CTYPE_VOID) {
		next(p);
	} else if (number_word(p) < NUMBER_WORDS) {
		words->known = parse_number_words(p);
		if (!words->known) {
			diagnose(&p->program->diagnostics, words->at, "there is no such type");
			return false;
		}
		words->name = words->known->name;
	} else if (p->token.kind == TOKEN_NAME) {
		words->known = types_declared(&p->program->types, CTYPE_VOID, words->name);
		if (!words->known)
			words->known = ctype_basic(words->name);
		next(p);
	} else {
		unexpected(p, "a type");
		return false;
	}
	accept_qualifiers(p);
	return true;
}

bool parse_pointers(struct parser *p, unsigned *pointers)
{
	while (accept(p, "*")) {
		accept_qualifiers(p);
		if (++*pointers > POINTERS_MOST) {
			diagnose(&p->program->diagnostics, p->token.at, "too many '*'");
			return false;
		}
	}
	return true;
}

/* A type without a name: of a cast, of sizeof. */
struct type_words *parse_type(struct parser *p)
{
	struct type_words *words = arena_alloc(&p->program->arena, sizeof(*words));

	if (!words || !parse_specifier(p, words) || !parse_pointers(p, &words->pointers))
		return NULL;
	if (accept(p, "[")) {
		words->is_array = true;
		if (p->token.kind == TOKEN_NUMBER) {
			words->count = p->token.number;
			next(p);
		}
		if (!expect(p, "]"))
			return NULL;
	}
	/* A number's type is the same wherever the probe is. */
	p->program->navigates |= !words->known || words->pointers;
	return words;
}

struct type_words *type_from_text(struct program *program, const char *text)
{
	struct source source = {.name = "", .text = text, .length = strlen(text)};
	struct diagnostics unheard = {.source = &source};
	struct lexer lexer = {.source = &source, .diagnostics = &unheard,
			      .arena = &program->arena, .in_line = true};
	/* Its errors are nobody's: they are not the program's. */
	struct diagnostics heard = program->diagnostics;
	struct parser p = {.lexer = lexer, .program = program};
	struct type_words *words;

	program->diagnostics = unheard;
	p.lexer.diagnostics = &program->diagnostics;
	next(&p);
	words = parse_type(&p);
	if (p.token.kind != TOKEN_END)
		words = NULL;
	diagnostics_free(&program->diagnostics);
	program->diagnostics = heard;
	return words;
}

/* ---- casts ---- */

/* Can the token be the start of what is cast? Not what may also stand between two values. */
static bool starts_operand(const struct parser *p)
{
	switch (p->token.kind) {
	case TOKEN_NAME:
	case TOKEN_NUMBER:
	case TOKEN_STRING:
	case TOKEN_VARIABLE:
	case TOKEN_MAP:
		return true;
	default:
		return is(p, "(") || is(p, "!") || is(p, "~");
	}
}

/*
 * Behind `(`: a type? A name that nobody declared is one (it may be a typedef of the traced program)
 * where nothing else would make sense: `(name *)`, `(name) operand`.
 */
static bool type_ahead(const struct parser *p, bool operand_follows)
{
	struct diagnostics unheard = {.source = &p->program->source};
	struct parser ahead = *p;
	unsigned pointers = 0;
	bool found;

	if (p->token.kind != TOKEN_NAME || starts_type(p))
		return p->token.kind == TOKEN_NAME;
	ahead.lexer.diagnostics = &unheard;
	next(&ahead);
	while (pointers < POINTERS_MOST && accept(&ahead, "*"))
		pointers++;
	found = is(&ahead, ")");
	if (found && !pointers && operand_follows) {
		next(&ahead);
		found = starts_operand(&ahead);
	}
	diagnostics_free(&unheard);
	return found;
}

bool starts_cast(const struct parser *p)
{
	struct parser ahead = *p;

	if (!is(p, "("))
		return false;
	next(&ahead);
	return type_ahead(&ahead, true);
}

struct expr *parse_cast(struct parser *p)
{
	struct expr *e = make_expr(p, EXPR_CAST);

	next(p);
	if (!e || !enter(p))
		return NULL;
	e->text = "cast";
	e->words = parse_type(p);
	if (!e->words || !expect(p, ")"))
		return NULL;
	e->child = parse_unary(p);
	leave(p);
	return e->child ? e : NULL;
}

/* ---- sizeof, offsetof ---- */

/* Behind `sizeof(` or `offsetof(`: a type or an expression. */
static bool parse_type_or_expr(struct parser *p, struct expr *e)
{
	size_t place;
	bool type = type_ahead(p, false) ||
		    (starts_type(p) && p->token.kind == TOKEN_NAME);

	/* sizeof(pid) is that of a value. */
	if (type && !starts_type(p) &&
	    (builtin_find(p->token.text, &place) || !strcmp(p->token.text, "args")))
		type = false;
	if (type)
		e->words = parse_type(p);
	else
		e->child = parse_expr(p);
	return e->words || e->child;
}

/* The path to a member, a.b.c, becomes the text. */
static bool parse_path(struct parser *p, struct expr *e)
{
	struct buffer path = {0};

	do {
		if (p->token.kind != TOKEN_NAME) {
			unexpected(p, "the name of a member");
			buffer_free(&path);
			return false;
		}
		buffer_print(&path, "%s%s", path.length ? "." : "", p->token.text);
		next(p);
	} while (accept(p, "."));
	e->text = arena_string(&p->program->arena, buffer_string(&path));
	e->length = path.length;
	p->program->arena.failed |= path.failed;
	buffer_free(&path);
	return e->text;
}

struct expr *parse_sizeof(struct parser *p, struct expr *e)
{
	e->kind = !strcmp(e->text, "sizeof") ? EXPR_SIZEOF : EXPR_OFFSETOF;
	if (!expect(p, "(") || !parse_type_or_expr(p, e))
		return NULL;
	if (e->kind == EXPR_OFFSETOF && (!expect(p, ",") || !parse_path(p, e)))
		return NULL;
	return expect(p, ")") ? e : NULL;
}

/* ---- places in memory, and items of tuples ---- */

static struct expr *wrap(struct parser *p, enum expr_kind kind, struct expr *inner)
{
	struct expr *e = make_expr(p, kind);

	if (++p->operators > OPERATORS_MOST) {
		diagnose(&p->program->diagnostics, p->token.at,
			 "too many operators in one statement");
		return NULL;
	}
	if (e)
		e->child = inner;
	return e;
}

struct expr *parse_place(struct parser *p, struct expr *inner)
{
	struct expr *e;

	if (is(p, "[")) {
		e = wrap(p, EXPR_INDEX, inner);
		p->program->navigates = true;
		next(p);
		if (!e)
			return NULL;
		inner->next = parse_expr(p);
		return inner->next && expect(p, "]") ? e : NULL;
	}
	e = wrap(p, EXPR_MEMBER, inner);
	if (!e)
		return NULL;
	e->number = is(p, "->");
	next(p);
	if (p->token.kind == TOKEN_NUMBER && !e->number) {
		e->kind = EXPR_ITEM; /* tuple.0 */
		e->number = p->token.number;
	} else if (p->token.kind != TOKEN_NAME) {
		unexpected(p, "the name of a member");
		return NULL;
	}
	p->program->navigates |= e->kind == EXPR_MEMBER;
	e->at = p->token.at;
	e->text = p->token.text;
	e->length = p->token.length;
	next(p);
	return e;
}

struct expr *parse_prefix(struct parser *p)
{
	struct expr *e = wrap(p, is(p, "*") ? EXPR_DEREF : EXPR_ADDRESS, NULL);

	p->program->navigates = true;
	next(p);
	if (!e || !enter(p))
		return NULL;
	e->child = parse_unary(p);
	leave(p);
	return e->child ? e : NULL;
}
