/*
 * What processes have mapped as code, over time: what they have now, or had when they ended.
 */
#include "internal.h"

#include "process/maps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	MEMORIES_MOST = 4096, /* remembered at once; the oldest go first */
	LIVES_MOST = 8,	       /* of one process */
};

struct memory *memory_find(struct memories *p, pid_t pid)
{
	for (size_t i = p->count; i > 0; i--)
		if (p->items[i - 1]->pid == pid)
			return p->items[i - 1];
	return NULL;
}

static void memory_free(struct memory *memory)
{
	for (struct memory *former; memory; memory = former) {
		former = memory->former;
		jit_free(&memory->jit);
		free(memory->mappings);
		free(memory);
	}
}

void memory_become(struct memory *memory)
{
	struct memory *former = malloc(sizeof(*former)), *last = memory;

	for (int i = 0; last->former && i < LIVES_MOST; i++)
		last = last->former;
	memory_free(last->former);
	last->former = NULL;
	if (former)
		*former = *memory;
	else
		memory_free(memory->former);
	if (!former) {
		jit_free(&memory->jit);
		free(memory->mappings);
	}
	*memory = (struct memory){.pid = memory->pid, .inner = memory->inner,
				    .former = former};
}

struct memory *memory_get(struct memories *p, pid_t pid)
{
	struct memory *memory = memory_find(p, pid), **place;

	if (memory)
		return memory;
	if (p->count == MEMORIES_MOST) {
		memory_free(p->items[0]);
		memmove(p->items, p->items + 1, --p->count * sizeof(*p->items));
	}
	memory = calloc(1, sizeof(*memory));
	place = memory ? array_add(&p->items, &p->count, &p->room, sizeof(*place)) : NULL;
	if (!place) {
		free(memory);
		return NULL;
	}
	memory->pid = memory->inner = pid;
	*place = memory;
	return memory;
}

void memories_close(struct memories *p)
{
	for (size_t i = 0; i < p->count; i++)
		memory_free(p->items[i]);
	free(p->items);
}

/* ---- mappings, in the order of their addresses ---- */

/* The first that ends behind the address. */
static size_t place_of(const struct memory *memory, uint64_t address)
{
	size_t low = 0, high = memory->mapping_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memory->mappings[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct mapping *memory_at(const struct memory *memory, uint64_t address)
{
	size_t place = place_of(memory, address);

	if (place == memory->mapping_count || memory->mappings[place].start > address)
		return NULL;
	return &memory->mappings[place];
}

/* What the new one covers goes; of what it covers in part, the rest stays. */
void memory_map(struct memory *memory, const struct mapping *new)
{
	size_t place = place_of(memory, new->start), behind = place;
	struct mapping *m = memory->mappings;

	if (new->start >= new->end)
		return;
	if (place < memory->mapping_count && m[place].start < new->start) {
		struct mapping rest = m[place];

		m[place].end = new->start;
		if (rest.end > new->end) {
			rest.offset += new->end - rest.start;
			rest.start = new->end;
			memory_map(memory, &rest);
			m = memory->mappings;
		}
		place = behind = place + 1;
	}
	while (behind < memory->mapping_count && m[behind].end <= new->end)
		behind++;
	if (behind < memory->mapping_count && m[behind].start < new->end) {
		m[behind].offset += new->end - m[behind].start;
		m[behind].start = new->end;
	}
	if (behind == place) {
		if (!array_add(&memory->mappings, &memory->mapping_count, &memory->mapping_room,
			       sizeof(*m)))
			return;
		m = memory->mappings;
		behind++;
		memmove(m + behind, m + place,
			(memory->mapping_count - behind) * sizeof(*m));
	} else if (behind > place + 1) {
		memmove(m + place + 1, m + behind, (memory->mapping_count - behind) * sizeof(*m));
		memory->mapping_count -= behind - place - 1;
	}
	m[place] = *new;
}

void memory_copy(struct memory *to, const struct memory *from)
{
	to->mapping_count = 0;
	to->device = from->device;
	to->inode = from->inode;
	for (size_t i = 0; i < from->mapping_count; i++)
		memory_map(to, &from->mappings[i]);
}

/* ---- /proc ---- */

static void read_line(struct memories *p, struct memory *memory, const char *text, size_t length)
{
	struct maps_line line;
	struct mapping mapping;
	size_t path_length;

	if (!maps_parse(text, length, &line) || !line.executable || !maps_is_file(&line))
		return;
	path_length = line.path_length;
	maps_is_deleted(&line, &path_length);
	mapping = (struct mapping){line.start, line.end, line.offset,
				   module_of(p->modules, line.device, line.inode, line.path,
					     path_length)};
	if (mapping.module)
		memory_map(memory, &mapping);
}

static void read_inner(struct memory *memory)
{
	char path[64], *text = NULL, *last;
	size_t room = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", memory->pid);
	status = fopen(path, "re");
	if (!status)
		return;
	while (getline(&text, &room, status) > 0) {
		if (strncmp(text, "NSpid:", 6) != 0)
			continue;
		last = strrchr(text, '\t');
		memory->inner = last ? (pid_t)strtol(last, NULL, 10) : memory->pid;
	}
	free(text);
	fclose(status);
}

void memory_read(struct memories *p, struct memory *memory)
{
	char path[64], *text = NULL;
	size_t room = 0;
	ssize_t length;
	struct stat st;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/exe", memory->pid);
	if (stat(path, &st))
		return; /* it has ended, or is of the kernel */
	snprintf(path, sizeof(path), "/proc/%d/maps", memory->pid);
	maps = fopen(path, "re");
	if (!maps)
		return;
	memory->device = st.st_dev;
	memory->inode = st.st_ino;
	memory->mapping_count = 0;
	while ((length = getline(&text, &room, maps)) > 0)
		read_line(p, memory, text, (size_t)length - (text[length - 1] == '\n'));
	free(text);
	fclose(maps);
	read_inner(memory);
}
