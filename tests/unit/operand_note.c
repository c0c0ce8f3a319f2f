/*
 * Whole operand strings: how they are cut, and the registers' places.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/user.h>

#include "operand/operand.h"

/* The operands of a note, with | between them. */
static void expect_cut(uint16_t machine, const char *text, const char *expected)
{
	struct arena arena = {0};
	struct operand *operands;
	struct buffer b = {0};
	struct error err;
	size_t count;

	assert_int_equal(operands_parse(machine, 64, text, &arena, &operands, &count, &err), 0);
	for (size_t i = 0; i < count; i++)
		buffer_print(&b, "%s%s%s", i ? "|" : "", operands[i].text,
		             operands[i].kind == OPERAND_UNKNOWN ? "?" : "");
	assert_string_equal(buffer_string(&b), expected);
	buffer_free(&b);
	arena_free(&arena);
}

static void cut(void **state)
{
	(void)state;
	expect_cut(EM_X86_64, "", "");
	expect_cut(EM_X86_64, "  \t ", "");
	expect_cut(EM_X86_64, " -4@%edi  8@%rsi\t1@$0 ", "-4@%edi|8@%rsi|1@$0");
	expect_cut(EM_X86_64,
	           "8@%rax 8@%rbx 8@%rcx 8@%rdx 8@%rsi 8@%rdi 8@%r8 8@%r9 8@%r10 "
	           "8@%r11 8@%r12 8@%r13 8@%r14 8@%r15",
	           "8@%rax|8@%rbx|8@%rcx|8@%rdx|8@%rsi|8@%rdi|8@%r8|8@%r9|8@%r10|"
	           "8@%r11|8@%r12|8@%r13|8@%r14|8@%r15");
	/* One that is not understood keeps its place. */
	expect_cut(EM_X86_64, "8@%rax 4@%nothing 8@%rcx", "8@%rax|4@%nothing?|8@%rcx");
	expect_cut(EM_X86_64, "8@%rax 4@ 8@%rcx", "8@%rax|4@?|8@%rcx");
	expect_cut(EM_X86_64, "8@%rax 4@(%rbx 8@%rcx", "8@%rax|4@(%rbx?|8@%rcx");
	expect_cut(EM_X86_64, "8@%rax 77@%rbx 8@%rcx", "8@%rax|77@%rbx?|8@%rcx");
	expect_cut(EM_X86_64, "8@%rax ! 8@%rcx", "8@%rax !?|8@%rcx");
	/* Blanks inside. */
	expect_cut(EM_X86_64, "8@ -8(%rbp) 4@ %eax", "8@ -8(%rbp)|4@ %eax");
	expect_cut(EM_X86_64, "8@-8 (%rbp) 4@glob + 4 (%rip)", "8@-8 (%rbp)|4@glob + 4 (%rip)");
	expect_cut(EM_AARCH64, "8@[sp, 112] -1@[x0, x1] 4@w0", "8@[sp, 112]|-1@[x0, x1]|4@w0");
	expect_cut(EM_AARCH64, "4@[x0, w1, sxtw 2] 8@[x1, #:lo12:a]",
	           "4@[x0, w1, sxtw 2]|8@[x1, #:lo12:a]");
	/* Without sizes, blanks are all there is. */
	expect_cut(EM_X86_64, "%rdi %rsi", "%rdi|%rsi");
	expect_cut(EM_X86_64, "%rdi -8(%rbp) $5 (%rax)", "%rdi|-8(%rbp)|$5|(%rax)");
	expect_cut(EM_AARCH64, "[x8] x0 [sp, 16]", "[x8]|x0|[sp, 16]");
	expect_cut(EM_X86_64, "8@-4(%rbp) %rdi 4@%eax", "8@-4(%rbp)|%rdi|4@%eax");
}

static void machines(void **state)
{
	struct arena arena = {0};
	struct operand *operands;
	struct error err;
	size_t count;

	(void)state;
	assert_true(operand_machine(EM_X86_64, 64));
	assert_true(operand_machine(EM_X86_64, 32)); /* x32 */
	assert_false(operand_machine(EM_SPARC, 64));
	assert_int_equal(operands_parse(EM_SPARC, 64, "8@%o0", &arena, &operands, &count, &err),
	                 -EOPNOTSUPP);
	assert_int_equal(count, 0);
	arena_free(&arena);
}

struct place {
	const char *name;
	int offset;
	unsigned size;
};

static void expect_places(uint16_t machine, uint8_t bits, const char *mark,
                          const struct place *places, size_t count)
{
	struct arena arena = {0};
	struct error err;

	for (size_t i = 0; i < count; i++) {
		const char *text = arena_print(&arena, "4@%s%s", mark, places[i].name);
		const struct operand_register *reg;
		struct operand *operands;
		size_t found;

		assert_int_equal(
		        operands_parse(machine, bits, text, &arena, &operands, &found, &err), 0);
		assert_int_equal(found, 1);
		assert_int_equal(operands[0].kind, OPERAND_REG);
		reg = operands[0].reg;
		if (reg->offset != places[i].offset || reg->size != places[i].size)
			fail_msg("%s is %u bytes at %d", text, reg->size, reg->offset);
	}
	arena_free(&arena);
}

