/*
 * Every kind of argument that C and C++ have in common. args.c and args.cc include this.
 *
 * Behind `//=`, a line says what notes.c must print of the marker: sizes, kinds, names. P is the size
 * of a pointer, L that of a long and C that of a char, with its sign.
 */
/* clang-format off: a note stands on the line of its marker */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum plain_enum { PLAIN_A, PLAIN_B = 7 };
enum signed_enum { MINUS = -1, ZERO };

struct fields {
	unsigned three : 3;
	int five : 5;
	unsigned whole : 32;
	uint64_t forty : 40;
	int64_t minus : 40;
	bool one : 1;
};

struct node {
	struct node *next;
	char name[16];
	int len;
};

static int calls;

static int counted(int x)
{
	calls++;
	return x;
}

static int function(int x)
{
	return x + 1;
}

static inline int in_a_header(int depth)
{
	TELLTALE(args, in_inline, depth); //= args:in_inline -4 | signed depth
	return depth + 1;
}

static void integers(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g,
		     uint64_t h)
{
	TELLTALE(args, widths, a, b, c, d, e, f, g, h); //= args:widths -1 1 -2 2 -4 4 -8 8 | signed a, unsigned b, signed c, unsigned d, signed e, unsigned f, signed g, unsigned h
	TELLTALE(args, named_types, (long)e, (unsigned long)f, sizeof(a)); //= args:named_types -L L L | signed (long)e, unsigned (unsigned long)f, unsigned sizeof(a)
	TELLTALE(args, promoted, a + b, c % 3, d | 1, e ? a : -1); //= args:promoted -4 -4 -4 -4 | signed a + b, signed c % 3, signed d | 1, signed e ? a : -1
}

static void others(char c, bool b, float f, double d, enum plain_enum p, enum signed_enum s)
{
	const int constant = 5;
	volatile int changing = 6;
	const volatile unsigned char both = 7;
	static const short table[] = { 1, 2, 3 };
	struct fields fields = { 1, -2, 3, 4, -5, true };

	TELLTALE(args, small, c, b); //= args:small C 1 | char c, bool b
	TELLTALE(args, floats, f, d, 2.5, 1.5f, d / 2); //= args:floats 4 8 8 4 8 | float f, float d, float 2.5, float 1.5f, float d / 2
	TELLTALE(args, enums, p, s, (enum plain_enum)7); //= args:enums 4 -4 4 | unsigned p, signed s, unsigned (enum plain_enum)7
	TELLTALE(args, qualified, constant, changing, both, table[1]); //= args:qualified -4 -4 1 -2 | signed constant, signed changing, unsigned both, signed table[1]
	TELLTALE(args, fields, fields.three, fields.five, fields.whole, fields.forty, fields.minus, fields.one); //= args:fields 4 -4 4 8 -8 1 | unsigned fields.three, signed fields.five, unsigned fields.whole, unsigned fields.forty, signed fields.minus, bool fields.one
}

static void pointers(struct node *node, const char *text, void *nothing, int array[4], char **list)
{
	char local[8] = "local";
	const uint8_t bytes[3] = { 1, 2, 3 };

	TELLTALE(args, pointers, node, nothing, array, list, &node->next); //= args:pointers P P P P P | pointer node, pointer nothing, pointer array, pointer list, pointer &node->next
	TELLTALE(args, texts, text, node->name, local, "literal"); //= args:texts P P P P | string text, string node->name, string local, string "literal"
	TELLTALE(args, functions, function, &function); //= args:functions P P | pointer function, pointer &function
	TELLTALE(args, buffers, TELLTALE_BUF(bytes, sizeof(bytes)), TELLTALE_BUF(node->name, node->len)); //= args:buffers P L P -4 | buffer bytes, unsigned sizeof(bytes), buffer node->name, signed node->len
	TELLTALE(args, names, TELLTALE_ARG(who, node->name), TELLTALE_ARG(data, TELLTALE_BUF(text, 3)), TELLTALE_BUF(TELLTALE_ARG(raw, bytes), 3u)); //= args:names P P -4 P 4 | string who, buffer data, signed 3, buffer raw, unsigned 3u
}

