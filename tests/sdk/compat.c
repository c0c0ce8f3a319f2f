/*
 * Every macro of <sys/sdt.h>, compiled with systemtap's header and with ours (check-compat.sh).
 * -DSEMAPHORES: with semaphores.
 */
#ifdef SEMAPHORES
#define _SDT_HAS_SEMAPHORES 1
unsigned short compat_p0_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p1_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p2_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p3_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p4_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p5_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p6_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p7_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p8_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p9_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p10_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p11_semaphore __attribute__((section(".probes"), used));
unsigned short compat_p12_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s0_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s1_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s2_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s3_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s4_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s5_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s6_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s7_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s8_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s9_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s10_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s11_semaphore __attribute__((section(".probes"), used));
unsigned short compat_s12_semaphore __attribute__((section(".probes"), used));
unsigned short compat_v0_semaphore __attribute__((section(".probes"), used));
unsigned short compat_v1_semaphore __attribute__((section(".probes"), used));
unsigned short compat_v3_semaphore __attribute__((section(".probes"), used));
unsigned short compat_v12_semaphore __attribute__((section(".probes"), used));
unsigned short compat_kinds_semaphore __attribute__((section(".probes"), used));
unsigned short compat_wrapped_semaphore __attribute__((section(".probes"), used));
unsigned short compat_asm_plain_semaphore __attribute__((section(".probes"), used));
unsigned short compat_asm_none_semaphore __attribute__((section(".probes"), used));
unsigned short compat_asm_template_semaphore __attribute__((section(".probes"), used));
#endif
#define SDT_USE_VARIADIC
#include <stdio.h>
#include <sys/sdt.h>

#define MY_PROVIDER       compat
#define MY_PROBE(name, x) DTRACE_PROBE1(MY_PROVIDER, name, x)

struct pair {
	int a, b;
};

__attribute__((noinline)) static int all(int a, long b, const char *s, struct pair *p)
{
	unsigned char c = (unsigned char)a;
	int out = 0;

	DTRACE_PROBE(compat, p0);
	DTRACE_PROBE1(compat, p1, a);
	DTRACE_PROBE2(compat, p2, a, b);
	DTRACE_PROBE3(compat, p3, a, b, s);
	DTRACE_PROBE4(compat, p4, a, b, s, p->a);
	DTRACE_PROBE5(compat, p5, a, b, s, p->a, c);
	DTRACE_PROBE6(compat, p6, a, b, s, p->a, c, 6);
	DTRACE_PROBE7(compat, p7, a, b, s, p->a, c, 6, a + 7);
	DTRACE_PROBE8(compat, p8, a, b, s, p->a, c, 6, a + 7, &p->b);
	DTRACE_PROBE9(compat, p9, a, b, s, p->a, c, 6, a + 7, &p->b, (short)9);
	DTRACE_PROBE10(compat, p10, a, b, s, p->a, c, 6, a + 7, &p->b, (short)9, 10u);
	DTRACE_PROBE11(compat, p11, a, b, s, p->a, c, 6, a + 7, &p->b, (short)9, 10u, 11ll);
	DTRACE_PROBE12(compat, p12, a, b, s, p->a, c, 6, a + 7, &p->b, (short)9, 10u, 11ll, s[0]);
	STAP_PROBE(compat, s0);
	STAP_PROBE1(compat, s1, a);
	STAP_PROBE2(compat, s2, a, b);
	STAP_PROBE3(compat, s3, a, b, s);
	STAP_PROBE4(compat, s4, a, b, s, p->a);
	STAP_PROBE5(compat, s5, a, b, s, p->a, c);
	STAP_PROBE6(compat, s6, a, b, s, p->a, c, 6);
	STAP_PROBE7(compat, s7, a, b, s, p->a, c, 6, a + 7);
	STAP_PROBE8(compat, s8, a, b, s, p->a, c, 6, a + 7, &p->b);
	STAP_PROBE9(compat, s9, a, b, s, p->a, c, 6, a + 7, &p->b, (short)9);
	STAP_PROBE10(compat, s10, a, b, s, p->a, c, 6, a + 7, &p->b, (short)9, 10u);
	STAP_PROBE11(compat, s11, a, b, s, p->a, c, 6, a + 7, &p->b, (short)9, 10u, 11ll);
	STAP_PROBE12(compat, s12, a, b, s, p->a, c, 6, a + 7, &p->b, (short)9, 10u, 11ll, s[0]);
	STAP_PROBEV(compat, v0);
	STAP_PROBEV(compat, v1, a);
	STAP_PROBEV(compat, v3, a, b, s);
	STAP_PROBEV(compat, v12, a, b, s, p->a, c, 6, a + 7, &p->b, (short)9, 10u, 11ll, s[0]);
	DTRACE_PROBE4(compat, kinds, p, *s, (void *)s, a ? 1l : b);
	MY_PROBE(wrapped, a % 3);
#if defined(__x86_64__) && !defined(NO_ASM)
	__asm__ volatile(STAP_PROBE_ASM(compat, asm_plain, -4 @ % eax 8 @8(% rsp)4 @$5));
	__asm__ volatile(STAP_PROBE_ASM(compat, asm_none));
	__asm__ volatile("mov %[in], %[out]\n" STAP_PROBE_ASM(compat, asm_template,
	                                                      STAP_PROBE_ASM_TEMPLATE(3))
	                 : [out] "=&r"(out)
	                 : [in] "r"(a), STAP_PROBE_ASM_OPERANDS(3, a, p->b, 1234));
#endif
	return a + out;
}

int main(int argc, char **argv)
{
	struct pair pair = {argc, 2};

	all(argc, 3, argv[0], &pair);
	puts("done");
	return 0;
}
