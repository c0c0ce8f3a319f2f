/*
 * Recipes: where one argument of one site is, from its operand. Code (fetch.c) and data
 * (bpf/fetch.bpf.c) both start from them. Only the machine that runs this is traced, so operands of
 * other architectures have no place.
 */
#include "base/text.h"
#include "compile/internal.h"

#include <elf.h>
#include <string.h>

static const struct operand *operand_of(const struct probe_site *site, size_t operand)
{
	return operand < site->operand_count ? &site->operands[operand] : NULL;
}

static bool visible(const struct operand_register *r)
{
	return r && !r->vector && r->offset >= 0;
}

static bool in_thread(const struct operand *op)
{
	return op->base == OPERAND_BASE_THREAD || op->base == OPERAND_BASE_TPOFF;
}

/*
 * What a symbol adds to the address. Of a thread-local one that is its distance from the thread
 * pointer; of any other its distance from the site, which the load address does not change, also
 * where a register is said to hold a part of it.
 */
static bool add_symbol(const struct probe_site *site, size_t operand, struct abi_recipe *r)
{
	const struct operand *op = &site->operands[operand];

	if (!site->symbol_known || !site->symbol_known[operand])
		return false;
	r->value += site->symbol_addresses[operand];
	if (operand_gotoff_of_two(op))
		return true;
	if (op->base == OPERAND_BASE_TPOFF)
		return true; /* the register holds the thread pointer */
	if (op->base == OPERAND_BASE_THREAD)
		return true;
	r->origin = ABI_PC;
	r->value -= site->address;
	return true;
}

/* The registers of an address, and what they add to. */
static bool address_recipe(const struct probe_site *site, size_t operand, struct abi_recipe *r)
{
	const struct operand *op = &site->operands[operand];
	bool narrow_register = (op->reg && op->reg->size < 8) || (op->index && op->index->size < 8);

	if ((op->reg && !visible(op->reg)) || (op->index && !visible(op->index)))
		return false;
	r->base = op->reg ? op->reg->offset : -1;
	r->index = op->index ? op->index->offset : -1;
	r->scale_shift = (uint8_t)__builtin_ctz(op->scale ? op->scale : 1);
	r->narrow = site->bits == 32 || narrow_register;
	r->value = (uint64_t)op->displacement;
	if (op->base == OPERAND_BASE_THREAD)
		r->origin = site->bits == 32 ? ABI_THREAD32 : ABI_THREAD;
	if (op->base == OPERAND_BASE_GOTOFF) {
		/* Of two registers either may be the one that holds the place of the table: what is
		 * known is how far from it the symbol is. */
		if (op->index && !op->reg)
			return false;
		if (!operand_gotoff_of_two(op))
			r->base = -1;
	}
	return !op->symbol || add_symbol(site, operand, r);
}

/*
 * sym@GOTPCREL: the symbol's address. Where the dynamic linker finds that out, it is in the table's
 * entry, as far from the site as in the file; else it is known.
 */
static bool got_recipe(const struct probe_site *site, size_t operand, struct abi_recipe *r)
{
	if (!site->symbol_known || !site->symbol_known[operand] ||
	    site->operands[operand].displacement)
		return false;
	r->origin = ABI_PC;
	r->value = site->symbol_addresses[operand] - site->address;
	r->source = site->symbol_in_got && site->symbol_in_got[operand] ? ABI_MEMORY : ABI_ADDRESS;
	r->narrow = site->bits == 32;
	return true;
}

static bool memory_recipe(const struct probe_site *site, size_t operand, struct abi_recipe *r)
{
	if (site->operands[operand].base == OPERAND_BASE_GOT)
		return got_recipe(site, operand, r);
	r->source = ABI_MEMORY;
	return address_recipe(site, operand, r);
}

/* See enum part. */
static struct abi_recipe beside(const struct operand *op, struct abi_recipe r)
{
	if (op->size > 8 && r.source == ABI_VECTOR) {
		r.shift = 64;
		r.bits = (uint8_t)((op->size - 8) * 8);
		return r;
	}
	if (op->size > 8 && r.source == ABI_MEMORY) {
		r.value += 8;
		r.bits = (uint8_t)((op->size - 8) * 8);
		return r;
	}
	return (struct abi_recipe){.source = ABI_CONST, .base = -1, .index = -1,
				   .value = op->is_float    ? op->size
					    : op->size <= 8 ? op->is_signed
							    : 0};
}

