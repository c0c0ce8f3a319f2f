/*
 * mips, both widths and byte orders: the registers of the kernel's struct pt_regs
 * (arch/mips/include/asm/ptrace.h: regs[32]; a 32-bit kernel has eight words of argument space
 * before them). A register is `$2` or `$sp`: `$2`, `5`, `40($18)`, `%lo(table)($2)`,
 * `%got(table)($28)`.
 */
#include <elf.h>
#include <string.h>

#include "operand/arch.h"

/* The 32-bit layout is that of a 32-bit kernel. */
enum { FIRST_32 = 32, FIRST_64 = 0 };

#define NAMED(n, number, first, width) REGISTER(n, (first) + (width) * (number), width)
/* Those that have one name in all ABIs. */
#define COMMON(f, w)                                                                               \
	NAMED("at", 1, f, w), NAMED("v0", 2, f, w), NAMED("v1", 3, f, w), NAMED("a0", 4, f, w),    \
	        NAMED("a1", 5, f, w), NAMED("a2", 6, f, w), NAMED("a3", 7, f, w),                  \
	        NAMED("s0", 16, f, w), NAMED("s1", 17, f, w), NAMED("s2", 18, f, w),               \
	        NAMED("s3", 19, f, w), NAMED("s4", 20, f, w), NAMED("s5", 21, f, w),               \
	        NAMED("s6", 22, f, w), NAMED("s7", 23, f, w), NAMED("t8", 24, f, w),               \
	        NAMED("t9", 25, f, w), NAMED("k0", 26, f, w), NAMED("k1", 27, f, w),               \
	        NAMED("gp", 28, f, w), NAMED("sp", 29, f, w), NAMED("fp", 30, f, w),               \
	        NAMED("s8", 30, f, w), NAMED("ra", 31, f, w)

static const struct operand_register registers_32[] = {
        ZERO("r0", 4),
        ZERO("zero", 4),
        NUMBERED_32("r", FIRST_32, 4),
        COMMON(FIRST_32, 4),
        NAMED("t0", 8, FIRST_32, 4),
        NAMED("t1", 9, FIRST_32, 4),
        NAMED("t2", 10, FIRST_32, 4),
        NAMED("t3", 11, FIRST_32, 4),
        NAMED("t4", 12, FIRST_32, 4),
        NAMED("t5", 13, FIRST_32, 4),
        NAMED("t6", 14, FIRST_32, 4),
        NAMED("t7", 15, FIRST_32, 4),
        VECTORS_32("f", 8),
        VECTORS_32("w", 16),
};

static const struct operand_register registers_64[] = {
        ZERO("r0", 8),
        ZERO("zero", 8),
        NUMBERED_32("r", FIRST_64, 8),
        COMMON(FIRST_64, 8),
        NAMED("a4", 8, FIRST_64, 8),
        NAMED("a5", 9, FIRST_64, 8),
        NAMED("a6", 10, FIRST_64, 8),
        NAMED("a7", 11, FIRST_64, 8),
        NAMED("t0", 12, FIRST_64, 8),
        NAMED("t1", 13, FIRST_64, 8),
        NAMED("t2", 14, FIRST_64, 8),
        NAMED("t3", 15, FIRST_64, 8),
        VECTORS_32("f", 8),
        VECTORS_32("w", 16),
};

/* What stands behind the `$`: a number or a name. */
static const struct operand_register *scan_numbered(struct scan *scan)
{
	const struct operand_register *reg;
	char name[4] = "r";
	size_t length;
	const char *word = scan_word(scan, &length);

	if (length && length <= 2 && word[0] >= '0' && word[0] <= '9') {
		memcpy(name + 1, word, length);
		word = name;
		length++;
	}
	reg = find_register(scan->arch, word, length);
	if (!reg)
		scan_fail(scan, "unknown register");
	return reg;
}

static bool apply_relocation(struct scan *scan, const struct sum *sum, struct operand *operand)
{
	if (suffix_is(sum, "lo") || suffix_is(sum, "gp_rel") || suffix_is(sum, "gprel"))
		operand->base = OPERAND_BASE_LOW;
	else if (suffix_is(sum, "tprel_lo"))
		operand->base = OPERAND_BASE_TPOFF;
	else if (suffix_is(sum, "got") || suffix_is(sum, "got_disp") || suffix_is(sum, "got_lo"))
		operand->base = OPERAND_BASE_GOT;
	else
		return scan_fail(scan, "unknown relocation");
	return sum->symbol ? true : scan_fail(scan, "a relocation without a symbol");
}

static bool scan_base(struct scan *scan, struct operand *operand)
{
	const struct operand_register *reg;

	if (!scan_expect(scan, '$'))
		return false;
	reg = scan_numbered(scan);
	if (!reg || !addresses(scan, reg))
		return false;
	operand->reg = reg->zero ? NULL : reg;
	return scan_expect(scan, ')');
}

static bool parse(struct scan *scan, struct operand *operand)
{
	const struct operand_register *reg;
	struct sum sum = {0};
	char next = scan_peek(scan);

	if (scan_take(scan, '$')) {
		reg = scan_numbered(scan);
		if (reg)
			operand_whole(operand, reg);
		return reg != NULL;
	}
	if (next == '%' ? !scan_relocated(scan, '%', '(', &sum)
	                : next != '(' && !scan_sum(scan, &sum))
		return false;
	if (next == '%' ? !apply_relocation(scan, &sum, operand) : sum.suffix != NULL)
		return scan_fail(scan, "unknown relocation");
	if (scan_take(scan, '(')) {
		operand_memory(operand, &sum);
		return scan_base(scan, operand);
	}
	if (next == '%')
		return scan_fail(scan, "a part of an address without its register");
	operand_bare(operand, &sum);
	return true;
}

const struct operand_arch operand_mips32 = {
        .machine = EM_MIPS,
        .bits = 32,
        .width = 4,
        OPERAND_REGISTERS(registers_32),
        .parse = parse,
};

const struct operand_arch operand_mips64 = {
        .machine = EM_MIPS,
        .bits = 64,
        .width = 8,
        OPERAND_REGISTERS(registers_64),
        .parse = parse,
};
