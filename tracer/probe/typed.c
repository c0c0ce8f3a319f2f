/*
 * Owns what the kernel's types (BTF) say of its own functions: the arguments of fentry, fexit and
 * iter, whose programs are given 8 bytes for each. An iterator is told to the kernel as the function
 * bpf_iter_NAME, which takes what a program is shown of each thing, after what all iterators have.
 */
#include "kind.h"

#include "operand/operand.h"
#include "types/types.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* They go over what is in one map, and want to be told in which. */
static const char *const of_maps[] = {"bpf_map_elem", "bpf_sk_storage_map", "sockmap"};

static bool is_iterator(struct types *types, const char *name, struct error *err)
{
	const struct type_place nowhere = {.file = NOT_IN_FILE};
	const struct ctype *record;
	char tag[300];

	for (size_t i = 0; i < sizeof(of_maps) / sizeof(*of_maps); i++)
		if (!strcmp(of_maps[i], name))
			return false;
	return (size_t)snprintf(tag, sizeof(tag), "bpf_iter__%s", name) < sizeof(tag) &&
	       !types_find(types, &nowhere, CTYPE_STRUCT, tag, &record, err);
}

static enum probe_type type_of(const struct ctype *t)
{
	return t->kind == CTYPE_POINTER ? PROBE_POINTER : t->is_bool ? PROBE_BOOL : PROBE_INT;
}

/* What is passed by value and is no number has no value here. */
static bool is_number(const struct ctype *t)
{
	return t->kind == CTYPE_POINTER || ((t->kind == CTYPE_INT || t->kind == CTYPE_ENUM) && t->size <= 8);
}

static void add_value(struct convention *c, const struct function_value *value, int64_t at,
		      struct arena *arena)
{
	const struct ctype *t = value->type;
	struct operand *operand = &c->operands[c->operand_count];

	*operand = (struct operand){
		/* A pointer is one whose type the verifier knows: it may not be computed with. */
		.kind = t->kind == CTYPE_POINTER ? OPERAND_TYPED : OPERAND_CONTEXT,
		.size = is_number(t) ? (uint8_t)t->size : 8,
		.sized = true,
		.is_signed = t->is_signed,
		.displacement = at,
	};
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	operand->displacement += 8 - operand->size;
#endif
	if (!is_number(t)) {
		operand->kind = OPERAND_UNKNOWN;
		operand->reason = "it is passed by value, and is no number";
	}
	c->arguments[c->operand_count] = (struct probe_argument){
		.name = arena_string(arena, value->name),
		.type_name = arena_string(arena, value->text),
		.type = type_of(t),
		.size = operand->size,
		.is_signed = operand->is_signed,
		.named = true,
		.unreadable = operand->reason,
		.operand = (unsigned)c->operand_count,
	};
	c->operand_count++;
}

/* What makes two functions alike to a program. */
static const char *layout_text(const struct convention *c, struct arena *arena)
{
	struct buffer text = {0};
	char *copy;

	for (size_t i = 0; i < c->operand_count; i++)
		buffer_print(&text, "%s%s%d@%lld", i ? " " : "",
			     c->operands[i].is_signed ? "-" : "", c->operands[i].size,
			     (long long)c->operands[i].displacement);
	copy = text.failed ? NULL : arena_string(arena, buffer_string(&text));
	buffer_free(&text);
	return copy;
}

static int describe(enum probe_kind kind, const struct type_function *function,
		    struct arena *arena, struct convention *c, struct error *err)
{
	size_t count = function->parameter_count + 1;
	int64_t at = 0;

	*c = (struct convention){
		.number = function->number,
		.operands = arena_alloc(arena, count * sizeof(*c->operands)),
		.arguments = arena_alloc(arena, count * sizeof(*c->arguments)),
	};
	if (!c->operands || !c->arguments)
		return error_memory(err);
	for (size_t i = 0; i < function->parameter_count; i++) {
		const struct function_value *value = &function->parameters[i];

		add_value(c, value, at, arena);
		c->arguments[i].hidden = kind == PROBE_ITER && !i;
		at += value->type->size > 8 ? (int64_t)(value->type->size + 7) / 8 * 8 : 8;
	}
	if (kind == PROBE_FEXIT && function->result.type)
		add_value(c, &function->result, at, arena);
	c->text = layout_text(c, arena);
	return c->text && !arena->failed ? 0 : error_memory(err);
}

int probe_typed(struct probe_set *set, enum probe_kind kind, const char *module, const char *name,
		const char **symbol, struct convention *c, struct error *err)
{
	struct type_function function;
	int rc;

	if (!set->types) {
		set->types = calloc(1, sizeof(*set->types));
		if (!set->types)
			return error_memory(err);
		set->types->kernel_path = set->kernel_types;
	}
	*symbol = kind == PROBE_ITER ? arena_print(&set->arena, "bpf_iter_%s", name) : name;
	if (!*symbol)
		return error_memory(err);
	rc = types_function(set->types, module, *symbol, &function, err);
	if (!rc && kind == PROBE_ITER && !is_iterator(set->types, name, err))
		rc = -ENOENT;
	return rc ? rc : describe(kind, &function, &set->arena, c, err);
}
