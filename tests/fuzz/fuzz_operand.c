/*
 * Any text as the operands of a note; the first byte chooses the architecture.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "operand/operand.h"

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

static const struct {
	uint16_t machine;
	uint8_t bits;
} machines[] = {
        {EM_X86_64, 64}, {EM_386, 32},  {EM_AARCH64, 64}, {EM_ARM, 32},  {EM_RISCV, 64},
        {EM_PPC64, 64},  {EM_S390, 64}, {EM_MIPS, 32},    {EM_MIPS, 64}, {EM_LOONGARCH, 64},
};

/* What every operand holds to, whatever its text was. */
static void check(const struct operand *o)
{
	if (!o->text || !*o->text || strlen(o->text) == 0)
		abort();
	if (o->size < 1 || o->size > 16 || o->scale < 1 || o->scale > 16)
		abort();
	if ((o->kind == OPERAND_UNKNOWN) != (o->reason != NULL))
		abort();
	if ((o->kind == OPERAND_SYMMEM || o->kind == OPERAND_SYMCONST) != (o->symbol != NULL))
		abort();
	if (o->kind == OPERAND_REG && (!o->reg || o->index))
		abort();
	if (o->kind == OPERAND_CONST) {
		if (o->reg || o->index || o->symbol)
			abort();
		if (!o->is_signed && o->size < 8 && o->value >> 8 * o->size)
			abort();
	}
	if (o->kind != OPERAND_REG &&
	    ((o->reg && o->reg->vector) || (o->index && o->index->vector)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct operand *operands;
	struct error err;
	size_t count, chosen;
	char *text;

	if (!size)
		return 0;
	chosen = data[0] % (sizeof(machines) / sizeof(machines[0]));
	text = arena_copy(&arena, (const char *)data + 1, size - 1);
	if (!text || operands_parse(machines[chosen].machine, machines[chosen].bits, text, &arena,
	                            &operands, &count, &err))
		abort();
	for (size_t i = 0; i < count; i++)
		check(&operands[i]);
	arena_free(&arena);
	return 0;
}
