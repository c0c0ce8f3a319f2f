# A PostgreSQL of a test's own: sourced behind lib.sh. Sets `postgres` (the server's program) and, after
# make_cluster, as_postgres (runs a command as its user; we ourselves where we are not root), data,
# sockets and the environment of psql(1).

bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
postgres=$bin/postgres
[ -x "$postgres" ] || skip_all "no PostgreSQL server (Debian's postgresql-15)"

# Nothing runs a transaction of its own.
server_options=(-c listen_addresses= -c fsync=off -c shared_buffers=16MB -c autovacuum=off
	-c max_logical_replication_workers=0 -c max_parallel_workers_per_gather=0)

# make_cluster: an empty one, in this test's folder.
make_cluster()
{
	local said

	as_postgres=()
	if [ "$(id -u)" = 0 ]; then
		id postgres >/dev/null 2>&1 || skip_all "a server does not run as root, and there is no user postgres"
		as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups --)
		chmod 755 "$tmp"
	fi
	data=$tmp/data
	sockets=$tmp/sockets
	mkdir "$data" "$sockets"
	[ ${#as_postgres[@]} = 0 ] || chown postgres "$data" "$sockets"
	export PGHOST=$sockets PGUSER=postgres PGDATABASE=postgres HOME=$tmp
	cd "$tmp" || exit 1
	if ! said=$("${as_postgres[@]}" "$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C --no-sync 2>&1); then
		not_ok "a cluster is made" "$said"
		finish
	fi
}

answers()
{
	psql -qAtc 'SELECT 1' >/dev/null 2>&1
}

# start_server: sets `server`, its pid; ends with the test.
start_server()
{
	make_cluster
	start server "${as_postgres[@]}" "$postgres" -D "$data" -k "$sockets" "${server_options[@]}"
	server=$pid
	at_exit+=('kill -INT $server 2>/dev/null && finished $server 20')
	if ! wait_until 30 answers; then
		not_ok "the server answers" "$(cat "$tmp/server.err")"
		finish
	fi
	ok "a server of its own"
}
