/* SPDX-License-Identifier: MIT */
/* header.c - the header of a provider file: macros on telltale.h, named as dtrace -h names them. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "gen.h"

/* A name in capitals. In a probe's, `__` becomes one `_`, unless that makes of two names one. */
static void macro_part(FILE *out, const char *name, bool as_is)
{
	for (; *name; name++)
		if (as_is || name[0] != '_' || name[1] != '_')
			fputc(toupper((unsigned char)*name), out);
}

static void macro_name(FILE *out, const char *provider, const char *probe, bool as_is)
{
	macro_part(out, provider, true);
	fputc('_', out);
	macro_part(out, probe, as_is);
}

static void parameters(FILE *out, const struct gen_probe *probe)
{
	fputc('(', out);
	for (size_t i = 0; i < probe->count; i++)
		fprintf(out, "%sa%zu", i ? ", " : "", i + 1);
	fputc(')', out);
}

/* A comment can't hold the end of one. */
static void comment(FILE *out, const char *text)
{
	for (; *text; text++) {
		fputc(*text == '\n' ? ' ' : *text, out);
		if (text[0] == '*' && text[1] == '/')
			fputc(' ', out);
	}
}

static void describe(FILE *out, const struct gen_probe *probe)
{
	fprintf(out, "/* %s(", probe->name);
	for (size_t i = 0; i < probe->count; i++) {
		const struct gen_argument *a = &probe->arguments[i];
		size_t length = strlen(a->type);

		fprintf(out, "%s", i ? ", " : "");
		comment(out, a->type);
		fprintf(out, "%s%s", length && a->type[length - 1] == '*' ? "" : " ", a->name);
	}
	fprintf(out, ")");
	if (probe->format) {
		fputc(' ', out);
		comment(out, probe->format);
	}
	fprintf(out, " */\n");
}

static void enabled(FILE *out, const struct gen_provider *provider, const struct gen_probe *probe,
                    bool as_is)
{
	fprintf(out, "#define ");
	macro_name(out, provider->name, probe->name, as_is);
	fprintf(out, "_ENABLED() ");
	if (probe->disabled)
		fprintf(out, "0\n");
	else
		fprintf(out, "__builtin_expect(%s_%s_semaphore != 0, 0)\n", provider->name,
		        probe->name);
}

static void marker(FILE *out, const struct gen_provider *provider, const struct gen_probe *probe,
                   bool as_is)
{
	fprintf(out, "#define ");
	macro_name(out, provider->name, probe->name, as_is);
	parameters(out, probe);
	if (probe->disabled) {
		fprintf(out, " do { } while (0)\n");
		return;
	}
	fprintf(out, " \\\n\tTELLTALE_GENERATED(\"%s_%s_semaphore\", \"%s\", \\\n\t\t\"%s",
	        provider->name, probe->name, provider->name, probe->name);
	for (size_t i = 0; i < probe->count; i++)
		fprintf(out, ", TELLTALE_TYPE(%s, %s)", probe->arguments[i].type,
		        probe->arguments[i].name);
	fprintf(out, "\", \\\n\t\t%s", probe->name);
	for (size_t i = 0; i < probe->count; i++)
		fprintf(out, ", (a%zu)", i + 1);
	fprintf(out, ")\n");
}

/* Whether two names differ in `__` and `_` only. */
static bool same_macro(const char *a, const char *b)
{
	while (*a && *b) {
		a += a[0] == '_' && a[1] == '_';
		b += b[0] == '_' && b[1] == '_';
		if (*a++ != *b++)
			return false;
	}
	return *a == *b;
}

/* A probe before this one has its macro's name already. */
static bool is_taken(const struct gen_provider *provider, const struct gen_probe *probe)
{
	for (const struct gen_probe *other = provider->probes; other < probe; other++)
		if (same_macro(other->name, probe->name))
			return true;
	return false;
}

int gen_write_header(const struct gen_file *file, const char *path, FILE *out)
{
	fprintf(out, "/* Generated from ");
	comment(out, path);
	fprintf(out, " by telltale gen. */\n#include <telltale.h>\n");
	for (size_t p = 0; p < file->count; p++) {
		const struct gen_provider *provider = &file->providers[p];

		fprintf(out, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
		for (size_t i = 0; i < provider->count; i++)
			if (!provider->probes[i].disabled)
				fprintf(out, "extern volatile unsigned short %s_%s_semaphore;\n",
				        provider->name, provider->probes[i].name);
		fprintf(out, "#ifdef __cplusplus\n}\n#endif\n");
		for (size_t i = 0; i < provider->count; i++) {
			const struct gen_probe *probe = &provider->probes[i];

			fputc('\n', out);
			describe(out, probe);
			enabled(out, provider, probe, is_taken(provider, probe));
			marker(out, provider, probe, is_taken(provider, probe));
		}
	}
	return ferror(out) ? -EIO : 0;
}

int gen_write_semaphores(const struct gen_file *file, const char *path, FILE *out)
{
	fprintf(out, "/* Generated from ");
	comment(out, path);
	fprintf(out, " by telltale gen: what tracers raise. */\n");
	for (size_t p = 0; p < file->count; p++) {
		const struct gen_provider *provider = &file->providers[p];

		for (size_t i = 0; i < provider->count; i++)
			if (!provider->probes[i].disabled)
				fprintf(out,
				        "extern volatile unsigned short %s_%s_semaphore;\n"
				        "volatile unsigned short %s_%s_semaphore\n"
				        "\t__attribute__((__section__(\".probes\"), __used__)) = "
				        "0;\n",
				        provider->name, provider->probes[i].name, provider->name,
				        provider->probes[i].name);
	}
	return ferror(out) ? -EIO : 0;
}
