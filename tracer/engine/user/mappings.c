/*
 * Owns the way from what a process has mapped to its breakpoints and semaphores. A process is looked
 * at when it is attached to, after each execve(2), and each time its dynamic linker says that the
 * list of libraries has changed, which it does before a library's constructors run.
 */
#include "user.h"

#include "elf/file.h"
#include "elf/symbol.h"
#include "process/maps.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NO_FILE = UINT32_MAX };

/* A mapping that matters: of code, or of a file of the target. */
struct area {
	uint64_t start, end, offset;
	uint32_t file; /* of the target; NO_FILE */
	bool executable, writable;
};

struct scan {
	struct user_engine *user;
	struct process *process;
	bool tells; /* what is mapped */
	struct area *areas;
	size_t count, room;
};

/* ---- reading ---- */

/* The same file by its mapping's inode. Overlay and btrfs show another device in maps than stat(2)
 * does: there the path, as the process sees it, decides. */
static bool is_file(const struct scan *s, const struct known_file *file,
		    const struct maps_line *line)
{
	char path[PATH_MAX + 32];
	struct stat st;
	size_t length = line->path_length;

	if (file->inode != line->inode)
		return false;
	if (file->device == line->device)
		return true;
	maps_is_deleted(line, &length);
	snprintf(path, sizeof(path), "/proc/%d/root%.*s", s->process->pid, (int)length, line->path);
	return !stat(path, &st) && st.st_ino == file->inode && st.st_dev == file->device;
}

/* A file counts for the processes that it was found in, and for what they fork. */
static bool counts(const struct process *process, const struct known_file *file)
{
	if (!file->pid_count || !process->target)
		return true;
	for (size_t i = 0; i < file->pid_count; i++)
		if (file->pids[i] == process->pid)
			return true;
	return false;
}

static uint32_t find_file(const struct scan *s, const struct maps_line *line)
{
	const struct user_engine *u = s->user;

	if (!maps_is_file(line))
		return NO_FILE;
	for (size_t i = 0; i < u->file_count; i++)
		if (is_file(s, &u->files[i], line) && counts(s->process, &u->files[i]))
			return (uint32_t)i;
	return NO_FILE;
}

static bool read_areas(struct scan *s)
{
	char path[32], *text = NULL;
	size_t room = 0;
	ssize_t length;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", s->process->pid);
	maps = fopen(path, "re");
	if (!maps)
		return false;
	while ((length = getline(&text, &room, maps)) > 0) {
		struct maps_line line;
		struct area area, *slot;
		const char *rights = strchr(text, ' ');

		if (!rights ||
		    !maps_parse(text, (size_t)length - (text[length - 1] == '\n'), &line))
			continue;
		if (s->tells)
			tell_mapped(s->user, s->process->pid, &line);
		area = (struct area){line.start, line.end, line.offset, find_file(s, &line),
				     line.executable, rights[2] == 'w' && rights[4] == 'p'};
		if (area.file == NO_FILE && !area.executable)
			continue;
		slot = array_add(&s->areas, &s->count, &s->room, sizeof(*slot));
		if (slot)
			*slot = area;
	}
	free(text);
	fclose(maps);
	return true;
}

static const struct area *area_at(const struct scan *s, uint64_t address)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->areas[i].start <= address && address < s->areas[i].end)
			return &s->areas[i];
	return NULL;
}

/* ---- what is no longer mapped ---- */

static bool still_there(const struct scan *s, const struct breakpoint *b)
{
	const struct area *area = area_at(s, b->address);

	return area && area->executable && (!b->place || area->file == b->place->file);
}

static void drop_gone(const struct scan *s)
{
	struct space *space = s->process->space;
	size_t kept = 0;

	for (size_t i = 0; i < space->breakpoint_count; i++)
		if (still_there(s, &space->breakpoints[i]))
			space->breakpoints[kept++] = space->breakpoints[i];
	space->breakpoint_count = kept;
	kept = 0;
	for (size_t i = 0; i < space->raised_count; i++) {
		const struct area *area = area_at(s, space->raised[i].address);

		if (area && area->file == space->raised[i].file)
			space->raised[kept++] = space->raised[i];
	}
	space->raised_count = kept;
}

/* ---- what is new ---- */

