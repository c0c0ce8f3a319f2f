/*
 * Random well-typed programs of the language, and what they compute. A program is made from the
 * tables of productions below: a production is a text with holes, and where the result can be known,
 * the function that computes it in C. To let the tests cover something new, add a row.
 *
 *	%i	an integer expression		%s	one that is signed
 *	%t	a text				%#	a small number, 1 to 12
 *	%v	a variable that is seen		%w	one that may be changed
 *	%n	a new variable			%0	the first hole once more; %1, ...
 *	%b	a block				%l	the block of a loop: break and continue may be in it
 *	%d	a number			%%	a percent sign
 *
 * What is computed runs in BEGIN, the rest at demo:request of unit/probe_help.h.
 */
#ifndef TELLTALE_TESTS_RANDOM_LANGUAGE_H
#define TELLTALE_TESTS_RANDOM_LANGUAGE_H

#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What productions use. */
#define RANDOM_PREAMBLE "#define CHOICE(a) a :\n#define PICK(c, yes, no) ((c) ? CHOICE(yes) no)\n"

enum {
	CHILDREN_MOST = 4,
	BLOCK_MOST = 5,	     /* statements of a block */
	DEPTH_MOST = 4,	     /* of blocks, and of most expressions */
	DEEP_MOST = 9,	     /* of expressions in one clause of eight */
	VARIABLES_MOST = 400, /* of a clause */
	MAP_KEYS = 8,	     /* of @k */
	ENTRIES = 3,	     /* of @e, which stay as they are */
	EACH_MOST = 2,	     /* loops over maps, one in the other */
	STEPS_MOST = 200000, /* of one clause: a longer one is not computed */
};

struct random_program;
struct node;

struct production {
	const char *text;
	unsigned weight;
	/* Of an expression its value, 64 bits; of a statement nothing. NULL: it is not computed. */
	uint64_t (*compute)(struct random_program *p, const struct node *n);
	/* Of an expression: is its value unsigned, in 64 bits? */
	enum { SIGNED, AS_CHILDREN, AS_BRANCHES, AS_FIRST, BY_NUMBER, UNSIGNED } sign;
};

struct node {
	const struct production *made_by;
	char hole; /* what it stands for */
	struct node *children[CHILDREN_MOST];
	size_t count;
	uint64_t number; /* of a number; the place of a variable */
	bool is_unsigned;
	struct node *next; /* statements of a block: its hole's first child, and behind it */
};

struct random_variable {
	bool is_unsigned, fixed; /* fixed: counts a loop, so nothing else may change it */
	uint8_t bits;		 /* 8 to 64; 1: bool */
	bool is_signed;		 /* of narrow ones */
	bool bare;		 /* let %n; whose type its first value says */
	uint64_t value;
};

struct random_program {
	uint64_t seed;
	struct arena arena;
	struct buffer text;
	bool computed; /* only what can be computed is in it */
	unsigned clause;

	/* while a clause is made */
	struct random_variable variables[VARIABLES_MOST];
	size_t variable_count;
	size_t seen[VARIABLES_MOST], seen_count;
	unsigned depth, deepest, loops, unrolls, eaches;

	/* while it is computed */
	enum { GO_ON, BREAK, CONTINUE, RETURN, GIVEN_UP } state;
	unsigned steps;
	bool too_long;
	uint64_t scalar, keyed[MAP_KEYS];
	bool key_there[MAP_KEYS];
};

/* ---- chance ---- */

