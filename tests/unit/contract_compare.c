/*
 * What was agreed against what is there: each kind of difference has its name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/contract.h"

#include <errno.h>
#include <string.h>

struct compared {
	struct source sources[2];
	struct contract agreed, found;
	struct diagnostics diagnostics[2];
	struct contract_results results;
	struct buffer text[2];
	struct error err;
	int rc;
};

static void read_one(struct compared *c, int which, struct contract *contract, const char *lines)
{
	struct error err = {0};

	buffer_print(&c->text[which], "telltale contract 1\n%s", lines);
	c->sources[which] = (struct source){.name = which ? "found" : "agreed",
	                                    .text = buffer_string(&c->text[which]),
	                                    .length = c->text[which].length};
	if (contract_parse(&c->sources[which], contract, &c->diagnostics[which], &err))
		fail_msg("%s", err.text);
}

/* A text in place of a binary: its shapes are those that its types say. */
static void make_found(struct contract *found)
{
	for (size_t i = 0; i < found->file_count; i++) {
		struct contract_file *file = &found->files[i];

		file->bits = 64;
		if (!file->name)
			file->name = "/usr/bin/demo";
		for (size_t j = 0; j < file->probe_count; j++) {
			for (size_t k = 0; k < file->probes[j].argument_count; k++) {
				struct contract_argument *a = &file->probes[j].arguments[k];

				if (!a->shapes)
					a->shapes = shapes_of_type(a->type, 64);
			}
		}
	}
}

static void compare(struct compared *c, const char *agreed, const char *found, bool allow)
{
	struct contract_allowed allowed = {allow, allow};

	*c = (struct compared){.rc = 0};
	read_one(c, 0, &c->agreed, agreed);
	read_one(c, 1, &c->found, found);
	make_found(&c->found);
	c->rc = contract_compare(&c->agreed, &c->found, &allowed, &c->results, &c->err);
}

static void forget(struct compared *c)
{
	contract_results_free(&c->results);
	contract_free(&c->agreed);
	contract_free(&c->found);
	for (int i = 0; i < 2; i++) {
		diagnostics_free(&c->diagnostics[i]);
		buffer_free(&c->text[i]);
	}
}

/* The kinds of all problems, in their order, each test point's behind its name. */
static void kinds_of(const struct compared *c, struct buffer *b)
{
	for (size_t i = 0; i < c->results.count; i++) {
		const struct output_test *test = &c->results.tests[i];

		for (size_t j = 0; j < test->problem_count; j++)
			buffer_print(b, "%s%s %s", b->length ? ", " : "", test->name,
			             test->problems[j].kind);
	}
}

static void gives(const char *agreed, const char *found, bool allow, const char *expected)
{
	struct buffer kinds = {0};
	struct compared c;

	compare(&c, agreed, found, allow);
	assert_int_equal(c.rc, 0);
	kinds_of(&c, &kinds);
	assert_string_equal(buffer_string(&kinds), expected);
	buffer_free(&kinds);
	forget(&c);
}

static void probes(void **state)
{
	(void)state;
	gives("a:b(int x) semaphore\n", "a:b(int x) semaphore\n", false, "");
	gives("a:b()\n", "a:c()\n", false, "a:b probe-gone, a:c probe-new");
	gives("a:b()\n", "a:c()\n", true, "a:b probe-gone");
	gives("a:b()\na:c()\n", "a:c()\n", false, "a:b probe-gone");
	gives("a:b()\n", "a:b() semaphore\n", false, "a:b semaphore-added");
	gives("a:b() semaphore\n", "a:b()\n", false, "a:b semaphore-gone");
}

static void arguments(void **state)
{
	(void)state;
	gives("a:b(int x)\n", "a:b(int y)\n", false, "a:b argument-name");
	gives("a:b(int x)\n", "a:b(int32_t x)\n", false, "a:b argument-type");
	gives("a:b(int x)\n", "a:b(int x: u32)\n", false, "a:b argument-sign");
	gives("a:b(int x)\n", "a:b(int x: i64)\n", false, "a:b argument-size");
	gives("a:b(double x)\n", "a:b(double x: u64)\n", false, "a:b argument-type");
	gives("a:b(int x)\n", "a:b(long x)\n", false, "a:b argument-type, a:b argument-size");
	gives("a:b(int x, int y)\n", "a:b(int x)\n", true, "a:b argument-gone");
	gives("a:b(int x)\n", "a:b(int x, int y)\n", false, "a:b argument-added");
	gives("a:b(int x)\n", "a:b(int x, int y)\n", true, "");
	gives("a:b(int x)\n", "a:b(int y, int x)\n", true, "a:b argument-name");
	gives("a:b(char x)\n", "a:b(char x: i8)\n", false, "");
	gives("a:b(char x)\n", "a:b(char x: u8)\n", false, "");
	gives("a:b(char x: i8)\n", "a:b(char x: u8)\n", false, "a:b argument-sign");
}

static void sites(void **state)
{
	(void)state;
	gives("a:b(int x)\n", "a:b(int x: i32|u32)\n", false, "a:b sites-disagree");
	gives("a:b(int x)\n", "a:b(int x: i32|none)\n", false, "a:b sites-disagree");
	gives("a:b(int x: i32|u32)\n", "a:b(int x: i32|u32)\n", false, "");
	gives("a:b(int x: i32|u32)\n", "a:b(int x: i32|u64)\n", false, "a:b sites-disagree");
	gives("a:b(int x: i32|u32)\n", "a:b(int x: u32)\n", false, "");
	gives("a:b(int x)\n", "a:b(int x: unknown)\n", false, "a:b argument-unreadable");
}