static void say_bad_place(struct user_engine *u, const struct process *process, struct place *place)
{
	if (place->warned)
		return;
	place->warned = true;
	tracer_say(u,
		   "%s at offset 0x%llx of %s can't be attached in process %d: its memory can't be "
		   "changed, or another tracer's breakpoint is there",
		   place->name, (unsigned long long)place->offset, u->files[place->file].path,
		   process->pid);
}

static bool is_in_area(const struct area *area, uint64_t offset)
{
	return offset >= area->offset && offset - area->offset < area->end - area->start;
}

/* False: no memory. */
static bool insert_place(const struct scan *s, const struct area *area, struct place *place)
{
	struct space *space = s->process->space;
	struct breakpoint *b = space_add(space, area->start + (place->offset - area->offset));

	if (!b)
		return false;
	if (b->place)
		return true; /* by an earlier look; a later batch's hangs on it */
	b->place = place;
	if (space_insert(space, b))
		return true;
	b->place = NULL;
	if (!b->returns && !b->loader)
		space_drop(space, (size_t)(b - space->breakpoints));
	say_bad_place(s->user, s->process, place);
	return true;
}

static void insert_places(const struct scan *s, const struct area *area)
{
	for (size_t b = 0; b < s->user->batch_count; b++) {
		size_t count;
		struct place *places = places_of(&s->user->batches[b], area->file, &count);

		for (size_t i = 0; i < count; i++)
			if (is_in_area(area, places[i].offset) &&
			    !insert_place(s, area, &places[i]))
				return;
	}
}

static bool is_raised(const struct space *space, uint64_t address)
{
	for (size_t i = 0; i < space->raised_count; i++)
		if (space->raised[i].address == address)
			return true;
	return false;
}

static void raise(const struct scan *s, const struct area *area, const struct plan_site *site)
{
	struct space *space = s->process->space;
	struct raised *raised;
	uint64_t address = area->start + (site->semaphore_offset - area->offset);

	if (!site->semaphore_offset || !is_in_area(area, site->semaphore_offset) ||
	    is_raised(space, address))
		return;
	raised = array_add(&space->raised, &space->raised_count, &space->raised_room,
			   sizeof(*raised));
	if (!raised)
		return;
	*raised = (struct raised){address, area->file};
	if (!space_change(space, address, 1))
		space->raised_count--;
}

static void raise_semaphores(const struct scan *s, const struct area *area)
{
	for (size_t b = 0; b < s->user->batch_count; b++) {
		size_t count;
		struct place *places = places_of(&s->user->batches[b], area->file, &count);

		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < places[i].use_count; j++)
				raise(s, area, places[i].uses[j].site);
	}
}

/* ---- the dynamic linker ---- */

static uint64_t loader_base(const struct process *process)
{
	bool narrow = false;
	char path[32];
	uint64_t words[128] = {0}, base = 0;
	const uint32_t *halves = (const uint32_t *)words;
	int fd;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/auxv", process->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? 0 : read(fd, words, sizeof(words));
	if (fd >= 0)
		close(fd);
	/* Of a 32-bit process the first pair, type and value, is in the first word. */
	narrow = got > 0 && words[0] >> 32;
	for (ssize_t i = 0; !base && narrow && (i + 2) * 4 <= got; i += 2)
		base = halves[i] == AT_BASE ? halves[i + 1] : 0;
	for (ssize_t i = 0; !base && !narrow && (i + 2) * 8 <= got; i += 2)
		base = words[i] == AT_BASE ? words[i + 1] : 0;
	return base;
}

/* The function that debuggers are told to stop at, as a distance from the linker's start. */
static uint64_t loader_function(const struct process *process, uint64_t base)
{
	char path[64], *text = NULL;
	size_t room = 0;
	ssize_t length;
	uint64_t address = 0;
	struct elf_file *elf = NULL;
	struct symbols *symbols = NULL;
	struct error ignored;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", process->pid);
	maps = fopen(path, "re");
	if (!maps)
		return 0;
	while (!elf && (length = getline(&text, &room, maps)) > 0) {
		struct maps_line line;
		char name[PATH_MAX + 32];

		if (!maps_parse(text, (size_t)length - (text[length - 1] == '\n'), &line) ||
		    line.start != base || !maps_is_file(&line))
			continue;
		snprintf(name, sizeof(name), "/proc/%d/root%.*s", process->pid,
			 (int)line.path_length, line.path);
		if (elf_file_open(name, &elf, &ignored))
			break;
	}
	free(text);
	fclose(maps);
	if (elf && !symbols_read(elf, &symbols, &ignored)) {
		const struct symbol *symbol = symbols_named(symbols, "_dl_debug_state", NULL);

		address = symbol ? symbol->address : 0;
	}
	symbols_free(symbols);
	elf_file_close(elf);
	return address;
}

