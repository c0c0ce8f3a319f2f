/*
 * The system calls of the kernel engine: bpf(2) and perf_event_open(2), without a library between,
 * since libbpf 1.1 knows no uprobe_multi, and since its own feature probing costs a dozen system
 * calls at start-up. Every function returns a descriptor or 0, or -errno.
 */
#ifndef TELLTALE_ENGINE_KERNEL_SYS_H
#define TELLTALE_ENGINE_KERNEL_SYS_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- maps ---- */

struct sys_map {
	const char *name;
	uint32_t type, flags, key_size, value_size, entries;
};

int sys_map_create(const struct sys_map *map);

/* One whose values threads (BPF_MAP_TYPE_TASK_STORAGE) or cgroups carry; the kernel wants to be told
 * the types of such a map: integers, the value one of 8 bytes. */
int sys_map_create_carried(const struct sys_map *map);
enum { SYS_MAP_CGROUP_STORAGE = 32 }; /* enum bpf_map_type, Linux 6.2; not in Debian 12's headers */
int sys_map_lookup(int fd, const void *key, void *value);
int sys_map_update(int fd, const void *key, const void *value);
int sys_map_delete(int fd, const void *key);
int sys_map_next(int fd, const void *key, void *next); /* key NULL: the first one */
int sys_map_freeze(int fd);

/* Many entries in one call, 5.6; *count is how many there are room for, then how many there were.
 * `from` is NULL at the start; 0: more may follow, -ENOENT: these were the last. */
int sys_map_lookup_batch(int fd, const void *from, void *to, void *keys, void *values,
                         uint32_t *count);
int sys_map_update_batch(int fd, const void *keys, const void *values, uint32_t count);

/* ---- programs ---- */

/* Attach type of programs for, and links over, many uprobes; Linux 6.6, enum bpf_attach_type in
 * include/uapi/linux/bpf.h. The headers of Debian 12 (6.1) end before it. */
enum { SYS_TRACE_UPROBE_MULTI = 48 };

struct sys_program {
	const char *name;
	enum bpf_prog_type type;
	uint32_t attach_type; /* expected_attach_type */
	uint32_t function;    /* in the kernel's BTF: which the program is for */
	int module_types;     /* or (above 0) in this BTF, 5.11 */
	bool sleepable;       /* BPF_F_SLEEPABLE */
	const struct bpf_insn *insns;
	size_t insn_count;
	int types; /* BTF, where there are functions */
	const struct bpf_func_info *functions;
	size_t function_count;
	char *log; /* or NULL */
	size_t log_size;
	bool log_states; /* what is known behind each instruction, too */
};

int sys_program_load(const struct sys_program *program);
/* The BTF of a module that is loaded. */
int sys_module_types(const char *module);
int sys_types_load(const void *btf, size_t size);
int sys_program_run(int fd); /* BPF_PROG_TEST_RUN of a raw tracepoint, 5.10 */

/* ---- links ---- */

/* Linux 6.6: struct link_create.uprobe_multi, include/uapi/linux/bpf.h. */
struct sys_uprobe_multi {
	const char *path;
	const uint64_t *offsets, *ref_ctr_offsets, *cookies; /* the last two may be NULL */
	size_t count;                                        /* at most SYS_MULTI_MOST */
	bool at_return;                                      /* BPF_F_UPROBE_MULTI_RETURN */
	pid_t pid;                                           /* 0: every process */
};

/* MAX_UPROBE_MULTI_CNT of kernel/trace/bpf_trace.c; more is refused with E2BIG. */
enum { SYS_MULTI_MOST = 1 << 20 };

int sys_link_uprobe_multi(int program, const struct sys_uprobe_multi *multi);
/* 5.18: one link over functions of the kernel. */
struct sys_kprobe_multi {
	const char *const *symbols;
	const uint64_t *cookies; /* or NULL */
	size_t count;
	bool at_return;
};

int sys_link_kprobe_multi(int program, const struct sys_kprobe_multi *multi);
/* 4.17; name NULL: the function that the program was loaded for, 5.5. */
int sys_raw_tracepoint(const char *name, int program);
/* An iterator, 5.8, and the file that runs its program when it is read. */
int sys_link_iterator(int program);
int sys_iterator(int link);
int sys_pin(int fd, const char *path);
int sys_link_perf_event(int program, int event, uint64_t cookie); /* 5.15 */

/* ---- perf events ---- */

struct sys_uprobe {
	int type;                      /* of the PMU "uprobe" */
	int return_bit, ref_ctr_shift; /* places in `config`; -1: the kernel has none */
	const char *path;
	uint64_t offset, ref_ctr_offset;
	bool at_return;
	pid_t pid; /* 0: every process */
	int cpu;   /* with every process: one that is online */
};

int sys_perf_uprobe(const struct sys_uprobe *uprobe);
/* What programs write to by bpf_perf_event_output() on that CPU; samples have a time by
 * CLOCK_MONOTONIC and the raw bytes. Readable once `watermark` bytes have come. */
int sys_perf_output(int cpu, uint32_t watermark);

/* A function of the kernel: `symbol`, and in it `offset`. */
struct sys_kprobe {
	int type;       /* of the PMU "kprobe" */
	int return_bit; /* in `config` */
	const char *symbol;
	uint64_t offset;
	bool at_return;
	int cpu;
};

int sys_perf_kprobe(const struct sys_kprobe *kprobe);
/* Any other, for every process on one CPU: PERF_TYPE_*, its `config`, and (0: none) its period. */
int sys_perf_event(uint32_t type, uint64_t config, uint64_t period, int cpu);
/* Bytes of memory on one CPU, in every process. */
struct sys_watch {
	uint64_t address, length;
	uint32_t mode; /* HW_BREAKPOINT_* */
	int cpu;
};

int sys_perf_watch(const struct sys_watch *watch);
/* Tells what processes map as code, become and fork, on that CPU; each with its time. */
int sys_perf_mappings(int cpu);
int sys_perf_set_program(int event, int program); /* the way before 5.15 */

#endif
