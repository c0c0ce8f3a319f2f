#!/bin/sh
# What `make demo` shows: a program with markers, its probes, its events, a count, a histogram.
# Starts build/samples/demo, and stops it whatever happens.
set -eu

cd "$(dirname "$0")/.."
telltale=${TELLTALE:-build/telltale}
demo=${DEMO:-build/samples/demo}
pid=

stop() {
	if [ -n "$pid" ]; then
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
		pid=
	fi
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

show() {
	printf '\n# %s\n' "$1"
	shift
	printf '$ telltale'
	for word in "$@"; do
		case $word in
		*[!A-Za-z0-9_./:,=-]*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	printf '\n'
	"$telltale" "$@"
}

for file in "$telltale" "$demo"; do
	if [ ! -x "$file" ]; then
		echo "demo.sh: $file is missing; run make first" >&2
		exit 2
	fi
done

# Its own time limit ends it even should this script be killed the hard way.
"$demo" -r 20 -t 60 >/dev/null &
pid=$!
# Until then the process is still this shell.
while kill -0 "$pid" 2>/dev/null && ! [ "/proc/$pid/exe" -ef "$demo" ]; do
	sleep 0.05
done
echo "Watching $demo, process $pid: a program that serves 20 requests a second."

show "What can be watched: probes, with the names and types of their arguments" \
	list -p "$pid" 'demo:*'
show "Two seconds of requests, a line each" \
	trace -p "$pid" -t 2 demo:request
show "The same for other programs: one JSON object a line, here the first two replies" \
	trace -p "$pid" -n 2 -t 10 --json demo:reply
show "Counted in the kernel, no event is sent" \
	count -p "$pid" -t 2 'demo:*'
show "How the sizes of replies are spread" \
	hist -p "$pid" -t 3 --of args.bytes demo:reply
show "The verbs write programs; this is what the last one wrote" \
	hist -p "$pid" -t 3 --of args.bytes demo:reply --show-program

stop
echo
echo "The program is stopped, and nothing stays attached."
