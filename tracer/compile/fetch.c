/*
 * Arguments: from the operands of sites to a value in a register. Sites of one instance differ; an
 * argument that has the same operand everywhere is straight code, one with a few is a choice by
 * the variant in the site's cookie, one with many is a recipe in a map (bpf/fetch.bpf.c).
 */
#include "compile/internal.h"

#include <elf.h>
#include <linux/ptrace.h>
#include <stddef.h>
#include <string.h>

static const struct operand *operand_of(const struct probe_site *site, size_t operand)
{
	return operand < site->operand_count ? &site->operands[operand] : NULL;
}

/* ---- recipes: what every form of this file starts from ---- */

/* The distance from the site to what a %rip operand means, where it is known. */
static bool pc_distance(const struct probe_site *site, size_t operand, __u64 *distance)
{
	const struct operand *op = &site->operands[operand];

	if (!site->symbol_known || !site->symbol_known[operand])
		return false;
	*distance = site->symbol_addresses[operand] + (uint64_t)op->displacement - site->address;
	return true;
}

static bool visible(const struct operand_register *r)
{
	return r && !r->vector && r->offset >= 0;
}

/* Memory at registers: both visible, and the address not relative to anything else. */
static void memory_recipe(const struct probe_site *site, const struct operand *op,
			  struct abi_recipe *recipe)
{
	if ((op->reg && !visible(op->reg)) || (op->index && !visible(op->index)) ||
	    op->base == OPERAND_BASE_THREAD || op->base == OPERAND_BASE_TPOFF || op->symbol)
		return;
	recipe->source = ABI_MEMORY;
	recipe->base = op->reg ? op->reg->offset : -1;
	recipe->index = op->index ? op->index->offset : -1;
	recipe->scale_shift = (uint8_t)__builtin_ctz(op->scale ? op->scale : 1);
	recipe->narrow = site->bits == 32;
	recipe->value = (uint64_t)op->displacement;
}

/*
 * Where one argument of one site is. Only the machine that runs this is traced, so operands of
 * other architectures have no place.
 */
static struct abi_recipe recipe_of(const struct probe_site *site, size_t operand)
{
	const struct operand *op = operand_of(site, operand);
	struct abi_recipe r = {.source = ABI_NOWHERE, .base = -1, .index = -1};

	if (!op || (site->machine != EM_X86_64 && site->machine != EM_386) ||
	    (op->size != 1 && op->size != 2 && op->size != 4 && op->size != 8))
		return r;
	r.bits = (uint8_t)(op->size * 8);
	r.is_signed = op->is_signed && !op->is_float;
	switch (op->kind) {
	case OPERAND_CONST:
		r.source = ABI_CONST;
		r.value = op->value;
		break;
	case OPERAND_REG:
		if (!visible(op->reg) || op->reg->size < op->size)
			break;
		r.source = ABI_REGISTER;
		r.base = op->reg->offset;
		r.shift = op->reg->shift;
		break;
	case OPERAND_MEM:
		memory_recipe(site, op, &r);
		break;
	case OPERAND_SYMMEM:
	case OPERAND_SYMCONST:
		if ((op->base == OPERAND_BASE_PC || op->base == OPERAND_BASE_GOT) && !op->reg &&
		    !op->index && pc_distance(site, operand, &r.value))
			r.source = op->kind == OPERAND_SYMMEM && op->base == OPERAND_BASE_PC
					   ? ABI_PC_MEMORY
					   : ABI_PC_ADDRESS;
		break;
	case OPERAND_UNKNOWN:
		break;
	}
	return r;
}

/* ---- code ---- */

/* `bytes` of user memory at an address, cut and extended, into dst. */
static void gen_read(struct gen *g, const struct abi_recipe *recipe, reg address, reg dst,
		     label fail)
{
	int mark = g->ir.stack, bytes = recipe->bits / 8;
	int slot = ir_stack(&g->ir, 8);
	reg status = ir_reg(&g->ir);

	ir_helper(&g->ir, BPF_FUNC_probe_read_user, status, 3,
		  (struct ir_arg[]){arg_stack(slot), arg_value(bytes), arg_reg(address)});
	ir_branch_value(&g->ir, BPF_JNE, status, 0, fail);
	ir_load(&g->ir, ir_size((unsigned)bytes), dst, REG_STACK, slot);
	if (recipe->is_signed)
		ir_extend(&g->ir, dst, recipe->bits, true);
	ir_stack_back(&g->ir, mark);
}

static void gen_memory(struct gen *g, const struct abi_recipe *recipe, reg dst, label fail)
{
	reg address = ir_reg(&g->ir);

	if (recipe->base >= 0)
		ir_load(&g->ir, BPF_DW, address, g->context, recipe->base);
	else
		ir_set(&g->ir, address, 0);
	if (recipe->index >= 0) {
		reg index = ir_reg(&g->ir);

		ir_load(&g->ir, BPF_DW, index, g->context, recipe->index);
		if (recipe->scale_shift)
			ir_alu_value(&g->ir, BPF_LSH, index, recipe->scale_shift);
		ir_alu(&g->ir, BPF_ADD, address, index);
	}
	if (recipe->value)
		ir_alu_value(&g->ir, BPF_ADD, address, (int64_t)recipe->value);
	if (recipe->narrow)
		ir_extend(&g->ir, address, 32, false);
	gen_read(g, recipe, address, dst, fail);
}

