/* Maps: every aggregate, with and without keys, sorted, as text and as JSON. */
#include "output_help.h"

#include <errno.h>

static struct printed p;

static void begin(enum output_form form, const struct plan_map *map)
{
	printed_open(&p, NULL, 0, form, false);
	assert_int_equal(output_map_begin(p.output, map), 0);
}

static void entry(const void *key, const void *value)
{
	assert_int_equal(output_map_entry(p.output, key, value), 0);
}

static void end(const char *expected)
{
	assert_int_equal(output_map_end(p.output), 0);
	printed_is(&p, expected);
	printed_close(&p);
}

static struct plan_map plain(const char *name, enum plan_aggregate aggregate, uint32_t size,
                             bool is_signed)
{
	return (struct plan_map){
	        .role = PLAN_MAP_USER,
	        .name = name,
	        .key_size = 4,
	        .value_size = size,
	        .aggregate = aggregate,
	        .value = {.type = PLAN_INT, .size = size < 8 ? size : 8, .is_signed = is_signed},
	};
}

struct key {
	uint32_t probe;
	int32_t id;
	char comm[ABI_COMM];
};

static struct plan_value key_parts[] = {
        {.type = PLAN_PROBE, .offset = offsetof(struct key, probe), .size = 4},
        {.type = PLAN_INT, .offset = offsetof(struct key, id), .size = 4, .is_signed = true},
        {.type = PLAN_COMM, .offset = offsetof(struct key, comm), .size = ABI_COMM},
};

static struct plan_map keyed(const char *name, enum plan_aggregate aggregate, uint32_t size,
                             bool is_signed)
{
	struct plan_map map = plain(name, aggregate, size, is_signed);

	map.key_size = sizeof(struct key);
	map.keys = key_parts;
	map.key_count = 3;
	return map;
}

static void numbers(void **state)
{
	struct plan_map map = plain("@", PLAN_COUNT, 8, false);
	uint64_t value = UINT64_MAX;

	(void)state;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, &value);
	end("@: 18446744073709551615\n");
	begin(OUTPUT_JSON, &map);
	entry(NULL, &value);
	end("{\"map\":\"@\",\"key\":[],\"value\":18446744073709551615}\n");

	map = plain("@s", PLAN_SUM, 8, true);
	begin(OUTPUT_TEXT, &map);
	entry(NULL, &value);
	end("@s: -1\n");
	map = plain("@v", PLAN_VALUE, 1, true);
	begin(OUTPUT_TEXT, &map);
	entry(NULL, &value);
	end("@v: -1\n");
}

static void extremes(void **state)
{
	struct plan_map map = plain("@min", PLAN_MIN, sizeof(struct abi_extreme), true);
	struct abi_extreme value = {.value = (uint64_t)INT64_MIN, .set = 1};

	(void)state;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, &value);
	end("@min: -9223372036854775808\n");
	map.value.is_signed = false;
	begin(OUTPUT_JSON, &map);
	entry(NULL, &value);
	end("{\"map\":\"@min\",\"key\":[],\"value\":9223372036854775808}\n");
	value.set = 0;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, &value);
	end("@min: no values\n");
	begin(OUTPUT_JSON, &map);
	entry(NULL, &value);
	end("{\"map\":\"@min\",\"key\":[],\"value\":null}\n");
}

static void averages(void **state)
{
	struct plan_map map = plain("@a", PLAN_AVG, sizeof(struct abi_average), true);
	struct abi_average value = {.count = 2, .low = 0xfffffffb, .high = (uint64_t)-1};

	(void)state;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, &value);
	end("@a: -2\n\n");
	begin(OUTPUT_JSON, &map);
	entry(NULL, &value);
	end("{\"map\":\"@a\",\"key\":[],\"value\":-2,\"count\":2,\"sum\":-5}\n");
	map.value.is_signed = false;
	map.aggregate = PLAN_STATS;
	value.low = value.high = UINT32_MAX;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, &value);
	end("@a: count 2, average 9223372036854775807, total 18446744073709551615\n\n");
	value = (struct abi_average){0};
	begin(OUTPUT_TEXT, &map);
	entry(NULL, &value);
	end("@a: no values\n\n");
	begin(OUTPUT_JSON, &map);
	entry(NULL, &value);
	end("{\"map\":\"@a\",\"key\":[],\"value\":null,\"count\":0,\"sum\":0}\n");
}

