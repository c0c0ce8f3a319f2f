/*
 * Owns how processes that count tell of files that they had not: a program at the place that the dynamic
 * linker passes when it has mapped libraries and not run them yet (plan_loader), and one on the tracepoint of
 * execve(2). Both put the process into a map and ring the bell of a ring buffer.
 *
 * So that no hit is missed, the process that loads a library waits until it is taken out of the map
 * again: in the kernel, looking again and again, since BPF can't sleep, but letting others run by a
 * helper that does (bpf_copy_from_user_task, 5.18). It never waits longer than NEWS_WAIT, so a tracer
 * that is stopped is a delay and one that is killed nothing at all; a signal such as SIGSTOP would
 * outlive it, and the parents of the process would see it. Without bpf_loop (5.17) it does not wait.
 * A process at execve(2) does not either: the program that it becomes meets its linker, which is
 * watched in the processes that count, and in children as soon as they are heard of.
 */
#include "code.h"
#include "features.h"
#include "functions.h"
#include "kernel.h"
#include "process/target.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/user.h>
#include <time.h>
#include <unistd.h>

enum {
	NEWS_LIBRARY = 1, /* news_key.what: it waits */
	NEWS_PROGRAM = 2,
	NEWS_CHILD = 3, /* of this process; for us alone */
	NEWS_WAIT = 1000 * 1000 * 1000, /* nanoseconds */
	NEWS_LOOKS = 1 << 23,	       /* what bpf_loop can do at the most */
	NEWS_KEYS = 1024,
	LINKS_MOST = 512,
};

/* The stack of a program; the loop's function gets the address of the first. */
struct frame {
	uint64_t ip, deadline, scratch, asked;
	struct news_key key;
};
#define PLACE(member) ((int)offsetof(struct frame, member) - (int)sizeof(struct frame))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- programs ---- */

struct code {
	struct bpf_insn insns[128];
	size_t count;
};

static void add(struct code *c, const struct bpf_insn *insns, size_t count)
{
	memcpy(c->insns + c->count, insns, count * sizeof(*insns));
	c->count += count;
}
#define ADD(c, ...)                                                                                \
	add((c), (const struct bpf_insn[]){__VA_ARGS__},                                           \
	    COUNT(((const struct bpf_insn[]){__VA_ARGS__})))

/* A branch whose end is not known yet: its place. */
static size_t add_branch(struct code *c, struct bpf_insn branch)
{
	add(c, &branch, 1);
	return c->count - 1;
}

static void land(struct code *c, size_t branch)
{
	c->insns[branch].off = (int16_t)(c->count - branch - 1);
}

/* Register 2 becomes the address of a member of the frame. */
#define ADDRESS(r, member) REGISTER(BPF_MOV, (r), 10), VALUE(BPF_ADD, (r), PLACE(member))

/* Puts the current process, if it counts, into the map, and rings. Returns the branch of one that
 * does not count. */
static size_t add_asking(struct code *c, const struct news *n, int what)
{
	size_t other;

	ADD(c, HELPER(BPF_FUNC_get_current_pid_tgid), VALUE(BPF_RSH, 0, 32),
	    STORE32(PLACE(key.pid), 0), STORE32_VALUE(PLACE(key.what), what), MAP(1, n->counted),
	    ADDRESS(2, key.pid), HELPER(BPF_FUNC_map_lookup_elem));
	other = add_branch(c, BRANCH_K(BPF_JEQ, 0, 0, 0));
	ADD(c, HELPER(BPF_FUNC_ktime_get_ns), STORE64(PLACE(asked), 0), MAP(1, n->map),
	    ADDRESS(2, key), ADDRESS(3, asked), VALUE(BPF_MOV, 4, BPF_ANY),
	    HELPER(BPF_FUNC_map_update_elem));
	ADD(c, MAP(1, n->ring), ADDRESS(2, key), VALUE(BPF_MOV, 3, sizeof(struct news_key)),
	    VALUE(BPF_MOV, 4, BPF_RB_FORCE_WAKEUP), HELPER(BPF_FUNC_ringbuf_output));
	return other;
}

