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

/*
 * 1 when the needle's `length` bytes are somewhere in the haystack's `room` bytes. Looks at 8 bytes at
 * a time, up to 7 behind the end of both, which must be there.
 */
__u64 tt_contains(const char *hay, __u64 room, const char *needle, __u64 length, __u64 most)
{
	for (__u64 i = 0; i <= room; i++) {
		__u64 differ = 0;

		for (__u64 k = 0; k < most; k += 8) {
			__u64 left = length > k ? length - k : 0;
			__u64 mask = left >= 8 ? ~(__u64)0 : ((__u64)1 << (left & 7) * 8) - 1;

			/* Beyond the haystack are zeros, and none is in the needle. */
			if (i + k > room)
				differ |= mask;
			else
				differ |= (*(const __u64 *)(hay + i + k) ^
					   *(const __u64 *)(needle + k)) & mask;
		}
		if (!differ)
			return 1;
	}
	return 0;
}
