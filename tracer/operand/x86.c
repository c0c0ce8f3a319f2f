/*
 * Operands of amd64 and i386 as gas writes them (AT&T): `$5`, `%rax`, `-8(%rbp)`,
 * `40+table(,%rax,4)`, `glob(%rip)`, `%fs:tls@tpoff`.
 */
#include "operand/x86.h"

#include <string.h>

/* `%st(1)` is the one register with brackets in its name. */
static const struct operand_register *scan_x86_register(struct scan *scan)
{
	static const char *const stack[] = {"st(0)", "st(1)", "st(2)", "st(3)",
	                                    "st(4)", "st(5)", "st(6)", "st(7)"};

	scan_peek(scan);
	for (size_t i = 0; i < sizeof(stack) / sizeof(stack[0]); i++) {
		if (scan->end - scan->at < 5 || strncmp(scan->at, stack[i], 5))
			continue;
		scan->at += 5;
		return find_register(scan->arch, stack[i], 5);
	}
	return scan_register(scan);
}

static bool scan_base_register(struct scan *scan, const struct operand_register **reg)
{
	if (!scan_expect(scan, '%'))
		return false;
	*reg = scan_register(scan);
	if (!*reg)
		return false;
	if ((*reg)->vector || (*reg)->size < 4 || (*reg)->shift)
		return scan_fail(scan, "an address can't be in this register");
	return true;
}

static bool scan_scale(struct scan *scan, struct operand *operand)
{
	struct sum sum;

	if (!scan_sum(scan, &sum))
		return false;
	if (sum.symbol ||
	    !(sum.number == 1 || sum.number == 2 || sum.number == 4 || sum.number == 8))
		return scan_fail(scan, "an index is scaled by 1, 2, 4 or 8 only");
	operand->scale = (uint8_t)sum.number;
	return true;
}

/* `(base,index,scale)`, the opening bracket is taken already. */
static bool scan_registers(struct scan *scan, struct operand *operand)
{
	if (scan_peek(scan) != ',' && !scan_base_register(scan, &operand->reg))
		return false;
	if (scan_take(scan, ',')) {
		if (!scan_base_register(scan, &operand->index))
			return false;
		if (operand->index->offset == X86_SP || operand->index->offset == X86_IP)
			return scan_fail(scan, "an index can't be in this register");
		if (scan_take(scan, ',') && !scan_scale(scan, operand))
			return false;
	}
	return scan_expect(scan, ')');
}

/* What the relocation behind a symbol makes of it. */
static bool apply_suffix(struct scan *scan, const struct sum *sum, struct operand *operand)
{
	if (!sum->suffix)
		return true;
	if (suffix_is(sum, "GOTPCREL") || suffix_is(sum, "GOT"))
		operand->base = OPERAND_BASE_GOT;
	else if (suffix_is(sum, "GOTOFF"))
		operand->base = OPERAND_BASE_GOTOFF;
	else if (suffix_is(sum, "tpoff") || suffix_is(sum, "ntpoff"))
		operand->base = operand->base == OPERAND_BASE_THREAD ? OPERAND_BASE_THREAD
		                                                     : OPERAND_BASE_TPOFF;
	else if (!suffix_is(sum, "PLT"))
		return scan_fail(scan,
		                 arena_print(scan->arena, "unknown relocation `@%.*s'",
		                             sum->suffix_length < 32 ? (int)sum->suffix_length : 32,
		                             sum->suffix));
	return sum->symbol ? true : scan_fail(scan, "a relocation without a symbol");
}

static bool parse_memory(struct scan *scan, struct operand *operand)
{
	struct sum sum = {0};
	bool relative;

	if (scan_peek(scan) != '(' && !scan_sum(scan, &sum))
		return false;
	operand_memory(operand, &sum);
	if (scan_take(scan, '(') && !scan_registers(scan, operand))
		return false;
	if (!apply_suffix(scan, &sum, operand))
		return false;
	relative = operand->reg && !strcmp(operand->reg->name, "rip");
	if (!relative || !operand->symbol)
		return true;
	/* `glob(%rip)` is the place of glob itself: the register is how the machine gets there. */
	if (operand->index || operand->base == OPERAND_BASE_THREAD)
		return scan_fail(scan, "this form is not known");
	operand->reg = NULL;
	if (operand->base == OPERAND_BASE_NONE)
		operand->base = OPERAND_BASE_PC;
	return true;
}

static bool parse_constant(struct scan *scan, struct operand *operand)
{
	struct sum sum;

	if (!scan_sum(scan, &sum))
		return false;
	operand_constant(operand, &sum);
	return apply_suffix(scan, &sum, operand);
}

/* `%fs:...`: the segment's name is read already. Linux has those for code and data at 0. */
static bool parse_segment(struct scan *scan, struct operand *operand, const char *thread_segment,
                          const char *name)
{
	static const char *const flat[] = {"ds", "es", "ss", "cs"};
	bool is_flat = false;

	for (size_t i = 0; i < sizeof(flat) / sizeof(flat[0]); i++)
		is_flat |= !strncmp(name, flat[i], 2);
	if (!strncmp(name, thread_segment, 2))
		operand->base = OPERAND_BASE_THREAD;
	else if (!is_flat)
		return scan_fail(scan, "a segment that is not the thread's");
	return parse_memory(scan, operand);
}

bool x86_parse(struct scan *scan, struct operand *operand, const char *thread_segment)
{
	const char *start;
	size_t length;

	if (scan_take(scan, '$'))
		return parse_constant(scan, operand);
	if (!scan_take(scan, '%'))
		return parse_memory(scan, operand);
	start = scan->at;
	scan_word(scan, &length);
	if (length == 2 && scan_take(scan, ':'))
		return parse_segment(scan, operand, thread_segment, start);
	scan->at = start;
	operand->kind = OPERAND_REG;
	operand->reg = scan_x86_register(scan);
	return operand->reg != NULL;
}
