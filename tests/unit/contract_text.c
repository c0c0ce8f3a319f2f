/*
 * A contract as text: what is written reads back as the same, and what is wrong is named with its
 * place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/contract.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct read {
	struct source source;
	struct contract contract;
	struct diagnostics diagnostics;
	struct error err;
	int rc;
};

static void read_contract(struct read *r, const char *text)
{
	*r = (struct read){.source = {"c", text, strlen(text)}};
	r->rc = contract_parse(&r->source, &r->contract, &r->diagnostics, &r->err);
}

static void forget(struct read *r)
{
	contract_free(&r->contract);
	diagnostics_free(&r->diagnostics);
}

#define HEAD "telltale contract 1\n"

/* ---- reading ---- */

static void reads(void **state)
{
	const struct contract_probe *probe;
	struct read r;

	(void)state;
	read_contract(&r, "# a comment\r\n\n \t" HEAD "file \"a file\" # its name\n"
	                  "\tdemo:request ( int id,const  char*path , double seconds )  # none\n"
	                  "demo:reply(unsigned  long\tint x:i64|u32|none, Oid * * \"a % b\") "
	                  "semaphore#x\n"
	                  "file lib*.so.1\n"
	                  "file:open()\n"
	                  "a:\"b \\x41\\n\\\"\"(\"int (*)(void)\" f: u64, std::size_t n:u64)");
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.contract.file_count, 2);
	assert_string_equal(r.contract.files[0].name, "a file");
	assert_string_equal(r.contract.files[1].name, "lib*.so.1");
	assert_int_equal(r.contract.files[0].probe_count, 2);
	probe = &r.contract.files[0].probes[0];
	assert_int_equal(probe->line, 5);
	assert_int_equal(probe->argument_count, 3);
	assert_string_equal(probe->arguments[1].type, "const char *");
	assert_string_equal(probe->arguments[1].name, "path");
	assert_int_equal(probe->arguments[1].shapes, 0);
	assert_false(probe->semaphore);
	probe++;
	assert_true(probe->semaphore);
	assert_string_equal(probe->arguments[0].type, "unsigned long int");
	assert_true(probe->arguments[0].shapes ==
	            (SHAPE(SHAPE_SIGNED, 8) | SHAPE(SHAPE_UNSIGNED, 4) | SHAPE_NONE));
	assert_string_equal(probe->arguments[1].type, "Oid **");
	assert_string_equal(probe->arguments[1].name, "a % b");
	probe = r.contract.files[1].probes;
	assert_string_equal(probe[0].provider, "file");
	assert_int_equal(probe[0].argument_count, 0);
	assert_string_equal(probe[1].name, "b A\n\"");
	assert_string_equal(probe[1].arguments[0].type, "int (*)(void)");
	assert_string_equal(probe[1].arguments[1].type, "std::size_t");
	forget(&r);
}

static void without_file(void **state)
{
	struct read r;

	(void)state;
	read_contract(&r, HEAD "a:b()\n");
	assert_int_equal(r.rc, 0);
	assert_null(r.contract.files[0].name);
	forget(&r);
	read_contract(&r, HEAD);
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.contract.file_count, 0);
	forget(&r);
}

/* ---- errors ---- */

static void refuses(const char *lines, const char *expected)
{
	struct buffer text = {0}, shown = {0};
	struct read r;

	buffer_print(&text, HEAD "%s", lines);
	buffer_print(&shown, "c:2:%s", expected);
	read_contract(&r, buffer_string(&text));
	assert_int_equal(r.rc, -EINVAL);
	assert_int_equal(r.diagnostics.errors, 1);
	assert_string_equal(r.err.text, buffer_string(&shown));
	forget(&r);
	buffer_free(&text);
	buffer_free(&shown);
}

