#!/bin/bash
# Loops, blocks and steps as they run: known values, and where bpftrace is there, its own.
. "$(dirname "$0")/../lib.sh"
need_tracing

program_says()
{
	"$telltale" run -t 5 -e "$1" "${@:2}" 2>"$tmp/said"
}

# Where the kernel bounds loops, and where it calls their bodies (Linux 5.17 to 6.8).
for without in nothing may_goto; do
	export TELLTALE_WITHOUT=$without
	is "a while with continue and break" \
		"$(program_says 'BEGIN { $i = 0; $sum = 0; while ($i < 10) { $i++; if ($i == 3) { continue; } if ($i > 8) { break; } $sum += $i; } printf("%d %d\n", $i, $sum); exit(); }')" "9 33"
	is "a range, whose variable the body may change" \
		"$(program_says 'BEGIN { for ($k : -2..3) { printf("%d ", $k); $k = 100; } exit(); }')" "-2 -1 0 1 2 "
	is "the ends of a range are computed once" \
		"$(program_says 'BEGIN { $n = 3; for ($i : 0..$n) { $n++; @ = $n; } exit(); }')" $'\n\n@: 6'
	is "many rounds" "$(program_says 'BEGIN { $s = 0; for ($i : 0..1000000) { $s += $i; } printf("%d", $s); exit(); }')" 499999500000
	is "many rounds beside large keys" \
		"$(program_says 'BEGIN { @k[1, 2, 3, 4, 5, 6, 7, 8] = 1; $s = 0; for ($i : 0..1000000) { $s += $i; } printf("%d", $s); clear(@k); exit(); }')" 499999500000
	is "nested loops" \
		"$(program_says 'BEGIN { for ($a : 0..3) { $b = 0; while ($b < 5) { $b++; @++; } } exit(); }')" $'\n\n@: 15'
	is "an endless loop ends, and the hit with it" "$(program_says 'BEGIN { printf("before "); while (1) { $x = 1; } printf("after"); } END { printf("end"); }' -t 1)" "before end"
	like "which is said" "$(cat "$tmp/said")" "1 hit given up in a loop"
	is "return ends the hit" \
		"$(program_says 'BEGIN { for ($i : 0..5) { while (1) { if ($i == 2) { return; } print($i); break; } } print("never"); } interval:ms:20 { exit(); }' | sed '/^$/d' | paste -sd ' ')" "0 1"
	is "what a loop reads and prints" \
		"$("$telltale" run -q -n 2 -e 'demo:request { $i = 0; while ($i < args.id) { $i++; printf("%s %d ", args.path, $i); } printf("\n"); }' -- "$samples/demo" -n 3 -r 0 | grep -c ' [12] ')" 1
done
unset TELLTALE_WITHOUT
is "bounded loops go three deep" \
	"$(program_says 'BEGIN { for ($a : 0..3) { for ($b : 0..4) { $c = 0; while ($c < 5) { $c++; @++; } } } exit(); }')" $'\n\n@: 60'
is "with neither loops are refused" \
	"$(TELLTALE_WITHOUT=may_goto,loop "$telltale" run -e "BEGIN { while (1) { @ = 1; } }" 2>&1 | grep -c "since Linux 5.17")" 1
is "a block that was not run leaves 0, as before bpftrace 0.22" \
	"$(program_says 'BEGIN { if (pid == 0) { $b = 2; } printf("%d", $b); exit(); }')" 0
is "steps of a map on several threads give every number once" \
	"$("$telltale" run -e 'demo:request { @[@n++ % 7] = count(); } END { clear(@n); }' -- "$samples/demo" -n 700 -r 0 2>&1 |
		grep -c ': 100$')" 7

# ---- over maps ----

