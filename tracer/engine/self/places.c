/* From the sites of a plan, which are places in files, to addresses of our own memory. */
#include "self.h"

#include "process/maps.h"
#include "process/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_file(const struct maps_line *line, const struct target_file *file)
{
	return line->inode == file->inode && line->device == file->device;
}

/* Where that byte of the file is in this mapping; 0: not in it. */
static uint64_t address_of(const struct maps_line *line, uint64_t offset)
{
	if (offset < line->offset || offset - line->offset >= line->end - line->start)
		return 0;
	return line->start + (offset - line->offset);
}

static int add_semaphore(struct self_engine *e, uint64_t address)
{
	uint64_t *new;

	for (size_t i = 0; i < e->semaphore_count; i++)
		if (e->semaphores[i] == address)
			return 0;
	new = array_add(&e->semaphores, &e->semaphore_count, &e->semaphore_room, sizeof(*new));
	if (!new)
		return -ENOMEM;
	*new = address;
	return 0;
}

static int add_site(struct self_engine *e, const struct maps_line *line, size_t program,
		    const struct plan_site *site)
{
	uint64_t address;
	struct self_place *place;

	if (!is_file(line, &e->target->files[site->file]))
		return 0;
	address = site->semaphore_offset ? address_of(line, site->semaphore_offset) : 0;
	if (address && line->writable && add_semaphore(e, address))
		return -ENOMEM;
	address = line->executable ? address_of(line, site->offset) : 0;
	if (!address)
		return 0;
	place = array_add(&e->places, &e->place_count, &e->place_room, sizeof(*place));
	if (!place)
		return -ENOMEM;
	*place = (struct self_place){address, site->cookie, program};
	return 0;
}

static int add_sites(struct self_engine *e, const struct maps_line *line)
{
	int code = 0;

	for (size_t i = 0; i < e->plan->program_count; i++)
		for (size_t j = 0; j < e->plan->programs[i].site_count && !code; j++)
			code = add_site(e, line, i, &e->plan->programs[i].sites[j]);
	return code;
}

static int compare(const void *a, const void *b)
{
	const struct self_place *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->program < y->program ? -1 : x->program > y->program;
}

int self_places(struct self_engine *e, struct error *err)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t length;
	int code = 0;

	if (!maps)
		return error_set(err, -errno, "/proc/self/maps: %s", strerror(errno));
	while (!code && (length = getline(&text, &room, maps)) > 0) {
		struct maps_line line;

		if (maps_parse(text, (size_t)length - (text[length - 1] == '\n'), &line))
			code = add_sites(e, &line);
	}
	free(text);
	fclose(maps);
	if (code)
		return error_memory(err);
	if (e->place_count)
		qsort(e->places, e->place_count, sizeof(*e->places), compare);
	return 0;
}
