/* The tree and its types as text, for -d ast and -d types. */
#include "lang/ast.h"

#include "base/text.h"

struct printer {
	struct buffer *out;
	bool types;
};

static void print_expr(struct printer *p, const struct expr *e, unsigned depth)
{
	static const char *const kinds[] = {"number",	"string", "builtin", "argument", "variable",
					    "map",	"call",	  "unary",   "binary",	 "ternary",
					    "step before", "step after", "parameter", "tuple", "item",
					    "cast",	"member", "element", "content",	 "address",
					    "size",	"offset"};

	for (; e; e = e->next) {
		buffer_print(p->out, "%*s%s", (int)depth * 2, "", kinds[e->kind]);
		if (e->kind == EXPR_INT || e->kind == EXPR_ITEM)
			buffer_print(p->out, " %llu", (unsigned long long)e->number);
		else if (e->op != OP_NONE)
			buffer_print(p->out, " %s", op_text(e->op));
		else if (e->kind == EXPR_ARGUMENT && !e->text)
			buffer_print(p->out, " arg%llu", (unsigned long long)e->number);
		else if (e->kind == EXPR_MEMBER)
			buffer_print(p->out, " %s%s", e->number ? "->" : ".", e->text);
		else if (e->text && e->kind != EXPR_TERNARY) {
			buffer_text(p->out, e->kind == EXPR_STRING ? " \"" : " ");
			escape_text(p->out, e->text, e->length, '"');
			buffer_text(p->out, e->kind == EXPR_STRING ? "\"" : "");
		}
		if (p->types)
			buffer_print(p->out, " : %s", type_name(e->type));
		buffer_char(p->out, '\n');
		print_expr(p, e->child, depth + 1);
	}
}

static void print_stmts(struct printer *p, const struct stmt *s, unsigned depth);

static void print_part(struct printer *p, const char *name, const struct stmt *s, unsigned depth)
{
	buffer_print(p->out, "%*s%s\n", (int)depth * 2, "", name);
	print_stmts(p, s, depth + 1);
}

static void print_stmts(struct printer *p, const struct stmt *s, unsigned depth)
{
	static const char *const kinds[] = {
		[STMT_EXPR] = "expression", [STMT_ASSIGN] = "assign",	  [STMT_IF] = "if",
		[STMT_RETURN] = "return",   [STMT_LET] = "let",		  [STMT_BLOCK] = "block",
		[STMT_WHILE] = "while",	    [STMT_RANGE] = "for a range", [STMT_EACH] = "for a map",
		[STMT_UNROLL] = "unroll",   [STMT_BREAK] = "break",	  [STMT_CONTINUE] = "continue",
		[STMT_WATCH] = "watch",
	};

	for (; s; s = s->next) {
		buffer_print(p->out, "%*s%s", (int)depth * 2, "", kinds[s->kind]);
		if (s->kind == STMT_ASSIGN && s->op != OP_NONE)
			buffer_print(p->out, " %s=", op_text(s->op));
		if (s->declared.kind != TYPE_UNKNOWN)
			buffer_print(p->out, " : %s", type_name(s->declared));
		buffer_char(p->out, '\n');
		print_expr(p, s->target, depth + 1);
		print_expr(p, s->value, depth + 1);
		if (s->kind == STMT_IF) {
			print_part(p, "then", s->body, depth);
			if (s->otherwise)
				print_part(p, "else", s->otherwise, depth);
		} else if (s->body) {
			print_part(p, "do", s->body, depth);
		}
	}
}

static void print_clause(struct printer *p, const struct expr *filter, const struct stmt *body)
{
	if (filter) {
		buffer_text(p->out, "  filter\n");
		print_expr(p, filter, 2);
	}
	print_stmts(p, body, 1);
}

void program_print_tree(const struct program *program, struct buffer *out)
{
	struct printer p = {out, false};

	for (const struct clause *c = program->clauses; c; c = c->next) {
		for (const struct clause_probe *probe = c->probes; probe; probe = probe->next)
			buffer_print(out, "%sprobe %s", probe == c->probes ? "" : ", ", probe->text);
		buffer_char(out, '\n');
		print_clause(&p, c->filter, c->body);
	}
}

void program_print_types(const struct program *program, struct buffer *out)
{
	struct printer p = {out, true};

	for (size_t i = 0; i < program->instance_count; i++) {
		const struct instance *in = &program->instances[i];

		for (size_t j = 0; j < in->probe_count; j++)
			buffer_print(out, "%s%s:%s", j ? ", " : "probe ", in->probes[j]->provider,
				     in->probes[j]->name);
		buffer_char(out, '\n');
		print_clause(&p, in->filter, in->body);
	}
}
