/* The records of floor.bpf.c, which floor.c prints. */
#ifndef TESTS_BENCH_FLOOR_H
#define TESTS_BENCH_FLOOR_H

#include <linux/types.h>

enum { FLOOR_BUCKETS = 66, FLOOR_TEXT = 256 };

struct floor_ints {
	__s64 values[3];
};

struct floor_head {
	__u64 time;
	__u32 pid, tid, cpu;
	char comm[16];
};

struct floor_event {
	struct floor_head head;
	__s64 values[3];
};

struct floor_text {
	struct floor_head head;
	__s32 length; /* with the NUL, or negative */
	char text[FLOOR_TEXT];
};

#endif
