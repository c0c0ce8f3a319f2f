/*
 * Owns what is told of what processes map: by the tracer, when it looks at a process; taken by the other
 * thread. Only where the plan has stacks or symbols.
 */
#include "process/maps.h"
#include "user.h"

#include <stdlib.h>
#include <string.h>

static void tell(struct user_engine *u, const struct engine_mapping *mapping)
{
	struct engine_mapping *slot =
		array_add(&u->told, &u->told_count, &u->told_room, sizeof(*slot));

	if (slot)
		*slot = *mapping;
	else
		free((char *)mapping->path);
}

void tell_mapped(struct user_engine *u, pid_t pid, const struct maps_line *line)
{
	struct engine_mapping mapping = {.change = ENGINE_MAPPED, .pid = pid, .start = line->start,
					 .end = line->end, .offset = line->offset,
					 .device = line->device, .inode = line->inode};
	size_t length = line->path_length;

	if (!u->symbols || !line->executable || !maps_is_file(line))
		return;
	maps_is_deleted(line, &length);
	mapping.path = strndup(line->path, length);
	if (mapping.path)
		tell(u, &mapping);
	else
		tell_process(u, ENGINE_UNKNOWN, pid, 0);
}

void tell_process(struct user_engine *u, enum engine_change change, pid_t pid, pid_t parent)
{
	if (u->symbols)
		tell(u, &(struct engine_mapping){.change = change, .pid = pid, .parent = parent});
}

/* The caller's function is called without the lock: the tracer need not wait for it. */
int told_take(struct user_engine *u, engine_mapping_fn *mapping, void *context)
{
	struct engine_mapping *told;
	size_t count;
	int result = 0;

	pthread_mutex_lock(&u->lock);
	told = u->told;
	count = u->told_count;
	u->told = NULL;
	u->told_count = u->told_room = 0;
	pthread_mutex_unlock(&u->lock);
	for (size_t i = 0; i < count; i++) {
		if (!result)
			result = mapping(context, &told[i]);
		free((char *)told[i].path);
	}
	free(told);
	return result;
}

void told_free(struct user_engine *u)
{
	for (size_t i = 0; i < u->told_count; i++)
		free((char *)u->told[i].path);
	free(u->told);
}