static void sorted(void **state)
{
	struct plan_map map = keyed("@n", PLAN_COUNT, 8, false);
	struct key a = {0, -1, "zsh"}, b = {0, 3, "a b"}, c = {0, 3, "a"};
	uint64_t one = 1, two = 2;

	(void)state;
	begin(OUTPUT_TEXT, &map);
	entry(&b, &two);
	entry(&a, &one);
	entry(&c, &two);
	end("@n[demo:request, -1, zsh]: 1\n@n[demo:request, 3, a]: 2\n"
	    "@n[demo:request, 3, a b]: 2\n");
	begin(OUTPUT_JSON, &map);
	entry(&b, &two);
	entry(&a, &one);
	end("{\"map\":\"@n\",\"key\":[\"demo:request\",-1,\"zsh\"],\"value\":1}\n"
	    "{\"map\":\"@n\",\"key\":[\"demo:request\",3,\"a b\"],\"value\":2}\n");
}

static void sorted_by_sign(void **state)
{
	struct plan_map map = keyed("@n", PLAN_SUM, 8, true);
	struct key a = {0, 1, ""}, b = {0, 2, ""};
	int64_t minus = -1, plus = 1;

	(void)state;
	begin(OUTPUT_TEXT, &map);
	entry(&a, &plus);
	entry(&b, &minus);
	end("@n[demo:request, 2, ]: -1\n@n[demo:request, 1, ]: 1\n");
	map.value.is_signed = false;
	begin(OUTPUT_TEXT, &map);
	entry(&a, &plus);
	entry(&b, &minus);
	end("@n[demo:request, 1, ]: 1\n@n[demo:request, 2, ]: 18446744073709551615\n");
}

/* Values that are texts: in the order of their keys. */
static void texts(void **state)
{
	struct plan_map map = keyed("@t", PLAN_VALUE, ABI_COMM, false);
	struct key a = {0, 2, "x"}, b = {0, 1, "\xff\033"};
	char zero[ABI_COMM] = "a", one[ABI_COMM] = "b\xff";

	(void)state;
	map.value = (struct plan_value){.type = PLAN_COMM, .size = ABI_COMM};
	begin(OUTPUT_TEXT, &map);
	entry(&a, zero);
	entry(&b, one);
	end("@t[demo:request, 1, \\xff\\x1b]: b\\xff\n@t[demo:request, 2, x]: a\n");
	begin(OUTPUT_JSON, &map);
	entry(&b, one);
	end("{\"map\":\"@t\",\"key\":[\"demo:request\",1,\"\xef\xbf\xbd\\u001b\"],"
	    "\"value\":\"b\xef\xbf\xbd\",\"raw\":{\"key\":[null,null,\"ff1b\"],"
	    "\"value\":\"62ff\"}}\n");
}

static void hist(void **state)
{
	struct plan_map map = plain("@h", PLAN_HIST, ABI_HIST_BUCKETS * 8, false);
	uint64_t buckets[ABI_HIST_BUCKETS] = {[0] = 1, [1] = 2, [2] = 4, [4] = 52, [65] = 0};

	(void)state;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, buckets);
	end("@h:\n"
	    "(..., 0)               1 |@                                                   |\n"
	    "[0]                    2 |@@                                                  |\n"
	    "[1]                    4 |@@@@                                                |\n"
	    "[2, 4)                 0 |                                                    |\n"
	    "[4, 8)                52 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n");
	begin(OUTPUT_JSON, &map);
	entry(NULL, buckets);
	end("{\"map\":\"@h\",\"key\":[],\"count\":59,\"buckets\":[{\"max\":-1,\"count\":1},"
	    "{\"min\":0,\"max\":0,\"count\":2},{\"min\":1,\"max\":1,\"count\":4},"
	    "{\"min\":2,\"max\":3,\"count\":0},{\"min\":4,\"max\":7,\"count\":52}],"
	    "\"percentiles\":{\"50\":7,\"90\":7,\"99\":7,\"100\":7}}\n");
}

