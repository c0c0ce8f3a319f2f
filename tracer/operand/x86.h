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

#define X86_VECTOR(n, width) {.name = (n), .offset = -1, .size = (width), .vector = true}
#define X86_VECTORS_8(prefix, width) \
	X86_VECTOR(prefix "0", width), X86_VECTOR(prefix "1", width), \
		X86_VECTOR(prefix "2", width), X86_VECTOR(prefix "3", width), \
		X86_VECTOR(prefix "4", width), X86_VECTOR(prefix "5", width), \
		X86_VECTOR(prefix "6", width), X86_VECTOR(prefix "7", width)
#define X86_VECTORS_32(prefix, width) \
	X86_VECTORS_8(prefix, width), X86_VECTOR(prefix "8", width), \
		X86_VECTOR(prefix "9", width), X86_VECTOR(prefix "10", width), \
		X86_VECTOR(prefix "11", width), X86_VECTOR(prefix "12", width), \
		X86_VECTOR(prefix "13", width), X86_VECTOR(prefix "14", width), \
		X86_VECTOR(prefix "15", width), X86_VECTOR(prefix "16", width), \
		X86_VECTOR(prefix "17", width), X86_VECTOR(prefix "18", width), \
		X86_VECTOR(prefix "19", width), X86_VECTOR(prefix "20", width), \
		X86_VECTOR(prefix "21", width), X86_VECTOR(prefix "22", width), \
		X86_VECTOR(prefix "23", width), X86_VECTOR(prefix "24", width), \
		X86_VECTOR(prefix "25", width), X86_VECTOR(prefix "26", width), \
		X86_VECTOR(prefix "27", width), X86_VECTOR(prefix "28", width), \
		X86_VECTOR(prefix "29", width), X86_VECTOR(prefix "30", width), \
		X86_VECTOR(prefix "31", width)

/* Reads one operand in AT&T form; thread_segment is "fs" or "gs", the one of the thread pointer. */
bool x86_parse(struct scan *scan, struct operand *operand, const char *thread_segment);

#endif
