#!/bin/bash
# Binaries under contract: PostgreSQL's and CPython's, and what becomes of the demo's markers when it
# is compiled with changes, or a linker or strip has been at it. Needs no privileges.
. "$(dirname "$0")/../lib.sh"
demo=$samples/demo
contracts=$root/tests/contracts
[ -x "$demo" ] || skip_all "samples/demo is not built"
have jq || skip_all "no jq"

# said: the kinds of all problems of the last run with --json, each as "NAME KIND", in order.
said()
{
	jq -r 'select(.problems) | .name as $n | .problems[] | "\($n) \(.kind)"' <<<"$out"
}

# finds NAME CODE KINDS COMMAND...: exit code and problems.
finds()
{
	local name=$1 expected=$2 kinds=$3

	shift 3
	run "$@" --json
	is "$name" "$code: $(said)" "$expected: $kinds"
}

# ---- software that nobody here wrote ----

under_contract() # NAME FILE CONTRACT
{
	if [ ! -x "$2" ]; then
		skip "$1" "$2 is not installed"
	elif [ "$(uname -m)" != x86_64 ]; then
		skip "$1" "the contract is that of x86-64"
	else
		check "$1" "$telltale" check --contract "$contracts/$3" -b "$2"
	fi
}

under_contract "CPython 3.11" /usr/bin/python3.11 python3.11.contract
under_contract "PostgreSQL 15" /usr/lib/postgresql/15/bin/postgres postgresql-15.contract

# ---- the demo ----

"$telltale" list --contract -b "$demo" >"$tmp/demo.contract"
is "the contract of the demo" "$(sed '/^#/d' "$tmp/demo.contract")" "telltale contract 1

file demo
demo:detail(int id, const char *text) semaphore
demo:reply(int id, int status, uint64_t bytes) semaphore
demo:request(int id, const char *path, double seconds)
demo:tick(uint64_t seconds, int64_t served)"
run "$telltale" check --contract "$tmp/demo.contract" -b "$demo"
is "it holds" "$code: $out" "0: TAP version 14
1..7
ok 1 - demo: every note makes sense
ok 2 - demo: every note has its base
ok 3 - demo: every semaphore is in .probes
ok 4 - demo: demo:detail
ok 5 - demo: demo:reply
ok 6 - demo: demo:request
ok 7 - demo: demo:tick"
finds "a binary against itself" 0 "" "$telltale" check --against "$demo" -b "$demo"
run "$telltale" list --contract -b "$demo" 'demo:re*'
is "of some probes" "$(grep -c '^demo:' <<<"$out")" 2
run "$telltale" list --contract -b "$demo" demo:requst
like "of none" "$code $out $err" "^1 +telltale: .*did you mean 'demo:request'"

# ---- changed sources ----

have gcc || have cc || skip_all "no compiler"
cc=$(command -v gcc || command -v cc)

# changed NAME SED...: the demo with its source changed by sed, as $tmp/NAME.
changed()
{
	local name=$1

	shift
	sed "$@" "$root/samples/demo.c" >"$tmp/$name.c" &&
		"$cc" -std=gnu11 -O2 -w -I"$root/sdk" -o "$tmp/$name" "$tmp/$name.c" -lpthread
}

changed same ''
changed gone '/TELLTALE(demo, request/d'
changed renamed 's/(demo, request,/(demo, requests,/'
changed type 's/(demo, request, id,/(demo, request, TELLTALE_ARG(id, (long)id),/'
changed sign 's/(demo, request, id,/(demo, request, TELLTALE_ARG(id, (unsigned)id),/'
changed name 's/(demo, request, id, path,/(demo, request, id, TELLTALE_ARG(url, path),/'
changed added 's/(demo, request, id, path, seconds)/(demo, request, id, path, seconds, status)/'
changed fewer 's/(demo, request, id, path, seconds)/(demo, request, id, path)/'
changed new 's/TELLTALE(demo, request.*/&\n\tTELLTALE(demo, late, id);/'
changed no_semaphore 's/TELLTALE_SEMA(demo, reply/TELLTALE(demo, reply/'
changed semaphore 's/TELLTALE(demo, request/TELLTALE_SEMA(demo, request/'
changed differ 's/TELLTALE(demo, request.*/&\n\tTELLTALE(demo, request, TELLTALE_ARG(id, (long)id), path, seconds);/'

# each NAME CODE KINDS [OPTION...]: by contract and against the original, which must agree.
each()
{
	local binary=$1 code=$2 kinds=$3

	shift 3
	finds "$binary${*:+, $*}" "$code" "$kinds" "$telltale" check --contract "$tmp/demo.contract" \
		-b "$tmp/$binary" "$@"
	finds "$binary${*:+, $*}, against" "$code" "$kinds" "$telltale" check --against "$demo" \
		-b "$tmp/$binary" "$@"
}

