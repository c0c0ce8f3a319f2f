/*
 * loongarch64: the registers of struct user_pt_regs (arch/loongarch/include/uapi/asm/ptrace.h:
 * regs[32], orig_a0, csr_era), by their numbers and the names of the ABI. Operands: `$r12`, `5`,
 * and memory with or without its brackets: `[$r12]`, `$r22,-20`, `$r12,$r13`,
 * `$r12,%pc_lo12(table)`.
 */
#include <elf.h>

#include "operand/arch.h"

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

#define NAMED(n, number) REGISTER(n, 8 * (number), 8)

static const struct operand_register registers[] = {
        ZERO("r0", 8),       ZERO("zero", 8),    NUMBERED_32("r", 0, 8), NAMED("ra", 1),
        NAMED("tp", 2),      NAMED("sp", 3),     NAMED("a0", 4),         NAMED("a1", 5),
        NAMED("a2", 6),      NAMED("a3", 7),     NAMED("a4", 8),         NAMED("a5", 9),
        NAMED("a6", 10),     NAMED("a7", 11),    NAMED("t0", 12),        NAMED("t1", 13),
        NAMED("t2", 14),     NAMED("t3", 15),    NAMED("t4", 16),        NAMED("t5", 17),
        NAMED("t6", 18),     NAMED("t7", 19),    NAMED("t8", 20),        NAMED("fp", 22),
        NAMED("s9", 22),     NAMED("s0", 23),    NAMED("s1", 24),        NAMED("s2", 25),
        NAMED("s3", 26),     NAMED("s4", 27),    NAMED("s5", 28),        NAMED("s6", 29),
        NAMED("s7", 30),     NAMED("s8", 31),    VECTORS_32("f", 8),     VECTORS_8("fa", 8),
        VECTORS_16("ft", 8), VECTORS_8("fs", 8), VECTORS_32("vr", 16),   VECTORS_32("xr", 32),
};

static bool apply_relocation(struct scan *scan, const struct sum *sum, struct operand *operand)
{
	if (suffix_is(sum, "pc_lo12") || suffix_is(sum, "abs_lo12"))
		operand->base = OPERAND_BASE_LOW;
	else if (suffix_is(sum, "le_lo12"))
		operand->base = OPERAND_BASE_TPOFF;
	else if (suffix_is(sum, "got_pc_lo12"))
		operand->base = OPERAND_BASE_GOT;
	else
		return scan_fail(scan, "unknown relocation");
	return sum->symbol ? true : scan_fail(scan, "a relocation without a symbol");
}

/* What stands behind `$r12,`: an index, a number, or the low part of a symbol. */
static bool scan_second(struct scan *scan, struct operand *operand)
{
	struct sum sum;

	if (scan_take(scan, '$')) {
		const struct operand_register *index = scan_register(scan);

		if (!index || !addresses(scan, index))
			return false;
		operand->index = index->zero ? NULL : index;
		return true;
	}
	if (scan_peek(scan) == '%') {
		if (!scan_relocated(scan, '%', '(', &sum))
			return false;
		operand_memory(operand, &sum);
		return apply_relocation(scan, &sum, operand);
	}
	if (!scan_sum(scan, &sum))
		return false;
	if (sum.symbol || sum.suffix)
		return scan_fail(scan, "a symbol without a relocation");
	operand_memory(operand, &sum);
	return true;
}

static bool parse(struct scan *scan, struct operand *operand)
{
	bool bracket = scan_take(scan, '[');
	const struct operand_register *reg;
	struct sum sum;

	if (!scan_take(scan, '$')) {
		if (bracket || !scan_sum(scan, &sum))
			return scan_fail(scan, "a register is missing");
		if (sum.suffix)
			return scan_fail(scan, "unknown relocation");
		operand_bare(operand, &sum);
		return true;
	}
	reg = scan_register(scan);
	if (!reg)
		return false;
	if (!bracket && scan_peek(scan) != ',') {
		operand_whole(operand, reg);
		return true;
	}
	if (!addresses(scan, reg))
		return false;
	operand->kind = OPERAND_MEM;
	operand->reg = reg->zero ? NULL : reg;
	if (scan_take(scan, ',') && !scan_second(scan, operand))
		return false;
	return bracket ? scan_expect(scan, ']') : true;
}

const struct operand_arch operand_loongarch64 = {
        .machine = EM_LOONGARCH,
        .bits = 64,
        .width = 8,
        OPERAND_REGISTERS(registers),
        .parse = parse,
};
