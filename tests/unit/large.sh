#!/bin/bash
# Programs of a megabyte, or that make much of little: each is read, or refused with a place, soon. The
# time that is given is for slow machines; none takes a second here.
. "$(dirname "$0")/../lib.sh"

repeat() { printf "%.0s$2" $(seq "$1"); }
numbered() { printf "$2" $(seq "$1"); } # TEXT with %d
doubled() # TEXT with %d and, twice, %d of the one before
{
	local i

	for ((i = 1; i < 60; i++)); do
		printf "$1" "$i" $((i - 1)) $((i - 1))
	done
}

# soon NAME MESSAGE: the program that is on standard input; the message "": it is right.
soon()
{
	cat >"$tmp/large"
	run timeout 15 "$telltale" run -d plan "$tmp/large"
	if [ -z "$2" ]; then
		is "$1" "$code:$err" "0:"
	else
		like "$1" "$code:$(head -c 3000 <<<"$err")" "^2:.*large:[0-9]+:[0-9]+: error: .*$2"
	fi
	[ "$(wc -c <<<"$err")" -lt 20000 ] || not_ok "$1: in few words" "$(wc -c <<<"$err") bytes"
}

soon "parentheses" "nested too deeply" < <(printf 'BEGIN { $x = '; repeat 300000 '(')
soon "blocks" "nested too deeply" < <(printf 'BEGIN { '; repeat 300000 '{')
soon "operators" "nested too deeply" < <(printf 'BEGIN { $x = '; repeat 300000 '!'; printf '1; }')
soon "choices" "nested too deeply" < <(printf 'BEGIN { $x = '; repeat 150000 '1?'; printf '1; }')
soon "else if" "nested too deeply" < <(printf 'BEGIN { '; repeat 50000 'if (pid) {} else '; printf '{} }')
soon "sums" "too many operators" < <(printf 'BEGIN { $x = 1'; repeat 300000 '+1'; printf '; }')
soon "members" "too many operators" < <(printf 'BEGIN { $x = $a'; repeat 300000 '.b'; printf '; }')
soon "variables" "at most 2000 variables" < <(printf 'BEGIN { '; numbered 60000 '$v%d = 1; '; printf '}')
soon "maps" "at most 1000 maps" < <(printf 'BEGIN { '; numbered 60000 '@m%d = 1; '; printf '}')
soon "statements" "" < <(printf 'BEGIN { '; repeat 90000 '$x = 1; '; printf '}')
soon "loops" "" < <(printf 'BEGIN { $i = 0; '; repeat 40000 'while ($i < 5) { $i++; }'; printf '}')
soon "more than a million instructions" "it is too long" < <(printf 'BEGIN { '; numbered 60000 '@a[%d] = count(); '; printf '}')
soon "clauses" "at most 1024" < <(repeat 100000 'BEGIN { @ = 1; }')
soon "tuples of tuples" "at most 256 values" < <(printf 'BEGIN { $x0 = (1, 1); '; doubled '$x%d = ($x%d, $x%d); '; printf '}')
soon "macros" "macros are nested too deeply" < <(printf '#define A0 1\n'; doubled '#define A%d (A%d + A%d)\n'; printf 'BEGIN { $x = A59; }')
soon "structs of structs" "larger than any memory" < <(printf 'struct s0 { int a; };\n'; doubled 'struct s%d { struct s%d a; struct s%d b; };\n'; printf 'BEGIN { $x = sizeof(struct s59); }')
soon "a number" "does not fit in 64 bits" < <(printf 'BEGIN { $x = '; repeat 500000 '9'; printf '; }')
soon "a name" "" < <(printf 'BEGIN { $'; repeat 500000 'a'; printf ' = 1; }')
soon "a text" "" < <(printf 'BEGIN { printf("'; repeat 300000 '\xe2\x82\xac'; printf '"); }')
soon "no UTF-8" "unexpected byte" < <(printf 'BEGIN { $x = 1; }'; repeat 300000 '\xff')
finish
