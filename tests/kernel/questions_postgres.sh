#!/bin/bash
# The questions of samples/postgresql, asked of a server of its own and held against the server's statistics and what the clients did.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
. "$root/tests/postgres.sh"
need_tracing
start_server

psql -qAtc 'CREATE TABLE small AS SELECT n FROM generate_series(1, 100) n'
psql -qAtc 'CREATE TABLE big AS SELECT n, repeat($$x$$, 500) AS text FROM generate_series(1, 40000) n' # more than the buffers
psql -qAt -c 'VACUUM ANALYZE' -c CHECKPOINT
oid_of()
{
	psql -qAtc "SELECT relfilenode FROM pg_class WHERE relname = '$1'"
}
small=$(oid_of small) big=$(oid_of big)
psql -qAtc 'SELECT pg_stat_reset()' -o /dev/null

tracers=()
for question in slow-queries lock-waits buffers; do
	start $question "$telltale" run --json -b "$postgres" "$root/samples/postgresql/$question.bt"
	tracers+=("$pid")
	wait_until 60 attached "$pid" || not_ok "$question attaches" "$(cat "$tmp/$question.err")"
done

# slow and fast queries
for n in 1 2 3; do
	psql -qAtc "SELECT $n, pg_sleep(0.05)" -o /dev/null
done
for n in 1 2 3 4 5 6 7 8; do
	psql -qAtc "SELECT $n AS fast" -o /dev/null
done
# a lock that somebody waits for
mkfifo "$tmp/fifo"
psql -qAt <"$tmp/fifo" >"$tmp/holder.out" 2>&1 &
holder=$!
started+=("$holder")
exec 4>"$tmp/fifo"
echo 'BEGIN; LOCK TABLE small IN ACCESS EXCLUSIVE MODE; SELECT 1;' >&4
wait_until 20 contains "$tmp/holder.out" 1
psql -qAtc 'SELECT count(*) AS waiting FROM small' >"$tmp/waiter.out" 2>&1 &
waiter=$!
started+=("$waiter")
waits()
{
	[ "$(psql -qAtc "SELECT count(*) FROM pg_locks WHERE NOT granted")" = 1 ]
}
wait_until 20 waits || not_ok "somebody waits for the lock"
waited_from=$EPOCHREALTIME
sleep 0.1 # what the wait lasts at the least
waited=$((${EPOCHREALTIME/./} - ${waited_from/./}))
echo 'COMMIT;' >&4
finished "$waiter"
exec 4>&-
finished "$holder"
# pages of two tables: one fits, one does not
for _ in 1 2 3; do
	psql -qAtc 'SELECT count(*) FROM small' -o /dev/null
	psql -qAtc 'SELECT count(*) FROM big' -o /dev/null
done
psql -qAtc 'SELECT pg_stat_force_next_flush()' -o /dev/null
backends_gone()
{
	! ps -o args= --ppid "$server" | grep -q 'postgres postgres'
}
wait_until 20 backends_gone
for tracer in "${tracers[@]}"; do
	stop "$tracer" INT
	[ "$code" = 0 ] || not_ok "a tracer ends well" "exit code $code"
done

is "slow-queries: the slow ones, with their text" \
	"$(jq -r '.printf // empty' "$tmp/slow-queries.out" | sed -n 's/.* ms  [0-9]*  \(SELECT [0-9], pg_sleep.*\)/\1/p')" \
	$'SELECT 1, pg_sleep(0.05)\nSELECT 2, pg_sleep(0.05)\nSELECT 3, pg_sleep(0.05)'
is "slow-queries: they took what they slept" \
	"$(jq -r '.printf // empty' "$tmp/slow-queries.out" | awk '/pg_sleep/ && $1 >= 50 && $1 < 1000' | wc -l)" 3
is "slow-queries: the one that waited is there" "$(jq -r '.printf // empty' "$tmp/slow-queries.out" | grep -c 'AS waiting')" 1
is "slow-queries: no fast one is there" "$(jq -r '.printf // empty' "$tmp/slow-queries.out" | awk '/AS fast/ && $1 < 10' | wc -l)" 0

is "lock-waits: one wait, for that relation, in mode AccessShare, by that query" \
	"$(jq -r '.printf // empty' "$tmp/lock-waits.out" | sed 's/^.* ms  [0-9]*  //')" \
	"relation $small type 0 mode 1  SELECT count(*) AS waiting FROM small"
is "lock-waits: as long as it was held" "$(jq -s --argjson least "$waited" --argjson relation "$small" \
	'[.[] | select(.map == "@waits_us" and .key == [$relation])] | length == 1 and .[0].sum >= $least' "$tmp/lock-waits.out")" true

pages() # MAP RELATION
{
	jq -s --arg map "$1" --argjson relation "$2" '[.[] | select(.map == $map and .key[1] == $relation) | .value] | add // 0' \
		"$tmp/buffers.out"
}
statistics() # TABLE COLUMN
{
	psql -qAtc "SELECT $2 FROM pg_statio_all_tables WHERE relname = '$1'"
}
is "buffers: hits of the small table, as the server counts them" "$(pages @hits "$small")" "$(statistics small heap_blks_hit)"
is "buffers: its misses" "$(pages @misses "$small")" "$(statistics small heap_blks_read)"
is "buffers: hits of the big one" "$(pages @hits "$big")" "$(statistics big heap_blks_hit)"
is "buffers: its misses" "$(pages @misses "$big")" "$(statistics big heap_blks_read)"
is "buffers: there are some" "$(($(pages @misses "$big") > 1000 && $(pages @hits "$small") > 0))" 1
finish
