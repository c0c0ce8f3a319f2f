/*
 * The text of a contract to what it says. A line stands for itself: an error in one of them is
 * reported and the next is read, so that a person sees all of them at once.
 */
#include "check/contract.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { CONTRACT_VERSION = 1 };

struct parser {
	const char *text;
	size_t at, end; /* end: of the line at hand */
	unsigned line;
	struct contract *contract;
	struct diagnostics *diagnostics;
	struct table names; /* of files and probes, see is_second(): to the line */
};

/* ---- letters and words ---- */

static char peek(const struct parser *p)
{
	return p->at < p->end ? p->text[p->at] : '\0';
}

static void skip_blanks(struct parser *p)
{
	while (peek(p) == ' ' || peek(p) == '\t' || peek(p) == '\r')
		p->at++;
}

static bool take(struct parser *p, char c)
{
	skip_blanks(p);
	if (p->at >= p->end || p->text[p->at] != c)
		return false;
	p->at++;
	return true;
}

static bool expect(struct parser *p, char c, const char *what)
{
	if (take(p, c))
		return true;
	diagnose(p->diagnostics, p->at, "expected '%c' %s", c, what);
	return false;
}

static bool at_line_end(struct parser *p)
{
	skip_blanks(p);
	return p->at >= p->end || p->text[p->at] == '#';
}

static bool is_word(char c, bool first)
{
	return isascii(c) &&
	       (isalpha((unsigned char)c) || c == '_' || (!first && isdigit((unsigned char)c)));
}

