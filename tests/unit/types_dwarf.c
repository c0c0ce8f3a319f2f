/*
 * The reader of DWARF on this very program's, whose compiler knows the answers; and declarations,
 * laid out as that compiler does.
 */
#include "elf/file.h"
#include "lang/ast.h"
#include "types/dwarf.h"
#include "types/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The same text for the compiler and for telltale. */
#define SHAPES                                                                                     \
	enum hue { WARM = 3, COLD = -7 };                                                          \
	struct bits {                                                                              \
		unsigned low : 3, high : 13;                                                       \
		int balance : 5;                                                                   \
		_Bool on : 1;                                                                      \
		unsigned long wide : 45;                                                           \
		char c;                                                                            \
		unsigned int : 0;                                                                  \
		short after : 9;                                                                   \
		long long : 3;                                                                     \
		unsigned char last : 2;                                                            \
	};                                                                                         \
	struct tight {                                                                             \
		char a;                                                                            \
		long b;                                                                            \
		unsigned c : 7, d : 30;                                                            \
		short e;                                                                           \
	} __attribute__((packed));                                                                 \
	union mixed {                                                                              \
		char text[11];                                                                     \
		struct tight tight;                                                                \
		int numbers[2][3];                                                                 \
	};                                                                                         \
	typedef struct {                                                                           \
		long x, y;                                                                         \
	} spot_t;                                                                                  \
	struct all {                                                                               \
		char first;                                                                        \
		struct bits bits;                                                                  \
		union mixed mixed;                                                                 \
		struct {                                                                           \
			short inner;                                                               \
			union {                                                                    \
				unsigned char byte;                                                \
				double number;                                                     \
			};                                                                         \
		};                                                                                 \
		enum hue hue;                                                                      \
		const volatile struct all *next, *const *others[3];                                \
		int (*call)(int, char *);                                                          \
		spot_t spot;                                                                       \
		unsigned short int words[];                                                        \
	};

SHAPES
#define TEXT_OF(...) #__VA_ARGS__
#define TEXT(...) TEXT_OF(__VA_ARGS__)
static volatile struct all all;
static volatile spot_t spot;
static volatile union mixed mixed;
static volatile struct bits bits;
static volatile struct tight tight;

static struct elf_file *own;

static struct elf_file *file(void *context, uint32_t number)
{
	(void)context;
	return number == 0 ? own : NULL;
}

/* Where a member is and what it has: bits from the start, and bits that it has. */
static void expect(struct types *types, const struct type_place *place, const char *tag,
		   enum ctype_kind kind, const char *name, uint64_t bit, uint64_t width)
{
	const struct ctype *t;
	struct ctype_member m;
	struct error err;

	if (types_find(types, place, kind, tag, &t, &err) ||
	    types_member(types, place, t, name, &m, &err))
		fail_msg("%s", err.text);
	if (m.bit_offset != bit || (m.bits ? m.bits : m.type->size * 8) != width)
		fail_msg("%s.%s is at %llu, not at %llu, and has %llu bits, not %llu", tag, name,
			 (unsigned long long)m.bit_offset, (unsigned long long)bit,
			 (unsigned long long)(m.bits ? m.bits : m.type->size * 8),
			 (unsigned long long)width);
}

