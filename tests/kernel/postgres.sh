#!/bin/bash
# PostgreSQL, whose probes all have semaphores: what is listed, what is traced, what is counted, and
# the semaphores of every backend. A server of its own, on a socket in this test's folder.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
. "$root/tests/postgres.sh"

# ---- what is listed ----

notes=$(readelf -nW "$postgres" | awk '
	/Provider:/ { provider = $NF } /Name:/ { name = $2 } /Location:/ { site = $2; semaphore = $6; sub(/,$/, "", site) }
	/Arguments:/ { sub(/.*Arguments: ?/, ""); if (provider == "postgresql") print provider ":" name, site, semaphore, $0 }' |
	sed 's/ *$//' | sort)
run "$telltale" list --json -b "$postgres" 'postgresql:*'
is "list: as many notes as readelf finds" "$(jq -s 'map(.sites | length) | add' <<<"$out")" \
	"$(readelf -n "$postgres" | grep -c 'Provider: postgresql')"
case $bin in */15/bin)
	is "list: the 71 of PostgreSQL 15" "$(jq -s 'map(.sites | length) | add' <<<"$out")" 71
	;;
esac
is "list: names, sites, semaphores and operands, as readelf has them" \
	"$(jq -r '"\(.provider):\(.probe)" as $name | .sites[] | [$name, .address, .semaphore_address, .operands] | @tsv' <<<"$out" |
		while IFS=$'\t' read -r name site semaphore operands; do
			printf '%s 0x%016x 0x%016x %s\n' "$name" "$site" "$semaphore" "$operands"
		done | sed 's/ *$//' | sort)" "$notes"
is "list: every probe has a semaphore" "$(jq .semaphore <<<"$out" | sort -u)" true

need_tracing

# ---- a server ----

start_server

processes()
{
	echo "$server"
	ps -o pid= --ppid "$server"
}

# backends_gone: no client's backend is left; for wait_until.
backends_gone()
{
	! ps -o args= --ppid "$server" | grep -q 'postgres postgres'
}

first_site "$postgres" postgresql:query__start
semaphore_of()
{
	"$telltale" list --json -b "$postgres" "postgresql:$1" | jq '.sites[0].semaphore_address'
}
query_start=$(semaphore_of query__start)
base=$(load_base "$server" "$postgres")

# The values of a semaphore in all processes of the server, each once.
values()
{
	local process

	for process in $(processes); do
		semaphore_value "$process" $((base + ${1:-$query_start}))
	done | sort -nu | xargs
}

# ---- a backend from before, and its semaphore ----

mkfifo "$tmp/fifo"
psql -qAt <"$tmp/fifo" >"$tmp/early.out" 2>&1 &
early=$!
started+=("$early")
exec 4>"$tmp/fifo"
echo 'SELECT pg_backend_pid();' >&4
wait_until 20 contains "$tmp/early.out" '^[0-9]+$'
early_backend=$(head -n 1 "$tmp/early.out")
is "semaphores are 0 before" "$(values)" 0

# ---- the text of each query ----

start trace "$telltale" trace --json --strlen 4096 -b "$postgres" postgresql:query__start
tracer=$pid
if wait_until 30 watched "$server" "$postgres" postgresql:query__start; then
	ok "the tracer attaches"
else
	not_ok "the tracer attaches" "$(cat "$tmp/trace.err")"
	finish
fi
is "semaphores are up in the server and in every backend" "$(values | tr ' ' '\n' | awk '$1 < 1' | wc -l)" 0

long="SELECT '$(printf 'x%.0s' {1..3000})' AS long"
queries=(
	'SELECT 1'
	'SELECT  2 ;  -- as it stands'
	$'SELECT\n\t3'
	"SELECT 'grün 日本 \"quoted\" \\\\ back'"
	'CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)'
	'SELECT broken FROM nowhere'
	"$long"
)
for query in "${queries[@]}"; do
	psql -qAtc "$query" >/dev/null 2>&1
done
echo "SELECT 'from an early backend';" >&4
wait_until 20 contains "$tmp/early.out" 'from an early backend'
wait_until 20 contains "$tmp/trace.out" 'from an early backend'
is "semaphores are up in backends that were forked later" "$(psql -qAtc 'SELECT 1' >/dev/null; values | tr ' ' '\n' | awk '$1 < 1' | wc -l)" 0
stop "$tracer" INT
is "an interrupt ends it with exit code 0" "$code" 0
is "each query's text, as psql sent it, from backends of before and after the attach" \
	"$(jq -rs 'map(select(.probe)) | .[:8][].args.query' "$tmp/trace.out")" \
	"$(printf '%s\n' "${queries[@]}" "SELECT 'from an early backend';")"
is "the early backend is the one that said so" \
	"$(jq -r 'select(.args.query // "" | contains("early")) | .pid' "$tmp/trace.out")" "$early_backend"
is "each psql had a backend of its own" \
	"$(jq -r 'select(.probe) | .pid' "$tmp/trace.out" | head -n 7 | sort -u | wc -l)" 7
is "nothing is lost" "$(jq -s 'map(.lost // 0) | add' "$tmp/trace.out")" 0
is "semaphores are 0 afterwards" "$(wait_until 5 eval '[ "$(values)" = 0 ]'; values)" 0

# ---- the same by a program, and who it was ----

start plain "$telltale" run --json -n 2 -b "$postgres" \
	-e 'postgresql:query__start { printf("%s %d %d %s\n", comm, pid, tid, str(arg0)); }'
tracer=$pid
wait_until 30 watched "$server" "$postgres" postgresql:query__start
for n in 1 2; do
	psql -qAtc "SELECT pg_backend_pid(), $n" | tr '|' ' '
