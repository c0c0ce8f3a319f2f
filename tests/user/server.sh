#!/bin/bash
# A PostgreSQL server started by telltale under the user engine, with its forks, signals and latches, as an
# ordinary user: every query of every backend is counted. (What it must emit: postgres.sh.)
. "$(dirname "$0")/lib.sh"
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
postgres=$bin/postgres
[ -x "$postgres" ] || skip_all "no PostgreSQL server (Debian's postgresql-15)"
have psql || skip_all "no psql"
need_ptrace

data=$tmp/data sockets=$tmp/sockets
"${as[@]}" mkdir "$sockets"
export PGHOST=$sockets PGUSER=postgres PGDATABASE=postgres HOME=$tmp
cd "$tmp" || exit 1
if ! said=$("${as[@]}" "$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C --no-sync 2>&1); then
	skip_all "no cluster can be made: $(head -n 1 <<<"$said")"
fi
options=(-D "$data" -k "$sockets" -c listen_addresses= -c fsync=off -c shared_buffers=16MB -c autovacuum=off)

answers()
{
	psql -qAtc 'SELECT 1' >/dev/null 2>&1
}

queries=20
work() # queries of several clients, and the orderly end of the server
{
	wait_until 30 answers || return
	seq -f 'SELECT %g * 2;' $queries >work.sql
	local first

	timeout 60 psql -qAt -f work.sql >work.out &
	first=$!
	timeout 60 psql -qAt -f work.sql >work2.out
	wait $first
	kill -INT "$(head -n 1 "$data/postmaster.pid")"
}

# ---- a count of what several backends do ----

start tracer "${as[@]}" "$tmp/telltale" run --engine user -e \
	'postgresql:query__start /str(arg0, 6) == "SELECT"/ { @start = count(); @[pid] = count(); } postgresql:query__done { @done = count(); }' \
	-- "$postgres" "${options[@]}"
tracer=$pid
work
finished "$tracer" 60
is "the server ends as it was told to" "$code" 0
is "the clients got their answers" "$(sort -n work.out | tail -n 1) $(sort -n work2.out | tail -n 1)" "$((2 * queries)) $((2 * queries))"
probes=$(sed -n 's/^@start: //p' "$tmp/tracer.out")
polls=$((probes - 2 * queries)) # of answers()
check "every query of every backend is counted" test "$polls" -ge 1
is "each by its backend" "$(grep -c "^@\[[0-9]*\]: $queries$" "$tmp/tracer.out")" 2

finish
