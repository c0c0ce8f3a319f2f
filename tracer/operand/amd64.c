/*
 * amd64: the registers of struct pt_regs and their narrower names. Operands are x86.c's.
 */
#include <elf.h>

#include "operand/x86.h"

#define WHOLE(n, place, width) {.name = (n), .offset = (place), .size = (width)}
#define HIGH(n, place) {.name = (n), .offset = (place), .size = 1, .shift = 8}

static const struct operand_register registers[] = {
	WHOLE("rax", X86_AX, 8),   WHOLE("eax", X86_AX, 4),   WHOLE("ax", X86_AX, 2),
	WHOLE("al", X86_AX, 1),	   HIGH("ah", X86_AX),	      WHOLE("rbx", X86_BX, 8),
	WHOLE("ebx", X86_BX, 4),   WHOLE("bx", X86_BX, 2),    WHOLE("bl", X86_BX, 1),
	HIGH("bh", X86_BX),	   WHOLE("rcx", X86_CX, 8),   WHOLE("ecx", X86_CX, 4),
	WHOLE("cx", X86_CX, 2),	   WHOLE("cl", X86_CX, 1),    HIGH("ch", X86_CX),
	WHOLE("rdx", X86_DX, 8),   WHOLE("edx", X86_DX, 4),   WHOLE("dx", X86_DX, 2),
	WHOLE("dl", X86_DX, 1),	   HIGH("dh", X86_DX),	      WHOLE("rsi", X86_SI, 8),
	WHOLE("esi", X86_SI, 4),   WHOLE("si", X86_SI, 2),    WHOLE("sil", X86_SI, 1),
	WHOLE("rdi", X86_DI, 8),   WHOLE("edi", X86_DI, 4),   WHOLE("di", X86_DI, 2),
	WHOLE("dil", X86_DI, 1),   WHOLE("rbp", X86_BP, 8),   WHOLE("ebp", X86_BP, 4),
	WHOLE("bp", X86_BP, 2),	   WHOLE("bpl", X86_BP, 1),   WHOLE("rsp", X86_SP, 8),
	WHOLE("esp", X86_SP, 4),   WHOLE("sp", X86_SP, 2),    WHOLE("spl", X86_SP, 1),
	WHOLE("r8", X86_R8, 8),	   WHOLE("r8d", X86_R8, 4),   WHOLE("r8w", X86_R8, 2),
	WHOLE("r8b", X86_R8, 1),   WHOLE("r9", X86_R9, 8),    WHOLE("r9d", X86_R9, 4),
	WHOLE("r9w", X86_R9, 2),   WHOLE("r9b", X86_R9, 1),   WHOLE("r10", X86_R10, 8),
	WHOLE("r10d", X86_R10, 4), WHOLE("r10w", X86_R10, 2), WHOLE("r10b", X86_R10, 1),
	WHOLE("r11", X86_R11, 8),  WHOLE("r11d", X86_R11, 4), WHOLE("r11w", X86_R11, 2),
	WHOLE("r11b", X86_R11, 1), WHOLE("r12", X86_R12, 8),  WHOLE("r12d", X86_R12, 4),
	WHOLE("r12w", X86_R12, 2), WHOLE("r12b", X86_R12, 1), WHOLE("r13", X86_R13, 8),
	WHOLE("r13d", X86_R13, 4), WHOLE("r13w", X86_R13, 2), WHOLE("r13b", X86_R13, 1),
	WHOLE("r14", X86_R14, 8),  WHOLE("r14d", X86_R14, 4), WHOLE("r14w", X86_R14, 2),
	WHOLE("r14b", X86_R14, 1), WHOLE("r15", X86_R15, 8),  WHOLE("r15d", X86_R15, 4),
	WHOLE("r15w", X86_R15, 2), WHOLE("r15b", X86_R15, 1), WHOLE("rip", X86_IP, 8),
	X86_VECTORS_32("xmm", 16), X86_VECTORS_32("ymm", 32), X86_VECTORS_32("zmm", 64),
	X86_VECTORS_8("mm", 8),	   X86_VECTORS_8("k", 8),     X86_VECTOR("st", 10),
	X86_VECTOR("st(0)", 10),   X86_VECTOR("st(1)", 10),   X86_VECTOR("st(2)", 10),
	X86_VECTOR("st(3)", 10),   X86_VECTOR("st(4)", 10),   X86_VECTOR("st(5)", 10),
	X86_VECTOR("st(6)", 10),   X86_VECTOR("st(7)", 10),
};

static bool parse(struct scan *scan, struct operand *operand)
{
	return x86_parse(scan, operand, "fs");
}

const struct operand_arch operand_amd64 = {
	.machine = EM_X86_64,
	.bits = 64,
	.width = 8,
	OPERAND_REGISTERS(registers),
	.parse = parse,
};
