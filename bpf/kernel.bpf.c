/*
 * Memory in probes of the kernel: its own, such as a tracepoint's record, and what a pointer there
 * leads to, which may be the kernel's or the process's. No program of the kernel's probes can wait
 * for a page. Programs at the process's own code never come here: a pointer that a process chose is
 * not to show the kernel's memory.
 */
#include "bpf/abi.h"

#include <linux/bpf.h>

static long (*read_user)(void *, __u32, const void *) = (void *)BPF_FUNC_probe_read_user;
static long (*text_user)(void *, __u32, const void *) = (void *)BPF_FUNC_probe_read_user_str;
static long (*read_kernel)(void *, __u32, const void *) = (void *)BPF_FUNC_probe_read_kernel;
static long (*text_kernel)(void *, __u32, const void *) = (void *)BPF_FUNC_probe_read_kernel_str;

/* 0, or negative. */
__s64 tt_kernel_read(void *to, __u32 size, const void *from)
{
	return read_kernel(to, size, from);
}

/* The length with the NUL, or negative. */
__s64 tt_kernel_text(void *to, __u32 size, const void *from)
{
	return text_kernel(to, size, from);
}

/* The kernel has the upper half of the addresses. */
__s64 tt_any_read(void *to, __u32 size, __u64 address)
{
	return (__s64)address < 0 ? read_kernel(to, size, (const void *)address)
				  : read_user(to, size, (const void *)address);
}

__s64 tt_any_text(void *to, __u32 size, __u64 address)
{
	return (__s64)address < 0 ? text_kernel(to, size, (const void *)address)
				  : text_user(to, size, (const void *)address);
}
