/*
 * Test points as JUnit XML, as CI systems read it: the schema of Jenkins' xunit plugin. It is
 * written by hand: six elements, their attributes and one escape are less than what a library for
 * XML would take to be told the same (libxml2 is 2 MB to depend on, for this only).
 */
#include "state.h"

#include <errno.h>

/* Returns how many bytes it has beside its first. */
static size_t put_noncharacter(struct buffer *b, const char *c)
{
	put_text(b, c[2] == '\xbe' ? "\\ufffe" : "\\uffff");
	return 2;
}

/*
 * Text that is well-formed XML 1.0 whatever it was: first escaped for people (control characters,
 * broken UTF-8), then for XML, which has no way at all to say U+FFFE and U+FFFF.
 */
static void put_xml(struct buffer *b, const char *text)
{
	struct buffer plain = {0};

	put_escaped(&plain, text, strlen(text), 0);
	for (size_t i = 0; i < plain.length; i++) {
		const char *c = plain.data + i;

		if (*c == '&')
			put_text(b, "&amp;");
		else if (*c == '<')
			put_text(b, "&lt;");
		else if (*c == '>')
			put_text(b, "&gt;");
		else if (*c == '"')
			put_text(b, "&quot;");
		else if (!strncmp(c, "\xef\xbf\xbe", 3) || !strncmp(c, "\xef\xbf\xbf", 3))
			i += put_noncharacter(b, c);
		else
			put_char(b, *c);
	}
	b->failed |= plain.failed;
	buffer_free(&plain);
}

static void attribute(struct buffer *b, const char *name, const char *text)
{
	if (!text)
		return;
	put_char(b, ' ');
	put_text(b, name);
	put_text(b, "=\"");
	put_xml(b, text);
	put_char(b, '"');
}

static void attribute_number(struct buffer *b, const char *name, size_t number)
{
	buffer_print(b, " %s=\"%zu\"", name, number);
}

/* A line of what a failure says; an empty name continues the one before. */
static void line(struct buffer *b, const char *name, const char *text)
{
	if (!text)
		return;
	put_text(b, name);
	put_xml(b, text);
	put_char(b, '\n');
}

/* Lines stay lines. */
static void lines(struct buffer *b, const char *text)
{
	struct buffer one = {0};

	while (text && *text) {
		size_t length = strcspn(text, "\n");

		buffer_clear(&one);
		buffer_add(&one, text, length);
		line(b, "", buffer_string(&one));
		text += length + (text[length] == '\n');
	}
	b->failed |= one.failed;
	buffer_free(&one);
}

static void failure(struct buffer *b, const struct output_test *test)
{
	put_text(b, "      <failure");
	attribute(b, "message", test->problems[0].message);
	attribute(b, "type", test->problems[0].kind);
	put_char(b, '>');
	for (size_t i = 0; i < test->problem_count; i++) {
		line(b, "", test->problems[i].message);
		line(b, "  expected: ", test->problems[i].expected);
		line(b, "  got:      ", test->problems[i].got);
	}
	line(b, "expected: ", test->expected);
	line(b, "got:      ", test->got);
	line(b, "at: ", test->at);
	lines(b, test->details);
	put_text(b, "</failure>\n");
}

static void test_case(struct buffer *b, const struct output_test *test)
{
	put_text(b, "    <testcase");
	attribute(b, "classname", test->group ? test->group : "telltale");
	attribute(b, "name", test->name);
	buffer_print(b, " time=\"%.6f\">\n", test->seconds);
	if (test->problem_count) {
		failure(b, test);
	} else if (test->skipped) {
		put_text(b, "      <skipped");
		attribute(b, "message", test->skipped);
		put_text(b, "/>\n");
	}
	put_text(b, "    </testcase>\n");
}

static void numbers(struct buffer *b, const struct output_test *tests, size_t count)
{
	size_t failed = 0, skipped = 0;
	double seconds = 0;

	for (size_t i = 0; i < count; i++) {
		failed += tests[i].problem_count > 0;
		skipped += !tests[i].problem_count && tests[i].skipped;
		seconds += tests[i].seconds;
	}
	attribute_number(b, "tests", count);
	attribute_number(b, "failures", failed);
	attribute_number(b, "errors", 0);
	attribute_number(b, "skipped", skipped);
	buffer_print(b, " time=\"%.6f\">\n", seconds);
}

int output_junit(FILE *file, const char *suite, const struct output_test *tests, size_t count,
                 struct error *err)
{
	struct buffer b = {0};
	int rc = 0;

	put_text(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	numbers(&b, tests, count);
	put_text(&b, "  <testsuite");
	attribute(&b, "name", suite);
	numbers(&b, tests, count);
	for (size_t i = 0; i < count; i++)
		test_case(&b, &tests[i]);
	put_text(&b, "  </testsuite>\n</testsuites>\n");
	errno = 0;
	if (b.failed)
		rc = error_memory(err);
	else if (fwrite(buffer_string(&b), 1, b.length, file) != b.length || fflush(file))
		rc = error_set(err, errno ? -errno : -EIO, "can't write the JUnit file: %s",
		               strerror(errno ? errno : EIO));
	buffer_free(&b);
	return rc;
}
