/* Numbers to digits: every width and both signs at their edges; floats that read back the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "output/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t edges[] = {
        0,
        1,
        9,
        10,
        11,
        99,
        100,
        101,
        999,
        1000,
        9999,
        10000,
        4294967295,
        4294967296,
        INT64_MAX,
        (uint64_t)INT64_MAX + 1,
        UINT64_MAX - 1,
        UINT64_MAX,
};

static void integers(void **state)
{
	char expected[32];
	struct buffer b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		buffer_clear(&b);
		put_unsigned(&b, edges[i]);
		snprintf(expected, sizeof(expected), "%" PRIu64, edges[i]);
		assert_string_equal(buffer_string(&b), expected);
		buffer_clear(&b);
		put_signed(&b, (int64_t)edges[i]);
		snprintf(expected, sizeof(expected), "%" PRId64, (int64_t)edges[i]);
		assert_string_equal(buffer_string(&b), expected);
		buffer_clear(&b);
		put_hex(&b, edges[i]);
		snprintf(expected, sizeof(expected), "0x%" PRIx64, edges[i]);
		assert_string_equal(buffer_string(&b), expected);
	}
	buffer_free(&b);
}

static void many_integers(void **state)
{
	uint64_t value = 1;
	char expected[32];
	struct buffer b = {0};

	(void)state;
	for (int i = 0; i < 20000; i++) {
		value = value * 6364136223846793005u + 1442695040888963407u;
		buffer_clear(&b);
		put_unsigned(&b, value >> i % 64);
		snprintf(expected, sizeof(expected), "%" PRIu64, value >> i % 64);
		assert_int_equal(b.length, strlen(expected));
		assert_memory_equal(b.data, expected, b.length);
	}
	buffer_free(&b);
}

static void padded(void **state)
{
	struct buffer b = {0};

	(void)state;
	put_padded(&b, 42, 6);
	put_char(&b, ' ');
	put_padded(&b, 1234567, 6);
	put_char(&b, ' ');
	put_padded(&b, 0, 1);
	assert_string_equal(buffer_string(&b), "000042 1234567 0");
	buffer_free(&b);
}

static void floats(void **state)
{
	static const struct {
		double value;
		bool is_double;
		const char *text;
	} cases[] = {
	        {0.25, true, "0.25"},
	        {3, true, "3.0"},
	        {-0.0, true, "-0.0"},
	        {0.1, true, "0.1"},
	        {0.1f, false, "0.1"},
	        {0.1f, true, "0.10000000149011612"},
	        {1e300, true, "1e+300"},
	        {1e21, true, "1e+21"},
	        {5e-324, true, "5e-324"},
	        {1.0 / 3, true, "0.3333333333333333"},
	        {INFINITY, true, "inf"},
	        {-INFINITY, false, "-inf"},
	        {NAN, true, "nan"},
	        {123456789, true, "123456789.0"},
	        {16777216, false, "16777216.0"},
	};
	struct buffer b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buffer_clear(&b);
		put_float(&b, cases[i].value, cases[i].is_double);
		assert_string_equal(buffer_string(&b), cases[i].text);
	}
	buffer_free(&b);
}

static void floats_read_back(void **state)
{
	uint64_t bits = 1;
	struct buffer b = {0};
	double value;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		bits = bits * 6364136223846793005u + 1442695040888963407u;
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value))
			continue;
		buffer_clear(&b);
		put_float(&b, value, true);
		assert_true(strtod(b.data, NULL) == value);
	}
	buffer_free(&b);
}

/* The short way and the long way to the digits of a double agree. */
static void short_floats(void **state)
{
	struct buffer b = {0};
	char expected[40];

	(void)state;
	for (int i = -30000; i < 30000; i++) {
		double value = i / 128.0 + i / 1000.0;

		for (int precision = 15; precision <= 17; precision++) {
			snprintf(expected, sizeof(expected), "%.*g", precision, value);
			if (strtod(expected, NULL) == value)
				break;
		}
		if (!strpbrk(expected, ".e"))
			strcat(expected, ".0");
		buffer_clear(&b);
		put_float(&b, value, true);
		assert_string_equal(buffer_string(&b), expected);
	}
	buffer_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(integers),         cmocka_unit_test(many_integers),
	        cmocka_unit_test(padded),           cmocka_unit_test(floats),
	        cmocka_unit_test(floats_read_back), cmocka_unit_test(short_floats),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("output_number", tests, NULL, NULL);
}
