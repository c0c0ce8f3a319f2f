/* SPDX-License-Identifier: MIT */
/*
 * sys/sdt.h - the macros of systemtap's <sys/sdt.h>, on telltale.h.
 *
 * For software that has its markers already: `-I.../telltale/compat -I.../telltale` before the
 * system's headers, and nothing else changes, but that its sites become cheap to watch and its
 * arguments say what they are.
 *
 *	DTRACE_PROBE(provider, probe)			also STAP_PROBE
 *	DTRACE_PROBE1(provider, probe, a) ... 12	also STAP_PROBE1 ... 12
 *	STAP_PROBEV(provider, probe, args...)		where SDT_USE_VARIADIC is defined
 *	STAP_PROBE_ASM(provider, probe, operands)	a string for an asm statement
 *	STAP_PROBE_ASM_TEMPLATE(n), STAP_PROBE_ASM_OPERANDS(n, args...)
 *							its operands, from C expressions
 *
 * If _SDT_HAS_SEMAPHORES is defined, the note names the semaphore PROVIDER_PROBE_semaphore, which
 * the program (or the header and object that `dtrace -h` and `-G`, or `telltale gen`, write)
 * defines.
 *
 * In an assembler file, after its preprocessor: STAP_PROBE... and DTRACE_PROBE... with operands as
 * the assembler writes them.
 */
#ifndef _SYS_SDT_H
#define _SYS_SDT_H 1

#ifdef __ASSEMBLER__
#include "sdt-asm.h"
#else

#include "../../telltale.h"

/* A probe's semaphore: none, or the program's, which must be declared and is kept. */
#ifdef _SDT_HAS_SEMAPHORES
#define TELLTALE_SDT_HOW SHARED
#define TELLTALE_SDT_SEMAPHORE(provider, probe)                                                    \
	TELLTALE_X_STR(provider) "_" TELLTALE_X_STR(probe) "_semaphore"