static void add_end(struct code *c, int value)
{
	ADD(c, VALUE(BPF_MOV, 0, value), EXIT);
}

/* The loop's function, from the frame of the waiting program: 1 ends the loop. */
static void add_look(struct code *c, const struct news *n, bool sleepable)
{
	size_t answered, late;

	ADD(c, REGISTER(BPF_MOV, 6, 2), MAP(1, n->map), REGISTER(BPF_MOV, 2, 6),
	    VALUE(BPF_ADD, 2, offsetof(struct frame, key)), HELPER(BPF_FUNC_map_lookup_elem));
	answered = add_branch(c, BRANCH_K(BPF_JEQ, 0, 0, 0));
	ADD(c, HELPER(BPF_FUNC_ktime_get_ns), LOAD(1, 6, offsetof(struct frame, deadline)));
	late = add_branch(c, BRANCH_X(BPF_JGT, 0, 1, 0));
	if (sleepable)
		ADD(c, HELPER(BPF_FUNC_get_current_task_btf), REGISTER(BPF_MOV, 4, 0),
		    REGISTER(BPF_MOV, 1, 6), VALUE(BPF_ADD, 1, offsetof(struct frame, scratch)),
		    VALUE(BPF_MOV, 2, 1), LOAD(3, 6, offsetof(struct frame, ip)),
		    VALUE(BPF_MOV, 5, 0), HELPER(BPF_FUNC_copy_from_user_task));
	add_end(c, 0);
	land(c, answered);
	land(c, late);
	add_end(c, 1);
}

/*
 * Passes by while libraries come or go: the linker calls again when their list is whole. The cookie is
 * the loader's `state`. Returns the branch.
 */
static size_t add_state(struct code *c, const struct news *n)
{
	size_t unknown, unreadable, busy;

	ADD(c, HELPER(BPF_FUNC_get_attach_cookie));
	unknown = add_branch(c, BRANCH_K(BPF_JEQ, 0, 0, 0));
	ADD(c, LOAD(3, 6, n->ip), REGISTER(BPF_ADD, 3, 0), VALUE(BPF_MOV, 1, 0),
	    STORE64(PLACE(scratch), 1), ADDRESS(1, scratch), VALUE(BPF_MOV, 2, 4),
	    HELPER(BPF_FUNC_probe_read_user));
	unreadable = add_branch(c, BRANCH_K(BPF_JNE, 0, 0, 0));
	ADD(c, LOAD(1, 10, PLACE(scratch)));
	busy = add_branch(c, BRANCH_K(BPF_JNE, 1, 0, 0));
	land(c, unknown);
	land(c, unreadable);
	return busy;
}

/* Loads the program of the loaders, in the best way that this kernel has. */
static int load_library_program(const struct kernel *e, bool waits, bool sleepable)
{
	const struct news *n = &e->news;
	struct bpf_func_info functions[2] = {{0, FUNCTION_TYPE_MAIN}, {0, FUNCTION_TYPE_PART}};
	struct sys_program program = {
		.name = "news",
		.type = BPF_PROG_TYPE_KPROBE,
		.attach_type = e->multi ? SYS_TRACE_UPROBE_MULTI : 0,
		.sleepable = sleepable,
	};
	struct code c = {.count = 0};
	size_t other, loop, busy;
	int fd, types = -1;

	ADD(&c, REGISTER(BPF_MOV, 6, 1));
	busy = feature(FEATURE_COOKIE)->present ? add_state(&c, n) : 0;
	other = add_asking(&c, n, NEWS_LIBRARY);
	/* The clock's reading is still on the stack. */
	ADD(&c, LOAD(1, 10, PLACE(asked)), VALUE(BPF_ADD, 1, NEWS_WAIT), STORE64(PLACE(deadline), 1),
	    LOAD(1, 6, n->ip), STORE64(PLACE(ip), 1), VALUE(BPF_MOV, 1, 0),
	    STORE64(PLACE(scratch), 1), VALUE(BPF_MOV, 1, NEWS_LOOKS));
	loop = c.count;
	if (waits)
		ADD(&c, (struct bpf_insn){BPF_LD | BPF_DW | BPF_IMM, 2, BPF_PSEUDO_FUNC, 0, 0},
		    (struct bpf_insn){0}, REGISTER(BPF_MOV, 3, 10),
		    VALUE(BPF_ADD, 3, -(int)sizeof(struct frame)), VALUE(BPF_MOV, 4, 0),
		    HELPER(BPF_FUNC_loop));
	land(&c, other);
	if (busy)
		land(&c, busy);
	add_end(&c, 0);
	if (waits) {
		c.insns[loop].imm = (int32_t)(c.count - loop - 1);
		functions[1].insn_off = (uint32_t)c.count;
		add_look(&c, n, sleepable);
		types = function_types();
		if (types < 0)
			return types;
		program.types = types;
		program.functions = functions;
		program.function_count = COUNT(functions);
	}
	program.insns = c.insns;
	program.insn_count = c.count;
	fd = sys_program_load(&program);
	if (types >= 0)
		close(types);
	return fd;
}

