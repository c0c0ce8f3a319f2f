/* The questions, put together from what the other files of this folder know. */
#include "internal.h"

#include "elf/demangle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { LOOK_EVERY = 100000000 }; /* nanoseconds */

struct symbolizer {
	struct modules modules;
	struct memories memories;
	struct kernel_symbols *kernel;
	bool kernel_tried;
	struct buffer demangled;
	bool keep_mangled;
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int symbolizer_open(struct symbolizer **symbolizer, struct error *err)
{
	*symbolizer = calloc(1, sizeof(**symbolizer));
	if (!*symbolizer)
		return error_memory(err);
	(*symbolizer)->memories.modules = &(*symbolizer)->modules;
	return 0;
}

void symbolizer_close(struct symbolizer *s)
{
	if (!s)
		return;
	memories_close(&s->memories);
	modules_close(&s->modules);
	kernel_symbols_close(s->kernel);
	buffer_free(&s->demangled);
	free(s);
}

/* ---- what processes do ---- */

void symbolizer_mapped(struct symbolizer *s, pid_t pid, const struct symbolizer_mapping *m)
{
	struct memory *memory = memory_get(&s->memories, pid);
	struct mapping mapping = {m->start, m->end, m->offset, NULL};

	if (!memory || m->path[0] != '/' || m->path[1] == '/')
		return; /* "[vdso]", "//anon": no file */
	mapping.module = module_of(&s->modules, m->device, m->inode, m->path, strlen(m->path));
	if (mapping.module)
		memory_map(memory, &mapping);
}

void symbolizer_forked(struct symbolizer *s, pid_t pid, pid_t parent)
{
	struct memory *from, *to = memory_get(&s->memories, pid);

	from = memory_find(&s->memories, parent);
	if (to && from)
		memory_copy(to, from);
	else if (to)
		memory_read(&s->memories, to);
}

void symbolizer_executed(struct symbolizer *s, pid_t pid)
{
	struct memory *memory = memory_get(&s->memories, pid);

	if (memory)
		memory_become(memory); /* what it maps now is told */
}

void symbolizer_look(struct symbolizer *s, pid_t pid)
{
	struct memory *memory = memory_get(&s->memories, pid);

	if (!memory)
		return;
	memory_read(&s->memories, memory);
	memory->looked = now();
}

/* ---- names ---- */

/* Whether it has become another program since its maps were read, and nobody told us. */
static bool has_changed(const struct memory *memory)
{
	char path[64];
	struct stat st;

	if (!memory->inode)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/exe", memory->pid);
	return !stat(path, &st) && (st.st_ino != memory->inode || st.st_dev != memory->device);
}

/* It may have loaded a library since, or become another program, and nobody told us; not that we
 * looked at each frame. */
static const struct mapping *find_mapping(struct symbolizer *s, struct memory *memory,
					  uint64_t address)
{
	const struct mapping *mapping = memory_at(memory, address);
	uint64_t time = now();

	if (time - memory->looked < LOOK_EVERY)
		return mapping;
	memory->looked = time;
	if (mapping && !has_changed(memory))
		return mapping;
	memory_read(&s->memories, memory);
	return memory_at(memory, address);
}

static bool name_jit(struct memory *memory, uint64_t address, bool returns,
		     struct symbol_name *name)
{
	const struct jit_symbol *symbol = jit_find(&memory->jit, memory->pid, memory->inner,
						   address - returns);

	if (!symbol)
		return false;
	name->symbol = symbol->name;
	name->offset = address - symbol->start;
	return true;
}

static bool is_same_place(const struct mapping *a, const struct mapping *b)
{
	return a->module == b->module && a->offset - a->start == b->offset - b->start;
}

/*
 * Where the address is in what the process was before it became what it is. Two different answers
 * are none: nobody knows to which of its lives the address belongs.
 */
static const struct mapping *former_mapping(const struct memory *memory,
					    const struct mapping *mapping, uint64_t address)
{
	for (memory = memory->former; memory; memory = memory->former) {
		const struct mapping *other = memory_at(memory, address);

		if (other && mapping && !is_same_place(mapping, other))
			return NULL;
		mapping = mapping ? mapping : other;
	}
	return mapping;
}

void symbolizer_user(struct symbolizer *s, pid_t pid, uint64_t address, bool returns,
		     struct symbol_name *name)
{
	struct memory *memory = memory_get(&s->memories, pid);
	const struct mapping *mapping;

	*name = (struct symbol_name){.symbol = NULL};
	if (!memory)
		return;
	mapping = former_mapping(memory, find_mapping(s, memory, address), address);
	if (mapping)
		module_name(mapping->module, pid, mapping->start, mapping->end,
			    address - mapping->start + mapping->offset, returns, name);
	else
		while (memory && !name_jit(memory, address, returns, name))
			memory = memory->former;
	if (name->symbol && !s->keep_mangled && demangle(name->symbol, DEMANGLE_FULL, &s->demangled))
		name->symbol = buffer_string(&s->demangled);
}

void symbolizer_keep_mangled(struct symbolizer *s)
{
	s->keep_mangled = true;
}

void symbolizer_kernel(struct symbolizer *s, uint64_t address, struct symbol_name *name)
{
	*name = (struct symbol_name){.symbol = NULL};
	if (!s->kernel_tried)
		s->kernel = kernel_symbols_open();
	s->kernel_tried = true;
	if (s->kernel)
		kernel_symbols_at(s->kernel, address, name);
}
