#!/bin/bash
# Values that no register holds (texts, bytes, tuples), what is computed of many hits, and the
# functions on values: held against what the program and the shell know.
. "$(dirname "$0")/../lib.sh"
need_tracing
have jq || skip_all "no jq"

cat >"$tmp/values.c" <<'END'
#include <telltale.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char long_text[2000];
static long hits;

/* Sites of one probe that do not agree on the sign. */
__attribute__((noinline)) static void signs(int64_t s, uint64_t u)
{
	TELLTALE(values, sign, s);
	TELLTALE(values, sign, u);
}

static void *worker(void *number)
{
	for (long i = 1; i <= hits; i++)
		TELLTALE(values, hit, TELLTALE_ARG(n, i * 8 + (long)(intptr_t)number));
	return NULL;
}

static void threads(void)
{
	pthread_t all[8];

	for (long i = 0; i < 8; i++)
		pthread_create(&all[i], NULL, worker, (void *)(intptr_t)i);
	for (int i = 0; i < 8; i++)
		pthread_join(all[i], NULL);
}

int main(int argc, char **argv)
{
	const char *words[] = {"one", "two words", "", NULL};
	unsigned char six[16];

	inet_pton(AF_INET6, "fe80::1:2", six);
	memset(long_text, 'x', sizeof(long_text) - 1);
	memcpy(long_text, "a needle in a haystack ", 23);
	for (int i = 1; i < argc; i++)
		TELLTALE(values, edge, TELLTALE_ARG(s, (int64_t)strtoull(argv[i], 0, 0)),
			 TELLTALE_ARG(u, (uint64_t)strtoull(argv[i], 0, 0)));
	if (argc > 1) {
		hits = atol(argv[1]);
		threads();
	}
	for (int n = 254; n < 1026; n += n == 258 ? 764 : 1) {
		long_text[n] = '\0';
		TELLTALE(values, length, TELLTALE_ARG(text, (const char *)long_text));
		long_text[n] = 'x';
	}
	signs(-1, UINT64_MAX);
	signs(7, 7);
	TELLTALE(values, text, TELLTALE_ARG(text, (const char *)long_text),
		 TELLTALE_ARG(bytes, TELLTALE_BUF("a\0b", 3)), TELLTALE_ARG(six, (void *)six),
		 TELLTALE_ARG(words, (void *)words), TELLTALE_ARG(nowhere, (const char *)8),
		 TELLTALE_ARG(flag, (bool)(argc > 100)));
	return 0;
}
END
gcc -I"$root/sdk" -pthread -o "$tmp/values" "$tmp/values.c" || skip_all "no compiler"
values=$tmp/values

# prints NAME PROGRAM EXPECTED [OPTION...]: what the program prints, without blank lines
prints()
{
	local name=$1 program=$2 expected=$3

	shift 3
	run "$telltale" run -q "$@" -e "$program" -- "$values"
	is "$name" "$(grep -v '^$' <<<"$out")" "$expected"
}

# ---- texts and tuples ----

prints "a text in a variable, a map, a key" \
	'values:text { $s = args.text; @m[1] = str(args.text, 8); @k[str(args.text, 8), "k"] = 3; print(len($s)); print(@m[1]); printf("%s|%s|%d\n", @m[1], comm, @k["a needle", "k"]); }' \
	$'1023\na needle\na needle|values|3\n@k[a needle, k]: 3\n@m[1]: a needle'
prints "the wider text wins, wherever it is assigned" \
	'values:text { $s = "short"; print($s); $s = str(args.text, 1000); print(len($s)); @ = "x"; @ = $s; print(len(@)); @ = "y"; }' \
	$'short\n1000\n1000\n@: y'
prints "a text that is cut: two dots in printf(), as part of it, and nowhere else" \
	'config = { max_strlen = 10 } values:text { $s = args.text; printf("[%s] [%14s] [%-14s] [%.10s]\n", $s, $s, str(args.text), $s); print($s); print((1, $s)); @[$s] = $s; printf("[%s] [%s] [%s] [%s]|%s\n", @[$s], str(args.text, 10), str(args.text, 8), str(args.text, 1), str(args.text, 0)); }' \
	$'[a needle ..] [   a needle ..] [a needle ..   ] [a needle .]\na needle \n(1, a needle )\n[a needle ..] [a needle i] [a needle] [a]|\n@[a needle ]: a needle '
