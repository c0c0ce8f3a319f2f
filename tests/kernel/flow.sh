#!/bin/bash
# Loops, blocks and steps as they run: known values, and where bpftrace is there, its own.
. "$(dirname "$0")/../lib.sh"
need_tracing

program_says()
{
	"$telltale" run -t 5 -e "$1" "${@:2}" 2>"$tmp/said"
}

is "a while with continue and break" \
	"$(program_says 'BEGIN { $i = 0; $sum = 0; while ($i < 10) { $i++; if ($i == 3) { continue; } if ($i > 8) { break; } $sum += $i; } printf("%d %d\n", $i, $sum); exit(); }')" "9 33"
is "a range, whose variable the body may change" \
	"$(program_says 'BEGIN { for ($k : -2..3) { printf("%d ", $k); $k = 100; } exit(); }')" "-2 -1 0 1 2 "
is "the ends of a range are computed once" \
	"$(program_says 'BEGIN { $n = 3; for ($i : 0..$n) { $n++; @ = $n; } exit(); }')" "@: 6"
is "many rounds" "$(program_says 'BEGIN { $s = 0; for ($i : 0..1000000) { $s += $i; } printf("%d", $s); exit(); }')" 499999500000
is "many rounds beside large keys" \
	"$(program_says 'BEGIN { @k[1, 2, 3, 4, 5, 6, 7, 8] = 1; $s = 0; for ($i : 0..1000000) { $s += $i; } printf("%d", $s); clear(@k); exit(); }')" 499999500000
is "nested loops" \
	"$(program_says 'BEGIN { for ($a : 0..3) { for ($b : 0..4) { $c = 0; while ($c < 5) { $c++; @++; } } } exit(); }')" "@: 60"
is "an endless loop ends, and the hit with it" "$(program_says 'BEGIN { printf("before "); while (1) { $x = 1; } printf("after"); } END { printf("end"); }' -t 1)" "before end"
like "which is said" "$(cat "$tmp/said")" "1 hit given up in a loop"
is "without may_goto loops are refused" \
	"$(TELLTALE_WITHOUT=may_goto "$telltale" run -e "BEGIN { while (1) { @ = 1; } }" 2>&1 | grep -c "since Linux 6.9")" 1
is "a block that was not run leaves 0, as before bpftrace 0.22" \
	"$(program_says 'BEGIN { if (pid == 0) { $b = 2; } printf("%d", $b); exit(); }')" 0
is "steps of a map on several threads give every number once" \
	"$("$telltale" run -e 'demo:request { @[@n++ % 7] = count(); } END { clear(@n); }' -- "$samples/demo" -n 700 -r 0 2>&1 |
		grep -c ': 100$')" 7

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
