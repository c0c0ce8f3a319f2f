/*
 * Test points as TAP, JSON and JUnit: whatever the texts are, every reader must get through.
 */
#include "output_help.h"

#include <errno.h>

static const struct output_problem problems[] = {
        {"argument-type", "argument 1 has type 'int'", "const char *", "int"},
        {"probe-new", "a \"new\" one\\\n<&>", NULL, NULL},
};

static const struct output_test tests_of_all_kinds[] = {
        {.group = "demo", .name = "demo:request"},
        {.group = "de#mo\x1b", .name = "back\\slash # SKIP not", .skipped = "why # not"},
        {.name = "demo:reply",
         .at = "c:4",
         .expected = "reply(\"a\")",
         .got = "x\xff\xc2\x9b",
         .details = "one\ntwo <b>\n",
         .seconds = 0.25,
         .problems = problems,
         .problem_count = 2},
};

enum { TESTS = sizeof(tests_of_all_kinds) / sizeof(*tests_of_all_kinds) };

static char *print(bool junit, enum output_form form, size_t count)
{
	struct output_options options = {.form = form};
	struct error err = {0};
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	assert_non_null(file);
	if (junit)
		assert_int_equal(output_junit(file, "a \"suite\"", tests_of_all_kinds, count, &err),
		                 0);
	else
		assert_int_equal(output_tests(file, tests_of_all_kinds, count, &options, &err), 0);
	fclose(file);
	return text;
}

static void tap(void **state)
{
	char *text = print(false, OUTPUT_TEXT, TESTS);

	(void)state;
	assert_string_equal(text,
	                    "TAP version 14\n"
	                    "1..3\n"
	                    "ok 1 - demo: demo:request\n"
	                    "ok 2 - de\\#mo\\\\x1b: back\\\\\\\\slash \\# SKIP not # SKIP why \\# not\n"
	                    "not ok 3 - demo:reply\n"
	                    "  ---\n"
	                    "  message: \"argument 1 has type 'int'\"\n"
	                    "  severity: fail\n"
	                    "  at: \"c:4\"\n"
	                    "  expected: \"reply(\\\"a\\\")\"\n"
	                    "  got: \"x\xef\xbf\xbd\\u009b\"\n"
	                    "  problems:\n"
	                    "    - kind: \"argument-type\"\n"
	                    "      message: \"argument 1 has type 'int'\"\n"
	                    "      expected: \"const char *\"\n"
	                    "      got: \"int\"\n"
	                    "    - kind: \"probe-new\"\n"
	                    "      message: \"a \\\"new\\\" one\\\\\\n<&>\"\n"
	                    "  details: |2\n    one\n    two <b>\n"
	                    "  ...\n");
	free(text);
	text = print(false, OUTPUT_TEXT, 0);
	assert_string_equal(text, "TAP version 14\n1..0 # SKIP nothing to check\n");
	free(text);
}

static void json(void **state)
{
	char *text = print(false, OUTPUT_JSON, TESTS);

	(void)state;
	assert_string_equal(
	        text,
	        "{\"group\":\"demo\",\"name\":\"demo:request\",\"ok\":true,\"problems\":[]}\n"
	        "{\"group\":\"de#mo\\u001b\",\"name\":\"back\\\\slash # SKIP not\",\"ok\":true,"
	        "\"skipped\":\"why # not\",\"problems\":[]}\n"
	        "{\"name\":\"demo:reply\",\"ok\":false,\"at\":\"c:4\",\"expected\":\"reply(\\\"a\\\")\","
	        "\"got\":\"x\xef\xbf\xbd\\u009b\",\"details\":\"one\\ntwo <b>\\n\",\"problems\":["
	        "{\"kind\":\"argument-type\",\"message\":\"argument 1 has type 'int'\","
	        "\"expected\":\"const char *\",\"got\":\"int\"},"
	        "{\"kind\":\"probe-new\",\"message\":\"a \\\"new\\\" one\\\\\\n<&>\"}]}\n"
	        "{\"passed\":1,\"failed\":1,\"skipped\":1}\n");
	free(text);
}

static void junit(void **state)
{
	char *text = print(true, OUTPUT_TEXT, TESTS);

	(void)state;
	assert_string_equal(
	        text,
	        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	        "<testsuites tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" "
	        "time=\"0.250000\">\n"
	        "  <testsuite name=\"a &quot;suite&quot;\" tests=\"3\" failures=\"1\" errors=\"0\" "
	        "skipped=\"1\" time=\"0.250000\">\n"
	        "    <testcase classname=\"demo\" name=\"demo:request\" time=\"0.000000\">\n"
	        "    </testcase>\n"
	        "    <testcase classname=\"de#mo\\x1b\" name=\"back\\\\slash # SKIP not\" "
	        "time=\"0.000000\">\n"
	        "      <skipped message=\"why # not\"/>\n"
	        "    </testcase>\n"
	        "    <testcase classname=\"telltale\" name=\"demo:reply\" time=\"0.250000\">\n"
	        "      <failure message=\"argument 1 has type 'int'\" type=\"argument-type\">"
	        "argument 1 has type 'int'\n"
	        "  expected: const char *\n"
	        "  got:      int\n"
	        "a &quot;new&quot; one\\\\\\n&lt;&amp;&gt;\n"
	        "expected: reply(&quot;a&quot;)\n"
	        "got:      x\\xff\\xc2\\x9b\n"
	        "at: c:4\n"
	        "one\n"
	        "two &lt;b&gt;\n"
	        "</failure>\n"
	        "    </testcase>\n"
	        "  </testsuite>\n"
	        "</testsuites>\n");
	free(text);
}

/* Valid UTF-8, and yet not to be said in XML. */
static void noncharacters(void **state)
{
	const struct output_test test = {.name = "a\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd"};
	struct error err = {0};
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	(void)state;
	assert_int_equal(output_junit(file, "s", &test, 1, &err), 0);
	fclose(file);
	assert_non_null(strstr(text, "name=\"a\\ufffe\\uffff\xef\xbf\xbd\""));
	free(text);
}

static void full_disk(void **state)
{
	struct output_options options = {.form = OUTPUT_TEXT};
	struct error err = {0};
	FILE *file = fopen("/dev/full", "we");

	(void)state;
	if (!file)
		skip();
	assert_int_equal(output_tests(file, tests_of_all_kinds, TESTS, &options, &err), -ENOSPC);
	assert_string_equal(err.text, "can't write the test points: No space left on device");
	assert_int_equal(output_junit(file, "s", tests_of_all_kinds, TESTS, &err), -ENOSPC);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(tap),           cmocka_unit_test(json),
	        cmocka_unit_test(junit),         cmocka_unit_test(noncharacters),
	        cmocka_unit_test(full_disk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("output_tap", tests, NULL, NULL);
}
