/* SPDX-License-Identifier: MIT */
/*
 * provider.c - dtrace's provider definitions:
 *
 *	provider myapp {
 *		probe query__start(const char *query, int id);
 *		probe query__done(query_t *q) : (queryinfo_t *q);
 *	};
 *	#pragma D attributes Evolving/Evolving/Common provider myapp provider
 *
 * What follows a `:` are the arguments as dtrace's translators make them; what the program passes
 * is before it. Declarations of types outside of providers are skipped. A file that says nothing
 * defines nothing, as dtrace has it: QEMU writes one for each group that has no events.
 */
#include <errno.h>
#include <string.h>

#include "model.h"

struct reader {
	struct gen_text text;
	struct gen_token token;
	struct gen_error *error;
	struct gen_file *file;
};

static int next(struct reader *r)
{
	return gen_next(&r->text, &r->token, r->error);
}

static int shown(const struct gen_token *token)
{
	return token->size > 40 ? 40 : (int)token->size;
}

/* The current token must be this sign; go past it. */
static int expect(struct reader *r, const char *sign, const char *after)
{
	if (gen_is(&r->token, sign))
		return next(r);
	if (r->token.kind == GEN_END)
		return gen_fail(r->error, &r->text, &r->token,
		                "the file ends where `%s` is expected %s", sign, after);
	return gen_fail(r->error, &r->text, &r->token, "`%s` is expected %s, not `%.*s`", sign,
	                after, shown(&r->token), r->token.at);
}

/* A name, in which dtrace allows `-`. */
static int name(struct reader *r, const char *of, const char **at, size_t *size)
{
	int err;

	if (r->token.kind != GEN_WORD || (r->token.at[0] >= '0' && r->token.at[0] <= '9'))
		return gen_fail(r->error, &r->text, &r->token, "a %s's name is expected", of);
	*at = r->token.at;
	do {
		*size = (size_t)(r->token.at + r->token.size - *at);
		err = next(r);
	} while (!err && r->token.at == *at + *size &&
	         (gen_is(&r->token, "-") || r->token.kind == GEN_WORD));
	return err;
}

/* One argument: everything up to a `,` or `)` that is outside of brackets. */
static int argument(struct reader *r, struct gen_probe *probe)
{
	char declaration[256];
	size_t size = 0;
	int depth = 0, err;
	struct gen_token first = r->token;

	while (depth || !(gen_is(&r->token, ",") || gen_is(&r->token, ")"))) {
		if (r->token.kind == GEN_END || gen_is(&r->token, ";") || gen_is(&r->token, "{") ||
		    gen_is(&r->token, "}"))
			return gen_fail(r->error, &r->text, &r->token,
			                "`)` is expected behind a probe's arguments");
		if (!gen_is_type(r->token.at, r->token.size))
			return gen_fail(r->error, &r->text, &r->token, "`%.*s` belongs to no type",
			                shown(&r->token), r->token.at);
		if (gen_is(&r->token, "(") || gen_is(&r->token, "["))
			depth++;
		if (gen_is(&r->token, ")") || gen_is(&r->token, "]"))
			depth--;
		if (size + r->token.size + 2 > sizeof(declaration))
			return gen_fail(r->error, &r->text, &first, "this argument is too long");
		if (size && r->token.kind == GEN_WORD && declaration[size - 1] != '*')
			declaration[size++] = ' ';
		if (size && gen_is(&r->token, "*") && declaration[size - 1] != '*')
			declaration[size++] = ' ';
		memcpy(declaration + size, r->token.at, r->token.size);
		size += r->token.size;
		err = next(r);
		if (err)
			return err;
	}
	if (!size)
		return gen_fail(r->error, &r->text, &r->token, "an argument's type is expected");
	if (size == 4 && !memcmp(declaration, "void", 4) && !probe->count && gen_is(&r->token, ")"))
		return 0;
	if (probe->count == GEN_MAX_ARGUMENTS)
		return gen_fail(r->error, &r->text, &first,
		                "probe %s has more than twelve arguments", probe->name);
	return gen_add_argument(probe, declaration, size);
}

