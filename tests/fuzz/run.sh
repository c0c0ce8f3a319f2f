#!/bin/sh
# Runs each fuzzer that is built for FUZZ_SECONDS (10), starting from the seeds of its name, with
# the words of its .dict where there is one. What it
# finds beyond them stays in build/fuzz/corpus; an input that breaks something is named and kept in
# build/fuzz/broken. Exit code 1 when there was one.
set -u
cd "$(dirname "$0")/../.." || exit 1
programs=${FUZZ_PROGRAMS:-build/fuzz/tests/fuzz}
seconds=${FUZZ_SECONDS:-10}
passed=0
failed=0

for program in "$programs"/fuzz_*; do
	[ -x "$program" ] || continue
	case $program in *.d) continue ;; esac
	name=$(basename "$program")
	seeds=tests/fuzz/seeds/${name#fuzz_}
	corpus=build/fuzz/corpus/$name
	broken=build/fuzz/broken/$name
	mkdir -p "$corpus" "$broken"
	words=tests/fuzz/${name#fuzz_}.dict
	[ -d "$seeds" ] || seeds=
	[ -f "$words" ] || words=
	# shellcheck disable=SC2086
	if "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=65536 \
		${words:+-dict="$words"} -artifact_prefix="$broken/" "$corpus" $seeds >"$broken/log" 2>&1; then
		passed=$((passed + 1))
		runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$broken/log")
		echo "ok - $name: ${runs:-some} inputs in $seconds s"
	else
		failed=$((failed + 1))
		echo "not ok - $name: see $broken/log"
		tail -n 20 "$broken/log" | sed 's/^/# /'
	fi
done
[ $((passed + failed)) -gt 0 ] || {
	echo "no fuzzer is built in $programs: run make fuzz" >&2
	exit 1
}
[ "$failed" -eq 0 ]