#define TELLTALE_SDT_USE(provider, probe) TELLTALE_SDT_USE_(provider, probe)
#define TELLTALE_SDT_USE_(provider, probe)                                                         \
	__asm__ __volatile__("" : : "m"(provider##_##probe##_semaphore))
#else
#define TELLTALE_SDT_HOW                        NONE
#define TELLTALE_SDT_SEMAPHORE(provider, probe) ""
#define TELLTALE_SDT_USE(provider, probe)       ((void)0)
#endif
#define TELLTALE_SDT_FIRST(probe, ...) probe

/* A marker of telltale.h with n arguments; provider and probe may be macros here. */
#define TELLTALE_SDT(n, provider, text, ...)                                                       \
	do {                                                                                       \
		TELLTALE_SDT_USE(provider, TELLTALE_SDT_FIRST(__VA_ARGS__, 0));                    \
		TELLTALE_X_CALL(                                                                   \
		        TELLTALE_X_MARK##n, TELLTALE_SDT_HOW,                                      \
		        TELLTALE_SDT_SEMAPHORE(provider, TELLTALE_SDT_FIRST(__VA_ARGS__, 0)),      \
		        TELLTALE_X_STR(provider), text, __VA_ARGS__);                              \
	} while (0)

#define STAP_PROBE(provider, ...)   TELLTALE_SDT(0, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE1(provider, ...)  TELLTALE_SDT(1, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE2(provider, ...)  TELLTALE_SDT(2, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE3(provider, ...)  TELLTALE_SDT(3, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE4(provider, ...)  TELLTALE_SDT(4, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE5(provider, ...)  TELLTALE_SDT(5, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE6(provider, ...)  TELLTALE_SDT(6, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE7(provider, ...)  TELLTALE_SDT(7, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE8(provider, ...)  TELLTALE_SDT(8, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE9(provider, ...)  TELLTALE_SDT(9, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE10(provider, ...) TELLTALE_SDT(10, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE11(provider, ...) TELLTALE_SDT(11, provider, #__VA_ARGS__, __VA_ARGS__)
#define STAP_PROBE12(provider, ...) TELLTALE_SDT(12, provider, #__VA_ARGS__, __VA_ARGS__)

#define DTRACE_PROBE(provider, ...)   TELLTALE_SDT(0, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE1(provider, ...)  TELLTALE_SDT(1, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE2(provider, ...)  TELLTALE_SDT(2, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE3(provider, ...)  TELLTALE_SDT(3, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE4(provider, ...)  TELLTALE_SDT(4, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE5(provider, ...)  TELLTALE_SDT(5, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE6(provider, ...)  TELLTALE_SDT(6, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE7(provider, ...)  TELLTALE_SDT(7, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE8(provider, ...)  TELLTALE_SDT(8, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE9(provider, ...)  TELLTALE_SDT(9, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE10(provider, ...) TELLTALE_SDT(10, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE11(provider, ...) TELLTALE_SDT(11, provider, #__VA_ARGS__, __VA_ARGS__)
#define DTRACE_PROBE12(provider, ...) TELLTALE_SDT(12, provider, #__VA_ARGS__, __VA_ARGS__)

#ifdef SDT_USE_VARIADIC
#define STAP_PROBEV(provider, ...)                                                                 \
	do {                                                                                       \
		TELLTALE_SDT_USE(provider, TELLTALE_SDT_FIRST(__VA_ARGS__, 0));                    \
		TELLTALE_X_MARK(                                                                   \
		        TELLTALE_SDT_HOW,                                                          \
		        TELLTALE_SDT_SEMAPHORE(provider, TELLTALE_SDT_FIRST(__VA_ARGS__, 0)),      \
		        TELLTALE_X_STR(provider), #__VA_ARGS__, __VA_ARGS__);                      \
	} while (0)
#endif

/*
 * In asm statements of the program's own. Operands as the assembler writes them, with %% for % in
 * an extended statement:
 *
 *	asm("before\n" STAP_PROBE_ASM(provider, probe, %eax 4(%esi)) "after");
 *
 * or C expressions, for which the template and the operands go together:
 *
 *	asm("insn %0\n" STAP_PROBE_ASM(provider, probe, STAP_PROBE_ASM_TEMPLATE(2))
 *	    : "=r"(x) : STAP_PROBE_ASM_OPERANDS(2, a, b->c));
 *
 * (No .note.telltale here: its names could not go through.)
 */
#define STAP_PROBE_ASM(provider, ...)                                                              \
	TELLTALE_X_CALL(TELLTALE_X_CAT(TELLTALE_SDT_ASM, TELLTALE_X_COUNT(__VA_ARGS__)), provider, \
	                __VA_ARGS__)
#define TELLTALE_SDT_ASM0(provider, probe) TELLTALE_SDT_ASMSITE(provider, probe, "")
#define TELLTALE_SDT_ASM1(provider, probe, operands)                                               \
	TELLTALE_SDT_ASMSITE(provider, probe, ".ascii \"" TELLTALE_X_STR(operands) "\"\n")
#define TELLTALE_SDT_ASM2(provider, probe, template, formats)                                      \
	TELLTALE_SDT_ASMSITE(provider, probe, formats)
#define TELLTALE_SDT_ASMSITE(provider, probe, formats)                                             \
	TELLTALE_SDT_ASMSITE_(TELLTALE_SDT_HOW, TELLTALE_SDT_SEMAPHORE(provider, probe),           \
	                      TELLTALE_X_STR(provider), probe, formats)
#define TELLTALE_SDT_ASMSITE_(how, sem, prov, probe, formats)                                      \
	TELLTALE_SDT_ASMSITE__(how, sem, prov, probe, formats)
#define TELLTALE_SDT_ASMSITE__(how, sem, prov, probe, formats)                                     \
	TELLTALE_X_SITE(how, sem, prov, probe, formats)

#define STAP_PROBE_ASM_TEMPLATE(n) template, TELLTALE_X_FORMATS##n
#define TELLTALE_X_FORMATS0        ""
#define STAP_PROBE_ASM_OPERANDS(n, ...)                                                            \
	TELLTALE_X_CALL(TELLTALE_SDT_PACKS##n, __VA_ARGS__),                                       \
	        TELLTALE_X_CALL(TELLTALE_SDT_VALUES##n, __VA_ARGS__)
#ifdef __cplusplus
#define TELLTALE_SDT_KIND(x)                                                                       \
	(telltale_x_packed<telltale_x_type<decltype(telltale_x_pass(x))>>::value)
#define TELLTALE_SDT_VALUE(x)                                                                      \
	(telltale_x_type<decltype(telltale_x_pass(x))>::value(telltale_x_pass(x)))
template <typename Type> struct telltale_x_packed {
	enum {
		size = Type::size == 8   ? 3
		       : Type::size == 4 ? 2
		                         : Type::size - 1,
		value = Type::kind | size << 4 | (Type::is_signed ? 64 : 0)
	};
	static_assert(static_cast<int>(Type::kind) >= 0, TELLTALE_X_NOTYPE);
};
#else
#define TELLTALE_SDT_KIND(x)                                                                       \
	TELLTALE_X_BYTE(TELLTALE_X_KIND(((void)0, (x))), TELLTALE_X_SIZE(((void)0, (x))),          \
	                TELLTALE_X_SIGNED(((void)0, (x))))
#define TELLTALE_SDT_VALUE(x) TELLTALE_X_VALUE(((void)0, (x)))
#endif
#define TELLTALE_SDT_VALUEOF(i, x)       [telltale_a##i] TELLTALE_X_CONSTRAINT(TELLTALE_SDT_VALUE(x))
#define TELLTALE_SDT_VALUES1(a1)         TELLTALE_SDT_VALUEOF(1, a1)
#define TELLTALE_SDT_VALUES2(a1, a2)     TELLTALE_SDT_VALUES1(a1), TELLTALE_SDT_VALUEOF(2, a2)
#define TELLTALE_SDT_VALUES3(a1, a2, a3) TELLTALE_SDT_VALUES2(a1, a2), TELLTALE_SDT_VALUEOF(3, a3)
#define TELLTALE_SDT_VALUES4(a1, a2, a3, a4)                                                       \
	TELLTALE_SDT_VALUES3(a1, a2, a3), TELLTALE_SDT_VALUEOF(4, a4)
#define TELLTALE_SDT_VALUES5(a1, a2, a3, a4, a5)                                                   \
	TELLTALE_SDT_VALUES4(a1, a2, a3, a4), TELLTALE_SDT_VALUEOF(5, a5)
#define TELLTALE_SDT_VALUES6(a1, a2, a3, a4, a5, a6)                                               \
	TELLTALE_SDT_VALUES5(a1, a2, a3, a4, a5), TELLTALE_SDT_VALUEOF(6, a6)
#define TELLTALE_SDT_VALUES7(a1, a2, a3, a4, a5, a6, a7)                                           \
	TELLTALE_SDT_VALUES6(a1, a2, a3, a4, a5, a6), TELLTALE_SDT_VALUEOF(7, a7)
#define TELLTALE_SDT_VALUES8(a1, a2, a3, a4, a5, a6, a7, a8)                                       \
	TELLTALE_SDT_VALUES7(a1, a2, a3, a4, a5, a6, a7), TELLTALE_SDT_VALUEOF(8, a8)
#define TELLTALE_SDT_VALUES9(a1, a2, a3, a4, a5, a6, a7, a8, a9)                                   \
	TELLTALE_SDT_VALUES8(a1, a2, a3, a4, a5, a6, a7, a8), TELLTALE_SDT_VALUEOF(9, a9)
#define TELLTALE_SDT_VALUES10(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10)                             \
	TELLTALE_SDT_VALUES9(a1, a2, a3, a4, a5, a6, a7, a8, a9), TELLTALE_SDT_VALUEOF(10, a10)
#define TELLTALE_SDT_VALUES11(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11)                        \
	TELLTALE_SDT_VALUES10(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10),                            \
	        TELLTALE_SDT_VALUEOF(11, a11)
#define TELLTALE_SDT_VALUES12(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12)                   \
	TELLTALE_SDT_VALUES11(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11),                       \
	        TELLTALE_SDT_VALUEOF(12, a12)
#define TELLTALE_SDT_PACKS1(a1) TELLTALE_X_PACK(telltale_k1, TELLTALE_SDT_KIND(a1), 0, 0, 0)
#define TELLTALE_SDT_PACKS2(a1, a2)                                                                \
	TELLTALE_X_PACK(telltale_k1, TELLTALE_SDT_KIND(a1), TELLTALE_SDT_KIND(a2), 0, 0)
#define TELLTALE_SDT_PACKS3(a1, a2, a3)                                                            \
	TELLTALE_X_PACK(telltale_k1, TELLTALE_SDT_KIND(a1), TELLTALE_SDT_KIND(a2),                 \
	                TELLTALE_SDT_KIND(a3), 0)
#define TELLTALE_SDT_PACKS4(a1, a2, a3, a4)                                                        \
	TELLTALE_X_PACK(telltale_k1, TELLTALE_SDT_KIND(a1), TELLTALE_SDT_KIND(a2),                 \
	                TELLTALE_SDT_KIND(a3), TELLTALE_SDT_KIND(a4))
#define TELLTALE_SDT_PACKS5(a1, a2, a3, a4, a5)                                                    \
	TELLTALE_SDT_PACKS4(a1, a2, a3, a4),                                                       \
	        TELLTALE_X_PACK(telltale_k5, TELLTALE_SDT_KIND(a5), 0, 0, 0)
#define TELLTALE_SDT_PACKS6(a1, a2, a3, a4, a5, a6)                                                \
	TELLTALE_SDT_PACKS4(a1, a2, a3, a4),                                                       \
	        TELLTALE_X_PACK(telltale_k5, TELLTALE_SDT_KIND(a5), TELLTALE_SDT_KIND(a6), 0, 0)
#define TELLTALE_SDT_PACKS7(a1, a2, a3, a4, a5, a6, a7)                                            \
	TELLTALE_SDT_PACKS4(a1, a2, a3, a4),                                                       \
	        TELLTALE_X_PACK(telltale_k5, TELLTALE_SDT_KIND(a5), TELLTALE_SDT_KIND(a6),         \
	                        TELLTALE_SDT_KIND(a7), 0)
#define TELLTALE_SDT_PACKS8(a1, a2, a3, a4, a5, a6, a7, a8)                                        \
	TELLTALE_SDT_PACKS4(a1, a2, a3, a4),                                                       \
	        TELLTALE_X_PACK(telltale_k5, TELLTALE_SDT_KIND(a5), TELLTALE_SDT_KIND(a6),         \
	                        TELLTALE_SDT_KIND(a7), TELLTALE_SDT_KIND(a8))
#define TELLTALE_SDT_PACKS9(a1, a2, a3, a4, a5, a6, a7, a8, a9)                                    \
	TELLTALE_SDT_PACKS8(a1, a2, a3, a4, a5, a6, a7, a8),                                       \
	        TELLTALE_X_PACK(telltale_k9, TELLTALE_SDT_KIND(a9), 0, 0, 0)
#define TELLTALE_SDT_PACKS10(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10)                              \
	TELLTALE_SDT_PACKS8(a1, a2, a3, a4, a5, a6, a7, a8),                                       \
	        TELLTALE_X_PACK(telltale_k9, TELLTALE_SDT_KIND(a9), TELLTALE_SDT_KIND(a10), 0, 0)
#define TELLTALE_SDT_PACKS11(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11)                         \
	TELLTALE_SDT_PACKS8(a1, a2, a3, a4, a5, a6, a7, a8),                                       \
	        TELLTALE_X_PACK(telltale_k9, TELLTALE_SDT_KIND(a9), TELLTALE_SDT_KIND(a10),        \
	                        TELLTALE_SDT_KIND(a11), 0)
#define TELLTALE_SDT_PACKS12(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12)                    \
	TELLTALE_SDT_PACKS8(a1, a2, a3, a4, a5, a6, a7, a8),                                       \
	        TELLTALE_X_PACK(telltale_k9, TELLTALE_SDT_KIND(a9), TELLTALE_SDT_KIND(a10),        \
	                        TELLTALE_SDT_KIND(a11), TELLTALE_SDT_KIND(a12))

#endif /* not __ASSEMBLER__ */
#endif /* _SYS_SDT_H */
