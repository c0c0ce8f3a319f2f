/*
 * s390x: the registers of user_pt_regs (arch/s390/include/uapi/asm/ptrace.h: args[1], psw of 16
 * bytes, gprs[16]). Operands: `%r3`, `71`, `-28(%r15)`, `0(%r3,%r1)` -- displacement, index, base.
 */
#include <elf.h>
#include <string.h>

#include "operand/arch.h"

enum { PSW_ADDRESS = 16, GPRS = 24 };

static const struct operand_register registers[] = {
        NUMBERED_16("r", GPRS, 8),
        REGISTER("pswa", PSW_ADDRESS, 8),
        VECTORS_16("f", 8),
        VECTORS_32("v", 16),
};

/* A register of an address, where r0 stands for nothing at all. */
static bool scan_address(struct scan *scan, const struct operand_register **reg)
{
	if (!scan_expect(scan, '%'))
		return false;
	*reg = scan_register(scan);
	if (!*reg || !addresses(scan, *reg))
		return false;
	if (!strcmp((*reg)->name, "r0"))
		*reg = NULL;
	return true;
}

static bool parse(struct scan *scan, struct operand *operand)
{
	const struct operand_register *first = NULL;
	struct sum sum = {0};

	if (scan_take(scan, '%')) {
		operand->kind = OPERAND_REG;
		operand->reg = scan_register(scan);
		return operand->reg != NULL;
	}
	if (scan_peek(scan) != '(' && !scan_sum(scan, &sum))
		return false;
	if (suffix_is(&sum, "GOTENT") && sum.symbol)
		operand->base = OPERAND_BASE_GOT;
	else if (sum.suffix)
		return scan_fail(scan, "unknown relocation");
	if (!scan_take(scan, '(')) {
		operand_bare(operand, &sum);
		return true;
	}
	operand_memory(operand, &sum);
	if (scan_peek(scan) != ',' && !scan_address(scan, &first))
		return false;
	operand->reg = first;
	if (scan_take(scan, ',')) {
		operand->index = first;
		if (!scan_address(scan, &operand->reg))
			return false;
	}
	return scan_expect(scan, ')');
}

const struct operand_arch operand_s390x = {
        .machine = EM_S390,
        .bits = 64,
        .width = 8,
        OPERAND_REGISTERS(registers),
        .parse = parse,
};
