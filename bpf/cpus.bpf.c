/*
 * What all CPUs together have seen of a key, in a map that has a value for each: as the reader
 * merges them (tracer/engine/merge.c, tracer/output/map.c). The map and the key are the caller's.
 */
#include "bpf/abi.h"

#include <linux/bpf.h>

static void *(*value_of_cpu)(void *, const void *, __u32) = (void *)BPF_FUNC_map_lookup_percpu_elem;

__u64 tt_cpus_sum(void *map, const void *key, __u32 cpus)
{
	__u64 sum = 0;

	for (__u32 cpu = 0; cpu < cpus; cpu++) {
		const __u64 *value = value_of_cpu(map, key, cpu);

		if (value)
			sum += *value;
	}
	return sum;
}

/* The value that the greatest rank stands for; 0 where no CPU has one yet. */
__u64 tt_cpus_extreme(void *map, const void *key, __u32 cpus, __u64 rank)
{
	__u64 best = 0, seen = 0;

	for (__u32 cpu = 0; cpu < cpus; cpu++) {
		const struct abi_extreme *value = value_of_cpu(map, key, cpu);

		if (!value || !value->set || value->value < best)
			continue;
		best = value->value;
		seen = 1;
	}
	return seen ? best ^ rank : 0;
}

enum { LOW_BITS = 32 };

/* high * 2^32 + low, by count: towards 0, as C divides. */
__u64 tt_average(__u64 high, __u64 low, __u64 count, __u64 is_signed)
{
	__u64 rest, result, negative;

	if (!count)
		return 0;
	high += low >> LOW_BITS;
	low &= ((__u64)1 << LOW_BITS) - 1;
	negative = is_signed ? high >> 63 : 0;
	if (negative) {
		low = ((__u64)1 << LOW_BITS) - low;
		high = ~high + (low >> LOW_BITS);
		low &= ((__u64)1 << LOW_BITS) - 1;
	}
	result = high / count;
	rest = high % count;
	/* One bit a round. No jump in it depends on data, or the verifier would go all ways. */
	for (int i = 0; i < LOW_BITS; i++) {
		__u64 less;

		rest = (rest << 1 | (low >> (LOW_BITS - 1) & 1)) - count;
		low <<= 1;
		less = (__u64)((__s64)rest >> 63); /* all ones: it does not go in once more */
		__asm__ volatile("" : "+r"(less));
		rest += count & less;
		result = result << 1 | (less + 1);
	}
	return negative ? -result : result;
}

__u64 tt_cpus_average(void *map, const void *key, __u32 cpus, __u64 is_signed)
{
	__u64 high = 0, low = 0, count = 0;

	for (__u32 cpu = 0; cpu < cpus; cpu++) {
		const struct abi_average *value = value_of_cpu(map, key, cpu);

		if (!value)
			continue;
		count += value->count;
		low += value->low;
		high += value->high;
	}
	return tt_average(high, low, count, is_signed);
}
