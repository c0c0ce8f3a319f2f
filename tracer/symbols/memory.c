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
	PROCESSES_MOST = 4096, /* remembered at once; the oldest go first */
	LIVES_MOST = 8,	       /* of one process */
};

struct process *process_find(struct processes *p, pid_t pid)
{
	for (size_t i = p->count; i > 0; i--)
		if (p->items[i - 1]->pid == pid)
			return p->items[i - 1];
	return NULL;
}

static void process_free(struct process *process)
{
	for (struct process *former; process; process = former) {
		former = process->former;
		jit_free(&process->jit);
		free(process->mappings);
		free(process);
	}
}

void process_become(struct process *process)
{
	struct process *former = malloc(sizeof(*former)), *last = process;

	for (int i = 0; last->former && i < LIVES_MOST; i++)
		last = last->former;
	process_free(last->former);
	last->former = NULL;
	if (former)
		*former = *process;
	else
		process_free(process->former);
	if (!former) {
		jit_free(&process->jit);
		free(process->mappings);
	}
	*process = (struct process){.pid = process->pid, .inner = process->inner,
				    .former = former};
}

struct process *process_get(struct processes *p, pid_t pid)
{
	struct process *process = process_find(p, pid), **place;

	if (process)
		return process;
	if (p->count == PROCESSES_MOST) {
		process_free(p->items[0]);
		memmove(p->items, p->items + 1, --p->count * sizeof(*p->items));
	}
	process = calloc(1, sizeof(*process));
	place = process ? array_add(&p->items, &p->count, &p->room, sizeof(*place)) : NULL;
	if (!place) {
		free(process);
		return NULL;
	}
	process->pid = process->inner = pid;
	*place = process;
	return process;
}

void processes_close(struct processes *p)
{
	for (size_t i = 0; i < p->count; i++)
		process_free(p->items[i]);
	free(p->items);
}

/* ---- mappings, in the order of their addresses ---- */

/* The first that ends behind the address. */
static size_t place_of(const struct process *process, uint64_t address)
{
	size_t low = 0, high = process->mapping_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (process->mappings[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct mapping *process_at(const struct process *process, uint64_t address)
{
	size_t place = place_of(process, address);

	if (place == process->mapping_count || process->mappings[place].start > address)
		return NULL;
	return &process->mappings[place];
}

/* What the new one covers goes; of what it covers in part, the rest stays. */
void process_map(struct process *process, const struct mapping *new)
{
	size_t place = place_of(process, new->start), behind = place;
	struct mapping *m = process->mappings;

	if (new->start >= new->end)
		return;
	if (place < process->mapping_count && m[place].start < new->start) {
		struct mapping rest = m[place];

		m[place].end = new->start;
		if (rest.end > new->end) {
			rest.offset += new->end - rest.start;
			rest.start = new->end;
			process_map(process, &rest);
			m = process->mappings;
		}
		place = behind = place + 1;
	}
	while (behind < process->mapping_count && m[behind].end <= new->end)
		behind++;
	if (behind < process->mapping_count && m[behind].start < new->end) {
		m[behind].offset += new->end - m[behind].start;
		m[behind].start = new->end;
	}
	if (behind == place) {
		if (!array_add(&process->mappings, &process->mapping_count, &process->mapping_room,
			       sizeof(*m)))
			return;
		m = process->mappings;
		behind++;
		memmove(m + behind, m + place,
			(process->mapping_count - behind) * sizeof(*m));
	} else if (behind > place + 1) {
		memmove(m + place + 1, m + behind, (process->mapping_count - behind) * sizeof(*m));
		process->mapping_count -= behind - place - 1;
	}
	m[place] = *new;
}

void process_copy(struct process *to, const struct process *from)
{
	to->mapping_count = 0;
	to->device = from->device;
	to->inode = from->inode;
	for (size_t i = 0; i < from->mapping_count; i++)
		process_map(to, &from->mappings[i]);
}

/* ---- /proc ---- */

static void read_line(struct processes *p, struct process *process, const char *text, size_t length)
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
		process_map(process, &mapping);
}

static void read_inner(struct process *process)
{
	char path[64], *text = NULL, *last;
	size_t room = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", process->pid);
	status = fopen(path, "re");
	if (!status)
		return;
	while (getline(&text, &room, status) > 0) {
		if (strncmp(text, "NSpid:", 6) != 0)
			continue;
		last = strrchr(text, '\t');
		process->inner = last ? (pid_t)strtol(last, NULL, 10) : process->pid;
	}
	free(text);
	fclose(status);
}

void process_read(struct processes *p, struct process *process)
{
	char path[64], *text = NULL;
	size_t room = 0;
	ssize_t length;
	struct stat st;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/exe", process->pid);
	if (stat(path, &st))
		return; /* it has ended, or is of the kernel */
	snprintf(path, sizeof(path), "/proc/%d/maps", process->pid);
	maps = fopen(path, "re");
	if (!maps)
		return;
	process->device = st.st_dev;
	process->inode = st.st_ino;
	process->mapping_count = 0;
	while ((length = getline(&text, &room, maps)) > 0)
		read_line(p, process, text, (size_t)length - (text[length - 1] == '\n'));
	free(text);
	fclose(maps);
	read_inner(process);
}
