#!/bin/bash
# All of the tests that need no BPF, once more without any privilege: in a user and mount namespace of its
# own, without capabilities, with the system calls denied that Docker denies by default.
. "$(dirname "$0")/../lib.sh"
have gcc || skip_all "no compiler"
gcc -O2 -o "$tmp/confined" "$root/tests/tools/confined.c" || skip_all "confined does not build"
run "$tmp/confined" true
[ "$code" = 0 ] || skip_all "no namespaces may be made here: $err"
"$tmp/confined" env -u TELLTALE_TESTS TMPDIR=/tmp CI= "$root/tests/run.sh" 'unit/*' 'golden/*' 'user/*' >"$tmp/log" 2>&1
code=$?
like "unit, golden and user tests pass" "$code: $(tail -n 1 "$tmp/log")" '^0: [0-9]{3,} passed, 0 failed, [0-9]+ skipped$'
[ "$code" = 0 ] || grep -v '^ *ok' "$tmp/log" | head -50 | sed 's/^/# /'
finish
