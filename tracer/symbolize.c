/*
 * Owns what is known of the processes whose stacks are printed: their mappings, and the symbols of
 * the files behind them. Read when a stack asks, since most runs have none; what can't be found out
 * any more (the process has ended) stays an address, which is always true.
 */
#include "symbolize.h"

#include "elf/file.h"
#include "elf/symbol.h"
#include "engine/engine.h"
#include "process/maps.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PROCESSES_MOST = 256 }; /* remembered at once */

/* A file, by what maps says of it; elf and symbols are NULL where it can't be read. */
struct module {
	dev_t device;
	uint64_t inode;
	char *path;
	struct elf_file *elf;
	struct symbols *symbols;
};

struct mapping {
	uint64_t start, end, offset;
	size_t module;
};

struct process {
	uint32_t pid;
	dev_t device; /* of its program: another one after an execve(2) */
	ino_t inode;
	struct mapping *mappings;
	size_t mapping_count, mapping_room;
};

struct symbolizer {
	struct engine *engine;
	const struct plan *plan;
	uint64_t *addresses; /* one value of the map of stacks, when the first was asked for */
	struct module *modules;
	size_t module_count, module_room;
	struct process *processes;
	size_t process_count, process_room;
};

int symbolizer_open(struct engine *engine, const struct plan *plan, struct symbolizer **symbolizer,
		    struct error *err)
{
	struct symbolizer *s;

	*symbolizer = NULL;
	if (!plan_map_of(plan, PLAN_MAP_STACKS) && !plan->grows)
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_memory(err);
	s->engine = engine;
	s->plan = plan;
	*symbolizer = s;
	return 0;
}

void symbolizer_close(struct symbolizer *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->module_count; i++) {
		symbols_free(s->modules[i].symbols);
		elf_file_close(s->modules[i].elf);
		free(s->modules[i].path);
	}
	for (size_t i = 0; i < s->process_count; i++)
		free(s->processes[i].mappings);
	free(s->modules);
	free(s->processes);
	free(s->addresses);
	free(s);
}

/* ---- modules ---- */

/* As the process sees the file: through its mapping, which holds although the file be deleted, or
 * through its root, where the kernel does not permit the former. */
static void open_module(struct module *module, uint32_t pid, const struct maps_line *line)
{
	char path[PATH_MAX + 64];
	struct error ignored;

	snprintf(path, sizeof(path), "/proc/%u/map_files/%llx-%llx", pid,
		 (unsigned long long)line->start, (unsigned long long)line->end);
	if (elf_file_open(path, &module->elf, &ignored)) {
		snprintf(path, sizeof(path), "/proc/%u/root%s", pid, module->path);
		if (elf_file_open(path, &module->elf, &ignored))
			module->elf = NULL;
	}
	if (module->elf && symbols_read(module->elf, &module->symbols, &ignored))
		module->symbols = NULL;
}

/* The number of the module behind a line; SIZE_MAX when memory is out. */
static size_t find_module(struct symbolizer *s, uint32_t pid, const struct maps_line *line)
{
	size_t length = line->path_length;
	struct module *module;

	for (size_t i = 0; i < s->module_count; i++)
		if (s->modules[i].device == line->device && s->modules[i].inode == line->inode)
			return i;
	module = array_add(&s->modules, &s->module_count, &s->module_room, sizeof(*module));
	if (!module)
		return SIZE_MAX;
	maps_is_deleted(line, &length);
	module->device = line->device;
	module->inode = line->inode;
	module->path = strndup(line->path, length);
	if (!module->path) {
		s->module_count--;
		return SIZE_MAX;
	}
	open_module(module, pid, line);
	return s->module_count - 1;
}

/* ---- processes ---- */

static void read_line(struct symbolizer *s, struct process *process, const char *text, size_t length)
{
	struct maps_line line;
	struct mapping *mapping;
	size_t module;

	if (!maps_parse(text, length, &line) || !line.executable || !maps_is_file(&line))
		return;
	module = find_module(s, process->pid, &line);
	if (module == SIZE_MAX)
		return;
	mapping = array_add(&process->mappings, &process->mapping_count, &process->mapping_room,
			    sizeof(*mapping));
	if (mapping)
		*mapping = (struct mapping){line.start, line.end, line.offset, module};
}

