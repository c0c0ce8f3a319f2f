/* The kernel engine's own things; the files of this folder and engine.c share them. */
#ifndef TELLTALE_ENGINE_KERNEL_KERNEL_H
#define TELLTALE_ENGINE_KERNEL_KERNEL_H

#include "bpf/abi.h"
#include "engine/engine.h"
#include "sys.h"

#include <pthread.h>

/* ---- maps.c ---- */

struct kernel_map {
	int fd;
	uint32_t entries; /* as created: the ring's size is ours to choose */
};

/* The ring buffer as this side sees it. Positions only grow; the kernel owns `produced`. */
struct ring {
	int fd;      /* -1: the plan has none */
	size_t size; /* bytes, a power of two */
	size_t page;
	void *own;    /* the page that we write: `consumed` at its start */
	void *shared; /* read-only: the page with `produced`, then the data twice */
	uint64_t consumed;
	/* When to look again; see poll.c. */
	uint64_t next_look, last_record;
	uint64_t pause;
};

/* ---- load.c ---- */

/* Copies of one program with different cookies in them, where the kernel has none (load.c). */
struct kernel_copies {
	struct table by_cookie; /* to an index into fds */
	int *fds;
	size_t count, room;
};

/* ---- attach.c ---- */

struct kernel_link {
	int fd;    /* a link; -1 before 5.15, which has none for perf events */
	int event; /* the perf event below it, or -1 */
};

struct engine {
	const struct plan *plan;
	const struct target *target;
	struct engine_options options;
	struct kernel_map *maps;      /* one for each of the plan */
	int *programs;                /* one for each of the plan; -1: only its copies */
	struct kernel_copies *copies; /* one for each of the plan */
	bool multi;                   /* uprobe_multi links; else perf events */
	unsigned cpus;                /* possible ones: how many values a per-CPU map has */

	struct ring ring;
	struct abi_control *control; /* NULL: none */

	struct kernel_link *links;
	size_t link_count, link_room;
	size_t attached;
	bool began; /* BEGIN has run, END not yet */
};

int maps_create(struct engine *e, struct error *err);
void maps_close(struct engine *e);

/* ---- follow.c ---- */

/* Fills and keeps the plan's map of followed processes, where it has one. */
int follow_start(struct engine *e, struct error *err);

/* ---- load.c ---- */

int programs_load(struct engine *e, struct warnings *warnings, struct error *err);
void programs_close(struct engine *e);
/* The program to attach at a site with this cookie. */
int program_for(const struct engine *e, size_t index, uint64_t cookie);

/* ---- attach.c, perf.c, timers.c ---- */

/*
 * Sites of one program in one file, for one process or (0) for all. An attempt takes some of them,
 * from first to end, and is done in whole or not at all.
 */
struct group {
	struct engine *engine;
	size_t program;
	uint32_t file;
	pid_t pid;
	const struct plan_site **sites;
	uint64_t *offsets, *ref_ctr_offsets, *cookies;
	size_t count;
	bool any_ref_ctr;
	char path[32]; /* "/proc/self/fd/N" */
};

int sites_attach(struct engine *e, struct warnings *warnings, struct error *err);
int group_attach_perf(struct group *group, size_t site);
int event_attach(struct engine *e, int program, int event, uint64_t cookie);
void links_close(struct engine *e);

int timers_attach(struct engine *e, struct error *err);
int specials_run(struct engine *e, enum plan_attach which, struct error *err);

struct kernel_link *link_add(struct engine *e, int fd, int event);

/* ---- poll.c ---- */

int ring_open(struct engine *e, struct error *err);
void ring_close(struct engine *e);
int ring_poll(struct engine *e, int timeout_ms, const int *wake_fds, size_t wake_count,
              engine_record_fn *record, void *context, struct error *err);

/* ---- read.c ---- */

int map_each(struct engine *e, const struct plan_map *map, engine_entry_fn *entry, void *context,
             struct error *err);
int map_clear(struct engine *e, const struct plan_map *map, bool only_zero, struct error *err);
int map_lookup(struct engine *e, const struct plan_map *map, const void *key, void *value,
               struct error *err);
int trouble_read(struct engine *e, size_t probe, struct abi_trouble *trouble, struct error *err);

#endif