static void errors(void **state)
{
	(void)state;
	refuses("!", "1: error: expected PROVIDER:NAME(TYPE NAME, ...) or file NAME");
	refuses("demo", "5: error: expected ':' and the probe's name behind its provider");
	refuses("demo:", "6: error: expected the probe's name");
	refuses("demo:x", "7: error: expected '(' and the arguments");
	refuses("demo:x(", "8: error: expected an argument: TYPE NAME");
	refuses("demo:x(int)", "11: error: expected the argument's name behind its type");
	refuses("demo:x(char *)", "14: error: expected the argument's name");
	refuses("demo:x(* p)", "8: error: expected an argument: TYPE NAME");
	refuses("demo:x(int a", "13: error: expected ')' or ',' behind an argument");
	refuses("demo:x(int a,)", "14: error: expected an argument: TYPE NAME");
	refuses("demo:x(Oid a)", "8: error: this type does not say how wide it is: put size and "
	                         "sign behind the name, as in 'Oid relation: u32'");
	refuses("demo:x(int a:)",
	        "14: error: expected size and sign: i8 to i128, u8 to u128, f32, f64, none");
	refuses("demo:x(int a:i32|)",
	        "18: error: expected size and sign: i8 to i128, u8 to u128, f32, f64, none");
	refuses("demo:x() semaphores", "10: error: expected 'semaphore' or the end of the line");
	refuses("demo:x() semaphore y", "20: error: expected the end of the line");
	refuses("demo:\"x", "6: error: this quote does not end");
	refuses("demo:\"\\x0\"", "7: error: expected \\n, \\t, \\\\, \\\" or \\x and two digits");
	refuses("demo:\"\\x00\"", "7: error: expected \\n, \\t, \\\\, \\\" or \\x and two digits");
	refuses("file", "5: error: expected the name of a file");
	refuses("file a b", "8: error: expected the end of the line behind the file");
}

static void several_errors(void **state)
{
	struct read r;

	(void)state;
	read_contract(&r, HEAD "a:b()\na:c(\na:b(int x)\nfile x\na:b()\nfile x\n");
	assert_int_equal(r.rc, -EINVAL);
	assert_string_equal(buffer_string(&r.diagnostics.text),
	                    "c:3:5: error: expected an argument: TYPE NAME\n"
	                    "a:c(\n"
	                    "    ^\n"
	                    "c:4:1: error: this probe is in line 2 already\n"
	                    "a:b(int x)\n"
	                    "^\n"
	                    "c:7:6: error: this file is in line 5 already\n"
	                    "file x\n"
	                    "     ^\n");
	forget(&r);
}

static void versions(void **state)
{
	static const char *const wrong[] = {
	        "",         "# nothing\n",           "demo:x()\n",           "telltale contract 0",
	        "telltale", "telltale contract 1 x", "telltale contract 12", "telltale contract ",
	};
	struct read r;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		read_contract(&r, wrong[i]);
		assert_int_equal(r.rc, -EINVAL);
		assert_int_equal(r.diagnostics.errors, 1);
		forget(&r);
	}
}

/* ---- shapes and types ---- */

static void shapes(void **state)
{
	static const char *const wrong[] = {"",    "i",     "i0",   "i7",  "i136",  "i08",
	                                    "x32", "nones", "f32f", "i-8", "u1288", "32"};
	struct buffer b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_true(!shape_parse(wrong[i], strlen(wrong[i])));
	for (unsigned form = 0; form < SHAPE_FORMS; form++) {
		for (unsigned size = 1; size <= SHAPE_SIZES; size++) {
			buffer_clear(&b);
			shapes_print(&b, SHAPE(form, size));
			assert_true(shape_parse(b.data, b.length) == SHAPE(form, size));
		}
	}
	buffer_clear(&b);
	shapes_print(&b, SHAPE_NONE | SHAPE_UNKNOWN | SHAPE(SHAPE_FLOAT, 8));
	assert_string_equal(b.data, "f64|none|unknown");
	buffer_free(&b);
	assert_true(shapes_of_type("const char *", 32) == SHAPE(SHAPE_UNSIGNED, 4));
	assert_true(shapes_of_type("long", 64) == SHAPE(SHAPE_SIGNED, 8));
	assert_true(shapes_of_type("long", 32) == SHAPE(SHAPE_SIGNED, 4));
	assert_true(shapes_of_type("int", 32) == SHAPE(SHAPE_SIGNED, 4));
	assert_true(!shapes_of_type("Oid", 64));
	assert_true(!shapes_of_type("", 64));
}

