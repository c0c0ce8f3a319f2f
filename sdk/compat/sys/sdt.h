/* SPDX-License-Identifier: MIT */
/*
 * sys/sdt.h - the macros of systemtap's <sys/sdt.h>, on telltale.h.
 *
 * For software that has its markers already: `-I.../telltale/compat -I.../telltale` before the system's headers, and
 * nothing else changes, but that its sites become cheap to watch and its arguments say what they are.
 *
 *	DTRACE_PROBE(provider, probe)			also STAP_PROBE
 *	DTRACE_PROBE1(provider, probe, a) ... 12	also STAP_PROBE1 ... 12
 *	STAP_PROBEV(provider, probe, args...)		if SDT_USE_VARIADIC is defined before the include
 *	STAP_PROBE_ASM(provider, probe, operands)	a string for an asm statement of one's own
 *	STAP_PROBE_ASM_TEMPLATE(n), STAP_PROBE_ASM_OPERANDS(n, args...)
 *							its operands, from C expressions
 *
 * If _SDT_HAS_SEMAPHORES is defined, the note names the semaphore PROVIDER_PROBE_semaphore, which the
 * program (or the header and object that `dtrace -h` and `-G`, or `telltale gen`, write) defines.
 *
 * In an assembler file, after its preprocessor: STAP_PROBE... and DTRACE_PROBE... with operands as the assembler
 * writes them.
 */
#ifndef _SYS_SDT_H
#define _SYS_SDT_H 1

#ifdef __ASSEMBLER__
#include "sdt-asm.h"
#else

#include "../../telltale.h"

/* The semaphore of a probe: none, or the program's. */
#ifdef _SDT_HAS_SEMAPHORES
#define TELLTALE_SDT_HOW SHARED
#define TELLTALE_SDT_SEMAPHORE(provider, probe) #provider "_" #probe "_semaphore"
/* Keeps the program's variable, and makes sure that it declared it. */
#define TELLTALE_SDT_USE(provider, probe) \
	__asm__ __volatile__("" : : "m"(provider##_##probe##_semaphore))
#else
#define TELLTALE_SDT_HOW NONE
#define TELLTALE_SDT_SEMAPHORE(provider, probe) ""
#define TELLTALE_SDT_USE(provider, probe) ((void)0)
#endif
