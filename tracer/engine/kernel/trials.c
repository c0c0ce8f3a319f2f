/*
 * Owns the trials of features: each finds out with one or two system calls whether this kernel has
 * something and this user may have it, and returns 0 or -errno. Nothing is concluded from the
 * kernel's version, since distributions carry features back.
 */
#include "trials.h"

#include "features.h"
#include "functions.h"
#include "kernel.h"
#include "types/types.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- of BPF and uprobes ---- */

static const struct bpf_insn return_zero[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
        {.code = BPF_JMP | BPF_EXIT},
};

static int try_load(const struct bpf_insn *insns, size_t count, uint32_t attach_type,
                    bool sleepable)
{
	struct sys_program program = {
	        .name = "telltale_try",
	        .type = BPF_PROG_TYPE_KPROBE,
	        .attach_type = attach_type,
	        .sleepable = sleepable,
	        .insns = insns,
	        .insn_count = count,
	};

	return sys_program_load(&program);
}

int trial_program(unsigned attach_type)
{
	return try_load(return_zero, 2, attach_type, false);
}

int feature_trial_program(void)
{
	struct sys_program program = {
	        .name = "telltale_try",
	        .type = BPF_PROG_TYPE_RAW_TRACEPOINT,
	        .insns = return_zero,
	        .insn_count = 2,
	};

	return sys_program_load(&program);
}

static int close_if_open(int fd)
{
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* CAP_BPF and CAP_PERFMON since 5.8, CAP_SYS_ADMIN before. */
int try_bpf(void)
{
	return close_if_open(try_load(return_zero, 2, 0, false));
}

bool feature_uprobe_pmu(struct uprobe_pmu *pmu)
{
	static const char folder[] = "/sys/bus/event_source/devices/uprobe";
	char path[128], text[64];
	long type;
	int bit;

	*pmu = (struct uprobe_pmu){.type = -1, .ref_ctr_shift = -1};
	snprintf(path, sizeof(path), "%s/type", folder);
	if (!small_number(path, &type))
		return false;
	pmu->type = (int)type;
	snprintf(path, sizeof(path), "%s/format/retprobe", folder);
	if (small_text(path, text, sizeof(text)) && sscanf(text, "config:%d", &bit) == 1)
		pmu->return_bit = bit;
	snprintf(path, sizeof(path), "%s/format/ref_ctr_offset", folder);
	if (small_text(path, text, sizeof(text)) && sscanf(text, "config:%d-", &bit) == 1)
		pmu->ref_ctr_shift = bit;
	return true;
}

/* On a folder, which no kernel accepts (EINVAL) but which is looked at after the permissions. */
int try_uprobe(void)
{
	struct sys_uprobe uprobe = {.path = "/", .cpu = first_cpu()};
	struct uprobe_pmu pmu;
	int code;

	if (!feature_uprobe_pmu(&pmu))
		return -EOPNOTSUPP;
	uprobe.type = pmu.type;
	code = sys_perf_uprobe(&uprobe);
	return code == -EINVAL ? 0 : close_if_open(code);
}

static bool multi_pid_right; /* the link means processes by its pids, not threads */

/*
 * A link on a folder. A kernel that has such links looks at the file (EBADF); one before 6.6 does not
 * know what is meant (EINVAL), at the program's loading or, as 6.1 does, only at the link. Then
 * once more with pid -1: a kernel that takes pids for processes refuses it first (EINVAL), one that
 * takes them for threads looks at the file: torvalds/linux 46ba0e49b642.
 */
int try_uprobe_multi(void)
{
	uint64_t offset = 0;
	struct sys_uprobe_multi multi = {.path = "/", .offsets = &offset, .count = 1};
	int program = try_load(return_zero, 2, SYS_TRACE_UPROBE_MULTI, false), code;

	if (program < 0)
		return program;
	code = sys_link_uprobe_multi(program, &multi);
	if (code == -EBADF) {
		multi.pid = -1;
		multi_pid_right = sys_link_uprobe_multi(program, &multi) == -EINVAL;
	}
	close(program);
	if (code == -EBADF)
		return 0;
	return code == -EINVAL ? -EOPNOTSUPP : close_if_open(code);
}

int try_multi_pid(void)
{
	return feature(FEATURE_UPROBE_MULTI)->present && multi_pid_right ? 0 : -EOPNOTSUPP;
}

int try_ref_ctr(void)
{
	struct uprobe_pmu pmu;

	return feature_uprobe_pmu(&pmu) && pmu.ref_ctr_shift >= 0 ? 0 : -EOPNOTSUPP;
}

/* bpf_get_attach_cookie() came with cookies; the verifier refuses helpers that it does not know. */
int try_cookie(void)
{
	const struct bpf_insn insns[] = {
	        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_attach_cookie},
	        {.code = BPF_JMP | BPF_EXIT},
	};

	return close_if_open(try_load(insns, 2, 0, false));
}

