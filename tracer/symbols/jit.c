/*
 * Symbols of code that a process made by itself, as JITs write them for perf: a line each of start
 * and size in hex and a name, in /tmp/perf-PID.map of the process' own mount and process namespace
 * (tools/perf/Documentation/jit-interface.txt). Written by the traced process: it says what it likes.
 */
#include "internal.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SYMBOLS_MOST = 4 * 1000 * 1000 };

static void read_line(struct jit *jit, char *line)
{
	struct jit_symbol *symbol;
	uint64_t start, size;
	char *end;

	start = strtoull(line, &end, 16);
	if (end == line || *end != ' ')
		return;
	line = end;
	size = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || !size || jit->count == SYMBOLS_MOST)
		return;
	end[1 + strcspn(end + 1, "\n")] = '\0';
	symbol = array_add(&jit->symbols, &jit->count, &jit->room, sizeof(*symbol));
	if (symbol)
		*symbol = (struct jit_symbol){start, size, arena_string(&jit->arena, end + 1)};
	if (symbol && !symbol->name)
		jit->count--;
}

static int compare(const void *a, const void *b)
{
	const struct jit_symbol *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void forget(struct jit *jit)
{
	arena_free(&jit->arena);
	free(jit->symbols);
	*jit = (struct jit){.symbols = NULL};
}

static FILE *open_map(pid_t pid, pid_t inner, struct stat *st)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/root/tmp/perf-%d.map", pid, inner);
	file = fopen(path, "re");
	if (!file) {
		snprintf(path, sizeof(path), "/tmp/perf-%d.map", inner);
		file = fopen(path, "re");
	}
	if (file && (fstat(fileno(file), st) || !S_ISREG(st->st_mode))) {
		fclose(file);
		file = NULL;
	}
	return file;
}

/* Reads it again when it has changed. */
static void look(struct jit *jit, pid_t pid, pid_t inner)
{
	char *line = NULL;
	size_t room = 0;
	struct stat st;
	FILE *file = open_map(pid, inner, &st);

	if (!file)
		return;
	if (st.st_size != jit->size || st.st_ino != jit->inode || st.st_dev != jit->device) {
		forget(jit);
		jit->device = st.st_dev;
		jit->inode = st.st_ino;
		jit->size = st.st_size;
		while (getline(&line, &room, file) > 0)
			read_line(jit, line);
		free(line);
		if (jit->count)
			qsort(jit->symbols, jit->count, sizeof(*jit->symbols), compare);
	}
	fclose(file);
}

static const struct jit_symbol *find(const struct jit *jit, uint64_t address)
{
	size_t low = 0, high = jit->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (jit->symbols[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - jit->symbols[low - 1].start >= jit->symbols[low - 1].size)
		return NULL;
	return &jit->symbols[low - 1];
}

const struct jit_symbol *jit_find(struct jit *jit, pid_t pid, pid_t inner, uint64_t address)
{
	const struct jit_symbol *symbol = find(jit, address);

	if (symbol)
		return symbol;
	look(jit, pid, inner);
	return find(jit, address);
}

void jit_free(struct jit *jit)
{
	forget(jit);
}