static int arguments(struct reader *r, struct gen_probe *probe)
{
	int err = expect(r, "(", "behind a probe's name");

	while (!err && !gen_is(&r->token, ")")) {
		err = argument(r, probe);
		if (!err && gen_is(&r->token, ",")) {
			err = next(r);
			if (!err && gen_is(&r->token, ")"))
				return gen_fail(r->error, &r->text, &r->token,
				                "an argument's type is expected");
		}
	}
	return err ? err : next(r);
}

/* Anything up to a `;` that is outside of brackets, and past it. */
static int skip_declaration(struct reader *r)
{
	struct gen_token first = r->token;
	int depth = 0, err = 0;

	while (!err && (depth || !gen_is(&r->token, ";"))) {
		if (r->token.kind == GEN_END)
			return gen_fail(r->error, &r->text, &first,
			                "a provider is expected, not `%.*s`", shown(&first),
			                first.at);
		depth += gen_is(&r->token, "{") || gen_is(&r->token, "(");
		depth -= gen_is(&r->token, "}") || gen_is(&r->token, ")");
		err = next(r);
	}
	return err ? err : next(r);
}

static int probe(struct reader *r, struct gen_provider *provider)
{
	struct gen_token first;
	struct gen_probe *probe;
	const char *at;
	size_t size;
	int err;

	if (!gen_is(&r->token, "probe")) {
		if (r->token.kind == GEN_END)
			return gen_fail(r->error, &r->text, &r->token, "provider %s has no `}`",
			                provider->name);
		return gen_fail(r->error, &r->text, &r->token,
		                "`probe` or `}` is expected, not `%.*s`", shown(&r->token),
		                r->token.at);
	}
	err = next(r);
	first = r->token;
	if (!err)
		err = name(r, "probe", &at, &size);
	if (err)
		return err;
	probe = gen_add_probe(provider, at, size);
	if (!probe)
		return -ENOMEM;
	probe->line = first.line;
	if (gen_find_probe(provider, probe->name) != probe)
		return gen_fail(r->error, &r->text, &first, "probe %s stands twice in provider %s",
		                probe->name, provider->name);
	err = arguments(r, probe);
	if (!err && gen_is(&r->token, ":")) {
		struct gen_token colon = r->token;

		do {
			err = next(r);
		} while (!err && !gen_is(&r->token, ";") && r->token.kind != GEN_END &&
		         !gen_is(&r->token, "}"));
		if (!err && !gen_is(&r->token, ";"))
			return gen_fail(r->error, &r->text, &colon, "a probe ends with `;`");
	}
	return err ? err : expect(r, ";", "behind a probe");
}

static int provider(struct reader *r)
{
	struct gen_provider *provider;
	const char *at;
	size_t size;
	int err = next(r);

	if (!err)
		err = name(r, "provider", &at, &size);
	if (err)
		return err;
	provider = gen_add_provider(r->file, at, size);
	if (!provider)
		return -ENOMEM;
	err = expect(r, "{", "behind a provider's name");
	while (!err && !gen_is(&r->token, "}"))
		err = probe(r, provider);
	if (!err)
		err = next(r);
	if (!err && gen_is(&r->token, ";"))
		err = next(r);
	return err;
}

int gen_read_d(struct gen_file *file, const char *text, size_t size, const char *path,
               struct gen_error *error)
{
	struct reader r = {.error = error, .file = file};
	bool is_empty;
	int err;

	memset(error, 0, sizeof(*error));
	gen_text_init(&r.text, text, size, path);
	err = next(&r);
	is_empty = r.token.kind == GEN_END;
	while (!err && r.token.kind != GEN_END)
		err = gen_is(&r.token, "provider") ? provider(&r) : skip_declaration(&r);
	if (!err && !file->count && !is_empty)
		err = gen_fail(error, &r.text, &r.token, "no provider in this file");
	return err;
}
