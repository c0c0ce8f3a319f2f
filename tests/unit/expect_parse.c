/* The text of expectations: what it means, and what is wrong with it, where. */
#include "check/expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct parsed {
	struct source source;
	struct expectations e;
	struct error err;
	int code;
};

static struct parsed *parse(const char *text)
{
	struct parsed *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->source = (struct source){.name = "t", .text = text, .length = strlen(text)};
	p->code = expect_parse(&p->source, &p->e, &p->err);
	return p;
}

static void done(struct parsed *p)
{
	expect_free(&p->e);
	free(p);
}

/* What was read, written in one way. */
static void put_step(struct buffer *b, const struct parsed *p, const struct expect_step *step)
{
	buffer_text(b, step->pattern);
	for (size_t i = 0; i < step->condition_count; i++)
		buffer_print(b, "%s%.*s", i ? "|" : "(",
			     (int)(step->conditions[i].end - step->conditions[i].at),
			     p->source.text + step->conditions[i].at);
	if (step->condition_count)
		buffer_char(b, ')');
}

static void means(const char *text, const char *expected)
{
	struct parsed *p = parse(text);
	struct buffer b = {0};

	if (p->code)
		fail_msg("%s: %s", text, p->err.text);
	for (size_t i = 0; i < p->e.count; i++) {
		const struct expectation *x = &p->e.items[i];

		buffer_text(&b, i ? "; " : "");
		for (size_t j = 0; j < x->step_count; j++) {
			buffer_text(&b, j ? " -> " : "");
			put_step(&b, p, &x->steps[j]);
		}
		buffer_text(&b, x->paired ? " paired" : "");
		if (x->key)
			buffer_print(&b, " by %s", x->key);
		if (x->op != OP_NONE)
			buffer_print(&b, " %s %llu", op_text(x->op), (unsigned long long)x->number);
		buffer_print(&b, " @%u", x->line);
	}
	assert_string_equal(buffer_string(&b), expected);
	buffer_free(&b);
	done(p);
}

static void test_counts(void **state)
{
	(void)state;
	means("demo:request", "demo:request >= 1 @1");
	means("demo:request >= 3", "demo:request >= 3 @1");
	means("  demo:*==0 ", "demo:* == 0 @1");
	means("a:b < 3; a:b <= 4;a:b > 5\na:b != 6", "a:b < 3 @1; a:b <= 4 @1; a:b > 5 @1; a:b != 6 @2");
	means("usdt:/bin/x:a:b == 18446744073709551615",
	      "usdt:/bin/x:a:b == 18446744073709551615 @1");
}

static void test_conditions(void **state)
{
	(void)state;
	means("a:b(path == \"/x,)\", status == 200) == 3",
	      "a:b(path == \"/x,)\"|status == 200) == 3 @1");
	means("a:b( (x + 1) * f(2, 3) > 4 )", "a:b((x + 1) * f(2, 3) > 4) >= 1 @1");
	means("a:b(s == \"\\\"#;\") # comment; a:c", "a:b(s == \"\\\"#;\") >= 1 @1");
}

static void test_orders(void **state)
{
	(void)state;
	means("a:b -> a:c", "a:b -> a:c @1");
	means("a:b->a:c(x == 1)->a:d", "a:b -> a:c(x == 1) -> a:d @1");
	means("a:b -> a:c paired", "a:b -> a:c paired @1");
	means("a:b -> a:c paired by arg0", "a:b -> a:c paired by arg0 @1");
	means("a:b -> a:c by args.id <= 1.5ms", "a:b -> a:c paired by id <= 1500000 @1");
	means("a:b -> a:c < 2s", "a:b -> a:c paired < 2000000000 @1");
	means("a:b -> a:c > 0.25us", "a:b -> a:c paired > 250 @1");
}

static void test_comments(void **state)
{
	(void)state;
	means("# nothing\n\n ; a:b # and so\n#\n a:c", "a:b >= 1 @3; a:c >= 1 @5");
}

static void refuses(const char *text, const char *errors)
{
	struct parsed *p = parse(text);
	struct buffer b = {0};
	const char *line = buffer_string(&p->e.diagnostics.text);

	assert_int_equal(p->code, -22);
	for (; *line; line = strchr(line, '\n') + 1)
		if (!strncmp(line, "t:", 2))
			buffer_add(&b, line, strcspn(line, "\n") + 1);
	assert_string_equal(buffer_string(&b), errors);
	buffer_free(&b);
	done(p);
}

static void test_errors(void **state)
{
	(void)state;
	refuses("", "t:1:1: error: nothing is expected here\n");
	refuses(" # only this\n", "t:1:1: error: nothing is expected here\n");
	refuses("x\na:b >\na:b(", "t:1:1: error: expected a probe, such as demo:request\n"
				   "t:2:6: error: expected how many hits, a whole number\n"
				   "t:3:5: error: expected a condition, such as status == 200\n");
	refuses("a:b(x == 1", "t:1:4: error: this parenthesis is not closed\n");
	refuses("a:b >= 0", "t:1:8: error: that is always true\n");
	refuses("a:b < 0", "t:1:7: error: that is never true\n");
	refuses("a:b == 1.5", "t:1:8: error: expected how many hits, a whole number\n");
	refuses("a:b == 18446744073709551616",
		"t:1:8: error: expected how many hits, a whole number\n");
	refuses("a:b paired", "t:1:5: error: paired and by need two probes: demo:start -> demo:stop\n");
	refuses("a:b -> a:c == 3ms", "t:1:12: error: of a time expect < or <=, > or >=\n");
	refuses("a:b -> a:c < 3", "t:1:15: error: expected ns, us, ms or s\n");
	refuses("a:b -> a:c -> a:d paired",
		"t:1:1: error: paired, and a time between, are of two probes\n");
	refuses("a:b -> a:c < 99999999999999s", "t:1:14: error: so long a time does not fit\n");
	refuses("a:b a:c",
		"t:1:5: error: nothing more is expected here; a line or a ; ends an expectation\n");
	refuses("a:b ->", "t:1:7: error: expected a probe, such as demo:request\n");
	refuses("a:b -> a:c by", "t:1:14: error: expected the argument that tells them apart, such as id\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),	 cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_orders),	 cmocka_unit_test(test_comments),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
