#!/bin/bash
# Names and types of arguments from DWARF, of programs whose markers are systemtap's own.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
sdt=$(echo '#include <sys/sdt.h>' | gcc -E - 2>/dev/null | awk -F'"' '/sys\/sdt.h"/ { print $2; exit }')
[ -n "$sdt" ] || skip_all "no sys/sdt.h of systemtap"
mkdir -p "$tmp/include/sys" && cp "$sdt" "$(dirname "$sdt")"/sdt-config.h "$tmp/include/sys/" 2>/dev/null
source=$root/tests/unit/names/named.c

# signatures FILE: as "request(int id, ...)", a line each, in the order of their names.
signatures()
{
	"$telltale" list --json -b "$1" |
		jq -r '"\(.probe)(\([.args[] | "\(.type) \(.name)"] | join(", ")))"' | sed 's/\* /*/g' | sort
}

kinds='bool on, char letter, short small, counter_t many, struct request *request, enum color color, uint8_t octet, const void *any'
# What is no variable has no name: a member, a sum, a constant; nor what is another one at each site.
always="choice(int arg0)
expression(int arg0, int arg1, int arg2, uint64_t arg3)
inlined(int value)
kinds($kinds)
request(int id, const char *path, double seconds)
shadow(int n)"
named()
{
	signatures "$1" | grep -v '^statics\|^two\|^fall'
}

for cc in gcc clang; do
	for o in -O0 -O1 -O2 -Os; do
		if ! have "$cc"; then
			skip "$cc $o" "no $cc"
		elif ! "$cc" "$o" -g -o "$tmp/named" "$source" 2>"$tmp/cc.err"; then
			not_ok "$cc $o" "$(cat "$tmp/cc.err")"
		else
			is "$cc $o: the names of the source" "$(named "$tmp/named")" "$always"
		fi
	done
done

gcc -O2 -g -o "$tmp/named" "$source"
for o in -O0 -O1 -O2; do
	for cc in gcc clang; do
		have "$cc" && "$cc" $o -g -o "$tmp/fall" "$source" || continue
		like "$cc $o: what more than one way leads to" "$(signatures "$tmp/fall" | grep '^fall')" '^fall\(int (x|arg0)\)$'
	done
done
is "a probe with another variable at each site has no name" "$(signatures "$tmp/named" | grep '^two')" "two(int arg0)"
like "a static variable in its place" "$(signatures "$tmp/named" | grep '^statics')" \
	'statics\((long shared|int64_t arg0), int visible_count\)'

objcopy --only-keep-debug "$tmp/named" "$tmp/named.debug"
before=$(signatures "$tmp/named")
strip -g "$tmp/named"
is "without DWARF there are no names" "$(signatures "$tmp/named" | grep '^inlined')" "inlined(int arg0)"
objcopy --add-gnu-debuglink="$tmp/named.debug" "$tmp/named"
is "a separate debug file has them" "$(signatures "$tmp/named")" "$before"

gcc -O2 -gdwarf-4 -o "$tmp/named" "$source"
is "DWARF 4" "$(signatures "$tmp/named")" "$before"
gcc -O2 -g -gz -o "$tmp/named" "$source"
is "compressed DWARF" "$(signatures "$tmp/named")" "$before"
gcc -O2 -g -flto -o "$tmp/named" "$source"
is "link-time optimisation: one name is right" "$(signatures "$tmp/named" | grep '^shadow')" "shadow(int n)"

gcc -O2 -g -o "$tmp/named" "$source"
"$telltale" list --contract -b "$tmp/named" >"$tmp/contract"
is "a contract holds what the binary itself says" "$(grep -c 'arg0' "$tmp/contract")" 9
run "$telltale" run -d plan -b "$tmp/named" -e 'usdt:demo:request { printf("%s %d\n", str(args.path), args.id); }'
is "a program uses them" "$code" 0
run "$telltale" run -d plan -b "$tmp/named" -e 'usdt:demo:request { printf("%d\n", args.idd); }'
like "and is told the nearest" "$err" "did you mean 'id'"

# Other machines, whose compilers are there.
for machine in aarch64 arm riscv64 s390x powerpc64le mips64el; do
	cc=$(compgen -c "$machine-linux-gnu" | grep -E -- '-gcc$' | head -n 1)
	if [ -z "$cc" ] || ! "$cc" -O2 -g -I"$tmp/include" -c -o "$tmp/named.o" "$source" 2>/dev/null ||
		! "$cc" -O2 -g -I"$tmp/include" -o "$tmp/named" "$source" 2>/dev/null; then
		skip "$machine" "no compiler with a libc for it"
		continue
	fi
	like "$machine: names of integers and pointers" "$(signatures "$tmp/named")" \
		"request\(int id, const char \*path,"
	like "$machine: and of what was inlined" "$(signatures "$tmp/named")" "inlined\(int value\)"
done
finish
