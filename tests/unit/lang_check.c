/*
 * Programs that are right, and what is said of those that are not: place, caret, near names, and
 * several errors in one go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe_help.h"

#include "lang/ast.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Parses and checks; the program is left for a look, and the set with it. */
struct checked {
	struct hand hand;
	struct program program;
	struct error err;
	int code;
};

static void check(struct checked *c, const char *text)
{
	memset(c, 0, sizeof(*c));
	hand_make(&c->hand);
	c->code = program_parse("t", text, &c->program, &c->err);
	if (!c->code)
		c->code = program_check(&c->program, &c->hand.set, &c->err);
}

static void release(struct checked *c)
{
	program_free(&c->program);
	hand_free(&c->hand);
}

/* What needs no type of the kernel's does not open it: that takes time. */
static void sources_stay_closed(void **state)
{
	static const char *const programs[][2] = {
		{"demo:reply { @[arg0, comm] = count(); $x = (uint8)arg0; printf(\"%d\", $x); }", ""},
		{"struct s { int a; struct s *next; }; "
		 "demo:reply { printf(\"%d\", ((struct s *)arg0)->next->a + sizeof(struct s)); }", ""},
		{"demo:reply { printf(\"%p\", curtask); }", ""},
		{"demo:reply { printf(\"%d\", curtask->pid); }", "opened"},
		{"demo:reply { printf(\"%d\", ((struct task_struct *)arg0)->pid); }", "opened"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct checked c;

		check(&c, programs[i][0]);
		assert_string_equal(c.program.types.kernel || c.program.types.kernel_error.code
					    ? "opened"
					    : "",
				    programs[i][1]);
		release(&c);
	}
}

static void good(void **state)
{
	static const char *const programs[] = {
		"demo:reply { event(); }",
		"demo:reply{event();}",
		"#!/usr/bin/telltale run\n// comment\ndemo:reply /* here */ { event() }",
		"BEGIN { printf(\"hello\\n\"); } END { } interval:s:1 { exit(); }",
		"demo:reply, other:* { @[probe] = count(); }",
		"demo:reply / arg0 > 3 && arg1 / 2 == 1 / { @ = hist(arg0); }",
		"usdt:/usr/bin/demo:demo:request /args.id == 1/ { @[args.path] = sum(args.id); }",
		"usdt:/usr/bin/*:demo:request { printf(\"%s %d %r\\n\", args.path, args->id, args.body); }",
		"demo:reply { $x = arg0 * 2; $x += 1; $x++; if ($x > 1) { @a[$x, pid] = count(); } else "
		"if ($x < -5) { @b = $x; } else { return; } }",
		"demo:reply { @m = min(arg0); @n = max(arg1); @o = avg(arg0); @p = stats(arg0); }",
		"demo:reply { @l = lhist(arg0, -100, 100, 10); }",
		"demo:reply { @[comm, tid, cpu, uid, gid, nsecs] = count(); }",
		"demo:reply /str(arg1) == \"GET\"/ { @[str(arg1, 10)] = count(); @b[buf(arg1, 3)] = count(); }",
		"demo:reply { @[\"a\", (1, 2)] = 1; @[(comm, (pid, 2))] = 2; $t = (1, \"a\", (true, comm)); "
		"@l = $t.2.1; if (@l == comm && $t.1 != \"b\") { print($t); print(@a[1]); } @a[1] = $t; }",
		"demo:reply { printf(\"%s\", @name[tid]); } BEGIN { @name[1] = str(5); @name[2] = \"x\"; }",
		"demo:reply { $i = 0; while ($i < 10) { if ($i++ > 5) { break; } continue } }",
		"demo:reply { for ($i : 0..arg0) { @ += $i; } for $i : -1 .. 5 { @--; } unroll 3 { ++@; } }",
		"demo:reply { let $a; let $b = 2; let $c : uint8 = 3; { let $d = 4; $a = $d; } { let $d; } }",
		"demo:reply { arg0 ? exit() : printf(\"x\"); @ = 'a' + '\\n' + 5s + 0x1_0 + 1e3 + $1 + $#; }",
		"demo:reply { if (arg0) { $b = 1; } else { $b = 2; } @ = $b; $x = @++ - --@; }",
		"demo:reply { @ = arg0 ? 1 : 0; $t = true; if (!$t) { } if (~arg0 & 0xff) { } }",
		"demo:reply { @[ustack] = count(); event(ustack); }",
		"demo:reply { @x[1] = 5; @y = @x[1] + 1; }",
		"demo:reply { printf(\"%d%% %5d %-3s %llx %c %p\\n\", arg0, arg1, comm, arg1, arg0, arg1); }",
		"demo:reply { @ = 1e9 + 0x7fffffffffffffff + 1_000 + 017 + 10UL; }",
		"usdt:/usr/bin/demo:demo:request { @[args.seconds > 0 ? 1 : 0] = count(); }",
	};
	struct checked c;

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		check(&c, programs[i]);
		/* The last one: floats have no operators yet, and the error says so. */
		if (i + 1 == sizeof(programs) / sizeof(*programs))
			assert_int_equal(c.code, -EINVAL);
		else if (c.code)
			fail_msg("%s\n%s%s", programs[i], c.err.text,
				 buffer_string(&c.program.diagnostics.text));
		release(&c);
	}
}