/* Two bits: values below 4 exactly, then each power of two in four parts. */
static void hist_bits(void **state)
{
	uint64_t buckets[ABI_HIST_BUCKETS_OF(2)] = {[0] = 1, [4] = 10, [5] = 20, [10] = 69};
	struct plan_map map = plain("@h", PLAN_HIST, sizeof(buckets), false);
	struct output_options percentiles = {.form = OUTPUT_TEXT, .percentiles = true};

	(void)state;
	map.hist_bits = 2;
	begin(OUTPUT_JSON, &map);
	entry(NULL, buckets);
	end("{\"map\":\"@h\",\"key\":[],\"count\":100,\"buckets\":[{\"max\":-1,\"count\":1},"
	    "{\"min\":0,\"max\":0,\"count\":0},{\"min\":1,\"max\":1,\"count\":0},"
	    "{\"min\":2,\"max\":2,\"count\":0},{\"min\":3,\"max\":3,\"count\":10},"
	    "{\"min\":4,\"max\":4,\"count\":20},{\"min\":5,\"max\":5,\"count\":0},"
	    "{\"min\":6,\"max\":6,\"count\":0},{\"min\":7,\"max\":7,\"count\":0},"
	    "{\"min\":8,\"max\":9,\"count\":0},{\"min\":10,\"max\":11,\"count\":69}],"
	    "\"percentiles\":{\"50\":11,\"90\":11,\"99\":11,\"100\":11}}\n");
	printed_with(&p, NULL, 0, &percentiles);
	assert_int_equal(output_map_begin(p.output, &map), 0);
	entry(NULL, buckets);
	end("@h:\n"
	    "(..., 0)               1 |                                                    |\n"
	    "[0]                    0 |                                                    |\n"
	    "[1]                    0 |                                                    |\n"
	    "[2, 4)                10 |@@@@@@@                                             |\n"
	    "[4, 8)                20 |@@@@@@@@@@@@@@@                                     |\n"
	    "[8, 16)               69 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
	    "50% <= 11, 90% <= 11, 99% <= 11, all <= 11\n\n");
	buckets[10] = 0; /* 31 values: the 16th is a 4, the first is below 0 */
	printed_with(&p, NULL, 0, &percentiles);
	assert_int_equal(output_map_begin(p.output, &map), 0);
	entry(NULL, buckets);
	end("@h:\n"
	    "(..., 0)               1 |@@                                                  |\n"
	    "[0]                    0 |                                                    |\n"
	    "[1]                    0 |                                                    |\n"
	    "[2, 4)                10 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
	    "[4, 8)                20 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
	    "50% <= 4, 90% <= 4, 99% <= 4, all <= 4\n\n");
}

/* What bpftrace divides, and what it leaves. */
static void divided(void **state)
{
	struct plan_map map = keyed("@n", PLAN_SUM, 8, true);
	struct key a = {0, 1, ""}, b = {0, 2, ""};
	struct abi_average average = {.count = 2, .low = 45};
	uint64_t buckets[ABI_HIST_BUCKETS] = {[5] = 3, [6] = 4};
	int64_t minus = -9, plus = 7;

	(void)state;
	begin(OUTPUT_TEXT, &map);
	output_map_limits(p.output, 1, 2);
	entry(&a, &plus);
	entry(&b, &minus);
	end("@n[demo:request, 1, ]: 3\n");
	map = plain("@s", PLAN_STATS, sizeof(average), true);
	begin(OUTPUT_TEXT, &map);
	output_map_limits(p.output, 1, 2);
	entry(NULL, &average);
	end("@s: count 2, average 11, total 45\n\n");
	map = plain("@h", PLAN_HIST, sizeof(buckets), false);
	begin(OUTPUT_TEXT, &map);
	output_map_limits(p.output, 0, 4);
	entry(NULL, buckets);
	end("@h:\n"
	    "[8, 16)                0 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@             |\n"
	    "[16, 32)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n");
}

