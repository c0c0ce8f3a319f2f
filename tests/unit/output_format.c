/* printf() of the language: conversions against the types of their values. */
#include "output_help.h"

struct record {
	struct abi_record head;
	int32_t minus;
	uint32_t large;
	int64_t least;
	uint64_t most;
	uint8_t letter;
	uint8_t pad[7];
	double real;
	struct {
		struct abi_text head;
		char bytes[16];
	} text;
	struct {
		struct abi_bytes head;
		unsigned char bytes[8];
	} bytes;
	char comm[ABI_COMM];
	uint32_t probe;
	int8_t tiny;
	uint8_t truth;
	uint8_t pad2[2];
};

#define FIELD(member, t, s)                                                                        \
	{                                                                                          \
		{.type = (t),                                                                      \
		 .offset = offsetof(struct record, member),                                        \
		 .size = sizeof(((struct record *)0)->member),                                     \
		 .limit = 14,                                                                      \
		 .is_signed = (s)},                                                                \
		        PLAN_ARGUMENT                                                              \
	}

static const struct record sample = {
        .minus = -1,
        .large = 4294967295u,
        .least = INT64_MIN,
        .most = UINT64_MAX,
        .letter = 'A',
        .real = 0.25,
        .text = {{.length = 7}, "a\tb\nc\\\033"},
        .bytes = {{.length = 5, .wanted = 5}, "hi\033\n\xff"},
        .comm = "demo",
        .tiny = -128,
        .truth = 1,
};

/* What one conversion makes of one field. */
static void one(const char *format, struct plan_field field, const char *expected)
{
	struct plan_record shape = {.kind = PLAN_RECORD_PRINTF, .size = sizeof(struct record),
	                            .fields = &field, .field_count = 1, .format = format};
	struct printed p;

	printed_open(&p, &shape, 1, OUTPUT_TEXT, false);
	assert_int_equal(output_record(p.output, &sample.head, sizeof(sample)), 0);
	printed_is(&p, expected);
	printed_close(&p);
}

static void integers(void **state)
{
	struct plan_field minus = FIELD(minus, PLAN_INT, true);
	struct plan_field large = FIELD(large, PLAN_INT, false);
	struct plan_field least = FIELD(least, PLAN_INT, true);
	struct plan_field most = FIELD(most, PLAN_INT, false);
	struct plan_field tiny = FIELD(tiny, PLAN_INT, true);

	(void)state;
	one("%d|", minus, "-1|");
	one("%u", minus, "4294967295");
	one("%hhd", minus, "-1");
	one("%lld", minus, "-1");
	one("%x", minus, "ffffffff");
	one("%#X", minus, "0XFFFFFFFF");
	one("%o", tiny, "37777777600");
	one("%d", large, "-1"); /* an int's 32 bits */
	one("%ld", large, "4294967295");
	one("%hhu %%", large, "255 %");
	one("%hx", large, "ffff");
	one("%hhd", minus, "-1");
	one("%llx", minus, "ffffffffffffffff");
	one("%zu", large, "4294967295");
	one("%hd", least, "0");
	one("%u", large, "4294967295");
	one("%d", least, "-9223372036854775808");
	one("%u", most, "18446744073709551615");
	one("%lx", most, "ffffffffffffffff");
	one("%d", most, "-1");
	one("%6d|", minus, "    -1|");
	one("%-6d|", minus, "-1    |");
	one("%06d|", minus, "-00001|");
	one("%+d", tiny, "-128");
	one("%.3d|", minus, "-001|");
	one("%s", minus, "-1");
	one("%s", most, "18446744073709551615");
	one("%p", most, "0xffffffffffffffff");
	one("%20p|", minus, "  0xffffffffffffffff|");
	one("100% %\n%m %d%", minus, "100% %\n%m -1%"); /* a % that begins no conversion is one */
	one("%%%d%%", minus, "%-1%");
}