/* ---- places ---- */

static int attach_loader(struct kernel *e, const struct plan_loader *loader, pid_t pid)
{
	uint64_t offset = loader->offset, state = (uint64_t)loader->state;
	char path[32];
	int link;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", e->target->files[loader->file].fd);
	if (!e->multi)
		return uprobe_attach(e,
				     &(struct sys_uprobe){.path = path, .offset = offset, .pid = pid},
				     e->news.program, state);
	link = sys_link_uprobe_multi(e->news.program, &(struct sys_uprobe_multi){
							      .path = path,
							      .offsets = &offset,
							      .cookies = &state,
							      .count = 1,
							      .pid = pid,
						      });
	if (link < 0)
		return link;
	if (link_add(e, link, -1))
		return 0;
	close(link);
	return -ENOMEM;
}

static bool is_target(const struct kernel *e, pid_t pid)
{
	for (size_t i = 0; i < e->target->process_count; i++)
		if (e->target->processes[i].pid == pid)
			return true;
	return false;
}

/*
 * The loaders of one process, from a number on. Only of those that count: a breakpoint that every
 * process on the machine meets would be one too many for those that run under a simulator.
 */
static void watch_process(struct kernel *e, pid_t pid, size_t first)
{
	struct news *n = &e->news;

	for (size_t i = first; i < e->plan->loader_count; i++) {
		const struct plan_loader *loader = &e->plan->loaders[i];
		int code;

		if (n->links++ == LINKS_MOST)
			warn(n->warnings, "libraries that more children load are not noticed: %d "
			     "processes are watched already", LINKS_MOST);
		if (n->links > LINKS_MOST)
			return;
		code = attach_loader(e, loader, pid);
		if (code && code != -ESRCH)
			warn(n->warnings, "%s: can't be watched for libraries that process %d loads later: %s",
			     e->target->files[loader->file].path, pid, strerror(-code));
	}
}

static bool is_watched(const struct news *n, pid_t pid)
{
	for (size_t i = 0; i < n->watched_count; i++)
		if (n->watched[i] == pid)
			return true;
	return false;
}

static void watch(struct kernel *e, pid_t pid)
{
	struct news *n = &e->news;
	struct news_key key = {(uint32_t)pid, NEWS_PROGRAM};
	uint64_t never = 0;
	pid_t *slot = is_watched(n, pid) ? NULL
					 : array_add(&n->watched, &n->watched_count,
						     &n->watched_room, sizeof(*slot));

	if (!slot)
		return;
	*slot = pid;
	watch_process(e, pid, 0);
	/* What it loaded before that is to be looked at, too. */
	sys_map_update(n->map, &key, &never);
}

/* Somebody that counts has a child: it counts, too. Those that have ended are forgotten, since
 * their numbers may come again. */
