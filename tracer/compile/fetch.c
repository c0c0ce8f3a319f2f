/*
 * Arguments: from the operands of sites to a value in a register. Sites of one instance differ; an
 * argument that has the same operand everywhere is straight code, one with a few is a choice by
 * the variant in the site's cookie, one with many is a recipe in a map (bpf/fetch.bpf.c).
 */
#include "compile/internal.h"

#include <linux/ptrace.h>
#include <stddef.h>
#include <string.h>

/* ---- code ---- */

/* `bytes` of user memory at an address, cut and extended, into dst. */
static void gen_read(struct gen *g, const struct abi_recipe *recipe, reg address, reg dst,
		     label fail)
{
	int mark = g->ir.stack, bytes = recipe->bits / 8;
	int slot = ir_stack(&g->ir, 8);

	gen_user_read(g, arg_stack(slot), arg_value(bytes), address, fail);
	ir_load(&g->ir, ir_size((unsigned)bytes), dst, REG_STACK, slot);
	if (recipe->is_signed)
		ir_extend(&g->ir, dst, recipe->bits, true);
	ir_stack_back(&g->ir, mark);
}

/* The thread pointer, from the kernel's own record of the thread. */
static void gen_thread_pointer(struct gen *g, enum abi_origin origin, reg dst, label fail)
{
	int mark = g->ir.stack, slot = ir_stack(&g->ir, 8);
	reg task = ir_reg(&g->ir), status = ir_reg(&g->ir), member = ir_reg(&g->ir);

	ir_helper(&g->ir, BPF_FUNC_get_current_task, task, 0, NULL);
	ir_kernel(&g->ir, member, origin == ABI_THREAD ? PLAN_TASK_FSBASE : PLAN_TASK_TLS);
	ir_alu(&g->ir, BPF_ADD, task, member);
	ir_helper(&g->ir, BPF_FUNC_probe_read_kernel, status, 3,
		  (struct ir_arg[]){arg_stack(slot), arg_value(8), arg_reg(task)});
	gen_failures(g, REPORT_READS, "probe_read_kernel", status, 0);
	ir_branch_value(&g->ir, BPF_JNE, status, 0, fail);
	ir_load(&g->ir, BPF_DW, dst, REG_STACK, slot);
	ir_branch_value(&g->ir, BPF_JEQ, dst, 0, fail);
	if (origin == ABI_THREAD32) { /* a descriptor; its base is in two parts */
		reg high = ir_reg(&g->ir);

		ir_move(&g->ir, high, dst);
		ir_alu_value(&g->ir, BPF_RSH, high, 56);
		ir_alu_value(&g->ir, BPF_LSH, high, 24);
		ir_alu_value(&g->ir, BPF_RSH, dst, 16);
		ir_alu_value(&g->ir, BPF_AND, dst, 0xffffff);
		ir_alu(&g->ir, BPF_OR, dst, high);
	}
	ir_stack_back(&g->ir, mark);
}

static void gen_add_register(struct gen *g, reg address, int place, unsigned shift)
{
	reg value = ir_reg(&g->ir);

	ir_load(&g->ir, BPF_DW, value, g->context, place);
	if (shift)
		ir_alu_value(&g->ir, BPF_LSH, value, shift);
	ir_alu(&g->ir, BPF_ADD, address, value);
}

static reg gen_address(struct gen *g, const struct abi_recipe *recipe, label fail)
{
	reg address = ir_reg(&g->ir);

	if (recipe->origin == ABI_PC)
		ir_load(&g->ir, BPF_DW, address, g->context, offsetof(struct pt_regs, rip));
	else if (recipe->origin != ABI_ZERO)
		gen_thread_pointer(g, recipe->origin, address, fail);
	else if (recipe->base >= 0)
		ir_load(&g->ir, BPF_DW, address, g->context, recipe->base);
	else
		ir_set(&g->ir, address, 0);
	if (recipe->origin != ABI_ZERO && recipe->base >= 0)
		gen_add_register(g, address, recipe->base, 0);
	if (recipe->index >= 0)
		gen_add_register(g, address, recipe->index, recipe->scale_shift);
	if (recipe->value)
		ir_alu_value(&g->ir, BPF_ADD, address, (int64_t)recipe->value);
	if (recipe->narrow)
		ir_extend(&g->ir, address, 32, false);
	return address;
}

