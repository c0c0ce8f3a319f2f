/*
 * Owns the typed fields of a probe: what its author said of them where that is known, and what the
 * operands tell where not. An operand tells size and sign only, so nothing is guessed from it.
 */
#include "describe.h"

#include "operand/operand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Size and sign of one operand over all sites. */
struct shape {
	uint8_t size;
	bool is_signed, is_float;
	bool is_unsigned; /* somewhere, in all 64 bits */
	bool seen;
};

static void widen(struct shape *shape, const struct operand *operand)
{
	if (operand->kind == OPERAND_UNKNOWN && !operand->sized)
		return;
	if (operand->size > shape->size)
		shape->size = operand->size;
	shape->is_signed |= operand->is_signed;
	shape->is_unsigned |= !operand->is_signed && operand->size == 8;
	/* A float at every site; else its bits as an integer are the truth for all of them. */
	shape->is_float = operand->is_float && (!shape->seen || shape->is_float);
	shape->seen = true;
}

/* The shapes of all operands; an array that the caller frees. */
static struct shape *shapes_of(const struct probe *probe, size_t *count)
{
	struct shape *shapes;

	*count = 0;
	for (size_t i = 0; i < probe->site_count; i++)
		if (probe->sites[i].operand_count > *count)
			*count = probe->sites[i].operand_count;
	shapes = calloc(*count + 1, sizeof(*shapes));
	for (size_t i = 0; shapes && i < probe->site_count; i++)
		for (size_t j = 0; j < probe->sites[i].operand_count; j++)
			widen(&shapes[j], &probe->sites[i].operands[j]);
	return shapes;
}

/* A size that an integer can have; what is wider than 8 bytes is known by its operands. */
static uint8_t whole_size(uint8_t size)
{
	return size <= 1 ? 1 : size <= 2 ? 2 : size <= 4 ? 4 : 8;
}

static const char *type_text(const struct probe_argument *a)
{
	static const char *const ints[2][4] = {
		{"unsigned char", "unsigned short", "unsigned int", "uint64_t"},
		{"signed char", "short", "int", "int64_t"},
	};

	switch (a->type) {
	case PROBE_BOOL:
		return "bool";
	case PROBE_CHAR:
		return "char";
	case PROBE_FLOAT:
		return a->size == 4 ? "float" : "double";
	case PROBE_POINTER:
		return "void *";
	case PROBE_STRING:
		return "const char *";
	case PROBE_BYTES:
		return "bytes";
	default:
		return ints[a->is_signed][a->size == 1 ? 0 : a->size == 2 ? 1 : a->size == 4 ? 2 : 3];
	}
}

static void from_shape(struct probe_argument *a, const struct shape *shape)
{
	a->is_signed = shape->is_signed;
	a->sign_differs = shape->is_signed && shape->is_unsigned;
	a->is_wide = shape->size > 8;
	a->size = whole_size(shape->size ? shape->size : 8);
	a->type = PROBE_INT;
	if (shape->is_float && (shape->size == 4 || shape->size == 8))
		a->type = PROBE_FLOAT;
}

/* A kind that does not go with the operand's size is not believed. */
static enum probe_type type_of(enum note_kind kind, const struct shape *shape)
{
	switch (kind) {
	case NOTE_BOOL: /* of any size: an old compiler or a .d file may pass it as an int */
		return PROBE_BOOL;
	case NOTE_CHAR:
		return shape->size == 1 ? PROBE_CHAR : PROBE_INT;
	case NOTE_FLOAT:
		return shape->size == 4 || shape->size == 8 ? PROBE_FLOAT : PROBE_INT;
	case NOTE_POINTER:
		return PROBE_POINTER;
	case NOTE_STRING:
		return PROBE_STRING;
	case NOTE_BUFFER:
		return PROBE_BYTES;
	default:
		return PROBE_INT;
	}
}

static void from_note(struct probe_argument *a, const struct note_argument *said,
		      const struct shape *shape, size_t operands, struct arena *arena)
{
	from_shape(a, shape);
	if (said->kind != NOTE_UNKNOWN) {
		a->type = type_of(said->kind, shape);
		a->named = *said->name != '\0';
	}
	if (a->type == PROBE_BYTES && said->length_argument >= operands)
		a->type = PROBE_POINTER;
	if (a->type == PROBE_BYTES)
		a->length_operand = said->length_argument;
	if (*said->name)
		a->name = arena_string(arena, said->name);
	if (said->type && *said->type)
		a->type_name = arena_string(arena, said->type);
}

/* Names are the keys of JSON objects and of args.NAME: the second `x` is x_2. */
static int make_unique(struct probe_argument *arguments, size_t count, struct arena *arena)
{
	size_t *uses = calloc(count + 1, sizeof(*uses));
	struct table names = {0};
	size_t first, ignored;
	int rc = uses ? 0 : -1;

	for (size_t i = 0; !rc && i < count; i++) {
		const char *name = arguments[i].name;

		rc = table_put(&names, name, strlen(name), i, &first);
		while (rc == 1) {
			arguments[i].name = arena_print(arena, "%s_%zu", name, ++uses[first] + 1);
			rc = arguments[i].name ? table_put(&names, arguments[i].name,
							   strlen(arguments[i].name), i, &ignored)
					       : -1;
		}
	}
	table_free(&names);
	free(uses);
	return rc;
}

int probe_describe(struct probe *probe, const struct note *described, struct arena *arena,
		   struct error *err)
{
	size_t operands, count = 0;
	struct shape *shapes = shapes_of(probe, &operands);
	struct probe_argument *arguments;
	int rc = 0;

	arguments = shapes ? arena_alloc(arena, (operands + 1) * sizeof(*arguments)) : NULL;
	for (size_t i = 0; arguments && i < operands; i++) {
		const struct note_argument *said =
			described && i < described->argument_count ? &described->arguments[i] : NULL;
		struct probe_argument *a = &arguments[count];

		if (said && said->kind == NOTE_UNKNOWN && !*said->name)
			said = NULL;
		if (said && said->hidden)
			continue;
		a->operand = (unsigned)i;
		if (said)
			from_note(a, said, &shapes[i], operands, arena);
		else
			from_shape(a, &shapes[i]);
		a->is_signed |= a->type == PROBE_FLOAT;
		if (!a->name)
			a->name = arena_print(arena, "arg%zu", i);
		if (!a->type_name)
			a->type_name = type_text(a);
		count++;
	}
	free(shapes);
	if (!arguments || arena->failed || make_unique(arguments, count, arena))
		rc = error_memory(err);
	probe->arguments = arguments;
	probe->argument_count = rc ? 0 : count;
	return rc;
}
