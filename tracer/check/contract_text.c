/*
 * A contract as text: a line for each probe, as a person would declare it. What the text of a type
 * does not say of size and sign stands behind a colon.
 *
 *	telltale contract 1
 *
 *	file demo
 *	demo:reply(int id, int status, uint64_t bytes) semaphore
 *	demo:request(int id, const char *path, double seconds)
 *	demo:lock(Oid relation: u32, int mode: i32|u32)
 *
 * Names that are no words are quoted, with the escapes of escape_text().
 */
#include "check/contract.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_plain(const char *text, const char *others)
{
	if (!*text || (*text >= '0' && *text <= '9' && !strchr(others, '0')))
		return false;
	for (; *text; text++)
		if (!(isascii(*text) && isalnum((unsigned char)*text)) && *text != '_' &&
		    !strchr(others, *text))
			return false;
	return true;
}

static void print_text(struct buffer *b, const char *text, bool plain)
{
	if (plain) {
		buffer_text(b, text);
		return;
	}
	buffer_char(b, '"');
	escape_text(b, text, strlen(text), '"');
	buffer_char(b, '"');
}

/* Words and stars, as the parser takes them without quotes. */
static bool is_plain_type(const char *type)
{
	bool star = false;

	if (!isascii(*type) || (!isalpha((unsigned char)*type) && *type != '_'))
		return false;
	for (; *type; type++) {
		bool word = isascii(*type) && (isalnum((unsigned char)*type) || *type == '_');

		if ((!word && *type != ' ' && *type != '*' && *type != ':') || (star && word))
			return false;
		if (*type == ':' &&
		    (type[1] != ':' || !type[2] || type[2] == ' ' || type[2] == '*'))
			return false;
		type += *type == ':';
		star |= *type == '*';
	}
	return true;
}

static void print_argument(struct buffer *b, const struct contract_argument *a, unsigned bits)
{
	bool plain = is_plain_type(a->type);

	print_text(b, a->type, plain);
	if (!plain || a->type[strlen(a->type) - 1] != '*')
		buffer_char(b, ' ');
	print_text(b, a->name, is_plain(a->name, ""));
	if (!a->shapes || !(a->shapes & ~shapes_of_type(a->type, bits)))
		return;
	buffer_text(b, ": ");
	shapes_print(b, a->shapes);
}

/* The signature alone: what messages show, too. */
void contract_print_probe(struct buffer *b, const struct contract_probe *probe, unsigned bits)
{
	print_text(b, probe->provider, is_plain(probe->provider, ""));
	buffer_char(b, ':');
	print_text(b, probe->name, is_plain(probe->name, ""));
	buffer_char(b, '(');
	for (size_t i = 0; i < probe->argument_count; i++) {
		if (i)
			buffer_text(b, ", ");
		print_argument(b, &probe->arguments[i], bits);
	}
	buffer_text(b, probe->semaphore ? ") semaphore" : ")");
}

void contract_print(const struct contract *contract, struct buffer *b)
{
	buffer_text(b,
	            "telltale contract 1\n"
	            "# TYPE NAME; size and sign where the type does not say them: i32, u8, f64\n");
	for (size_t i = 0; i < contract->file_count; i++) {
		const struct contract_file *file = &contract->files[i];

		if (file->name) {
			buffer_text(b, "\nfile ");
			print_text(b, file->name, is_plain(file->name, "0123456789.-+/*?"));
			buffer_char(b, '\n');
		}
		for (size_t j = 0; j < file->probe_count; j++) {
			contract_print_probe(b, &file->probes[j], file->bits ? file->bits : 64);
			buffer_char(b, '\n');
		}
	}
}

void contract_free(struct contract *contract)
{
	for (size_t i = 0; i < contract->file_count; i++) {
		for (size_t j = 0; j < contract->files[i].probe_count; j++)
			free(contract->files[i].probes[j].arguments);
		free(contract->files[i].probes);
		free(contract->files[i].faults);
	}
	free(contract->files);
	arena_free(&contract->arena);
	*contract = (struct contract){0};
}