static void types(void **state)
{
	static const struct {
		const char *text, *normal;
	} pairs[] = {
	        {"char*", "char *"},
	        {"char * *", "char **"},
	        {" unsigned \t int ", "unsigned int"},
	        {"const char *", "const char *"},
	        {"", ""},
	        {"a<b, c>", "a<b, c>"},
	        {"char *const", "char *const"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		assert_string_equal(type_normal(pairs[i].text, strlen(pairs[i].text), &arena),
		                    pairs[i].normal);
	arena_free(&arena);
}

/* ---- there and back ---- */

/* Names and types out of everything that a hostile binary may hold. */
static void round_trip(void **state)
{
	static const char *const texts[] = {
	        "a",     "a b",          "1x",       "\"",       "\\",        "#",    "a,b",
	        ")",     "\n\t\r",       "\x1b[2J",  "\xff\xfe", "\xc2\x9b",  "a:b",  "a::b",
	        "*",     "char *x",      "f(\")\")", "file",     "semaphore", "é",    "a % b",
	        "int *", "unsigned int", "x*y*",     "::",       "a: b",      "\x01", "",
	};
	enum { COUNT = sizeof(texts) / sizeof(*texts) };
	struct contract_argument argument = {0};
	struct contract_probe probe = {.arguments = &argument, .argument_count = 1};
	struct contract_file file = {.probes = &probe, .probe_count = 1, .bits = 64};
	struct contract contract = {.files = &file, .file_count = 1};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t j = 0; j < COUNT; j++) {
			const struct contract_probe *back;
			struct buffer b = {0};
			struct read r;

			file.name = probe.provider = argument.name = texts[i];
			probe.name = texts[j];
			argument.type = type_normal(texts[j], strlen(texts[j]), &arena);
			argument.shapes = SHAPE(i % 3, 1 + j % 16);
			probe.semaphore = i & 1;
			contract_print(&contract, &b);
			read_contract(&r, buffer_string(&b));
			if (r.rc)
				fail_msg("%s%s", b.data, r.diagnostics.text.data);
			back = r.contract.files[0].probes;
			assert_string_equal(r.contract.files[0].name, texts[i]);
			assert_string_equal(back->provider, probe.provider);
			assert_string_equal(back->name, probe.name);
			assert_string_equal(back->arguments[0].name, argument.name);
			assert_string_equal(back->arguments[0].type, argument.type);
			assert_true(!back->arguments[0].shapes ||
			            back->arguments[0].shapes == argument.shapes);
			assert_true(back->semaphore == probe.semaphore);
			forget(&r);
			buffer_free(&b);
		}
	}
	arena_free(&arena);
}

/* Bytes of a good contract changed by chance: an answer, whichever, and no crash. */
static void damaged(void **state)
{
	static const char good[] = HEAD "file x\na:b(int x: i32|none, const char *\"q\\x41\") "
	                                "semaphore\nc:d(\"t\" y: u8)\n";
	static const char letters[] = "\n \"\\:(),|*#xai3\xff\x80";
	uint64_t chance = 42;
	char text[sizeof(good)];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct read r;

		memcpy(text, good, sizeof(text));
		for (int j = 0; j < 1 + i % 4; j++) {
			chance = chance * 6364136223846793005u + 1442695040888963407u;
			text[(chance >> 33) % (sizeof(text) - 1)] =
			        letters[(chance >> 20) % (sizeof(letters) - 1)];
		}
		read_contract(&r, text);
		assert_true(r.rc == 0 || (r.rc == -EINVAL && r.diagnostics.errors));
		forget(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads),    cmocka_unit_test(without_file),
	        cmocka_unit_test(errors),   cmocka_unit_test(several_errors),
	        cmocka_unit_test(versions), cmocka_unit_test(shapes),
	        cmocka_unit_test(types),    cmocka_unit_test(round_trip),
	        cmocka_unit_test(damaged),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("contract_text", tests, NULL, NULL);
}
