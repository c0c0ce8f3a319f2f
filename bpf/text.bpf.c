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