/* Of what a probe of the kernel gives its program: the layout is the kernel's own. */
static struct abi_recipe context_recipe(const struct operand *op, enum part part)
{
	struct abi_recipe r = {.source = ABI_REGISTER, .index = -1,
			       .bits = (uint8_t)(op->size * 8), .is_signed = op->is_signed,
			       .base = (int16_t)op->displacement};

	if (part == PART_BESIDE)
		return beside(op, r);
	if (op->kind == OPERAND_TYPED)
		r.source = ABI_TYPED;
	if (op->kind == OPERAND_CONTEXT || op->kind == OPERAND_TYPED)
		return r;
	r.source = op->kind == OPERAND_PLACE ? ABI_PLACE : ABI_LOCATED;
	r.value = op->kind == OPERAND_PLACE ? (uint64_t)op->displacement : op->value;
	return r;
}

/* One of 16 bytes, of which the engine in user space knows 16. */
static bool vector_recipe(const struct operand *op, struct abi_recipe *r)
{
	int64_t number;

	if (strncmp(op->reg->name, "xmm", 3) || !text_number(op->reg->name + 3, &number) ||
	    number > 15)
		return false;
	r->source = ABI_VECTOR;
	r->base = (int16_t)number;
	return true;
}

struct abi_recipe recipe_of(const struct probe_site *site, size_t operand, enum part part)
{
	const struct operand *op = operand_of(site, operand);
	struct abi_recipe r = {.source = ABI_NOWHERE, .base = -1, .index = -1};

	if (op && op->kind >= OPERAND_CONTEXT && op->kind <= OPERAND_LOCATED)
		return context_recipe(op, part);
	if (!op || (site->machine != EM_X86_64 && site->machine != EM_386) || op->size > 16 ||
	    !op->size)
		return r;
	r.bits = op->size > 8 ? 64 : (uint8_t)(op->size * 8);
	r.is_signed = op->is_signed && !op->is_float && op->size <= 8;
	switch (op->kind) {
	case OPERAND_CONST:
		if (op->size > 8)
			break;
		r.source = ABI_CONST;
		r.value = op->value;
		break;
	case OPERAND_REG:
		if (op->reg && op->reg->vector) {
			if (!vector_recipe(op, &r))
				break;
			return part == PART_BESIDE ? beside(op, r) : r;
		}
		/* Of a pair of registers the note names one, and the other could be any. */
		if (!visible(op->reg) || op->reg->size < op->size)
			break;
		r.source = ABI_REGISTER;
		r.base = op->reg->offset;
		r.shift = op->reg->shift;
		break;
	case OPERAND_MEM:
	case OPERAND_SYMMEM:
		if (!memory_recipe(site, operand, &r))
			r.source = ABI_NOWHERE;
		break;
	case OPERAND_SYMCONST:
		if (!in_thread(op) && address_recipe(site, operand, &r))
			r.source = ABI_ADDRESS;
		break;
	default:
		break;
	}
	/* Of what has no place, only the fields that say so: alike recipes share code. */
	if (r.source == ABI_NOWHERE)
		return (struct abi_recipe){.source = ABI_NOWHERE, .base = -1, .index = -1};
	return part == PART_BESIDE ? beside(op, r) : r;
}

/* Why there is none, for people. */
const char *recipe_reason(const struct probe_site *site, size_t operand)
{
	const struct operand *op = operand_of(site, operand);

	if (!op)
		return "the site has no such argument";
	if (op->kind == OPERAND_UNKNOWN)
		return op->reason ? op->reason : "the form is not known";
	if ((op->reg && op->reg->vector) || (op->index && op->index->vector))
		return "BPF can't see vector registers (of xmm0 to xmm15, --engine user can)";
	if (op->kind == OPERAND_REG)
		return "the value is wider than the register that the note names";
	if (op->symbol && (!site->symbol_known || !site->symbol_known[operand]))
		return "the place of its symbol is not known";
	return "BPF can't reach such a place";
}

bool floats_differ(const struct variants *v, size_t operand, unsigned size)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct operand *op = operand_of(v->sites[i], operand);

		if (op && op->is_float && op->size != size)
			return true;
	}
	return false;
}

enum argument_shape argument_shape(const struct variants *v, size_t operand)
{
	bool is_signed = false, is_unsigned = false;

	for (size_t i = 0; i < v->count; i++) {
		const struct operand *op = operand_of(v->sites[i], operand);

		if (!op || (op->kind == OPERAND_UNKNOWN && !op->sized))
			continue;
		if (op->size > 8)
			return SHAPE_WIDE;
		is_signed |= op->is_signed;
		is_unsigned |= !op->is_signed && op->size == 8;
	}
	return is_signed && is_unsigned ? SHAPE_EITHER : SHAPE_PLAIN;
}
