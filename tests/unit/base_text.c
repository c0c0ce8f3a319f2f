/*
 * Globs, near names, UTF-8, escaping, numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/text.h"

static void globs(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
	        {"", "", true},
	        {"", "a", false},
	        {"*", "", true},
	        {"*", "abc", true},
	        {"a", "", false},
	        {"abc", "abc", true},
	        {"abc", "abcd", false},
	        {"a?c", "abc", true},
	        {"a?c", "ac", false},
	        {"?", "", false},
	        {"query__*", "query__start", true},
	        {"*__start", "query__start", true},
	        {"*__start", "query__started", false},
	        {"*a*b*c*", "xxaxxbxxcxx", true},
	        {"*a*b*c*", "xxaxxcxxbxx", false},
	        {"a**b", "ab", true},
	        {"[abc]", "b", true},
	        {"[abc]", "d", false},
	        {"[a-c]x", "bx", true},
	        {"[!a-c]", "d", true},
	        {"[^a-c]", "b", false},
	        {"[]]", "]", true},
	        {"[!]]", "]", false},
	        {"[a-]", "-", true},
	        {"[z-a]", "m", false},
	        {"[", "[", true},
	        {"[ab", "[ab", true},
	        {"[ab", "a", false},
	        {"[\xc0-\xff]", "\xe4", true},
	        {"*[0-9]", "probe7", true},
	        {"*[0-9]x", "7y7x", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (glob_match(rows[i].pattern, rows[i].text) != rows[i].matches)
			fail_msg("`%s' and `%s'", rows[i].pattern, rows[i].text);
	assert_true(glob_is_pattern("a*"));
	assert_true(glob_is_pattern("a?"));
	assert_true(glob_is_pattern("[a]"));
	assert_false(glob_is_pattern("a.b{c}"));
}

/* A pattern that backtracks without end elsewhere. */
static void glob_in_time(void **state)
{
	static char text[20001], pattern[201];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = i % 2 ? '*' : 'a';
	pattern[sizeof(pattern) - 1] = '\0';
	assert_true(glob_match(pattern, text));
	pattern[sizeof(pattern) - 2] = 'b';
	assert_false(glob_match(pattern, text));
}

static void distances(void **state)
{
	static char long_name[200];

	(void)state;
	assert_int_equal(text_distance("", ""), 0);
	assert_int_equal(text_distance("abc", "abc"), 0);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("abc", ""), 3);
	assert_int_equal(text_distance("abc", "abd"), 1);
	assert_int_equal(text_distance("abc", "acb"), 1);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	assert_int_equal(text_distance("query_start", "query__start"), 1);
	memset(long_name, 'x', 127);
	assert_int_equal(text_distance(long_name, ""), 127);
	assert_int_equal(text_distance(long_name, long_name), 0);
	long_name[127] = 'x';
	assert_int_equal(text_distance(long_name, "x"), 128);
	assert_int_equal(text_distance("x", long_name), 128);
}

static unsigned length_of(const char *bytes, size_t left)
{
	return utf8_length((const unsigned char *)bytes, left);
}

static void utf8(void **state)
{
	(void)state;
	assert_int_equal(length_of("", 0), 0);
	assert_int_equal(length_of("a", 1), 1);
	assert_int_equal(length_of("\0", 1), 1);
	assert_int_equal(length_of("\xc3\xa4", 2), 2);
	assert_int_equal(length_of("\xc3\xa4", 1), 0);
	assert_int_equal(length_of("\xe2\x82\xac", 3), 3);
	assert_int_equal(length_of("\xf0\x9f\x90\x98", 4), 4);
	assert_int_equal(length_of("\xf4\x8f\xbf\xbf", 4), 4);
	assert_int_equal(length_of("\xf4\x90\x80\x80", 4), 0); /* above U+10FFFF */
	assert_int_equal(length_of("\x80", 1), 0);
	assert_int_equal(length_of("\xc0\x80", 2), 0); /* overlong */
	assert_int_equal(length_of("\xc1\xbf", 2), 0);
	assert_int_equal(length_of("\xe0\x80\x80", 3), 0);
	assert_int_equal(length_of("\xf0\x80\x80\x80", 4), 0);
	assert_int_equal(length_of("\xed\xa0\x80", 3), 0); /* a surrogate */
	assert_int_equal(length_of("\xed\x9f\xbf", 3), 3);
	assert_int_equal(length_of("\xc3\x28", 2), 0);
	assert_int_equal(length_of("\xff", 1), 0);
}