each same 0 ""
each gone 1 "demo:request probe-gone"
each renamed 1 "demo:request probe-gone
demo:requests probe-new"
each renamed 1 "demo:request probe-gone" --allow-new
each type 1 "demo:request argument-type
demo:request argument-size"
each sign 1 "demo:request argument-type
demo:request argument-sign"
each name 1 "demo:request argument-name"
each added 1 "demo:request argument-added"
each added 0 "" --allow-added-arguments
each fewer 1 "demo:request argument-gone"
each new 1 "demo:late probe-new"
each new 0 "" --allow-new
each no_semaphore 1 "demo:reply semaphore-gone"
each semaphore 1 "demo:request semaphore-added"
each differ 1 "demo:request argument-type
demo:request sites-disagree"

run "$telltale" check --contract "$tmp/demo.contract" -b "$tmp/renamed" --junit "$tmp/junit.xml"
like "what a failure says" "$out" "not ok 6 - renamed: demo:request
  ---
  message: \"the binary has no such probe; did you mean demo:requests\?\"
  severity: fail
  at: \"$tmp/demo.contract:[0-9]+\"
  expected: \"demo:request\(int id, const char \*path, double seconds\)\"
  problems:
    - kind: \"probe-gone\""
is "in a sum" "$err" "telltale: 2 of 8 test points failed"
if have python3; then
	is "JUnit is XML" "$(python3 -c 'import sys, xml.etree.ElementTree as e
r = e.parse(sys.argv[1]).getroot()
print(r.get("tests"), r.get("failures"), [t.get("name") for t in r.iter("testcase") if t.find("failure") is not None])' \
		"$tmp/junit.xml" 2>&1)" "8 2 ['demo:request', 'demo:requests']"
else
	skip "JUnit is XML" "no python3"
fi

# ---- what linkers and strip do ----

