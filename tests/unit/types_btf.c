/*
 * The reader of BTF on types that are made by hand with libbpf: every kind, names that are found and
 * not, and what is damaged.
 */
#include "types/source.h"
#include "types/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <cmocka.h>

static const struct type_place nowhere = {.file = NOT_IN_FILE};

struct made {
	struct types types;
	struct btf *btf;
};

static void add_records(struct btf *b, int s32, int u64, int character)
{
	int name = btf__add_array(b, s32, character, 16);
	int inner = btf__add_union(b, NULL, 8);
	int task, pointer, user, constant, of_user;

	btf__add_field(b, "word", s32, 0, 0);
	btf__add_field(b, "wide", u64, 0, 0);
	task = btf__add_struct(b, "task", 64);
	pointer = task + 1;
	btf__add_field(b, "name", name, 0, 0);
	btf__add_field(b, "next", pointer, 128, 0);
	btf__add_field(b, "", inner, 192, 0);
	btf__add_field(b, "low", s32, 256, 3);
	btf__add_field(b, "high", u64, 259, 40);
	btf__add_field(b, "outside", pointer + 5, 320, 0);
	assert_int_equal(btf__add_ptr(b, task), pointer);
	user = btf__add_type_tag(b, "user", character);
	constant = btf__add_const(b, user);
	of_user = btf__add_ptr(b, user);
	assert_int_equal(btf__add_typedef(b, "task_t", task), of_user + 1);
	assert_int_equal(btf__add_ptr(b, user), pointer + 5);
	assert_true(constant > 0);
}

static void add_others(struct btf *b)
{
	int fwd;

	btf__add_enum(b, "state", 4);
	btf__add_enum_value(b, "IDLE", 0);
	btf__add_enum_value(b, "GONE", -3);
	btf__add_enum64(b, "big", 8, false);
	btf__add_enum64_value(b, "HUGE", 0xfedcba9876543210);
	fwd = btf__add_fwd(b, "secret", BTF_FWD_STRUCT);
	btf__add_struct(b, "holder", 16);
	btf__add_field(b, "secret", fwd + 2, 0, 0);
	btf__add_ptr(b, fwd);
	btf__add_float(b, "double", 8);
	btf__add_func_proto(b, 0);
}

static struct btf *make_btf(void)
{
	struct btf *b = btf__new_empty();
	int s32, u64, character;

	assert_non_null(b);
	s32 = btf__add_int(b, "int", 4, BTF_INT_SIGNED);
	u64 = btf__add_int(b, "long unsigned int", 8, 0);
	character = btf__add_int(b, "char", 1, BTF_INT_SIGNED);
	add_records(b, s32, u64, character);
	add_others(b);
	return b;
}

static void open_btf(struct made *m)
{
	const void *data;
	struct error err;
	uint32_t size;
	void *copy;

	*m = (struct made){.btf = make_btf()};
	data = btf__raw_data(m->btf, &size);
	copy = malloc(size);
	memcpy(copy, data, size);
	assert_int_equal(btf_open_memory(&m->types, copy, size, &m->types.kernel, &err), 0);
}

static void close_btf(struct made *m)
{
	types_free(&m->types);
	btf__free(m->btf);
}

static struct ctype_member member(struct types *types, const struct ctype *record, const char *name)
{
	struct ctype_member m = {0};
	struct error err = {0};

	assert_int_equal(types_member(types, &nowhere, record, name, &m, &err), 0);
	return m;
}

static void members_are_found(void **state)
{
	const struct ctype *task, *alias;
	struct ctype_member m;
	struct made made;
	struct error err;

	(void)state;
	open_btf(&made);
	assert_int_equal(types_find(&made.types, &nowhere, CTYPE_STRUCT, "task", &task, &err), 0);
	assert_string_equal(task->text, "struct task");
	assert_int_equal(task->size, 64);
	m = member(&made.types, task, "name");
	assert_string_equal(m.type->text, "char[16]");
	assert_true(m.type->target->is_char);
	m = member(&made.types, task, "next");
	assert_ptr_equal(m.type->target, task);
	assert_string_equal(m.type->text, "struct task *");
	assert_int_equal(m.bit_offset, 128);
	m = member(&made.types, task, "wide");
	assert_int_equal(m.bit_offset, 192);
	assert_int_equal(m.type->size, 8);
	m = member(&made.types, task, "high");
	assert_int_equal(m.bit_offset, 259);
	assert_int_equal(m.bits, 40);
	m = member(&made.types, task, "outside");
	assert_true(m.type->user);
	assert_false(member(&made.types, task, "next").type->user);
	assert_int_equal(types_find(&made.types, &nowhere, CTYPE_VOID, "task_t", &alias, &err), 0);
	assert_ptr_equal(alias, task);
	close_btf(&made);
}