/* With bits, an end has the unit in which those of its power of two are whole. */
static void hist_bits_units(void **state)
{
	uint64_t buckets[ABI_HIST_BUCKETS_OF(1)] = {[1 + 2 + (9 - 1) * 2 + 1] = 1, [1 + 2 + (10 - 1) * 2 + 1] = 1};
	struct plan_map map = plain("@h", PLAN_HIST, sizeof(buckets), false);

	(void)state;
	map.hist_bits = 1;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, buckets);
	end("@h:\n"
	    "[768, 1024)            1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
	    "[1024, 1536)           0 |                                                    |\n"
	    "[1536, 2K)             1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n");
}

/* bpftrace's JSON: keys are texts of JSON, without the quotes of texts. */
static void bpftrace_keys(void **state)
{
	struct plan_map map = keyed("@n", PLAN_COUNT, 8, false);
	struct key a = {0, 1, "a\n\"\\"}, b = {0, 2, "\xff"};
	uint64_t one = 1;

	(void)state;
	begin(OUTPUT_BPFTRACE, &map);
	entry(&a, &one);
	entry(&b, &one);
	end("{\"type\": \"map\", \"data\": {\"@n\": {\"demo:request,1,a\\\\n\\\\\\\"\\\\\\\\\": 1, "
	    "\"demo:request,2,\\\\xff\": 1}}}\n");
}

static void hist_far_end(void **state)
{
	struct plan_map map = plain("@h", PLAN_HIST, ABI_HIST_BUCKETS * 8, false);
	uint64_t buckets[ABI_HIST_BUCKETS] = {[64] = 1, [65] = 123456789};

	(void)state;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, buckets);
	end("@h:\n"
	    "[4E, 8E)               1 |                                                    |\n"
	    "[8E, 16E)       123456789 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n");
	begin(OUTPUT_JSON, &map);
	entry(NULL, buckets);
	end("{\"map\":\"@h\",\"key\":[],\"count\":123456790,\"buckets\":["
	    "{\"min\":4611686018427387904,\"max\":9223372036854775807,\"count\":1},"
	    "{\"min\":9223372036854775808,\"max\":18446744073709551615,\"count\":123456789}],"
	    "\"percentiles\":{\"50\":18446744073709551615,\"90\":18446744073709551615,"
	    "\"99\":18446744073709551615,\"100\":18446744073709551615}}\n");
	buckets[64] = buckets[65] = 0;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, buckets);
	end("@h:\n\n");
	begin(OUTPUT_JSON, &map);
	entry(NULL, buckets);
	end("{\"map\":\"@h\",\"key\":[],\"count\":0,\"buckets\":[]}\n");
}

static void lhist(void **state)
{
	struct plan_map map = plain("@l", PLAN_LHIST, 5 * 8, false);
	uint64_t buckets[5] = {1, 1, 0, 2, 1}; /* below, 0-9, 10-19, 20-24, above */

	(void)state;
	map.lhist_max = 25;
	map.lhist_step = 10;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, buckets);
	end("@l:\n"
	    "(..., 0)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
	    "[0, 10)                1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
	    "[10, 20)               0 |                                                    |\n"
	    "[20, 25)               2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
	    "[25, ...)              1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n\n");
	begin(OUTPUT_JSON, &map);
	entry(NULL, buckets);
	end("{\"map\":\"@l\",\"key\":[],\"count\":5,\"buckets\":[{\"max\":-1,\"count\":1},"
	    "{\"min\":0,\"max\":9,\"count\":1},{\"min\":10,\"max\":19,\"count\":0},"
	    "{\"min\":20,\"max\":24,\"count\":2},{\"min\":25,\"count\":1}]}\n");
}

