#!/bin/bash
# Runs a unit test under valgrind, as one test: no error, nothing definitely lost. A test's children
# that become other programs are not followed.
set -u
name=$(basename "$1")
log=$(mktemp) || exit 1
trap 'rm -f "$log" "$log.errors"' EXIT

said=$(valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
	--show-leak-kinds=definite,indirect \
	--log-file="$log" "$@" 2>&1)
code=$?
grep -av '^--' "$log" >"$log.errors" # but for system calls that valgrind does not know
if [ $code = 0 ] && [ ! -s "$log.errors" ]; then
	echo "ok 1 - $name under valgrind"
else
	echo "not ok 1 - $name under valgrind: exit code $code"
	{
		grep -a '^not ok' -A 5 <<<"$said"
		cat "$log.errors"
	} | head -n 60 | sed 's/^/# /'
fi
echo 1..1
