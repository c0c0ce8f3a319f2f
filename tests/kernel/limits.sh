#!/bin/bash
# Programs that lead many ways, are long, or deep: they load and compute, and where a limit of BPF is in
# the way, that is said with a place, before the kernel is asked.
. "$(dirname "$0")/../lib.sh"
need_tracing

# times FROM TO TEXT [BETWEEN]: the text with each number in place of #.
times()
{
	local i between=

	for ((i = $1; i < $2; i++)); do
		printf '%s%s' "$between" "${3//#/$i}"
		between=${4-}
	done
}

# computes NAME EXPECTED CLAUSE: what it prints, in both engines. @m has 1 for even keys below 24, 5 for odd ones.
computes()
{
	local engine

	printf 'BEGIN { %s }\nBEGIN { %s }\nBEGIN { clear(@m); clear(@c); clear(@h); exit(); }\nEND { clear(@m); clear(@c); clear(@h); }\n' \
		"$(times 0 24 '@m[#] = # & 1 ? 5 : 1; ')@c[0] = count(); @h = hist(1);" "$3" >"$tmp/program"
	for engine in kernel user; do
		run "$telltale" run --engine "$engine" -q "$tmp/program" -- true
		is "$1: $engine" "$code:$err:$(tr -d '\n' <<<"$out")" "0::$2"
	done
}

# refused NAME MESSAGE CLAUSE
refused()
{
	printf 'BEGIN { @m[1] = 1; }\nBEGIN { %s }\nBEGIN { exit(); }\n' "$3" >"$tmp/program"
	run "$telltale" run -q "$tmp/program"
	like "$1" "$code:$err" "2:.*program:2:[0-9]+: error: .*$2"
}

# Of twenty-four places where ways part, sixteen million ways come, and of numbers that each makes as many.
flags=$(times 0 24 '((@m[#] > 3) << #)' ' | ')
computes "variables that are set on some ways" 12 \
	"$(times 0 24 '$v# = 0; if (@m[#] > 3) { $v# = 1; } ')\$s = 0; $(times 0 24 'if ($v#) { $s++; } ')print(\$s);"
computes "variables that are tested twice" 24 \
	"\$s = 0; $(times 0 24 '$v# = @m[#]; ')$(times 0 24 'if ($v# > 3) { $s++; } ')$(times 0 24 'if ($v# > 3) { $s++; } ')print(\$s);"
computes "a number of many comparisons" 11184810 "\$f = $flags; if (\$f > 77) { print(\$f); }"
computes "the same as a condition" yes "if (($flags) == 11184810) { printf(\"yes\"); }"
computes "the same as a key and in a histogram" 1 \
	"@h = hist($flags); @x[$flags] = lhist($flags, 0, 100, 1); print(len(@x)); clear(@x);"
computes "the same of ?:" 53 "print($(times 0 24 '(@m[#] > 3 ? # % 7 : # % 5)' ' + ') - 1);"
computes "the same of has_key()" 24 "if (($(times 0 25 'has_key(@m, #)' ' + ')) > 23) { printf(\"24\"); }"
computes "unrolled" 21 "\$a = 0; unroll (21) { if (@m[\$a] > 3) { \$a += 3; } else { \$a++; } @h = hist(\$a); if (\$a > 20) { \$a = 21; } } print(\$a);"
computes "in a loop" "$(printf 11184810%.0s 1 2 3)" \
	"\$i = 0; while (\$i < 3) { \$i++; \$f = $flags; if (($flags) > 77) { printf(\"%d\", \$f); } }"
computes "in a loop over a map" 11184810 "@one[1] = 1; for (\$kv : @one) { \$f = $flags; if (($flags) > 77) { print(\$f); } } clear(@one);"

# Long: the ways out are far from where they begin.
computes "600 counts" 600 "$(times 0 600 '@x[#] = count(); ')print(len(@x)); clear(@x);"
computes "400 histograms" 400 "$(times 0 400 '@x[#] = hist(@m[#]); ')print(len(@x)); clear(@x);"
computes "600 variables" 180300 "$(times 0 600 '$v# = @m[1] - 4 + #; ')print($(times 0 600 '$v#' ' + '));"
computes "a way out of the middle" before \
	"printf(\"before\"); $(times 0 400 '@c[#] = count(); ')if (@m[1] == 5) { return; } $(times 0 400 '@c[#] = count(); ')printf(\"behind\");"
computes "300 comparisons of texts" 1 "\$n = 0; \$t = \"some299\"; $(times 0 300 'if ($t == "some#") { $n++; } ')print(\$n);"
computes "20 strcontains()" 2 "\$n = 0; \$t = \"some1 some7\"; $(times 0 20 'if (strcontains($t, "some#")) { $n++; } ')print(\$n);"

# Deep: more values wait for each other than there are registers, or stack.
deep=$(times 0 40 '(@m[1] + (')@m[0]$(times 0 40 '))')
computes "a deep expression" 201 "print($deep);"
computes "in a loop: a deep expression" 201201 "\$i = 0; while (\$i < 2) { \$i++; print($deep); }"
computes "in a loop over a map: a deep expression" 201 "@one[1] = 1; for (\$kv : @one) { print($deep); } clear(@one);"

refused "more maps than a program may have" "it uses [0-9]+ maps.*the kernel lets a program have 64" \
	"$(times 0 70 '@x#[1] = count(); ')"
refused "a body that no jump goes over" "too long for BPF" "if (@m[1]) { $(times 0 1800 '@x[#] = count(); ') }"
refused "more than the verifier looks at" "too much for the kernel's verifier" "$(times 0 6000 '@x[#] = count(); ')"
finish
