/* Buckets of histograms: pure functions of numbers. */
#include "bpf/abi.h"

/* The bucket of hist(): see ABI_HIST_BUCKETS. Halves the bits that are left, so it has no loop. */
__u64 tt_log2_bucket(__u64 value, __u64 is_signed)
{
	__u64 log = 0;

	if (is_signed && (__s64)value < 0)
		return 0;
	if (!value)
		return 1;
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
	return log + (value >> 1) + 2;
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