int try_ringbuf(void)
{
	struct sys_map map = {
	        .name = "telltale_try",
	        .type = BPF_MAP_TYPE_RINGBUF,
	        .entries = (uint32_t)sysconf(_SC_PAGESIZE),
	};

	return close_if_open(sys_map_create(&map));
}

int try_sleepable(void)
{
	return close_if_open(try_load(return_zero, 2, 0, true));
}

/* ---- of the kernel's own probes ---- */

/* A number that no tracepoint has: EINVAL is said of it, and ENOENT where there are none at all. */
int try_tracepoint(void)
{
	int code = sys_perf_event(PERF_TYPE_TRACEPOINT, UINT32_MAX, 0, first_cpu());

	return code == -EINVAL ? 0 : close_if_open(code);
}

/* The name is looked for after the permissions. */
int try_raw_tracepoint(void)
{
	struct sys_program program = {.name = "telltale_try", .type = BPF_PROG_TYPE_RAW_TRACEPOINT,
	                              .insns = return_zero, .insn_count = 2};
	int fd = sys_program_load(&program), code;

	if (fd < 0)
		return fd;
	code = sys_raw_tracepoint("telltale_try", fd);
	close(fd);
	return code == -ENOENT ? 0 : close_if_open(code);
}

/* To load a program for a function of the kernel's types, one that every kernel with them has. */
static int try_typed(enum bpf_attach_type type, const char *function)
{
	struct sys_program program = {.name = "telltale_try", .type = BPF_PROG_TYPE_TRACING,
	                              .attach_type = type, .insns = return_zero, .insn_count = 2};
	struct error err;
	int number = kernel_function(function, &err), fd, code;

	if (number < 0)
		return number;
	program.function = (uint32_t)number;
	fd = sys_program_load(&program);
	if (fd < 0)
		return fd;
	code = type == BPF_TRACE_ITER ? sys_link_iterator(fd) : sys_raw_tracepoint(NULL, fd);
	close(fd);
	return close_if_open(code);
}

int try_fentry(void)
{
	return try_typed(BPF_TRACE_FENTRY, "bpf_fentry_test1");
}

int try_iterator(void)
{
	return try_typed(BPF_TRACE_ITER, "bpf_iter_task");
}

int feature_kprobe_pmu(int *return_bit)
{
	static const char folder[] = "/sys/bus/event_source/devices/kprobe";
	char path[128], text[64];
	long type;

	*return_bit = 0;
	snprintf(path, sizeof(path), "%s/type", folder);
	if (!small_number(path, &type))
		return -EOPNOTSUPP;
	snprintf(path, sizeof(path), "%s/format/retprobe", folder);
	if (small_text(path, text, sizeof(text)))
		sscanf(text, "config:%d", return_bit);
	return (int)type;
}

/* A function that no kernel has, which is found out after the permissions. */
int try_kprobe(void)
{
	struct sys_kprobe kprobe = {.symbol = "telltale_try", .cpu = first_cpu()};
	int code;

	kprobe.type = feature_kprobe_pmu(&kprobe.return_bit);
	if (kprobe.type < 0)
		return kprobe.type;
	code = sys_perf_kprobe(&kprobe);
	return code == -EINVAL || code == -ENOENT || code == -EADDRNOTAVAIL ? 0
	                                                                     : close_if_open(code);
}

int try_kprobe_multi(void)
{
	const char *symbol = "telltale_try";
	struct sys_kprobe_multi multi = {.symbols = &symbol, .count = 1};
	int program = try_load(return_zero, 2, BPF_TRACE_KPROBE_MULTI, false), code;

	if (program < 0)
		return program;
	code = sys_link_kprobe_multi(program, &multi);
	close(program);
	return code == -ESRCH || code == -EINVAL || code == -ENOENT ? 0 : close_if_open(code);
}

int try_clock(void)
{
	return close_if_open(sys_perf_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, 1000000000,
	                                    first_cpu()));
}

int try_hardware(void)
{
	int code = sys_perf_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 1000000000,
	                          first_cpu());

	return code == -ENOENT ? -EOPNOTSUPP : close_if_open(code);
}

/* A place of our own where nothing happens. */
int try_watchpoint(void)
{
	static uint64_t watched;
	struct sys_watch watch = {.address = (uint64_t)(uintptr_t)&watched, .length = sizeof(watched),
	                          .mode = HW_BREAKPOINT_W, .cpu = first_cpu()};
	int code = sys_perf_watch(&watch);

	/* All that the processor has may be taken. */
	return code == -ENOENT || code == -ENODEV ? -EOPNOTSUPP : code == -ENOSPC ? 0 : close_if_open(code);
}