#define PLACES(machine, bits, mark, places)                                                        \
	expect_places(machine, bits, mark, places, sizeof(places) / sizeof((places)[0]))

/* What ptrace gives on x86-64 has the layout of the kernel's struct pt_regs. */
#if defined(__x86_64__)
#define AT(field, n, bytes)                                                                        \
	{                                                                                          \
		n, offsetof(struct user_regs_struct, field), bytes                                 \
	}

static void places_of_amd64(void **state)
{
	static const struct place places[] = {
	        AT(rax, "rax", 8), AT(rax, "eax", 4),  AT(rax, "ah", 1),   AT(rbx, "rbx", 8),
	        AT(rcx, "cl", 1),  AT(rdx, "dx", 2),   AT(rsi, "rsi", 8),  AT(rsi, "sil", 1),
	        AT(rdi, "edi", 4), AT(rbp, "rbp", 8),  AT(rsp, "rsp", 8),  AT(r8, "r8", 8),
	        AT(r9, "r9b", 1),  AT(r10, "r10d", 4), AT(r11, "r11w", 2), AT(r12, "r12", 8),
	        AT(r13, "r13", 8), AT(r14, "r14d", 4), AT(r15, "r15", 8),  AT(rip, "rip", 8),
	};
	static const struct place narrow[] = {
	        AT(rax, "eax", 4), AT(rbx, "bh", 1), AT(rcx, "ecx", 4), AT(rdx, "edx", 4),
	        AT(rsi, "esi", 4), AT(rdi, "di", 2), AT(rbp, "ebp", 4), AT(rsp, "esp", 4),
	};

	(void)state;
	PLACES(EM_X86_64, 64, "%", places);
	PLACES(EM_386, 32, "%", narrow);
}
#else
static void places_of_amd64(void **state)
{
	(void)state;
	print_message("# SKIP the layout is that of another machine\n");
	skip();
}
#endif

/* The kernel's uapi headers of these, by hand. */
static void places_of_others(void **state)
{
	static const struct place arm64[] = {
	        {"x0", 0, 8}, {"w9", 72, 4}, {"x30", 240, 8}, {"sp", 248, 8}, {"v0", -1, 16}};
	static const struct place arm[] = {
	        {"r0", 0, 4}, {"fp", 44, 4}, {"sp", 52, 4}, {"pc", 60, 4}};
	static const struct place riscv[] = {
	        {"ra", 8, 8}, {"s0", 64, 8}, {"a0", 80, 8}, {"x10", 80, 8}, {"t6", 248, 8}};
	static const struct place ppc64[] = {{"3", 24, 8}, {"31", 248, 8}, {"lr", 288, 8}};
	static const struct place s390x[] = {{"r0", 24, 8}, {"r15", 144, 8}};
	static const struct place mips[] = {{"2", 40, 4}, {"sp", 148, 4}, {"29", 148, 4}};
	static const struct place mips64[] = {{"2", 16, 8}, {"sp", 232, 8}, {"a7", 88, 8}};
	static const struct place loongarch[] = {{"r12", 96, 8}, {"t0", 96, 8}, {"sp", 24, 8}};

	(void)state;
	PLACES(EM_AARCH64, 64, "", arm64);
	PLACES(EM_ARM, 32, "", arm);
	PLACES(EM_RISCV, 64, "", riscv);
	PLACES(EM_PPC64, 64, "", ppc64);
	PLACES(EM_S390, 64, "%", s390x);
	PLACES(EM_MIPS, 32, "$", mips);
	PLACES(EM_MIPS, 64, "$", mips64);
	PLACES(258, 64, "$", loongarch);
}

/* A text of any length is passed a bounded number of times. */
static void very_long(void **state)
{
	struct arena arena = {0};
	struct operand *operands;
	struct buffer b = {0};
	struct error err;
	size_t count;

	(void)state;
	for (unsigned i = 0; i < 20000; i++)
		buffer_text(&b, "8@[sp, 8] ");
	for (unsigned i = 0; i < 20000; i++)
		buffer_text(&b, "( ");
	for (unsigned i = 0; i < 20000; i++)
		buffer_text(&b, "1+");
	assert_int_equal(
	        operands_parse(EM_AARCH64, 64, buffer_string(&b), &arena, &operands, &count, &err),
	        0);
	assert_int_equal(count, 20001);
	assert_int_equal(operands[0].kind, OPERAND_MEM);
	assert_int_equal(operands[20000].kind, OPERAND_UNKNOWN);
	buffer_free(&b);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(cut),
	        cmocka_unit_test(machines),
	        cmocka_unit_test(places_of_amd64),
	        cmocka_unit_test(places_of_others),
	        cmocka_unit_test(very_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