static void gen_recipe(struct gen *g, const struct abi_recipe *recipe, reg dst, label fail)
{
	switch (recipe->source) {
	case ABI_CONST:
		ir_set(&g->ir, dst, (int64_t)recipe->value);
		break;
	case ABI_REGISTER:
		/* A narrow load extends with zeros by itself. */
		ir_load(&g->ir, ir_size(recipe->bits / 8), dst, g->context,
			recipe->base + recipe->shift / 8);
		if (recipe->is_signed)
			ir_extend(&g->ir, dst, recipe->bits, true);
		break;
	case ABI_MEMORY:
		gen_memory(g, recipe, dst, fail);
		break;
	case ABI_PC_MEMORY:
	case ABI_PC_ADDRESS: {
		reg address = ir_reg(&g->ir);

		ir_load(&g->ir, BPF_DW, address, g->context, offsetof(struct pt_regs, rip));
		ir_alu_value(&g->ir, BPF_ADD, address, (int64_t)recipe->value);
		if (recipe->source == ABI_PC_MEMORY)
			gen_read(g, recipe, address, dst, fail);
		else
			ir_move(&g->ir, dst, address);
		break;
	}
	default:
		ir_set(&g->ir, dst, 0);
		ir_jump(&g->ir, fail);
	}
}

/* ---- many variants: recipes as data ---- */

static size_t operands_most(const struct variants *v)
{
	size_t most = 0;

	for (size_t i = 0; i < v->count; i++)
		if (v->sites[i]->operand_count > most)
			most = v->sites[i]->operand_count;
	return most;
}

/* One map for the instance: a row a variant, a recipe an operand. */
static void make_recipes(struct gen *g)
{
	size_t columns = operands_most(&g->variants);
	struct abi_recipe *rows =
		arena_alloc(&g->c->plan->arena, g->variants.count * columns * sizeof(*rows));
	struct plan_map *map = add_map(g->c);

	if (!rows || !map) {
		g->c->failed = true;
		return;
	}
	for (size_t i = 0; i < g->variants.count; i++)
		for (size_t op = 0; op < columns; op++)
			rows[i * columns + op] = recipe_of(g->variants.sites[i], op);
	g->recipes = (size_t)(map - g->c->plan->maps);
	*map = (struct plan_map){
		.role = PLAN_MAP_RECIPES,
		.bpf_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = (uint32_t)(g->variants.count * columns * sizeof(*rows)),
		.entries = 1,
		.initial = rows,
	};
}

static void gen_from_data(struct gen *g, size_t operand, reg dst, label fail)
{
	int mark = g->ir.stack, slot = ir_stack(&g->ir, 8);
	reg row = ir_reg(&g->ir), at = ir_reg(&g->ir), status = ir_reg(&g->ir);
	size_t stride = operands_most(&g->variants) * sizeof(struct abi_recipe);

	if (g->recipes == SIZE_MAX)
		make_recipes(g);
	ir_branch_value(&g->ir, BPF_JGE, g->variant, (int64_t)g->variants.count, fail);
	ir_move(&g->ir, at, g->variant);
	ir_alu_value(&g->ir, BPF_MUL, at, (int64_t)stride);
	ir_map_value(&g->ir, row, g->recipes, (uint32_t)(operand * sizeof(struct abi_recipe)));
	ir_alu(&g->ir, BPF_ADD, row, at);
	ir_function(&g->ir, "tt_fetch", status, 3,
		    (struct ir_arg[]){arg_reg(g->context), arg_reg(row), arg_stack(slot)});
	ir_branch_value(&g->ir, BPF_JNE, status, 0, fail);
	ir_load(&g->ir, BPF_DW, dst, REG_STACK, slot);
	ir_stack_back(&g->ir, mark);
}

/* ---- the choice ---- */

/* The different recipes of one argument; at most one more than fit as code. */
static size_t collect(const struct variants *v, size_t operand, struct abi_recipe *recipes)
{
	size_t count = 0;

	for (size_t i = 0; i < v->count && count <= VARIANTS_AS_CODE; i++) {
		struct abi_recipe r = recipe_of(v->sites[i], operand);
		size_t known = 0;

		while (known < count && memcmp(&recipes[known], &r, sizeof(r)))
			known++;
		if (known == count)
			recipes[count++] = r;
	}
	return count;
}

/* Code for each of a few recipes; every variant jumps to its own, the last falls through. */
static void gen_choice(struct gen *g, size_t operand, const struct abi_recipe *recipes,
		       size_t count, reg dst, label fail)
{
	label labels[VARIANTS_AS_CODE], end = ir_label(&g->ir);

	for (size_t n = 0; n < count; n++)
		labels[n] = ir_label(&g->ir);
	for (size_t i = 0; i < g->variants.count; i++) {
		struct abi_recipe r = recipe_of(g->variants.sites[i], operand);

		for (size_t n = 1; n < count; n++)
			if (!memcmp(&recipes[n], &r, sizeof(r)))
				ir_branch_value(&g->ir, BPF_JEQ, g->variant, (int64_t)i, labels[n]);
	}
	for (size_t n = 0; n < count; n++) {
		ir_place(&g->ir, labels[n]);
		gen_recipe(g, &recipes[n], dst, fail);
		if (n + 1 < count)
			ir_jump(&g->ir, end);
	}
	ir_place(&g->ir, end);
}

reg gen_operand(struct gen *g, size_t operand, label fail)
{
	struct abi_recipe recipes[VARIANTS_AS_CODE + 1];
	size_t count = collect(&g->variants, operand, recipes);
	reg dst = ir_reg(&g->ir);

	ir_note(&g->ir, "operand %zu", operand);
	if (count == 1)
		gen_recipe(g, &recipes[0], dst, fail);
	else if (g->variants.count <= 4 * VARIANTS_AS_CODE && count <= VARIANTS_AS_CODE)
		gen_choice(g, operand, recipes, count, dst, fail);
	else
		gen_from_data(g, operand, dst, fail);
	return dst;
}
