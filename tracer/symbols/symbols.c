/* The questions, put together from what the other files of this folder know. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { LOOK_EVERY = 100000000 }; /* nanoseconds */

struct symbolizer {
	struct modules modules;
	struct processes processes;
	struct kernel_symbols *kernel;
	bool kernel_tried;
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
	(*symbolizer)->processes.modules = &(*symbolizer)->modules;
	return 0;
}

void symbolizer_close(struct symbolizer *s)
{
	if (!s)
		return;
	processes_close(&s->processes);
	modules_close(&s->modules);
	kernel_symbols_close(s->kernel);
	free(s);
}

/* ---- what processes do ---- */

void symbolizer_mapped(struct symbolizer *s, pid_t pid, const struct symbolizer_mapping *m)
{
	struct process *process = process_get(&s->processes, pid);
	struct mapping mapping = {m->start, m->end, m->offset, NULL};

	if (!process || m->path[0] != '/' || m->path[1] == '/')
		return; /* "[vdso]", "//anon": no file */
	mapping.module = module_of(&s->modules, m->device, m->inode, m->path, strlen(m->path));
	if (mapping.module)
		process_map(process, &mapping);
}

void symbolizer_forked(struct symbolizer *s, pid_t pid, pid_t parent)
{
	struct process *from, *to = process_get(&s->processes, pid);

	from = process_find(&s->processes, parent);
	if (to && from)
		process_copy(to, from);
	else if (to)
		process_read(&s->processes, to);
}

void symbolizer_executed(struct symbolizer *s, pid_t pid)
{
	struct process *process = process_get(&s->processes, pid);

	if (process)
		process_become(process); /* what it maps now is told */
}

void symbolizer_look(struct symbolizer *s, pid_t pid)
{
	struct process *process = process_get(&s->processes, pid);

	if (!process)
		return;
	process_read(&s->processes, process);
	process->looked = now();
}

/* ---- names ---- */

/* Whether it has become another program since its maps were read, and nobody told us. */
static bool has_changed(const struct process *process)
{
	char path[64];
	struct stat st;

	if (!process->inode)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/exe", process->pid);
	return !stat(path, &st) && (st.st_ino != process->inode || st.st_dev != process->device);
}

/* It may have loaded a library since, or become another program, and nobody told us; not that we
 * looked at each frame. */
static const struct mapping *find_mapping(struct symbolizer *s, struct process *process,
					  uint64_t address)
{
	const struct mapping *mapping = process_at(process, address);
	uint64_t time = now();

	if (time - process->looked < LOOK_EVERY)
		return mapping;
	process->looked = time;
	if (mapping && !has_changed(process))
		return mapping;
	process_read(&s->processes, process);
	return process_at(process, address);
}

static bool name_jit(struct process *process, uint64_t address, bool returns,
		     struct symbol_name *name)
{
	const struct jit_symbol *symbol = jit_find(&process->jit, process->pid, process->inner,
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
static const struct mapping *former_mapping(const struct process *process,
					    const struct mapping *mapping, uint64_t address)
{
	for (process = process->former; process; process = process->former) {
		const struct mapping *other = process_at(process, address);

		if (other && mapping && !is_same_place(mapping, other))
			return NULL;
		mapping = mapping ? mapping : other;
	}
	return mapping;
}

void symbolizer_user(struct symbolizer *s, pid_t pid, uint64_t address, bool returns,
		     struct symbol_name *name)
{
	struct process *process = process_get(&s->processes, pid);
	const struct mapping *mapping;

	*name = (struct symbol_name){.symbol = NULL};
	if (!process)
		return;
	mapping = former_mapping(process, find_mapping(s, process, address), address);
	if (mapping)
		module_name(mapping->module, pid, mapping->start, mapping->end,
			    address - mapping->start + mapping->offset, returns, name);
	else
		while (process && !name_jit(process, address, returns, name))
			process = process->former;
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
