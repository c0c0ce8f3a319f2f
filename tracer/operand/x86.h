/*
 * What amd64 and i386 share: the AT&T form of an operand. Private to this folder.
 */
#ifndef TELLTALE_OPERAND_X86_H
#define TELLTALE_OPERAND_X86_H

#include "operand/arch.h"

/*
 * Where the kernel's x86-64 struct pt_regs (arch/x86/include/asm/ptrace.h) has each register; BPF
 * sees the same one under a 32-bit program.
 */
enum x86_place {
	X86_R15 = 0,
	X86_R14 = 8,
	X86_R13 = 16,
	X86_R12 = 24,
	X86_BP = 32,
	X86_BX = 40,
	X86_R11 = 48,
	X86_R10 = 56,
	X86_R9 = 64,
	X86_R8 = 72,
	X86_AX = 80,
	X86_CX = 88,
	X86_DX = 96,
	X86_SI = 104,
	X86_DI = 112,
	X86_IP = 128,
	X86_SP = 152,
};

/* ah, bh, ch, dh */
#define X86_HIGH(n, place)                                                                         \
	{                                                                                          \
		.name = (n), .offset = (place), .size = 1, .shift = 8                              \
	}

/* Reads one operand in AT&T form; thread_segment is "fs" or "gs", the one of the thread pointer. */
bool x86_parse(struct scan *scan, struct operand *operand, const char *thread_segment);

#endif