static void watch_children(struct kernel *e)
{
	struct news *n = &e->news;
	uint32_t pid, next, value;
	size_t kept = 0;

	for (size_t i = 0; i < n->watched_count; i++) {
		pid = (uint32_t)n->watched[i];
		if (!sys_map_lookup(n->counted, &pid, &value))
			n->watched[kept++] = n->watched[i];
	}
	n->watched_count = kept;
	for (int more = sys_map_next(n->counted, NULL, &pid); !more; pid = next) {
		more = sys_map_next(n->counted, &pid, &next);
		watch(e, (pid_t)pid);
	}
}

void news_extend(struct kernel *e, struct warnings *warnings)
{
	struct news *n = &e->news;

	if (!n->open)
		return;
	n->warnings = warnings;
	for (size_t i = 0; i < e->target->process_count; i++)
		if (!is_watched(n, e->target->processes[i].pid))
			watch(e, e->target->processes[i].pid);
		else
			watch_process(e, e->target->processes[i].pid, n->loaders);
	for (size_t i = 0; i < n->watched_count; i++)
		if (!is_target(e, n->watched[i]))
			watch_process(e, n->watched[i], n->loaders);
	n->loaders = e->plan->loader_count;
}

/* The tracepoint runs as the parent, and has the child as its second argument; a thread is none. */
static int attach_fork_news(struct kernel *e, struct error *err)
{
	struct code c = {.count = 0};
	size_t thread, other;

	ADD(&c, LOAD(6, 1, 8), HELPER(BPF_FUNC_get_current_pid_tgid), VALUE(BPF_RSH, 0, 32),
	    REGISTER(BPF_MOV, 7, 0), VALUE(BPF_MOV, 1, 0), STORE64(PLACE(scratch), 1),
	    ADDRESS(1, scratch), VALUE(BPF_MOV, 2, 4), REGISTER(BPF_MOV, 3, 6),
	    VALUE(BPF_ADD, 3, follow_tgid()), HELPER(BPF_FUNC_probe_read_kernel),
	    LOAD(1, 10, PLACE(scratch)));
	thread = add_branch(&c, BRANCH_X(BPF_JEQ, 1, 7, 0));
	other = add_asking(&c, &e->news, NEWS_CHILD);
	land(&c, thread);
	land(&c, other);
	add_end(&c, 0);
	return tracepoint_attach(e, "sched_process_fork", c.insns, c.count, err);
}

static int attach_exec(struct kernel *e, struct error *err)
{
	struct code c = {.count = 0};
	size_t other = add_asking(&c, &e->news, NEWS_PROGRAM);

	land(&c, other);
	add_end(&c, 0);
	return tracepoint_attach(e, "sched_process_exec", c.insns, c.count, err);
}

/* ---- the bell ---- */

static int map_bell(struct news *n)
{
	n->page = (size_t)sysconf(_SC_PAGESIZE);
	n->own = mmap(NULL, n->page, PROT_READ | PROT_WRITE, MAP_SHARED, n->ring, 0);
	n->shared = mmap(NULL, n->page, PROT_READ, MAP_SHARED, n->ring, (off_t)n->page);
	if (n->own == MAP_FAILED || n->shared == MAP_FAILED)
		return -errno;
	return 0;
}

int news_fd(const struct kernel *e)
{
	return e->news.open ? e->news.ring : -1;
}

/* All that was said is in the map: the records are not looked at. */
static void hear(struct news *n)
{
	uint64_t said = atomic_load_explicit((_Atomic uint64_t *)n->shared, memory_order_acquire);

	atomic_store_explicit((_Atomic uint64_t *)n->own, said, memory_order_release);
}

/* ---- the whole ---- */