map='@a[1] = 10; @a[2] = 20; @a[3] = 30;'
is "keys and values" "$(program_says "BEGIN { \$s = 0; $map for (\$kv : @a) { \$s += \$kv.0 * 100 + \$kv.1; \$n++; } printf(\"%d %d\", \$s, \$n); clear(@a); exit(); }")" ""
like "a variable of the body alone is none behind it" "$(cat "$tmp/said")" "no value yet"
is "keys and values, summed up" "$(program_says "BEGIN { \$s = 0; $map for (\$kv : @a) { \$s += \$kv.0 * 100 + \$kv.1; } printf(\"%d\", \$s); clear(@a); exit(); }")" 660
is "keys with parts, texts" "$(program_says 'BEGIN { @a[1, "one"] = "first"; @a[2, "two"] = "second, and longer"; for ($kv : @a) { print(($kv.0.0, $kv.0.1, $kv.1)); } clear(@a); exit(); }' | sed '/^$/d' | sort | paste -sd ' ')" "(1, one, first) (2, two, second, and longer)"
is "break, continue, return" "$(program_says "BEGIN { $map for (\$x : @a) { @all++; break; } for (\$x : @a) { if (\$x.0 == 2) { continue; } @two += \$x.1; } for (\$x : @a) { for (\$y : @a) { @y++; if (\$y.1) { return; } } } @never = 1; } interval:ms:50 { clear(@a); exit(); }" | sed '/^$/d' | paste -sd ' ')" "@all: 1 @two: 40 @y: 1"
is "the key at hand may be deleted" "$(program_says 'BEGIN { for ($i : 0..4096) { @a[$i] = $i; } for ($kv : @a) { delete(@a[$kv.0]); @n++; @s += $kv.1; } for ($kv : @a) { @left++; } exit(); }' | sed '/^$/d' | paste -sd ' ')" "@n: 4096 @s: 8386560"
is "a loop in the body, beside one in the clause" "$(program_says "BEGIN { $map \$i = 0; while (\$i < 2) { \$i++; for (\$kv : @a) { for (\$k : 0..100000) { @n++; } } } clear(@a); exit(); }" | sed '/^$/d')" "@n: 600000"
is "a map without keys that are there" "$(program_says 'BEGIN { for ($kv : @a) { @n++; } @a[1] = 1; clear(@a); printf("done %d", @n); clear(@n); exit(); }' | head -1)" "done 0"
is "without for_each loops over maps are refused" \
	"$(TELLTALE_WITHOUT=for_each "$telltale" run -e 'BEGIN { @a[1] = 1; for ($kv : @a) { @n++; } }' 2>&1 | grep -c "since Linux 5.13")" 1

# What the loop finds is what the reader prints: hits of several threads, thus of several CPUs.
aggregates='demo:request { @c[arg0 % 5] = count(); @s[arg0 % 5] = sum(arg0 - 300); @n[arg0 % 5] = min(arg0 - 300); @x[arg0 % 5] = max(arg0); @v[arg0 % 5] = avg(arg0 - 600); }
	END { for ($k : @c) { print(("c", $k.0, $k.1)); } for ($k : @s) { print(("s", $k.0, $k.1)); } for ($k : @n) { print(("n", $k.0, $k.1)); }
		for ($k : @x) { print(("x", $k.0, $k.1)); } for ($k : @v) { print(("v", $k.0, $k.1)); } }'
"$telltale" run -e "$aggregates" -- "$samples/demo" -n 1000 -r 0 -w 4 >"$tmp/aggregates" 2>&1
is "count, sum, min, max, avg of all CPUs" "$(sed -n 's/^(\(.\), \(.\), \(.*\))$/@\1[\2]: \3/p' "$tmp/aggregates" | sort)" "$(grep '^@' "$tmp/aggregates" | sort)"
is "which are all" "$(grep -c '^@' "$tmp/aggregates") $(grep '^@c' "$tmp/aggregates" | awk '{ n += $2 } END { print n }')" "25 1000"

is "parameters, as numbers and as texts" \
	"$(program_says 'BEGIN { printf("%s %s %d %d %d", str($1), str($1 + 2), $2 + 1, $#, $9); exit(); }' hello 41)" \
	"hello llo 42 2 0"
is "parameters in probes" "$(program_says 'interval:ms:$1 { printf("%d", $1); exit(); }' 20)" 20
is "macros, and text that counts nowhere" "$(program_says '#define A 5
#define B (A + 1)
#ifdef NOWHERE
nonsense
#endif
BEGIN { printf("%d", B * 2); exit(); }')" 12

is "settings, and the environment's that count more" \
	"$(BPFTRACE_MAX_MAP_KEYS=5 program_says 'config = { max_map_keys = 2; print_maps_on_exit = 0 }
		BEGIN { for ($i : 0..10) { @k[$i] = 1; } } END { $n = 0; for ($i : 0..10) { $n += @k[$i]; } printf("%d", $n); }' -t 1)" 5

if command -v bpftrace >/dev/null; then
	program='BEGIN { $a = 5; $b = $a-- - --$a; printf("%d %d\n", $a, $b); @c++; ++@c; $d = @c--; printf("%d\n", $d);
		$i = 0; while ($i < 5) { $i++; if ($i == 2) { continue; } printf("%d ", $i); } unroll (3) { printf("x"); }
		$e = 3; $e <<= 2; $e |= 1; $e ^= 5; $e %= 7; $e *= 3; $e -= 1; printf("\n%d\n", $e); clear(@c); exit(); }'
	is "as bpftrace has it" "$(program_says "$program" -q | grep -v '^@' | sed '/^$/d')" \
		"$(bpftrace --no-warnings -q -e "$program" 2>/dev/null | grep -v '^Attaching\|^@' | sed '/^$/d')"
else
	skip "as bpftrace has it" "no bpftrace"
fi
finish