static void what_is_not_there_is_said(void **state)
{
	const struct ctype *t, *task;
	struct ctype_member m;
	struct made made;
	struct error err;

	(void)state;
	open_btf(&made);
	assert_int_equal(types_find(&made.types, &nowhere, CTYPE_UNION, "task", &t, &err), -2);
	assert_non_null(strstr(err.text, "union task is not known"));
	assert_int_equal(types_find(&made.types, &nowhere, CTYPE_STRUCT, "task", &task, &err), 0);
	assert_int_equal(types_member(&made.types, &nowhere, task, "nmae", &m, &err), -2);
	assert_string_equal(err.text, "struct task has no member 'nmae'; did you mean 'name'?");
	assert_int_equal(types_find(&made.types, &nowhere, CTYPE_STRUCT, "holder", &t, &err), 0);
	m = member(&made.types, t, "secret");
	assert_false(m.type->target->complete);
	assert_int_equal(types_complete(&made.types, &nowhere, m.type->target, &t, &err), -2);
	close_btf(&made);
}

static void constants_are_found(void **state)
{
	const struct ctype *t;
	struct made made;
	struct error err;
	uint64_t value;

	(void)state;
	open_btf(&made);
	assert_int_equal(types_constant(&made.types, &nowhere, "GONE", &value, &t, &err), 0);
	assert_int_equal((int64_t)value, -3);
	assert_true(t->is_signed);
	assert_string_equal(t->text, "enum state");
	assert_int_equal(types_constant(&made.types, &nowhere, "HUGE", &value, &t, &err), 0);
	assert_true(value == 0xfedcba9876543210);
	assert_int_equal(types_constant(&made.types, &nowhere, "NONE", &value, &t, &err), -2);
	close_btf(&made);
}

static const struct attributes plain;

/* Declared in the program, a name wins over the kernel's. */
static void declarations_come_first(void **state)
{
	const struct ctype *t;
	struct made made;
	struct ctype *mine;
	struct error err;

	(void)state;
	open_btf(&made);
	mine = types_declare(&made.types, CTYPE_STRUCT, "task");
	assert_int_equal(types_find(&made.types, &nowhere, CTYPE_STRUCT, "task", &t, &err), 0);
	assert_int_equal(t->size, 64); /* the name alone is no declaration */
	types_add_member(&made.types, mine, "only", ctype_basic("int"), BITS_NONE, &plain);
	assert_int_equal(types_finish(mine, &plain), 0);
	assert_int_equal(types_find(&made.types, &nowhere, CTYPE_STRUCT, "task", &t, &err), 0);
	assert_int_equal(t->size, 4);
	close_btf(&made);
}

static void try_all(struct types *types)
{
	static const char *const names[] = {"task", "holder", "task_t", "int", "secret"};
	const struct ctype *t;
	struct ctype_member m;
	struct error err;
	uint64_t value;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (types_find(types, &nowhere, i < 2 ? CTYPE_STRUCT : CTYPE_VOID, names[i], &t,
			       &err))
			continue;
		if (ctype_is_record(t))
			types_member(types, &nowhere, t, "wide", &m, &err);
	}
	types_constant(types, &nowhere, "HUGE", &value, &t, &err);
}

/* Cut anywhere, and with any byte changed, it is refused or read, within its bounds. */
static void damaged_types_are_survived(void **state)
{
	struct btf *b = make_btf();
	uint32_t size;
	const char *data = btf__raw_data(b, &size);

	(void)state;
	for (uint32_t at = 0; at < size; at++)
		for (int what = 0; what < 3; what++) {
			struct types types = {0};
			uint32_t length = what ? size : at;
			char *copy = malloc(length + 1);
			struct error err;

			memcpy(copy, data, length);
			if (what)
				copy[at] = what == 1 ? (char)0xff : (char)(copy[at] + 1);
			if (!btf_open_memory(&types, copy, length, &types.kernel, &err))
				try_all(&types);
			types_free(&types);
		}
	btf__free(b);
}

/* A type that is made of itself ends somewhere. */
static void circles_end(void **state)
{
	struct types types = {0};
	struct btf *b = btf__new_empty();
	const struct ctype *t;
	struct ctype_member m;
	struct error err;
	const void *data;
	uint32_t size;
	void *copy;

	(void)state;
	assert_int_equal(btf__add_typedef(b, "loop", 1), 1);
	assert_int_equal(btf__add_ptr(b, 2), 2);
	assert_int_equal(btf__add_typedef(b, "pointers", 2), 3);
	assert_int_equal(btf__add_struct(b, "self", 8), 4);
	btf__add_field(b, "", 4, 0, 0);
	btf__add_field(b, "", 4, 0, 0);
	data = btf__raw_data(b, &size);
	copy = malloc(size);
	memcpy(copy, data, size);
	assert_int_equal(btf_open_memory(&types, copy, size, &types.kernel, &err), 0);
	assert_int_not_equal(types_find(&types, &nowhere, CTYPE_VOID, "loop", &t, &err), 0);
	assert_int_not_equal(types_find(&types, &nowhere, CTYPE_VOID, "pointers", &t, &err), 0);
	assert_int_equal(types_find(&types, &nowhere, CTYPE_STRUCT, "self", &t, &err), 0);
	assert_int_equal(types_member(&types, &nowhere, t, "none", &m, &err), -2);
	types_free(&types);
	btf__free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(constants_are_found),
		cmocka_unit_test(declarations_come_first),
		cmocka_unit_test(damaged_types_are_survived),
		cmocka_unit_test(circles_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