/* An address in what the program was given. */
static void gen_context_place(struct gen *g, const struct abi_recipe *recipe, reg dst)
{
	ir_move(&g->ir, dst, g->context);
	if (recipe->value)
		ir_alu_value(&g->ir, BPF_ADD, dst, (int64_t)recipe->value);
	if (recipe->source == ABI_LOCATED) {
		reg located = ir_reg(&g->ir);

		ir_load(&g->ir, BPF_H, located, g->context, recipe->base);
		ir_alu(&g->ir, BPF_ADD, dst, located);
	}
}

static void gen_vector(struct gen *g, const struct abi_recipe *recipe, reg dst, label fail)
{
	int mark = g->ir.stack, bytes = recipe->bits / 8, slot = ir_stack(&g->ir, 8);
	reg status = ir_reg(&g->ir);

	ir_helper(&g->ir, ABI_HELPER_VECTOR, status, 4,
		  (struct ir_arg[]){arg_stack(slot), arg_value(bytes), arg_value(recipe->base),
				    arg_value(recipe->shift / 8)});
	ir_branch_value(&g->ir, BPF_JNE, status, 0, fail);
	ir_load(&g->ir, ir_size((unsigned)bytes), dst, REG_STACK, slot);
	if (recipe->is_signed)
		ir_extend(&g->ir, dst, recipe->bits, true);
	ir_stack_back(&g->ir, mark);
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
		gen_read(g, recipe, gen_address(g, recipe, fail), dst, fail);
		break;
	case ABI_VECTOR:
		gen_vector(g, recipe, dst, fail);
		break;
	case ABI_ADDRESS:
		ir_move(&g->ir, dst, gen_address(g, recipe, fail));
		if (recipe->bits < 64)
			ir_extend(&g->ir, dst, recipe->bits, recipe->is_signed);
		break;
	case ABI_TYPED:
		/* What is read as memory is a number like any other. */
		gen_plain(g, (struct ir_arg){ARG_REG, g->context, recipe->base}, dst, fail);
		break;
	case ABI_PLACE:
	case ABI_LOCATED:
		gen_context_place(g, recipe, dst);
		break;
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

/* One map for the instance: a row a variant, in it the parts of each operand. */
static void make_recipes(struct gen *g)
{
	size_t operands = operands_most(&g->variants), rows = g->variants.count;
	struct abi_recipe *recipes = arena_alloc(&g->c->plan->arena,
						 rows * operands * PARTS * sizeof(*recipes));
	struct plan_map *map = add_map(g->c);

	if (!recipes || !map) {
		g->c->failed = true;
		return;
	}
	for (size_t i = 0; i < rows * operands * PARTS; i++)
		recipes[i] = recipe_of(g->variants.sites[i / (operands * PARTS)],
				       i / PARTS % operands, i % PARTS);
	g->recipes = (size_t)(map - g->c->plan->maps);
	*map = (struct plan_map){
		.role = PLAN_MAP_RECIPES,
		.bpf_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = (uint32_t)(rows * operands * PARTS * sizeof(*recipes)),
		.entries = 1,
		.initial = recipes,
	};
}

/* The member of the kernel's record that the thread's origin is in; a program has one kind. */
static void gen_thread_member(struct gen *g, size_t operand, reg member)
{
	for (size_t i = 0; i < g->variants.count; i++) {
		uint8_t origin = recipe_of(g->variants.sites[i], operand, PART_VALUE).origin;

		if (origin != ABI_THREAD && origin != ABI_THREAD32)
			continue;
		ir_kernel(&g->ir, member,
			  origin == ABI_THREAD ? PLAN_TASK_FSBASE : PLAN_TASK_TLS);
		return;
	}
	ir_set(&g->ir, member, 0);
}

static void gen_from_data(struct gen *g, size_t operand, enum part part, reg dst, label fail)
{
	int mark = g->ir.stack, slot = ir_stack(&g->ir, 8);
	reg row = ir_reg(&g->ir), at = ir_reg(&g->ir), status = ir_reg(&g->ir);
	reg member = ir_reg(&g->ir);
	size_t stride = operands_most(&g->variants) * PARTS * sizeof(struct abi_recipe);
	size_t column = (operand * PARTS + part) * sizeof(struct abi_recipe);

	if (g->recipes == SIZE_MAX)
		make_recipes(g);
	ir_move(&g->ir, at, g->variant);
	ir_branch_value(&g->ir, BPF_JGE, at, (int64_t)g->variants.count, fail);
	ir_alu_value(&g->ir, BPF_MUL, at, (int64_t)stride);
	ir_map_value(&g->ir, row, g->recipes, (uint32_t)column);
	ir_alu(&g->ir, BPF_ADD, row, at);
	gen_thread_member(g, operand, member);
	ir_function(&g->ir, "tt_fetch", status, 4,
		    (struct ir_arg[]){arg_reg(g->context), arg_reg(row), arg_stack(slot),
				      arg_reg(member)});
	gen_read_failures(g, "probe_read_user", status);
	ir_branch_value(&g->ir, BPF_JNE, status, 0, fail);
	ir_load(&g->ir, BPF_DW, dst, REG_STACK, slot);
	ir_stack_back(&g->ir, mark);
	g->sleepable = true;
}

/* ---- the choice ---- */

/* The different recipes of one argument; at most one more than fit as code. */
static size_t collect(const struct variants *v, size_t operand, enum part part,
		      struct abi_recipe *recipes)
{
	size_t count = 0;

	for (size_t i = 0; i < v->count && count <= VARIANTS_AS_CODE; i++) {
		struct abi_recipe r = recipe_of(v->sites[i], operand, part);
		size_t known = 0;

		while (known < count && memcmp(&recipes[known], &r, sizeof(r)))
			known++;
		if (known == count)
			recipes[count++] = r;
	}
	return count;
}

/* Code for each of a few recipes; every variant jumps to its own, the last falls through. */
static void gen_choice(struct gen *g, size_t operand, enum part part,
		       const struct abi_recipe *recipes, size_t count, reg dst, label fail)
{
	label labels[VARIANTS_AS_CODE], end = ir_label(&g->ir);

	for (size_t n = 0; n < count; n++)
		labels[n] = ir_label(&g->ir);
	for (size_t i = 0; i < g->variants.count; i++) {
		struct abi_recipe r = recipe_of(g->variants.sites[i], operand, part);

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

/* Says, once, which arguments can't be had at which sites, as far as nobody can know otherwise. */
static void warn_unreadable(struct gen *g, size_t operand)
{
	const struct probe_site *first = NULL;
	size_t count = 0;

	if (!g->c->options->warnings || operand >= 64 || g->warned >> operand & 1)
		return;
	g->warned |= (uint64_t)1 << operand;
	for (size_t i = 0; i < g->variants.count; i++) {
		uint8_t source = recipe_of(g->variants.sites[i], operand, PART_VALUE).source;

		if (source != ABI_NOWHERE && (source != ABI_VECTOR || g->c->options->vectors))
			continue;
		if (!count++)
			first = g->variants.sites[i];
	}
	if (!count)
		return;
	warn(g->c->options->warnings,
	     "%s:%s: argument %zu can't be read at %s: %s: %s",
	     g->in->probes[0]->provider, g->in->probes[0]->name, operand,
	     count == g->variants.count ? "any site" : "some sites",
	     operand < first->operand_count ? first->operands[operand].text : "none",
	     recipe_reason(first, operand));
}

reg gen_operand_part(struct gen *g, size_t operand, enum part part, label fail)
{
	struct abi_recipe recipes[VARIANTS_AS_CODE + 1];
	size_t count = collect(&g->variants, operand, part, recipes);
	reg dst = ir_reg(&g->ir);

	if (count == 1)
		gen_recipe(g, &recipes[0], dst, fail);
	else if (g->variants.count <= 4 * VARIANTS_AS_CODE && count <= VARIANTS_AS_CODE)
		gen_choice(g, operand, part, recipes, count, dst, fail);
	else
		gen_from_data(g, operand, part, dst, fail);
	return dst;
}

reg gen_operand(struct gen *g, size_t operand, label fail)
{
	ir_note(&g->ir, "operand %zu", operand);
	warn_unreadable(g, operand);
	return gen_operand_part(g, operand, PART_VALUE, fail);
}
