/* What an engine is to engine.c: a table of operations. Each has the meaning of its engine_...() in
 * engine.h. An engine's own state begins with a struct engine. */
#ifndef TELLTALE_ENGINE_OPERATIONS_H
#define TELLTALE_ENGINE_OPERATIONS_H

#include "engine.h"

struct engine {
	const struct engine_operations *operations;
};

struct engine_operations {
	int (*open)(const struct plan *plan, struct target *target,
		    const struct engine_options *options, struct engine **engine,
		    struct warnings *warnings, struct error *err);
	int (*attach)(struct engine *engine, struct warnings *warnings, struct error *err);
	int (*drop)(struct engine *engine, unsigned needs, struct error *err); /* or NULL: nothing */
	int (*extend)(struct engine *engine, struct warnings *warnings, struct error *err);
	int (*signal)(struct engine *engine, struct error *err);
	bool (*news)(struct engine *engine, pid_t *pid);
	bool (*go_on)(struct engine *engine);
	int (*poll)(struct engine *engine, int timeout_ms, const int *wake_fds, size_t wake_count,
		    engine_record_fn *record, void *context, struct error *err);
	/* or NULL: there are no watchpoints */
	int (*watch)(struct engine *engine, size_t program, uint64_t address, struct error *err);
	void (*unwatch)(struct engine *engine, uint64_t address);
	bool (*over)(const struct engine *engine); /* or NULL: never */
	void (*detach)(struct engine *engine);
	int (*each)(struct engine *engine, const struct plan_map *map, engine_entry_fn *entry,
		    void *context, struct error *err);
	int (*lookup)(struct engine *engine, const struct plan_map *map, const void *key,
		      void *value, struct error *err);
	int (*clear)(struct engine *engine, const struct plan_map *map, bool only_zero,
		     struct error *err);
	int (*trouble)(struct engine *engine, size_t probe, struct abi_trouble *trouble,
		       struct error *err);
	int (*mappings)(struct engine *engine, engine_mapping_fn *mapping, void *context);
	size_t (*attached)(const struct engine *engine, const char **means);
	void (*close)(struct engine *engine);
	int (*can_follow)(struct error *err);
};

extern const struct engine_operations kernel_operations, user_operations, self_operations;

#endif
