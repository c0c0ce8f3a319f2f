/*
 * The operand string of a note: cut into operands, each with its size, sign and place. What stands
 * behind `N@` is read by the file of its architecture; the table of them is here.
 */
#include "operand/operand.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "operand/arch.h"

static const struct operand_arch *const architectures[] = {
        &operand_amd64,  &operand_x32,     &operand_i386,        &operand_arm64,
        &operand_arm,    &operand_riscv64, &operand_ppc64,       &operand_s390x,
        &operand_mips32, &operand_mips64,  &operand_loongarch64,
};

static const struct operand_arch *find_arch(uint16_t machine, uint8_t bits)
{
	for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++)
		if (architectures[i]->machine == machine && architectures[i]->bits == bits)
			return architectures[i];
	return NULL;
}

bool operand_gotoff_of_two(const struct operand *op)
{
	return op->base == OPERAND_BASE_GOTOFF && op->reg && op->index && op->scale <= 1;
}

bool operand_machine(uint16_t machine, uint8_t bits)
{
	return find_arch(machine, bits) != NULL;
}

/* Of a size; what is longer is not looked through again at every blank. */
enum { MOST_DIGITS = 32 };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where the `N@` at text ends (`-4@`, `8f@`), or NULL where there is none. */
static const char *size_end(const char *text)
{
	const char *c = text + (*text == '-');
	const char *digits = c;

	while (*c >= '0' && *c <= '9' && c - digits < MOST_DIGITS)
		c++;
	if (c == digits)
		return NULL;
	c += *c == 'f';
	return *c == '@' ? c + 1 : NULL;
}

/*
 * Whether an operand goes on behind a blank. The assembler's own texts have blanks inside an
 * operand (`8@[sp, 112]`, `8@ -8(%rbp)`), and operands without a size have nothing but the blank
 * between them (`%rdi -8(%rbp)`), so what stands on both sides of it decides.
 */
static bool goes_on(const char *start, char before, const char *after, int depth)
{
	const char *place;

	if (size_end(after))
		return false;
	if (depth > 0 || strchr("@,+-*:([{#$", before) || strchr(",+*)]}!", *after))
		return true;
	if (*after == '-')
		return is_blank(after[1]);
	place = size_end(start);
	if (*after != '(' || !place)
		return false;
	/* `8@-8 (%rbp)`: behind a displacement; an immediate or a register takes none. */
	while (is_blank(*place))
		place++;
	return !strchr("%$#([", *place) && before != ')';
}

/* Finds the end of the operand that starts at start. */
static const char *operand_end(const char *start)
{
	const char *c = start, *end = start, *next;
	int depth = 0;

	for (;;) {
		while (*c && !is_blank(*c)) {
			depth += (*c == '[' || *c == '(') - (*c == ']' || *c == ')');
			c++;
		}
		end = c;
		for (next = c; is_blank(*next);)
			next++;
		if (!*next || !goes_on(start, end[-1], next, depth))
			return end;
		c = next;
	}
}

/* Reads `N@`; false, with the reason set, for a size that no value has. */
static bool read_size(struct scan *scan, const char *place, struct operand *operand)
{
	const char *c = operand->text;
	unsigned size = 0;

	operand->sized = true;
	operand->is_signed = *c == '-';
	for (c += *c == '-'; *c >= '0' && *c <= '9'; c++)
		size = size > 1000 ? size : size * 10 + (unsigned)(*c - '0');
	operand->is_float = *c == 'f';
	scan->at = place;
	if (operand->is_float ? !(size == 2 || size == 4 || size == 8 || size == 10 || size == 16)
	                      : !(size == 1 || size == 2 || size == 4 || size == 8 || size == 16)) {
		operand->size = operand->is_float ? 8 : scan->arch->width;
		return scan_fail(scan, operand->is_float ? "no floating-point number has this size"
		                                         : "no integer has this size");
	}
	operand->size = (uint8_t)size;
	return true;
}

/* Cuts a constant to its size, and extends it when it is signed. */
static uint64_t cut_value(uint64_t value, const struct operand *operand)
{
	unsigned bits = operand->size * 8u;

	if (bits >= 64)
		return value;
	value &= ((uint64_t)1 << bits) - 1;
	if (operand->is_signed && value >> (bits - 1))
		value |= ~(uint64_t)0 << bits;
	return value;
}

static bool read_operand(struct scan *scan, struct operand *operand)
{
	const char *place = size_end(operand->text);

	if (place && !read_size(scan, place, operand))
		return false;
	if (!scan_peek(scan))
		return scan_fail(scan, "it names no place");
	if (!scan->arch->parse(scan, operand))
		return scan_fail(scan, "this form is not known");
	if (scan_peek(scan))
		return scan_fail(
		        scan,
		        arena_print(scan->arena, "`%.*s' behind it is not understood",
		                    scan->end - scan->at < 32 ? (int)(scan->end - scan->at) : 32,
		                    scan->at));
	return true;
}

static void parse_operand(const struct operand_arch *arch, struct arena *arena,
                          struct operand *operand)
{
	struct scan scan = {
	        .at = operand->text,
	        .end = operand->text + strlen(operand->text),
	        .arena = arena,
	        .arch = arch,
	};

	operand->size = arch->width;
	operand->is_signed = true;
	operand->scale = 1;
	if (read_operand(&scan, operand)) {
		if (operand->kind == OPERAND_CONST)
			operand->value = cut_value(operand->value, operand);
		return;
	}
	*operand = (struct operand){
	        .kind = OPERAND_UNKNOWN,
	        .size = operand->size,
	        .sized = operand->sized,
	        .is_signed = operand->is_signed,
	        .is_float = operand->is_float,
	        .scale = 1,
	        .text = operand->text,
	        .reason = scan.reason ? scan.reason : "out of memory",
	};
}

int operands_parse(uint16_t machine, uint8_t bits, const char *text, struct arena *arena,
                   struct operand **operands, size_t *count, struct error *err)
{
	const struct operand_arch *arch = find_arch(machine, bits);
	size_t total = 0, n = 0;
	const char *c;

	*operands = NULL;
	*count = 0;
	if (!arch)
		return error_set(err, -EOPNOTSUPP, "operands of machine %u (%u bits) can't be read",
		                 machine, bits);
	for (c = text + strspn(text, " \t\n\r"); *c; total++) {
		c = operand_end(c);
		c += strspn(c, " \t\n\r");
	}
	if (!total)
		return 0;
	*operands = arena_alloc(arena, total * sizeof(**operands));
	if (!*operands)
		return error_memory(err);
	for (c = text + strspn(text, " \t\n\r"); *c && n < total; n++) {
		const char *end = operand_end(c);

		(*operands)[n].text = arena_copy(arena, c, (size_t)(end - c));
		if ((*operands)[n].text)
			parse_operand(arch, arena, &(*operands)[n]);
		c = end + strspn(end, " \t\n\r");
	}
	if (arena->failed) {
		*operands = NULL;
		return error_memory(err);
	}
	*count = total;
	return 0;
}
