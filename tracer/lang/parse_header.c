/*
 * Owns what a header says beside its lines with #: declarations in C, of which types matter here.
 * Functions, variables and what else C has are passed over; a type that is not understood is left out,
 * with a warning, since most programs do not ask for it.
 */
#include "lang/parse_type.h"
#include "lang/preprocess.h"

#include <string.h>

/* At the end of the header, too, should a declaration have none. */
static bool at_end(const struct parser *p)
{
	return p->token.kind == TOKEN_END || !header_has(p->lexer.preprocessor, p->token.at);
}

/* To behind its `;`, or behind the body of a function. */
static void skip_declaration(struct parser *p)
{
	bool is_body = false, behind_parenthesis = false;
	unsigned depth = 0;

	for (; !at_end(p); next(p)) {
		if (is(p, ";") && !depth)
			break;
		if (is(p, "{") && !depth)
			is_body = behind_parenthesis;
		depth += is(p, "{") || is(p, "(");
		if ((is(p, "}") || is(p, ")")) && depth && !--depth && is(p, "}") && is_body)
			break;
		behind_parenthesis = is(p, ")");
	}
	if (!at_end(p))
		next(p);
}

/* What begins with one of these is a function or a variable, or says nothing of types. */
static bool declares_no_type(const struct parser *p)
{
	static const char *const words[] = {"extern", "static", "inline", "__inline", "__inline__",
					    "_Noreturn", "_Static_assert", "__asm__", "asm",
					    "_Thread_local", "register", "typeof", "__typeof__"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (is(p, words[i]))
			return true;
	return false;
}

static bool parse_types(struct parser *p)
{
	struct attributes unused = {0};

	if (declares_no_type(p))
		return true;
	return parse_attributes(p, &unused) && (!starts_declaration(p) || parse_declared(p));
}

/* FILE:LINE:COLUMN: why, of what is "FILE:LINE:COLUMN: error: why". */
static void say_left_out(const struct parser *p)
{
	static const char word[] = " error:";
	const char *first = buffer_string(&p->program->diagnostics.first);
	const char *error = strstr(first, word);

	if (p->program->warnings && error)
		warn(p->program->warnings, "%.*s%s; the declaration is left out", (int)(error - first),
		     first, error + strlen(word));
}

/*
 * Its errors are a warning's. What a line that begins with # gets wrong is heard all the same (struct
 * preprocessor).
 */
void parse_header_declaration(struct parser *p)
{
	struct preprocessor *preprocessor = p->lexer.preprocessor;
	struct diagnostics heard = p->program->diagnostics;
	struct parser start = *p;

	p->program->diagnostics = (struct diagnostics){.source = &p->program->source};
	preprocessor->diagnostics = &heard;
	if (!parse_types(p)) {
		say_left_out(p);
		*p = start;
	}
	/* Behind a type there may be more: `struct name { ... } f(void);` */
	skip_declaration(p);
	diagnostics_free(&p->program->diagnostics);
	p->program->diagnostics = heard;
	preprocessor->diagnostics = &p->program->diagnostics;
}
