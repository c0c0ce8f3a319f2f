#!/bin/bash
# The user engine's limits, each said with what helps; and how it is chosen by itself.
. "$(dirname "$0")/lib.sh"
need_ptrace

run "${as[@]}" "$tmp/telltale" count both:numbers -- "$both" numbers
if [ "$(id -u)" = 0 ]; then
	like "without permission for BPF it is chosen by itself, and one line says so" "$err" \
		'^telltale: warning: the user engine \(ptrace\) runs this: .*CAP_BPF[^'$'\n'']*$'
else
	skip "chosen by itself" "not root: this user may be permitted"
fi
like "and counts" "$out" 'both:numbers\]: 200'
user count both:numbers -b "$both"
like "-b alone" "$code $err" '^2 .*-p PID or -- COMMAND.*--engine kernel'
user run -e 'kprobe:vfs_read { @ = count(); }' -- "$both" numbers
like "what is the kernel's" "$code $err" '--engine kernel|kprobe'
check "is refused" test "$code" != 0
if [ "$(id -u)" = 0 ]; then
	start other "$both" forever
	user count both:tick -p "$pid"
	like "another user's process" "$code $err" '^3 .*CAP_SYS_PTRACE'
fi
user count both:tick -p 4194304
like "no process" "$code $err" '^2 .*no process 4194304'
run "$telltale" count --engine guess both:tick -p 1
like "no such engine" "$code $err" "^2 .*none of auto, kernel, user"
user run -e 'both:numbers { printf("%s\n", kstack); }' -- "$both" numbers
check "the kernel's stack: no crash, no invention" test "$code" -lt 128
if have jq; then
	user trace --json -n 1 both:pointer -- "$both" texts
	is "what can't be read is null and named" "$(jq -c 'select(.probe) | [.args.bad, .unreadable]' <<<"$out")" '[null,["bad"]]'
fi

finish
