#!/bin/bash
# Enums, arrays and structs as values: printed, kept, compared. Both engines print the same.
. "$(dirname "$0")/../lib.sh"
have gcc || skip_all "no gcc"
[ "$(uname -m)" = x86_64 ] || skip_all "x86-64 only"
cat >"$tmp/shapes.c" <<'END'
#include <telltale.h>

#include <stdbool.h>
#include <stdint.h>
enum color { RED = 3, GREEN = -7 };
enum level { LOW, HIGH = 200 };
struct point { int64_t x, y; };
struct inner { char c; unsigned char uc; short s; };
struct shape {
	char name[8];
	const char *text;
	struct shape *next;
	int32_t numbers[4];
	uint16_t grid[2][3];
	unsigned low : 3, high : 13;
	int balance : 5;
	bool on : 1;
	uint64_t wide : 45;
	enum color color;
	enum level level;
	union { uint32_t word; uint8_t bytes[4]; };
	struct point at;
	float ratio;
	bool yes;
	struct inner in, ins[2];
	void (*call)(void);
	char words[2][4];
	uint64_t three : 3, sixty : 60;
	int64_t across : 63; /* in nine bytes */
} __attribute__((packed));
static char word[] = "a word", text[] = "first";
static struct shape second = {.name = "12345678", .numbers = {-1, -2, -3, -4}};
static struct shape first = {
	.name = "one", .text = text, .next = &second, .numbers = {1, 20, 300, 4000},
	.grid = {{1, 2, 3}, {4, 5, 65535}}, .low = 5, .high = 8000, .balance = -11, .on = true,
	.wide = 0x1abcdef01234, .color = GREEN, .level = HIGH, .word = 0x04030201, .at = {-5, 6},
	.ratio = 0.5, .yes = true, .in = {'a', 200, -3}, .ins = {{'b', 1, 2}, {'c', 3, 4}},
	.words = {"ab", "cdef"}, .three = 2, .sixty = 0xedcba9876543210, .across = -5,
};
__attribute__((noinline)) void visit(struct shape *shape, enum color color, struct shape **where)
{
	__asm__ volatile("" : : "r"(shape), "r"(color), "r"(where) : "memory");
}
__attribute__((noinline)) int minus(void)
{
	__asm__ volatile("" ::: "memory");
	return -5;
}
__attribute__((noinline)) struct inner *give(void)
{
	__asm__ volatile("" ::: "memory");
	return &first.in;
}
int main(void)
{
	struct shape *shape = &first;
	volatile char *here = word; /* and in memory */


	*here = *here;
	visit(shape, RED, &shape);
	first.numbers[0] = first.at.x = 77;
	visit(&second, RED, &shape);
	TELLTALE(shapes, bad, shape->level, TELLTALE_ARG(word, (const char *)8));
	TELLTALE(shapes, mark, shape->level, TELLTALE_ARG(word, word), shape->ratio);
	return minus() + give()->uc;
}
END
gcc -w -g -O1 -no-pie -I "$root/sdk" -fno-ipa-sra -fno-ipa-cp -o "$tmp/shapes" "$tmp/shapes.c" || skip_all "gcc can't build the target"
need_tracing
address()
{
	nm "$tmp/shapes" | sed -n "s/^0*\([0-9a-f]*\) . $1\$/\1/p"
}
first=$(address first) second=$(address second) text=$(address text)

# prints NAME PROGRAM EXPECTED [OPTIONS...]: in both engines; blank lines are not compared.
prints()
{
	local name=$1 program=$2 expected=$3 engine

	shift 3
	for engine in kernel user; do
		run "$telltale" run --engine $engine "$@" -e "$(sed "s,@F,$tmp/shapes," <<<"${program//@V/u:$tmp/shapes:visit /args.shape->name == \"one\"/}")" -- "$tmp/shapes"
		is "$name ($engine)" "$(grep -v -e "^$" -e attached_probes <<<"$out" | sed 's/0x7ff[0-9a-f]*/0x@W/')$(grep error: <<<"$err")" "$expected"
	done
}

enum='enum foo { A = 1, B = 2, C = -1 };'
prints "names of an enum's numbers" "$enum BEGIN { print(B); print((enum foo)2); \$x = C; print(\$x);
	printf(\"%s %d %x %5s|%-3s|\n\", A, A, B, A, C); \$n = 7; print((enum foo)\$n); \$y = A; \$y++; print(\$y); print(\$y + 1);
	print(1 ? A : B); print((A, (B, 3))); print((uint32)A); }" 'B
B
C
A 1 2     A|C  |
7
B
3
A
(A, (B, 3))
1'
prints "enums in maps" "$enum BEGIN { @ = B; @k[A] = C; @s[1] = (A, B); @n[C, 1] = count(); @o[A] = 1; @o[7] = 2;
	@p = A; @p++; @q = 7; @q = A; }" '@: B
