/* Values that the reader turns into text, tuples, and what is done for a program: join, cat, system. */
#include "output_help.h"

#include <arpa/inet.h>
#include <errno.h>
#include <time.h>

struct record {
	struct abi_record head;
	struct {
		uint64_t first;
		struct {
			struct abi_text head;
			char bytes[24];
		} second;
		uint64_t truth;
	} tuple;
	uint64_t number;
	struct abi_inet inet;
	uint8_t mac[8];
	uint32_t probe, pad;
	struct {
		struct abi_text head;
		char bytes[32];
	} texts;
};

static struct plan_value parts[] = {
        {.type = PLAN_INT, .size = 8, .is_signed = true, .name = ""},
        {.type = PLAN_TEXT, .offset = 8, .size = 32, .limit = 16, .name = ""},
        {.type = PLAN_BOOL, .offset = 40, .size = 8, .name = ""},
};

#define AT(member, t) .type = (t), .offset = offsetof(struct record, member), .name = "",          \
	.size = sizeof(((struct record *)0)->member)

static struct record sample(void)
{
	struct record r = {
	        .tuple = {(uint64_t)-5, {{.length = 3}, "a\"b"}, 1},
	        .mac = {0, 0x1b, 0xff, 0, 1, 2},
	        .texts = {{.length = 12}, "one\0two\0\0end"},
	};

	return r;
}

/* What print() makes of one field, as text and as JSON. */
static void shows(struct plan_value value, const struct record *record, const char *text,
                  const char *json)
{
	struct plan_field field = {.value = value};
	struct plan_record shape = {.kind = PLAN_RECORD_VALUE, .size = sizeof(*record),
	                            .fields = &field, .field_count = 1};
	char expected[256];
	struct printed p;

	printed_open(&p, &shape, 1, OUTPUT_TEXT, false);
	assert_int_equal(output_record(p.output, &record->head, sizeof(*record)), 0);
	snprintf(expected, sizeof(expected), "%s\n", text);
	printed_is(&p, expected);
	printed_close(&p);
	printed_open(&p, &shape, 1, OUTPUT_JSON, false);
	assert_int_equal(output_record(p.output, &record->head, sizeof(*record)), 0);
	snprintf(expected, sizeof(expected), "{\"print\":%s}\n", json);
	printed_is(&p, expected);
	printed_close(&p);
}

static void tuples(void **state)
{
	struct plan_value tuple = {AT(tuple, PLAN_TUPLE), .parts = parts, .part_count = 3};
	struct plan_value one = {AT(tuple, PLAN_TUPLE), .parts = parts, .part_count = 1};
	struct record r = sample();

	(void)state;
	shows(tuple, &r, "(-5, a\"b, true)", "[-5,\"a\\\"b\",true]");
	shows(one, &r, "(-5,)", "[-5]");
	r.tuple.second.head.cut = 1;
	shows((struct plan_value){AT(tuple, PLAN_TUPLE), .parts = parts, .part_count = 3}, &r,
	      "(-5, a\"b, true)", "[-5,\"a\\\"b\",true]");
}

/* A part that says of itself that it is longer than its room is no value. */
static void tuples_that_lie(void **state)
{
	struct plan_field field = {
	        .value = {AT(tuple, PLAN_TUPLE), .parts = parts, .part_count = 3}};
	struct plan_record shape = {.kind = PLAN_RECORD_VALUE, .size = sizeof(struct record),
	                            .fields = &field, .field_count = 1};
	struct record r = sample();
	struct printed p;

	(void)state;
	r.tuple.second.head.length = 25;
	printed_open(&p, &shape, 1, OUTPUT_TEXT, false);
	assert_int_equal(output_record(p.output, &r.head, sizeof(r)), -EBADMSG);
	printed_is(&p, "");
	printed_close(&p);
}

/* The tuple's memory as what C has there: -5, its bytes, bits of them, numbers with names. */
static void structs(void **state)
{
	static struct plan_enumerator names[] = {{(uint64_t)-5, "MINUS"}, {1, "ONE"}};
	static const struct plan_enum how = {names, 2};
	static struct plan_value byte = {.type = PLAN_INT, .size = 1, .name = ""};
	static struct plan_value pair = {.type = PLAN_ARRAY, .size = 2, .name = "", .count = 2,
	                                 .parts = &byte, .part_count = 1};
	static struct plan_value members[] = {
	        {.type = PLAN_INT, .size = 4, .is_signed = true, .name = "low"},
	        {.type = PLAN_INT, .size = 8, .is_signed = true, .name = "how", .names = &how},
	        {.type = PLAN_INT, .size = 2, .bits = 7, .from = 4, .name = "bits"},
	        {.type = PLAN_INT, .size = 1, .bits = 3, .is_signed = true, .name = "three"},
	        {.type = PLAN_INT, .size = 9, .bits = 64, .from = 4, .name = "wide"},
	        {.type = PLAN_ARRAY, .size = 4, .count = 2, .parts = &pair, .part_count = 1,
	         .name = "pairs"},
	        {.type = PLAN_COMM, .offset = 16, .size = 3, .name = "text"},
	        {.type = PLAN_RECORD, .name = "none"},
	};
	struct plan_value whole = {AT(tuple, PLAN_RECORD), .parts = members, .part_count = 8};
	struct record r = sample();

	(void)state;
	shows(whole, &r,
	      "{ .low = -5, .how = MINUS, .bits = 127, .three = 3, .wide = 4611686018427387903, "
	      ".pairs = [[251,255],[255,255]], .text = a\"b, .none = {  } }",
	      "{\"low\":-5,\"how\":-5,\"bits\":127,\"three\":3,\"wide\":4611686018427387903,"
	      "\"pairs\":[[251,255],[255,255]],\"text\":\"a\\\"b\",\"none\":{}}");
}

