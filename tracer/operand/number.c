/*
 * Owns how DWARF numbers the registers of each architecture: System V ABI AMD64 (figure 3.36) and i386
 * (table 2.14) supplements; AADWARF64 and AADWARF32; the ELF ABI supplements of RISC-V, PowerPC, S/390,
 * MIPS and LoongArch, where general register N has number N.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "operand/x86.h"

static const struct {
	int16_t place;
	int8_t amd64, i386;
} x86_numbers[] = {
        {X86_AX, 0, 0},   {X86_DX, 1, 2},   {X86_CX, 2, 1},   {X86_BX, 3, 3},
        {X86_SI, 4, 6},   {X86_DI, 5, 7},   {X86_BP, 6, 5},   {X86_SP, 7, 4},
        {X86_R8, 8, -1},  {X86_R9, 9, -1},  {X86_R10, 10, -1}, {X86_R11, 11, -1},
        {X86_R12, 12, -1}, {X86_R13, 13, -1}, {X86_R14, 14, -1}, {X86_R15, 15, -1},
};

static int of_x86(bool wide, const struct operand_register *reg)
{
	if (reg->vector)
		return strncmp(reg->name, "xmm", 3) ? -1 : atoi(reg->name + 3) + (wide ? 17 : 21);
	for (size_t i = 0; i < sizeof(x86_numbers) / sizeof(*x86_numbers); i++)
		if (x86_numbers[i].place == reg->offset && !reg->shift)
			return wide ? x86_numbers[i].amd64 : x86_numbers[i].i386;
	return -1;
}

/* Where the architecture's registers lie side by side: of the first one, and how many there are. */
struct row {
	uint16_t machine;
	uint8_t bits, width, count;
	int16_t first;
	const char *vector; /* names of vector registers begin so */
	int first_vector;
};

static const struct row rows[] = {
        {EM_AARCH64, 64, 8, 32, 0, "vdsqbh", 64},
        {EM_ARM, 32, 4, 16, 0, "d", 256},
        {EM_RISCV, 64, 8, 32, 0, NULL, 0},
        {EM_PPC64, 64, 8, 32, 0, "f", 32},
        {EM_S390, 64, 8, 16, 24, NULL, 0},
        {EM_MIPS, 32, 4, 32, 32, NULL, 0},
        {EM_MIPS, 64, 8, 32, 0, NULL, 0},
        {EM_LOONGARCH, 64, 8, 32, 0, "f", 32},
};

static int of_row(const struct row *row, const struct operand_register *reg)
{
	int number = (reg->offset - row->first) / row->width;

	if (reg->vector)
		return row->vector && strchr(row->vector, *reg->name) &&
		                       reg->name[1] >= '0' && reg->name[1] <= '9'
		               ? atoi(reg->name + 1) + row->first_vector
		               : -1;
	if (reg->offset < row->first || number >= row->count || reg->shift)
		return -1;
	/* Of RISC-V the place of the register that is always zero has the program counter. */
	return row->machine == EM_RISCV && !number ? -1 : number;
}

int operand_register_number(uint16_t machine, uint8_t bits, const struct operand_register *reg)
{
	if (machine == EM_X86_64 || machine == EM_386)
		return of_x86(machine == EM_X86_64, reg);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].machine == machine && rows[i].bits == bits)
			return of_row(&rows[i], reg);
	return -1;
}
