#!/bin/bash
# The user engine and what processes do: threads, children, execve, libraries, signals, stops, deaths;
# each without privileges, against what the program is known to do.
. "$(dirname "$0")/lib.sh"
need_ptrace

value() # MAP: of a run's output
{
	sed -n "s/^$1: //p" <<<"$out"
}

user run -e 'both:thread { @ = count(); @s = sum(args.i); }' -- "$both" threads
is "threads: every hit" "$(value @) $(value @s)" "4000 $((8 * 500 * 499 / 2))"
user run -e "uretprobe:$both:mix { @ = count(); } uprobe:$both:mix { @in = count(); }" -- "$both" threads
is "threads: every return" "$(value @) $(value @in)" "4000 4000"

# by hand: two copies with fib(5) (15 calls, 5 + 0 and 5 + 1), two that become another program
"$both" children
wanted=$?
user run -e "both:child { @c = count(); } both:numbers { @n = count(); } uprobe:$both:fib { @f = count(); }" -- "$both" children
is "children: their ends are what they are without it" "$code" "$wanted"
is "children: hits of copies and of what they become" "$(value @c) $(value @n) $(value @f)" "2 400 30"
user run --no-follow -e "both:child { @c = count(); } both:numbers { @n = count(); } uprobe:$both:fib { @f = count(); }" \
	-- "$both" children
is "not followed: they live without us" "$code $(value @c) $(value @n) $(value @f)" "$wanted 0 0 0"

user run --wait -e 'library:constructor { @c = count(); } library:hit { @h = count(); @[str(args.name)] = count(); }' -- \
	"$both" loads "$tmp/library.so"
is "libraries that are loaded, unloaded and loaded again, from their constructors on" \
	"$code $(value @c) $(value @h) $(value '@\[library\]')" "0 3 3 3"
user run -e "usdt:$tmp/library.so:library:hit { @h = count(); }" -- "$both" loads "$tmp/library.so"
is "named beforehand" "$code $(value @h)" "0 3"
printf '#!/bin/sh\nexec "%s" numbers\n' "$both" >"$tmp/script"
chmod 755 "$tmp/script"
user run -e "usdt:$both:both:numbers { @ = count(); }" -- "$tmp/script"
is "a script that becomes the program" "$(value @)" 200

user run -e 'both:signals { @s = count(); } both:handler { @h[args.number] = count(); }' -- "$both" signals
is "signals: its own traps are its own, and handlers run" "$code $(value @s) $(value '@h\[10\]')" "20 10 10"

user count both:numbers -- "$both" dies
is "a command that dies: its signal is the exit code, its hits are there" "$code $out" "$((128 + 11)) @[both:numbers]: 200"
user run -e 'BEGIN { printf("begin\n"); } both:numbers { @ = count(); } END { printf("end\n"); } interval:ms:20 { @i = count(); }' \
	-- "$both" numbers
is "BEGIN and END, in order" "$(grep -v @ <<<"$out" | xargs)" "begin end"

# ---- of -p ----

# with "${as[@]}" so that it belongs to that user
start forever "${as[@]}" "$both" forever
target=$pid
wait_until 10 contains "/proc/$target/comm" both
check "the target can be traced at all" kill -0 "$target"
sites()
{
	"$telltale" list --json -b "$both" | jq -r '.sites[] | .address, .semaphore_address // empty'
}
base=$(load_base "$target" "$both")
at_sites() # the bytes at all sites and semaphores
{
	local at

	for at in $(sites); do
		dd if="/proc/$target/mem" bs=1 count=2 skip=$((at + base)) iflag=skip_bytes 2>/dev/null | od -An -tx1
	done
}
before=$(at_sites)
user run -t 0.3 -e 'both:tick { @ = count(); }' -p "$target"
is "a running process: exit code" "$code" 0
check "is counted" test "$(value @)" -gt 20
is "every byte and semaphore is as it was" "$(at_sites)" "$before"
check "and it lives" kill -0 "$target"

start tracer "${as[@]}" "$tmp/telltale" run --engine user -e "both:* { @ = count(); } uprobe:$both:mix { @m = count(); } uretprobe:$both:mix { @r = count(); }" -p "$target"
tracer=$pid
first_site "$both" both:tick
raised()
{
	[ "$(at_sites)" != "$before" ]
}
wait_until 20 raised
kill -STOP "$target"
stopped()
{
	[[ $(sed 's/.*) //' "/proc/$target/stat") =~ ^[Tt] ]]
}
check "SIGSTOP stops it under trace" wait_until 10 stopped
like "as a stop of the whole process" "$(grep State "/proc/$target/status")" 'T \(stopped\)|t \(tracing'
kill -CONT "$target"
goes_on()
{
	! stopped
}
check "SIGCONT lets it go on" wait_until 10 goes_on
run "${as[@]}" "$tmp/telltale" count --engine user -t 0.1 both:tick -p "$target"
like "a second tracer is told who is there" "$code $err" "^3 .*is traced by process [0-9]+"
kill -STOP "$target"
wait_until 10 stopped
stop "$tracer" INT
is "the tracer ends while it is stopped" "$code" 0
check "which it still is then" stopped
is "with every byte as it was" "$(at_sites)" "$before"
kill -CONT "$target"
check "and goes on" wait_until 10 goes_on
check "all hits came with their returns" awk '/^@m/ { m = $2 } /^@r/ { r = $2 } END { exit !(m > 0 && m - r <= 1 && r - m <= 1) }' \
	"$tmp/tracer.out"

# again and again, while it runs
for i in 1 2 3 4 5 6 7 8; do
	user run -t 0.0$i -e "both:tick { @ = count(); } uprobe:$both:mix { @m = count(); } uretprobe:$both:mix { @r = count(); }" -p "$target"
	[ "$code" = 0 ] || break
done
is "attached and detached again and again" "$code" 0
is "without a trace" "$(at_sites)" "$before"
check "it runs on" kill -0 "$target"
start tracer "${as[@]}" "$tmp/telltale" count --engine user both:tick -p "$target"
tracer=$pid
wait_until 20 raised
kill -KILL "$target"
finished "$tracer"
is "a target that is killed ends the run" "$code" 0
like "with its count" "$(cat "$tmp/tracer.out")" 'both:tick\]: [0-9]+'

finish