BPFTRACE_STR_TRUNC_TRAILER='<more>' prints "another trailer; lengths that are known at the hit" \
	'config = { BPFTRACE_MAX_STRLEN = 10; str_trunc_trailer = ""; } values:text { $n = 9; while ($n < 12) { printf("[%s]", str(args.text, $n)); $n++; } $n = 0; printf("[%s]", str(args.text, $n)); $n = 1; printf("[%s]\n", str(args.text, $n)); }' \
	$'[a needle ][a needle <more>][a needle <more>][][a]'
BPFTRACE_CAT_BYTES_MAX=5 prints "cat() prints as much of a file as it may" \
	'BEGIN { cat("/proc/version"); printf("\n"); exit(); }' 'Linux'
prints "declared variables" \
	'values:text { let $s : string; print($s); $s = str(args.text, 8); let $t : string[9] = "a"; $t = $s; let $p : char *; $p = (char *)args.words; print(($s, $t, $p != 0)); let $n : int8 = 127; $n++; print($n); }' \
	$'(a needle, a needle, 1)\n-128'
for engine in kernel user; do
	run "$telltale" run -q --engine $engine -e 'values:length { printf("%s|%s|%d\n", args.text, "beside it", 7); }' -- "$values"
	is "texts around the usual room and the most, by the $engine engine" \
		"$(awk -F'|' '$2 == "beside it" && $3 == 7 { print length($1) }' <<<"$out" | xargs)" "254 255 256 257 258 1022 1023 1025 1025"
done
prints "texts are compared" \
	'values:text { $s = str(args.text, 8); $t = $s; print($s == $t); print($s == "a needle"); print($s != "a needl"); print(comm == "values"); print($s == comm); print(args.text == $s); if ("a" == "b") { print("no"); } }' \
	$'1\n1\n1\n1\n0\n0'
prints "a filter on kept texts" \
	'values:edge { } values:sign { @c = comm; } values:text /@c == comm && @c != "other"/ { print("passed"); }' \
	$'passed\n@c: values'
prints "tuples: nested, as values and as keys, their items" \
	'values:text { $t = (1, "b", (comm, true)); @[$t.0, $t.1] = $t; @[(1, "b")] = (2, $t.2.0, ("long enough", false)); @n[1] = 5; print($t); print($t.2.1); print(@[1, "b"].1); @k[(1, (2, "x"))] = 1; }' \
	$'(1, b, (values, true))\ntrue\nvalues\n@[1, b]: (2, values, (long enough, false))\n@k[1, (2, x)]: 1\n@n[1]: 5'
prints "bytes" \
	'values:text { $b = args.bytes; @[1] = $b; print(len($b)); printf("%r %rx %rh\n", $b, @[1], $b); print($b == buf(args.words, 3)); }' \
	$'3\na\\x00b \\x61\\x00\\x62 61 00 62\n0\n@[1]: a\\x00b'
prints "?: of texts, of several lengths" \
	'values:text { $s = args.flag ? args.text : comm; print($s); print(args.flag ? "yes" : "no"); print(args.flag); @ = args.flag; }' \
	$'values\nno\nfalse\n@: false'
run "$telltale" run -e 'values:text { $s = str(args.nowhere); print($s); }' -- "$values"
like "a text that can't be read: nothing is done, and it is said" "$err" '1 time nothing was done: a value could not be read'
is "a text that can't be read: nothing is printed for it" "$out" ""
prints "in JSON" 'values:text { print((1, "a", (comm, false))); @[("k", 1)] = ("v", 2); }' \
	$'{"print":[1,"a",["values",false]]}\n{"map":"@","key":["k",1],"value":["v",2]}\n{"lost":0}' --json

# ---- many hits ----

run taskset -c 0 "$telltale" run -q --json -e 'values:hit { @n = count(); @s = sum(args.n); @a = avg(args.n); @min = min(args.n); @max = max(args.n); @p += args.n; @t[tid] = max(args.n); }' -- "$values" 20000
is "8 threads on one CPU: count, sum, avg, min, max, += are exact" \
	"$(jq -r 'select(.map and (.key | length) == 0) | "\(.map)=\(.value)"' <<<"$out" | sort | xargs)" \
	"@a=$((8 * (20000 + 1) / 2 + 3)) @max=160007 @min=8 @n=160000 @p=$((160000 * (8 * 20001) / 2 + 160000 * 7 / 2)) @s=$((160000 * (8 * 20001) / 2 + 160000 * 7 / 2))"