static void say_not_watched(struct user_engine *u, const struct process *process)
{
	tracer_say(u,
		   "process %d: its dynamic linker can't be watched: probes in libraries that it "
		   "loads from now on are missed",
		   process->pid);
}

void linker_watch(struct user_engine *u, struct thread *thread, bool watched)
{
	struct space *space = thread->process->space;
	uintptr_t place = offsetof(struct user, u_debugreg[0]);
	uintptr_t control = offsetof(struct user, u_debugreg[7]);

	if (!space->linker || thread->watches == watched)
		return;
	thread->watches = watched;
	/* Switched off first: the kernel checks each step. 1: the first register, for execution. */
	if (!ptrace(PTRACE_POKEUSER, thread->tid, control, 0ul) &&
	    (!watched || (!ptrace(PTRACE_POKEUSER, thread->tid, place, space->linker) &&
			  !ptrace(PTRACE_POKEUSER, thread->tid, control, 1ul))))
		return;
	if (watched && errno != ESRCH)
		say_not_watched(u, thread->process);
}

/*
 * Somebody's breakpoint is there, such as one of the kernel's for another telltale. The processor has
 * others, which each thread gets at its next stop.
 */
static void interrupt_for_linker(struct user_engine *u, const struct process *process,
				 uint64_t address)
{
	if (process->space->linker)
		return;
	process->space->linker = address;
	for (struct thread *t = thread_next(u, NULL); t; t = thread_next(u, t))
		if (t->process == process && !t->stopped)
			ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL);
}

static void watch_loader(struct user_engine *u, struct process *process)
{
	struct space *space = process->space;
	uint64_t base, function;
	struct breakpoint *b;

	for (size_t i = 0; i < space->breakpoint_count; i++)
		if (space->breakpoints[i].loader)
			return;
	if (space->linker)
		return;
	base = loader_base(process);
	if (!base)
		return; /* a static program has none */
	function = loader_function(process, base);
	b = function ? space_add(space, base + function) : NULL;
	if (b)
		b->loader = true;
	if (b && space_insert(space, b))
		return;
	if (b)
		space_drop(space, (size_t)(b - space->breakpoints));
	if (function)
		interrupt_for_linker(u, process, base + function);
	else
		say_not_watched(u, process);
}

/* ---- the whole ---- */

static bool open_memory(struct process *process)
{
	char path[32];

	if (process->space->memory >= 0)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/mem", process->pid);
	process->space->memory = open(path, O_RDWR | O_CLOEXEC);
	return process->space->memory >= 0;
}

void space_scan(struct user_engine *u, struct process *process)
{
	struct scan s = {.user = u, .process = process, .tells = true};

	if (!open_memory(process)) {
		if (errno != ENOENT)
			tracer_say(u, "the memory of process %d can't be opened: %s", process->pid,
				   strerror(errno));
		return;
	}
	if (read_areas(&s)) {
		drop_gone(&s);
		watch_loader(u, process);
		for (size_t i = 0; i < s.count; i++) {
			if (s.areas[i].file == NO_FILE)
				continue;
			if (s.areas[i].executable)
				insert_places(&s, &s.areas[i]);
			if (s.areas[i].writable)
				raise_semaphores(&s, &s.areas[i]);
		}
	}
	free(s.areas);
}

void space_restore(struct user_engine *u, struct process *process)
{
	struct scan s = {.user = u, .process = process};
	struct space *space = process->space;

	/* Only what is still mapped: elsewhere another thing may have come. */
	if (!space->breakpoint_count && !space->raised_count)
		return;
	if (read_areas(&s))
		drop_gone(&s);
	for (size_t i = 0; i < space->breakpoint_count; i++)
		space_lift(space, &space->breakpoints[i]);
	for (size_t i = 0; i < space->raised_count; i++)
		space_change(space, space->raised[i].address, -1);
	space->breakpoint_count = space->raised_count = 0;
	free(s.areas);
}
