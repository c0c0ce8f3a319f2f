/*
 * The machine that runs a plan's BPF in user space: decoded programs, the memory that they may touch,
 * maps and the ring of records. It knows nothing of ptrace: what it wants of the thread whose hit it
 * handles it asks of struct current.
 */
#ifndef TELLTALE_ENGINE_USER_MACHINE_H
#define TELLTALE_ENGINE_USER_MACHINE_H

#include "base/error.h"
#include "bpf/abi.h"
#include "engine/engine.h"
#include "plan.h"

#include <sys/ptrace.h> /* before the next, which makes macros of its names */
#include <asm/ptrace.h>
#include <sys/types.h>

/* ---- maps.c ---- */

enum { NO_SLOT = UINT32_MAX };

/* A key's place in a hash. `next` chains keys of one bucket, or free slots; the other two all slots
 * that are taken, for LRU maps, from the one used last. */
struct user_slot {
	uint32_t next, hash;
	uint32_t newer, older;
	bool taken;
};

struct user_map {
	struct plan_map plan; /* a copy: the plan may grow */
	uint32_t key_size, entries;
	size_t stride; /* bytes from one value to the next */
	bool keyed;    /* a hash; else an array or stack traces */
	bool lru;
	char *values; /* what programs may touch */
	size_t value_bytes;
	/* hashes */
	char *keys;
	struct user_slot *slots;
	uint32_t *buckets;
	uint32_t mask;
	uint32_t free, used, count, newest, oldest;
	/* stack traces: how many addresses each has */
	uint32_t *depths;
};

int user_map_open(struct user_map *map, const struct plan_map *plan, struct error *err);
void user_map_close(struct user_map *map);
void *user_map_lookup(struct user_map *map, const void *key);
int user_map_update(struct user_map *map, const void *key, const void *value, uint64_t flags);
int user_map_delete(struct user_map *map, const void *key);
/* The number of a stack trace, kept once; or a negative errno. */
int64_t user_map_stack(struct user_map *map, const uint64_t *addresses, uint32_t count);
/* Calls for each key until not 0; the entry called for may be deleted meanwhile. */
int user_map_each(struct user_map *map, engine_entry_fn *entry, void *context);
void user_map_clear(struct user_map *map, bool only_zero);

/* ---- ring.c: one writer at a time, and one reader that needs no lock ---- */

struct user_ring {
	char *data; /* NULL: the plan has none */
	uint64_t size;
	uint64_t reserved; /* the writer's own: where the next record goes */
	_Atomic uint64_t produced, consumed;
	int bell;		/* an eventfd that wakes the reader */
	_Atomic uint32_t asleep; /* the reader waits for the bell */
};

int user_ring_new(struct user_ring *ring, uint64_t bytes, struct error *err);
void user_ring_free(struct user_ring *ring);
void *user_ring_reserve(struct user_ring *ring, uint64_t size);
void user_ring_finish(void *record, bool discard);
/* What has been reserved so far becomes the reader's. */
void user_ring_publish(struct user_ring *ring);
uint64_t user_ring_room(struct user_ring *ring);
bool user_ring_is_empty(struct user_ring *ring);
int user_ring_drain(struct user_ring *ring, engine_record_fn *record, void *context, int *count);

/* ---- the thread at hand ---- */

struct current {
	struct pt_regs regs; /* the context of the program */
	uint64_t cookie;
	uint64_t address; /* of the site, in the process; 0: none */
	pid_t pid, tid;
	/* What /proc/sys/kernel has as task_struct, as far as plans look into it. */
	struct {
		uint64_t fsbase, tls;
	} task;
	/* Reads memory of the process: bytes read, which may be fewer, or -1. */
	ssize_t (*read)(struct current *current, uint64_t address, void *to, size_t size);
	/* The rest is asked for when a program wants it. */
	void (*comm)(struct current *current, char comm[ABI_COMM]);
	void (*owner)(struct current *current, uint32_t *uid, uint32_t *gid);
	unsigned (*cpu)(struct current *current);
	/* A vector register's 16 bytes; false where there is none of that number. */
	bool (*vector)(struct current *current, unsigned number, void *to);
	/* The function is about to set up its frame: its caller's address is still on top. */
	bool (*at_entry)(struct current *current);
};

