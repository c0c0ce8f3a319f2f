#!/bin/bash
# The questions of samples/python, asked of Debian's CPython and held against what the program itself measures.
. "$(dirname "$0")/../lib.sh"
python=/usr/bin/python3.11
have jq || skip_all "no jq"
[ -x $python ] && readelf -n $python 2>/dev/null | grep -q 'Provider: python' || skip_all "no $python with markers (Debian's python3.11-minimal)"
need_tracing

answer() # NAME SCRIPT...: a sample on a program; its results in $tmp/NAME.json, what the program prints in $tmp/NAME.said
{
	local name=$1

	shift
	timeout 60 "$telltale" run --json -o "$tmp/$name.json" "$root/samples/python/$name.bt" -- $python "$@" >"$tmp/$name.said" 2>"$tmp/$name.err"
	is "$name: the program's exit code, no warning" "$? $(cat "$tmp/$name.err")" "0 "
}

cat >"$tmp/slow.py" <<'END'
import time


def brief():
    return 0


def slow():
    start = time.perf_counter()
    time.sleep(0.03)
    return time.perf_counter() - start


def caller():
    return [brief() + slow() for _ in range(5)]


print(sum(caller()) * 1e6)
END
answer slow-functions "$tmp/slow.py"
is "slow-functions: the slow calls are printed, and no other of the program's" \
	"$(jq -r '.printf // empty' "$tmp/slow-functions.json" | grep -F "$tmp/slow.py" | awk '{ print $3 }' | sort | uniq -c | xargs)" "5 slow"
is "slow-functions: in all, five returns of each" "$(jq -s -c --arg file "$tmp/slow.py" \
	'[.[] | select(.map == "@us" and .key[0] == $file and (.key[1] == "slow" or .key[1] == "brief")) | .count]' "$tmp/slow-functions.json")" "[5,5]"
is "slow-functions: their time is what the program measured" "$(jq -s --arg file "$tmp/slow.py" --argjson own "$(cat "$tmp/slow-functions.said")" \
	'[.[] | select(.map == "@us" and .key[0] == $file and .key[1] == "slow") | .sum][0] as $sum | $sum >= $own - 5000 and $sum < $own + 200000' \
	"$tmp/slow-functions.json")" true

run "$telltale" run "$root/samples/python/slow-functions.bt" 5000 -- $python "$tmp/slow.py"
is "slow-functions: none takes five seconds" "$code $(grep -c ' ms  ' <<<"$out")" "0 0"

cat >"$tmp/garbage.py" <<'END'
import gc

gc.disable()
for _ in range(100):
    a, b = [], []
    a.append(b)
    b.append(a)
del a, b
before = gc.get_stats()[2]["collected"], gc.get_stats()[1]["collected"]
gc.collect(1)
for _ in range(3):
    gc.collect()
print(gc.get_stats()[1]["collected"] - before[1])
END
answer garbage "$tmp/garbage.py"
is "garbage: a collection of generation 1" "$(jq -c 'select(.map == "@collection_us" and .key == [1]) | .count' "$tmp/garbage.json")" 1
is "garbage: it collected what Python says" "$(jq -c 'select(.map == "@collected" and .key == [1]) | .value' "$tmp/garbage.json")" \
	"$(cat "$tmp/garbage.said")"
is "garbage: three of generation 2, and those of Python's end" \
	"$(jq -c 'select(.map == "@collection_us" and .key == [2]) | .count >= 3' "$tmp/garbage.json")" true

mkdir "$tmp/modules"
echo 'import time; time.sleep(0.05); import inner' >"$tmp/modules/outer.py"
echo 'import time; time.sleep(0.02)' >"$tmp/modules/inner.py"
printf 'try:\n    import nosuchmodule\nexcept ImportError:\n    pass\nimport outer\n' >"$tmp/modules/program.py"
answer imports "$tmp/modules/program.py"
is "imports: a module that waits, and what it imports, in microseconds" \
	"$(jq -s -c '[(["outer", "inner"][]) as $name | [.[] | select(.map == "@import_us" and .key == [$name]) | .value][0]] | [.[0] >= 70000, .[1] >= 20000, .[0] > .[1]]' \
		"$tmp/imports.json")" "[true,true,true]"
is "imports: what could not be found" "$(jq -c 'select(.map == "@not_found" and .key == ["nosuchmodule"]) | .value' "$tmp/imports.json")" 1
finish
