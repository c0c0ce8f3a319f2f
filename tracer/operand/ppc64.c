/*
 * ppc64, both byte orders: the registers of struct pt_regs (arch/powerpc/include/uapi/asm/ptrace.h:
 * gpr[32], nip, msr, orig_gpr3, ctr, link). The compiler writes a register as its bare number and a
 * constant behind an `i`: `9`, `i-67`, `112(1)`, `9,8`, `.LANCHOR0+44@toc@l(8)`. With -mregnames it
 * writes `%r9`.
 */
#include <elf.h>
#include <string.h>

#include "operand/arch.h"

static const struct operand_register registers[] = {
        NUMBERED_32("r", 0, 8), REGISTER("ctr", 280, 8), REGISTER("lr", 288, 8),
        VECTORS_32("f", 8),     VECTORS_32("v", 16),     VECTORS_32("vs", 16),
};

/* A register: `9`, `r9` or `%r9`. */
static const struct operand_register *scan_numbered(struct scan *scan)
{
	char name[4] = "r";
	size_t length;
	const char *word;
	bool marked = scan_take(scan, '%');

	word = scan_word(scan, &length);
	if (!marked && length && length <= 2 && word[0] >= '0' && word[0] <= '9') {
		memcpy(name + 1, word, length);
		word = name;
		length++;
	}
	return find_register(scan->arch, word, length);
}

/* The same in an address, where number 0 stands for nothing at all. */
static bool scan_address(struct scan *scan, const struct operand_register **reg)
{
	*reg = scan_numbered(scan);
	if (!*reg)
		return scan_fail(scan, "unknown register");
	if (!addresses(scan, *reg))
		return false;
	if (!strcmp((*reg)->name, "r0"))
		*reg = NULL;
	return true;
}

/* `@toc@l`, `@l`, `@tprel@l`: what the register does not have of the symbol. */
static bool apply_suffix(struct scan *scan, const struct sum *sum, struct operand *operand)
{
	if (!sum->suffix)
		return true;
	if (suffix_is(sum, "toc@l") || suffix_is(sum, "toc") || suffix_is(sum, "l"))
		operand->base = OPERAND_BASE_LOW;
	else if (suffix_is(sum, "tprel@l") || suffix_is(sum, "tprel"))
		operand->base = OPERAND_BASE_TPOFF;
	else if (suffix_is(sum, "got@l") || suffix_is(sum, "got"))
		operand->base = OPERAND_BASE_GOT;
	else
		return scan_fail(scan, "unknown relocation");
	return sum->symbol ? true : scan_fail(scan, "a relocation without a symbol");
}

/* `i0`, `i-67`; a symbol may begin with an i as well. */
static bool is_constant(struct scan *scan)
{
	const char *behind = scan->at + 1;

	return scan_peek(scan) == 'i' && behind < scan->end &&
	       (*behind == '-' || (*behind >= '0' && *behind <= '9'));
}

static bool parse_memory(struct scan *scan, struct operand *operand)
{
	struct sum sum = {0};

	if (scan_peek(scan) != '(' && !scan_sum(scan, &sum))
		return false;
	operand_memory(operand, &sum);
	if (!apply_suffix(scan, &sum, operand))
		return false;
	if (!scan_take(scan, '('))
		return sum.symbol ? true : scan_fail(scan, "unknown register");
	return scan_address(scan, &operand->reg) && scan_expect(scan, ')');
}

static bool parse(struct scan *scan, struct operand *operand)
{
	const struct operand_register *reg;
	const char *start;
	struct sum sum;

	if (is_constant(scan)) {
		scan->at++;
		if (!scan_sum(scan, &sum) || sum.symbol || sum.suffix)
			return scan_fail(scan, "not a number");
		operand_constant(operand, &sum);
		return true;
	}
	start = scan->at;
	reg = scan_numbered(scan);
	if (reg && !scan_peek(scan)) {
		operand_whole(operand, reg);
		return true;
	}
	scan->at = reg && scan_peek(scan) == ',' ? scan->at : start;
	if (!scan_take(scan, ','))
		return parse_memory(scan, operand);
	scan->at = start;
	operand->kind = OPERAND_MEM;
	return scan_address(scan, &operand->reg) && scan_expect(scan, ',') &&
	       scan_address(scan, &operand->index);
}

const struct operand_arch operand_ppc64 = {
        .machine = EM_PPC64,
        .bits = 64,
        .width = 8,
        OPERAND_REGISTERS(registers),
        .parse = parse,
};
