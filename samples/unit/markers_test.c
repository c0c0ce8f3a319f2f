/*
 * A unit test that looks at markers, with cmocka: what the code under test says of itself is held to
 * what it should say. Build with what `pkg-config --cflags --libs telltale-test` says and -lcmocka.
 *
 *	markers_test		all of it passes
 *	markers_test fail	shows what a failure looks like
 */
#include <telltale.h>
#include <telltale_test.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- the code under test: a cache of one entry ---- */

static char cached[64];

static const char *look_up(const char *key)
{
	bool hit = !strcmp(cached, key);

	TELLTALE(cache, lookup, key, hit);
	if (!hit) {
		size_t length = strnlen(key, sizeof(cached) - 1);

		if (cached[0])
			TELLTALE(cache, evict, TELLTALE_ARG(key, (const char *)cached));
		memcpy(cached, key, length);
		cached[length] = '\0';
	}
	return cached;
}

/* ---- the tests ---- */

static struct tt_capture *capture;

static int begin(void **state)
{
	(void)state;
	cached[0] = '\0';
	capture = tt_capture_begin("cache:*");
	return capture ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	tt_capture_free(capture);
	return 0;
}

static void the_second_time_hits(void **state)
{
	(void)state;
	look_up("a");
	look_up("a");
	assert_int_equal(tt_capture_count(capture, "cache:lookup"), 2);
	assert_false(tt_event_uint(tt_capture_event(capture, "cache:lookup", 0), "hit"));
	assert_true(tt_event_uint(tt_capture_event(capture, "cache:lookup", 1), "hit"));
	assert_int_equal(tt_capture_count(capture, "cache:evict"), 0);
}

static void what_is_evicted_is_named(void **state)
{
	(void)state;
	look_up("a");
	look_up("b");
	assert_string_equal(tt_event_text(tt_capture_event(capture, "cache:evict", 0), "key"), "a");
}

static void nothing_is_ever_evicted(void **state)
{
	(void)state;
	look_up("a");
	look_up("b");
	if (tt_capture_count(capture, "cache:evict"))
		fail_msg("%s", tt_event_string(tt_capture_event(capture, "cache:evict", 0)));
}

static void a_key_has_a_size(void **state)
{
	(void)state;
	look_up("a");
	assert_int_equal(tt_event_int(tt_capture_event(capture, "cache:lookup", 0), "size"), 1);
}

/* A question that can't be answered fails the test, by cmocka's own means. */
static void fail_test(const char *message)
{
	fail_msg("%s", message);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest passing[] = {
		cmocka_unit_test_setup_teardown(the_second_time_hits, begin, end),
		cmocka_unit_test_setup_teardown(what_is_evicted_is_named, begin, end),
	};
	static const struct CMUnitTest failing[] = {
		cmocka_unit_test_setup_teardown(nothing_is_ever_evicted, begin, end),
		cmocka_unit_test_setup_teardown(a_key_has_a_size, begin, end),
	};

	tt_on_failure(fail_test);
	if (argc > 1 && !strcmp(argv[1], "fail"))
		return cmocka_run_group_tests(failing, NULL, NULL);
	return cmocka_run_group_tests(passing, NULL, NULL);
}
