/*
 * i386: the registers of a 32-bit program as an x86-64 kernel saves them, in its own struct pt_regs
 * (edi is where rdi is). Operands are x86.c's.
 */
#include <elf.h>

#include "operand/x86.h"

static const struct operand_register registers[] = {
        REGISTER("eax", X86_AX, 4), REGISTER("ax", X86_AX, 2),  REGISTER("al", X86_AX, 1),
        X86_HIGH("ah", X86_AX),     REGISTER("ebx", X86_BX, 4), REGISTER("bx", X86_BX, 2),
        REGISTER("bl", X86_BX, 1),  X86_HIGH("bh", X86_BX),     REGISTER("ecx", X86_CX, 4),
        REGISTER("cx", X86_CX, 2),  REGISTER("cl", X86_CX, 1),  X86_HIGH("ch", X86_CX),
        REGISTER("edx", X86_DX, 4), REGISTER("dx", X86_DX, 2),  REGISTER("dl", X86_DX, 1),
        X86_HIGH("dh", X86_DX),     REGISTER("esi", X86_SI, 4), REGISTER("si", X86_SI, 2),
        REGISTER("edi", X86_DI, 4), REGISTER("di", X86_DI, 2),  REGISTER("ebp", X86_BP, 4),
        REGISTER("bp", X86_BP, 2),  REGISTER("esp", X86_SP, 4), REGISTER("sp", X86_SP, 2),
        REGISTER("eip", X86_IP, 4), VECTORS_8("xmm", 16),       VECTORS_8("ymm", 32),
        VECTORS_8("zmm", 64),       VECTORS_8("mm", 8),         VECTORS_8("k", 8),
        VECTOR("st", 10),           VECTOR("st(0)", 10),        VECTOR("st(1)", 10),
        VECTOR("st(2)", 10),        VECTOR("st(3)", 10),        VECTOR("st(4)", 10),
        VECTOR("st(5)", 10),        VECTOR("st(6)", 10),        VECTOR("st(7)", 10),
};

static bool parse(struct scan *scan, struct operand *operand)
{
	return x86_parse(scan, operand, "gs");
}

const struct operand_arch operand_i386 = {
        .machine = EM_386,
        .bits = 32,
        .width = 4,
        OPERAND_REGISTERS(registers),
        .parse = parse,
};
