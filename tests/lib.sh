# Shared by the test scripts of tests/unit and tests/kernel: sourced, not run (bash). TAP, a folder
# that vanishes, processes that end with the test, and waiting for conditions.
#
# Sets root, build, telltale (override: TELLTALE), samples, tmp (a folder of this test).

set -u
export LC_ALL=C
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${TELLTALE_BUILD:-$root/build}
telltale=${TELLTALE:-$build/telltale}
samples=$build/samples
tmp=$(mktemp -d "${TMPDIR:-/tmp}/$(basename "$0" .sh).XXXXXX") || exit 1
chmod 755 "$tmp" # other users' processes work in it, too

# ---- TAP ----

tests=0
failures=0

explain()
{
	[ $# = 0 ] || printf '%s\n' "$@" | head -n 60 | cut -c 1-400 | sed 's/^/# /'
}

ok() # NAME
{
	tests=$((tests + 1))
	echo "ok $tests - $1"
}

not_ok() # NAME [EXPLANATION...]
{
	tests=$((tests + 1))
	failures=$((failures + 1))
	echo "not ok $tests - $1"
	shift
	explain "$@"
}

skip() # NAME REASON
{
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

skip_all() # REASON: of all that would follow
{
	if [ "$tests" -gt 0 ]; then
		skip "the rest" "$1"
		finish
	fi
	echo "1..0 # SKIP $1"
	exit 0
}

# is NAME GOT EXPECTED: two texts are equal.
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "- expected, + got:" \
			"$(diff -u <(printf '%s\n' "$3") <(printf '%s\n' "$2") | tail -n +3)"
	fi
}

# like NAME TEXT REGEX: the extended regular expression matches somewhere.
like()
{
	if [[ $2 =~ $3 ]]; then
		ok "$1"
	else
		not_ok "$1" "got: $2" "expected something like: $3"
	fi
}

# check NAME COMMAND...: the command succeeds.
check()
{
	local name=$1 said

	shift
	if said=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "failed: $*" "$said"
	fi
}

finish()
{
	echo "1..$tests"
	[ "$failures" = 0 ]
	exit
}

# ---- processes ----

started=()

# start NAME COMMAND...: in the background; output in $tmp/NAME.out and .err, its number in $pid.
start()
{
	local name=$1

	shift
	"$@" >"$tmp/$name.out" 2>"$tmp/$name.err" </dev/null &
	pid=$!
	started+=("$pid")
	wait_until 10 no_shell "$pid" # until then it is a copy of this script
}

no_shell()
{
	[ "$(readlink "/proc/$1/exe")" != "$(readlink /proc/$$/exe)" ] || ended "$1"
}

# finished PID [SECONDS]: waits until it ends (killing it after SECONDS, 30); its exit code in $code.
finished()
{
	wait_until "${2:-30}" ended "$1" || kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	code=$?
}

# stop PID [SIGNAL]: a signal (TERM), then as finished.
stop()
{
	kill -"${2:-TERM}" "$1" 2>/dev/null
	finished "$1"
}

# ended PID: it is gone, or a zombie that only this script still has to wait for.
ended()
{
	local state

	state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
	[ -z "$state" ] || [ "$state" = Z ]
}

# run COMMAND...: in the foreground, 60 s at most; leaves $out, $err and $code.
run()
{
	timeout -k 5 60 "$@" >"$tmp/run.out" 2>"$tmp/run.err" </dev/null
	code=$?
	out=$(cat "$tmp/run.out")
	err=$(cat "$tmp/run.err")
}

# wait_until SECONDS COMMAND...: until it succeeds; false when it did not in that time.
wait_until()
{
	local end=$((SECONDS + $1 + 1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# contains FILE REGEX: for wait_until.
contains()
{
	grep -Eq -- "$2" "$1" 2>/dev/null
}

lines() # FILE: how many it has
{
	wc -l <"$1" | tr -d ' '
}

have()
{
	command -v "$1" >/dev/null 2>&1
}

at_exit=()

clean_up()
{
	local command process

	trap '' INT TERM
	for command in "${at_exit[@]}"; do
		eval "$command"
	done
	for process in "${started[@]}"; do
		kill -TERM "$process" 2>/dev/null && finished "$process" 5
	done
	rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- telltale ----

# Ends the test as skipped where BPF is not permitted or the kernel lacks it.
need_tracing()
{
	run "$telltale" count -t 0.1 -b "$samples/demo" demo:tick
	case $code in
	0) ;;
	3 | 4) skip_all "${err%%$'\n'*}" ;;
	*)
		not_ok "telltale can trace at all" "exit code $code" "$err"
		finish
		;;
	esac
}

# has_feature NAME: what `telltale features` says of it here.
has_feature()
{
	[ "$("$telltale" features --json | jq "select(.feature == \"$1\") | .present")" = true ]
}

# semaphore_value PID ADDRESS: the two bytes there as a number.
semaphore_value()
{
	dd if="/proc/$1/mem" bs=2 count=1 skip="$2" iflag=skip_bytes 2>/dev/null | od -An -tu2 | tr -d ' '
}

# byte_at PID ADDRESS: the byte there, in hex.
byte_at()
{
	dd if="/proc/$1/mem" bs=1 count=1 skip="$2" iflag=skip_bytes 2>/dev/null | od -An -tx1 | tr -d ' '
}

# first_site FILE PROVIDER:NAME: the address of the probe's first site, in $at; asked for once.
declare -A sites
first_site()
{
	[ -n "${sites[$1 $2]-}" ] ||
		sites[$1 $2]=$("$telltale" list -b "$1" --json "$2" 2>/dev/null | jq '.sites[0].address' | head -n 1)
	at=${sites[$1 $2]}
	[ -n "$at" ]
}

# watched PID FILE PROVIDER:NAME: its first site has a breakpoint (or a call) where the nop was; for
# wait_until. So a test knows that a tracer has attached, by the kernel's word.
watched()
{
	local byte

	first_site "$2" "$3" || return
	byte=$(byte_at "$1" $((at + $(load_base "$1" "$2"))))
	[ -n "$byte" ] && [ "$byte" != 90 ]
}

not_watched()
{
	! watched "$@"
}

# attached PID: that tracer has attached everything, since it waits for events; for wait_until.
attached()
{
	[[ $(cat "/proc/$1/wchan" 2>/dev/null) == *poll* ]]
}

# load_base PID FILE: what is added to the file's addresses in that process.
load_base()
{
	local file first offset

	file=$(readlink -f "$2")
	first=$(readelf -lW "$file" 2>/dev/null | awk '$1 == "LOAD" { print $3; exit }')
	offset=$(awk -v file="$file" '$6 == file && $3 ~ /^0+$/ { split($1, a, "-"); print a[1]; exit }' \
		"/proc/$1/maps")
	[ -n "$offset" ] && echo $((16#$offset - first))
}
