/* What a process has mapped: mappings that replace, cut and split others; JITs' symbols. */
#include "symbols/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void map(struct memory *p, uint64_t start, uint64_t end, uint64_t offset)
{
	memory_map(p, &(struct mapping){start, end, offset, NULL});
}

static void is(const struct memory *p, const char *expected)
{
	struct buffer b = {0};

	for (size_t i = 0; i < p->mapping_count; i++)
		buffer_print(&b, "%s%llx-%llx@%llx", i ? " " : "",
			     (unsigned long long)p->mappings[i].start,
			     (unsigned long long)p->mappings[i].end,
			     (unsigned long long)p->mappings[i].offset);
	assert_string_equal(buffer_string(&b), expected);
	buffer_free(&b);
}

static void test_mappings(void **state)
{
	struct memory p = {.pid = 1};

	(void)state;
	map(&p, 0x3000, 0x4000, 0);
	map(&p, 0x1000, 0x2000, 0x10);
	map(&p, 0x2000, 0x3000, 0x20);
	is(&p, "1000-2000@10 2000-3000@20 3000-4000@0");
	map(&p, 0x2000, 0x3000, 0x99); /* the same place */
	is(&p, "1000-2000@10 2000-3000@99 3000-4000@0");
	map(&p, 0x1800, 0x3800, 7); /* cuts the first and the last */
	is(&p, "1000-1800@10 1800-3800@7 3800-4000@800");
	map(&p, 0x2000, 0x2100, 0x5000); /* splits one */
	is(&p, "1000-1800@10 1800-2000@7 2000-2100@5000 2100-3800@907 3800-4000@800");
	map(&p, 0, UINT64_MAX, 0); /* covers all */
	is(&p, "0-ffffffffffffffff@0");
	map(&p, 5, 5, 0);
	map(&p, 6, 5, 0);
	is(&p, "0-ffffffffffffffff@0");
	free(p.mappings);
}

static void test_lookup(void **state)
{
	struct memory p = {.pid = 1}, child = {.pid = 2};

	(void)state;
	assert_null(memory_at(&p, 0));
	map(&p, 0x1000, 0x2000, 0);
	map(&p, 0x3000, 0x4000, 1);
	assert_null(memory_at(&p, 0xfff));
	assert_int_equal(memory_at(&p, 0x1000)->start, 0x1000);
	assert_int_equal(memory_at(&p, 0x1fff)->start, 0x1000);
	assert_null(memory_at(&p, 0x2000));
	assert_int_equal(memory_at(&p, 0x3fff)->start, 0x3000);
	assert_null(memory_at(&p, UINT64_MAX));
	memory_copy(&child, &p);
	is(&child, "1000-2000@0 3000-4000@1");
	free(child.mappings);
	free(p.mappings);
}

static void test_many_processes(void **state)
{
	struct modules modules = {.items = NULL};
	struct memories processes = {.modules = &modules};

	(void)state;
	for (pid_t pid = 1; pid <= 5000; pid++)
		assert_non_null(memory_get(&processes, pid));
	assert_int_equal(processes.count, 4096);
	assert_null(memory_find(&processes, 1)); /* the oldest went */
	assert_int_equal(memory_find(&processes, 5000)->pid, 5000);
	assert_ptr_equal(memory_get(&processes, 5000), memory_find(&processes, 5000));
	memories_close(&processes);
	modules_close(&modules);
}

static void write_map(const char *path, const char *mode, const char *text)
{
	FILE *file = fopen(path, mode);

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_jit(void **state)
{
	struct jit jit = {.symbols = NULL};
	pid_t pid = getpid();
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", pid);
	assert_null(jit_find(&jit, pid, pid, 0x1010));
	write_map(path, "w",
		  "2000 10 second\n1000 20 first with blanks\nnonsense\n3000 0 empty\n"
		  "ffffffffffffffff ffffffffffffffff huge\n4000 10\n");
	assert_string_equal(jit_find(&jit, pid, pid, 0x101f)->name, "first with blanks");
	assert_null(jit_find(&jit, pid, pid, 0x1020));
	assert_string_equal(jit_find(&jit, pid, pid, 0x2000)->name, "second");
	assert_null(jit_find(&jit, pid, pid, 0xfff));
	write_map(path, "a", "5000 1 later\n"); /* it goes on writing */
	assert_string_equal(jit_find(&jit, pid, pid, 0x5000)->name, "later");
	assert_string_equal(jit_find(&jit, pid, pid, 0x1000)->name, "first with blanks");
	unlink(path);
	jit_free(&jit);
}

static void test_kernel(void **state)
{
	struct kernel_symbols *k = kernel_symbols_open();
	struct symbol_name name = {.symbol = NULL};

	(void)state;
	if (!k)
		skip(); /* it hides its addresses from us */
	assert_false(kernel_symbols_at(k, 0, &name));
	assert_true(kernel_symbols_at(k, UINT64_MAX, &name));
	kernel_symbols_close(k);
}

static void test_ourselves(void **state)
{
	struct symbolizer *s;
	struct symbol_name name;
	struct error err;

	(void)state;
	assert_int_equal(symbolizer_open(&s, &err), 0);
	symbolizer_user(s, getpid(), (uintptr_t)&symbolizer_user + 1, false, &name);
	assert_string_equal(name.symbol, "symbolizer_user");
	assert_int_equal(name.offset, 1);
	assert_non_null(name.module);
	symbolizer_user(s, getpid(), 8, false, &name);
	assert_null(name.symbol);
	assert_null(name.module);
	symbolizer_executed(s, getpid());
	symbolizer_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mappings),       cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_many_processes), cmocka_unit_test(test_jit),
		cmocka_unit_test(test_kernel),	       cmocka_unit_test(test_ourselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
