/* From provider files, as sdk/gen reads them, to the arguments of notes. */
#include "definition.h"

#include "base/text.h"
#include "elf/note.h"
#include "gen/gen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct definition_file *add_file(struct definitions *d)
{
	struct definition_file *slot = array_add(&d->files, &d->count, &d->room, sizeof(*slot));

	if (slot)
		slot->file = calloc(1, sizeof(*slot->file));
	return slot && slot->file ? slot : NULL;
}

/* Names to probes, once the file has been read: QEMU's have thousands. */
static int index_file(struct definition_file *slot)
{
	for (size_t i = 0; i < slot->file->count; i++) {
		for (size_t j = 0; j < slot->file->providers[i].count; j++) {
			const struct gen_probe *probe = &slot->file->providers[i].probes[j], **place;
			char *key = arena_print(&slot->names, "%s:%s", slot->file->providers[i].name,
						probe->name);
			size_t found;

			place = array_add(&slot->found, &slot->found_count, &slot->found_room,
					  sizeof(*place));
			if (!key || !place ||
			    table_put(&slot->probes, key, strlen(key), slot->found_count - 1,
				      &found) < 0)
				return -ENOMEM;
			*place = probe;
		}
	}
	return 0;
}

static bool is_d(const char *path)
{
	size_t length = strlen(path);

	return length > 2 && !strcmp(path + length - 2, ".d");
}

int definitions_add(struct definitions *d, const char *path, struct error *err)
{
	struct buffer text = {0};
	struct gen_error wrong = {.line = 0};
	struct definition_file *slot = add_file(d);
	int rc = slot ? text_read(path, &text, err) : error_memory(err);

	if (rc)
		goto cleanup;
	if (is_d(path))
		rc = gen_read_d(slot->file, buffer_string(&text), text.length, path, &wrong);
	else
		rc = gen_read_events(slot->file, buffer_string(&text), text.length, path, "qemu",
				     &wrong);
	if (rc == -ENOMEM)
		error_memory(err);
	else if (rc)
		error_set(err, rc, "%s:%d:%d: error: %s", wrong.file, wrong.line, wrong.column,
			  wrong.text);
	else if (index_file(slot))
		rc = error_memory(err);
cleanup:
	buffer_free(&text);
	return rc;
}

static const struct gen_probe *find_probe(const struct definition_file *slot, const char *key)
{
	size_t found;

	return table_get(&slot->probes, key, strlen(key), &found) ? slot->found[found] : NULL;
}

/* Reads telltale's own file on a provider, the first time that it is asked for. */
static const struct definition_file *known_file(struct definitions *d, const char *provider)
{
	struct gen_error wrong;
	struct definition_file *slot;

	for (size_t i = 0; i < d->count; i++)
		if (d->files[i].known && !strcmp(d->files[i].known, provider))
			return &d->files[i];
	for (const struct known_provider *k = known_providers; k->provider; k++) {
		if (strcmp(k->provider, provider))
			continue;
		slot = add_file(d);
		if (!slot || gen_read_d(slot->file, k->text, strlen(k->text), k->provider, &wrong) ||
		    index_file(slot))
			return NULL;
		slot->known = k->provider;
		return slot;
	}
	return NULL;
}

static bool has_word(const char *type, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(type, word); at; at = strstr(at + 1, word)) {
		bool starts = at == type || !strchr("abcdefghijklmnopqrstuvwxyz_", at[-1]);
		bool ends = !at[length] || !strchr("abcdefghijklmnopqrstuvwxyz0123456789_", at[length]);

		if (starts && ends)
			return true;
	}
	return false;
}

static enum note_kind kind_of(const char *type)
{
	const char *star = strchr(type, '*');

	if (star)
		return has_word(type, "char") && !strchr(star + 1, '*') ? NOTE_STRING : NOTE_POINTER;
	if (has_word(type, "bool") || has_word(type, "_Bool"))
		return NOTE_BOOL;
	if (has_word(type, "float") || has_word(type, "double"))
		return NOTE_FLOAT;
	return has_word(type, "unsigned") || has_word(type, "uint64_t") ? NOTE_UNSIGNED : NOTE_SIGNED;
}

static bool is_length_of(const char *name, const char *text)
{
	size_t length = strlen(text);

	return !strncmp(name, text, length) &&
	       (!strcmp(name + length, "_length") || !strcmp(name + length, "_len"));
}

static int fill(const struct gen_probe *from, struct arena *arena, struct note *note)
{
	struct note_argument *to = arena_alloc(arena, (from->count + 1) * sizeof(*to));

	for (size_t i = 0; to && i < from->count; i++) {
		const struct gen_argument *a = &from->arguments[i];

		to[i].kind = kind_of(a->type);
		to[i].name = arena_string(arena, a->name);
		to[i].type = arena_string(arena, a->type);
		if (to[i].kind == NOTE_STRING && i + 1 < from->count &&
		    is_length_of(from->arguments[i + 1].name, a->name)) {
			to[i].kind = NOTE_BUFFER;
			to[i].length_argument = (unsigned)i + 1;
		}
	}
	note->arguments = to;
	note->argument_count = from->count;
	return arena->failed ? -ENOMEM : 1;
}

int definitions_find(struct definitions *d, const char *provider, const char *name,
		     size_t operands, struct arena *arena, struct note *note)
{
	const struct gen_probe *found = NULL;
	const struct definition_file *known;
	char *key = arena_print(arena, "%s:%s", provider, name);

	if (!key)
		return -ENOMEM;
	for (size_t i = 0; i < d->count && !found; i++)
		if (!d->files[i].known)
			found = find_probe(&d->files[i], key);
	if (!found) {
		known = known_file(d, provider);
		found = known ? find_probe(known, key) : NULL;
	}
	if (!found || found->count != operands)
		return 0;
	return fill(found, arena, note);
}

void definitions_free(struct definitions *d)
{
	for (size_t i = 0; i < d->count; i++) {
		gen_free(d->files[i].file);
		free(d->files[i].file);
		table_free(&d->files[i].probes);
		free(d->files[i].found);
		arena_free(&d->files[i].names);
	}
	free(d->files);
	*d = (struct definitions){0};
}