/* The processes that count: those whose children are followed are in a map already. */
static int count_processes(struct kernel *e)
{
	const struct plan_map *followed = plan_map_of(e->plan, PLAN_MAP_FOLLOWED);
	struct news *n = &e->news;
	int code = 0;

	if (followed) {
		n->counted = e->maps[followed - e->plan->maps].fd;
		return 0;
	}
	n->own_counted = sys_map_create(&(struct sys_map){
		.name = "tt_counted",
		.type = BPF_MAP_TYPE_HASH,
		.key_size = 4,
		.value_size = 4,
		.entries = (uint32_t)e->target->process_count + 1,
	});
	n->counted = n->own_counted;
	for (size_t i = 0; n->counted >= 0 && !code && i < e->target->process_count; i++) {
		uint32_t pid = (uint32_t)e->target->processes[i].pid;

		code = sys_map_update(n->counted, &pid, &pid);
	}
	return n->counted < 0 ? n->counted : code;
}

static int open_maps(struct news *n)
{
	n->map = sys_map_create(&(struct sys_map){
		.name = "tt_news",
		.type = BPF_MAP_TYPE_HASH,
		.key_size = sizeof(struct news_key),
		.value_size = 8,
		.entries = NEWS_KEYS,
	});
	if (n->map < 0)
		return n->map;
	n->ring = sys_map_create(&(struct sys_map){
		.name = "tt_bell",
		.type = BPF_MAP_TYPE_RINGBUF,
		.entries = (uint32_t)sysconf(_SC_PAGESIZE),
	});
	return n->ring < 0 ? n->ring : map_bell(n);
}

void news_start(struct kernel *e, struct warnings *warnings)
{
	struct news *n = &e->news;
	struct error err;
	int code;

	n->map = n->ring = n->program = n->own_counted = -1;
	n->own = n->shared = MAP_FAILED;
	n->ip = offsetof(struct user_regs_struct, rip);
	if (!e->plan->grows)
		return;
	n->open = true;
	code = open_maps(n);
	if (!code)
		code = count_processes(e);
	if (!code) {
		n->program = load_library_program(e, true, true);
		if (n->program < 0)
			n->program = load_library_program(e, true, false);
		if (n->program < 0)
			n->program = load_library_program(e, false, false);
		code = n->program < 0 ? n->program : attach_exec(e, &err);
		if (!code && n->own_counted < 0)
			code = attach_fork_news(e, &err);
	}
	if (!code)
		return;
	warn(warnings, "libraries that the target loads later are not noticed: %s", strerror(-code));
	news_close(e);
}

/* Nobody waits any longer. */
void news_stop(struct kernel *e)
{
	struct news_key key;

	while (e->news.open && !sys_map_next(e->news.map, NULL, &key))
		sys_map_delete(e->news.map, &key);
}

void news_close(struct kernel *e)
{
	struct news *n = &e->news;
	const int fds[] = {n->map, n->ring, n->program, n->own_counted};

	if (!n->open)
		return;
	news_stop(e);
	if (n->own != MAP_FAILED)
		munmap(n->own, n->page);
	if (n->shared != MAP_FAILED)
		munmap(n->shared, n->page);
	for (size_t i = 0; i < COUNT(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(n->watched);
	n->watched = NULL;
	n->watched_count = n->watched_room = 0;
	n->open = false;
}

bool news_next(struct kernel *e, pid_t *pid)
{
	struct news *n = &e->news;

	if (!n->open)
		return false;
	hear(n);
	do {
		if (sys_map_next(n->map, NULL, &n->key) ||
		    sys_map_lookup(n->map, &n->key, &n->asked))
			return false;
		/* It does not wait, so that what it says meanwhile must not be lost. */
		if (n->key.what != NEWS_LIBRARY)
			sys_map_delete(n->map, &n->key);
		if (n->key.what == NEWS_CHILD)
			watch_children(e);
	} while (n->key.what == NEWS_CHILD);
	*pid = (pid_t)n->key.pid;
	return true;
}

bool news_go_on(struct kernel *e)
{
	struct news *n = &e->news;
	struct timespec now;
	uint64_t asked;

	if (n->key.what != NEWS_LIBRARY)
		return true;
	/* One that gave up waiting, and asks again by now, must be heard again. */
	if (!sys_map_lookup(n->map, &n->key, &asked) && asked == n->asked)
		sys_map_delete(n->map, &n->key);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec - n->asked < NEWS_WAIT;
}
