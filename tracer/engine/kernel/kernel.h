/* The kernel engine's own things; the files of this folder share them. */
#ifndef TELLTALE_ENGINE_KERNEL_KERNEL_H
#define TELLTALE_ENGINE_KERNEL_KERNEL_H

#include "bpf/abi.h"
#include "engine/operations.h"
#include "perfring.h"
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
	void *shared; /* read-only: the page with `produced`, then the data */
	void *joined; /* room for a record that goes on at the start of the data */
	uint64_t consumed;
};

/* Where the kernel has no ring buffer: a buffer for each CPU (cpubuffers.c). */
struct cpu_buffer {
	struct perf_ring ring;
	uint64_t time; /* of the record at hand; UINT64_MAX: there is none */
};

struct cpu_buffers {
	struct cpu_buffer *items;
	size_t count, room;
	size_t size;  /* bytes of data of one, a power of two */
	void *record; /* room for one, aligned */
};

/* When to look again; see poll.c. */
struct looking {
	uint64_t next_look, last_record;
	uint64_t pause, pause_most; /* nanoseconds */
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
	bool watches;	  /* of a watchpoint: */
	uint64_t address;
	size_t program; /* of the plan */
};

/* ---- news.c ---- */

/* What processes have to tell of new files. */
struct news {
	bool open;
	int map;  /* of struct news_key, to when it was put there: CLOCK_MONOTONIC */
	int ring; /* the bell: its records say nothing */
	int counted, own_counted; /* map of the processes that count; the same where it is ours */
	int program, ip; /* where struct pt_regs has the instruction pointer */
	size_t page;
	void *own, *shared; /* as of struct ring; of the latter without the data */
	size_t loaders;	    /* how many of the plan's are attached */
	/* The processes whose loaders are: those of the target, and children. */
	pid_t *watched;
	size_t watched_count, watched_room;
	size_t links; /* how many that took */
	struct warnings *warnings;
	struct news_key {
		uint32_t pid, what;
	} key; /* what news_next() said last */
	uint64_t asked;
};

/* ---- guardian.c ---- */

/* Who raises the semaphores where the kernel does not. */
struct guardian {
	pid_t pid; /* 0: none */
	int socket;
	bool said; /* that some are raised late */
};

struct kernel {
	struct engine engine; /* first: what is above knows this only */
	const struct plan *plan;
	const struct target *target;
	struct engine_options options;
	struct warnings *warnings;
	/* Of the plan's as many as are made so far. */
	struct kernel_map *maps;
	size_t map_count;
	int *programs;                /* -1: only its copies */
	struct kernel_copies *copies;
	size_t program_count;
	size_t attached_programs;
	/* For each file of the target, to how many of its processes it is attached. */
	size_t *file_pids;
	size_t file_count;
	bool multi;                   /* uprobe_multi links; else perf events */
	unsigned cpus;                /* possible ones: how many values a per-CPU map has */

	struct ring ring; /* or: */
	struct cpu_buffers buffers;
	struct looking looking;
	struct abi_control *control; /* NULL: none */

	struct kernel_link *links;
	size_t link_count, link_room;
	size_t attached;
	struct guardian guardian;
	struct {
		struct perf_ring *rings;
		size_t count, room;
	} mappings; /* mappings.c */
	bool began; /* BEGIN has run, END not yet */
	bool iterates; /* there is an iterator; its file is open until it is through: */
	int iterator;
	struct news news;
};

int maps_create(struct kernel *e, struct error *err);
/* How large the ring is to be, or all buffers of CPUs together: by the options, or by our choice. */
uint64_t delivery_bytes(const struct kernel *e);
void maps_close(struct kernel *e);

/* ---- follow.c ---- */

/* See engine_can_follow(). */
int kernel_can_follow(struct error *err);
/* Where struct task_struct has tgid, once kernel_can_follow() has said yes. */
int follow_tgid(void);
/* Fills and keeps the plan's map of followed processes, where it has one. */
int follow_start(struct kernel *e, struct error *err);
int follow_ends(struct kernel *e, struct error *err);

/* A program on a raw tracepoint, until the links are closed. */
int tracepoint_attach(struct kernel *e, const char *tracepoint, const struct bpf_insn *insns,
                      size_t count, struct error *err);

/* ---- news.c ---- */

/* Gets ready, for news_extend() to attach. What can't be had is a warning. */
void news_start(struct kernel *e, struct warnings *warnings);
/* The plan may have got more loaders. */
void news_extend(struct kernel *e, struct warnings *warnings);
void news_stop(struct kernel *e);
void news_close(struct kernel *e);
/* Readable when there are news; -1: there never will be. */
int news_fd(const struct kernel *e);
bool news_next(struct kernel *e, pid_t *pid);
bool news_go_on(struct kernel *e);

/* ---- guardian.c ---- */

/* Starts the guardian where the kernel does not keep semaphores. Before any descriptor of the
 * engine's is open. */
int guardian_start(struct kernel *e, struct error *err);
/* Raises the plan's semaphores now, and keeps raising them in processes that come later. */
int guardian_raise(struct kernel *e, struct warnings *warnings, struct error *err);
/* Puts them back: true when they are. */
bool guardian_end(struct kernel *e);

/* ---- load.c ---- */

int programs_load(struct kernel *e, struct warnings *warnings, struct error *err);
void programs_close(struct kernel *e);
/* The program to attach at a site with this cookie. */
int program_for(const struct kernel *e, size_t index, uint64_t cookie);

/* ---- verifier.c ---- */