run "$telltale" run -q --json -e 'values:edge { @smin = min(args.s); @smax = max(args.s); @sst = stats(args.s); @umin = min(args.u); @umax = max(args.u); @ust = stats(args.u); }' -- "$values" 0x8000000000000000 0x7fffffffffffffff 0xffffffffffffffff
is "the edges of 64 bits, signed and unsigned" "$(grep -o '"map":"@[a-z]*","key":\[\],"value":.*}' <<<"$out" | sed 's/"map":"//; s/","key":\[\],"value":/ /; s/[}"]//g' | sort | tr '\n' ';')" \
	"@smax 9223372036854775807;@smin -9223372036854775808;@sst 0,count:3,sum:-2;@umax 18446744073709551615;@umin 9223372036854775807;@ust 12297829382473034410,count:3,sum:36893488147419103230;"
prints "sites that differ in their sign compare as each has it" \
	'values:sign { @less += arg0 < 0; @more += arg0 > 6; @same += arg0 == -1; } values:sign /arg0 >= 7/ { @filter = count(); }' \
	$'@filter: 3\n@less: 1\n@more: 3\n@same: 2'
prints "print: the largest, divided; one key of a count" \
	'values:text { @[1] = 10; @[2] = 30; @[3] = 20; @c["a"] = count(); @c["b"] = count(); @c["b"] = count(); print(@, 2); print(@, 1, 10); print(@c["b"]); clear(@); clear(@c); }' \
	$'@[3]: 20\n@[2]: 30\n@[2]: 3\n2'
prints "bhist: buckets of one's own" 'values:hit { } values:text { @ = bhist(-5, 0, 10); @ = bhist(3, 0, 10); @ = bhist(10, 0, 10); @ = bhist(9, 0, 10); }' \
	'{"map":"@","key":[],"count":4,"buckets":[{"max":-1,"count":1},{"min":0,"max":9,"count":2},{"min":10,"count":1}]}
{"lost":0}' --json

# ---- functions ----

prints "strncmp, strcontains, len" \
	'values:text { printf("%d %d %d %d ", strncmp("abc", "abd", 2), strncmp("abc", "abd", 3), strncmp(args.text, "a needless", 8), strncmp(comm, "values", 99)); print((strcontains(args.text, "needle"), strcontains(args.text, "needles"), strcontains(args.text, str(args.text, 8)), strcontains(comm, "values!"), strcontains(comm, ""), len("abc"), len(args.bytes))); }' \
	'0 -1 0 0 (1, 0, 1, 0, 1, 3, 3)'
prints "has_key, delete in both forms" \
	'values:text { @["a", 1] = 1; @["b", 2] = 2; print((has_key(@, ("a", 1)), has_key(@["b", 2]), has_key(@, ("b", 1)))); delete(@, ("a", 1)); delete(@["b", 2]); print(has_key(@, ("a", 1))); @s = 5; delete(@s); }' \
	$'(1, 1, 0)\n0'
prints "addresses" \
	'values:text { print((ntop(0x0100007f), ntop(2, 0x0101a8c0), ntop(buf(args.six, 16)), ntop(10, buf(args.six, 16)), ntop(pton("::1")), macaddr(args.six), macaddr(buf(args.six, 6)))); print(pton("127.0.0.1") == (uint8[4])(uint32)0x0100007f); @[ntop(pton("10.1.2.3"))] = count(); }' \
	$'(127.0.0.1, 192.168.1.1, fe80::1:2, fe80::1:2, ::1, FE:80:00:00:00:00, FE:80:00:00:00:00)\n1\n@[10.1.2.3]: 1'
prints "bswap, strerror, username, ids" \
	'values:text { printf("%x\n", bswap(0x1122334455667788)); print((strerror(2), strerror(13), username, uid, gid, ncpus)); print(elapsed < 60000000000 && elapsed > 0 && rand < 0x100000000 && reg("ip") > 0); }' \
	"8877665544332211