@k[A]: C
@n[C, 1]: 1
@o[A]: 1
@o[7]: 2
@p: B
@q: 1
@s[1]: (A, B)'
prints "enums of debug information" '@V { print(args.color); print(GREEN); print(args.shape->color);
	print(args.shape->level); @[args.shape->level, args.color] = 1; }' 'RED
GREEN
GREEN
HIGH
@[HIGH, RED]: 1'
prints "enums as JSON" "$enum BEGIN { print(B); print((A, 1)); @k[A] = B; }" '{"type": "value", "data": 2}
{"type": "value", "data": [1,1]}
{"type": "map", "data": {"@k": {"1": 2}}}' -f json

# ---- arrays ----

prints "casts between integers and arrays" 'BEGIN { $a = (int8[8])12345; print($a); print($a[1]); print((uint64)$a);
	$x = (uint32)7; print((uint8[])$x); print((int16[2])$x); $i = 0; print($a[$i]); $i = 8; print($a[$i]);
	print((uint8[])(uint16)300); print((int16)(int8[2])(int16)-2); print(sizeof($a)); }' '[57,48,0,0,0,0,0,0]
48
12345
[7,0,0,0]
[7,0]
57
<unreadable>
[44,1]
-2
8'
prints "arrays that are compared" 'BEGIN { $a = (int8[8])12345; print($a == (int8[8])12345); print($a != (int8[8])12345);
	print($a == (int8[8])12346); if (pton("::1") != pton("::2")) { print("differ"); } }
	@V { $s = *args.shape; print($s.numbers == args.shape->numbers); print(args.shape->numbers == args.shape->next->numbers); }' '1
0
0
differ
1
0'
prints "addresses are arrays" 'BEGIN { print(pton("127.0.0.1")); $a = pton("::1"); print($a); print(ntop($a)); print((uint32)pton("127.0.0.1"));
	@[pton("1.2.3.4")] = pton("5.6.7.8"); print(ntop(@[pton("1.2.3.4")])); print((1, pton("0.0.0.1")).1[3]); }' '[127,0,0,1]
[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1]
::1
16777343
5.6.7.8
1
@[[1,2,3,4]]: [5,6,7,8]'
prints "arrays of structs" '@V { $n = args.shape->numbers; print($n); print(args.shape->grid); print(args.shape->grid[1]);
	$i = 1; print(args.shape->grid[$i][2]); print(args.shape->words); print(args.shape->ins); print(args.shape->ins[$i].s);
	@[$n] = args.shape->bytes; for ($k : @) { print($k.0[3]); print($k.1); } }' '[1,20,300,4000]
[[1,2,3],[4,5,65535]]
[4,5,65535]
65535
[ab,cdef]
[{ .c = 98, .uc = 1, .s = 2 },{ .c = 99, .uc = 3, .s = 4 }]
4
4000
[1,2,3,4]
@[[1,20,300,4000]]: [1,2,3,4]'

# ---- structs ----

prints "a struct" '@V { $s = *args.shape; $s.text == args.shape->text ? print("text") : print("none");
	printf("%s\n", str($s.text)); print($s.next->name); print($s.name); print($s.name == "one"); print($s.at); print($s.in);
	print($s.low + $s.high); print($s.balance); print($s.wide); print($s.color); print($s.level); print($s.bytes);
	print($s.ratio); print($s.words); }' 'text
first
12345678
one
1
{ .x = -5, .y = 6 }
{ .c = 97, .uc = 200, .s = -3 }
8005
-11
29398496449076
GREEN
HIGH
[1,2,3,4]
0.5
[ab,cdef]'
whole="{ .name = 12345678, .text = 0x0, .next = 0x0, .numbers = [-1,-2,-3,-4], .grid = [[0,0,0],[0,0,0]], .low = 0, .high = 0, .balance = 0, .on = 0, .wide = 0, .color = 0, .level = LOW, .word = 0, .bytes = [0,0,0,0], .at = { .x = 0, .y = 0 }, .ratio = 0.0, .yes = 0, .in = { .c = 0, .uc = 0, .s = 0 }, .ins = [{ .c = 0, .uc = 0, .s = 0 },{ .c = 0, .uc = 0, .s = 0 }], .call = 0x0, .words = [,], .three = 0, .sixty = 0, .across = 0 }"
prints "a struct as a whole" '@V { print(*args.shape->next); print((*args.where)->low); print((**args.where).in);
	print(*args.shape); }' "$whole
