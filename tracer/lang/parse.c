/* From text to the tree: clauses, and what the files of the parser share. */
#include "lang/parse_type.h"
#include "lang/preprocess.h"

#include <errno.h>
#include <string.h>

void next(struct parser *p)
{
	p->token = lex(&p->lexer);
}

bool is(const struct parser *p, const char *text)
{
	return (p->token.kind == TOKEN_OPERATOR || p->token.kind == TOKEN_NAME) &&
	       !strcmp(p->token.text, text);
}

bool accept(struct parser *p, const char *text)
{
	if (!is(p, text))
		return false;
	next(p);
	return true;
}

void unexpected(struct parser *p, const char *wanted)
{
	if (p->token.kind == TOKEN_BAD)
		return; /* reported by the lexer */
	if (p->token.kind == TOKEN_END)
		diagnose(&p->program->diagnostics, p->token.at, "the program ends where %s should be",
			 wanted);
	else
		diagnose(&p->program->diagnostics, p->token.at, "expected %s, not '%s'", wanted,
			 p->token.kind == TOKEN_FILTER_END ? "/" : p->token.text);
}

bool expect(struct parser *p, const char *text)
{
	char wanted[16] = "'";

	if (accept(p, text))
		return true;
	strncat(wanted, text, sizeof(wanted) - 3);
	unexpected(p, strcat(wanted, "'"));
	return false;
}

bool enter(struct parser *p)
{
	if (++p->depth <= DEPTH_MOST)
		return true;
	diagnose(&p->program->diagnostics, p->token.at, "nested too deeply");
	return false;
}

static bool parse_probes(struct parser *p, struct clause *c)
{
	struct clause_probe **last = &c->probes;

	do {
		struct clause_probe *probe = arena_alloc(&p->program->arena, sizeof(*probe));
		struct token t = lex_probe(&p->lexer);

		if (!probe)
			return false;
		if (!t.length) {
			diagnose(&p->program->diagnostics, t.at, "expected a probe");
			return false;
		}
		*probe = (struct clause_probe){probe_with_parameters(p, &t), t.at, NULL};
		if (!probe->text)
			return false;
		*last = probe;
		last = &probe->next;
		next(p);
	} while (is(p, ","));
	return true;
}

static struct clause *parse_clause(struct parser *p)
{
	struct clause *c = arena_alloc(&p->program->arena, sizeof(*c));

	if (!c)
		return NULL;
	c->at = p->lexer.next;
	p->operators = 0;
	if (!parse_probes(p, c))
		return NULL;
	if (is(p, "/")) {
		p->lexer.in_filter = true;
		next(p);
		c->filter = parse_expr(p);
		p->lexer.in_filter = false;
		if (!c->filter)
			return NULL;
		if (p->token.kind != TOKEN_FILTER_END) {
			unexpected(p, "'/' at the end of the filter");
			return NULL;
		}
		next(p);
	}
	if (!is(p, "{")) {
		unexpected(p, "'{'");
		return NULL;
	}
	c->body = parse_block(p);
	return c;
}

/*
 * The head of the next clause is lexed as a probe, so the parser must not have looked at it as a
 * token: it goes back to where the token behind the last `}` started.
 */
static void go_back(struct parser *p)
{
	macro_forget(&p->lexer);
	p->lexer.next = p->token.at;
}

static void parse_program(struct parser *p)
{
	struct clause **last = &p->program->clauses;

	next(p);
	while (p->token.kind != TOKEN_END) {
		if (header_has(p->lexer.preprocessor, p->token.at)) {
			parse_header_declaration(p);
		} else if (starts_config(p) || starts_declaration(p)) {
			if (!(starts_config(p) ? parse_config(p) : parse_declaration(p)))
				return;
		} else {
			go_back(p);
			*last = parse_clause(p);
			if (!*last)
				return; /* where a clause ends is unknown after an error in its head */
			last = &(*last)->next;
		}
	}
}

int program_parse(const char *name, const char *text, struct program *program, struct error *err)
{
	struct parser p = {.program = program};

	program->source.length = strlen(text);
	program->source.name = arena_string(&program->arena, name);
	program->source.text = arena_string(&program->arena, text);
	if (program->arena.failed)
		return error_memory(err);
	program->diagnostics.source = &program->source;
	p.lexer = (struct lexer){.source = &program->source,
				 .diagnostics = &program->diagnostics,
				 .arena = &program->arena};
	program->preprocessor = preprocessor_new(program, &p.lexer);
	if (!program->preprocessor)
		return error_memory(err);
	config_defaults(&p);
	parse_program(&p);
	if (!program->text_limit)
		program->text_limit = program->config.text_room
					      ? (uint32_t)program->config.text_room - 1
					      : program->text_default;
	if (!program->probes_most)
		program->probes_most = program->config.probes_most;
	if (program->arena.failed)
		return error_memory(err);
	if (!program->clauses && !program->diagnostics.errors)
		diagnose(&program->diagnostics, 0, "the program is empty");
	return diagnostics_result(&program->diagnostics, err);
}
