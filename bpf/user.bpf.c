/*
 * User memory: the quick way, and where it fails since the page is not resident, the way that
 * waits for it. A program that can't sleep has no bpf_copy_from_user(): the engine lets it fail.
 */
#include "bpf/abi.h"

#include <linux/bpf.h>

static long (*read_user)(void *, __u32, const void *) = (void *)BPF_FUNC_probe_read_user;
static long (*read_text)(void *, __u32, const void *) = (void *)BPF_FUNC_probe_read_user_str;
static long (*copy_user)(void *, __u32, const void *) = (void *)BPF_FUNC_copy_from_user;

enum { PAGE = 4096, PAGES_MOST = 3 }; /* texts have at most 4,098 bytes */

/* 0, or negative. */
__s64 tt_read(void *to, __u32 size, __u64 address)
{
	if (!read_user(to, size, (const void *)address))
		return 0;
	return copy_user(to, size, (const void *)address);
}

/* As bpf_probe_read_user_str(). Brings pages in one by one, each only when the text goes on there. */
__s64 tt_text(char *to, __u32 size, __u64 address)
{
	__s64 length = read_text(to, size, (const void *)address);
	char byte;

	for (int i = 0; i < PAGES_MOST && length <= 0; i++) {
		__u64 page = i ? (address & ~(__u64)(PAGE - 1)) + (__u64)i * PAGE : address;

		if (copy_user(&byte, 1, (const void *)page))
			break;
		length = read_text(to, size, (const void *)address);
	}
	return length;
}

/*
 * join(): the texts of an array of pointers, one behind the other with their NULs. Returns how many
 * bytes these are, and above bit 32 whether there is more than fits; or -1.
 */
__s64 tt_join(char *to, __u64 array)
{
	__u64 used = 0, text;

	for (int i = 0; i < ABI_JOIN_TEXTS; i++) {
		__s64 length;

		if (tt_read(&text, sizeof(text), array + i * sizeof(text)))
			return -1;
		if (!text)
			return (__s64)used;
		if (used > ABI_JOIN - ABI_JOIN_TEXT)
			break;
		length = tt_text(to + used, ABI_JOIN_TEXT, text);
		if (length <= 0)
			return -1;
		used += (__u64)length;
	}
	return (__s64)(used | (__u64)1 << 32);
}