5
{ .c = 97, .uc = 200, .s = -3 }
{ .name = one, .text = 0x$text, .next = 0x$second, .numbers = [1,20,300,4000], .grid = [[1,2,3],[4,5,65535]], .low = 5, .high = 8000, .balance = -11, .on = 1, .wide = 29398496449076, .color = GREEN, .level = HIGH, .word = 67305985, .bytes = [1,2,3,4], .at = { .x = -5, .y = 6 }, .ratio = 0.5, .yes = 1, .in = { .c = 97, .uc = 200, .s = -3 }, .ins = [{ .c = 98, .uc = 1, .s = 2 },{ .c = 99, .uc = 3, .s = 4 }], .call = 0x0, .words = [ab,cdef], .three = 2, .sixty = 1070935975390360080, .across = -5 }"
# What is kept is a copy: the second hit finds other numbers in the struct itself.
prints "structs in maps and tuples" 'u:@F:visit { if (args.shape->name == "one") { @s = *args.shape; @k[args.shape->in, 1] = args.shape->at; }
	else { print(@s.numbers); print(@s.at.x); $i = 1; print(@s.numbers[$i]); print((*args.where)->numbers[0]);
	$t = (args.shape->in, @s.in, 1); print($t); print($t.1.s); $u = $t.2 == 1 ? $t.1 : $t.0; print($u);
	for ($kv : @k) { print($kv.1.y); print($kv.0.0.uc); } clear(@s); } }' '[1,20,300,4000]
-5
20
77
({ .c = 0, .uc = 0, .s = 0 }, { .c = 97, .uc = 200, .s = -3 }, 1)
-3
{ .c = 97, .uc = 200, .s = -3 }
6
200
@k[{ .c = 97, .uc = 200, .s = -3 }, 1]: { .x = -5, .y = 6 }'
prints "structs as JSON" '@V { print(args.shape->in); @k[args.shape->in, 1] = args.shape->ins; }' '{"type": "value", "data": { "c": 97, "uc": 200, "s": -3 }}
{"type": "map", "data": {"@k": {"{ \"c\": 97, \"uc\": 200, \"s\": -3 },1": [{ "c": 98, "uc": 1, "s": 2 },{ "c": 99, "uc": 3, "s": 4 }]}}}' -f json
prints "structs in telltale's JSON" '@V { print(args.shape->in); @[args.shape->level] = args.shape->at; }' '{"print":{"c":97,"uc":200,"s":-3}}
{"map":"@","key":[200],"value":{"x":-5,"y":6}}
{"lost":0}' --json
prints "a struct that can't be read" '@V { print(*(struct inner *)8); $s = *(struct inner *)8; print("not reached"); }' '<unreadable>'

# ---- args and retval ----

prints "all arguments of a function" '@V { print(args); $a = args; print($a.color); @ = args; print((1, args).1.color); }' "{ .shape = 0x$first, .color = RED, .where = 0x@W }
RED
RED
@: { .shape = 0x$first, .color = RED, .where = 0x@W }"
prints "all arguments of a marker" 'shapes:mark { print(args); @ = args; print(@.word); }' '{ .shape->level = 200, .word = a word, .shape->ratio = 0.5 }
a word
@: { .shape->level = 200, .word = a word, .shape->ratio = 0.5 }'
prints "all arguments as JSON" 'shapes:mark { print(args); }' '{"type": "value", "data": { "shape->level": 200, "word": "a word", "shape->ratio": 0.5 }}' -f json
prints "an argument that can't be read" 'shapes:bad { print(args); }' '{ .shape->level = 200, .word = <unreadable> }'
prints "the same as JSON" 'shapes:bad { print(args); }' '{"print":{"shape->level":200,"word":null},"unreadable":["word"]}
{"lost":0}' --json
prints "what a function returns" 'ur:@F:minus { print(retval); print(retval < 0); @ = sum(retval); }
	ur:@F:give { print(retval->uc); print(*retval); }' '-5
1
200
{ .c = 97, .uc = 200, .s = -3 }
@: -5'

# ---- sizes ----

prints "sizeof and offsetof of values" 'enum e { A }; struct foo { struct { struct { int x; char c; } b; int y; } a; union { int u; char v; }; int z[4]; };
	BEGIN { $x = (uint32)7; @a = (uint8)3; @b[1] = "abc"; $t = ((uint8)1, (uint16)2, (uint8)3); $s = "hello"; $f = (struct foo *)0;
	print((sizeof($x), sizeof(@a), sizeof(@b[1]), sizeof($t), sizeof($s), sizeof(comm), sizeof(pid), sizeof(1 + 1)));
	print((sizeof((1, (2, 3), "abcdefghijk")), sizeof(*$f), sizeof($f->a), sizeof($f), sizeof($f->z), sizeof(pton("::1"))));
	print((offsetof(struct foo, a.b.c), offsetof(struct foo, v), offsetof(*$f, z), offsetof($f->a, y))); clear(@a); clear(@b); }
	@V { $s = *args.shape; @ = $s.in; print((sizeof($s) == sizeof(struct shape), sizeof(@), offsetof(@, s), sizeof(args), sizeof(A), sizeof(enum e))); clear(@); }' '(4, 8, 4, 6, 6, 16, 4, 8)
(40, 32, 12, 8, 16, 16)
(4, 12, 16, 8)
(1, 4, 2, 24, 8, 4)'
finish
