/*
 * Files that processes have mapped as code: opened, and their symbols read, when the first address in
 * them is asked for.
 */
#include "internal.h"

#include "elf/file.h"
#include "elf/symbol.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct module *module_of(struct modules *m, dev_t device, ino_t inode, const char *path,
			 size_t length)
{
	struct module_key key = {device, inode};
	struct module *module, **place;
	size_t number;

	if (table_get(&m->by_key, &key, sizeof(key), &number))
		return m->items[number];
	module = calloc(1, sizeof(*module));
	place = module ? array_add(&m->items, &m->count, &m->room, sizeof(*place)) : NULL;
	if (!place) {
		free(module);
		return NULL;
	}
	*place = module;
	module->key = key;
	module->path = strndup(path, length);
	if (module->path &&
	    table_put(&m->by_key, &module->key, sizeof(key), m->count - 1, &number) >= 0)
		return module;
	free(module->path);
	free(module);
	m->count--;
	return NULL;
}

void modules_close(struct modules *m)
{
	for (size_t i = 0; i < m->count; i++) {
		lines_close(m->items[i]->lines);
		symbols_free(m->items[i]->symbols);
		elf_file_close(m->items[i]->elf);
		free(m->items[i]->path);
		free(m->items[i]);
	}
	free(m->items);
	table_free(&m->by_key);
}

/* A path that leads to another file by now would give wrong names. Not by its device: file systems
 * such as btrfs and overlayfs show one here and another one in maps. */
static bool is_same(const struct module *module)
{
	struct stat st;

	return !stat(module->path, &st) && st.st_ino == module->key.inode;
}

/*
 * As the process sees the file: through its mapping, which holds although the file be deleted, or
 * through its root, where the kernel does not permit the former; by its path when the process has
 * ended.
 */
static void open_module(struct module *module, pid_t pid, uint64_t start, uint64_t end)
{
	char path[PATH_MAX + 64];
	struct error ignored;

	module->tried = true;
	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid, (unsigned long long)start,
		 (unsigned long long)end);
	if (elf_file_open(path, &module->elf, &ignored)) {
		snprintf(path, sizeof(path), "/proc/%d/root%s", pid, module->path);
		if (elf_file_open(path, &module->elf, &ignored) &&
		    (!is_same(module) || elf_file_open(module->path, &module->elf, &ignored)))
			module->elf = NULL;
	}
	if (module->elf && symbols_read(module->elf, &module->symbols, &ignored))
		module->symbols = NULL;
}

static void name_line(struct module *module, uint64_t address, struct symbol_name *name)
{
	if (!module->lines_tried)
		module->lines = lines_open(module->elf);
	module->lines_tried = true;
	if (module->lines && !lines_at(module->lines, address, &name->source, &name->line))
		name->source = NULL;
}

void module_name(struct module *module, pid_t pid, uint64_t start, uint64_t end, uint64_t offset,
		 bool returns, struct symbol_name *name)
{
	const struct symbol *symbol = NULL;
	uint64_t address;

	name->module = module->path;
	if (!module->tried)
		open_module(module, pid, start, end);
	if (!module->elf || !elf_file_address(module->elf, offset, &address))
		return;
	if (module->symbols)
		symbol = symbols_at(module->symbols, address - returns);
	if (symbol) {
		name->symbol = symbol->name;
		name->offset = address - symbol->address;
	}
	name_line(module, address - returns, name);
}
