/*
 * Parameters of a program, $1, $2, ...: what stands for them in expressions, in str() and in probes.
 */
#include "lang/check.h"
#include "lang/parse.h"

#include "base/text.h"

#include <string.h>

static const char *parameter(const struct program *program, uint64_t number)
{
	return number && number <= program->parameter_count ? program->parameters[number - 1] : NULL;
}

static void become_text(struct expr *e, const char *text)
{
	e->kind = EXPR_STRING;
	e->op = OP_NONE;
	e->text = text;
	e->length = strlen(text);
	e->child = NULL;
	e->type = (struct type){.kind = TYPE_LITERAL, .limit = (uint32_t)e->length};
}

/* The number that was given, or the text where it is none; without one, 0. */
void check_parameter(struct checker *c, struct expr *e)
{
	const char *text = parameter(c->program, e->number);
	int64_t number = 0;

	if (!e->number) {
		number = (int64_t)c->program->parameter_count;
	} else if (text && !text_number(text, &number)) {
		become_text(e, text);
		return;
	}
	e->kind = EXPR_INT;
	e->number = (uint64_t)number;
	e->type = type_s64;
}

/* str($1) is the text as it was given, str($1 + 2) without the first two bytes; "" where none was. */
bool check_parameter_text(struct checker *c, struct expr *call)
{
	const struct expr *e = call->child, *from = NULL;
	const char *text;

	if (e && e->kind == EXPR_BINARY && e->op == OP_ADD && e->child->next->kind == EXPR_INT) {
		from = e->child->next;
		e = e->child;
	}
	if (!e || e->kind != EXPR_PARAMETER || !e->number)
		return false;
	text = parameter(c->program, e->number);
	text = text ? text : "";
	if (from && from->number > strlen(text)) {
		wrong(c, from, "$%llu has %zu bytes only", (unsigned long long)e->number,
		      strlen(text));
		return false;
	}
	become_text(call, text + (from ? from->number : 0));
	return true;
}

/* The text of a probe with what was given in place of $1, ...; NULL: one was not. */
const char *probe_with_parameters(struct parser *p, const struct token *probe)
{
	struct program *program = p->program;
	struct buffer out = {0};
	const char *result;

	for (const char *at = probe->text; *at;) {
		uint64_t number = 0;
		const char *given;

		if (*at != '$' || at[1] < '1' || at[1] > '9') {
			buffer_char(&out, *at++);
			continue;
		}
		for (at++; *at >= '0' && *at <= '9'; at++)
			number = number < program->parameter_count + 1 ? number * 10 + (uint64_t)(*at - '0')
								       : number;
		given = parameter(program, number);
		if (!given) {
			diagnose(&program->diagnostics, probe->at,
				 "the probe is for a parameter, $%llu, and the command line has none "
				 "of that number",
				 (unsigned long long)number);
			buffer_free(&out);
			return NULL;
		}
		buffer_text(&out, given);
	}
	result = out.failed ? NULL : arena_string(&program->arena, buffer_string(&out));
	buffer_free(&out);
	return result;
}
