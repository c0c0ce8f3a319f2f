/* min() and max(): compiled for a CPU that can compare and exchange (see the Makefile). */
#include "bpf/abi.h"

/* Each round that fails is one in which another hit on this CPU got further. */
enum { ROUNDS = 64 };

/* *place becomes `rank` where that is greater. */
__u64 tt_raise(__u64 *place, __u64 rank)
{
	for (int i = 0; i < ROUNDS; i++) {
		__u64 old = *(volatile __u64 *)place;

		if (old >= rank || __sync_val_compare_and_swap(place, old, rank) == old)
			return 0;
	}
	return 1;
}
