/* Texts that are in the kernel's memory already. Behind their lengths they are all zeros. */
#include "bpf/abi.h"

/* Bytes before the NUL, at most `most`. */
__u64 tt_length(const char *text, __u64 most)
{
	__u64 length = 0;

	while (length < most && text[length])
		length++;
	return length;
}

/* 1 when `bytes` bytes, a multiple of 8, are the same. */
__u64 tt_same(const __u64 *a, const __u64 *b, __u64 bytes)
{
	for (__u64 i = 0; i < bytes / 8; i++)
		if (a[i] != b[i])
			return 0;
	return 1;
}

/* As strncmp(3). */
__s64 tt_compare(const unsigned char *a, const unsigned char *b, __u64 most)
{
	for (__u64 i = 0; i < most; i++) {
		if (a[i] != b[i])
			return (__s64)a[i] - (__s64)b[i];
		if (!a[i])
			break;
	}
	return 0;
}

/* Ones over the bytes of word `word` that a text of that length has. Without a jump: the verifier would
 * follow both ways of each, in all combinations. */
static inline __attribute__((always_inline)) __u64 mask_of(__u64 length, __u64 word)
{
	__s64 left = (__s64)(length - word * 8);
	__s64 whole = (7 - left) >> 63, none = left >> 63;

	return (whole | (((__u64)1 << (left & 7) * 8) - 1)) & ~none;
}

/*
 * A search may end behind every 16th place only: the verifier, which walks all places, keeps each way
 * out in mind, and has room for 8192 of them in a program.
 */
enum { PLACES = 16 };

static inline __attribute__((always_inline)) __u64 is_zero(__u64 value)
{
	return ~(value | -value) >> 63;
}

/* Ones when the place is behind the text. */
static inline __attribute__((always_inline)) __u64 is_behind(__u64 place, __u64 length)
{
	return (__u64)((__s64)(length - place) >> 63);
}

static inline __attribute__((always_inline)) __u64
contains_word(const struct abi_text *hay, __u64 room, __u64 needle, __u64 mask)
{
	__u64 found = 0, i = 0;

	needle &= mask;
	while (i < room && !(found | is_behind(i, hay->length)))
		for (__u64 end = i + PLACES; i < end && i < room; i++)
			found |= is_zero((*(const __u64 *)(hay->bytes + i) & mask) ^ needle);
	return found;
}

/*
 * 1 when the needle's `length` bytes are in the haystack, which is zeros behind its text, at most `room`
 * bytes. Looks at 8 bytes at a time, so behind the room there must be as many more as the needle may have.
 */
__u64 tt_contains(const struct abi_text *hay, __u64 room, const char *needle, __u64 length, __u64 words)
{
	__u64 masks[ABI_NEEDLE / 8], found = 0, i = 0;

	if (!length)
		return 1;
	if (words == 1)
		return contains_word(hay, room, *(const __u64 *)needle, mask_of(length, 0));
	for (__u64 k = 0; k < words; k++)
		masks[k & 7] = mask_of(length, k);
	while (i < room && !(found | is_behind(i, hay->length)))
		for (__u64 end = i + PLACES; i < end && i < room; i++) {
			__u64 differ = 0;

			for (__u64 k = 0; k < words; k++)
				differ |= (*(const __u64 *)(hay->bytes + i + k * 8) ^
					   *(const __u64 *)(needle + k * 8)) & masks[k & 7];
			found |= is_zero(differ);
		}
	return found;
}
