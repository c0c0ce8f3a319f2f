/* Buckets of histograms: pure functions of numbers. */
#include "bpf/abi.h"

/* The place of the highest bit. Halves the bits that are left, so it has no loop. */
static inline __attribute__((always_inline)) __u64 log2_of(__u64 value)
{
	__u64 log = 0;

	if (value >> 32) {
		value >>= 32;
		log += 32;
	}
	if (value >> 16) {
		value >>= 16;
		log += 16;
	}
	if (value >> 8) {
		value >>= 8;
		log += 8;
	}
	if (value >> 4) {
		value >>= 4;
		log += 4;
	}
	if (value >> 2) {
		value >>= 2;
		log += 2;
	}
	return log + (value >> 1);
}

/* The bucket of hist(): see ABI_HIST_BUCKETS. */
__u64 tt_log2_bucket(__u64 value, __u64 is_signed, __u64 bits)
{
	__u64 parts = 1ull << (bits & 63), shift;

	if (is_signed && (__s64)value < 0)
		return 0;
	if (value < parts)
		return value + 1;
	shift = log2_of(value) - bits;
	return 1 + parts + (shift << (bits & 63)) + ((value >> (shift & 63)) & (parts - 1));
}

/* The bucket of lhist(): 0 below min, 1 + (value - min) / step, the last one at or above max. */
__u64 tt_linear_bucket(__s64 value, __s64 min, __s64 max, __u64 step, __u64 is_signed)
{
	__u64 last = ((__u64)max - (__u64)min + step - 1) / step + 1;

	if (!is_signed && value < 0)
		return last; /* an unsigned value above every signed one */
	if (value < min)
		return 0;
	if (value >= max)
		return last;
	return ((__u64)value - (__u64)min) / step + 1;
}

/* The bucket of bhist(): how many bounds are not above the value. */
__u64 tt_custom_bucket(__s64 value, const __s64 *bounds, __u64 count, __u64 is_signed)
{
	__u64 bucket = 0;

	if (!is_signed && value < 0)
		return count; /* an unsigned value above every signed one */
	while (bucket < count && bounds[bucket] <= value)
		bucket++;
	return bucket;
}