if have objcopy && have readelf; then
	objcopy --remove-section .stapsdt.base "$demo" "$tmp/no_base" 2>/dev/null
	each no_base 1 "$(for _ in 1 2 3 4; do echo 'every note has its base base-lost'; done)"

	# The first note's address is 20 bytes into the section, its base the next word.
	offset=$((16#$(readelf -SW "$demo" | sed -n 's/.* \.note\.stapsdt *NOTE *[0-9a-f]* \([0-9a-f]*\) .*/\1/p')))
	cp "$demo" "$tmp/zero_base"
	printf '\0\0\0\0\0\0\0\0' | dd of="$tmp/zero_base" bs=1 seek=$((offset + 28)) conv=notrunc 2>/dev/null
	each zero_base 1 "every note has its base base-zero"
	cp "$demo" "$tmp/no_site"
	printf '\0\0\0\0\0\0\0\0' | dd of="$tmp/no_site" bs=1 seek=$((offset + 20)) conv=notrunc 2>/dev/null
	first=$("$telltale" list --json -b "$demo" | jq -rs '.[0] | "\(.provider):\(.probe)"')
	each no_site 1 "$first no-site"
	cp "$demo" "$tmp/damaged"
	printf '\377\377' | dd of="$tmp/damaged" bs=1 seek=$((offset + 4)) conv=notrunc 2>/dev/null
	run "$telltale" check --contract "$tmp/demo.contract" -b "$tmp/damaged" --json
	like "a damaged note" "$code $(said)" "^1 every note makes sense note-damaged"
	objcopy --rename-section .probes=.data.lost "$demo" "$tmp/renamed_section" 2>/dev/null
	each renamed_section 1 "every semaphore is in .probes semaphore-outside
every semaphore is in .probes semaphore-outside"
	strip -o "$tmp/stripped" "$demo"
	run "$telltale" check --contract "$tmp/demo.contract" -b "$tmp/stripped"
	like "names that strip took are missed" "$code $out" "^[01] TAP version 14"
else
	skip "linkers and strip" "no binutils"
fi

"$cc" -std=gnu11 -O2 -w -I"$root/sdk" -c -o "$tmp/demo.o" "$root/samples/demo.c"
run "$telltale" check --contract "$tmp/demo.contract" -b "$tmp/demo.o"
is "an object file" "$code: $(grep -v '^ok.*demo:demo\|: demo:' <<<"$out")" "0: TAP version 14
1..7
ok 1 - demo.o: every note makes sense
ok 2 - demo.o: every note has its base # SKIP an object file: the linker decides
ok 3 - demo.o: every semaphore is in .probes # SKIP an object file: the linker decides"

# A marker in a function that nobody calls: ld keeps it or drops the note with it, lld and mold leave
# a note without a site.
cat >"$tmp/unused.c" <<'END'
#include <telltale.h>
void unused(int x) { TELLTALE(p, unused, x); }
int main(int argc, char **argv) { (void)argv; TELLTALE_SEMA(p, used, argc); return 0; }
END
printf '%s\n' 'telltale contract 1' 'p:unused(int x)' 'p:used(int argc) semaphore' >"$tmp/unused.contract"
for linker in lld mold; do
	if have ld.$linker && "$cc" -O1 -ffunction-sections -I"$root/sdk" "$tmp/unused.c" -fuse-ld=$linker \
		-Wl,--gc-sections -o "$tmp/unused" 2>/dev/null; then
		finds "code that $linker drops" 1 "p:unused no-site" "$telltale" check \
			--contract "$tmp/unused.contract" -b "$tmp/unused"
	else
		skip "code that $linker drops" "no $linker"
	fi
done

# Systemtap's header leaves the section of a semaphore to the program, and some forget it.
cat >"$tmp/outside.c" <<'END'
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>
unsigned short p_used_semaphore;
int main(int argc, char **argv) { (void)argv; STAP_PROBE1(p, used, argc); return p_used_semaphore; }
END
"$cc" -O1 -I"$root/sdk" -I"$root/sdk/compat" "$tmp/outside.c" -o "$tmp/outside"
finds "a semaphore in .bss" 1 "every semaphore is in .probes semaphore-outside" "$telltale" check \
	--against "$tmp/outside" -b "$tmp/outside"

# ---- several files ----

"$telltale" list --contract -b "$tmp/new" -b "$tmp/gone" >"$tmp/two.contract"
finds "two binaries" 0 "" "$telltale" check --contract "$tmp/two.contract" -b "$tmp/gone" -b "$tmp/new"
finds "one of two" 1 "is there file-gone" "$telltale" check --contract "$tmp/two.contract" -b "$tmp/new"

# ---- bad contracts ----

printf '%s\n' 'telltale contract 1' 'demo:x(Oid a)' 'demo:y(int b) semaphor' >"$tmp/bad"
run "$telltale" check --contract "$tmp/bad" -b "$demo"
is "a bad contract" "$code: $out$err" "2: $tmp/bad:2:8: error: this type does not say how wide it is: put size and sign behind the name, as in 'Oid relation: u32'
demo:x(Oid a)
       ^
$tmp/bad:3:15: error: expected 'semaphore' or the end of the line
demo:y(int b) semaphor
              ^"
echo old >"$tmp/old.xml"
run "$telltale" check --contract "$tmp/bad" -b "$demo" --junit "$tmp/old.xml"
check "no report is left of it, nor an older one" test ! -e "$tmp/old.xml"
head -c 100000 /dev/urandom | tr -d '\0' >"$tmp/noise"
run "$telltale" check --contract "$tmp/noise" -b "$demo"
is "noise is no contract" "$code" 2
run "$telltale" check --contract "$demo" -b "$demo"
is "a binary is no contract" "$code: $err" "2: telltale: $demo: not a text: it has a NUL byte"
run "$telltale" check --contract "$tmp/demo.contract" -b "$tmp/bad"
like "a text is no binary" "$code $err" '^2 telltale: .*not an ELF file'

# Cut at every place: test points or a line, never a crash.
size=$(stat -c %s "$demo")
worst=
for ((at = 0; at < size; at += size / 40 + 1)); do
	head -c $at "$demo" >"$tmp/part"
	cp "$tmp/part" "$tmp/zeros"
	truncate -s "$size" "$tmp/zeros"
	for file in part zeros; do
		run "$telltale" check --contract "$tmp/demo.contract" -b "$tmp/$file"
		[ "$code" = 0 ] || [ "$code" = 1 ] || [ "$code" = 2 ] || worst+="$file at $at: $code $err"$'\n'
		[ -n "$err" ] || [ "$code" = 0 ] || worst+="$file at $at: not a word"$'\n'
	done
done
is "cut at any place" "$worst" ""

# ---- as nobody ----

if [ "$(id -u)" = 0 ] && have setpriv && cp "$telltale" "$demo" "$tmp" && chmod 644 "$tmp"/*.contract &&
	setpriv --reuid=65534 --regid=65534 --clear-groups -- "$tmp/telltale" --version >/dev/null 2>&1; then
	check "needs no privileges" setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all -- \
		"$tmp/telltale" check --contract "$tmp/demo.contract" -b "$tmp/demo"
else
	skip "needs no privileges" "not root"
fi

finish