/* The length of a word here, `std::size_t` included; 0 when there is none. */
static size_t word_length(const struct parser *p)
{
	const char *start = p->text + p->at;
	size_t left = p->end - p->at, n = 0;

	while (n < left && is_word(start[n], n == 0)) {
		while (n < left && is_word(start[n], false))
			n++;
		if (left - n > 2 && start[n] == ':' && start[n + 1] == ':' &&
		    is_word(start[n + 2], true))
			n += 2;
	}
	return n;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands behind a backslash: a byte that is not 0, or -1. */
static int take_escape(struct parser *p)
{
	static const char letters[] = "ntrbf\"\\'", bytes[] = "\n\t\r\b\f\"\\'";
	const char *letter = peek(p) ? strchr(letters, peek(p)) : NULL;
	int high, low;

	if (letter) {
		p->at++;
		return bytes[letter - letters];
	}
	if (peek(p) != 'x' || p->end - p->at < 3)
		return -1;
	high = hex_digit(p->text[p->at + 1]);
	low = hex_digit(p->text[p->at + 2]);
	if (high < 0 || low < 0 || !(high + low))
		return -1;
	p->at += 3;
	return high << 4 | low;
}

/* A text in quotes; NULL after an error. */
static const char *take_quoted(struct parser *p)
{
	size_t start = p->at++;
	struct buffer b = {0};
	const char *text = NULL;

	while (p->at < p->end && p->text[p->at] != '"') {
		size_t place = p->at;
		int c = (unsigned char)p->text[p->at++];

		if (c == '\\')
			c = take_escape(p);
		if (c < 0) {
			diagnose(p->diagnostics, place,
			         "expected \\n, \\t, \\\\, \\\" or \\x and two digits");
			goto out;
		}
		buffer_char(&b, (char)c);
	}
	if (p->at >= p->end) {
		diagnose(p->diagnostics, start, "this quote does not end");
		goto out;
	}
	p->at++;
	text = b.failed ? NULL : arena_copy(&p->contract->arena, buffer_string(&b), b.length);
	p->contract->arena.failed |= b.failed;
out:
	buffer_free(&b);
	return text;
}

/* A word or a quoted text; `what` is what a person forgot. */
static const char *take_name(struct parser *p, const char *what)
{
	size_t length;

	skip_blanks(p);
	if (peek(p) == '"')
		return take_quoted(p);
	length = word_length(p);
	if (!length) {
		diagnose(p->diagnostics, p->at, "expected %s", what);
		return NULL;
	}
	p->at += length;
	return arena_copy(&p->contract->arena, p->text + p->at - length, length);
}

/* ---- arguments ---- */

/* Type and name without quotes around the type: the last word is the name, if it is not quoted. */
static bool parse_words(struct parser *p, struct contract_argument *a)
{
	size_t start = p->at, last = p->at, words = 0, length;
	bool star = false;

	for (;;) {
		skip_blanks(p);
		length = word_length(p);
		if (peek(p) == '*' && words) {
			star = true;
			p->at++;
			continue;
		}
		if (!length || star)
			break;
		last = p->at;
		p->at += length;
		words++;
	}
	if (!words || (words == 1 && !star && peek(p) != '"')) {
		diagnose(p->diagnostics, words ? p->at : start, "expected %s",
		         words ? "the argument's name behind its type" : "an argument: TYPE NAME");
		return false;
	}
	if (!star && peek(p) != '"')
		p->at = last;
	a->type = type_normal(p->text + start, p->at - start, &p->contract->arena);
	a->name = take_name(p, "the argument's name");
	return a->name && a->type;
}

/* `i32|u32` behind a colon. */
static bool parse_shapes(struct parser *p, struct contract_argument *a)
{
	do {
		size_t length = 0;
		uint64_t shape;

		skip_blanks(p);
		while (p->at + length < p->end && is_word(p->text[p->at + length], false))
			length++;
		shape = shape_parse(p->text + p->at, length);
		if (!shape) {
			diagnose(p->diagnostics, p->at,
			         "expected size and sign: i8 to i128, u8 to u128, f32, f64, none");
			return false;
		}
		a->shapes |= shape;
		p->at += length;
	} while (take(p, '|'));
	return true;
}

static bool parse_argument(struct parser *p, struct contract_argument *a)
{
	size_t start;

	skip_blanks(p);
	start = p->at;
	if (peek(p) == '"') {
		const char *type = take_quoted(p);

		a->type = type ? type_normal(type, strlen(type), &p->contract->arena) : NULL;
		a->name = a->type ? take_name(p, "the argument's name") : NULL;
		if (!a->name)
			return false;
	} else if (!parse_words(p, a)) {
		return false;
	}
	if (take(p, ':'))
		return parse_shapes(p, a);
	if (shapes_of_type(a->type, 64))
		return true;
	diagnose(p->diagnostics, start,
	         "this type does not say how wide it is: put size and sign behind the name, as in "
	         "'Oid relation: u32'");
	return false;
}

static bool parse_arguments(struct parser *p, struct contract_probe *probe)
{
	if (!expect(p, '(', "and the arguments"))
		return false;
	if (take(p, ')'))
		return true;
	do {
		struct contract_argument *a = array_add(&probe->arguments, &probe->argument_count,
		                                        &probe->argument_room, sizeof(*a));

		if (!a) {
			p->contract->arena.failed = true;
			return false;
		}
		if (!parse_argument(p, a))
			return false;
	} while (take(p, ','));
	return expect(p, ')', "or ',' behind an argument");
}

/* ---- lines ---- */

static struct contract_file *add_file(struct parser *p, const char *name)
{
	struct contract *c = p->contract;
	struct contract_file *file =
	        array_add(&c->files, &c->file_count, &c->file_room, sizeof(*file));

	if (!file) {
		c->arena.failed = true;
		return NULL;
	}
	file->name = name;
	file->line = p->line;
	return file;
}

/* What a table's key begins with: the number of the file that has the probe, or this. */
#define FILES SIZE_MAX

/* Says so when an earlier line has the name already, among files or among one file's probes. */
static bool is_second(struct parser *p, size_t among, const char *first, const char *second,
                      size_t at)
{
	struct arena *arena = &p->contract->arena;
	size_t length = strlen(first) + strlen(second) + 2, line;
	char *key = arena_alloc(arena, sizeof(among) + length);
	int rc;

	if (!key)
		return true;
	memcpy(key, &among, sizeof(among));
	strcpy(key + sizeof(among), first);
	strcpy(key + sizeof(among) + strlen(first) + 1, second);
	rc = table_put(&p->names, key, sizeof(among) + length, p->line, &line);
	if (rc < 0)
		arena->failed = true;
	if (rc == 1)
		diagnose(p->diagnostics, at, "this %s is in line %zu already",
		         among == FILES ? "file" : "probe", line);
	return rc != 0;
}

static void parse_file(struct parser *p)
{
	size_t start = p->at;
	const char *name;

	if (peek(p) == '"') {
		name = take_quoted(p);
	} else {
		while (p->at < p->end && !strchr(" \t\r#\"", p->text[p->at]))
			p->at++;
		name = arena_copy(&p->contract->arena, p->text + start, p->at - start);
	}
	if (!name)
		return;
	if (!at_line_end(p)) {
		diagnose(p->diagnostics, p->at, "expected the end of the line behind the file");
		return;
	}
	if (!is_second(p, FILES, name, "", start))
		add_file(p, name);
}

/* What stands behind the arguments. */
static void parse_ending(struct parser *p, struct contract_probe *probe)
{
	size_t length;

	if (at_line_end(p))
		return;
	length = word_length(p);
	if (length != strlen("semaphore") || memcmp(p->text + p->at, "semaphore", length)) {
		diagnose(p->diagnostics, p->at, "expected 'semaphore' or the end of the line");
		return;
	}
	probe->semaphore = true;
	p->at += length;
	if (!at_line_end(p))
		diagnose(p->diagnostics, p->at, "expected the end of the line");
}

static void parse_probe(struct parser *p)
{
	struct contract *c = p->contract;
	size_t start = p->at;
	struct contract_probe *probe;
	struct contract_file *file;

	file = c->file_count ? &c->files[c->file_count - 1] : add_file(p, NULL);
	probe = file ? array_add(&file->probes, &file->probe_count, &file->probe_room,
	                         sizeof(*probe))
	             : NULL;
	if (!probe) {
		c->arena.failed = true;
		return;
	}
	probe->line = p->line;
	probe->provider = take_name(p, "PROVIDER:NAME(TYPE NAME, ...) or file NAME");
	if (!probe->provider || !expect(p, ':', "and the probe's name behind its provider"))
		return;
	probe->name = take_name(p, "the probe's name");
	if (probe->name && !is_second(p, c->file_count, probe->provider, probe->name, start) &&
	    parse_arguments(p, probe))
		parse_ending(p, probe);
}

/* The first line that says something must be `telltale contract 1`. */
static bool parse_version(struct parser *p)
{
	static const char words[] = "telltale contract ";
	size_t start = p->at, length = sizeof(words) - 1;
	unsigned version = 0;

	if (p->end - p->at < length || memcmp(p->text + p->at, words, length)) {
		diagnose(p->diagnostics, start,
		         "a contract begins with the line 'telltale contract %d'",
		         CONTRACT_VERSION);
		return false;
	}
	p->at += length;
	start = p->at;
	while (isdigit((unsigned char)peek(p)) && version < 1000000)
		version = version * 10 + (unsigned)(p->text[p->at++] - '0');
	if (version == CONTRACT_VERSION && at_line_end(p))
		return true;
	diagnose(p->diagnostics, start, "this telltale knows version %d of contracts only",
	         CONTRACT_VERSION);
	return false;
}

static void parse_line(struct parser *p)
{
	size_t length = word_length(p);

	if (length == 4 && !memcmp(p->text + p->at, "file", 4) &&
	    (p->at + 4 == p->end || strchr(" \t\r#", p->text[p->at + 4]))) {
		p->at += 4;
		if (at_line_end(p))
			diagnose(p->diagnostics, p->at, "expected the name of a file");
		else
			parse_file(p);
		return;
	}
	parse_probe(p);
}

int contract_parse(const struct source *source, struct contract *contract,
                   struct diagnostics *diagnostics, struct error *err)
{
	struct parser p = {.text = source->text, .contract = contract, .diagnostics = diagnostics};
	bool version = false, known = true;

	*contract = (struct contract){.name = source->name};
	diagnostics->source = source;
	for (size_t next; p.at < source->length && known; p.at = next) {
		const char *newline = memchr(p.text + p.at, '\n', source->length - p.at);

		p.line++;
		p.end = newline ? (size_t)(newline - p.text) : source->length;
		next = newline ? p.end + 1 : p.end;
		if (at_line_end(&p))
			continue;
		if (version)
			parse_line(&p);
		else
			known = parse_version(&p);
		version = true;
	}
	if (!version)
		diagnose(diagnostics, source->length,
		         "a contract begins with the line 'telltale contract %d'",
		         CONTRACT_VERSION);
	table_free(&p.names);
	if (contract->arena.failed)
		return error_memory(err);
	return diagnostics_result(diagnostics, err);
}