/* The whole range of 64 bits in two steps, and labels in K and M. */
static void lhist_edges(void **state)
{
	struct plan_map map = plain("@l", PLAN_LHIST, 6 * 8, false);
	uint64_t buckets[6] = {0, 0, 1, 0, 0, 0};

	(void)state;
	map.lhist_min = -1024;
	map.lhist_max = 3 * 1024 * 1024;
	map.lhist_step = 1024 * 1024;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, buckets);
	end("@l:\n"
	    "[1023K, 2047K)         1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n");
	map.lhist_min = INT64_MIN;
	map.lhist_max = INT64_MAX;
	map.lhist_step = INT64_MAX;
	begin(OUTPUT_JSON, &map);
	entry(NULL, buckets);
	end("{\"map\":\"@l\",\"key\":[],\"count\":1,\"buckets\":["
	    "{\"min\":-1,\"max\":9223372036854775805,\"count\":1}]}\n");
}

static void hists_by_key(void **state)
{
	struct plan_map map = keyed("@h", PLAN_HIST, ABI_HIST_BUCKETS * 8, false);
	uint64_t few[ABI_HIST_BUCKETS] = {[1] = 1}, many[ABI_HIST_BUCKETS] = {[1] = 3};
	struct key a = {0, 1, "a"}, b = {0, 2, "b"};

	(void)state;
	begin(OUTPUT_TEXT, &map);
	entry(&a, many);
	entry(&b, few);
	end("@h[demo:request, 2, b]:\n"
	    "[0]                    1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n"
	    "@h[demo:request, 1, a]:\n"
	    "[0]                    3 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n");
}

static void two_maps(void **state)
{
	struct plan_map map = plain("@a", PLAN_COUNT, 8, false);
	uint64_t one = 1;

	(void)state;
	begin(OUTPUT_TEXT, &map);
	entry(NULL, &one);
	assert_int_equal(output_map_end(p.output), 0);
	map.name = "@b";
	assert_int_equal(output_map_begin(p.output, &map), 0);
	entry(NULL, &one);
	end("@a: 1\n@b: 1\n");
	begin(OUTPUT_TEXT, &map);
	end("\n");
}

static void bad_maps(void **state)
{
	struct plan_map map = plain("@", PLAN_HIST, 8, false);
	struct plan_value outside = {.type = PLAN_INT, .offset = 4, .size = 8};
	uint64_t value = 0;

	(void)state;
	printed_open(&p, NULL, 0, OUTPUT_TEXT, false);
	assert_int_equal(output_map_begin(p.output, &map), -EBADMSG);
	map.aggregate = PLAN_LHIST;
	assert_int_equal(output_map_begin(p.output, &map), -EBADMSG);
	map.lhist_min = INT64_MIN;
	map.lhist_max = INT64_MAX;
	map.lhist_step = 1;
	assert_int_equal(output_map_begin(p.output, &map), -EBADMSG);
	map = plain("@", PLAN_COUNT, 8, false);
	map.keys = &outside;
	map.key_count = 1;
	assert_int_equal(output_map_begin(p.output, &map), 0);
	assert_int_equal(output_map_entry(p.output, &value, &value), -EBADMSG);
	end("\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(numbers),        cmocka_unit_test(extremes),
	        cmocka_unit_test(averages),       cmocka_unit_test(sorted),
	        cmocka_unit_test(sorted_by_sign), cmocka_unit_test(texts),
	        cmocka_unit_test(hist), cmocka_unit_test(hist_bits), cmocka_unit_test(hist_bits_units),
	        cmocka_unit_test(divided),        cmocka_unit_test(bpftrace_keys),
	               cmocka_unit_test(hist_far_end),
	        cmocka_unit_test(lhist),          cmocka_unit_test(lhist_edges),
	        cmocka_unit_test(hists_by_key),   cmocka_unit_test(two_maps),
	        cmocka_unit_test(bad_maps),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("output_map", tests, NULL, NULL);
}
