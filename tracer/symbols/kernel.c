/*
 * The kernel's symbols, from /proc/kallsyms: address, type, name and module, in the order of the
 * addresses but for those of modules. All addresses are 0 for who may not see them.
 */
#include "internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kernel_symbol {
	uint64_t address;
	const char *name, *module;
};

struct kernel_symbols {
	struct arena arena;
	struct kernel_symbol *items;
	size_t count, room;
	const char *module; /* the last one, shared by its symbols */
};

/* Text and weak text. */
static bool is_code(char type)
{
	return strchr("tTwW", type) && type;
}

static const char *module_name_of(struct kernel_symbols *k, char *text)
{
	char *end = strchr(text, ']');

	if (*text != '[' || !end)
		return "";
	*end = '\0';
	if (!k->module || strcmp(k->module, text + 1) != 0)
		k->module = arena_string(&k->arena, text + 1);
	return k->module ? k->module : "";
}

static void read_line(struct kernel_symbols *k, char *line)
{
	struct kernel_symbol *symbol;
	char *end, *name;
	uint64_t address = strtoull(line, &end, 16);
	size_t length;

	if (!address || end[0] != ' ' || !is_code(end[1]) || end[2] != ' ')
		return;
	name = end + 3;
	length = strcspn(name, "\t\n ");
	symbol = array_add(&k->items, &k->count, &k->room, sizeof(*symbol));
	if (!symbol) {
		k->arena.failed = true;
		return;
	}
	symbol->address = address;
	symbol->name = arena_copy(&k->arena, name, length);
	name += length;
	symbol->module = module_name_of(k, name + strspn(name, "\t "));
}

static int compare(const void *a, const void *b)
{
	const struct kernel_symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

struct kernel_symbols *kernel_symbols_open(void)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	struct kernel_symbols *k = file ? calloc(1, sizeof(*k)) : NULL;
	char *line = NULL;
	size_t room = 0;

	while (k && !k->arena.failed && getline(&line, &room, file) > 0)
		read_line(k, line);
	free(line);
	if (file)
		fclose(file);
	if (k && (!k->count || k->arena.failed)) {
		kernel_symbols_close(k);
		return NULL;
	}
	if (k)
		qsort(k->items, k->count, sizeof(*k->items), compare);
	return k;
}

bool kernel_symbols_at(const struct kernel_symbols *k, uint64_t address, struct symbol_name *name)
{
	size_t low = 0, high = k->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->items[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	name->symbol = k->items[low - 1].name;
	name->offset = address - k->items[low - 1].address;
	name->module = k->items[low - 1].module;
	return true;
}

void kernel_symbols_close(struct kernel_symbols *k)
{
	if (!k)
		return;
	arena_free(&k->arena);
	free(k->items);
	free(k);
}
