#!/bin/bash
# Memory by its type: structs that the program declares, those that the target's DWARF describes (in
# the file and in a debug file of its own), and the kernel's, held against what the target itself
# prints and against /proc.
. "$(dirname "$0")/../lib.sh"
have gcc || skip_all "no gcc"
cat >"$tmp/shapes.c" <<'END'
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum color { RED = 3, GREEN = -7 };
typedef struct {
	int64_t x, y;
} point_t;
struct node {
	char name[8];
	const char *text;
	struct node *next;
	int32_t numbers[4];
	uint16_t grid[2][3];
	unsigned low : 3, high : 13;
	int balance : 5;
	_Bool on : 1;
	uint64_t wide : 45;
	enum color color;
	union {
		uint32_t word;
		uint8_t bytes[4];
	};
	point_t at;
	double ratio;
	void (*call)(void);
	struct hidden *hidden;
};
struct hidden {
	long secret;
};

static struct hidden hidden = {-99};
static struct node second = {.name = "12345678", .text = "two", .numbers = {-1, -2, -3, -4},
			     .at = {10, -20}, .hidden = &hidden};
static struct node first = {
	.name = "one", .text = "first", .next = &second, .numbers = {1, 20, 300, 4000},
	.grid = {{1, 2, 3}, {4, 5, 65535}}, .low = 5, .high = 8000, .balance = -11, .on = true,
	.wide = 0x1abcdef01234, .color = GREEN, .word = 0x04030201, .at = {-5, 6}, .ratio = 0.5,
};

__attribute__((noinline)) void visit(struct node *node, long count)
{
	__asm__ volatile("" : : "r"(node), "r"(count) : "memory");
}

__attribute__((noinline)) void many(signed char c, double ratio, struct node *node, short s, _Bool b,
				    enum color color, point_t at, unsigned u)
{
	__asm__ volatile("" : : "r"(node), "x"(ratio), "r"(c + s + b + color + at.x + u) : "memory");
}

int main(void)
{
	visit(&first, 2);
	many(-3, 0.25, &second, -300, true, GREEN, first.at, 7);
	fprintf(stderr, "size %zu %zu\n", sizeof(struct node), offsetof(struct node, at.y));
	return fprintf(stderr, "pid %d parent %d\n", getpid(), getppid()) < 0;
}
END
gcc -g -O1 -fno-ipa-sra -fno-ipa-cp -o "$tmp/shapes" "$tmp/shapes.c" || skip_all "gcc can't build the target"

# What the program declares is laid out as gcc does: sizes and offsets are those of DWARF.
declared='enum color { RED = 3, GREEN = -7 };
struct node {
	char name[8]; const char *text; struct node *next; int32_t numbers[4];
	uint16_t grid[2][3]; unsigned low : 3, high : 13; int balance : 5; bool on : 1;
	uint64_t wide : 45; enum color color; union { uint32_t word; uint8_t bytes[4]; };
	struct { int64_t x, y; } at; double ratio; void (*call)(void); struct hidden *hidden;
}
struct hidden { long secret; };
'
body='$n = (struct node *)arg0;
	printf("%s|%s|%s|%s\n", $n->name, str($n->text), $n->next->name, str($n->next->text));
	printf("%d %d %d %d\n", $n->numbers[0], $n->numbers[3], $n->next->numbers[arg1], (*$n).numbers[1]);
	printf("%d %d %d\n", $n->grid[0][0], $n->grid[1][0], $n->grid[arg1 - 1][2]);
	printf("%d %d %d %d %x\n", $n->low, $n->high, $n->balance, $n->on, $n->wide);
	printf("%d %d %d\n", $n->color, $n->color == GREEN, RED);
	printf("%x %x %x\n", $n->word, $n->bytes[2], *($n->bytes + 1));
	printf("%d %d %d\n", $n->at.x, $n->at.y, $n->next->at.y);
	printf("%.2f\n", $n->ratio);
	printf("%d\n", $n->next->hidden->secret);
	printf("%d %d\n", sizeof(struct node), offsetof(struct node, at.y));'
expected='one|first|12345678|two
1 4000 -3 20
1 4 65535
5 8000 -11 1 1abcdef01234
-7 1 3
4030201 3 2
-5 6 -20
0.50
-99
'$("$tmp/shapes" 2>&1 | sed -n 's/^size //p')
need_tracing

run "$telltale" run -e "$declared u:$tmp/shapes:visit { $body }" -- "$tmp/shapes"
is "structs that the program declares" "$out" "$expected"
run "$telltale" run -e "u:$tmp/shapes:visit { $body }" -- "$tmp/shapes"
is "structs of the DWARF" "$out" "$expected"
objcopy --only-keep-debug "$tmp/shapes" "$tmp/shapes.debug" &&
	objcopy --strip-debug --add-gnu-debuglink="$tmp/shapes.debug" "$tmp/shapes" "$tmp/stripped"
run "$telltale" run -e "u:$tmp/stripped:visit { $body }" -- "$tmp/stripped"
is "structs of the DWARF in a debug file" "$out" "$expected"
gcc -gdwarf-3 -gstrict-dwarf -O1 -fno-ipa-sra -fno-ipa-cp -o "$tmp/old" "$tmp/shapes.c"
run "$telltale" run -e "u:$tmp/old:visit { $body }" -- "$tmp/old"
is "structs of an older DWARF" "$out" "$expected"