static void others(void **state)
{
	struct plan_field letter = FIELD(letter, PLAN_INT, false);
	struct plan_field real = FIELD(real, PLAN_FLOAT, false);
	struct plan_field minus = FIELD(minus, PLAN_INT, true);
	struct plan_field text = FIELD(text, PLAN_TEXT, false);
	struct plan_field bytes = FIELD(bytes, PLAN_BYTES, false);
	struct plan_field comm = FIELD(comm, PLAN_COMM, false);
	struct plan_field probe = FIELD(probe, PLAN_PROBE, false);
	struct plan_field truth = FIELD(truth, PLAN_BOOL, false);

	(void)state;
	one("%c", letter, "A");
	one("%3c|", letter, "  A|");
	one("%f", real, "0.250000");
	one("%8.1f|", real, "     0.2|");
	one("%g", minus, "-1");
	one("%d", real, "0.25"); /* never a number silently cut */
	one("%s", real, "0.25");
	one("%s", text, "a\tb\nc\\\\x1b"); /* newlines and tabs pass, an escape does not */
	one("%.3s|", text, "a\tb|");
	one("%d", text, "a\tb\nc\\\\x1b");
	one("%r", bytes, "hi\\x1b\\x0a\\xff");
	one("%rx", bytes, "\\x68\\x69\\x1b\\x0a\\xff");
	one("%rh", bytes, "68 69 1b 0a ff");
	one("%-10s|", comm, "demo      |");
	one("%10s|", comm, "      demo|");
	one("%2s|", comm, "demo|");
	one("%s", probe, "demo:request");
	one("%s", truth, "true");
	one("%d", truth, "1");
}

static void several(void **state)
{
	struct plan_field fields[] = {FIELD(minus, PLAN_INT, true), FIELD(comm, PLAN_COMM, false),
	                              FIELD(most, PLAN_INT, false)};
	struct plan_record shape = {.kind = PLAN_RECORD_PRINTF, .size = sizeof(struct record),
	                            .fields = fields, .field_count = 3,
	                            .format = "%d %s %-5x|\n"};
	struct record record = sample;
	struct printed p;

	(void)state;
	printed_open(&p, &shape, 1, OUTPUT_TEXT, false);
	record.most = 255;
	assert_int_equal(output_record(p.output, &record.head, sizeof(record)), 0);
	printed_is(&p, "-1 demo ff   |\n");
	record.head.unreadable = 2;
	assert_int_equal(output_record(p.output, &record.head, sizeof(record)), 0);
	printed_is(&p, "-1 <unreadable> ff   |\n");
	printed_close(&p);
}

static void as_json(void **state)
{
	struct plan_field fields[] = {FIELD(text, PLAN_TEXT, false)};
	struct plan_record shape = {.kind = PLAN_RECORD_PRINTF, .size = sizeof(struct record),
	                            .fields = fields, .field_count = 1, .format = "\"%s\"\n"};
	struct plan_record plain = {.kind = PLAN_RECORD_PRINTF, .size = sizeof(struct record),
	                            .format = "a\xff"};
	struct record record = sample;
	struct printed p;

	(void)state;
	record.text.head.length = 3;
	printed_open(&p, &shape, 1, OUTPUT_JSON, false);
	assert_int_equal(output_record(p.output, &record.head, sizeof(record)), 0);
	printed_is(&p, "{\"printf\":\"\\\"a\\tb\\\"\\n\"}\n");
	printed_close(&p);
	printed_open(&p, &plain, 1, OUTPUT_JSON, false);
	assert_int_equal(output_record(p.output, &record.head, sizeof(record)), 0);
	printed_is(&p, "{\"printf\":\"a\xef\xbf\xbd\",\"raw\":{\"printf\":\"61ff\"}}\n");
	printed_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(integers),
	        cmocka_unit_test(others),
	        cmocka_unit_test(several),
	        cmocka_unit_test(as_json),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("output_format", tests, NULL, NULL);
}
