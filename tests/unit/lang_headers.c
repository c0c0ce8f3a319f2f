/*
 * Headers: found where they should be, read with what they include, of C what matters, and bounded
 * whatever is in them. The system's own are read where it has some.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe_help.h"

#include "lang/ast.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/telltale-XXXXXX";
static char *inner; /* a folder in it */

static char *path_of(const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

static void put(const char *name, const char *text)
{
	char *path = path_of(name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
	free(path);
}

static void take_away(const char *name)
{
	char *path = path_of(name);

	unlink(path);
	free(path);
}

static int make(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	inner = path_of("inner");
	return mkdir(inner, 0700);
}

static int clean(void **state)
{
	char *command;

	(void)state;
	free(inner);
	assert_true(asprintf(&command, "rm -r %s", folder) > 0);
	assert_int_equal(system(command), 0);
	free(command);
	return 0;
}

/* ---- a program ---- */

struct read {
	struct hand hand;
	struct program program;
	struct error err;
	struct warnings warnings;
	struct buffer said;
	int code;
};

static void hear(void *context, const char *line)
{
	buffer_print(context, "%s\n", line);
}

static void release(struct read *r)
{
	program_free(&r->program);
	hand_free(&r->hand);
	buffer_free(&r->said);
}

/* Without the system's headers, unless `system`. */
static void parse(struct read *r, const char *text, bool system)
{
	static char *folders[1];
	char *name = path_of("t");

	memset(r, 0, sizeof(*r));
	folders[0] = inner;
	hand_make(&r->hand);
	r->warnings = (struct warnings){.say = hear, .context = &r->said};
	r->program.warnings = &r->warnings;
	r->program.include_folders = folders;
	r->program.include_folder_count = 1;
	r->program.no_headers = !system;
	r->program.types.kernel_path = "no/btf";
	r->code = program_parse(name, text, &r->program, &r->err);
	if (!r->code)
		r->code = program_check(&r->program, &r->hand.set, &r->err);
	free(name);
}

/* The number that becomes of the first assignment's value. */
static void gives(const char *text, bool system, uint64_t number)
{
	struct read r;
	const struct stmt *s;

	parse(&r, text, system);
	if (r.code)
		fail_msg("%s: %s", text, buffer_string(&r.program.diagnostics.text));
	s = r.program.instances->body;
	assert_int_equal(s->kind, STMT_ASSIGN);
	assert_int_equal(s->value->kind, EXPR_INT);
	if (s->value->number != number)
		fail_msg("%s: %llu, not %llu", text, (unsigned long long)s->value->number,
			 (unsigned long long)number);
	assert_string_equal(buffer_string(&r.said), "");
	release(&r);
}

static void refused(const char *text, const char *expected)
{
	struct read r;

	parse(&r, text, false);
	assert_int_equal(r.code, -EINVAL);
	if (!strstr(buffer_string(&r.program.diagnostics.text), expected))
		fail_msg("%s: %s", text, buffer_string(&r.program.diagnostics.text));
	release(&r);
}

#define PROGRAM(expression) "\ndemo:reply { @ = " expression "; }"

/* ---- where they are, and what they include ---- */

static void found(void **state)
{
	(void)state;
	put("inner/a.h", "#ifndef A_H\n#define A_H\n#include \"b.h\"\n#define A (B * 10)\n#endif\n");
	put("inner/b.h", "#pragma once\n#include <a.h>\nenum { B = 4 };");
	gives("#include <a.h>\n#include \"a.h\"\n#include <b.h>" PROGRAM("A"), false, 40);
	/* The last line of a header may lack its end. */
	put("inner/end.h", "#define END_OF_IT 3");
	gives("#include <end.h>" PROGRAM("END_OF_IT"), false, 3);
	/* By a macro, by a path, in a text that does not count. */
	put("inner/c.h", "#define C 5");
	gives("#define NAME \"c.h\"\n#include NAME" PROGRAM("C"), false, 5);
	gives("#if 0\n#include <nowhere.h>\n#endif\n#include <c.h>" PROGRAM("C"), false, 5);
	gives("#if __has_include(<c.h>) && !__has_include(\"nowhere.h\")\n#define YES 1\n#endif"
	      PROGRAM("YES"), false, 1);
	/* "NAME" is looked for beside the program; <NAME> is not. */
	put("beside.h", "#define BESIDE 6");
	gives("#include \"beside.h\"" PROGRAM("BESIDE"), true, 6);
	refused("#include <beside.h>" PROGRAM("1"), "/t:1:1: error: 'beside.h' file not found");
	take_away("beside.h");
}

/* A #undef, or another #define, holds from its line on, however often a text is looked at. */
static void by_place(void **state)
{
	(void)state;
	put("inner/x.h", "#undef X\n#define X 2\n");
	gives("#define X 1\nstruct s { int a[X]; };\n#include <x.h>\nstruct t { char a[X]; };"
	      PROGRAM("sizeof(struct s) * 10 + sizeof(struct t)"), false, 42);
}

/* What C has and a tracer has no use for; macros that make several declarations. */
static void declarations(void **state)
{
	(void)state;
	put("inner/all.h",
	    "extern int f(int (*g)(void), ...) __attribute__((__nothrow__)) __asm__(\"x\");\n"
	    "static inline int h(int a) { struct local { int b; } c = { 1.5e3f }; return c.b + 'x'; }\n"
	    "int array[] = { 1, 2, { 3 } }, *other; _Static_assert(sizeof(int) == 4, \"no\");\n"
	    "struct forward; typedef struct forward *forward_t, **more_t;\n"
	    "typedef int (*callback)(struct forward *, void (*)(int)), number; typedef char text[8][2];\n"
	    "struct whole { callback c; number n; text t; int (*rows)[4]; unsigned b : 3, : 0, d : 5;\n"
	    "  union { long l; struct { short s; }; }; } variable, *function(void);\n"
	    "__extension__ typedef unsigned long long int wide;\n"
	    "#define TWO(a, b) struct a { int x; }; struct b { wide y; };\n"
	    "TWO(one, two)\n"
	    "typedef unsigned byte __attribute__((__mode__(__QI__)));\n"
	    "struct __attribute__((packed)) tight { char a; int b; byte c; } ;\n"
	    "struct loose { char a; int b __attribute__((aligned(16))); };\n"
	    "typedef struct { char c; } __attribute__((__aligned__(sizeof(long) * 8))) line;\n"
	    "typedef float lanes __attribute__((__vector_size__(16))); struct vec { char c; lanes l[2]; };\n"
	    "enum { FIRST = (1 << 4) | 1, SECOND, THIRD = sizeof(wide) > 4 ? -1 : 0, };\n"
	    "enum big { HUGE = 1ULL << 63 }; __int128 u128; long double ld;\n"
	    "struct last { int z; }");
	gives("#include <all.h>" PROGRAM("sizeof(struct whole)"), false, 56);
	gives("#include <all.h>" PROGRAM("sizeof(struct one) + sizeof(struct two)"), false, 12);
	gives("#include <all.h>" PROGRAM("sizeof(struct tight) * 100 + sizeof(struct loose)"), false, 632);
	gives("#include <all.h>" PROGRAM("sizeof(line) + SECOND + sizeof(struct vec) * 100"), false, 4882);
	gives("#include <all.h>" PROGRAM("sizeof(enum big) + sizeof(struct last)"), false, 12);
	gives("#include <all.h>" PROGRAM("offsetof(struct whole, l) + offsetof(struct loose, b)"), false, 64);
}

/* A type that is not understood is left out and named; the rest of the header is there. */
static void left_out(void **state)
{
	struct read r;

	(void)state;
	put("inner/odd.h", "typedef int vec __attribute__((scalar_storage_order(\"big-endian\")));\n"
			   "struct good { int a; };\n");
	parse(&r, "#include <odd.h>" PROGRAM("sizeof(struct good)"), false);
	assert_int_equal(r.code, 0);
	assert_non_null(strstr(buffer_string(&r.said), "odd.h:1:32: the attribute 'scalar_storage_order'"));
	release(&r);
	/* What is wrong with a line that begins with # is an error. */
	put("inner/odd.h", "typedef int x\n#error not for you\n;");
	refused("#include <odd.h>" PROGRAM("1"), "odd.h:2:1: error: #error: not for you");
}

/* ---- hostile ---- */

static void bounded(void **state)
{
	char *path = path_of("inner/pipe.h");
	struct buffer deep = {0};

	(void)state;
	put("inner/self.h", "#include \"self.h\"\n");
	refused("#include <self.h>" PROGRAM("1"), "headers that are included here are nested too deeply");
	put("inner/left.h", "#include <right.h>\n#include <right.h>\n");
	put("inner/right.h", "#include <left.h>\n#include <left.h>\n");
	refused("#include <left.h>" PROGRAM("1"), "headers that are included here are");
	put("inner/laugh.h", "#define A B B B B B B B B B B\n#define B C C C C C C C C C C\n"
			     "#define C D D D D D D D D D D\n#define D E E E E E E E E E E\n"
			     "#define E F F F F F F F F F F\n#define F G G G G G G G G G G\n"
			     "#define G H H H H H H H H H H\n#define H 1 +\n");
	refused("#include <laugh.h>" PROGRAM("A 1"), "macros become too long");
	put("inner/laugh.h", "#define F(x) x x x x x x x x\n");
	refused("#include <laugh.h>" PROGRAM("F(F(F(F(F(F(F(F(F(1 +))))))))) 1"), "macros become too long");
	for (int i = 0; i < 300; i++)
		buffer_text(&deep, "F(");
	put("inner/laugh.h", buffer_string(&deep));
	refused("#define F(x) G(x)\n#define G(x) F(x)\n#include <laugh.h>" PROGRAM("1"), "do not end");
	buffer_free(&deep);
	put("inner/open.h", "/* no end");
	refused("#include <open.h>" PROGRAM("1"), "this comment does not end");
	/* A file that would be waited for is none. */
	assert_int_equal(mkfifo(path, 0600), 0);
	refused("#include <pipe.h>" PROGRAM("1"), "'pipe.h' file not found");
	unlink(path);
	free(path);
	path = path_of("inner/zero.h");
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(truncate(path, 100), 0);
	refused("#include <zero.h>" PROGRAM("1"), "not a text: it has a NUL byte");
	assert_int_equal(truncate(path, (off_t)64 << 20), 0);
	refused("#include <zero.h>" PROGRAM("1"), "too long");
	unlink(path);
	free(path);
}

/* ---- the system's ---- */

static void of_the_system(void **state)
{
	(void)state;
	gives("#include <errno.h>" PROGRAM("ENOTSUP * 1000 + EPERM"), true, 95001);
	gives("#include <linux/errno.h>" PROGRAM("EPERM"), true, EPERM);
	gives("#include <sys/socket.h>" PROGRAM("AF_INET6 * 100 + SOCK_STREAM"), true,
	      AF_INET6 * 100 + SOCK_STREAM);
	gives("#include <sys/socket.h>" PROGRAM("sizeof(struct sockaddr_storage)"), true, 128);
	gives("#include <fcntl.h>" PROGRAM("O_RDWR | O_CREAT"), true, O_RDWR | O_CREAT);
	gives("#include <linux/socket.h>\n#include <sys/socket.h>" PROGRAM("AF_UNIX + SHUT_WR"), true, 2);
	gives("#include <linux/sched.h>" PROGRAM("TASK_UNINTERRUPTIBLE"), true, 2);
	gives("#include <sys/stat.h>\n#include <stdio.h>\n#include <pthread.h>\n#include <signal.h>\n"
	      "#include <netinet/in.h>\n#include <time.h>\n#include <unistd.h>\n#include <math.h>"
	      PROGRAM("sizeof(struct stat)"), true, sizeof(struct stat));
	gives("#include <linux/perf_event.h>\n#include <linux/bpf.h>\n#include <linux/tcp.h>"
	      PROGRAM("sizeof(struct tcphdr)"), true, 20);
}

/* Their numbers are known where there are no files, too. */
static void without_files(void **state)
{
	(void)state;
	gives("#include <errno.h>" PROGRAM("ENOTSUP * 1000 + EPERM"), false, 95001);
	gives("#include <sys/socket.h>" PROGRAM("AF_INET6"), false, AF_INET6);
	gives("#include <fcntl.h>" PROGRAM("O_RDWR | O_CREAT"), false, O_RDWR | O_CREAT);
	gives("#include <signal.h>\n#include <limits.h>\n#include <stddef.h>" PROGRAM("SIGKILL + INT_MIN"),
	      false, (uint64_t)(INT64_C(9) - INT64_C(2147483648)));
	refused("#include <linux/nowhere.h>" PROGRAM("1"),
		"'linux/nowhere.h' file not found (and this kernel does not tell its types: no BTF)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),	cmocka_unit_test(by_place),
		cmocka_unit_test(declarations), cmocka_unit_test(left_out),
		cmocka_unit_test(bounded),	cmocka_unit_test(of_the_system),
		cmocka_unit_test(without_files),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make, clean);
}
