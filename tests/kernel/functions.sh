#!/bin/bash
# Probes on functions, where a program has no markers: arguments and returns by the calling convention,
# symbols with offsets, addresses, globs, libraries, children.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
have gcc || skip_all "no gcc"
cat >"$tmp/plain.c" <<'END'
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline)) long add(long a, long b, long c, long d, long e, long f)
{
	__asm__ volatile("");
	return a + b + c + d + e + f;
}

__attribute__((noinline)) int named(const char *name, int n)
{
	__asm__ volatile("" : : "r"(name));
	return -n;
}

/* Instructions at 0, 1, 4, 14 and 15. */
__asm__(".text\n.globl steps\n.type steps, @function\n"
	"steps: push %rbp\n mov %rsp, %rbp\n movabs $0x1122334455667788, %rax\n pop %rbp\n ret\n"
	".size steps, . - steps\n");
long steps(void);

int main(void)
{
	long total = steps();

	for (int i = 0; i < 10; i++) {
		total += add(i, 10, 20, 30, 40, -1);
		named(i % 2 ? "odd" : "even", i);
	}
	if (!fork()) {
		add(1, 2, 3, 4, 5, 6);
		_exit(0);
	}
	wait(NULL);
	printf("%ld\n", total);
	return 0;
}
END
gcc -O1 -fno-ipa-cp -fno-ipa-sra -o "$tmp/plain" "$tmp/plain.c" || skip_all "gcc can't build the target"

run "$telltale" run -b "$tmp/plain" -e "uprobe:$tmp/plain:named2 { @ = count(); }"
is "a function that is not there: exit code" "$code" 1
like "and its near name" "$err" "no function matches .*; did you mean 'named'\?"
run "$telltale" run -e "uprobe:$tmp/plain:add+4000 { @ = count(); }"
like "an offset behind its end" "$err" "there is no add\+4000"

# ---- where instructions begin ----

# offsets WHAT...: those of a function at which telltale would attach
offsets()
{
	local i

	for ((i = 0; i < 16; i++)); do
		"$telltale" run "$@" -d types -e "uprobe:$tmp/plain:steps+$i { @ = count(); }" >/dev/null 2>&1 && echo $i
	done | xargs
}
is "an offset is where an instruction begins" "$(offsets)" "0 1 4 14 15"
is "with --unsafe it is anywhere" "$(offsets --unsafe | wc -w)" 16
start=0x$(nm "$tmp/plain" | awk '$3 == "steps" { print $1 }')
run "$telltale" run -d types -e "uprobe:$tmp/plain:$start { @ = count(); }"
is "an address that is a function" "$code" 0
run "$telltale" run -d types -e "uprobe:$tmp/plain:$(printf '0x%x' $((start + 2))) { @ = count(); }"
is "an address inside of an instruction: exit code" "$code" 2
like "an address inside of an instruction" "$err" "no instruction begins at 0x[0-9a-f]*: instructions begin at \+1 and \+4 of the function"
run "$telltale" run -d types -e "uretprobe:$tmp/plain:steps+4 { @ = count(); }"
like "a return from the middle of a function" "$err" "a return is seen from there only"
cp "$tmp/plain" "$tmp/stripped" && strip "$tmp/stripped"
run "$telltale" run -d types -e "uprobe:$tmp/stripped:$start { @ = count(); }"
like "an address in a file without symbols" "$err" "lies in no function that has a symbol.; --unsafe attaches all the same"
need_tracing

maps() { grep '^{"map"' <<<"$out" | jq -c '[.map, .key, .value]' | sort; }

run "$telltale" run --json -e "
	uprobe:$tmp/plain:add { @a = sum(arg0 + arg1 + arg2 + arg3 + arg4 + arg5); @n = count(); }
	uretprobe:$tmp/plain:add { @r = sum(retval); }
	u:$tmp/plain:named /arg1 > 1/ { @[str(arg0)] = count(); }
	ur:$tmp/plain:named /retval/ { @least = min(retval & 0xff); }" -- "$tmp/plain"
is "arguments and returns, of the command and its child" "$(maps)" \
	'["@",["even"],4]
["@",["odd"],4]
["@a",[],1056]
["@least",[],247]
["@n",[],11]
["@r",[],1056]'

