/* Asks the engine for stacks and for what processes map, and the symbols' room for names. */
#include "symbolize.h"

#include "engine/engine.h"
#include "process/target.h"
#include "symbols/symbols.h"

#include <errno.h>
#include <stdlib.h>

struct names {
	struct engine *engine;
	const struct plan *plan;
	struct symbolizer *symbolizer;
	uint64_t *addresses; /* one value of a stack map */
	size_t address_room; /* bytes */
	struct arena texts;  /* of the frames that were asked for last */
	struct warnings *warnings;
	bool lost;	     /* it has been said that news were lost */
};

int names_open(struct engine *engine, const struct plan *plan, const struct target *target,
	       bool demangled, struct names **names, struct warnings *warnings, struct error *err)
{
	struct names *n;

	*names = NULL;
	if (!plan->symbols)
		return 0;
	n = calloc(1, sizeof(*n));
	if (!n)
		return error_memory(err);
	n->engine = engine;
	n->plan = plan;
	n->warnings = warnings;
	if (symbolizer_open(&n->symbolizer, err)) {
		free(n);
		return err->code;
	}
	if (!demangled)
		symbolizer_keep_mangled(n->symbolizer);
	for (size_t i = 0; i < target->process_count; i++)
		if (!target->processes[i].command)
			symbolizer_look(n->symbolizer, target->processes[i].pid);
	*names = n;
	return 0;
}

void names_close(struct names *n)
{
	if (!n)
		return;
	symbolizer_close(n->symbolizer);
	arena_free(&n->texts);
	free(n->addresses);
	free(n);
}

/* ---- processes ---- */

static int take_mapping(void *context, const struct engine_mapping *m)
{
	struct names *n = context;
	struct symbolizer_mapping mapping = {m->start, m->end, m->offset, m->device, m->inode,
					     m->path};

	switch (m->change) {
	case ENGINE_MAPPED:
		symbolizer_mapped(n->symbolizer, m->pid, &mapping);
		break;
	case ENGINE_FORKED:
		symbolizer_forked(n->symbolizer, m->pid, m->parent);
		break;
	case ENGINE_EXECUTED:
		symbolizer_executed(n->symbolizer, m->pid);
		break;
	case ENGINE_UNKNOWN:
		n->lost = true;
	}
	return 0;
}

void names_listen(struct names *n)
{
	bool before;

	if (!n)
		return;
	before = n->lost;
	engine_mappings(n->engine, take_mapping, n);
	if (n->lost && !before)
		warn(n->warnings, "some of what processes map was not told in time: the symbols of "
			       "those that end may not be known");
}

/* ---- names ---- */

static const char *keep(struct names *n, const char *text)
{
	return text ? arena_string(&n->texts, text) : NULL;
}

static void name_frame(struct names *n, bool kernel, uint32_t pid, bool returns,
		       struct output_frame *frame)
{
	struct symbol_name name;

	if (kernel)
		symbolizer_kernel(n->symbolizer, frame->address, &name);
	else
		symbolizer_user(n->symbolizer, (pid_t)pid, frame->address, returns, &name);
	frame->symbol = keep(n, name.symbol);
	frame->offset = name.offset;
	frame->file = name.module && *name.module ? keep(n, name.module) : NULL;
	frame->source = keep(n, name.source);
	frame->line = name.line;
}

static bool make_room(struct names *n, const struct plan_map *stacks)
{
	uint64_t *new;

	if (n->address_room >= stacks->value_size)
		return true;
	new = realloc(n->addresses, stacks->value_size);
	if (!new)
		return false;
	n->addresses = new;
	n->address_room = stacks->value_size;
	return true;
}

static int read_stack(struct names *n, const struct output_stack *stack, struct output_frame *frames,
		      size_t room)
{
	const struct plan_map *stacks = &n->plan->maps[stack->map];
	size_t count = 0, most = stacks->value_size / sizeof(*n->addresses);
	uint32_t key = (uint32_t)stack->id;
	struct error ignored;
	int rc;

	if (!make_room(n, stacks))
		return -ENOMEM;
	rc = engine_lookup(n->engine, stacks, &key, n->addresses, &ignored);
	if (rc)
		return rc;
	for (; count < most && count < room && n->addresses[count]; count++)
		frames[count] = (struct output_frame){.address = n->addresses[count]};
	return (int)count;
}

/* A stack, or a single address that is none. */
int names_frames(void *context, const struct output_stack *stack, struct output_frame *frames,
		 size_t room)
{
	struct names *n = context;
	int count = 1;

	if (stack->single)
		frames[0] = (struct output_frame){.address = (uint64_t)stack->id};
	else
		count = read_stack(n, stack, frames, room);
	names_listen(n);
	arena_free(&n->texts);
	for (int i = 0; i < count; i++)
		name_frame(n, stack->kernel, stack->pid, i > 0, &frames[i]);
	return count;
}
