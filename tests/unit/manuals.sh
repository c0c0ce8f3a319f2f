#!/bin/bash
# The manuals: what they are made of is in them, they render without a word from the formatter, and
# the programs in them are programs.
. "$(dirname "$0")/../lib.sh"

docs=$build/docs
command_page=$docs/telltale.1
language_page=$docs/telltale-language.7
header_page=$docs/telltale.h.3
for page in "$command_page" "$language_page" "$header_page"; do
	check "there is $(basename "$page")" [ -s "$page" ]
done

# ---- rendering ----

# render FILE: as a terminal would show it, without hyphens of the formatter's and overstrikes.
render()
{
	groff -mdoc -Tutf8 -P-c -P-b -P-u -P-o -rHY=0 -ww "$1" 2>&1
}

if have groff && [ -n "$(render "$command_page")" ]; then
	for page in "$command_page" "$language_page" "$header_page"; do
		is "$(basename "$page") renders without warnings" \
			"$(groff -mdoc -Tutf8 -ww "$page" 2>&1 >/dev/null)" ""
	done
	is "the language's page has its sections" \
		"$(render "$language_page" | grep -cxE 'PROBES|VALUES|EXPRESSIONS|STATEMENTS|FUNCTIONS|CONFIGURATION|LIMITS')" 7
else
	skip "the pages render" "no groff with the mdoc macros"
fi

# ---- what the program has is on the page ----

# missing PAGE TEXT...: prints those that the page does not have.
missing()
{
	local page=$1 word

	shift
	for word in "$@"; do
		grep -qF -- "$word" <<<"$page" || echo "$word"
	done
}

# plain FILE: a page's source with its escapes undone.
plain()
{
	sed 's/\\f[BIR]//g; s/\\-/-/g; s/\\%//g; s/\\(aq/'\''/g; s/\\(dq/"/g; s/\\(ga/`/g; s/\\(ti/~/g; s/\\(ha/^/g; s/\\&//g; s/\\e/\\/g' "$1"
}
command_text=$(plain "$command_page")
language_text=$(plain "$language_page")

mapfile -t verbs < <("$telltale" --list-verbs | cut -f 1)
is "verbs" "$(missing "$command_text" "${verbs[@]/#/.Ss }")" ""
check "there are verbs" [ "${#verbs[@]}" -ge 9 ]
for verb in "${verbs[@]}"; do
	mapfile -t options < <("$telltale" "$verb" --list-options | cut -f 1 | grep -vx -e -h -e --help)
	is "options of $verb" "$(missing "$command_text" "${options[@]}")" ""
	is "no option of $verb twice" "$(printf '%s\n' "${options[@]}" | sort | uniq -d)" ""
	mapfile -t helps < <("$telltale" "$verb" --list-options | cut -f 3 | grep -vx 'this text')
	is "what the options of $verb are said to do" "$(missing "$command_text" "${helps[@]}")" ""
done

# names FILE: what begins the rows of a C table.
names()
{
	sed -n "/$2/,/^};/s/^[\t ]*{\(\.name = \)*\"\([a-z_0-9]*\)\".*/\2/p" "$root/tracer/lang/$1"
}
mapfile -t functions < <(names func.c 'functions\[\] = {')
check "there are functions" [ "${#functions[@]}" -ge 45 ]
is "functions" "$(missing "$language_text" "${functions[@]/%/(}")" ""
mapfile -t builtins < <(names func.c 'builtins\[\] = {')
check "there are built-ins" [ "${#builtins[@]}" -ge 15 ]
for name in "${builtins[@]}"; do
	grep -qxF ".It \"$name\"" <<<"$language_text" || echo "$name"
done >"$tmp/builtins"
is "built-ins" "$(cat "$tmp/builtins")" ""
mapfile -t settings < <(names config.c 'settings\[\] = {')
check "there are settings" [ "${#settings[@]}" -ge 20 ]
is "settings" "$(missing "$language_text" "${settings[@]}")" ""
mapfile -t kinds < <(sed -n 's/^\t\[PROBE_[A-Z_]*\] = {"\([A-Za-z]*\)".*/\1/p' "$root/tracer/probe/kind.c")
check "there are kinds of probes" [ "${#kinds[@]}" -ge 14 ]
is "kinds of probes" "$(missing "$language_text" "${kinds[@]/#/.It \"}")" ""
mapfile -t macros < <(sed '/^ \* For headers that/q' "$root/sdk/telltale.h" |
	sed -n 's/^#define \(TELLTALE_*[A-Z_]*\)(.*/\1/p' | grep -v TELLTALE_X_)
check "there are macros" [ "${#macros[@]}" -ge 10 ]
is "the header's macros" "$(missing "$(plain "$header_page")" "${macros[@]/%/(}")" ""
is "no table was left out" "$(grep -h '^@' "$command_page" "$language_page" "$header_page")" ""

# ---- programs ----

# Each into a file of its own: the block behind `.\" program`; the words behind that are parameters.
awk -v folder="$tmp" '
	/^\.\\" program/ { n++; file = folder "/program" n; print substr($0, 13) >(file ".words"); next }
	file && /^\.Bd/ { on = 1; next }
	/^\.Ed/ { on = 0; file = "" }
	on { gsub(/\\e/, "\\"); print >file }' "$language_page"
count=$(ls "$tmp"/program*.words | wc -l)
check "there are programs" [ "$count" -ge 6 ]
for ((n = 1; n <= count; n++)); do
	program=$tmp/program$n
	name="program $n, $(grep -m 1 ':' "$program")"
	read -ra words <"$program.words"
	run "$telltale" run -d types -b "$samples/demo" -b "$(ldd "$samples/demo" | awk '$1 == "libc.so.6" { print $3 }')" \
		"$program" "${words[@]}"
	if grep -q '^tracepoint' "$program" && [ "$code" = 3 ]; then
		skip "$name" "$err"
	elif [ "$code" = 0 ] && [ -z "$err" ]; then
		ok "$name"
	else
		not_ok "$name" "exit code $code" "$err"
	fi
done
finish
