/*
 * Test points as TAP version 14 and
 * as JSON.
 */
#include "state.h"

#include <errno.h>

/* ---- TAP ---- */

/* One line without control characters, as everywhere; a `#` would begin a directive, and the
 * backslash that keeps it from that needs one of its own. */
static void put_description(struct buffer *b, const char *text)
{
	struct buffer plain = {0};

	put_escaped(&plain, text, strlen(text), 0);
	for (size_t i = 0; i < plain.length; i++) {
		if (plain.data[i] == '\\' || plain.data[i] == '#')
			put_char(b, '\\');
		put_char(b, plain.data[i]);
	}
	b->failed |= plain.failed;
	buffer_free(&plain);
}

static void put_yaml(struct buffer *b, const char *key, const char *text)
{
	if (!text)
		return;
	put_text(b, key);
	put_text(b, ": ");
	put_json_string(b, text, strlen(text));
	put_char(b, '\n');
}

static void problem_yaml(struct buffer *b, const struct output_problem *problem)
{
	put_yaml(b, "    - kind", problem->kind);
	put_yaml(b, "      message", problem->message);
	put_yaml(b, "      expected", problem->expected);
	put_yaml(b, "      got", problem->got);
}

/* Lines for people: a block of them. The number says how far it is indented, whatever the first line
 * begins with. */
static void details_yaml(struct buffer *b, const char *text)
{
	if (!text)
		return;
	put_text(b, "  details: |2\n");
	while (*text) {
		size_t length = strcspn(text, "\n");

		put_text(b, "    ");
		put_escaped(b, text, length, 0);
		put_char(b, '\n');
		text += length + (text[length] == '\n');
	}
}

static void test_yaml(struct buffer *b, const struct output_test *test)
{
	if (!test->problem_count)
		return;
	put_text(b, "  ---\n");
	put_yaml(b, "  message", test->problems[0].message);
	put_text(b, "  severity: fail\n");
	put_yaml(b, "  at", test->at);
	put_yaml(b, "  expected", test->expected);
	put_yaml(b, "  got", test->got);
	put_text(b, "  problems:\n");
	for (size_t i = 0; i < test->problem_count; i++)
		problem_yaml(b, &test->problems[i]);
	details_yaml(b, test->details);
	put_text(b, "  ...\n");
}

static void test_tap(struct buffer *b, const struct output_test *test, size_t number)
{
	put_text(b, test->problem_count ? "not ok " : "ok ");
	put_unsigned(b, number);
	put_text(b, " - ");
	if (test->group) {
		put_description(b, test->group);
		put_text(b, ": ");
	}
	put_description(b, test->name);
	if (test->skipped) {
		put_text(b, " # SKIP ");
		put_description(b, test->skipped);
	}
	put_char(b, '\n');
	test_yaml(b, test);
}

/* ---- JSON ---- */

static void put_member(struct buffer *b, const char *key, const char *text)
{
	if (!text)
		return;
	put_text(b, b->length && b->data[b->length - 1] != '{' ? ",\"" : "\"");
	put_text(b, key);
	put_text(b, "\":");
	put_json_string(b, text, strlen(text));
}

static void test_json(struct buffer *b, const struct output_test *test)
{
	put_char(b, '{');
	put_member(b, "group", test->group);
	put_member(b, "name", test->name);
	put_text(b, test->problem_count ? ",\"ok\":false" : ",\"ok\":true");
	put_member(b, "skipped", test->skipped);
	put_member(b, "at", test->at);
	put_member(b, "expected", test->expected);
	put_member(b, "got", test->got);
	put_member(b, "details", test->details);
	put_text(b, ",\"problems\":[");
	for (size_t i = 0; i < test->problem_count; i++) {
		put_text(b, i ? ",{" : "{");
		put_member(b, "kind", test->problems[i].kind);
		put_member(b, "message", test->problems[i].message);
		put_member(b, "expected", test->problems[i].expected);
		put_member(b, "got", test->problems[i].got);
		put_char(b, '}');
	}
	put_text(b, "]}\n");
}

static void sums_json(struct buffer *b, const struct output_test *tests, size_t count)
{
	size_t failed = 0, skipped = 0;

	for (size_t i = 0; i < count; i++) {
		failed += tests[i].problem_count > 0;
		skipped += !tests[i].problem_count && tests[i].skipped;
	}
	put_text(b, "{\"passed\":");
	put_unsigned(b, count - failed - skipped);
	put_text(b, ",\"failed\":");
	put_unsigned(b, failed);
	put_text(b, ",\"skipped\":");
	put_unsigned(b, skipped);
	put_text(b, "}\n");
}

/* ---- both ---- */

int output_tests(FILE *file, const struct output_test *tests, size_t count,
                 const struct output_options *options, struct error *err)
{
	bool json = options->form == OUTPUT_JSON;
	struct buffer b = {0};
	int rc = 0;

	if (!json) {
		put_text(&b, "TAP version 14\n1..");
		put_unsigned(&b, count);
		put_text(&b, count ? "\n" : " # SKIP nothing to check\n");
	}
	for (size_t i = 0; i < count; i++) {
		if (json)
			test_json(&b, &tests[i]);
		else
			test_tap(&b, &tests[i], i + 1);
	}
	if (json)
		sums_json(&b, tests, count);
	errno = 0;
	if (b.failed)
		rc = error_memory(err);
	else if (fwrite(buffer_string(&b), 1, b.length, file) != b.length || fflush(file))
		rc = error_set(err, errno ? -errno : -EIO, "can't write the test points: %s",
		               strerror(errno ? errno : EIO));
	buffer_free(&b);
	return rc;
}
