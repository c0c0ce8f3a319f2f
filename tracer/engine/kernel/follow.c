/*
 * Owns which processes a followed program counts: those of the target, and what they fork from the
 * attach on. uprobe_multi and perf events know one process and its threads only, so the sites are
 * attached for every process, the program looks its process up in a map, and two programs on the
 * scheduler's raw tracepoints (4.17) keep that map: sched_process_fork runs as the parent and has
 * the child as its second argument, sched_process_exit runs as the thread that ends.
 */
#include "code.h"
#include "features.h"
#include "kernel.h"
#include "process/target.h"
#include "types/types.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TGID_UNKNOWN = -1,
	FIRST_PID_NAMESPACE = 0xEFFFFFFC, /* PROC_PID_INIT_INO, include/linux/proc_ns.h */
	PARENT = -4, CHILD = -8,	  /* places on the stack */
};

/* Where struct task_struct has tgid; asked for once. */
static int task_tgid = TGID_UNKNOWN;

/* BPF sees the numbers of the first namespace; the map would hold those of another. */
static bool can_number(struct error *err)
{
	struct stat namespace;

	if (!stat("/proc/self/ns/pid", &namespace) && namespace.st_ino == FIRST_PID_NAMESPACE)
		return true;
	error_set(err, -EOPNOTSUPP, "telltale runs in a namespace of processes");
	return false;
}

int kernel_can_follow(struct error *err)
{
	if (!can_number(err))
		return err->code;
	if (task_tgid == TGID_UNKNOWN)
		task_tgid = kernel_member("task_struct", "tgid", err);
	return task_tgid < 0 ? err->code : 0;
}

int follow_tgid(void)
{
	return task_tgid;
}

int tracepoint_attach(struct kernel *e, const char *tracepoint, const struct bpf_insn *insns,
		      size_t count, struct error *err)
{
	struct sys_program program = {.name = "follow", .type = BPF_PROG_TYPE_RAW_TRACEPOINT,
				      .insns = insns, .insn_count = count};
	int fd = sys_program_load(&program), link;
	struct kernel_link *slot;

	if (fd < 0)
		return error_set(err, fd, "the kernel refused the program at %s: %s", tracepoint,
				 strerror(-fd));
	link = sys_raw_tracepoint(tracepoint, fd);
	close(fd);
	if (link < 0)
		return error_set(err, link, "%s can't be attached: %s", tracepoint, strerror(-link));
	slot = array_add(&e->links, &e->link_count, &e->link_room, sizeof(*slot));
	if (!slot) {
		close(link);
		return error_memory(err);
	}
	*slot = (struct kernel_link){link, -1};
	return 0;
}

/* if (map[current's tgid]) map[child->tgid] = anything; a new thread changes nothing by that. */
static int attach_fork(struct kernel *e, int map, struct error *err)
{
	const struct bpf_insn insns[] = {
		LOAD(6, 1, 8),
		HELPER(BPF_FUNC_get_current_pid_tgid),
		VALUE(BPF_RSH, 0, 32),
		STORE32(PARENT, 0),
		MAP(1, map),
		REGISTER(BPF_MOV, 2, 10),
		VALUE(BPF_ADD, 2, PARENT),
		HELPER(BPF_FUNC_map_lookup_elem),
		BRANCH_K(BPF_JEQ, 0, 0, 13),
		REGISTER(BPF_MOV, 1, 10),
		VALUE(BPF_ADD, 1, CHILD),
		VALUE(BPF_MOV, 2, 4),
		REGISTER(BPF_MOV, 3, 6),
		VALUE(BPF_ADD, 3, task_tgid),
		HELPER(BPF_FUNC_probe_read_kernel),
		MAP(1, map),
		REGISTER(BPF_MOV, 2, 10),
		VALUE(BPF_ADD, 2, CHILD),
		REGISTER(BPF_MOV, 3, 2),
		VALUE(BPF_MOV, 4, BPF_ANY),
		HELPER(BPF_FUNC_map_update_elem),
		VALUE(BPF_MOV, 0, 0),
		EXIT,
	};

	return tracepoint_attach(e, "sched_process_fork", insns, sizeof(insns) / sizeof(*insns), err);
}

/* A process is over with its first thread; its number may be another's soon. */
static int attach_exit(struct kernel *e, int map, struct error *err)
{
	const struct bpf_insn insns[] = {
		HELPER(BPF_FUNC_get_current_pid_tgid),
		REGISTER(BPF_MOV, 1, 0),
		VALUE(BPF_LSH, 1, 32),
		VALUE(BPF_RSH, 1, 32),
		VALUE(BPF_RSH, 0, 32),
		BRANCH_X(BPF_JNE, 0, 1, 6),
		STORE32(PARENT, 0),
		MAP(1, map),
		REGISTER(BPF_MOV, 2, 10),
		VALUE(BPF_ADD, 2, PARENT),
		HELPER(BPF_FUNC_map_delete_elem),
		VALUE(BPF_MOV, 0, 0),
		EXIT,
	};

	return tracepoint_attach(e, "sched_process_exit", insns, sizeof(insns) / sizeof(*insns), err);
}

/*
 * Behind the sites: those on the end of a process are hit before it is forgotten. One that ends
 * before this stays in the map; its number comes again when all others have been given.
 */
int follow_ends(struct kernel *e, struct error *err)
{
	const struct plan_map *plan = plan_map_of(e->plan, PLAN_MAP_FOLLOWED);

	return plan ? attach_exit(e, e->maps[plan - e->plan->maps].fd, err) : 0;
}

/* First the program, then the numbers: no child is born unseen between. */
int follow_start(struct kernel *e, struct error *err)
{
	const struct plan_map *plan = plan_map_of(e->plan, PLAN_MAP_FOLLOWED);
	int map, code;

	if (!plan)
		return 0;
	map = e->maps[plan - e->plan->maps].fd;
	code = can_number(err) ? 0 : err->code;
	if (!code && plan->children)
		code = kernel_can_follow(err);
	if (!code && plan->children)
		code = attach_fork(e, map, err);
	for (size_t i = 0; !code && i < e->target->process_count; i++) {
		uint32_t pid = (uint32_t)e->target->processes[i].pid;

		code = sys_map_update(map, &pid, &pid);
		if (code)
			error_set(err, code, "process %u can't be followed: %s", pid,
				  strerror(-code));
	}
	return code;
}
