/* SPDX-License-Identifier: MIT */
/*
 * sdt-asm.h - what <sys/sdt.h> offers to assembler files; included by it.
 *
 *	STAP_PROBE2(provider, probe, %rdi, 8(%rsi))
 *
 * Operands as the assembler writes them; the note has them with a blank between.
 */
/* clang-format off: assembler */
#ifndef TELLTALE_SDT_ASM_H
#define TELLTALE_SDT_ASM_H

#if defined(__LP64__) || defined(_LP64)
#define TELLTALE_SDT_ADDR .8byte
#else
#define TELLTALE_SDT_ADDR .4byte
#endif
#ifdef __x86_64__
#define TELLTALE_SDT_NOPS nop; .byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0
#else
#define TELLTALE_SDT_NOPS nop
#endif
#ifdef _SDT_HAS_SEMAPHORES
#define TELLTALE_SDT_SEMAPHORE(provider, probe) TELLTALE_SDT_SEMAPHORE_(provider, probe)
#define TELLTALE_SDT_SEMAPHORE_(provider, probe) provider##_##probe##_semaphore
#else
#define TELLTALE_SDT_SEMAPHORE(provider, probe) 0
#endif
#define TELLTALE_SDT_STR(...) TELLTALE_SDT_STR_(__VA_ARGS__)
#define TELLTALE_SDT_STR_(...) #__VA_ARGS__

#define TELLTALE_SDT(provider, probe, operands)                                    \
	990: TELLTALE_SDT_NOPS;                                                    \
	.reloc 990b, BFD_RELOC_NONE, _.stapsdt.base;                               \
	.pushsection .note.stapsdt, "?", "note";                                   \
	.balign 4;                                                                 \
	.4byte 992f-991f, 994f-993f, 3;                                            \
	991: .asciz "stapsdt";                                                     \
	992: .balign 4;                                                            \
	993: TELLTALE_SDT_ADDR 990b, _.stapsdt.base, TELLTALE_SDT_SEMAPHORE(provider, probe); \
	.asciz TELLTALE_SDT_STR(provider), TELLTALE_SDT_STR(probe);                \
	.asciz TELLTALE_SDT_STR(operands);                                         \
	994: .balign 4;                                                            \
	.popsection;                                                               \
	.ifndef _.stapsdt.base;                                                    \
	.pushsection .stapsdt.base, "aG", "progbits", .stapsdt.base, comdat;       \
	.weak _.stapsdt.base;                                                      \
	.hidden _.stapsdt.base;                                                    \
	_.stapsdt.base: .space 1;                                                  \
	.size _.stapsdt.base, 1;                                                   \
	.popsection;                                                               \
	.endif;

#define STAP_PROBE(provider, probe) \
	TELLTALE_SDT(provider, probe, )
#define STAP_PROBE1(provider, probe, a1) \
	TELLTALE_SDT(provider, probe, a1)
#define STAP_PROBE2(provider, probe, a1, a2) \
	TELLTALE_SDT(provider, probe, a1 a2)
#define STAP_PROBE3(provider, probe, a1, a2, a3) \
	TELLTALE_SDT(provider, probe, a1 a2 a3)
#define STAP_PROBE4(provider, probe, a1, a2, a3, a4) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4)
#define STAP_PROBE5(provider, probe, a1, a2, a3, a4, a5) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5)
#define STAP_PROBE6(provider, probe, a1, a2, a3, a4, a5, a6) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6)
#define STAP_PROBE7(provider, probe, a1, a2, a3, a4, a5, a6, a7) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7)
#define STAP_PROBE8(provider, probe, a1, a2, a3, a4, a5, a6, a7, a8) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7 a8)
#define STAP_PROBE9(provider, probe, a1, a2, a3, a4, a5, a6, a7, a8, a9) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7 a8 a9)
#define STAP_PROBE10(provider, probe, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7 a8 a9 a10)
#define STAP_PROBE11(provider, probe, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11)
#define STAP_PROBE12(provider, probe, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12)

#define DTRACE_PROBE(provider, probe) \
	TELLTALE_SDT(provider, probe, )
#define DTRACE_PROBE1(provider, probe, a1) \
	TELLTALE_SDT(provider, probe, a1)
#define DTRACE_PROBE2(provider, probe, a1, a2) \
	TELLTALE_SDT(provider, probe, a1 a2)
#define DTRACE_PROBE3(provider, probe, a1, a2, a3) \
	TELLTALE_SDT(provider, probe, a1 a2 a3)
#define DTRACE_PROBE4(provider, probe, a1, a2, a3, a4) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4)
#define DTRACE_PROBE5(provider, probe, a1, a2, a3, a4, a5) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5)
#define DTRACE_PROBE6(provider, probe, a1, a2, a3, a4, a5, a6) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6)
#define DTRACE_PROBE7(provider, probe, a1, a2, a3, a4, a5, a6, a7) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7)
#define DTRACE_PROBE8(provider, probe, a1, a2, a3, a4, a5, a6, a7, a8) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7 a8)
#define DTRACE_PROBE9(provider, probe, a1, a2, a3, a4, a5, a6, a7, a8, a9) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7 a8 a9)
#define DTRACE_PROBE10(provider, probe, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7 a8 a9 a10)
#define DTRACE_PROBE11(provider, probe, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11)
#define DTRACE_PROBE12(provider, probe, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12) \
	TELLTALE_SDT(provider, probe, a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12)

#endif
