#!/bin/bash
# The second half of `make bench`: what it costs a program to be watched by the kernel's engine, by the
# user engine, from inside, by gdb's breakpoints with commands, which print the same three integers, and
# by ltrace at the function around the marker; side by side, interleaved, medians of BENCH_ROUNDS (5).
# (uftrace wants programs that were compiled for it.) Prints a table with the ratio to gdb, and writes
# build/bench-engines.json.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
rounds=${BENCH_ROUNDS:-5}
target=$build/tests/bench/engines
json=$build/bench-engines.json
have jq || { echo "no jq" >&2; exit 1; }

cat >"$tmp/gdb" <<'END'
set pagination off
set confirm off
break -probe-stap bench:ints
commands
silent
printf "%d %d %d\n", (int)$_probe_arg0, (int)$_probe_arg1, (int)$_probe_arg2
continue
end
run
END

# way NAME: nanoseconds a hit, or nothing.
way()
{
	case $1 in
	unwatched) "$target" 2000000 ;;
	kernel) "$telltale" trace --engine kernel -o /dev/null bench:ints -- "$target" 200000 ;;
	user) "$telltale" trace --engine user -o /dev/null bench:ints -- "$target" 20000 ;;
	inside) "$target" 100000 inside ;;
	ltrace) have ltrace && ltrace -x hit -o /dev/null "$target" 2000 | grep -E '^[0-9]+$' ;;
	gdb) have gdb && gdb -q -batch -x "$tmp/gdb" --args "$target" 1000 | grep -E '^[0-9]+$' ;;
	esac 2>>"$tmp/errors"
}

ways="unwatched kernel user inside ltrace gdb"
for ((round = 0; round < rounds; round++)); do
	for name in $ways; do
		way "$name" | sed "s/^/$name /" >>"$tmp/values"
	done
done
median() # NAME
{
	awk -v n="$1" '$1 == n { print $2 }' "$tmp/values" | sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'
}
gdb=$(median gdb)
printf '\n%-12s %14s %14s\n' watched 'ns a hit' 'gdb needs'
for name in $ways; do
	value=$(median "$name")
	printf '%-12s %14s %14s\n' "$name" "${value:--}" \
		"$(awk -v a="$gdb" -v b="$value" 'BEGIN { if (a && b) printf "%.1f times", a / b; else print "-" }')"
	jq -nc --arg way "$name" --argjson value "${value:-null}" '{watched: $way, nanoseconds: $value}'
done >"$tmp/table"
grep -v '^{' "$tmp/table"
grep '^{' "$tmp/table" >"$json"
[ ! -s "$tmp/errors" ] || sed 's/^/# /' "$tmp/errors" | sort | uniq -c | head -5