static void what_is_wrong_by_itself(void **state)
{
	struct contract_fault faults[] = {
	        {CONDITION_BASE, "base-zero", "one"},
	        {CONDITION_NOTES, "note-damaged", "two"},
	        {CONDITION_BASE, "base-lost", "three"},
	};
	struct contract_argument different = {"x", "int", SHAPE_NONE | SHAPE(SHAPE_SIGNED, 4),
	                                      "  site\n"};
	struct contract_probe probes[] = {
	        {.provider = "a", .name = "b", .lost = "its code is gone"},
	        {.provider = "a", .name = "c", .semaphore = true, .semaphore_differs = true},
	        {.provider = "a", .name = "d", .arguments = &different, .argument_count = 1},
	};
	struct contract_file file = {.name = "x",
	                             .bits = 64,
	                             .probes = probes,
	                             .probe_count = 3,
	                             .faults = faults,
	                             .fault_count = 3};
	struct contract_allowed allowed = {true, true};
	struct buffer kinds = {0};
	struct compared c = {0};

	(void)state;
	read_one(&c, 0, &c.agreed, "a:b()\na:c() semaphore\n");
	c.found = (struct contract){.files = &file, .file_count = 1};
	assert_int_equal(contract_compare(&c.agreed, &c.found, &allowed, &c.results, &c.err), 0);
	kinds_of(&c, &kinds);
	assert_string_equal(kinds.data, "every note makes sense note-damaged, "
	                                "every note has its base base-zero, "
	                                "every note has its base base-lost, "
	                                "a:b no-site, a:c semaphore-differs, a:d sites-disagree");
	assert_string_equal(c.results.tests[c.results.count - 1].details,
	                    "argument 1 (x):\n  site\n");
	c.found = (struct contract){.files = NULL};
	buffer_free(&kinds);
	forget(&c);
}

static void messages(void **state)
{
	const struct output_test *test;
	struct compared c;

	(void)state;
	compare(&c, "demo:request(int id)\nd:x(int id, char *p) semaphore\n",
	        "d:x(long p)\ndemo:requests(int id)\n", true);
	assert_int_equal(c.results.count, 6);
	test = &c.results.tests[3];
	assert_string_equal(test->group, "demo");
	assert_string_equal(test->at, "agreed:2");
	assert_string_equal(test->expected, "demo:request(int id)");
	assert_string_equal(test->problems[0].message,
	                    "the binary has no such probe; did you mean demo:requests?");
	test = &c.results.tests[4];
	assert_int_equal(test->problem_count, 5);
	assert_string_equal(test->expected, "d:x(int id, char *p) semaphore");
	assert_string_equal(test->got, "d:x(long p)");
	assert_string_equal(test->problems[2].message, "argument 1 (id) has another size");
	assert_string_equal(test->problems[2].expected, "i32");
	assert_string_equal(test->problems[2].got, "i64");
	assert_string_equal(test->problems[3].message, "argument 2 (p) is gone");
	forget(&c);
}

/* `long` and pointers are as wide as an address: no change between an older binary of 32 bits and
 * its successor of 64. */
static void widths(void **state)
{
	struct contract_allowed allowed = {0};
	struct compared c = {0};

	(void)state;
	read_one(&c, 0, &c.agreed, "a:b(long x: i32, char *p: u32, Oid o: u32)\n");
	read_one(&c, 1, &c.found, "a:b(long x, char *p, Oid o: u32)\n");
	make_found(&c.found);
	c.agreed.files[0].bits = 32;
	assert_int_equal(contract_compare(&c.agreed, &c.found, &allowed, &c.results, &c.err), 0);
	for (size_t i = 0; i < c.results.count; i++)
		assert_int_equal(c.results.tests[i].problem_count, 0);
	forget(&c);
}

static void files(void **state)
{
	struct compared c;

	(void)state;
	gives("file other\na:b()\n", "file /x/demo\na:b()\n", false, "");
	gives("file demo\na:b()\nfile lib*.so.?\na:c()\n",
	      "file /x/demo\na:b()\nfile /y/libx.so.2\na:c()\n", false, "");
	gives("file demo\na:b()\nfile /y/libx.so\na:c()\n",
	      "file /x/demo\na:b()\nfile /z/libx.so\na:c()\n", false,
	      "is in the contract file-new, a:c probe-new, is there file-gone");
	gives("file demo\na:b()\n", "file /x/demo\na:b()\nfile z\na:c()\n", true, "");
	gives("", "a:b()\n", false, "is in the contract file-new, a:b probe-new");
	compare(&c, "a:b()\n", "file x\na:b()\nfile y\n", false);
	assert_int_equal(c.rc, -EINVAL);
	forget(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(probes),   cmocka_unit_test(arguments),
	        cmocka_unit_test(sites),    cmocka_unit_test(what_is_wrong_by_itself),
	        cmocka_unit_test(messages), cmocka_unit_test(widths),
	        cmocka_unit_test(files),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("contract_compare", tests, NULL, NULL);
}
