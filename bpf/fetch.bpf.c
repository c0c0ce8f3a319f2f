/*
 * Arguments whose place is data: for probes with so many different operands that code for each
 * would not fit. Struct abi_recipe says what the fields mean.
 */
#include "bpf/abi.h"

#include <linux/bpf.h>
#include <linux/ptrace.h>

static long (*read_user)(void *, __u32, const void *) = (void *)BPF_FUNC_probe_read_user;
static long (*read_kernel)(void *, __u32, const void *) = (void *)BPF_FUNC_probe_read_kernel;

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

/* Reads one argument into *result; 0, or -1 when it can't be had. */
__u64 tt_fetch(const char *context, const struct abi_recipe *recipe, __u64 *result)
{
	__u64 base = saved_register(context, recipe->base);
	__u64 pc = saved_register(context, __builtin_offsetof(struct pt_regs, rip));
	__u64 address, value = 0;
	__u32 bytes = recipe->bits / 8;

	*result = 0;
	switch (recipe->source) {
	case ABI_CONST:
		*result = recipe->value;
		return 0;
	case ABI_REGISTER:
		*result = cut(base >> (recipe->shift & 63), recipe);
		return 0;
	case ABI_PC_ADDRESS:
		*result = cut(pc + recipe->value, recipe);
		return 0;
	case ABI_PC_MEMORY:
		address = pc + recipe->value;
		break;
	case ABI_MEMORY:
		address = base + recipe->value;
		address += saved_register(context, recipe->index) << (recipe->scale_shift & 63);
		if (recipe->narrow)
			address &= 0xffffffff;
		break;
	default:
		return -1;
	}
	if (bytes > sizeof(value) || read_user(&value, bytes, (const void *)address))
		return -1;
	*result = cut(value, recipe);
	return 0;
}
