/*
 * riscv64: the registers of struct user_regs_struct (arch/riscv/include/uapi/asm/ptrace.h: pc and
 * x1 to x31 in their order), by both of their names. Operands: `a1`, `5`, `-88(s0)`,
 * `%lo(table+8)(a5)`.
 */
#include <elf.h>

#include "operand/arch.h"

static const struct operand_register registers[] = {
        ZERO("zero", 8),         ZERO("x0", 8),           REGISTER("pc", 0, 8),
        REGISTER("ra", 8, 8),    REGISTER("sp", 16, 8),   REGISTER("gp", 24, 8),
        REGISTER("tp", 32, 8),   REGISTER("t0", 40, 8),   REGISTER("t1", 48, 8),
        REGISTER("t2", 56, 8),   REGISTER("s0", 64, 8),   REGISTER("fp", 64, 8),
        REGISTER("s1", 72, 8),   REGISTER("a0", 80, 8),   REGISTER("a1", 88, 8),
        REGISTER("a2", 96, 8),   REGISTER("a3", 104, 8),  REGISTER("a4", 112, 8),
        REGISTER("a5", 120, 8),  REGISTER("a6", 128, 8),  REGISTER("a7", 136, 8),
        REGISTER("s2", 144, 8),  REGISTER("s3", 152, 8),  REGISTER("s4", 160, 8),
        REGISTER("s5", 168, 8),  REGISTER("s6", 176, 8),  REGISTER("s7", 184, 8),
        REGISTER("s8", 192, 8),  REGISTER("s9", 200, 8),  REGISTER("s10", 208, 8),
        REGISTER("s11", 216, 8), REGISTER("t3", 224, 8),  REGISTER("t4", 232, 8),
        REGISTER("t5", 240, 8),  REGISTER("t6", 248, 8),  NUMBERED("x", 1, 0, 8),
        NUMBERED("x", 2, 0, 8),  NUMBERED("x", 3, 0, 8),  NUMBERED("x", 4, 0, 8),
        NUMBERED("x", 5, 0, 8),  NUMBERED("x", 6, 0, 8),  NUMBERED("x", 7, 0, 8),
        NUMBERED("x", 8, 0, 8),  NUMBERED("x", 9, 0, 8),  NUMBERED("x", 10, 0, 8),
        NUMBERED("x", 11, 0, 8), NUMBERED("x", 12, 0, 8), NUMBERED("x", 13, 0, 8),
        NUMBERED("x", 14, 0, 8), NUMBERED("x", 15, 0, 8), NUMBERED("x", 16, 0, 8),
        NUMBERED("x", 17, 0, 8), NUMBERED("x", 18, 0, 8), NUMBERED("x", 19, 0, 8),
        NUMBERED("x", 20, 0, 8), NUMBERED("x", 21, 0, 8), NUMBERED("x", 22, 0, 8),
        NUMBERED("x", 23, 0, 8), NUMBERED("x", 24, 0, 8), NUMBERED("x", 25, 0, 8),
        NUMBERED("x", 26, 0, 8), NUMBERED("x", 27, 0, 8), NUMBERED("x", 28, 0, 8),
        NUMBERED("x", 29, 0, 8), NUMBERED("x", 30, 0, 8), NUMBERED("x", 31, 0, 8),
        VECTORS_32("f", 8),      VECTORS_8("fa", 8),      VECTORS_8("fs", 8),
        VECTORS_8("ft", 8),      VECTORS_32("v", 16),     VECTOR("fs8", 8),
        VECTOR("fs9", 8),        VECTOR("fs10", 8),       VECTOR("fs11", 8),
        VECTOR("ft8", 8),        VECTOR("ft9", 8),        VECTOR("ft10", 8),
        VECTOR("ft11", 8),
};

static bool apply_relocation(struct scan *scan, const struct sum *sum, struct operand *operand)
{
	/* %pcrel_lo is not here: it names the instruction with the upper part, not the symbol. */
	if (suffix_is(sum, "lo"))
		operand->base = OPERAND_BASE_LOW;
	else if (suffix_is(sum, "tprel_lo"))
		operand->base = OPERAND_BASE_TPOFF;
	else
		return scan_fail(scan, "unknown relocation");
	return sum->symbol ? true : scan_fail(scan, "a relocation without a symbol");
}

/* `(s0)` behind a displacement; the opening bracket is taken already. */
static bool scan_base(struct scan *scan, struct operand *operand)
{
	const struct operand_register *reg = scan_register(scan);

	if (!reg || !addresses(scan, reg))
		return false;
	operand->reg = reg->zero ? NULL : reg;
	return scan_expect(scan, ')');
}

static bool parse(struct scan *scan, struct operand *operand)
{
	const struct operand_register *reg = scan_if_register(scan);
	struct sum sum = {0};
	char next = scan_peek(scan);

	if (reg) {
		operand_whole(operand, reg);
		return true;
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

const struct operand_arch operand_riscv64 = {
        .machine = EM_RISCV,
        .bits = 64,
        .width = 8,
        OPERAND_REGISTERS(registers),
        .parse = parse,
};