static void texts(int a, int b, const char *s)
{
	TELLTALE(args, percent, a % b, strchr("100%\n", a), a + '%'); //= args:percent -4 P -4 | signed a % b, string strchr("100%\n", a), signed a + '%'
	TELLTALE(args, commas, (calls++, b), s[strlen("a,b(\"c\")") - 8], a + ','); //= args:commas -4 C -4 | signed (calls++, b), char s[strlen("a,b(\"c\")") - 8], signed a + ','
	TELLTALE(args, braces, a | b, (int)(a || b), "{a|b}", "$0 %0 \\ ;# @"); //= args:braces -4 -4 P P | signed a | b, signed (int)(a || b), string "{a|b}", string "$0 %0 \\ ;# @"
	TELLTALE(args, utf8, "größer", "\303\244"); //= args:utf8 P P | string "größer", string "\303\244"
	TELLTALE(args, long_text, a + 1000000 + 2000000 + 3000000 + 4000000 + 5000000, b + 1000000 + 2000000 + 3000000 + 4000000 + 5000000 % 7); //= args:long_text -4 -4 | signed a + 1000000 + 2000000 + 3000000 + 4000000 + 5000000, signed b + 1000000 + 2000000 + 3000000 + 4000000 + 5000000 % 7
}

#define WRAPPED(...) TELLTALE(args, __VA_ARGS__)
#define NUMBER 42
static void wrapped(int a, const char *s)
{
	WRAPPED(wrapped_names, TELLTALE_ARG(id, a), TELLTALE_BUF(s, 2)); //= args:wrapped_names -4 P -4 | signed id, buffer s, signed 2
	TELLTALE(args, macros, NUMBER, (void *)NULL); //= args:macros -4 P | signed NUMBER, pointer (void *)NULL
}

static int once(void)
{
	calls = 0;
	TELLTALE(args, once, counted(1), counted(2), counted(3)); //= args:once -4 -4 -4 | signed counted(1), signed counted(2), signed counted(3)
	TELLTALE_SEMA(args, once_sema, counted(4)); //= args:once_sema -4 | signed counted(4) [semaphore]
	if (calls != 4)
		return 1;
	TELLTALE_LAZY(args, never, counted(5)); //= args:never -4 | signed counted(5) [semaphore]
	return calls != 4 || TELLTALE_ENABLED(args, never) || TELLTALE_ENABLED(args, nowhere);
}

static void numbers(int a)
{
	TELLTALE(args, n0); //= args:n0
	TELLTALE(args, n1, a); //= args:n1 -4 | signed a
	TELLTALE(args, n5, a, 2, 3, 4, 5); //= args:n5 -4 -4 -4 -4 -4 | signed a, signed 2, signed 3, signed 4, signed 5
	TELLTALE(args, n9, a, 2, 3, 4, 5, 6, 7, 8, 9); //= args:n9 -4 -4 -4 -4 -4 -4 -4 -4 -4 | signed a, signed 2, signed 3, signed 4, signed 5, signed 6, signed 7, signed 8, signed 9
	TELLTALE(args, n12, a, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, a); //= args:n12 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 | signed a, signed 2, signed 3, signed 4, signed 5, signed 6, signed 7, signed 8, signed 9, signed 10, signed 11, signed a
}

static int branches(int a, long b)
{
	if (a & 1)
		TELLTALE(args, branch, a, b); //= args:branch -4 -L | signed a, signed b
	else
		TELLTALE(args, branch, b, a); //= args:branch -L -4 | signed b, signed a
	for (int i = 0; i < 3; i++)
		a += in_a_header(i);
	return a;
}

static int common(int argc, char **argv)
{
	struct node node = { 0, "node", 4 };
	int array[4] = { 1, 2, 3, 4 };

	integers(1, 2, 3, 4, argc, 6, 7, 8);
	others('c', argc > 0, 1.25f, 2.25, PLAIN_B, MINUS);
	pointers(&node, argv[0], &node, array, argv);
	texts(argc, 3, argv[0]);
	wrapped(argc, argv[0]);
	numbers(argc);
	branches(argc, 5);
	return once();
}