# Pointers: what they are computed with goes by what they lead to.
run "$telltale" run -e "u:$tmp/shapes:visit {
	\$n = (struct node *)arg0; \$p = &\$n->numbers[0]; \$q = \$p + 2; \$p++;
	printf(\"%d %d %d %d\n\", *\$p, *\$q, \$q - \$p, *(\$q - 1));
	\$q -= 2; @at = \$q; @at += 3; \$i = 2;
	printf(\"%d %d %d %d\n\", *\$q, *@at, \$q[\$i], \$n->numbers[\$i + 1]);
	\$s = *\$n; printf(\"%d %s\n\", \$s.at.x, \$s.next->name); }" -- "$tmp/shapes"
is "pointer arithmetic" "$(head -n 3 <<<"$out")" '20 300 1 20
1 4000 300 4000
-5 12345678'

chain=$(printf -- '->next%.0s' {1..60})
run "$telltale" run -e "u:$tmp/shapes:visit { printf(\"%d\n\", ((struct node *)arg0)$chain->at.x); }" -- "$tmp/shapes"
is "a long chain of pointers, which ends early" "$out" "<unreadable>"

# What can't be read is not made up, neither behind a bad pointer nor behind the end of an array.
run "$telltale" run -e "u:$tmp/shapes:visit { \$n = (struct node *)arg0; \$i = 4;
	printf(\"%d|%d|%s|%d\n\", \$n->next->next->color, \$n->numbers[\$i], \$n->next->next->name,
		\$n->numbers[1]); }" -- "$tmp/shapes"
is "what is not there" "$out" "<unreadable>|<unreadable>|<unreadable>|20"

# Texts in arrays: compared, as keys, one that fills its array.
run "$telltale" run -e "u:$tmp/shapes:visit /((struct node *)arg0)->name == \"one\"/ {
	\$n = (struct node *)arg0; @[\$n->next->name] = count(); \$t = \$n->name;
	if (\$n->next->name == \"12345678\") { printf(\"%s\n\", \$t); }
	if (\$n->next->name == \"1234567\") { printf(\"wrong\n\"); }
	if (\$n->next->name == \"123456789\") { printf(\"wrong\n\"); } }" -- "$tmp/shapes"
is "texts in arrays" "$out" 'one


@[12345678]: 1'

# Addresses: of the file's symbols, wherever it was loaded, and of the kernel's; arrays as bytes.
gcc -no-pie -O1 -fno-ipa-sra -fno-ipa-cp -g -o "$tmp/fixed" "$tmp/shapes.c"
for file in shapes fixed; do
	run "$telltale" run -e "u:$tmp/$file:visit { \$s = (struct node *)uaddr(\"second\");
		printf(\"%s %d %x\n\", \$s->name, \$s->at.y, *(uint16 *)uaddr(\"second\"));
		\$n = ((struct node *)arg0)->numbers; \$b = ((struct node *)arg0)->bytes;
		printf(\"%d %d %x %r\n\", \$n[2], *\$n, (uint32)\$b, buf(\$b));
		printf(\"%s\n\", ntop(((struct node *)arg0)->bytes)); }" -- "$tmp/$file"
	is "a symbol's address in $file" "$out" '12345678 -20 3231
300 1 4030201 \x01\x02\x03\x04
1.2.3.4'
done
symbol=$(sed -n '/ [Tt] vfs_read$/s/ .*//p' /proc/kallsyms)
run "$telltale" run -e 'BEGIN { printf("%llx\n", kaddr("vfs_read")); exit(); }'
is "a symbol's address in the kernel" "$out" "$symbol"

# What tracepoints say of their fields is a type, too: here of memory of the process.
if [ -e /sys/kernel/tracing/events/syscalls/sys_enter_clock_nanosleep ]; then
	run "$telltale" run -e 't:syscalls:sys_enter_clock_nanosleep {
		printf("%d %d\n", args.rqtp->tv_sec, args.rqtp->tv_nsec); }' -- sleep 0.25
	is "a field of a tracepoint leads on" "$out" "0 250000000"
else
	skip "a field of a tracepoint leads on" "no tracefs"
fi

# Parameters by name, with their types: where optimised code has them, and by the ABI elsewhere.
gcc -g -O0 -o "$tmp/plain" "$tmp/shapes.c"
for file in shapes plain; do
	run "$telltale" run -e "u:$tmp/$file:visit { printf(\"%s %d\n\", args.node->name, args.count + 1); }
		u:$tmp/$file:many { printf(\"%d %s %d %d %d\n\", args.c, args.node->name, args.s, args.b,
			args.color == GREEN); }" -- "$tmp/$file"
	is "parameters by name in $file" "$out" 'one 3
-3 12345678 -300 1 1'
done
run "$telltale" run -e "u:$tmp/plain:visit { printf(\"%d\n\", args.cuont); }
	u:$tmp/plain:many { printf(\"%d\n\", args.ratio); } u:$tmp/plain:many { printf(\"%d\n\", args.u); }
	u:$tmp/stripped:main { printf(\"%d\n\", args.argc); }" -- "$tmp/plain"
like "a parameter that is not there" "$err" "this function has no parameter 'cuont'; did you mean 'count'\?"
like "one in a register for floats" "$err" "'ratio' \(double\) does not arrive in a register that can be read: floats"
like "one whose register is not known" "$err" "'u' \(unsigned int\) does not arrive in a register"

# The kernel's own: a thread's record says what /proc says.
run "$telltale" run -e "u:$tmp/shapes:visit { \$t = curtask;
	printf(\"%d %d %d %s\n\", \$t->pid, \$t->tgid, curtask->real_parent->tgid, \$t->comm);
	printf(\"%d %d\n\", curtask->nsproxy->pid_ns_for_children->level, curtask->pid == tid); }" \
	-- "$tmp/shapes"
[[ $err =~ pid\ ([0-9]+)\ parent\ ([0-9]+) ]]
is "curtask" "$out" "${BASH_REMATCH[1]} ${BASH_REMATCH[1]} ${BASH_REMATCH[2]} shapes
0 1"
finish
