/*
 * Arguments whose place is data: for probes with so many different operands that code for each
 * would not fit. Struct abi_recipe says what the fields mean.
 */
#include "bpf/abi.h"

#include <linux/bpf.h>
#include <linux/ptrace.h>

static long (*read_user)(void *, __u32, const void *) = (void *)BPF_FUNC_probe_read_user;
static long (*read_kernel)(void *, __u32, const void *) = (void *)BPF_FUNC_probe_read_kernel;
static long (*copy_user)(void *, __u32, const void *) = (void *)BPF_FUNC_copy_from_user;
static long (*read_vector)(void *, __u64, __u64, __u64) = (void *)ABI_HELPER_VECTOR;
static __u64 (*current_task)(void) = (void *)BPF_FUNC_get_current_task;

static inline __attribute__((always_inline)) __u64 saved_register(const char *context, __s16 offset)
{
	__u64 value = 0;

	if (offset >= 0)
		read_kernel(&value, sizeof(value), context + offset);
	return value;
}

static inline __attribute__((always_inline)) __u64 cut(__u64 value, const struct abi_recipe *recipe)
{
	__u64 left = (64 - recipe->bits) & 63;

	value <<= left;
	return recipe->is_signed ? (__u64)((__s64)value >> left) : value >> left;
}

/* Where the thread's own memory is; `member` is the place in the kernel's task_struct. 0: unknown. */
static inline __attribute__((always_inline)) __u64 thread_pointer(__u64 member, __u8 origin)
{
	__u64 value = 0;

	if (read_kernel(&value, sizeof(value), (const void *)(current_task() + member)))
		return 0;
	if (origin == ABI_THREAD32) /* a descriptor; its base is in two parts */
		value = (value >> 16 & 0xffffff) | (value >> 32 & 0xff000000);
	return value;
}

/* Reads one argument into *result; 0, or -1 when it can't be had. */
__u64 tt_fetch(const char *context, const struct abi_recipe *recipe, __u64 *result, __u64 member)
{
	__u64 address = saved_register(context, recipe->base), origin = 0;
	__u64 room[4] = {0}; /* for as many bytes as the verifier thinks there could be */
	__u32 bytes = recipe->bits / 8;

	*result = 0;
	switch (recipe->source) {
	case ABI_CONST:
		*result = recipe->value;
		return 0;
	case ABI_REGISTER:
		*result = cut(address >> (recipe->shift & 63), recipe);
		return 0;
	case ABI_VECTOR:
		if (bytes > sizeof(*room) ||
		    read_vector(room, bytes, (__u64)recipe->base, recipe->shift / 8))
			return -1;
		*result = cut(room[0], recipe);
		return 0;
	case ABI_MEMORY:
	case ABI_ADDRESS:
		break;
	default:
		return -1;
	}
	if (recipe->origin == ABI_PC) {
		origin = saved_register(context, __builtin_offsetof(struct pt_regs, rip));
	} else if (recipe->origin != ABI_ZERO) {
		origin = thread_pointer(member, recipe->origin);
		if (!origin)
			return -1;
	}
	address += saved_register(context, recipe->index) << (recipe->scale_shift & 63);
	address += recipe->value + origin;
	if (recipe->narrow)
		address &= 0xffffffff;
	if (recipe->source == ABI_ADDRESS) {
		*result = cut(address, recipe);
		return 0;
	}
	if (bytes > sizeof(*room) || (read_user(room, bytes, (const void *)address) &&
				      copy_user(room, bytes, (const void *)address)))
		return -1;
	*result = cut(room[0], recipe);
	return 0;
}
