/*
 * The engine inside of the process that it watches: the sites of the process' own program are traps,
 * and their handler runs the plan's programs by the user engine's machine. For unit tests: no second
 * process, no privileges.
 *
 * Who holds the lock (trap.c) may touch what the handlers use: machines, maps, the writing of
 * records, the list of engines. Handlers take it too, with every signal blocked.
 */
#ifndef TELLTALE_ENGINE_SELF_SELF_H
#define TELLTALE_ENGINE_SELF_SELF_H

#include "engine/operations.h"
#include "engine/user/machine.h"

struct target;

/* One program at one address of ours. */
struct self_place {
	uint64_t address;
	uint64_t cookie;
	size_t program;
	bool set; /* there is a trap of ours */
};

struct self_engine {
	struct engine engine; /* first: what is above knows this only */
	const struct plan *plan;
	struct target *target;

	struct user_map **maps;
	size_t map_count;
	struct user_ring ring;
	struct user_program *programs;
	size_t program_count;
	struct machine machine;
	struct error failure; /* of a handler */

	struct self_place *places; /* by address */
	size_t place_count, place_room;
	uint64_t *semaphores; /* addresses of those that are raised */
	size_t semaphore_count, semaphore_room;
	size_t attached; /* sites */
	bool entered;	 /* among the handlers' engines */
};

/* ---- places.c: where the plan's sites are in our memory ---- */

int self_places(struct self_engine *e, struct error *err);

/* ---- trap.c ---- */

/* Puts the traps in and raises the semaphores; a site that can't have one is a warning;
 * -ENODATA when none can. */
int traps_set(struct self_engine *e, struct warnings *warnings, struct error *err);
/* Both back as they were. Returns when no handler is in the engine any more. */
void traps_clear(struct self_engine *e);

void self_lock(void);
void self_unlock(void);

#endif
