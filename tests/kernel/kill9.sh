#!/bin/bash
# A tracer that is killed the hard way: its target runs on, semaphores are back at their old value,
# nothing stays attached, and the next tracer works.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
need_tracing

demo=$samples/demo
start demo "$demo" -r 500 -t 100
target=$pid
address=$(("$("$telltale" list --json -b "$demo" demo:reply | jq '.sites[0].semaphore_address')" + $(load_base "$target" "$demo")))

semaphore_is()
{
	[ "$(semaphore_value "$target" $address)" = "$1" ]
}

# What the tracer writes when killed is not to be relied on; that it had begun is.
tracing_began()
{
	semaphore_is "$1" && [ -n "$(links_of "$tracer")" ]
}

links_of()
{
	find "/proc/$1/fd" -lname 'anon_inode:bpf*' 2>/dev/null
}

for old in 0 5; do
	printf "\\x0$old\\0" | dd of="/proc/$target/mem" bs=2 count=1 seek="$address" oflag=seek_bytes conv=notrunc 2>/dev/null
	for way in "trace -p TARGET" "count -b DEMO" "hist -p TARGET --of args.bytes"; do
		command=${way/TARGET/$target}
		command=${command/DEMO/$demo}
		# shellcheck disable=SC2086
		start tracer "$telltale" $command demo:reply
		tracer=$pid
		if wait_until 20 tracing_began $((old + 1)); then
			ok "$way: the semaphore goes from $old to $((old + 1))"
		else
			not_ok "$way: the semaphore goes from $old to $((old + 1))" "it is $(semaphore_value "$target" $address)" \
				"$(cat "$tmp/tracer.err")"
		fi
		stop "$tracer" KILL
		is "$way: killed" "$code" 137
		if wait_until 10 semaphore_is "$old" && wait_until 10 not_watched "$target" "$demo" demo:reply; then
			ok "$way: the semaphore is back at $old, the site as it was"
		else
			not_ok "$way: the semaphore is back at $old, the site as it was" "it is $(semaphore_value "$target" $address)"
		fi
	done
done
printf '\0\0' | dd of="/proc/$target/mem" bs=2 count=1 seek="$address" oflag=seek_bytes conv=notrunc 2>/dev/null

check "the target is alive" kill -0 "$target"
run "$telltale" trace --json -n 5 -t 20 -p "$target" demo:reply
is "and does its work, as the next tracer sees" "$(jq -s 'map(select(.probe)) | length' <<<"$out")" 5
stop "$target" TERM
is "it ends as it should" "$code" 0
like "having served all the while" "$(cat "$tmp/demo.out")" 'demo: [0-9]+ requests'

# A command that telltale started, whose tracer is killed.
start tracer "$telltale" count demo:reply -- "$demo" -r 500 -t 100
tracer=$pid
command_of()
{
	ps -o pid=,comm= --ppid "$tracer" | awk '$2 !~ "^tt-" { print $1 }' | grep .
}
wait_until 20 command_of >/dev/null
command=$(command_of)
at_exit+=('kill -KILL $command 2>/dev/null')
runs_demo()
{
	[ "$(readlink "/proc/$command/exe")" = "$(readlink -f "$demo")" ]
}
wait_until 20 runs_demo
wait_until 20 watched "$command" "$demo" demo:reply
stop "$tracer" KILL
if ended "$command"; then
	ok "a command ends with its killed tracer, or lives unwatched: it ended"
elif wait_until 10 not_watched "$command" "$demo" demo:reply; then
	ok "a command ends with its killed tracer, or lives unwatched: it lives"
else
	not_ok "a command whose tracer was killed lives unwatched"
fi
kill -TERM "$command" 2>/dev/null
wait_until 10 ended "$command"

finish
