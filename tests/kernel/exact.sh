#!/bin/bash
# Counted hits are executed hits, of one to eight threads, and of traced events delivered and lost
# ones make all, also with the smallest buffer, without a ring buffer, and while the reader is stopped.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
need_tracing
. "$(dirname "$0")/../hammer.sh"

hits=20000
[ "${LONG:-0}" = 1 ] && hits=200000
for threads in 1 2 3 8; do
	run "$telltale" count --json 'hammer:*' -- "$hammer" "$threads" "$hits"
	counts=$(jq -r 'select(.map) | .value' <<<"$out" | sort -u | xargs)
	is "$threads threads: counted hits are executed hits" "$counts" "$((threads * hits))"
done

# ---- what a program reads of its counts, of all CPUs ----

run "$telltale" run -q -e 'hammer:one { @c = count(); @s = sum(1); @k[args.i % 7] = count(); @m = max(args.i); }
	END { printf("%d %d %d %d %d\n", @c, @s, @k[0] + @k[1] + @k[2] + @k[3] + @k[4] + @k[5] + @k[6], len(@k), @m);
		clear(@c); clear(@s); clear(@k); clear(@m); }' -- "$hammer" 8 "$hits"
is "8 threads: a program reads what all of them have counted" "$(grep -v -e '^$' -e '^@' <<<"$out")" \
	"$((8 * hits)) $((8 * hits)) $((8 * hits)) 7 $((hits - 1))"
run "$telltale" run -q -b "$hammer" -e "hammer:one { @c = count(); } interval:ms:1 /@c == $((8 * hits))/ { print(\"all\"); clear(@c); exit(); }" \
	-- bash -c '"$@"; sleep 2' - "$hammer" 8 "$hits"
is "8 threads: a filter sees the last one" "$(grep -v -e '^$' -e '^@' <<<"$out")" all

# ---- what several CPUs change at once ----

run "$telltale" run -q -e 'config = { max_map_keys = 20000 }
	hammer:one { @p++; @a += 3; @k[1]++; @k[2] -= 2; @once[@n++] = count(); @low = min(args.i); @high = max(args.i); @avg = stats(args.i); }
	END { printf("%d %d %d %d %d %d\n", @p, @a, @k[1], @k[2], len(@once), @n);
		clear(@p); clear(@a); clear(@k); clear(@n); clear(@once); }' -- "$hammer" 8 2000
is "8 threads: no ++ or += is lost, and each ++ has a value of its own" \
	"$(grep -E '^[0-9]' <<<"$out")" "16000 48000 16000 -32000 16000 16000"
like "8 threads: min, max and stats of one key" "$(tr '\n' ' ' <<<"$out")" \
	'@avg: count 16000, average 999, total 15992000.*@high: 1999.*@low: 0'

# ---- trace: delivered and lost make all ----

events=$((hits > 50000 ? 50000 : hits))
for without in none ringbuf; do
	for size in 4096 1048576; do
		run env TELLTALE_WITHOUT=$without "$telltale" trace --json --ring-size $size hammer:one -- "$hammer" 4 "$events"
		is "without $without, a buffer of $size bytes: delivered and lost make all" \
			"$(jq -s '(map(select(.probe)) | length) + (map(.lost // 0) | add)' <<<"$out")" "$((4 * events))"
		is "and each thread's events are in its order" "$(jq -s '[.[] | select(.probe)] | group_by(.tid) |
			all(map(.args.i) | . == sort)' <<<"$out")" true
	done
done

# A reader that is stopped: the program does not wait for it, and it learns what it has missed.
mkfifo "$tmp/events"
"$telltale" trace --json --ring-size 4096 hammer:one -- "$hammer" 4 "$events" >"$tmp/events" 2>/dev/null &
tracer=$!
started+=("$tracer")
{
	read -r line && echo "$line"
	kill -STOP "$tracer"
	sleep 0.3
	kill -CONT "$tracer"
	cat
} <"$tmp/events" >"$tmp/seen"
finished "$tracer"
is "a stopped reader: delivered and lost make all" \
	"$(jq -s '(map(select(.probe)) | length) + (map(.lost // 0) | add)' "$tmp/seen")" "$((4 * events))"
finish
