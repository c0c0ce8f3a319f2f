/*
 * Arrays, buffers, the arena and the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

static void array_grows(void **state)
{
	size_t count = 0, room = 0;
	unsigned *items = NULL;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		unsigned *added = array_add(&items, &count, &room, sizeof(*items));

		assert_non_null(added);
		assert_int_equal(*added, 0);
		*added = i;
	}
	assert_int_equal(count, 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	free(items);
}

static void array_out_of_memory(void **state)
{
	size_t count = 2, room = 2;
	void *items = NULL;

	(void)state;
	assert_null(array_grow(&items, &count, &room, SIZE_MAX / 3));
	assert_int_equal(count, 2);
	assert_int_equal(room, 2);
}

static void buffer_grows(void **state)
{
	struct buffer b = {0};

	(void)state;
	assert_string_equal(buffer_string(&b), "");
	buffer_clear(&b);
	buffer_add(&b, "", 0);
	assert_string_equal(buffer_string(&b), "");
	buffer_text(&b, "one ");
	buffer_char(&b, '2');
	buffer_print(&b, " %s %d", "three", 4);
	assert_string_equal(buffer_string(&b), "one 2 three 4");
	assert_int_equal(b.length, strlen("one 2 three 4"));
	buffer_clear(&b);
	assert_string_equal(buffer_string(&b), "");
	for (unsigned i = 0; i < 5000; i++)
		buffer_print(&b, "%04u", i);
	assert_int_equal(b.length, 20000);
	assert_memory_equal(b.data + 19996, "4999", 5);
	assert_false(b.failed);
	buffer_add(&b, "", SIZE_MAX / 2);
	assert_true(b.failed);
	buffer_text(&b, "ignored");
	assert_int_equal(b.length, 20000);
	buffer_free(&b);
	assert_int_equal(b.length, 0);
	assert_false(b.failed);
}

static void buffer_holds_zeros(void **state)
{
	struct buffer b = {0};

	(void)state;
	buffer_add(&b, "a\0b", 3);
	buffer_char(&b, '\0');
	assert_int_equal(b.length, 4);
	assert_memory_equal(b.data, "a\0b\0", 5);
	buffer_free(&b);
}

static void arena_gives(void **state)
{
	struct arena a = {0};
	char *first = arena_copy(&a, "hello", 3), *big, *printed;

	(void)state;
	assert_string_equal(first, "hel");
	for (unsigned i = 1; i < 300; i++) {
		unsigned char *memory = arena_alloc(&a, i);

		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (unsigned j = 0; j < i; j++)
			assert_int_equal(memory[j], 0);
		memset(memory, 0xff, i);
	}
	big = arena_alloc(&a, 1 << 20);
	assert_non_null(big);
	memset(big, 1, 1 << 20);
	printed = arena_print(&a, "%s-%d", "x", 7);
	assert_string_equal(printed, "x-7");
	assert_string_equal(arena_string(&a, ""), "");
	assert_string_equal(first, "hel");
	assert_false(a.failed);
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_true(a.failed);
	arena_free(&a);
	assert_null(a.blocks);
	assert_false(a.failed);
}

static void table_finds(void **state)
{
	static char keys[5000][16];
	struct table t = {0};
	size_t found;

	(void)state;
	assert_false(table_get(&t, "x", 1, &found));
	for (size_t i = 0; i < 5000; i++) {
		snprintf(keys[i], sizeof(keys[i]), "key%zu", i);
		assert_int_equal(table_put(&t, keys[i], strlen(keys[i]), i, &found), 0);
		assert_int_equal(found, i);
	}
	assert_int_equal(t.count, 5000);
	for (size_t i = 0; i < 5000; i++) {
		assert_true(table_get(&t, keys[i], strlen(keys[i]), &found));
		assert_int_equal(found, i);
		assert_int_equal(table_put(&t, keys[i], strlen(keys[i]), 9, &found), 1);
		assert_int_equal(found, i);
	}
	assert_false(table_get(&t, "key", 3, &found));
	/* Bytes, not texts: a zero inside counts, and so does the length. */
	assert_int_equal(table_put(&t, "a\0b", 3, 1, &found), 0);
	assert_int_equal(table_put(&t, "a\0c", 3, 2, &found), 0);
	assert_int_equal(table_put(&t, "", 0, 3, &found), 0);
	assert_true(table_get(&t, "a\0b", 3, &found));
	assert_int_equal(found, 1);
	assert_true(table_get(&t, "zzz", 0, &found));
	assert_int_equal(found, 3);
	table_free(&t);
	table_free(&t);
}

static void keep(void *context, const char *line)
{
	buffer_print(context, "[%s]", line);
}

static void errors_and_warnings(void **state)
{
	struct warnings silent = {0}, loud = {0};
	struct buffer said = {0};
	struct error err = {0};
	char long_text[5000];

	(void)state;
	assert_int_equal(error_set(&err, -5, "%s is %d", "it", 7), -5);
	assert_int_equal(err.code, -5);
	assert_string_equal(err.text, "it is 7");
	assert_int_equal(error_prefix(&err, "file %d", 3), -5);
	assert_string_equal(err.text, "file 3: it is 7");
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	error_set(&err, -1, "%s", long_text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + sizeof(err.text) - 5, "x...");
	error_prefix(&err, "prefix");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "prefix: xxx", 11);
	assert_string_equal(err.text + sizeof(err.text) - 4, "...");
	warn(&silent, "nobody hears %d", 1);
	assert_int_equal(silent.count, 1);
	loud.say = keep;
	loud.context = &said;
	warn(&loud, "one %s", "word");
	warn(&loud, "two");
	assert_string_equal(buffer_string(&said), "[one word][two]");
	assert_int_equal(loud.count, 2);
	buffer_clear(&said);
	warn(&loud, "%s", long_text);
	assert_int_equal(said.length, 2047 + 2);
	buffer_free(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(array_grows),         cmocka_unit_test(array_out_of_memory),
	        cmocka_unit_test(buffer_grows),        cmocka_unit_test(buffer_holds_zeros),
	        cmocka_unit_test(arena_gives),         cmocka_unit_test(table_finds),
	        cmocka_unit_test(errors_and_warnings),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