static void wrong(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"", "t:1:1: error: the program is empty"},
		{"// nothing", "t:1:1: error: the program is empty"},
		{"demo:reply", "the program ends where '{' should be"},
		{"demo:reply {", "the program ends where '}' should be"},
		{"demo:reply { event() event() }", "t:1:22: error: expected ';', not 'event'"},
		{"demo:reply { evnt(); }", "there is no function 'evnt'; did you mean 'event'?"},
		{"demo:reply { @[pidd] = count(); }", "'pidd' is not known; did you mean 'pid'?"},
		{"demo:reply { @ = count(1); }", "count() is called with 1 argument; it is count()"},
		{"demo:reply { @ = sum(); }", "sum() is called with 0 arguments; it is sum(int n)"},
		{"demo:reply { @ = hist(comm); }", "hist takes an integer, not a thread name"},
		{"demo:reply { count(); }", "count() must be assigned to a map"},
		{"demo:reply { arg0 + @x++; }", "this value is not used"},
		{"demo:reply { @ = arg2; }", "demo:reply has 2 arguments, there is no arg2"},
		{"demo:reply { @ = args.arg9; }", "demo:reply has 2 arguments, there is no arg9"},
		{"usdt:demo:demo:request { @ = args.idd; }",
		 "demo:request has no argument 'idd'; did you mean 'id'?"},
		{"BEGIN { @ = arg0; }", "this probe has no arguments"},
		{"BEGIN { event(); }", "event() is for what a process does"},
		{"demo:reply { $x++; }", "$x has no value yet"},
		{"demo:reply { @ = $x; }", "$x has no value yet"},
		{"demo:reply { 5 = 3; }", "only a variable ($name) or a map (@name) can be assigned"},
		{"demo:reply { @a = @b; }", "@b is never assigned"},
		{"demo:reply { @a = count(); @a = 5; }", "@a holds count() elsewhere"},
		{"demo:reply { @a = 5; @a = count(); }", "@a holds a value elsewhere"},
		{"demo:reply { @a[1] = 1; @a = 2; }", "@a has 1 keys elsewhere in the program, 0 here"},
		{"demo:reply { @a[1] = 1; @a[comm] = 2; }",
		 "key 1 of @a is a int64 elsewhere in the program, a thread name here"},
		{"demo:reply { @[1,2,3,4,5,6,7,8,9] = 1; }", "a map has at most 8 keys"},
		{"demo:reply { @[\"a\"] = 1; @[2] = 1; }",
		 "key 1 of @ is a text elsewhere in the program, a int64 here"},
		{"demo:reply { @[(1, 2)] = 1; @[1] = 1; }", "@ has 2 keys elsewhere in the program, 1 here"},
		{"demo:reply { @ = func; }", "func is for probes on functions"},
		{"demo:reply { @[count()] = 1; }", "count() can't be a key"},
		{"demo:reply { $a = \"x\"; $a = 5; }", "$a holds a text elsewhere, a int64 here"},
		{"demo:reply { $a = (1, 2); $a = (1, \"b\"); }", "$a holds a tuple elsewhere"},
		{"demo:reply { @ = \"x\"; @ += 1; }", "'+' takes an integer, not a text"},
		{"demo:reply { $a = (1, 2); @ = $a.2; }", "this tuple has 2 items, the first is .0"},
		{"demo:reply { @ = comm.0; }", "a thread name has no items"},
		{"demo:reply { $s = buf(arg1, 5000); }", "at most 1024 bytes"},
		{"demo:reply { $s = arg0 ? comm : 1; }", "the values of '?' are a thread name and a int64"},
		{"demo:reply { @ = lhist(arg0, 0, 10, 0); }", "step of lhist() must be above 0"},
		{"demo:reply { @ = lhist(arg0, 10, 0, 1); }", "max of lhist() must be above its min"},
		{"demo:reply { @ = lhist(arg0, 0, 100000, 1); }", "at most 1000 buckets"},
		{"demo:reply { @ = lhist(arg0, arg1, 10, 1); }", "the min of lhist() must be a number"},
		{"demo:reply { printf(arg0); }", "format of printf() must be a string in quotes"},
		{"demo:reply { printf(\"%d\"); }", "more conversions than there are arguments"},
		{"demo:reply { printf(\"x\", arg0); }", "no conversion for this argument"},
		{"demo:reply { printf(\"%y\", arg0); }", "printf() has no conversion '%y'"},
		{"demo:reply { printf(\"%d\", comm); }", "%d takes an integer, not a thread name"},
		{"demo:reply { @ = arg0 / 0; }", "division by zero"},
		{"demo:reply /comm == 1/ { }", "'==' does not go with thread name and int64"},
		{"demo:reply /comm > \"a\"/ { }", "'>' does not go with thread name and string"},
		{"demo:reply /comm/ { }", "a filter takes an integer, not a thread name"},
		{"demo:reply / arg0 { }", "expected '/' at the end of the filter"},
		{"demo:reply { @ = 99999999999999999999; }", "does not fit in 64 bits"},
		{"demo:reply { @ = 0x10000000000000000; }", "does not fit in 64 bits"},
		{"demo:reply { @ = 1e20; }", "does not fit in 64 bits"},
		{"demo:reply { @ = 12ab; }", "'12ab' is not a number"},
		{"demo:reply { @ = 0x; }", "'0x' is not a number"},
		{"demo:reply { printf(\"abc); }", "t:1:21: error: this string does not end"},
		{"demo:reply { printf(\"\\q\"); }", "'\\q' is not an escape"},
		{"demo:reply { /* }", "this comment does not end"},
		{"demo:reply { @ = 1 + ; }", "expected a value, not ';'"},
		{"demo:reply { @ = (1; }", "expected ')', not ';'"},
		{"demo:reply { if arg0 { } ", "the program ends where '}' should be"},
		{"demo:reply { event; }", "'event' is a function: event([ustack])"},
		{"w:x { }", "write watchpoint:ADDRESS:LENGTH:MODE"},
		{"interval:s:0 { }", "'0' is not a number above 0"},
		{"reply { }", "'reply' is not a probe: write PROVIDER:NAME"},
	};
	struct checked c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		check(&c, bad[i].text);
		if (c.code != -EINVAL)
			print_error("%s: code %d\n", bad[i].text, c.code);
		assert_int_equal(c.code, -EINVAL);
		if (!strstr(buffer_string(&c.program.diagnostics.text), bad[i].says))
			fail_msg("'%s' says\n%snot '%s'", bad[i].text,
				 buffer_string(&c.program.diagnostics.text), bad[i].says);
		release(&c);
	}
}

