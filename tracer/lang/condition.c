/* Owns the numbers of #if and #elif: C's constant expressions of macros. */
#include "lang/preprocess.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONDITION_DEPTH_MOST = 100 };

struct reader {
	struct lexer *l;
	const struct token *tokens;
	size_t count, next;
	size_t at; /* of the condition */
	unsigned depth;
	unsigned idle; /* above 0: what is read does not count, as behind 0 && */
	bool wrong;
};

static bool take(struct reader *r, const char *text)
{
	if (r->next == r->count || !is_operator(&r->tokens[r->next], text))
		return false;
	r->next++;
	return true;
}

static int64_t fail(struct reader *r, const char *why)
{
	if (!r->wrong)
		diagnose(r->l->preprocessor->diagnostics, r->at, "this condition %s", why);
	r->wrong = true;
	return 0;
}

static int64_t ternary(struct reader *r);

static int64_t unary(struct reader *r)
{
	static const char nonsense[] = "is no expression of numbers and macros";
	int64_t value = 0;

	if (r->wrong || ++r->depth > CONDITION_DEPTH_MOST)
		return fail(r, "is nested too deeply");
	if (take(r, "!")) {
		value = !unary(r);
	} else if (take(r, "~")) {
		value = ~unary(r);
	} else if (take(r, "-")) {
		value = (int64_t)(0 - (uint64_t)unary(r));
	} else if (take(r, "+")) {
		value = unary(r);
	} else if (take(r, "(")) {
		value = ternary(r);
		if (!take(r, ")"))
			fail(r, nonsense);
	} else if (r->next < r->count && r->tokens[r->next].kind == TOKEN_NUMBER) {
		value = (int64_t)r->tokens[r->next++].number;
	} else if (r->next < r->count && r->tokens[r->next].kind == TOKEN_NAME) {
		value = !strcmp(r->tokens[r->next++].text, "true"); /* a name that is no macro is 0 */
	} else {
		fail(r, nonsense);
	}
	r->depth--;
	return value;
}

/* Tightest last. */
static const char *const levels[][5] = {
	{"||"}, {"&&"}, {"|"}, {"^"}, {"&"}, {"==", "!="}, {"<=", ">=", "<", ">"},
	{"<<", ">>"}, {"+", "-"}, {"*", "/", "%"},
};
enum { LEVELS = sizeof(levels) / sizeof(*levels) };

static int64_t divide(struct reader *r, int64_t a, int64_t b, bool rest)
{
	if (!b || (a == INT64_MIN && b == -1))
		return r->idle ? 0 : fail(r, "divides by 0");
	return rest ? a % b : a / b;
}

static int64_t compute(struct reader *r, const char *op, int64_t a, int64_t b)
{
	uint64_t x = (uint64_t)a, y = (uint64_t)b;

	switch (*op + (op[1] ? 256 * op[1] : 0)) {
	case '|' + 256 * '|': return a || b;
	case '&' + 256 * '&': return a && b;
	case '|': return a | b;
	case '^': return a ^ b;
	case '&': return a & b;
	case '=' + 256 * '=': return a == b;
	case '!' + 256 * '=': return a != b;
	case '<' + 256 * '=': return a <= b;
	case '>' + 256 * '=': return a >= b;
	case '<': return a < b;
	case '>': return a > b;
	case '<' + 256 * '<': return y < 64 ? (int64_t)(x << y) : 0;
	case '>' + 256 * '>': return y < 64 ? a >> y : 0;
	case '+': return (int64_t)(x + y);
	case '-': return (int64_t)(x - y);
	case '*': return (int64_t)(x * y);
	default: return divide(r, a, b, *op == '%');
	}
}

static int64_t binary(struct reader *r, size_t level)
{
	int64_t value, right;

	if (level == LEVELS)
		return unary(r);
	value = binary(r, level + 1);
	while (!r->wrong) {
		bool decided = (level == 0 && value) || (level == 1 && !value); /* || and && */
		const char *const *op = levels[level];

		while (*op && !take(r, *op))
			op++;
		if (!*op)
			break;
		r->idle += decided;
		right = binary(r, level + 1);
		r->idle -= decided;
		value = compute(r, *op, value, right);
	}
	return value;
}

static int64_t ternary(struct reader *r)
{
	int64_t value = binary(r, 0), yes, no;

	if (!take(r, "?"))
		return value;
	r->idle += !value;
	yes = ternary(r);
	r->idle -= !value;
	if (!take(r, ":"))
		return fail(r, "has a ? without a :");
	r->idle += value != 0;
	no = ternary(r);
	r->idle -= value != 0;
	return value ? yes : no;
}

/* defined(NAME), defined NAME, __has_include(<name>): the number. False: it is none of these. */
static bool read_question(struct lexer *line, const struct lexer *l, struct token *t)
{
	bool defined = !strcmp(t->text, "defined"), quoted, open;
	bool include = !strncmp(t->text, "__has_include", 13);
	const char *name;
	struct token inner;

	if (t->kind != TOKEN_NAME || (!defined && !include))
		return false;
	inner = lex_plain(line);
	open = is_operator(&inner, "(");
	if (include) {
		name = open ? header_name(line, &quoted) : NULL;
		t->number = name && header_exists(l, name, quoted);
	} else {
		inner = open ? lex_plain(line) : inner;
		name = inner.kind == TOKEN_NAME ? inner.text : NULL;
		t->number = name && macro_find(l, name);
	}
	if (open) {
		inner = lex_plain(line);
		open = !is_operator(&inner, ")");
	}
	if (!name || open)
		diagnose(l->preprocessor->diagnostics, t->at, "'%s' is followed by a name in parentheses",
			 t->text);
	t->kind = TOKEN_NUMBER;
	return true;
}

/* Of L'a' */
static bool is_prefix(const struct lexer *line, const struct token *t)
{
	return t->kind == TOKEN_NAME && (!strcmp(t->text, "L") || !strcasecmp(t->text, "u")) &&
	       line->next < line->source->length && line->source->text[line->next] == '\'';
}

bool condition_holds(struct lexer *l, size_t end)
{
	struct source text;
	struct lexer line = line_lexer(l, &text, end);
	struct tokens written = {0}, meant = {0};
	struct reader r = {.l = l, .at = l->next};
	struct token t;
	int64_t value;

	while ((t = lex_plain(&line)).kind != TOKEN_END) {
		read_question(&line, l, &t);
		if (is_prefix(&line, &t))
			continue;
		if (!tokens_add(l, &written, t))
			break;
	}
	macro_expand_all(l, written.items, written.count, &meant);
	r.tokens = meant.items;
	r.count = meant.count;
	value = ternary(&r);
	if (r.next < r.count)
		fail(&r, "is no expression of numbers and macros");
	free(written.items);
	free(meant.items);
	return value && !r.wrong;
}
