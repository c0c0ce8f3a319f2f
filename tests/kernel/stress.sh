#!/bin/bash
# telltale attaches to and leaves a program that hammers four probes with eight threads, 20 times
# (LONG=1: 500). The program's results stay right; each time every semaphore and site is as it was.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
need_tracing
. "$(dirname "$0")/../hammer.sh"
rounds=20
[ "${LONG:-0}" = 1 ] && rounds=500

start_hammer
failed=() wrong=() counted=0
for ((i = 0; i < rounds; i++)); do
	if ((i % 2)); then
		target_words=(-b "$hammer")
	else
		target_words=(-p "$target")
	fi
	run "$telltale" count --json -t 0.02 "${target_words[@]}" 'hammer:*'
	[ "$code" = 0 ] || failed+=("round $i: $code $err")
	[ -n "$out" ] && counted=$((counted + 1))
	as_before || wrong+=("$i")
done
is "$rounds rounds: telltale ends well in each" "${#failed[@]} ${failed[*]:0:3}" "0 "
is "and each counts" "$counted" "$rounds"
is "right after each everything is as before" "${wrong[*]}" ""
end_hammer
finish