static inline uint64_t chance(struct random_program *p)
{
	/* splitmix64 */
	uint64_t z = (p->seed += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline uint64_t below(struct random_program *p, uint64_t n)
{
	return chance(p) % n;
}

/* ---- computing ---- */

/* A hole that is a variable or a number has no production. */
static inline uint64_t value_of(struct random_program *p, const struct node *n)
{
	if (p->state == GIVEN_UP)
		return 0;
	if (!n->made_by)
		return n->hole == '#' || n->hole == 'd' ? n->number : p->variables[n->number].value;
	return n->made_by->compute(p, n);
}

/* What is done with a value that there is not does not happen: a statement on a map alone. */
static inline bool is_of_map(const struct node *statement)
{
	return statement->made_by->text[0] == '@' || !strncmp(statement->made_by->text, "delete(", 7);
}

static inline void run_block(struct random_program *p, const struct node *s)
{
	for (; s && p->state == GO_ON; s = s->next) {
		if (++p->steps > STEPS_MOST) {
			p->too_long = true;
			p->state = GIVEN_UP;
		}
		if (p->state == GO_ON)
			s->made_by->compute(p, s);
		if (p->state == GIVEN_UP && !p->too_long && is_of_map(s))
			p->state = GO_ON;
	}
}

#define CHILD(k) value_of(p, n->children[k])
#define EXPRESSION(name, result)                                                                   \
	static uint64_t name(struct random_program *p, const struct node *n)                       \
	{                                                                                          \
		(void)p, (void)n;                                                                  \
		return (result);                                                                   \
	}
#define OPERATOR(name, result)                                                                     \
	static uint64_t name(struct random_program *p, const struct node *n)                       \
	{                                                                                          \
		uint64_t a = CHILD(0), b = CHILD(1);                                               \
		bool u = n->children[0]->is_unsigned || n->children[1]->is_unsigned;               \
                                                                                                   \
		(void)u;                                                                           \
		return (result);                                                                   \
	}

static uint64_t divided(struct random_program *p, uint64_t a, uint64_t b, bool u, bool rest)
{
	bool minus_a = !u && (int64_t)a < 0, minus_b = !u && (int64_t)b < 0;
	uint64_t x = minus_a ? 0 - a : a, y = minus_b ? 0 - b : b;

	if (!b) {
		p->state = GIVEN_UP;
		return 0;
	}
	if (rest)
		return minus_a ? 0 - x % y : x % y;
	return minus_a != minus_b ? 0 - x / y : x / y;
}

EXPRESSION(number, n->children[0]->number)
OPERATOR(add, a + b)
OPERATOR(subtract, a - b)
OPERATOR(multiply, a *b)
OPERATOR(divide, divided(p, a, b, u, false)) /* b is a variable: see value_of() */
OPERATOR(divide_odd, divided(p, a, b | 1, u, false))
OPERATOR(rest_odd, divided(p, a, b | 1, u, true))
OPERATOR(bit_and, a &b)
OPERATOR(bit_or, a | b)
OPERATOR(bit_xor, a ^ b)
OPERATOR(shift_left, a << (b & 63))
OPERATOR(shift_right, n->children[0]->is_unsigned ? a >> (b & 63)
						  : (uint64_t)((int64_t)a >> (b & 63)))
OPERATOR(equal, a == b)
OPERATOR(unequal, a != b)
EXPRESSION(there_and_back, CHILD(0))
OPERATOR(less, u ? a < b : (int64_t)a < (int64_t)b)
OPERATOR(less_equal, u ? a <= b : (int64_t)a <= (int64_t)b)
OPERATOR(greater, u ? a > b : (int64_t)a > (int64_t)b)
OPERATOR(greater_equal, u ? a >= b : (int64_t)a >= (int64_t)b)
EXPRESSION(logical_and, CHILD(0) && CHILD(1))
EXPRESSION(logical_or, CHILD(0) || CHILD(1))
EXPRESSION(negate, 0 - CHILD(0))
EXPRESSION(invert, ~CHILD(0))
EXPRESSION(not, !CHILD(0))
EXPRESSION(choose, CHILD(0) ? CHILD(1) : CHILD(2))
OPERATOR(byte_of, a >> (b & 7) * 8 & 0xff)
EXPRESSION(read_variable, p->variables[n->children[0]->number].value)
EXPRESSION(read_scalar, p->scalar)

static uint64_t read_key(struct random_program *p, const struct node *n)
{
	uint64_t key = CHILD(0) & (MAP_KEYS - 1);

	return p->key_there[key] ? p->keyed[key] : 0;
}

static void set_variable(struct random_program *p, uint64_t place, uint64_t value)
{
	struct random_variable *v = &p->variables[place];
	unsigned unused = 64 - v->bits;

	if (p->state == GIVEN_UP)
		return;
	if (v->bits == 1)
		v->value = value != 0;
	else
		v->value = v->is_signed ? (uint64_t)((int64_t)(value << unused) >> unused)
					: value << unused >> unused;
}

static uint64_t step_variable(struct random_program *p, const struct node *n, bool after, int by)
{
	uint64_t place = n->children[0]->number, old = p->variables[place].value;

	set_variable(p, place, old + (uint64_t)by);
	return after ? old : p->variables[place].value;
}

EXPRESSION(add_before, step_variable(p, n, false, 1))
EXPRESSION(add_after, step_variable(p, n, true, 1))
EXPRESSION(take_before, step_variable(p, n, false, -1))
EXPRESSION(take_after, step_variable(p, n, true, -1))
EXPRESSION(scalar_after, p->scalar++)
EXPRESSION(scalar_before, --p->scalar)

static uint64_t key_after(struct random_program *p, const struct node *n)
{
	uint64_t key = CHILD(0) & (MAP_KEYS - 1);

	if (p->state == GIVEN_UP)
		return 0;
	if (!p->key_there[key])
		p->keyed[key] = 0;
	p->key_there[key] = true;
	return p->keyed[key]++;
}

/* ---- statements ---- */

#define STATEMENT(name, what)                                                                      \
	static uint64_t name(struct random_program *p, const struct node *n)                       \
	{                                                                                          \
		what;                                                                              \
		return 0;                                                                          \
	}

STATEMENT(set, set_variable(p, n->children[0]->number, CHILD(1)))
STATEMENT(set_zero, set_variable(p, n->children[0]->number, 0))

static uint64_t change(struct random_program *p, const struct node *n, char op)
{
	uint64_t a = p->variables[n->children[0]->number].value, b = CHILD(1);
	bool u = p->variables[n->children[0]->number].is_unsigned || n->children[1]->is_unsigned;

	switch (op) {
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	case '^':
		return a ^ b;
	case '<':
		return a << (b & 63);
	default:
		return divided(p, a, b, u, true);
	}
}

STATEMENT(change_add, set_variable(p, n->children[0]->number, change(p, n, '+')))
STATEMENT(change_take, set_variable(p, n->children[0]->number, change(p, n, '-')))
STATEMENT(change_times, set_variable(p, n->children[0]->number, change(p, n, '*')))
STATEMENT(change_xor, set_variable(p, n->children[0]->number, change(p, n, '^')))
STATEMENT(change_shift, set_variable(p, n->children[0]->number, change(p, n, '<')))

/* let %n = 0; $array = ... %s; %0 = $array[%i & 1]; */
static uint64_t set_element(struct random_program *p, const struct node *n)
{
	uint64_t whole = CHILD(1), at = CHILD(2) & 1;

	set_variable(p, n->children[0]->number, whole >> at * 32 & UINT32_MAX);
	return 0;
}

static void set_key(struct random_program *p, uint64_t key, uint64_t value)
{
	key &= MAP_KEYS - 1;
	if (p->state == GIVEN_UP)
		return;
	p->keyed[key] = value;
	p->key_there[key] = true;
}

/* The value is had before the key. */
static uint64_t assign_key(struct random_program *p, const struct node *n)
{
	uint64_t value = CHILD(1), key = CHILD(0);

	set_key(p, key, value);
	return 0;
}

static uint64_t add_key(struct random_program *p, const struct node *n)
{
	uint64_t value = CHILD(1), key = CHILD(0) & (MAP_KEYS - 1);

	set_key(p, key, (p->key_there[key] ? p->keyed[key] : 0) + value);
	return 0;
}

static uint64_t delete_key(struct random_program *p, const struct node *n)
{
	uint64_t key = CHILD(0) & (MAP_KEYS - 1);

	if (p->state != GIVEN_UP)
		p->key_there[key] = false;
	return 0;
}

static uint64_t set_scalar(struct random_program *p, const struct node *n)
{
	uint64_t value = CHILD(0);

	if (p->state != GIVEN_UP)
		p->scalar = value;
	return 0;
}

static uint64_t times_scalar(struct random_program *p, const struct node *n)
{
	uint64_t old = p->scalar, value = CHILD(0);

	if (p->state != GIVEN_UP)
		p->scalar = old * value;
	return 0;
}

static uint64_t run_if(struct random_program *p, const struct node *n)
{
	bool yes = CHILD(0);

	if (p->state == GO_ON && (yes || n->count > 2))
		run_block(p, n->children[yes ? 1 : 2]->children[0]);
	return 0;
}

/* True when the loop goes on. */
static bool run_round(struct random_program *p, const struct node *body)
{
	run_block(p, body->children[0]);
	if (p->state == CONTINUE)
		p->state = GO_ON;
	if (p->state != BREAK)
		return p->state == GO_ON;
	p->state = GO_ON;
	return false;
}

/* let %n = 0; while (%n < %# && %i) { %n++; ... } */
static uint64_t run_while(struct random_program *p, const struct node *n)
{
	struct random_variable *counter = &p->variables[n->children[0]->number];

	counter->value = 0;
	while (p->state == GO_ON) {
		if (counter->value >= n->children[1]->number || !CHILD(2) || p->state != GO_ON)
			break;
		counter->value++;
		if (!run_round(p, n->children[3]))
			break;
	}
	return 0;
}

static uint64_t run_range(struct random_program *p, const struct node *n)
{
	uint64_t from = CHILD(1), end = CHILD(1) + n->children[2]->number;

	bool u = n->children[1]->is_unsigned;

	for (; p->state == GO_ON && (u ? from < end : (int64_t)from < (int64_t)end); from++) {
		set_variable(p, n->children[0]->number, from);
		if (!run_round(p, n->children[3]))
			break;
	}
	return 0;
}

/* The order is anybody's: only how often the body runs is known. */
static uint64_t run_each(struct random_program *p, const struct node *n)
{
	for (unsigned i = 0; i < ENTRIES && p->state == GO_ON; i++)
		if (!run_round(p, n->children[1]))
			break;
	return 0;
}

static uint64_t run_entries(struct random_program *p, const struct node *n)
{
	uint64_t sum = CHILD(1);

	for (uint64_t key = 0; key < MAP_KEYS; key++)
		if (p->key_there[key])
			sum += key * 3 + p->keyed[key];
	set_variable(p, n->children[0]->number, sum);
	return 0;
}

/* Its result is known without going round. */
static uint64_t run_many(struct random_program *p, const struct node *n)
{
	uint64_t count = n->children[2]->number * 1000;

	set_variable(p, n->children[0]->number, CHILD(1) + count * (count - 1) / 2);
	return 0;
}

static uint64_t run_unroll(struct random_program *p, const struct node *n)
{
	for (uint64_t i = 0; i < n->children[0]->number && p->state == GO_ON; i++)
		run_block(p, n->children[1]->children[0]);
	return 0;
}

static uint64_t run_inner(struct random_program *p, const struct node *n)
{
	run_block(p, n->children[0]->children[0]);
	return 0;
}

static uint64_t leave(struct random_program *p, const struct node *n, int state)
{
	if (CHILD(0) && p->state == GO_ON)
		p->state = state;
	return 0;
}

STATEMENT(leave_break, leave(p, n, BREAK))
STATEMENT(leave_continue, leave(p, n, CONTINUE))
STATEMENT(leave_return, leave(p, n, RETURN))

/* ---- the tables ---- */

static const struct production leaves[] = {
	{"%d", 6, number, BY_NUMBER}, /* a number */
	{"%v", 10, read_variable, AS_FIRST},
	{"@s", 1, read_scalar, SIGNED},
	{"pid", 1, NULL, SIGNED},
	{"nsecs", 1, NULL, UNSIGNED},
	{"args.id", 3, NULL, SIGNED},
	{"args.ok", 1, NULL, SIGNED},
	{"(uint64)args.where", 1, NULL, UNSIGNED},
	{"arg6", 1, NULL, UNSIGNED},
};

static const struct production expressions[] = {
	{"(%i + %i)", 6, add, AS_CHILDREN},
	{"(%i - %i)", 6, subtract, AS_CHILDREN},
	{"(%i * %i)", 4, multiply, AS_CHILDREN},
	{"(%i / %v)", 1, divide, AS_CHILDREN},
	{"(%i / (%i | 1))", 2, divide_odd, AS_CHILDREN},
	{"(%i %% (%i | 1))", 2, rest_odd, AS_CHILDREN},
	{"(%i & %i)", 2, bit_and, AS_CHILDREN},
	{"(%i | %i)", 2, bit_or, AS_CHILDREN},
	{"(%i ^ %i)", 2, bit_xor, AS_CHILDREN},
	{"(%i << %i)", 2, shift_left, AS_FIRST},
	{"(%i >> %i)", 2, shift_right, AS_FIRST},
	{"(%i == %i)", 2, equal, SIGNED},
	{"(%i != %i)", 2, unequal, SIGNED},
	{"(%i < %i)", 2, less, SIGNED},
	{"(%i <= %i)", 2, less_equal, SIGNED},
	{"(%i > %i)", 2, greater, SIGNED},
	{"(%i >= %i)", 2, greater_equal, SIGNED},
	{"(%i && %i)", 3, logical_and, SIGNED},
	{"(%i || %i)", 3, logical_or, SIGNED},
	{"-(%i)", 2, negate, SIGNED},
	{"~(%i)", 2, invert, AS_FIRST},
	{"!(%i)", 2, not, SIGNED},
	{"(%i ? %i : %i)", 3, choose, AS_BRANCHES},
	{"PICK((%i), (%i), (%i))", 2, choose, AS_BRANCHES},
	{"++%w", 2, add_before, AS_FIRST},
	{"%w++", 2, add_after, AS_FIRST},
	{"--%w", 1, take_before, AS_FIRST},
	{"%w--", 1, take_after, AS_FIRST},
	{"@s++", 1, scalar_after, SIGNED},
	{"--@s", 1, scalar_before, SIGNED},
	{"@k[%i & 7]", 2, read_key, SIGNED},
	{"@k[%i & 7]++", 1, key_after, SIGNED},
	{"(uint64)(uint8[])(uint64)(%i)", 1, there_and_back, UNSIGNED},
	{"((uint32[2])(uint64)(%i) == (uint32[2])(uint64)(%i))", 1, equal, SIGNED},
	{"((uint8[8])(0 + (%i)))[%i & 7]", 1, byte_of, SIGNED},
	{"(%t == \"GET /\")", 1, NULL, SIGNED},
	{"(\"abcdefghijk\" != %t)", 1, NULL, SIGNED},
	{"(comm == \"postgres\")", 1, NULL, SIGNED},
	{"(%t != %t)", 1, NULL, SIGNED},
	{"strncmp(%t, %t, %#)", 1, NULL, SIGNED},
	{"strcontains(%t, \"ET\")", 1, NULL, SIGNED},
	{"len(%t)", 1, NULL, UNSIGNED},
	{"has_key(@k, %i & 7)", 1, NULL, SIGNED},
};

static const struct production texts[] = {
	{"args.path", 2, NULL, SIGNED},
	{"str(%i)", 1, NULL, SIGNED},
	{"str(args.where, %#)", 1, NULL, SIGNED},
	{"str(%i, 200)", 1, NULL, SIGNED},
	{"(%i ? %t : %t)", 1, NULL, SIGNED},
	{"@x[%i]", 1, NULL, SIGNED},
	{"@w[%i].1.0", 1, NULL, SIGNED},
};

static const struct production statements[] = {
	{"let %n = %i;", 3, set, SIGNED},
	{"%n = %i;", 3, set, SIGNED},
	{"let %n;", 1, set_zero, SIGNED},
	{"let %n : uint8 = 0 + (%i);", 1, set, SIGNED},
	{"let %n : int16 = 0 + (%i);", 1, set, SIGNED},
	{"let %n : uint32 = 0 + (%i);", 1, set, SIGNED},
	{"let %n : int32 = 0 + (%i);", 1, set, SIGNED},
	{"let %n : uint64 = 0 + (%i);", 1, set, SIGNED},
	{"let %n : bool = %i;", 1, set, SIGNED},
	{"%w = 0 + (%i);", 5, set, SIGNED}, /* a number that does not fit is an error */
	{"%w += %i;", 3, change_add, SIGNED},
	{"%w -= %i;", 2, change_take, SIGNED},
	{"%w *= %i;", 1, change_times, SIGNED},
	{"%w ^= %i;", 1, change_xor, SIGNED},
	{"%w <<= %i;", 1, change_shift, SIGNED},
	{"%w++;", 2, add_after, SIGNED},
	{"@k[%i & 7] = %s;", 2, assign_key, SIGNED},
	{"@k[%i & 7] += %s;", 1, add_key, SIGNED},
	{"delete(@k[%i & 7]);", 1, delete_key, SIGNED},
	{"@s = %s;", 1, set_scalar, SIGNED},
	{"@s *= %s;", 1, times_scalar, SIGNED},
	{"if (%i) %b", 3, run_if, SIGNED},
	{"if (%i) %b else %b", 3, run_if, SIGNED},
	{"let %n = 0; while (%0 < %# && %i) { %0++; %l }", 3, run_while, SIGNED},
	{"let %n = %i; for ($many : 0..%#000) { %0 += $many; }", 1, run_many, SIGNED},
	{"for (%n : %v..%1 + %#) %l", 2, run_range, SIGNED},
	{"for (%n : @e) %l", 2, run_each, SIGNED},
	{"let %n = %s; for ($entry : @k) { %0 += $entry.0 * 3 + $entry.1; }", 1, run_entries, SIGNED},
	{"unroll (%#) %b", 1, run_unroll, SIGNED},
	{"%b", 1, run_inner, SIGNED},
	{"let %n = 0; $array = (uint32[2])(0 + (%s)); %0 = $array[%i & 1];", 1, set_element, SIGNED},
	{"@f[(int8[8])(0 + (%i)), pid] = count();", 1, NULL, SIGNED},
	{"@g = (args.id, (uint8[8])(0 + (%i))); print((@g.1[%i & 7], @g));", 1, NULL, SIGNED},
	{"print(args); @args = args;", 1, NULL, SIGNED},
	{"@c[%i] = count();", 1, NULL, SIGNED},
	{"@m[%i, comm] = min(%i);", 1, NULL, SIGNED},
	{"@a = avg(%i);", 1, NULL, SIGNED},
	{"@d[%i] = avg(%i); for ($entry : @d) { printf(\"%%d\\n\", $entry.1); }", 1, NULL, SIGNED},
	{"@m[%i, comm] = min(%i); for ($entry : @m) { @n[$entry.0.1, $entry.1] = count(); }", 1, NULL,
	 SIGNED},
	{"@t[%t] = sum(%i); for ($entry : @t) { print($entry); }", 1, NULL, SIGNED},
	{"@h[%i] = hist(%i);", 1, NULL, SIGNED},
	{"@h2 = hist(%i, 3);", 1, NULL, SIGNED},
	{"@l[probe] = lhist(%i, -100, 1000, 7);", 1, NULL, SIGNED},
	{"@t[%t] = sum(%i);", 1, NULL, SIGNED},
	{"printf(\"%%d %%s %%d\\n\", %i, %t, %i);", 2, NULL, SIGNED},
	{"printf(\"%%f %%s %%x\\n\", args.seconds, probe, %i);", 1, NULL, SIGNED},
	{"@b[buf(%i, %#)] = count();", 1, NULL, SIGNED},
	{"printf(\"%%r\\n\", args.body);", 1, NULL, SIGNED},
	{"printf(\"%%d %%d %%5d %%s %%-9llx %%s\\n\", %i, %i, %i, %t, pid, comm);", 1, NULL, SIGNED},
	{"print((%i, %t, (%i, %t)));", 1, NULL, SIGNED},
	{"@x[%i] = %t;", 1, NULL, SIGNED},
	{"@w[%i] = (%i, (%t, %i));", 1, NULL, SIGNED},
	{"@z[%t, %i, (%t, %i)] = count();", 1, NULL, SIGNED},
	{"@q[%t, %t] = stats(%i);", 1, NULL, SIGNED},
	{"@o = max(%i);", 1, NULL, SIGNED},
	{"@us[ustack(3), %i] = count();", 1, NULL, SIGNED},
	{"if (%t == %t) %b else %b", 1, NULL, SIGNED},
	{"event();", 1, NULL, SIGNED},
	{"@u[ustack] = count();", 1, NULL, SIGNED},
	{"@y[(uint8[])(uint64)(%i), pton(\"1.2.3.4\")] = (pton(\"::1\"), %i);", 1, NULL, SIGNED},
	{"time();", 1, NULL, SIGNED},
};

static const struct production jumps[] = {
	{"if (%i) { break; }", 3, leave_break, SIGNED},
	{"if (%i) { continue; }", 3, leave_continue, SIGNED},
	{"if (%i) { return; }", 1, leave_return, SIGNED},
};

#endif