(No such file or directory, Permission denied, $(id -un), $(id -u), $(id -g), $(getconf _NPROCESSORS_CONF))
1"
before=$(date +%s)
run "$telltale" run -q -e 'values:text { print(strftime("%s", nsecs)); print(strftime("%s", nsecs())); print(strftime("%s", nsecs(boot))); print(strftime("%s", nsecs(tai))); print(strftime("%s", nsecs(sw_tai))); }' -- "$values"
after=$(date +%s)
good=$(while read -r t; do [ "$t" -ge $((before - 1)) ] && [ "$t" -le $((after + 1)) ] && echo yes; done <<<"$out" | wc -l)
is "strftime of every clock is now" "$good" 5
prints "a comparison is a number, true and false are truths" \
	'values:text { $b = 1 == 1; print(($b, !0, 2 > 3, true, false, args.flag)); @n = 3 > 2; @t[true] = false; }' \
	$'(1, 1, 0, true, false, false)\n@n: 1\n@t[true]: false'
prints "the command's process" 'values:text { print(cpid == pid); }' 1
run "$telltale" run -e 'BEGIN { print(cpid); exit(); }'
is "the command's process, where there is none: exit code 2" "$code" 2
like "the command's process, where there is none: says so" "$err" 'cpid is the process of a command'
prints "join, cat, system" \
	'values:text { join(args.words); join(args.words, "+"); cat("/proc/%s/%s/ostype", "sys", "kernel"); system("echo %s %d", comm, 5); }' \
	$'one two words \none+two words+\nLinux\nvalues 5' --unsafe
prints "join, cat, system in JSON" \
	'values:text { join(args.words); cat("/proc/%s/%s/ostype", "sys", "kernel"); system("echo %d", 5); }' \
	$'{"join":"one two words "}\n{"cat":"Linux\\n"}\n{"system":"5\\n"}\n{"lost":0}' --unsafe --json
run "$telltale" run -e 'values:text { system("true"); }' -- "$values"
is "system without --unsafe: exit code 2" "$code" 2
like "system without --unsafe: says so" "$err" 'system\(\) changes the system: it is allowed with --unsafe'
run "$telltale" run -q --unsafe -e 'values:text { signal("KILL"); }' -- "$values"
is "signal ends the process" "$code" 137
run "$telltale" run -q -e 'values:text { cat("/no/such/%s", comm); errorf("bad %s\n", comm); exit(42); }' -- "$values"
is "exit(code) is the exit code" "$code" 42
like "cat of what is not there, and errorf: on standard error" "$err" "cat '/no/such/values': No such file.*-e:1:[0-9]+: ERROR: bad values"
run "$telltale" run -q -e 'BEGIN { @before = jiffies; }
	interval:ms:500 { $n = jiffies - @before; print($n >= 40 && $n < 2000); clear(@before); exit(); }'
is "jiffies: 100 to 1000 a second" "$out" 1
prints "a probe is named as it was asked for" \
	"values:text { print(probe); @[probe] = count(); } usdt:$values:values:sign { @[probe] = count(); } u:$values:main { print(probe); }" \
	"uprobe:$values:main
values:text
@[values:text]: 1
@[usdt:$values:values:sign]: 4"
prints "func" "uprobe:$values:main { @[func] = count(); }" '@[main]: 1'
group=$(awk -F: '$1 == 0 { print $3 }' /proc/self/cgroup)
root_of=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
if [ -n "$group" ] && [ -n "$root_of" ] && [ -d "$root_of$group" ]; then
	prints "cgroup, cgroupid, cgroup_path" \
		"values:text { print(cgroup == cgroupid(\"$root_of$group\")); print(cgroup_path(cgroup, \"unified\")); }" \
		$'1\nunified:'"$group"
else
	skip "cgroup, cgroupid, cgroup_path" "no cgroup of version 2"
fi
# A statement on a map that can't be done does not take with it what stands behind.
run "$telltale" run -e 'config = { max_map_keys = 1 } BEGIN { @a[1] = 1; @a[2] = 2; @b[str(0)] = count(); @c = sum(*(uint64*)8);
	delete(@a[*(uint64*)8]); @n = count(); exit(); } END { $x = *(uint64*)8; @n = count(); }'
is "what can't be done is passed over" "$code $(xargs <<<"$out")" "0 @a[1]: 1 @n: 1"
like "and counted" "$err" 'BEGIN: 3 times nothing was done: a value could not be read.*BEGIN: 1 time nothing was kept: no room.*END: 1 time nothing was done'
finish
