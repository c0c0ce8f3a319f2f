/*
 * Operands of arm64 and arm, and the registers of arm (struct pt_regs of arch/arm: uregs[18], four
 * bytes each): `r8`, `#1`, `#table+8`, `[sp, #76]`, `[x0, w1, sxtw 2]`, `[x1, #:lo12:.LANCHOR0]`.
 */
#include "operand/arm.h"

#include <elf.h>
#include <string.h>

/* What `:lo12:` and the like make of the symbol behind them. */
static bool apply_relocation(struct scan *scan, const struct sum *sum, struct operand *operand)
{
	if (suffix_is(sum, "lo12"))
		operand->base = OPERAND_BASE_LOW;
	else if (suffix_is(sum, "tprel_lo12") || suffix_is(sum, "tprel_lo12_nc"))
		operand->base = OPERAND_BASE_TPOFF;
	else if (suffix_is(sum, "got_lo12"))
		operand->base = OPERAND_BASE_GOT;
	else
		return scan_fail(scan, "unknown relocation");
	return sum->symbol ? true : scan_fail(scan, "a relocation without a symbol");
}

/* `lsl #3`, `sxtw 2`, `uxtw`: how the index is extended and scaled. */
static bool scan_extension(struct scan *scan, struct operand *operand)
{
	struct sum amount = {0};
	size_t length;
	const char *word = scan_word(scan, &length);

	if (length == 4 && (!strncmp(word, "sxtw", 4) || !strncmp(word, "sxtx", 4)))
		operand->index_signed = true;
	else if (!(length == 4 && !strncmp(word, "uxtw", 4)) &&
	         !(length == 3 && !strncmp(word, "lsl", 3)))
		return scan_fail(scan, "the index is shifted in a way that is not known");
	scan_take(scan, '#');
	if (scan_peek(scan) != ']' && !scan_sum(scan, &amount))
		return false;
	if (amount.symbol || amount.suffix || amount.number > 4)
		return scan_fail(scan, "the index is shifted too far");
	operand->scale = (uint8_t)(1u << amount.number);
	return true;
}

/* What stands behind `[x0,`: a number, the low part of a symbol, or an index. */
static bool scan_second(struct scan *scan, struct operand *operand)
{
	struct sum sum;
	char next;

	if (!scan_take(scan, '#')) {
		operand->index = scan_if_register(scan);
		if (operand->index) {
			if (!addresses(scan, operand->index))
				return false;
			if (operand->index->zero)
				operand->index = NULL;
			return scan_take(scan, ',') ? scan_extension(scan, operand) : true;
		}
	}
	next = scan_peek(scan);
	if (next == ':' ? !scan_relocated(scan, ':', ':', &sum) : !scan_sum(scan, &sum))
		return false;
	if (next != ':' && (sum.symbol || sum.suffix))
		return scan_fail(scan, "a symbol without a relocation");
	operand_memory(operand, &sum);
	return next == ':' ? apply_relocation(scan, &sum, operand) : true;
}

static bool parse_memory(struct scan *scan, struct operand *operand)
{
	operand->kind = OPERAND_MEM;
	operand->reg = scan_register(scan);
	if (!operand->reg || !addresses(scan, operand->reg))
		return false;
	if (operand->reg->zero)
		return scan_fail(scan, "an address can't be in this register");
	if (scan_take(scan, ',') && !scan_second(scan, operand))
		return false;
	return scan_expect(scan, ']');
}

bool arm_parse(struct scan *scan, struct operand *operand)
{
	const struct operand_register *reg;
	struct sum sum;
	bool constant;

	if (scan_take(scan, '['))
		return parse_memory(scan, operand);
	reg = scan_if_register(scan);
	if (reg) {
		operand_whole(operand, reg);
		return true;
	}
	constant = scan_take(scan, '#');
	if (!scan_sum(scan, &sum))
		return false;
	if (sum.suffix)
		return scan_fail(scan, "unknown relocation");
	if (constant)
		operand_constant(operand, &sum);
	else
		operand_bare(operand, &sum);
	return true;
}

static const struct operand_register registers[] = {
        NUMBERED_16("r", 0, 4), REGISTER("sb", 36, 4), REGISTER("sl", 40, 4), REGISTER("fp", 44, 4),
        REGISTER("ip", 48, 4),  REGISTER("sp", 52, 4), REGISTER("lr", 56, 4), REGISTER("pc", 60, 4),
        VECTORS_32("d", 8),     VECTORS_32("s", 4),    VECTORS_16("q", 16),
};

const struct operand_arch operand_arm = {
        .machine = EM_ARM,
        .bits = 32,
        .width = 4,
        OPERAND_REGISTERS(registers),
        .parse = arm_parse,
};
