/* SPDX-License-Identifier: MIT */
/* model.c - what a provider file says, in memory. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

static char *copy(const char *from, size_t size)
{
	char *to = malloc(size + 1);

	if (to) {
		memcpy(to, from, size);
		to[size] = 0;
	}
	return to;
}

/* One more element in an array; the new one is zero. */
static void *grow(void **array, size_t count, size_t size)
{
	char *more = realloc(*array, (count + 1) * size);

	if (!more)
		return NULL;
	*array = more;
	memset(more + count * size, 0, size);
	return more + count * size;
}

struct gen_provider *gen_add_provider(struct gen_file *file, const char *name, size_t size)
{
	struct gen_provider *provider =
	        grow((void **)&file->providers, file->count, sizeof(*provider));

	if (!provider)
		return NULL;
	provider->name = copy(name, size);
	if (!provider->name)
		return NULL;
	file->count++;
	return provider;
}

/* A name as C has it: dtrace's `-` is `__`. */
static char *copy_name(const char *from, size_t size)
{
	char *name = malloc(2 * size + 1), *to = name;

	if (!name)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		if (from[i] == '-')
			*to++ = '_';
		*to++ = from[i] == '-' ? '_' : from[i];
	}
	*to = 0;
	return name;
}

struct gen_probe *gen_add_probe(struct gen_provider *provider, const char *name, size_t size)
{
	struct gen_probe *probe = grow((void **)&provider->probes, provider->count, sizeof(*probe));

	if (!probe)
		return NULL;
	probe->name = copy_name(name, size);
	if (!probe->name)
		return NULL;
	provider->count++;
	return probe;
}

const struct gen_probe *gen_find_probe(const struct gen_provider *provider, const char *name)
{
	for (size_t i = 0; i < provider->count; i++)
		if (!strcmp(provider->probes[i].name, name))
			return &provider->probes[i];
	return NULL;
}

/* A type's text with each run of blanks as one. */
static char *copy_type(const char *from, size_t size)
{
	char *type = malloc(size + 1), *to = type;

	if (!type)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		bool blank = isspace((unsigned char)from[i]);

		if (!blank)
			*to++ = from[i];
		else if (to > type && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > type && to[-1] == ' ')
		to--;
	*to = 0;
	return type;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Words that end a type which has no name behind it: `unsigned int`, `struct node`. */
static bool is_type_word(const char *at, size_t size, const char *before, size_t before_size)
{
	static const char *const words[] = {"char",   "short",  "int",      "long", "float",
	                                    "double", "signed", "unsigned", "void", "bool",
	                                    "_Bool",  "const",  "volatile"};
	static const char *const tags[] = {"struct", "union", "enum"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == size && !memcmp(words[i], at, size))
			return true;
	while (before_size && isspace((unsigned char)before[before_size - 1]))
		before_size--;
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		size_t length = strlen(tags[i]);

		if (before_size >= length &&
		    !memcmp(before + before_size - length, tags[i], length) &&
		    (before_size == length || !is_word(before[before_size - length - 1])))
			return true;
	}
	return !before_size;
}

bool gen_is_type(const char *declaration, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!is_word(declaration[i]) && !isspace((unsigned char)declaration[i]) &&
		    !strchr("*&[](),:<>", declaration[i]))
			return false;
	return true;
}

/*
 * `const char *name` is a type and a name; `const char *` and `size_t` a type alone. An array's
 * brackets belong to the type, and it travels as a pointer.
 */
int gen_add_argument(struct gen_probe *probe, const char *declaration, size_t size)
{
	struct gen_argument *argument;
	size_t end, start, tail;
	char number[16];

	while (size && isspace((unsigned char)declaration[size - 1]))
		size--;
	argument = grow((void **)&probe->arguments, probe->count, sizeof(*argument));
	if (!argument)
		return -ENOMEM;
	for (end = size; end && declaration[end - 1] == ']';)
		while (end && declaration[--end] != '[')
			;
	tail = end;
	while (end && isspace((unsigned char)declaration[end - 1]))
		end--;
	for (start = end; start && is_word(declaration[start - 1]);)
		start--;
	if (start < end && !is_type_word(declaration + start, end - start, declaration, start)) {
		argument->name = copy(declaration + start, end - start);
		argument->type = copy_type(declaration, start);
	} else {
		snprintf(number, sizeof(number), "arg%zu", probe->count);
		argument->name = copy(number, strlen(number));
		argument->type = copy_type(declaration, tail);
	}
	probe->count++;
	return argument->name && argument->type ? 0 : -ENOMEM;
}

void gen_free(struct gen_file *file)
{
	for (size_t p = 0; p < file->count; p++) {
		struct gen_provider *provider = &file->providers[p];

		for (size_t i = 0; i < provider->count; i++) {
			struct gen_probe *probe = &provider->probes[i];

			for (size_t a = 0; a < probe->count; a++) {
				free(probe->arguments[a].type);
				free(probe->arguments[a].name);
			}
			free(probe->arguments);
			free(probe->format);
			free(probe->name);
		}
		free(provider->probes);
		free(provider->name);
	}
	free(file->providers);
	memset(file, 0, sizeof(*file));
}
