#!/bin/bash
# Enums, arrays and structs as values: printed, kept, compared. Both engines print the same.
. "$(dirname "$0")/../lib.sh"
have gcc || skip_all "no gcc"
[ "$(uname -m)" = x86_64 ] || skip_all "x86-64 only"
cat >"$tmp/shapes.c" <<'END'
#include <stdint.h>
enum color { RED = 3, GREEN = -7 };
enum level { LOW, HIGH = 200 };
struct small { enum color color; enum level level; };
static struct small small = {GREEN, HIGH};
__attribute__((noinline)) void visit(struct small *small, enum color color)
{
	__asm__ volatile("" : : "r"(small), "r"(color) : "memory");
}
int main(void)
{
	visit(&small, RED);
	return 0;
}
END
gcc -g -O1 -fno-ipa-sra -fno-ipa-cp -o "$tmp/shapes" "$tmp/shapes.c" || skip_all "gcc can't build the target"
need_tracing

# prints NAME PROGRAM EXPECTED [OPTIONS...]: in both engines; blank lines are not compared.
prints()
{
	local name=$1 program=$2 expected=$3 engine

	shift 3
	for engine in kernel user; do
		run "$telltale" run --engine $engine "$@" -e "${program//@V/u:$tmp/shapes:visit}" -- "$tmp/shapes"
		is "$name ($engine)" "$(grep -v -e "^$" -e attached_probes <<<"$out")$(grep error: <<<"$err")" "$expected"
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
prints "enums of debug information" '@V { print(args.color); print(GREEN); print(args.small->color);
	print(args.small->level); @[args.small->level, args.color] = 1; }' 'RED
GREEN
GREEN
HIGH
@[HIGH, RED]: 1'
prints "enums as JSON" "$enum BEGIN { print(B); print((A, 1)); @k[A] = B; }" '{"type": "value", "data": 2}
{"type": "value", "data": [1,1]}
{"type": "map", "data": {"@k": {"1": 2}}}' -f json
finish