/* ---- decode.c, interpret.c ---- */

struct machine;

typedef uint64_t helper_fn(struct machine *m, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			   uint64_t e);

/* ---- identity.c ---- */

helper_fn helper_cgroup, helper_numa_node, helper_send_signal;

/* One instruction, its operands made ready. */
struct step {
	uint8_t code, dst, src;
	int16_t offset;
	uint32_t target; /* jumps and calls of functions: the step to go to */
	union {
		int64_t value;
		helper_fn *helper;
	};
};

struct user_program {
	const char *name;
	enum plan_attach attach;
	struct step *steps;
	size_t count;
};

enum {
	FRAMES = 16,	  /* calls in calls, callbacks included */
	FRAME_BYTES = 512,
	RANGES = 8,	  /* beside those of maps */
	STEPS_MOST = 400 * 1000 * 1000, /* of one hit: more is a loop without an end */
	LOOPS_MOST = 8 * 1024 * 1024,  /* as the kernel bounds may_goto */
};

/* Memory of ours that programs may touch. */
struct range {
	uint64_t start, end;
	bool writable;
};

struct machine {
	struct user_map **maps; /* which stay where they are when more come */
	size_t map_count;
	struct user_ring *ring;
	struct current *current;
	const struct user_program *program;

	struct range *ranges; /* stack, context, task, records; then the maps' */
	size_t range_count, recent;
	void *records[RANGES]; /* reserved and not yet finished */
	size_t record_count;
	uint64_t stack[FRAMES * FRAME_BYTES / 8];
	unsigned frames;
	uint64_t most, left; /* steps of a run */
	bool failed;
	struct error error;
};

/* Between runs, again when there are more maps. */
int machine_open(struct machine *m, struct user_map **maps, size_t map_count,
		 struct user_ring *ring, struct error *err);
void machine_close(struct machine *m);

/* Makes a program ready to run; -EOPNOTSUPP names what it asks for and this engine does not have. */
int user_program_decode(struct machine *m, const struct plan_program *plan,
		   struct user_program *program, struct error *err);
void user_program_free(struct user_program *program);

/* Runs a program for the thread; a negative errno when it did what no program may. */
int machine_run(struct machine *m, const struct user_program *program, struct current *current,
		uint64_t *result, struct error *err);

/* Inside a run: a function of the program, at that step. Sets m->failed on failure. */
uint64_t machine_call(struct machine *m, uint64_t step, const uint64_t args[5]);

/* ---- memory.c ---- */

/* True when all of it is memory that the program may touch; else the run fails. */
bool machine_may(struct machine *m, uint64_t address, uint64_t size, bool write);
/* The same without the failure. */
bool machine_owns(struct machine *m, uint64_t address, uint64_t size, bool write);
void machine_fail(struct machine *m, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Whether a range has all of it. */
static inline bool range_has(const struct range *r, uint64_t address, uint64_t size, bool write)
{
	return address >= r->start && address <= r->end && size <= r->end - address &&
	       (r->writable || !write);
}

struct range *machine_add_range(struct machine *m, const void *start, uint64_t size,
				bool writable);

/* Text of the process with its NUL, at most `size` bytes: as bpf_probe_read_user_str(). */
int64_t current_text(struct current *current, char *to, uint64_t size, uint64_t address);
/* The callers' addresses by frame pointers, as the kernel walks them. */
uint32_t current_stack(struct current *current, uint64_t *addresses, uint32_t most);

/* ---- helpers.c ---- */

/* NULL: there is none of that number. */
helper_fn *helper_of(int32_t number);

#endif