static void expect_text(const char *bytes, size_t length, char quote, const char *expected)
{
	struct buffer b = {0};

	escape_text(&b, bytes, length, quote);
	assert_string_equal(buffer_string(&b), expected);
	buffer_free(&b);
}

static void escaped_text(void **state)
{
	(void)state;
	expect_text("", 0, 0, "");
	expect_text("plain \xc3\xa4", 8, 0, "plain \xc3\xa4");
	expect_text("a\nb\tc\rd", 7, 0, "a\\nb\\tc\\rd");
	expect_text("\x1b[2J\x7f", 5, 0, "\\x1b[2J\\x7f");
	expect_text("\0x", 2, 0, "\\x00x");
	expect_text("\xff\xfe", 2, 0, "\\xff\\xfe");
	expect_text("\xc2\x9b"
	            "1m",
	            4, 0, "\\xc2\\x9b1m"); /* CSI in one character */
	expect_text("\\\"'", 3, '"', "\\\\\\\"'");
	expect_text("\"", 1, 0, "\"");
}

static void expect_json(const char *bytes, size_t length, bool clean, const char *expected)
{
	struct buffer b = {0};

	assert_int_equal(escape_json(&b, bytes, length), clean);
	assert_string_equal(buffer_string(&b), expected);
	buffer_free(&b);
}

static void escaped_json(void **state)
{
	(void)state;
	expect_json("", 0, true, "\"\"");
	expect_json("a\"b\\c/", 6, true, "\"a\\\"b\\\\c/\"");
	expect_json("\n\t\r\b\f", 5, true, "\"\\n\\t\\r\\b\\f\"");
	expect_json("\xc2\x9b", 2, true, "\"\\u009b\"");
	expect_json("\0\x1f", 2, true, "\"\\u0000\\u001f\"");
	expect_json("\xf0\x9f\x90\x98", 4, true, "\"\xf0\x9f\x90\x98\"");
	expect_json("a\xff\x62", 3, false, "\"a\xef\xbf\xbd\x62\"");
	expect_json("\xe2\x82", 2, false, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void numbers(void **state)
{
	static const char *const bad[] = {"",     "-",
	                                  "+1",   " 1",
	                                  "1 ",   "0x",
	                                  "-0x",  "1x",
	                                  "0x-1", "9223372036854775808",
	                                  "0x1g", "1.5",
	                                  "--1",  "0x8000000000000000"};
	int64_t value;

	(void)state;
	assert_true(text_number("0", &value) && value == 0);
	assert_true(text_number("-12", &value) && value == -12);
	assert_true(text_number("010", &value) && value == 10);
	assert_true(text_number("0xff", &value) && value == 255);
	assert_true(text_number("-0x10", &value) && value == -16);
	assert_true(text_number("9223372036854775807", &value) && value == INT64_MAX);
	assert_true(text_number("-9223372036854775808", &value) && value == INT64_MIN);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (text_number(bad[i], &value))
			fail_msg("`%s' is taken for %lld", bad[i], (long long)value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(globs),        cmocka_unit_test(glob_in_time),
	        cmocka_unit_test(distances),    cmocka_unit_test(utf8),
	        cmocka_unit_test(escaped_text), cmocka_unit_test(escaped_json),
	        cmocka_unit_test(numbers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