/* Arrays and bits that are said to go on behind their struct. */
static void structs_that_lie(void **state)
{
	static struct plan_value word = {.type = PLAN_INT, .size = 8, .name = ""};
	struct plan_value members[] = {
	        {.type = PLAN_ARRAY, .size = 8, .count = 2, .parts = &word, .name = "a"},
	        {.type = PLAN_INT, .size = 1, .bits = 6, .from = 3, .name = "b"},
	        {.type = PLAN_INT, .size = 10, .bits = 64, .name = "c"},
	        {.type = PLAN_COMM, .offset = 40, .size = 16, .name = "d"},
	};
	struct plan_field field = {.value = {AT(tuple, PLAN_RECORD), .part_count = 1}};
	struct plan_record shape = {.kind = PLAN_RECORD_VALUE, .size = sizeof(struct record),
	                            .fields = &field, .field_count = 1};
	struct record r = sample();
	struct printed p;

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		field.value.parts = &members[i];
		printed_open(&p, &shape, 1, OUTPUT_TEXT, false);
		assert_int_equal(output_record(p.output, &r.head, sizeof(r)), -EBADMSG);
		printed_is(&p, "");
		printed_close(&p);
	}
}

static void numbers(void **state)
{
	struct plan_value error = {AT(number, PLAN_ERRNO), .is_signed = true};
	struct plan_value user = {AT(number, PLAN_USER)};
	struct plan_value group = {AT(number, PLAN_CGROUP), .format = "no such hierarchy"};
	struct plan_value function = {AT(probe, PLAN_FUNCTION)};
	struct record r = sample();

	(void)state;
	r.number = 2;
	shows(error, &r, "No such file or directory", "\"No such file or directory\"");
	r.number = 99999;
	shows(error, &r, "Unknown error 99999", "\"Unknown error 99999\"");
	r.number = 0;
	shows(user, &r, "root", "\"root\"");
	r.number = 4000000000;
	shows(user, &r, "4000000000", "\"4000000000\"");
	r.number = 12;
	shows(group, &r, "cgroup 12", "\"cgroup 12\"");
	help_probes[1].function = "ns::f(int)";
	r.probe = 1;
	shows(function, &r, "ns::f(int)", "\"ns::f(int)\"");
	help_probes[1].function = "";
	shows(function, &r, "", "\"\"");
}

/* The year of a time of the atomic clock: now. */
static void times(void **state)
{
	struct plan_value time = {AT(number, PLAN_TIMESTAMP), .limit = PLAN_TAI, .format = "%Y"};
	struct record r = sample();
	char year[16], json[24];
	struct timespec tai;
	struct tm tm;

	(void)state;
	clock_gettime(CLOCK_TAI, &tai);
	r.number = (uint64_t)tai.tv_sec * 1000000000;
	assert_non_null(localtime_r(&(time_t){tai.tv_sec}, &tm));
	strftime(year, sizeof(year), "%Y", &tm);
	snprintf(json, sizeof(json), "\"%s\"", year);
	shows(time, &r, year, json);
}

static void addresses(void **state)
{
	struct plan_value inet = {AT(inet, PLAN_INET)}, mac = {AT(mac, PLAN_MAC)};
	struct record r = sample();

	(void)state;
	r.inet = (struct abi_inet){AF_INET, {10, 0, 0, 1}};
	shows(inet, &r, "10.0.0.1", "\"10.0.0.1\"");
	r.inet = (struct abi_inet){AF_INET6, {[15] = 1}};
	shows(inet, &r, "::1", "\"::1\"");
	r.inet = (struct abi_inet){UINT64_MAX, {1}};
	shows(inet, &r, "family 18446744073709551615 01000000000000000000000000000000",
	      "\"family 18446744073709551615 01000000000000000000000000000000\"");
	shows(mac, &r, "00:1B:FF:00:01:02", "\"00:1B:FF:00:01:02\"");
}

static void performed(struct plan_record shape, enum output_form form, const char *expected)
{
	struct record r = sample();
	struct printed p;

	shape.size = sizeof(r);
	printed_open(&p, &shape, 1, form, false);
	assert_int_equal(output_record(p.output, &r.head, sizeof(r)), 0);
	printed_is(&p, expected);
	printed_close(&p);
}

static void done_for_a_program(void **state)
{
	struct plan_field texts = {.value = {AT(texts, PLAN_TEXT), .limit = 31}};
	struct plan_record join = {.kind = PLAN_RECORD_JOIN, .fields = &texts, .field_count = 1,
	                           .format = ", "};
	struct plan_record cat = {.kind = PLAN_RECORD_CAT, .format = "/dev/null"};
	struct plan_record command = {.kind = PLAN_RECORD_SYSTEM, .format = "printf 'a\\nb'; exit 3"};

	(void)state;
	performed(join, OUTPUT_TEXT, "one, two, , end\n");
	performed(join, OUTPUT_JSON, "{\"join\":\"one, two, , end\"}\n");
	performed(cat, OUTPUT_TEXT, "");
	performed(cat, OUTPUT_JSON, "{\"cat\":\"\"}\n");
	performed(command, OUTPUT_JSON, "{\"system\":\"a\\nb\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(tuples),   cmocka_unit_test(tuples_that_lie),
	        cmocka_unit_test(structs), cmocka_unit_test(structs_that_lie),
	        cmocka_unit_test(numbers),  cmocka_unit_test(times),
	        cmocka_unit_test(addresses), cmocka_unit_test(done_for_a_program),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
