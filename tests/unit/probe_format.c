/*
 * Formats of tracepoints: the fields of good ones, and that no text, however it is cut or changed,
 * leads anywhere but to an error or to fields within a record. C++ names, whose texts are as
 * strange as their files make them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "elf/demangle.h"
#include "probe/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char good[] =
	"name: sched_process_exec\n"
	"ID: 365\n"
	"format:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
	"\n"
	"\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;\n"
	"\tfield:const char *const * argv;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:char comm[16];\toffset:24;\tsize:16;\tsigned:0;\n"
	"\tfield:__rel_loc u64[] addrs;\toffset:40;\tsize:4;\tsigned:0;\n"
	"\tfield:unsigned long args[6];\toffset:48;\tsize:48;\tsigned:0;\n"
	"\tfield:char rest[];\toffset:96;\tsize:0;\tsigned:0;\n"
	"\n"
	"print fmt: \"field:int no;\toffset:8;\tsize:4;\"\n";

static void fields(void **state)
{
	static const struct format_field expected[] = {
		{"char[]", "filename", 8, 4, false, true, FIELD_LOCATED},
		{"pid_t", "pid", 12, 4, true, false, FIELD_HERE},
		{"const char *const *", "argv", 16, 8, false, false, FIELD_HERE},
		{"char[16]", "comm", 24, 16, false, true, FIELD_HERE},
		{"u64[]", "addrs", 40, 4, false, true, FIELD_RELATIVE},
		{"unsigned long[6]", "args", 48, 48, false, true, FIELD_HERE},
	};
	struct arena arena = {0};
	struct format format;
	struct error err;

	(void)state;
	assert_int_equal(format_parse(good, &arena, &format, &err), 0);
	assert_int_equal(format.number, 365);
	assert_int_equal(format.field_count, sizeof(expected) / sizeof(*expected));
	for (size_t i = 0; i < format.field_count; i++) {
		const struct format_field *f = &format.fields[i], *e = &expected[i];

		assert_string_equal(f->type, e->type);
		assert_string_equal(f->name, e->name);
		assert_int_equal(f->offset, e->offset);
		assert_int_equal(f->size, e->size);
		assert_int_equal(f->is_signed, e->is_signed);
		assert_int_equal(f->is_array, e->is_array);
		assert_int_equal(f->place, e->place);
	}
	arena_free(&arena);
}

static void refused(void **state)
{
	static const char *const bad[] = {
		"",
		"name: x\nformat:\n",
		"ID: x\n",
		"ID: 99999999999\n",
		"ID: 1\n\tfield:\n",
		"ID: 1\n\tfield:;\toffset:8;\tsize:4;\tsigned:0;\n",
		"ID: 1\n\tfield:int;\toffset:8;\tsize:4;\tsigned:0;\n",
		"ID: 1\n\tfield:int 3;\toffset:8;\tsize:4;\tsigned:0;\n",
		"ID: 1\n\tfield:int x];\toffset:8;\tsize:4;\tsigned:0;\n",
		"ID: 1\n\tfield:int x;\toffset:;\tsize:4;\tsigned:0;\n",
		"ID: 1\n\tfield:int x;\toffset:8;\n",
		"ID: 1\n\tfield:int x;\toffset:99999999999999999999;\tsize:4;\n",
	};
	/* Out of any record: left out, like the common fields. */
	static const char out[] = "ID: 1\n"
				  "\tfield:int a;\toffset:8190;\tsize:4;\tsigned:0;\n"
				  "\tfield:int b;\toffset:4294967295;\tsize:4;\tsigned:0;\n"
				  "\tfield:int c[9];\toffset:8;\tsize:4294967295;\tsigned:0;\n"
				  "\tfield:__data_loc char[] d;\toffset:8;\tsize:8;\tsigned:0;\n"
				  "\tfield:int e;\toffset:8188;\tsize:4;\tsigned:0;\n";
	struct arena arena = {0};
	struct format format;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (format_parse(bad[i], &arena, &format, &err) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(format_parse(out, &arena, &format, &err), 0);
	assert_int_equal(format.field_count, 1);
	assert_string_equal(format.fields[0].name, "e");
	arena_free(&arena);
}

static void hold(const char *text)
{
	struct arena arena = {0};
	struct format format;
	struct error err;
	int rc = format_parse(text, &arena, &format, &err);

	assert_true(rc == 0 || rc == -EBADMSG);
	for (size_t i = 0; i < format.field_count; i++) {
		const struct format_field *f = &format.fields[i];

		assert_true(*f->name && *f->type && f->size);
		assert_in_range(f->offset, FORMAT_FIRST, FORMAT_RECORD_MOST - f->size);
	}
	arena_free(&arena);
}

/* Every cut, and many changes of single bytes, by a fixed sequence. */
static void damaged(void **state)
{
	static const char bytes[] = ";:[] \t\n0_9a*(";
	size_t length = strlen(good);
	char *text = strdup(good);
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < length; i++) {
		char kept = text[i];

		text[i] = '\0';
		hold(text);
		text[i] = kept;
	}
	for (int round = 0; round < 20000; round++) {
		random = random * 1664525 + 1013904223;
		text[(random >> 8) % length] = bytes[random % (sizeof(bytes) - 1)];
		hold(text);
		if (round % 8 == 7)
			memcpy(text, good, length);
	}
	free(text);
}

static void demangled(void **state)
{
	static const struct {
		const char *symbol, *name, *full;
	} names[] = {
		{"_ZNK3foo3bar3getEi", "foo::bar::get", "foo::bar::get(int) const"},
		{"_Z5twiceIiET_S0_", "twice<int>", "twice<int>(int)"},
		{"_ZN3fooC1Ev", "foo::foo", "foo::foo()"},
		{"_ZN12_GLOBAL__N_11fEv", "(anonymous namespace)::f", "(anonymous namespace)::f()"},
	};
	static const char *const none[] = {"", "main", "_Z", "_ZN", "_Znope", "Z1fv", "__Z1fv"};
	struct buffer name = {0}, bomb = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_true(demangle(names[i].symbol, DEMANGLE_NAME, &name));
		assert_string_equal(buffer_string(&name), names[i].name);
		assert_true(demangle(names[i].symbol, DEMANGLE_FULL, &name));
		assert_string_equal(buffer_string(&name), names[i].full);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_false(demangle(none[i], DEMANGLE_FULL, &name));
	/* f(a<int,int>, a<S1_,S1_>, a<S2_,S2_>, ...): each is twice as long as the one before. */
	buffer_text(&bomb, "_Z1f1aIiiE");
	for (int i = 0; i < 30; i++)
		buffer_print(&bomb, "S_IS%c_S%c_E", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i],
			     "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i]);
	assert_false(demangle(buffer_string(&bomb), DEMANGLE_FULL, &name));
	assert_in_range(name.length, 1000, 64 * 1024); /* it was about to */
	buffer_free(&name);
	buffer_free(&bomb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(refused),
		cmocka_unit_test(damaged),
		cmocka_unit_test(demangled),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