/* Why a program was not loaded, with that code: the error. */
void explain_verifier(struct kernel *e, struct sys_program *program, const char *place, int code, struct warnings *warnings, struct error *err);
/* What the verifier says of a program that it takes, which is loaded once more for that. */
void hear_verifier(struct kernel *e, struct sys_program *program);

/* ---- attach.c, perf.c ---- */

/*
 * Sites of one program in one file, for one process or (0) for all. An attempt takes some of them,
 * from first to end, and is done in whole or not at all.
 */
struct group {
	struct kernel *engine;
	bool many; /* one attempt can take several */
	size_t program;
	uint32_t file;
	pid_t pid;
	const struct plan_site **sites;
	uint64_t *offsets, *ref_ctr_offsets, *cookies;
	size_t count;
	bool any_ref_ctr; /* and the kernel keeps them */
	char path[32]; /* "/proc/self/fd/N" */
};

/* All that is not attached yet. */
int sites_attach(struct kernel *e, struct warnings *warnings, struct error *err);
/* Opens a uprobe as a perf event, of whose kind the PMU's numbers are filled in here, and puts the
 * program on it. */
int uprobe_attach(struct kernel *e, struct sys_uprobe *uprobe, int program, uint64_t cookie);
int group_attach_perf(struct group *group, size_t site);
int group_attach_multi(struct group *group, size_t first, size_t end);
int event_attach(struct kernel *e, int program, int event, uint64_t cookie);

/* ---- detach.c ---- */

/* From how many perf events on their end is worth a word and a process: a tenth of a second each. */
enum { SLOW_FROM = 50 };

/* Says how long it will take, where it takes long. */
void links_warn(const struct kernel *e, struct warnings *warnings);
void links_close(struct kernel *e);

/* Closes what has been added since there were so many. */
void links_drop(struct kernel *e, size_t count);

/* ---- kinds.c ---- */

/* One row for each enum plan_attach. */
struct attach_kind {
	enum bpf_prog_type type; /* of its programs */
	enum feature needs;
	bool in_file;  /* its sites are in files */
	bool is_clock; /* attached when everything else is */
	bool by_copy;  /* the kernel has no cookies for it: a copy of the program for each */
	bool typed;    /* a program is loaded for one function of the kernel's types: a copy for each */
	enum bpf_attach_type attach_type; /* of programs that are `typed` */
	/* A site; several, where the kernel has links over many. NULL: it is not attached, but run. */
	int (*attach)(struct group *group, size_t site);
	int (*attach_many)(struct group *group, size_t first, size_t end);
	bool (*has_many)(const struct kernel *e, const struct plan_program *program);
};

const struct attach_kind *attach_kind(enum plan_attach attach);

/* ---- events.c: what is not in files ---- */

int attach_tracepoint(struct group *group, size_t site);
int attach_raw_tracepoint(struct group *group, size_t site);
int attach_kprobe(struct group *group, size_t site);
int attach_typed(struct group *group, size_t site);
int attach_kprobe_multi(struct group *group, size_t first, size_t end);
int attach_counter(struct group *group, size_t site);
int attach_profile(struct group *group, size_t site);
int attach_interval(struct group *group, size_t site);

int specials_run(struct kernel *e, enum plan_attach which, struct error *err);

struct kernel_link *link_add(struct kernel *e, int fd, int event);

/* ---- watch.c ---- */

int attach_watchpoint(struct group *group, size_t site);
int watch_address(struct kernel *e, size_t program, uint64_t address, struct error *err);
void unwatch_address(struct kernel *e, uint64_t address);

/* ---- iterate.c ---- */

int attach_iterator(struct group *group, size_t site);
/* Goes over some more things: 1, or 0 when there are no more, or -errno. */
int iterator_read(struct kernel *e, struct error *err);
void iterator_close(struct kernel *e);

/* ---- ring.c, cpubuffers.c, poll.c ---- */

int ring_open(struct kernel *e, struct error *err);
void ring_close(struct kernel *e);
bool ring_is_empty(const struct ring *r);
/*
 * Delivers what is there now: up to the position at the start, so that a fast producer can't keep
 * the caller from its other business. Returns what `record` returned when not 0; adds to *count,
 * and says how many bytes that were.
 */
int ring_drain(struct ring *r, engine_record_fn *record, void *context, int *count,
               uint64_t *bytes);

int buffers_open(struct kernel *e, uint64_t bytes, struct error *err);
void buffers_close(struct kernel *e);
/* As ring_drain(); time is CLOCK_MONOTONIC's now. */
int buffers_drain(struct cpu_buffers *b, uint64_t time, engine_record_fn *record, void *context,
                  int *count, uint64_t *bytes);

int records_poll(struct kernel *e, int timeout_ms, const int *wake_fds, size_t wake_count,
                 engine_record_fn *record, void *context, struct error *err);

/* ---- privileges.c ---- */

int privileges_drop(struct kernel *e, unsigned needs);

/* ---- mappings.c ---- */

int mappings_open(struct kernel *e, struct warnings *warnings);
int mappings_each(struct kernel *e, engine_mapping_fn *mapping, void *context);
void mappings_close(struct kernel *e);

/* ---- read.c ---- */

int map_each(struct kernel *e, const struct plan_map *map, engine_entry_fn *entry, void *context,
             struct error *err);
int map_clear(struct kernel *e, const struct plan_map *map, bool only_zero, struct error *err);
int map_lookup(struct kernel *e, const struct plan_map *map, const void *key, void *value,
               struct error *err);
int trouble_read(struct kernel *e, size_t probe, struct abi_trouble *trouble, struct error *err);

#endif