/* A bit-field is found by what setting all of its bits changes. */
#define BITS(type, name)                                                                           \
	do {                                                                                       \
		union {                                                                            \
			type object;                                                               \
			unsigned char bytes[sizeof(type)];                                         \
		} u;                                                                               \
		uint64_t first = UINT64_MAX, count = 0;                                            \
		memset(&u, 0, sizeof(u));                                                          \
		u.object.name--;                                                                   \
		for (uint64_t b = 0; b < sizeof(type) * 8; b++) {                                  \
			if (!(u.bytes[b / 8] >> b % 8 & 1))                                        \
				continue;                                                          \
			first = first == UINT64_MAX ? b : first;                                   \
			count++;                                                                   \
		}                                                                                  \
		expect(types, place, &#type[strlen("struct ")], CTYPE_STRUCT, #name, first, count); \
	} while (0)

#define MEMBER(keyword, kind, tag, name)                                                           \
	expect(types, place, #tag, kind, #name, offsetof(keyword tag, name) * 8,                   \
	       sizeof(((keyword tag *)0)->name) * 8)

static void expect_size(struct types *types, const struct type_place *place, enum ctype_kind kind,
			const char *tag, size_t size)
{
	const struct ctype *t;
	struct error err;

	if (types_find(types, place, kind, tag, &t, &err))
		fail_msg("%s", err.text);
	if (t->size != size)
		fail_msg("%s has %llu bytes, not %zu", tag, (unsigned long long)t->size, size);
}

static void expect_shapes(struct types *types, const struct type_place *place)
{
	BITS(struct bits, low);
	BITS(struct bits, high);
	BITS(struct bits, balance);
	BITS(struct bits, wide);
	BITS(struct bits, c);
	BITS(struct bits, after);
	BITS(struct bits, last);
	BITS(struct tight, c);
	BITS(struct tight, d);
	MEMBER(struct, CTYPE_STRUCT, tight, b);
	MEMBER(struct, CTYPE_STRUCT, tight, e);
	MEMBER(union, CTYPE_UNION, mixed, numbers);
	MEMBER(struct, CTYPE_STRUCT, all, bits);
	MEMBER(struct, CTYPE_STRUCT, all, mixed);
	MEMBER(struct, CTYPE_STRUCT, all, inner);
	MEMBER(struct, CTYPE_STRUCT, all, number);
	MEMBER(struct, CTYPE_STRUCT, all, byte);
	MEMBER(struct, CTYPE_STRUCT, all, hue);
	MEMBER(struct, CTYPE_STRUCT, all, next);
	MEMBER(struct, CTYPE_STRUCT, all, others);
	MEMBER(struct, CTYPE_STRUCT, all, call);
	MEMBER(struct, CTYPE_STRUCT, all, spot);
	expect(types, place, "all", CTYPE_STRUCT, "words", offsetof(struct all, words) * 8, 0);
	expect(types, place, "spot_t", CTYPE_VOID, "y", offsetof(spot_t, y) * 8, sizeof(long) * 8);
	expect_size(types, place, CTYPE_STRUCT, "bits", sizeof(struct bits));
	expect_size(types, place, CTYPE_STRUCT, "tight", sizeof(struct tight));
	expect_size(types, place, CTYPE_UNION, "mixed", sizeof(union mixed));
	expect_size(types, place, CTYPE_STRUCT, "all", sizeof(struct all));
	expect_size(types, place, CTYPE_ENUM, "hue", sizeof(enum hue));
	expect_size(types, place, CTYPE_VOID, "spot_t", sizeof(spot_t));
}

static void dwarf_says_what_the_compiler_does(void **state)
{
	struct types types = {.file = file, .kernel_path = "no/btf"};
	struct type_place place = {0, 0}; /* no code is there: all units are looked at */
	const struct ctype *t;
	struct ctype_member m;
	struct error err;
	uint64_t value;

	(void)state;
	expect_shapes(&types, &place);
	assert_int_equal(types_constant(&types, &place, "COLD", &value, &t, &err), 0);
	assert_int_equal((int64_t)value, COLD);
	assert_int_equal(types_find(&types, &place, CTYPE_STRUCT, "all", &t, &err), 0);
	assert_int_equal(types_member(&types, &place, t, "others", &m, &err), 0);
	assert_string_equal(m.type->text, "struct all **[3]");
	assert_int_equal(types_member(&types, &place, t, "numbr", &m, &err), -2);
	assert_int_equal(types_find(&types, &place, CTYPE_STRUCT, "no_such", &t, &err), -2);
	assert_non_null(strstr(err.text, "not in the debug information of "));
	types_free(&types);
}

static void declarations_are_laid_out_alike(void **state)
{
	static const struct type_place nowhere = {.file = NOT_IN_FILE};
	struct program program = {.types = {.kernel_path = "no/btf"}};
	const struct ctype *t;
	struct error err;
	uint64_t value;

	(void)state;
	if (program_parse("t", TEXT(SHAPES) " BEGIN { }", &program, &err))
		fail_msg("%s", buffer_string(&program.diagnostics.text));
	expect_shapes(&program.types, &nowhere);
	assert_int_equal(types_constant(&program.types, &nowhere, "COLD", &value, &t, &err), 0);
	assert_int_equal((int64_t)value, COLD);
	program_free(&program);
}

static void units_are_found_by_address(void **state)
{
	struct dwarf_file d;
	struct error err;
	Dwarf_Die unit;

	(void)state;
	assert_int_equal(dwarf_file_open(own, &d, &err), 1);
	assert_false(dwarf_unit_at(d.dwarf, 0x7fffffffffffffff, &unit));
	dwarf_file_close(&d);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dwarf_says_what_the_compiler_does),
		cmocka_unit_test(declarations_are_laid_out_alike),
		cmocka_unit_test(units_are_found_by_address),
	};
	struct dwarf_file d;
	struct error err;
	int rc;

	(void)all, (void)spot, (void)mixed, (void)bits, (void)tight;
	if (argc < 1 || elf_file_open(argv[0], &own, &err) ||
	    dwarf_file_open(own, &d, &err) <= 0) {
		printf("1..0 # SKIP this program was compiled without -g\n");
		return 0;
	}
	dwarf_file_close(&d);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	elf_file_close(own);
	return rc;
}