static void line_column_caret(void **state)
{
	struct buffer line = {0}, text = {0};
	const char *caret, *shown;
	struct checked c;

	(void)state;
	check(&c, "demo:reply\n{\n\tprintf(\"\xc3\xa4\", pidd);\n}\n");
	assert_int_equal(c.code, -EINVAL);
	assert_string_equal(buffer_string(&c.program.diagnostics.text),
			    "t:3:15: error: 'pidd' is not known; did you mean 'pid'?\n"
			    " printf(\"\xc3\xa4\", pidd);\n"
			    "             ^\n");
	assert_string_equal(c.err.text, "t:3:15: error: 'pidd' is not known; did you mean 'pid'?");
	release(&c);
	/* Of a line that is too long to be shown, the part that matters. */
	for (int i = 0; i < 1000; i++)
		buffer_text(&line, "@ = 1; ");
	buffer_print(&text, "demo:reply { %s@ = pidd; %s}", line.data, line.data);
	check(&c, text.data);
	caret = strrchr(buffer_string(&c.program.diagnostics.text), '^');
	assert_non_null(strstr(buffer_string(&c.program.diagnostics.text), "t:1:7018: error: "));
	assert_true(caret - buffer_string(&c.program.diagnostics.text) < 1000);
	shown = strstr(buffer_string(&c.program.diagnostics.text), "\n") + 1;
	assert_memory_equal(shown + (caret - strchr(shown, '\n') - 1), "pidd", 4);
	release(&c);
	buffer_free(&line);
	buffer_free(&text);
}

