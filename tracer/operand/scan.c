/*
 * The scanner that the architectures share: words, registers, and sums of numbers and a symbol.
 * It works on a range of the note's text that the caller owns and never looks beyond its end.
 */
#include <string.h>

#include "operand/arch.h"

bool scan_fail(struct scan *scan, const char *reason)
{
	if (!scan->reason)
		scan->reason = reason;
	return false;
}

char scan_peek(struct scan *scan)
{
	while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t'))
		scan->at++;
	return scan->at < scan->end ? *scan->at : '\0';
}

bool scan_take(struct scan *scan, char c)
{
	if (scan_peek(scan) != c || scan->at == scan->end)
		return false;
	scan->at++;
	return true;
}

bool scan_expect(struct scan *scan, char c)
{
	if (scan_take(scan, c))
		return true;
	if (!scan->reason)
		scan->reason = arena_print(scan->arena, "`%c' is missing", c);
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

/* Identifiers of C with the assembler's own letters; gcc passes UTF-8 through. */
static bool is_symbol_start(char c)
{
	return is_letter(c) || c == '$' || (unsigned char)c >= 0x80;
}

const char *scan_word(struct scan *scan, size_t *length)
{
	const char *start;

	scan_peek(scan);
	start = scan->at;
	while (scan->at < scan->end && (is_letter(*scan->at) || is_digit(*scan->at)))
		scan->at++;
	*length = (size_t)(scan->at - start);
	return start;
}

const struct operand_register *find_register(const struct operand_arch *arch, const char *name,
                                             size_t length)
{
	for (size_t i = 0; length && i < arch->register_count; i++) {
		const struct operand_register *reg = &arch->registers[i];

		if (reg->name[0] == name[0] && !strncmp(reg->name, name, length) &&
		    !reg->name[length])
			return reg;
	}
	return NULL;
}

const struct operand_register *scan_register(struct scan *scan)
{
	size_t length;
	const char *name = scan_word(scan, &length);
	const struct operand_register *reg = find_register(scan->arch, name, length);

	if (!reg && !scan->reason)
		scan->reason = length ? arena_print(scan->arena, "unknown register `%.*s'",
		                                    (int)(length < 32 ? length : 32), name)
		                      : "a register is missing";
	return reg;
}

const struct operand_register *scan_if_register(struct scan *scan)
{
	const char *start;
	const struct operand_register *reg;
	size_t length;

	scan_peek(scan);
	start = scan->at;
	scan_word(scan, &length);
	reg = find_register(scan->arch, start, length);
	if (!reg)
		scan->at = start;
	return reg;
}

bool addresses(struct scan *scan, const struct operand_register *reg)
{
	return !reg->vector && reg->size >= 4 && !reg->shift
	               ? true
	               : scan_fail(scan, "an address can't be in this register");
}

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Takes a number of at most 64 bits without its sign, in decimal or, behind 0x, in hex. */
static bool scan_number(struct scan *scan, uint64_t *value)
{
	const char *start = scan->at;
	unsigned base = 10;

	*value = 0;
	if (scan->end - start > 2 && start[0] == '0' && (start[1] == 'x' || start[1] == 'X')) {
		base = 16;
		scan->at = start += 2;
	}
	while (scan->at < scan->end && (unsigned)digit_value(*scan->at) < base) {
		unsigned digit = (unsigned)digit_value(*scan->at++);

		if (__builtin_mul_overflow(*value, (uint64_t)base, value) ||
		    __builtin_add_overflow(*value, (uint64_t)digit, value))
			return scan_fail(scan, "a number of more than 64 bits");
	}
	if (scan->at == start ||
	    (scan->at < scan->end && (is_letter(*scan->at) || is_digit(*scan->at))))
		return scan_fail(scan, "not a number");
	return true;
}

static bool scan_symbol(struct scan *scan, bool minus, struct sum *sum)
{
	const char *start = scan->at;

	if (minus || sum->symbol)
		return scan_fail(scan, "a difference of symbols");
	while (scan->at < scan->end && (is_symbol_start(*scan->at) || is_digit(*scan->at)))
		scan->at++;
	sum->symbol = arena_copy(scan->arena, start, (size_t)(scan->at - start));
	return sum->symbol != NULL;
}

static bool scan_suffix(struct scan *scan, struct sum *sum)
{
	size_t length;

	if (sum->suffix)
		return scan_fail(scan, "more than one relocation");
	sum->suffix = scan_word(scan, &length);
	while (length && scan->at < scan->end && *scan->at == '@') {
		scan->at++;
		scan_word(scan, &length);
	}
	sum->suffix_length = (size_t)(scan->at - sum->suffix);
	return length ? true : scan_fail(scan, "nothing behind the `@'");
}

static bool scan_term(struct scan *scan, bool minus, struct sum *sum)
{
	uint64_t number;
	char c = scan_peek(scan);

	if (is_digit(c)) {
		if (!scan_number(scan, &number))
			return false;
		if (minus && number > (uint64_t)1 << 63)
			return scan_fail(scan, "a number of more than 64 bits");
		sum->number += minus ? -number : number;
	} else if (is_symbol_start(c)) {
		if (!scan_symbol(scan, minus, sum))
			return false;
	} else {
		return scan_fail(scan, c ? "neither a number nor a symbol" : "it ends too early");
	}
	return scan_take(scan, '@') ? scan_suffix(scan, sum) : true;
}

bool scan_sum(struct scan *scan, struct sum *sum)
{
	char c = scan_peek(scan);
	bool minus;

	*sum = (struct sum){0};
	do {
		for (minus = false; c == '+' || c == '-'; c = scan_peek(scan)) {
			minus ^= c == '-';
			scan->at++;
		}
		if (!scan_term(scan, minus, sum))
			return false;
		c = scan_peek(scan);
	} while (c == '+' || c == '-');
	return true;
}

bool scan_relocation(struct scan *scan, char before, char behind, struct sum *sum)
{
	const char *start, *name;
	size_t length;

	scan_peek(scan);
	start = scan->at;
	if (scan_take(scan, before)) {
		name = scan_word(scan, &length);
		if (length && scan_take(scan, behind)) {
			sum->suffix = name;
			sum->suffix_length = length;
			return true;
		}
	}
	scan->at = start;
	return false;
}

bool scan_relocated(struct scan *scan, char before, char behind, struct sum *sum)
{
	struct sum inner, outer = {0};

	if (!scan_relocation(scan, before, behind, &outer))
		return scan_fail(scan, "a relocation is missing");
	if (!scan_sum(scan, &inner))
		return false;
	if (inner.suffix)
		return scan_fail(scan, "more than one relocation");
	*sum = inner;
	sum->suffix = outer.suffix;
	sum->suffix_length = outer.suffix_length;
	return behind == '(' ? scan_expect(scan, ')') : true;
}

bool suffix_is(const struct sum *sum, const char *name)
{
	size_t length = strlen(name);

	return sum->suffix && sum->suffix_length == length &&
	       !strncasecmp(sum->suffix, name, length);
}

void operand_constant(struct operand *operand, const struct sum *sum)
{
	if (sum->symbol) {
		operand->kind = OPERAND_SYMCONST;
		operand->symbol = sum->symbol;
		operand->displacement = (int64_t)sum->number;
	} else {
		operand->kind = OPERAND_CONST;
		operand->value = sum->number;
	}
}

void operand_memory(struct operand *operand, const struct sum *sum)
{
	operand->kind = sum->symbol ? OPERAND_SYMMEM : OPERAND_MEM;
	operand->symbol = sum->symbol;
	operand->displacement = (int64_t)sum->number;
}

void operand_bare(struct operand *operand, const struct sum *sum)
{
	if (sum->symbol)
		operand_memory(operand, sum);
	else
		operand_constant(operand, sum);
}

void operand_whole(struct operand *operand, const struct operand_register *reg)
{
	operand->kind = reg->zero ? OPERAND_CONST : OPERAND_REG;
	operand->reg = reg->zero ? NULL : reg;
}
