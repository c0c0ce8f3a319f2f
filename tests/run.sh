#!/bin/bash
# Runs the tests and sums them up. `make check` builds first; SAN=1 runs what needs no kernel, from
# build/san. NAMEs run only the suites that match one, such as `tests/run.sh unit/elf* kernel/cli`.
#
# Every test speaks TAP. A crash, a hang, a missing plan or an exit code that no `not ok` explains is
# a failure. Prints a line for each suite, what failed, why something is skipped, and at the end
# `N passed, N failed, N skipped`. Exit code 1 when something failed, or nothing ran.
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
cd "$root" || exit 1

san=${SAN:-0}
build=build
[ "$san" = 1 ] && build=build/san
jobs=$(nproc)
passed=0 failed=0 skipped=0

work=$(mktemp -d "${TMPDIR:-/tmp}/telltale-tests.XXXXXX") || exit 1
mkdir "$work/results" "$work/tmp"
chmod 711 "$work" # other users' processes (a database's) work below
chmod 1777 "$work/tmp"
export TMPDIR=$work/tmp
export TELLTALE_TESTS=$work # also marks every process that comes of this run
export TELLTALE_BUILD=$root/$build TELLTALE=$root/$build/telltale
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=${ASAN_OPTIONS-detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS-print_stacktrace=1}

# ---- what must not be left behind ----