address=0x$(nm "$tmp/plain" | awk '$3 == "add" { print $1 }')
run "$telltale" run --json -e "uprobe:$tmp/plain:$address { @ = count(); }" -- "$tmp/plain"
is "a function by its address" "$(maps)" '["@",[],11]'
second=$(objdump -d --disassemble=add "$tmp/plain" | awk '/^ / { n++; if (n == 2) { sub(":", "", $1); print $1; exit } }')
run "$telltale" run --json -e "uprobe:$tmp/plain:add+$((0x$second - address)) { @ = count(); }" -- "$tmp/plain"
is "its second instruction" "$(maps)" '["@",[],11]'

run "$telltale" run --json -e "uprobe:$tmp/plain:* /probe_is_any/ { @[probe] = count(); }" -- "$tmp/plain"
is "a misspelt name in the program: exit code" "$code" 2
run "$telltale" run --json -e "uprobe:$tmp/plain:[an]?[dm]* { @[probe] = count(); }" -- "$tmp/plain"
is "a glob: each function by its name" "$(maps)" \
	"[\"@\",[\"uprobe:$tmp/plain:add\"],11]
[\"@\",[\"uprobe:$tmp/plain:named\"],10]"

run "$telltale" trace --json "uprobe:$tmp/plain:add" "uretprobe:$tmp/plain:add" -n 2 -- "$tmp/plain"
is "trace: arguments and return" \
	"$(grep '"args"' <<<"$out" | jq -c '[.probe, .args.arg0, .args.arg4, .args.retval]')" \
	"[\"uprobe:$tmp/plain:add\",0,40,null]
[\"uretprobe:$tmp/plain:add\",null,null,99]"

for library in libc.so.6 libc.so libc; do
	run "$telltale" count --json "uprobe:$library:fork" -- "$tmp/plain"
	is "$library is found by its name" "$(grep -c '"value":1}' <<<"$out")" 1
done

# C++ by its own names: overloads by their parameters, templates by their arguments, where these are
# written.
if have g++ && g++ -O1 -o "$tmp/names" "$root/tests/programs/names.cc"; then
	counts() # PROBE
	{
		run "$telltale" run --json -e "uprobe:$tmp/names:$1 { @[probe] = count(); }" -- "$tmp/names"
		grep '^{"map"' <<<"$out" | jq -r '"\(.key[0]) \(.value)"' | sed 's/.*names://' | sort
	}
	is "a method" "$(counts foo::bar::get)" "foo::bar::get(int) const 5"
	is "overloads" "$(counts foo::over)" $'foo::over(double) 1\nfoo::over(int) 3'
	is "one of them" "$(counts '"foo::over(int)"')" "foo::over(int) 3"
	is "by a glob" "$(counts '"foo::over(dou*"')" "foo::over(double) 1"
	is "a constructor is one probe" "$(counts foo::bar::bar)" "foo::bar::bar(int) 1"
	is "cpp: a template" "$(counts cpp:twice)" $'twice<int>(int) 3\ntwice<long>(long) 1'
	is "one of its functions" "$(counts '"twice<long>"')" "twice<long>(long) 1"
	is "cpp: a function of C" "$(counts cpp:plain)" "plain 5"
	is "without cpp, a short name is a symbol's" "$(counts over; echo "$code")" 1
	run "$telltale" run -e "uprobe:$tmp/names:foo::ovr { }" -- "$tmp/names"
	like "a near name of C++" "$err" "did you mean 'foo::over'\?"
	named() # [CONFIG]: a function as stacks name it
	{
		run "$telltale" run -q -e "${1:-} uprobe:$tmp/names:foo::over { printf(\"%s\\n\", usym(reg(\"ip\"))); exit(); }" \
			-- "$tmp/names"
		head -n 1 <<<"$out"
	}
	is "a name of C++ in a stack" "$(named)" "foo::over(int)"
	is "as the file has it" "$(named 'config = { cpp_demangle = false }')" "_ZN3foo4overEi"
	is "by bpftrace's variable of old" "$(BPFTRACE_NO_CPP_DEMANGLE=1 named)" "_ZN3foo4overEi"
	run "$telltale" run -l "uprobe:$tmp/names:foo::over,u:$tmp/names:plain"
	is "-l lists functions" "$out" "uprobe:$tmp/names:foo::over(double)
uprobe:$tmp/names:foo::over(int)
uprobe:$tmp/names:plain"
else
	skip "functions of C++" "no g++"
fi
finish