static void several_at_once(void **state)
{
	struct checked c;
	const char *text;

	(void)state;
	check(&c, "demo:reply { evnt(); @ = arg7; } demo:nope { @b = $x; }");
	assert_int_equal(c.code, -ENODATA);
	text = buffer_string(&c.program.diagnostics.text);
	assert_non_null(strstr(text, "t:1:34: error: no probe matches 'demo:nope'"));
	assert_non_null(strstr(text, "t:1:14: error: there is no function 'evnt'"));
	assert_non_null(strstr(text, "t:1:26: error: demo:reply has 2 arguments"));
	release(&c);
	/* One that matches nothing and one that is none. */
	check(&c, "demo:nope { @a = 1; } nope { @b = 1; }");
	assert_int_equal(c.code, -ENODATA);
	assert_int_equal(c.err.code, c.code);
	release(&c);
	/* Errors of the grammar, too; each statement is looked at for itself. */
	check(&c, "demo:reply { @ = ; @ = ); $ = 3; }");
	assert_true(c.program.diagnostics.errors >= 3);
	release(&c);
}

static void errors_are_counted_out(void **state)
{
	struct buffer text = {0};
	struct checked c;
	size_t lines = 0;

	(void)state;
	buffer_text(&text, "demo:reply {\n");
	for (int i = 0; i < 1000; i++)
		buffer_text(&text, "bad();\n");
	buffer_text(&text, "}");
	check(&c, buffer_string(&text));
	for (const char *at = buffer_string(&c.program.diagnostics.text); *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 3 * DIAGNOSTICS_MOST);
	assert_int_equal(c.program.diagnostics.errors, 1000);
	release(&c);
	buffer_free(&text);
}

/* One clause for probes of two shapes is two instances, each with its own types. */
static void shapes(void **state)
{
	struct checked c;

	(void)state;
	check(&c, "demo:request, demo:reply, demo:re* { @[probe] = sum(arg0); }");
	assert_int_equal(c.code, 0);
	assert_int_equal(c.program.instance_count, 2);
	assert_int_equal(c.program.instances[0].probe_count, 1);
	assert_int_equal(c.program.instances[1].probe_count, 2);
	assert_int_equal(c.program.instances[0].body->value->child->type.size, 4);
	assert_int_equal(c.program.instances[1].body->value->child->type.size, 8);
	release(&c);
	/* Without arguments, the shape does not matter. */
	check(&c, "demo:re* { @[probe] = count(); }");
	assert_int_equal(c.program.instance_count, 1);
	assert_int_equal(c.program.instances[0].probe_count, 3);
	release(&c);
}

