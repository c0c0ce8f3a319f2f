#!/bin/bash
# Probes that match nothing: a warning beside one that matches, in a program; an error alone, in a verb,
# or where the program says so.
. "$(dirname "$0")/../lib.sh"

demo=$samples/demo
[ -x "$demo" ] || skip_all "samples/demo is not built"

program() { run "$telltale" run -d plan -b "$demo" -e "$1"; }
plan_of() { "$telltale" run -d plan -b "$demo" -e "$1"; }
one='demo:request { @a = count(); } END { print(@a); }'

program "$one demo:requestt { @b = sum(args.id); }"
is "beside one that matches: 0" "$code" 0
like "and a warning with its place" "$err" "^telltale: warning: -e:1:51: .*'demo:requestt'"
like "that names the near one" "$err" "did you mean 'demo:request'\?"
is "the rest is as without it" "$(grep -c '^program' <<<"$out")" "$(plan_of "$one" | grep -c '^program')"
program "demo:request, demo:requestt { @a = count(); }"
is "in one clause, too" "$code $(wc -l <<<"$err")" "0 1"
program "demo:request { @a = count(); } demo:requestt { @b = count(); } END { print(@b); }"
is "a map that only the missing one fills" "$code $(wc -l <<<"$err")" "0 1"
program "demo:requestt, demo:replyy { @ = count(); }"
is "none matches: 1" "$code $(grep -c ': error: ' <<<"$err")" "1 2"
program "BEGIN { @ = 1; } interval:s:1 { @ = 2; } END { @ = 3; } demo:requestt { @b = count(); }"
is "BEGIN, END and interval are not others" "$code $(grep -c ': error: ' <<<"$err")" "1 1"
for how in error:1:1 warn:0:1 ignore:0:0; do
	program "config = { missing_probes = ${how%%:*} } demo:request, demo:requestt { @ = count(); }"
	is "missing_probes = ${how%%:*}" "$code:$(grep -c "'demo:requestt'" <<<"$err")" "${how#*:}"
done
program "config = { missing_probes = warn } demo:requestt { @ = count(); }"
is "warn: also alone" "$code $(grep -c warning: <<<"$err")" "0 1"
for verb in count trace; do
	run "$telltale" "$verb" -b "$demo" demo:request demo:requestt
	is "$verb: each must match" "$code $(grep -c ': error: ' <<<"$err")" "1 1"
done
finish
