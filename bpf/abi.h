/*
 * What the BPF side and the tracer agree on: the layout of records, of the values of maps and of
 * recipes. Included by the BPF C of this folder and by tracer/; plain C types only.
 */
#ifndef TELLTALE_BPF_ABI_H
#define TELLTALE_BPF_ABI_H

#include <linux/types.h>

/*
 * A record in the ring buffer. The fields that the record's format names follow, each at the
 * offset that the plan gives. `unreadable` has bit N set when field N could not be read: its bytes
 * mean nothing then.
 */
struct abi_record {
	__u32 format;	  /* index into the plan's records */
	__u32 probe;	  /* index into the plan's probes */
	__u64 unreadable; /* one bit a field; a record has at most 64 fields */
};

/*
 * A text field: its length, then room for the plan's limit and two more bytes (one tells a text
 * that just fits from one that is cut, one is for the NUL).
 */
struct abi_text {
	__u32 length;	 /* bytes read, the NUL not counted; above the limit: the text was cut */
	__u32 cut;	 /* 1: it was cut before it came here, where the limit is wider; else 0 */
	char bytes[];
};

/* Bytes with a length of their own: `wanted` is what the program had, `length` what was read. */
struct abi_bytes {
	__u32 length;
	__u32 wanted;
	unsigned char bytes[];
};

enum { ABI_COMM = 16 }; /* bytes of a thread's name, TASK_COMM_LEN of the kernel */

/*
 * The bell: memory shared by the programs and the reader of the ring buffer. While the reader
 * sleeps without a time limit it sets `asleep`; the program whose record finds it set wakes the
 * reader. A reader that is awake looks by itself, every few milliseconds.
 */
struct abi_control {
	__u32 asleep;
	__u32 reserved;
};

/* Per probe, in one array map: what could not be delivered or read. Added to atomically. */
struct abi_trouble {
	__u64 lost;	  /* records without room in the ring buffer */
	__u64 unreadable; /* statements, and hits, that were given up since a value could not be read */
	__u64 full;	  /* keys that found no room in a map */
	__u64 endless;	  /* hits that were given up in a loop, at the kernel's limit */
	__u64 busy;	  /* hits that found no memory for their values: others on the CPU had it all */
};

/* Per call of a helper that may fail (run -k): how often it did, and what it last returned. */
struct abi_failure {
	__u64 count;
	__s64 code;
};

/*
 * Buckets of hist(): 0 holds negative values, 1 holds 0, and k + 2 holds 2^k up to 2^(k+1) - 1.
 * With b bits, each power of two is cut into 2^b buckets of one width: 1 + v holds v where that is
 * below 2^b, and 1 + 2^b + (k - b) * 2^b + s the s-th part of 2^k up to 2^(k+1) - 1.
 */
enum { ABI_HIST_BUCKETS = 66, ABI_HIST_BITS_MOST = 5 };
#define ABI_HIST_BUCKETS_OF(bits) (1 + (1u << (bits)) + ((64u - (bits)) << (bits)))

/* Buckets of lhist(): 0 below min, then one a step, the last at or above max. */
enum { ABI_LHIST_MOST = 1000 };

/*
 * Values of avg() and stats(). The sum is high * 2^32 + low: of each value its lower and its upper
 * 32 bits are added, so that nothing is carried and nothing is cut. `high` is signed by the plan.
 */
struct abi_average {
	__u64 count;
	__u64 low, high;
};

/*
 * Values of min() and max(): `set` tells a minimum of 0 from none yet. On a CPU `value` is a rank,
 * the value exclusive-or abi_rank(): the wanted one has the greatest, and the least is 0. So a single
 * atomic step does for all. Merged over CPUs it is the value.
 */
struct abi_extreme {
	__u64 value;
	__u64 set;
};

static inline __u64 abi_rank(int is_min, int is_signed)
{
	return (is_signed ? (__u64)1 << 63 : 0) ^ (is_min ? ~(__u64)0 : 0);
}

/* An integer whose sites do not agree whether its 64 bits have a sign. */
struct abi_integer {
	__u64 value;
	__u64 is_signed;
};

/* A network address: 4 bytes of it, or 16. */
struct abi_inet {
	__u64 family;
	__u8 bytes[16];
};

/* join(): texts with their NULs, a length in front (struct abi_text). */
enum { ABI_JOIN = 4096, ABI_JOIN_TEXT = 1024, ABI_JOIN_TEXTS = 32 };

enum { ABI_NEEDLE = 64 }; /* bytes that strcontains() looks for at the most */

enum { ABI_BOUNDS_MOST = 127 }; /* of bhist() */

/* An integer of more than 64 bits. */
struct abi_wide {
	__u64 low, high;
};

/*
 * An argument's place as data, for probes whose sites have too many different operands to be code.
 * Registers are offsets into struct pt_regs, -1 for none.
 */
enum abi_source {
	ABI_CONST,    /* value */
	ABI_REGISTER, /* base, shifted right by `shift` */
	ABI_MEMORY,   /* user memory at origin + base + (index << scale_shift) + value */
	ABI_ADDRESS,  /* that address itself */
	ABI_VECTOR,   /* vector register number `base`, shifted right by `shift` */
	ABI_NOWHERE,  /* can't be had */
	/* As code only: what a program of the kernel's own probes is given. */
	ABI_TYPED,    /* a pointer in it, at base, of a type that the verifier knows */
	ABI_PLACE,    /* its address + value */
	ABI_LOCATED,  /* its address + value + the 16 bits at base */
};

/*
 * What BPF does not have: long (void *to, size, number, offset) copies bytes of a vector register. The user
 * engine has it as a helper of this number; the kernel's engine lets the calls fail.
 */
enum { ABI_HELPER_VECTOR = 100001 };

enum abi_origin {
	ABI_ZERO,
	ABI_PC,	      /* the probe's address */
	ABI_THREAD,   /* the thread pointer: what %fs of a 64-bit program means */
	ABI_THREAD32, /* the same of a 32-bit program, %gs */
};

struct abi_recipe {
	__u64 value;
	__s16 base, index;
	__u8 source, origin;
	__u8 scale_shift;
	__u8 shift;
	__u8 bits; /* 8, 16, 32 or 64 */
	__u8 is_signed;
	__u8 narrow; /* the address has 32 bits */
	__u8 reserved[5];
};

#endif
