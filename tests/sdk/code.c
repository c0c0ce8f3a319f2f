/*
 * Functions whose machine code is compared with and without their markers (check-code.sh).
 *
 * Each has its arguments in registers when the marker is reached. MARK is the marker, or nothing.
 */
#ifdef WITH_MARKERS
#include <telltale.h>
#define MARK(...) TELLTALE(code, __VA_ARGS__)
#define LAZY(...) TELLTALE_LAZY(code, __VA_ARGS__)
#else
#define MARK(...) ((void)0)
#define LAZY(...) ((void)0)
#endif

struct item {
	long key;
	struct item *next;
};

extern long other(long a, long b);

long plain_0(long a)
{
	MARK(none);
	return a + 1;
}

long plain_1(long a)
{
	MARK(one, a);
	return a + 1;
}

void plain_1_dead(int a)
{
	MARK(one_dead, a);
}

long plain_2(int a, const char *b)
{
	MARK(two, a, b);
	return a + (b != 0);
}

unsigned char plain_3(unsigned char a, short b, struct item *c)
{
	MARK(three, a, b, c);
	return a;
}

long plain_4(long a, long b, unsigned int c, char d)
{
	MARK(four, a, b, c, d);
	return a - b + c - d;
}

long plain_5(long a, long b, long c, long d, void *e)
{
	MARK(five, TELLTALE_ARG(x, a), b, c, d, e);
	return other(a, b);
}

long plain_6(long a, int b, short c, signed char d, unsigned int e, const char *f)
{
	MARK(six, a, b, c, d, e, f);
	return a + b + c + d + e + *f;
}

/* All six dead after the marker, and all six still wanted. */
void plain_6_dead(long a, long b, long c, long d, long e, long f)
{
	MARK(six_dead, a, b, c, d, e, f);
}

long plain_6_tail(long a, long b, long c, long d, long e, long f)
{
	MARK(six_tail, a, b, c, d, e, f);
	return other(a + c + e, b + d + f);
}

/* Constants need no register; a number in a register already may be asked for twice. */
long plain_constants(long a)
{
	MARK(constants, 7, a, -1L, a, 0);
	return a;
}

long plain_buffer(const char *at, unsigned long n)
{
	MARK(buffer, TELLTALE_BUF(at, n));
	return at[n - 1];
}

long plain_computed(long a, long b)
{
	long c = a * b;

	MARK(computed, c);
	return c;
}

long plain_loop(const struct item *i)
{
	long sum = 0;

	for (; i; i = i->next) {
		MARK(loop, i, sum);
		sum += i->key;
	}
	return sum;
}

/*
 * What a marker must not do to memory: nothing is read again or written before its time. (GCC only:
 * to clang each statement of assembler may change memory.)
 */
long barrier_read(const long *p, long a)
{
	long x = *p;

	MARK(read, a);
	return x + *p;
}

long barrier_write(long *p, long a)
{
	*p = a;
	MARK(write, a);
	*p = a + 1;
	return a;
}

long barrier_pointer(struct item *p)
{
	p->key = 1;
	MARK(pointer, p);
	p->key = 2;
	return p->key;
}

/*
 * On the path not taken, one load, one compare, one branch, and nothing evaluated. The values are
 * where the rest of the function wants them, so that a compiler has no reason of its own to move
 * any.
 */
long lazy_1(long a, long b)
{
	LAZY(lazy_one, a);
	return other(a, b);
}

long lazy_2(long a, long b, const struct item *c)
{
	LAZY(lazy_two, a * b, a ^ b);
	return c->key;
}

long lazy_6(long a, long b, long c, long d, long e, const long *f)
{
	LAZY(lazy_six, a, b, c, d, e, f);
	return *f;
}

void lazy_string(char *s)
{
	LAZY(lazy_string, s, TELLTALE_BUF(s, 4));
	*s = 0;
}

/* A call on the path taken may make the compiler save registers on both; the call itself stays
 * away. */
long call_lazy(long a, long b)
{
	LAZY(lazy_call, other(a, b));
	return a - b;
}
