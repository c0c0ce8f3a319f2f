#!/bin/bash
# Stacks and names, as records, keys and values: of a program whose calls are known, also when it has
# ended, of its children, of a library that is gone, of code that it made itself; lines against
# addr2line.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
have gcc || skip_all "no gcc"
cat >"$tmp/calls.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <telltale.h>

static volatile int sink;

__attribute__((noinline)) void leaf(int n)
{
	char room[n + 1]; /* makes a frame */

	memset(room, 0, sizeof(room));
	TELLTALE(calls, leaf, n, TELLTALE_ARG(function, (void *)leaf));
	sink = room[0];
}

__attribute__((noinline)) void branch(int n)
{
	leaf(n);
	sink++;
}

/* Calls branch(1) from code that nobody knows but a map for perf. */
static void jit(void)
{
	static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd6, 0x5d, 0xc3};
	void (*made)(int, void (*)(int));
	char path[64];
	FILE *map;

	made = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy((void *)made, code, sizeof(code));
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	map = fopen(path, "w");
	fprintf(map, "%lx %zx made by hand\n", (unsigned long)made, sizeof(code));
	fclose(map);
	made(1, branch);
	sink++;
}

/* The map is left for those who print after the end. */

int main(int argc, char **argv)
{
	if (!strcmp(argv[argc - 1], "other")) { /* the other program */
		branch(3);
		return 0;
	}
	for (int i = 0; i < 10; i++)
		branch(3);
	if (!fork()) { /* a child */
		branch(5);
		_exit(0);
	}
	wait(0);
	jit();
	printf("%d\n", getpid());
	fflush(stdout);
	if (argv[1])
		execl(argv[1], "other", (char *)0);
	return 0;
}
END
flags="-g -O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls -I$root/sdk"
# shellcheck disable=SC2086
gcc $flags -o "$tmp/calls" "$tmp/calls.c" || skip_all "gcc can't build the target"
# shellcheck disable=SC2086
gcc $flags -Dleaf=petal -Dbranch=twig -o "$tmp/other" "$tmp/calls.c"
need_tracing

# plain: without the offsets, which are the compiler's; entries in one order.
plain()
{
	sed '/^[0-9]*$/d; s/+[0-9]*$//' <<<"$out"
}

# entry N: that of the stacks that leaf(N) had.
entry()
{
	plain | awk -v n="$1" '/^@/ { text = "" } { text = text $1 " " } $0 ~ "^, " n "]" { print text }'
}

# forget: the map that the target left for perf.
forget()
{
	rm -f "/tmp/perf-$(grep -m1 '^[0-9]*$' <<<"$out").map"
}

run "$telltale" run -e 'calls:leaf { @[ustack(4), arg0] = count(); }' -- "$tmp/calls"
is "stacks as keys, of a process that has ended" "$(entry 3)" "@[ leaf branch main __libc_start_call_main , "
is "of its child" "$(entry 5)" "@[ leaf branch main __libc_start_call_main , "
is "of code made by a JIT" "$(entry 1)" "@[ leaf branch made main , "
like "are counted together" "$out" ', 3]: 10'
forget
run "$telltale" run -e 'calls:leaf { @[ustack(4), arg0] = count(); }' -- "$tmp/calls" "$tmp/other"
is "also when the process has become another program" "$(entry 3) $(entry 1)" \
	"@[ leaf branch main __libc_start_call_main ,  @[ leaf branch made main , "
forget

run "$telltale" run -e 'calls:leaf /arg0 == 3/ { printf("%s", ustack(perf, 2)); @raw = ustack(raw, 1);
	@name = usym(arg1); @[usym(arg1)] = count(); @off = usym(arg1 + 1); @none = usym(8); exit(); }' -- "$tmp/calls"
forget
like "perf's form: addresses, names, files" "$out" "
	[0-9a-f]+ leaf\\+[0-9]+ \\($tmp/calls\\)
	[0-9a-f]+ branch\\+[0-9]+ \\($tmp/calls\\)"
like "addresses only" "$(grep -A1 @raw <<<"$out")" "^@raw: 
[0-9a-f]+$"
is "names of addresses, as values and keys" "$(grep -oE '^@(name|off|none).*|^@\[leaf' <<<"$out" | sort)" \
	"@[leaf
@name: leaf
@none: 0x8
@off: leaf"

# Lines: the same as addr2line's, of the address in front of the one that the call returns to.
run "$telltale" trace --json --stack -n 1 calls:leaf -- "$tmp/calls"
forget
frames=$(jq -r 'objects | select(.ustack) | .ustack[:3][] | "\(.symbol) \(.source):\(.line)"' <<<"$out")
number=0 expected=
while read -r symbol offset; do
	start=$(nm "$tmp/calls" | awk -v s="$symbol" '$3 == s { print $1 }')
	at=$((0x$start + offset - (number > 0)))
	expected+="$symbol $(addr2line -e "$tmp/calls" "$(printf %x $at)")"$'\n'
	number=$((number + 1))
done < <(jq -r 'objects | select(.ustack) | .ustack[:3][] | "\(.symbol) \(.offset)"' <<<"$out")
is "file and line, as addr2line has them" "$frames"$'\n' "$(sed 's/ (discriminator.*//' <<<"${expected%$'\n'}")"$'\n'
strip -g -o "$tmp/stripped" "$tmp/calls"
run "$telltale" trace --json --stack -n 1 calls:leaf -- "$tmp/stripped"
forget
is "without debug information: names, no lines" \
	"$(jq -r 'objects | select(.ustack) | .ustack[0] | "\(.symbol) \(.line)"' <<<"$out")" "leaf null"

run "$telltale" run -e 'config = { stack_mode = perf } calls:leaf /arg0 == 3/ { printf("%s", ustack); printf("%s", ustack(1));
	printf("%s", ustack(raw, 1)); exit(); }' -- "$tmp/calls"
is "stack_mode: that of all that say nothing" \
	"$(grep -c "leaf+[0-9]* ($tmp/calls)" <<<"$out") $(grep -cxE '[0-9a-f]{8,}' <<<"$out")" "2 1"
run "$telltale" run -e 'calls:leaf { @[kstack] = count(); @[kstack(perf, 3)] = count(); }' -- "$tmp/calls"
is "one map holds one kind of stack" "$code" 2
run "$telltale" run -e 'calls:leaf { @ = ustack(0); @b = ustack(prf); @c = kstack(3, 4); @d = ustack(128); }' -- "$tmp/calls"
is "what a stack can't be" "$code $(grep -c 'error:' <<<"$err")" "2 4"
finish
