/*
 * What loops over maps make of the values of all CPUs (bpf/cpus.bpf.c, compiled for this machine), held
 * against what the reader makes of the same (engine/merge.c) and against C's own division.
 */
#include "bpf/cpus.bpf.c"

#include "engine/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CPUS = 4, ROUNDS = 200000 };

static struct {
	uint64_t values[CPUS][sizeof(struct abi_average) / 8];
	uint64_t key;
	uint32_t missing; /* a bit a CPU: the key went while it was looked up */
} map;

static void *look_up(void *of, const void *key, __u32 cpu)
{
	assert_ptr_equal(of, &map);
	assert_ptr_equal(key, &map.key);
	return cpu >= CPUS || map.missing >> cpu & 1 ? NULL : map.values[cpu];
}

/* Edges more often than not. */
static uint64_t some_number(void)
{
	static const uint64_t edges[] = {0, 1, 2, UINT32_MAX, (uint64_t)UINT32_MAX + 1, INT64_MAX,
					 (uint64_t)INT64_MIN, UINT64_MAX, UINT64_MAX - 1};
	uint64_t number = (uint64_t)rand() << 33 ^ (uint64_t)rand() << 16 ^ (uint64_t)rand();

	return rand() % 2 ? edges[(size_t)rand() % (sizeof(edges) / sizeof(*edges))]
			  : number >> rand() % 64;
}

static void merge(enum plan_aggregate aggregate, bool is_signed, uint32_t size, void *merged)
{
	const struct plan_map plan = {.aggregate = aggregate, .value_size = size,
				      .value.is_signed = is_signed};

	merge_cpus(&plan, map.values, sizeof(map.values[0]), CPUS, merged);
}

static void test_sums(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS / 10; round++) {
		uint64_t merged;

		for (int cpu = 0; cpu < CPUS; cpu++) {
			uint64_t number = some_number();

			memcpy(map.values[cpu], &number, sizeof(number));
		}
		merge(PLAN_SUM, false, sizeof(merged), &merged);
		assert_true(tt_cpus_sum(&map, &map.key, CPUS) == merged);
	}
}

static void test_extremes(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS / 10; round++) {
		bool is_min = rand() % 2, is_signed = rand() % 2;
		uint64_t rank = abi_rank(is_min, is_signed);
		struct abi_extreme merged;

		for (int cpu = 0; cpu < CPUS; cpu++) {
			struct abi_extreme value = {some_number() ^ rank, (uint64_t)rand() % 2};

			value.value = value.set ? value.value : 0;
			memcpy(map.values[cpu], &value, sizeof(value));
		}
		merge(is_min ? PLAN_MIN : PLAN_MAX, is_signed, sizeof(merged), &merged);
		assert_true(tt_cpus_extreme(&map, &map.key, CPUS, rank) == merged.value);
	}
}

/* Values as hits add them, and what C divides; then sums and counts as large as no test could add up. */
static void test_averages(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		bool is_signed = rand() % 2;
		__int128 sum = 0;
		uint64_t count = 0, expected;

		memset(map.values, 0, sizeof(map.values));
		for (int i = rand() % 10; i >= 0; i--) {
			struct abi_average *cpu = (void *)map.values[rand() % CPUS];
			uint64_t value = some_number();

			cpu->count++;
			cpu->low += (uint32_t)value;
			cpu->high += is_signed ? (uint64_t)((int64_t)value >> 32) : value >> 32;
			sum += is_signed ? (__int128)(int64_t)value : (__int128)value;
			count++;
		}
		expected = (uint64_t)(sum / (__int128)count);
		assert_true(tt_cpus_average(&map, &map.key, CPUS, is_signed) == expected);
	}
	for (int round = 0; round < ROUNDS; round++) {
		bool is_signed = rand() % 2;
		int64_t value = (int64_t)some_number();
		uint64_t count = some_number() >> (1 + rand() % 40), low, high;
		__int128 sum = (is_signed ? (__int128)value : (__int128)(uint64_t)value) * count;
		__int128 part = (__int128)(uint32_t)value * count, upper = sum >> 32;

		/* Beyond that the sums have wrapped. */
		if (!count || part >> 64 ||
		    upper != (is_signed ? (__int128)(int64_t)upper : (__int128)(uint64_t)upper))
			continue;
		low = (uint64_t)part;
		high = (uint64_t)((sum - part) >> 32);
		assert_true(tt_average(high, low, count, is_signed) == (uint64_t)value);
	}
	assert_true(tt_average(5, 5, 0, 1) == 0);
}

static void test_missing(void **state)
{
	(void)state;
	memset(map.values, 0xff, sizeof(map.values));
	map.missing = (1 << CPUS) - 1;
	assert_true(tt_cpus_sum(&map, &map.key, CPUS) == 0);
	assert_true(tt_cpus_extreme(&map, &map.key, CPUS, abi_rank(1, 1)) == 0);
	assert_true(tt_cpus_average(&map, &map.key, CPUS, 0) == 0);
	map.missing = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_averages),
		cmocka_unit_test(test_missing),
	};

	value_of_cpu = look_up;
	srand(1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
