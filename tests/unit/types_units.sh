#!/bin/bash
# Which of several types of one name is meant: that of the source file that the probe is in.
. "$(dirname "$0")/../lib.sh"
have gcc || skip_all "no gcc"
for n in 1 2; do
	cat >"$tmp/part$n.c" <<END
struct same { int id; };
struct thing { char pad[$((n * 4))]; int value; struct same *same; };
__attribute__((noinline)) int part$n(struct thing *thing) { __asm__ volatile(""); return thing->value; }
END
done
cat >"$tmp/main.c" <<'END'
struct same;
struct thing;
int part1(struct thing *), part2(struct thing *);
__attribute__((noinline)) void other(void *p) { __asm__ volatile("" : : "r"(p)); }
int main(int argc, char **argv) { other(argv); return argc > 5 ? part1((void *)argv) + part2((void *)argv) : 0; }
END
gcc -g -O1 -o "$tmp/parts" "$tmp/main.c" "$tmp/part1.c" "$tmp/part2.c" || skip_all "gcc can't build the target"

dump() { run "$telltale" run -d "$1" -b "$tmp/parts" -e "$2"; }

for n in 1 2; do
	dump code "u:$tmp/parts:part$n { @ = ((struct thing *)arg0)->value; }"
	like "the unit of part$n has its own" "$out" "r3 \\+= $((n * 4))
"
done
dump types "u:$tmp/parts:part* { @ = ((struct thing *)arg0)->value; }"
is "both in one clause: exit code" "$code" 2
like "and what is wrong" "$err" "'thing' is not the same for .*part1 and .*part2"
dump types "u:$tmp/parts:part* { @ = args.thing->same->id; }"
like "a parameter that differs" "$err" "'thing' is not the same for .*part1 and .*part2"
dump types "u:$tmp/parts:part* { @ = ((struct same *)arg0)->id; }"
is "what is alike is one" "$code" 0
dump types "u:$tmp/parts:other { @ = ((struct thing *)arg0)->value; }"
is "a unit that has none of several: exit code" "$code" 2
like "and what is wrong" "$err" "parts has several different structs 'thing', none of them in the source file"
dump types "u:$tmp/parts:other { @ = ((struct same *)arg0)->id; }"
is "a unit that has none of one" "$code" 0
dump types "u:$tmp/parts:other { @ = ((struct smae *)arg0)->id; }"
like "one that nobody has" "$err" "struct smae is not known: it is not declared in the program, not in the debug information of .*parts"
strip "$tmp/parts" -o "$tmp/bare" --strip-debug
run "$telltale" run -d types -b "$tmp/bare" -e "u:$tmp/bare:other { @ = ((struct smae *)arg0)->id; }"
like "a file that tells nothing" "$err" "bare has no debug information"
finish