# Processes of this run: by the mark in their environment, or by where they are (PostgreSQL writes
# over its environment).
processes_left()
{
	local folder pid

	for folder in /proc/[0-9]*; do
		pid=${folder#/proc/}
		[ "$pid" = $$ ] || [ "$pid" = "$BASHPID" ] && continue
		if tr '\0' '\n' <"$folder/environ" 2>/dev/null | grep -qx "TELLTALE_TESTS=$work" ||
			[[ $(readlink "$folder/cwd") == "$work"/* ]]; then
			# our own children that only come and go to find this out
			[ "$(awk '{ print $4 }' "$folder/stat" 2>/dev/null)" = "$BASHPID" ] && continue
			[[ $(cat "$folder/stat" 2>/dev/null) == *") Z "* ]] && continue
			[ -e "$folder" ] && echo "$pid"
		fi
	done 2>/dev/null
}

mounts()
{
	awk '{ print $5 }' /proc/self/mountinfo 2>/dev/null | sort
}

uprobes()
{
	cat /sys/kernel/tracing/uprobe_events /sys/kernel/debug/tracing/uprobe_events 2>/dev/null | sort -u
}

# BPF links that no process holds. Those of other people's tracers have a process.
links()
{
	command -v bpftool >/dev/null && command -v jq >/dev/null || return 0
	bpftool -j link 2>/dev/null | jq -r '.[]? | select((.pids // []) == []) | .id' 2>/dev/null | sort
}

state()
{
	mounts >"$work/mounts.$1"
	uprobes >"$work/uprobes.$1"
	links >"$work/links.$1"
}

added() # KIND: what came since the start
{
	comm -13 "$work/$1.before" "$work/$1.after"
}

left()
{
	local pid kind line

	for pid in $(processes_left); do
		echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c 1-200)"
	done
	state after
	for kind in mounts uprobes links; do
		added $kind | while read -r line; do
			echo "$kind: $line"
		done
	done
}

# The kernel takes programs off a little later than their last process ends.
check_left()
{
	local found

	for _ in 1 2 3 4 5 6 7 8 9 10; do
		found=$(left)
		[ -z "$found" ] && break
		sleep 0.5
	done
	if [ -z "$found" ]; then
		printf 'ok 1 - no process, uprobe, link or mount is left behind\n1..1\n'
	else
		printf 'not ok 1 - something is left behind\n'
		printf '%s\n' "$found" | sed 's/^/# /'
		printf '1..1\n'
	fi
}

# ---- suites ----

# suite NAME SECONDS COMMAND...: runs it; leaves its output, exit code and time in results/.
suite()
{
	local base=$work/results/${1//\//.} limit=$2 start=${EPOCHREALTIME/./} code

	echo "$1" >"$base.name"
	echo "$limit" >"$base.limit"
	shift 2
	timeout -k 5 "$limit" "$@" >"$base.out" 2>"$base.err" </dev/null
	code=$?
	echo $(((${EPOCHREALTIME/./} - start) / 100000)) >"$base.time"
	echo $code >"$base.code" # last: with it the suite has ended
}

# report NAME: a line, then what failed and what is skipped; adds to the totals.
report()
{
	local base=$work/results/${1//\//.} counts

	awk -v name="$1" -v code="$(cat "$base.code")" -v limit="$(cat "$base.limit")" \
		-v tenths="$(cat "$base.time")" -v err="$base.err" -v plain="${2-}" -v counts="$base.counts" '
	function detail(text) { details[++n] = text }
	function fail(why) { failed++; detail("  not ok - " why); broken = 1 }
	{ sub(/\r$/, "") }
	/^1\.\.[0-9]+/ {
		plans++
		plan += substr($1, 4)
		if ($1 == "1..0") {
			reason = $0
			if (!sub(/^1\.\.0 *# *[Ss][Kk][Ii][Pp][A-Za-z]* */, "", reason)) reason = "no tests"
			skipped++
			detail("  skipped: " (reason == "" ? "no reason is given" : reason))
		}
		next
	}
	/^(not )?ok([ \t]|$)/ {
		ran++
		explaining = 0
		text = $0
		sub(/^(not )?ok *[0-9]* *(- *)?/, "", text)
		if (match(text, /# *[Ss][Kk][Ii][Pp][A-Za-z]*:? */)) {
			skipped++
			reason = substr(text, RSTART + RLENGTH)
			text = substr(text, 1, RSTART - 1)
			sub(/ +$/, "", text)
			detail("  skipped: " text (text != "" && reason != "" ? ": " : "") reason)
		} else if (/^ok/) {
			passed++
		} else {
			failed++
			explaining = 1
			detail("  not ok - " text)
		}
		next
	}
	/^Bail out!/ { fail($0); next }
	/^#/ && explaining { detail("      " substr($0, 2)); next }
	END {
		if (code == 124 || code == 137) fail("no end within " limit " s")
		else {
			if (!plans && !plain) fail("ended without a plan (exit code " code ")")
			else if (plans && ran != plan) fail(plan " tests planned, " ran + 0 " run (exit code " code ")")
			if (code && !failed)
				fail(code > 128 ? "ended by signal " code - 128 : "exit code " code " without a failed test")
		}
		printf "%-28s %4d passed, %d failed, %d skipped  %7.1f s\n", name, passed, failed, skipped, tenths / 10
		for (i = 1; i <= n; i++) print details[i]
		if (failed) {
			while ((getline line < err) > 0) said[++m] = line
			for (i = m > 40 ? m - 39 : 1; i <= m; i++) print "      | " said[i]
		}
		print passed + 0, failed + 0, skipped + 0 > counts
	}' "$base.out"
	counts=$(cat "$base.counts")
	set -- $counts
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

names=("$@")
wanted() # NAME
{
	local pattern

	[ ${#names[@]} = 0 ] && return
	for pattern in "${names[@]}"; do
		[[ $1 == $pattern ]] && return
	done
	return 1
}

queue=() # of suites that run at the same time, as NAME<TAB>SECONDS<TAB>COMMAND
later()
{
	wanted "$1" && queue+=("$1"$'\t'"$2"$'\t'"$3")
}

# The queue, as many at a time as there are cores, reported in order.
run_queue()
{
	local next=0 reported=0 running=0 name limit command base

	while [ $reported -lt ${#queue[@]} ]; do
		while [ $running -lt "$jobs" ] && [ $next -lt ${#queue[@]} ]; do
			IFS=$'\t' read -r name limit command <<<"${queue[$next]}"
			# shellcheck disable=SC2086
			suite "$name" "$limit" $command &
			next=$((next + 1)) running=$((running + 1))
		done
		wait -n
		running=$((running - 1))
		while [ $reported -lt ${#queue[@]} ]; do
			name=${queue[$reported]%%$'\t'*}
			base=$work/results/${name//\//.}
			[ -e "$base.code" ] || break
			report "$name"
			reported=$((reported + 1))
		done
	done
	queue=()
}

now() # NAME SECONDS COMMAND...: alone
{
	wanted "$1" || return
	suite "$@"
	report "$1"
}

# programs FOLDER: the built C tests of it, one each line; the sources say which there must be.
programs()
{
	local source

	for source in tests/"$1"/*.c; do
		[ -e "$source" ] && echo "$1/$(basename "$source" .c)"
	done
}

scripts()
{
	local script

	for script in tests/"$1"/${2-}*.sh; do
		[ -e "$script" ] && [ "$(basename "$script")" != lib.sh ] && echo "$1/$(basename "$script" .sh)"
	done
}

# ---- the run ----

mounted=
clean_up()
{
	local pids

	trap '' INT TERM
	pids=$(processes_left)
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
	[ -n "$mounted" ] && umount "$mounted"
	mounts | grep "^$work/" | xargs -r umount -l
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

state before

for name in $(programs unit) $(programs golden); do
	later "$name" 120 "$build/tests/$name"
done
for name in $(scripts unit); do
	later "$name" 300 "tests/$name.sh"
done
for name in $(scripts user); do
	later "$name" 300 "tests/$name.sh"
done
run_queue

if [ "$san" != 1 ]; then
	# Other tools than ours want it; with the kernel's programs tracepoints do.
	if [ "$(id -u)" = 0 ] && [ -d /sys/kernel/tracing ] && [ ! -e /sys/kernel/tracing/events ] &&
		mount -t tracefs nodev /sys/kernel/tracing 2>/dev/null; then
		mounted=/sys/kernel/tracing
	fi
	for name in $(programs kernel); do
		now "$name" 300 "$build/tests/$name"
	done
	for name in $(scripts kernel); do
		now "$name" 300 "tests/$name.sh"
	done
	# once more as on kernels before 5.8, by the ways that newer ones do not take
	now kernel/demo-old-kernel 300 env TELLTALE_WITHOUT=uprobe_multi,multi_pid,cookie,ringbuf,atomics,task_storage,sleepable \
		tests/kernel/demo.sh
	for name in $(scripts qemu); do
		now "$name" 300 "tests/$name.sh"
	done
	for name in $(scripts sdk check-); do
		later "$name" 600 "tests/$name.sh"
	done
	for name in $(programs unit); do
		if command -v valgrind >/dev/null; then
			later "valgrind/${name#unit/}" 600 "tests/valgrind.sh $build/tests/$name"
		else
			later "valgrind/${name#unit/}" 600 "echo 1..0 # SKIP no valgrind"
		fi
	done
	run_queue
	if wanted fuzz; then
		FUZZ_SECONDS=${FUZZ_SECONDS:-5} suite fuzz 600 tests/fuzz/run.sh
		report fuzz plain
	fi
	if [ -n "$mounted" ]; then
		umount "$mounted" && mounted=
	fi
fi

check_left >"$work/results/left.out"
echo 0 | tee "$work/results/left.code" "$work/results/left.time" "$work/results/left.limit" >/dev/null
: >"$work/results/left.err"
report left

[ $((passed + failed)) -gt 0 ] || failed=1
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
