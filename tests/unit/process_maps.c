/* Lines of /proc/PID/maps, true and hostile. */
#include "process/maps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

/* In memory of its own size, so that the sanitizer sees a byte too far. */
static bool parse(const char *text, struct maps_line *line, char **copy)
{
	size_t length = strlen(text);

	*copy = malloc(length ? length : 1);
	assert_non_null(*copy);
	memcpy(*copy, text, length);
	return maps_parse(*copy, length, line);
}

static void test_usual(void **state)
{
	struct maps_line line;
	size_t length;
	char *copy;

	(void)state;
	assert_true(parse("5581c7c00000-5581c7c21000 r-xp 00002000 fd:01 262153     "
	                  "                /usr/bin/de mo",
	                  &line, &copy));
	assert_int_equal(line.start, 0x5581c7c00000);
	assert_int_equal(line.end, 0x5581c7c21000);
	assert_int_equal(line.offset, 0x2000);
	assert_int_equal(line.device, makedev(0xfd, 1));
	assert_int_equal(line.inode, 262153);
	assert_true(line.executable);
	assert_int_equal(line.path_length, strlen("/usr/bin/de mo"));
	assert_memory_equal(line.path, "/usr/bin/de mo", line.path_length);
	assert_true(maps_is_file(&line));
	assert_false(maps_is_deleted(&line, &length));
	assert_int_equal(length, line.path_length);
	free(copy);
}

static void test_kinds(void **state)
{
	static const struct {
		const char *path;
		bool file, deleted;
	} cases[] = {
	        {"/lib/x.so", true, false},
	        {"/lib/x.so (deleted)", true, true},
	        {" (deleted)", false, false},
	        {"/a\\012b", true, false},
	        {"/memfd:jit (deleted)", true, true},
	        {"/dev/shm/x", true, false},
	        {"/dev/dri/card0", false, false},
	        {"/dev/zero (deleted)", false, true},
	        {"/SYSV00000000 (deleted)", false, true},
	        {"[vdso]", false, false},
	        {"[heap]", false, false},
	        {"anon_inode:[perf_event]", false, false},
	        {"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct maps_line line;
		char text[256], *copy;
		size_t length;

		strcpy(text, "1000-2000 r-xp 0 00:00 5 ");
		strcat(text, cases[i].path);
		assert_true(parse(text, &line, &copy));
		assert_int_equal(maps_is_file(&line), cases[i].file);
		/* The space before it belongs to the columns. */
		if (*cases[i].path != ' ')
			assert_int_equal(maps_is_deleted(&line, &length), cases[i].deleted);
		free(copy);
	}
}

static void test_not_executable(void **state)
{
	struct maps_line line;
	char *copy;

	(void)state;
	assert_true(parse("1000-2000 rw-p 00000000 00:00 0 ", &line, &copy));
	assert_false(line.executable);
	assert_int_equal(line.path_length, 0);
	free(copy);
	assert_true(parse("1000-2000 rw-p 00000000 00:00 0", &line, &copy));
	assert_int_equal(line.path_length, 0);
	free(copy);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
	        "",
	        "-",
	        "1000",
	        "1000-",
	        "1000-2000",
	        "1000-2000 ",
	        "1000-2000 r-xp",
	        "1000-2000 r-xp ",
	        "1000-2000 r-x 0 0:0 0",
	        "1000-2000 r-xp 0 0:0",
	        "1000-2000 r-xp 0 0:0 ",
	        "1000-2000 r-xp 0 0:0 x",
	        "1000-2000 r-xp 0 0:0 1x",
	        "2000-1000 r-xp 0 0:0 1",
	        "1000-1000 r-xp 0 0:0 1",
	        "1000-2000 r-xp 0 100000000:0 1",
	        "10000000000000000-20000000000000000 r-xp 0 0:0 1",
	        "1000-2000 r-xp 0 0:0 18446744073709551616",
	        "Size:   4 kB",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct maps_line line;
		char *copy;

		assert_false(parse(bad[i], &line, &copy));
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_usual),
	        cmocka_unit_test(test_kinds),
	        cmocka_unit_test(test_not_executable),
	        cmocka_unit_test(test_bad),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