/* -a[0], a - -1, precedence and associativity, as C has them. */
static void precedence(void **state)
{
	struct buffer out = {0};
	struct checked c;

	(void)state;
	check(&c, "demo:reply { @ = 1 + 2 * 3 - 4 << 1 & 7 == 7; }");
	assert_int_equal(c.code, 0);
	program_print_tree(&c.program, &out);
	assert_string_equal(buffer_string(&out), "probe demo:reply\n"
						 "  assign\n"
						 "    map @\n"
						 "    binary &\n"
						 "      binary <<\n"
						 "        binary -\n"
						 "          binary +\n"
						 "            number 1\n"
						 "            binary *\n"
						 "              number 2\n"
						 "              number 3\n"
						 "          number 4\n"
						 "        number 1\n"
						 "      binary ==\n"
						 "        number 7\n"
						 "        number 7\n");
	buffer_free(&out);
	release(&c);
}

static void nested(const char *before, const char *open, const char *inside, const char *close,
		   const char *after, size_t depth, const char *says)
{
	struct buffer text = {0};
	struct checked c;

	buffer_text(&text, before);
	for (size_t i = 0; i < depth; i++)
		buffer_text(&text, open);
	buffer_text(&text, inside);
	for (size_t i = 0; i < depth; i++)
		buffer_text(&text, close);
	buffer_text(&text, after);
	check(&c, buffer_string(&text));
	assert_int_equal(c.code, says ? -EINVAL : 0);
	if (says && !strstr(c.err.text, says))
		fail_msg("%zu of '%s' say '%s'", depth, open, c.err.text);
	release(&c);
	buffer_free(&text);
}

static void nesting(void **state)
{
	(void)state;
	nested("demo:reply { @ = ", "(", "1", ")", "; }", 100, NULL);
	nested("demo:reply { ", "if (1) { ", "@ = 1;", "}", "}", 100, NULL);
	nested("demo:reply { @ = ", "(", "1", ")", "; }", 100000, "nested too deeply");
	nested("demo:reply { @ = ", "!", "1", "", "; }", 100000, "nested too deeply");
	nested("demo:reply { @ = ", "1?1:", "1", "", "; }", 100000, "nested too deeply");
	nested("demo:reply { @ = ", "@[", "1", "]", "; }", 100000, "nested too deeply");
	nested("demo:reply { ", "if (1) { ", "@ = 1;", "}", "}", 100000, "nested too deeply");
	nested("demo:reply { ", "if (1) { } else ", "{ @ = 1; }", "", "}", 100000,
	       "nested too deeply");
	/* Long, but not deep in the source: it is deep in the tree. */
	nested("demo:reply { @ = 1", " + 1", "", "", "; }", 100, NULL);
	nested("demo:reply { @ = 1", " + 1", "", "", "; }", 200000, "too many operators");
}

/* Random bytes, and pieces of programs in random order: an answer, never a crash. */
static void noise(void **state)
{
	static const char *const pieces[] = {
		"demo:reply", "{", "}", "(", ")", "[", "]", "@", "@a", "$x", "=", "+=", ";", ",", "/",
		"arg0", "args.", "id", "\"", "\"%d\"", "printf", "count()", "hist(", "if", "else",
		"1", "-", "!", "?", ":", "==", "0x", "//", "/*", "*/", "\n", " ", "BEGIN", "event();",
	};
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct buffer text = {0};
		struct checked c;

		seed = seed * 1103515245 + 12345;
		for (unsigned i = 0, n = seed >> 16 & 63; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			if (round & 1)
				buffer_text(&text, pieces[(seed >> 16) % (sizeof(pieces) / sizeof(*pieces))]);
			else if (seed >> 16 & 255)
				buffer_char(&text, (char)(seed >> 16));
		}
		check(&c, buffer_string(&text));
		if (c.code)
			assert_true(c.err.text[0] != '\0');
		release(&c);
		buffer_free(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),		     cmocka_unit_test(wrong),
		cmocka_unit_test(line_column_caret), cmocka_unit_test(several_at_once),
		cmocka_unit_test(errors_are_counted_out), cmocka_unit_test(shapes),
		cmocka_unit_test(precedence),	     cmocka_unit_test(nesting),
		cmocka_unit_test(noise),	     cmocka_unit_test(sources_stay_closed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