done >"$tmp/pids"
finished "$tracer"
is "run -n 2: ends by itself" "$code" 0
is "run: comm, pid, tid and the query's text" "$(jq -r 'select(.printf) | .printf | rtrimstr("\n")' "$tmp/plain.out")" \
	"$(while read -r process n; do
		echo "postgres $process $process SELECT pg_backend_pid(), $n"
	done <"$tmp/pids")"

# ---- one process of many ----

start one "$telltale" count --json -p "$early_backend" postgresql:query__start
tracer=$pid
wait_until 30 watched "$early_backend" "$postgres" postgresql:query__start
psql -qAtc 'SELECT 1' >/dev/null
for n in 1 2 3; do
	echo "SELECT 'number $n';" >&4
done
wait_until 20 contains "$tmp/early.out" 'number 3'
stop "$tracer" INT
is "count -p: the hits of that process only" "$(jq -r 'select(.map) | .value' "$tmp/one.out")" 3

# The server itself runs no query; the backends that it forks from now on do.
start forked "$telltale" count --json -p "$server" postgresql:query__start
tracer=$pid
wait_until 30 watched "$server" "$postgres" postgresql:query__start
echo "SELECT 'not of this count';" >&4
wait_until 20 contains "$tmp/early.out" 'not of this count'
for n in 1 2 3 4; do
	psql -qAtc "SELECT $n" >/dev/null
done
stop "$tracer" INT
is "count -p SERVER: hits of backends that it forked since" "$(jq -r 'select(.map) | .value' "$tmp/forked.out")" 4

# A semaphore that somebody else has raised comes back to what it was.
address=$((base + query_start))
printf '\003\000' | dd of="/proc/$early_backend/mem" bs=2 count=1 seek="$address" oflag=seek_bytes conv=notrunc 2>/dev/null
start other "$telltale" count --json -b "$postgres" postgresql:query__start
tracer=$pid
wait_until 30 watched "$early_backend" "$postgres" postgresql:query__start
is "a raised semaphore is raised further" "$(semaphore_value "$early_backend" $address)" 4
stop "$tracer" INT
is "and comes back to what it was" "$(wait_until 5 eval '[ "$(semaphore_value $early_backend $address)" = 3 ]'; semaphore_value "$early_backend" $address)" 3
printf '\000\000' | dd of="/proc/$early_backend/mem" bs=2 count=1 seek="$address" oflag=seek_bytes conv=notrunc 2>/dev/null

# ---- counts under pgbench ----

exec 4>&-
finished "$early"
psql -qAtc 'CREATE TABLE bench (id int PRIMARY KEY, n int); INSERT INTO bench SELECT g, 0 FROM generate_series(1, 100) g' >/dev/null
update='UPDATE bench SET n = n + 1 WHERE id = 7'
echo "$update;" >"$tmp/bench.sql"
bench() # CLIENTS TRANSACTIONS-OF-EACH
{
	"$bin/pgbench" -n -f "$tmp/bench.sql" -c "$1" -j 2 -t "$2" postgres >"$tmp/pgbench.out" 2>&1
	wait_until 20 backends_gone
}
committed()
{
	psql -qAtc 'SELECT sum(xact_commit) FROM pg_stat_database'
	wait_until 20 backends_gone
}
wait_until 20 backends_gone
committed >/dev/null
first=$(committed)
second=$(committed) # asking costs transactions, too
start counts "$telltale" count --json -b "$postgres" 'postgresql:*'
tracer=$pid
wait_until 30 watched "$server" "$postgres" postgresql:query__start
wait_until 30 watched "$server" "$postgres" postgresql:transaction__commit
raised=0
for semaphore in $(jq '.sites[0].semaphore_address' <<<"$("$telltale" list --json -b "$postgres" 'postgresql:*')"); do
	[ "$(semaphore_value "$server" $((base + semaphore)))" -ge 1 ] && raised=$((raised + 1))
done
is "postgresql:*: all semaphores are up" "$raised" "$("$telltale" list --json -b "$postgres" 'postgresql:*' | wc -l)"
bench 4 250
stop "$tracer" INT
third=$(committed)
is "postgresql:*: the exit code" "$code" 0
like "pgbench did what was asked" "$(cat "$tmp/pgbench.out")" 'actually processed: 1000/1000'
of()
{
	jq -r --arg probe "postgresql:$1" 'select(.map and .key[0] == $probe) | .value' "$tmp/counts.out"
}
is "count: commits, as the server's own statistics have them" "$(of transaction__commit)" \
	"$((third - second - (second - first)))"
is "count: every transaction that starts commits or aborts" "$(of transaction__start)" \
	"$(($(of transaction__commit) + 0$(of transaction__abort)))"
is "count: queries, one each transaction" "$(of query__start)" 1000
is "count: queries that end" "$(of query__done)" 1000
is "count: executions" "$(of query__execute__done)" "$(of query__execute__start)"
is "count: nothing is lost" "$(jq -s 'map(.lost // 0) | add' "$tmp/counts.out")" 0

start texts "$telltale" run --json -b "$postgres" -e 'postgresql:query__start { @[str(arg0)] = count(); }'
tracer=$pid
wait_until 30 watched "$server" "$postgres" postgresql:query__start
bench 2 300
stop "$tracer" INT
is "counted by the query's text" "$(jq -r --arg key "$update;" 'select(.map and .key[0] == $key) | .value' "$tmp/texts.out")" 600

# ---- the server's own view ----

is "the server never noticed: no crash, no error of its own" \
	"$(grep -cE 'PANIC|FATAL|terminated by signal' "$tmp/server.err")" 0
is "semaphores are 0 in the end" "$(wait_until 5 eval '[ "$(values)" = 0 ]'; values)" 0
stop "$server" INT
is "the server ends as it should" "$code" 0

finish
