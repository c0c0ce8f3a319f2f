#!/bin/bash
# What a PostgreSQL must emit that the test itself starts, on both engines: a server with its processes,
# clients, and its end.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
. "$root/tests/postgres.sh"
make_cluster
cat >session <<END
#!/bin/bash
# Starts a server, asks it three things, and stops it.
export PGHOST=$sockets PGUSER=postgres PGDATABASE=postgres
"$bin/pg_ctl" -D "$data" -w -s -l "$data/log" -o "-k $sockets ${server_options[*]}" start || exit 1
psql -qAt -c 'DROP TABLE IF EXISTS t' -c 'CREATE TABLE t AS SELECT generate_series(1, 100) n' || exit 1
psql -qAt -c 'SELECT count(*) FROM t' -c 'SELECT 1 / 1' || exit 1
"$bin/pg_ctl" -D "$data" -w -s -m fast stop
END
chmod 755 session
cat >expected <<'END'
postgresql:query__start(query == "SELECT count(*) FROM t") == 1
postgresql:query__start -> postgresql:query__done paired
postgresql:query__parse__start(str(arg0) == "SELECT 1 / 1") == 1
postgresql:transaction__start -> postgresql:transaction__commit by arg0 < 60s
postgresql:deadlock__found == 0
postgresql:checkpoint__done
END
chmod 644 expected
names='the command ends with exit code 0
postgresql:query__start(query == "SELECT count(*) FROM t") == 1
postgresql:query__start -> postgresql:query__done paired
postgresql:query__parse__start(str(arg0) == "SELECT 1 / 1") == 1
postgresql:transaction__start -> postgresql:transaction__commit by arg0 < 60s
postgresql:deadlock__found == 0
postgresql:checkpoint__done'

# emits ENGINE COMMAND...: all test points pass.
emits()
{
	local engine=$1

	shift
	rm -rf "$data/log"
	run "$@" check --engine "$engine" --json -b "$postgres" -x expected -- ./session
	is "the $engine engine: all that is expected" "$code: $(jq -r 'select(.name) | if .ok then .name else "\(.name): \(.problems[0].message)" end' <<<"$out")" \
		"0: $names"
}

cp "$telltale" telltale
emits user "${as_postgres[@]}" ./telltale

if "$telltale" count -t 0.1 -b "$postgres" postgresql:deadlock__found >/dev/null 2>&1; then
	cat >as_postgres <<END
#!/bin/bash
exec ${as_postgres[*]} ./session
END
	chmod 755 as_postgres
	run "$telltale" check --engine kernel --json -b "$postgres" -x expected -- ./as_postgres
	is "the kernel engine: all that is expected" "$code: $(jq -r 'select(.name) | if .ok then .name else "\(.name): \(.problems[0].message)" end' <<<"$out")" "0: $names"
else
	skip "the kernel engine" "it is not permitted here"
fi
finish
