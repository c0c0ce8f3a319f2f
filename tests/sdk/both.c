/*
 * One source for two headers, systemtap's <sys/sdt.h> (-DSTAP) and telltale.h: their notes must say
 * the same. Without what systemtap's header gets wrong or refuses: bit-fields, 64 bits in two
 * registers.
 */
#include <stdint.h>
#include <stdio.h>
#ifdef STAP
#include <sys/sdt.h>
#define MARK0(name)                   DTRACE_PROBE(both, name)
#define MARK1(name, a)                DTRACE_PROBE1(both, name, a)
#define MARK2(name, a, b)             DTRACE_PROBE2(both, name, a, b)
#define MARK6(name, a, b, c, d, e, f) DTRACE_PROBE6(both, name, a, b, c, d, e, f)
#define MARK12(name, a, b, c, d, e, f, g, h, i, j, k, l)                                           \
	DTRACE_PROBE12(both, name, a, b, c, d, e, f, g, h, i, j, k, l)
#else
#include <telltale.h>
#define MARK0(name)                   TELLTALE(both, name)
#define MARK1(name, a)                TELLTALE(both, name, a)
#define MARK2(name, a, b)             TELLTALE(both, name, a, b)
#define MARK6(name, a, b, c, d, e, f) TELLTALE(both, name, a, b, c, d, e, f)
#define MARK12(name, a, b, c, d, e, f, g, h, i, j, k, l)                                           \
	TELLTALE(both, name, a, b, c, d, e, f, g, h, i, j, k, l)
#endif

enum color { RED, GREEN };

struct node {
	struct node *next;
	char name[8];
};

__attribute__((noinline)) static int widths(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e,
                                            uint32_t f)
{
	MARK6(widths, a, b, c, d, e, f);
	return a + b;
}

__attribute__((noinline)) static long long wide(int64_t a, uint64_t b)
{
	MARK2(wide, a, b);
	return a;
}

__attribute__((noinline)) static int kinds(char c, enum color color, const char *s, struct node *n,
                                           float f, double d)
{
	const short k = 3;
	volatile unsigned char v = 4;

	MARK6(kinds, c, color, s, n, f, d);
	MARK6(more, n->name, &n->next, (long)1, 7, k, v);
	MARK2(literals, "text", 'c');
	return c;
}

int main(int argc, char **argv)
{
	struct node n = {0, "node"};

	MARK0(none);
	MARK1(one, argc);
	MARK12(twelve, argc, 2, 3u, 4l, 5, argc + 6, 7, 8, 9, 10, 11, argv);
	widths(1, 2, 3, 4, 5, argc);
	wide(argc, 7);
	kinds('c', GREEN, argv[0], &n, 1.5f, argc);
	puts("done");
	return 0;
}
