/* The values of several CPUs made one, at the edges of the numbers. */
#include "bpf/abi.h"
#include "engine/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static uint64_t merge_number(enum plan_aggregate aggregate, const uint64_t *values, unsigned cpus)
{
	struct plan_map map = {.aggregate = aggregate, .value_size = 8};
	uint64_t merged = 99;

	merge_cpus(&map, values, 8, cpus, &merged);
	return merged;
}

static void test_sums(void **state)
{
	const uint64_t counts[] = {1, 0, 41}, wraps[] = {UINT64_MAX, 2}, one[] = {UINT64_MAX};
	const uint64_t least[] = {(uint64_t)INT64_MIN, (uint64_t)-1, 1};

	(void)state;
	assert_true(merge_number(PLAN_COUNT, counts, 3) == 42);
	assert_true(merge_number(PLAN_SUM, wraps, 2) == 1);
	assert_true(merge_number(PLAN_SUM, one, 1) == UINT64_MAX);
	assert_true((int64_t)merge_number(PLAN_SUM, least, 3) == INT64_MIN);
}

static struct abi_extreme merge_extreme(enum plan_aggregate aggregate, bool is_signed,
                                        const struct abi_extreme *values, unsigned cpus)
{
	struct plan_map map = {
	        .aggregate = aggregate,
	        .value_size = sizeof(struct abi_extreme),
	        .value.is_signed = is_signed,
	};
	struct abi_extreme merged, ranks[3];

	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		ranks[cpu] = values[cpu];
		if (values[cpu].set)
			ranks[cpu].value ^= abi_rank(aggregate == PLAN_MIN, is_signed);
	}
	merge_cpus(&map, ranks, sizeof(*ranks), cpus, &merged);
	return merged;
}

static void test_extremes(void **state)
{
	static const struct {
		struct abi_extreme values[3];
		uint64_t signed_min, signed_max, min, max;
	} cases[] = {
	        {{{5, 1}, {3, 1}, {4, 1}}, 3, 5, 3, 5},
	        {{{(uint64_t)-1, 1}, {0, 1}, {1, 1}}, (uint64_t)-1, 1, 0, (uint64_t)-1},
	        {{{(uint64_t)INT64_MIN, 1}, {INT64_MAX, 1}, {0, 0}},
	         (uint64_t)INT64_MIN,
	         INT64_MAX,
	         INT64_MAX,
	         (uint64_t)INT64_MIN},
	        /* One that is not set says nothing, whatever its value. */
	        {{{0, 0}, {7, 1}, {UINT64_MAX, 0}}, 7, 7, 7, 7},
	        {{{0, 1}, {0, 0}, {0, 0}}, 0, 0, 0, 0},
	        {{{UINT64_MAX, 1}, {UINT64_MAX, 1}, {UINT64_MAX, 1}},
	         UINT64_MAX,
	         UINT64_MAX,
	         UINT64_MAX,
	         UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct abi_extreme *v = cases[i].values;

		assert_true(merge_extreme(PLAN_MIN, true, v, 3).value == cases[i].signed_min);
		assert_true(merge_extreme(PLAN_MAX, true, v, 3).value == cases[i].signed_max);
		assert_true(merge_extreme(PLAN_MIN, false, v, 3).value == cases[i].min);
		assert_true(merge_extreme(PLAN_MAX, false, v, 3).value == cases[i].max);
		assert_true(merge_extreme(PLAN_MAX, false, v, 3).set == 1);
	}
}

static void test_no_extreme(void **state)
{
	const struct abi_extreme none[2] = {{77, 0}, {88, 0}};
	struct abi_extreme merged = merge_extreme(PLAN_MIN, true, none, 2);

	(void)state;
	assert_true(merged.set == 0 && merged.value == 0);
}

static void test_average(void **state)
{
	const struct abi_average values[] = {{2, UINT32_MAX, (uint64_t)-10}, {0, 0, 0}, {1, 4, 5}};
	struct plan_map map = {.aggregate = PLAN_AVG, .value_size = sizeof(*values)};
	struct abi_average merged;

	(void)state;
	merge_cpus(&map, values, sizeof(*values), 3, &merged);
	assert_true(merged.count == 3 && merged.low == UINT32_MAX + (uint64_t)4 &&
	            (int64_t)merged.high == -5);
	map.aggregate = PLAN_STATS;
	merge_cpus(&map, values, sizeof(*values), 3, &merged);
	assert_true(merged.count == 3 && merged.low == UINT32_MAX + (uint64_t)4 &&
	            (int64_t)merged.high == -5);
}

static void test_histogram(void **state)
{
	uint64_t values[2][ABI_HIST_BUCKETS] = {{0}}, merged[ABI_HIST_BUCKETS];
	struct plan_map map = {.aggregate = PLAN_HIST, .value_size = sizeof(merged)};

	(void)state;
	values[0][0] = 1;
	values[1][0] = 2;
	values[1][1] = 3;
	values[0][ABI_HIST_BUCKETS - 1] = UINT64_MAX;
	memset(merged, 0xff, sizeof(merged));
	merge_cpus(&map, values, sizeof(values[0]), 2, merged);
	assert_true(merged[0] == 3 && merged[1] == 3 && merged[2] == 0);
	assert_true(merged[ABI_HIST_BUCKETS - 1] == UINT64_MAX);
}

static void test_value(void **state)
{
	/* 12 bytes, the second CPU's at the next multiple of 8. */
	const char values[32] = "first CPU...xxxxsecond CPU..";
	struct plan_map map = {.aggregate = PLAN_VALUE, .value_size = 12};
	char merged[13] = "............";

	(void)state;
	merge_cpus(&map, values, 16, 2, merged);
	assert_string_equal(merged, "first CPU...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_sums),       cmocka_unit_test(test_extremes),
	        cmocka_unit_test(test_no_extreme), cmocka_unit_test(test_average),
	        cmocka_unit_test(test_histogram),  cmocka_unit_test(test_value),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
