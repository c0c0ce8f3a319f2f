#include <sys/sdt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>

struct request { int id; const char *path; };
enum color { RED, GREEN = 7 };
typedef unsigned long counter_t;

static long shared;
int visible_count;

__attribute__((noinline)) static int handle(int id, const char *path, double seconds)
{
	DTRACE_PROBE3(demo, request, id, path, seconds);
	return id + (int)seconds;
}

__attribute__((noinline)) static void kinds(bool on, char letter, short small, counter_t many,
	struct request *request, enum color color, uint8_t octet, const void *any)
{
	DTRACE_PROBE8(demo, kinds, on, letter, small, many, request, color, octet, any);
}

static inline __attribute__((always_inline)) void inner(int value)
{
	DTRACE_PROBE1(demo, inlined, value);
}

__attribute__((noinline)) static void outer(int n, int m)
{
	inner(n);
	inner(m);
	{
		int n = m * 3;
		DTRACE_PROBE1(demo, shadow, n);
		visible_count += n;
	}
}

__attribute__((noinline)) static void expressions(struct request *r, int n)
{
	DTRACE_PROBE4(demo, expression, r->id, n + 1, 5, r->path);
	visible_count += n;
}

__attribute__((noinline)) static void statics(void)
{
	shared++;
	DTRACE_PROBE2(demo, statics, shared, visible_count);
}

__attribute__((noinline)) static void two(int first, int second)
{
	DTRACE_PROBE1(demo, two, first);
	DTRACE_PROBE1(demo, two, second);
	visible_count += first * second;
}

__attribute__((noinline)) static void choice(int a, int b, int c)
{
	DTRACE_PROBE1(demo, choice, a ? b : c);
	visible_count += a + b + c;
}

__attribute__((noinline)) static void fall(int a, int b, int c)
{
	int x = c;

	switch (a) {
	case 1:
		x = b;
		/* fall through */
	case 2:
	case 3:
		DTRACE_PROBE1(demo, fall, x);
		break;
	case 4:
		x = a;
	}
	visible_count += x;
}

int main(int argc, char **argv)
{
	struct request r = {argc, argv[0]};

	for (int i = 0; i < 3; i++) {
		visible_count += handle(argc + i, argv[0], argc * 1.5);
		kinds(argc > 1, argv[0][0], (short)argc, (counter_t)argc, &r, argc > 1 ? RED : GREEN, (uint8_t)argc, &r);
		outer(argc + i, argc);
		expressions(&r, i + argc);
		statics();
		two(argc, i);
		choice(argc, i, 4);
		fall(argc, i, i + 1);
	}
	return visible_count == 0;
}