int try_atomics(void)
{
	const struct bpf_insn insns[] = {
	        {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	        {.code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = BPF_REG_10,
	         .src_reg = BPF_REG_0, .off = -8, .imm = BPF_ADD | BPF_FETCH},
	        {.code = BPF_JMP | BPF_EXIT},
	};

	return close_if_open(try_load(insns, 4, 0, false));
}

/*
 * The helpers are older; but before 6.2 they did not find a value, either, where a hit of another
 * thread was preempted while it asked for its own. What has the storage of cgroups looks again.
 */
int try_task_storage(void)
{
	struct sys_map map = {.name = "telltale_try", .type = SYS_MAP_CGROUP_STORAGE,
	                      .flags = BPF_F_NO_PREALLOC, .key_size = 4, .value_size = 8};
	int code = close_if_open(sys_map_create_carried(&map)), fd;
	struct bpf_insn insns[] = {
	        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_current_task_btf},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_0},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4},
	        {.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_1,
	         .src_reg = BPF_PSEUDO_MAP_FD},
	        {0},
	        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_task_storage_get},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	        {.code = BPF_JMP | BPF_EXIT},
	};

	if (code)
		return code;
	map.type = BPF_MAP_TYPE_TASK_STORAGE;
	fd = sys_map_create_carried(&map);
	if (fd < 0)
		return fd;
	insns[4].imm = fd;
	code = close_if_open(try_load(insns, sizeof(insns) / sizeof(*insns), 0, false));
	close(fd);
	return code == -EACCES ? -EOPNOTSUPP : code; /* the verifier's word, too */
}

/* An instruction of its own, which the verifier of an older kernel does not know. */
int try_may_goto(void)
{
	const struct bpf_insn insns[] = {
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	        {.code = PLAN_MAY_GOTO},
	        {.code = BPF_JMP | BPF_EXIT},
	};

	return close_if_open(try_load(insns, 3, 0, false));
}

/*
 * A program with a function that a helper is to call, and that asks for no more rounds. `first` is the
 * helper's first argument, with the register that says what it is.
 */
static int try_called(int helper, uint8_t source, int32_t first)
{
	const struct bpf_insn insns[] = {
	        {BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, source, 0, first},
	        {.code = 0},
	        {BPF_LD | BPF_IMM | BPF_DW, BPF_REG_2, BPF_PSEUDO_FUNC, 0, 6},
	        {.code = 0},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4},
	        {.code = BPF_JMP | BPF_CALL, .imm = helper},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	        {.code = BPF_JMP | BPF_EXIT},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
	        {.code = BPF_JMP | BPF_EXIT},
	};
	size_t count = sizeof(insns) / sizeof(*insns);
	struct sys_program program = {
	        .name = "telltale_try",
	        .type = BPF_PROG_TYPE_KPROBE,
	        .insns = insns,
	        .insn_count = count,
	};
	struct functions functions;
	struct error err;
	int code = functions_open(&functions, insns, count, &err);

	if (code)
		return code;
	functions_put(&functions, &program);
	code = close_if_open(sys_program_load(&program));
	functions_close(&functions);
	return code;
}

int try_called_loops(void)
{
	return try_called(BPF_FUNC_loop, 0, 1);
}

/* Over a map that is empty. */
int try_each(void)
{
	const struct sys_map map = {"telltale_try", BPF_MAP_TYPE_HASH, 0, 8, 8, 1};
	int fd = sys_map_create(&map), code;

	if (fd < 0)
		return fd;
	code = try_called(BPF_FUNC_for_each_map_elem, BPF_PSEUDO_MAP_FD, fd);
	close(fd);
	return code;
}

int try_cpu_values(void)
{
	const struct sys_map map = {"telltale_try", BPF_MAP_TYPE_PERCPU_ARRAY, 0, 4, 8, 1};
	int fd = sys_map_create(&map), code;
	const struct bpf_insn insns[] = {
	        {.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .off = -4},
	        {BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, fd},
	        {.code = 0},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10},
	        {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -4},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3},
	        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_percpu_elem},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	        {.code = BPF_JMP | BPF_EXIT},
	};

	if (fd < 0)
		return fd;
	code = close_if_open(try_load(insns, sizeof(insns) / sizeof(*insns), 0, false));
	close(fd);
	return code;
}

/* ---- of other processes ---- */

/* A matter of the capability: of a process that can do more than we can, even that is not enough. */
int try_processes(void)
{
	return has_capability(CAP_SYS_PTRACE) ? 0 : -EPERM;
}

/* Of ours any will do. */
int try_map_files(void)
{
	DIR *folder = opendir("/proc/self/map_files");
	struct dirent *entry = NULL;
	int fd = -1, code;

	if (!folder)
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	do
		entry = readdir(folder);
	while (entry && entry->d_name[0] == '.');
	if (entry)
		fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);
	code = fd >= 0 ? close_if_open(fd) : entry ? -errno : -EOPNOTSUPP;
	closedir(folder);
	return code;
}

/* Where addresses are hidden, all are 0. */
int try_kernel_names(void)
{
	char text[32];

	if (!small_text("/proc/kallsyms", text, sizeof(text)))
		return -EOPNOTSUPP;
	return strtoull(text, NULL, 16) ? 0 : -EPERM;
}

int try_children(void)
{
	struct error err;

	return kernel_can_follow(&err);
}
