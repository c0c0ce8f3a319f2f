#!/bin/bash
# An hour's work, by its number of hits and not by time: memory and descriptors of telltale stay level,
# with events, with keys that come and go, and with children that come and go.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
need_tracing
. "$(dirname "$0")/../hammer.sh"
hits=100000
[ "${LONG:-0}" = 1 ] && hits=5000000

resident() # PID: kilobytes that are its own
{
	awk '$1 == "RssAnon:" { print $2 }' "/proc/$1/status"
}

descriptors_of()
{
	find "/proc/$1/fd" | wc -l
}

spare=8

# soak NAME LINES PROGRAM COMMAND...: runs the program on the command; looks after a tenth of the lines
# that come of it, and near the end.
soak()
{
	local name=$1 lines=$2 program=$3 tracer reader early early_files late late_files

	shift 3
	mkfifo "$tmp/pipe" "$tmp/hold"
	# Its end waits until we have looked.
	"$telltale" run --json --ring-size 16M -b "$1" -e "$program" -- \
		sh -c '"$@"; cat "$0"' "$tmp/hold" "$@" >"$tmp/pipe" 2>"$tmp/tracer.err" &
	tracer=$!
	started+=("$tracer")
	rm -f "$tmp/early" "$tmp/late"
	# Not awk: mawk keeps lines to itself until it has 4096 bytes.
	perl -ne 'BEGIN { ($early, $late) = splice(@ARGV, 0, 2) } if ($. == $early) { open(F, ">", "'"$tmp"'/early") }
		if ($. == $late) { open(F, ">", "'"$tmp"'/late") }' $((lines / 10)) $((lines * 9 / 10)) <"$tmp/pipe" &
	reader=$!
	check "$name: the first tenth" wait_until 120 test -e "$tmp/early"
	early=$(resident $tracer) early_files=$(descriptors_of $tracer)
	check "$name: nine tenths" wait_until 250 test -e "$tmp/late"
	late=$(resident $tracer) late_files=$(descriptors_of $tracer)
	: >"$tmp/hold"
	wait $reader
	rm "$tmp/pipe" "$tmp/hold"
	finished $tracer
	is "$name: ends well" "$code" 0
	# A file that the shell has just loaded may still be open.
	check "$name: as many descriptors (from $early_files to $late_files)" \
		test "$late_files" -le $((early_files + spare))
	check "$name: as much memory (from $early kB to $late kB)" test "$late" -le $((early + 512))
}

soak "events" $((hits * 2)) 'hammer:one { printf("%d\n", args.i); }' "$hammer" 2 $hits
soak "keys" $((hits / 10)) 'hammer:one { @[args.i] = count(); delete(@[args.i - 3]); }
	hammer:one /args.i % 10 == 0/ { printf("%d\n", args.i); }' "$hammer" 1 $hits
acts=$tmp/acts
${CC:-gcc} -O2 -I"$root/sdk" -o "$acts" "$root/tests/programs/acts.c" -ldl
# A link watches each child for libraries, also when it has ended: to take one off costs more than to keep
# it, and 512 are the most (engine/kernel/news.c).
spare=520
soak "children" $((hits / 100)) 'acts:hit { printf("%d\n", pid); }' "$acts" fork $((hits / 100))
finish