static void read_process(struct symbolizer *s, struct process *process)
{
	char path[64], *text = NULL;
	size_t room = 0;
	ssize_t length;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%u/maps", process->pid);
	maps = fopen(path, "re");
	if (!maps)
		return;
	process->mapping_count = 0;
	while ((length = getline(&text, &room, maps)) > 0)
		read_line(s, process, text, (size_t)length - (text[length - 1] == '\n'));
	free(text);
	fclose(maps);
}

static struct process *find_process(struct symbolizer *s, uint32_t pid)
{
	struct process *process = NULL;
	char path[64];
	struct stat st;
	bool lives;

	for (size_t i = 0; i < s->process_count && !process; i++)
		if (s->processes[i].pid == pid)
			process = &s->processes[i];
	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	lives = !stat(path, &st);
	if (process && (!lives || (process->device == st.st_dev && process->inode == st.st_ino)))
		return process;
	if (!lives)
		return NULL;
	if (!process) {
		while (s->process_count >= PROCESSES_MOST)
			free(s->processes[--s->process_count].mappings);
		process = array_add(&s->processes, &s->process_count, &s->process_room,
				    sizeof(*process));
		if (!process)
			return NULL;
	}
	process->pid = pid;
	process->device = st.st_dev;
	process->inode = st.st_ino;
	read_process(s, process);
	return process;
}

static const struct mapping *find_mapping(const struct process *process, uint64_t address)
{
	for (size_t i = 0; i < process->mapping_count; i++)
		if (process->mappings[i].start <= address && address < process->mappings[i].end)
			return &process->mappings[i];
	return NULL;
}

/* ---- frames ---- */

/* An address behind the call of a function that never returns may be the next function's first, so
 * all but the innermost frame are looked up one byte earlier. */
static void name_frame(const struct symbolizer *s, const struct mapping *mapping, bool innermost,
		       struct output_frame *frame)
{
	const struct module *module = &s->modules[mapping->module];
	const struct symbol *symbol;
	uint64_t address;

	frame->file = module->path;
	if (!module->symbols ||
	    !elf_file_address(module->elf, frame->address - mapping->start + mapping->offset,
			      &address))
		return;
	symbol = symbols_at(module->symbols, address - !innermost);
	if (!symbol)
		return;
	frame->symbol = symbol->name;
	frame->offset = address - symbol->address;
}

static void name_frames(struct symbolizer *s, uint32_t pid, struct output_frame *frames,
			size_t count)
{
	struct process *process = find_process(s, pid);
	bool again = true;

	for (size_t i = 0; process && i < count; i++) {
		const struct mapping *mapping = find_mapping(process, frames[i].address);

		/* It may have loaded a library since its maps were read: once for each stack. */
		if (!mapping && again) {
			again = false;
			read_process(s, process);
			mapping = find_mapping(process, frames[i].address);
		}
		if (mapping)
			name_frame(s, mapping, i == 0, &frames[i]);
	}
}

int symbolizer_frames(void *context, bool kernel, int64_t stack, uint32_t pid,
		      struct output_frame *frames, size_t room)
{
	struct symbolizer *s = context;
	uint32_t key = (uint32_t)stack;
	struct error ignored;
	const struct plan_map *stacks = plan_map_of(s->plan, PLAN_MAP_STACKS);
	size_t count = 0, most = stacks ? stacks->value_size / sizeof(*s->addresses) : 0;
	int rc;

	if (!s->addresses)
		s->addresses = calloc(most + 1, sizeof(*s->addresses));
	if (!s->addresses || !stacks)
		return -ENOMEM;
	rc = engine_lookup(s->engine, stacks, &key, s->addresses, &ignored);
	if (rc)
		return rc;
	for (; count < most && count < room && s->addresses[count]; count++)
		frames[count] = (struct output_frame){.address = s->addresses[count]};
	if (!kernel)
		name_frames(s, pid, frames, count);
	return (int)count;
}
