/* Sites with a ten-byte nop: which can be probed there, and that they are moved once and whole. */
#include "probe/fast.h"

#include "elf/file.h"
#include "probe_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const unsigned char nops[FAST_BYTES] = {0x90, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0};

static void test_bytes(void **state)
{
	unsigned char bytes[FAST_BYTES];

	(void)state;
	assert_true(site_is_fast(nops, 0x1000));
	for (int i = 0; i < FAST_BYTES; i++) {
		memcpy(bytes, nops, sizeof(bytes));
		bytes[i] ^= 1;
		assert_false(site_is_fast(bytes, 0x1000));
	}
}

/* The ten bytes behind the first must be in one page; the first may be in the page before. */
static void test_pages(void **state)
{
	(void)state;
	for (uint64_t offset = 0x2000 - 30; offset < 0x2000 + 30; offset++)
		assert_int_equal(site_is_fast(nops, offset),
				 offset + 1 >= 0x2000 || offset + 10 < 0x2000);
	assert_true(site_is_fast(nops, 0x1fff));
	assert_true(site_is_fast(nops, 0x1ff5));
	assert_false(site_is_fast(nops, 0x1ff6));
	assert_true(site_is_fast(nops, UINT64_MAX / 2 - 4095));
}

static int file_with(const unsigned char *bytes, size_t size, off_t at)
{
	FILE *file = tmpfile();
	int fd = file ? dup(fileno(file)) : -1;

	assert_true(fd >= 0);
	fclose(file);
	assert_int_equal(pwrite(fd, bytes, size, at), size);
	return fd;
}

static void test_move(void **state)
{
	struct target_file files[1] = {{.fd = file_with(nops, sizeof(nops), 0x1100)}};
	struct target target = {.files = files, .file_count = 1};
	struct probe_site sites[] = {
		{.address = 0x401100, .offset = 0x1100, .machine = EM_X86_64, .bits = 64},
		{.address = 0x401101, .offset = 0x1101, .machine = EM_X86_64, .bits = 64},
		{.address = 0x401100, .offset = 0x1100, .machine = EM_386, .bits = 32},
		{.address = 0x409000, .offset = 0x9000, .machine = EM_X86_64, .bits = 64},
	};
	struct probe probe = {.kind = PROBE_USDT, .sites = sites, .site_count = 4};
	struct probe_set set = {.items = &probe, .count = 1, .target = &target};

	(void)state;
	for (int times = 0; times < 2; times++) {
		probes_use_fast(&set);
		assert_int_equal(sites[0].address, 0x401101);
		assert_int_equal(sites[0].offset, 0x1101);
		assert_int_equal(sites[1].offset, 0x1101);
		assert_int_equal(sites[2].offset, 0x1100);
		assert_int_equal(sites[3].offset, 0x9000);
	}
	probe.kind = PROBE_UPROBE;
	sites[0].offset--;
	probes_use_fast(&set);
	assert_int_equal(sites[0].offset, 0x1100);
	close(files[0].fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
