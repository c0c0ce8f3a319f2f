#!/bin/bash
# What the README shows works: its program is compiled and its commands run, in a folder that looks
# like a clone.
. "$(dirname "$0")/../lib.sh"
need_tracing

mkdir "$tmp/clone" && cd "$tmp/clone" || exit 1
mkdir build
ln -s "$root/sdk" sdk
ln -s "$telltale" build/telltale
ln -s "$samples" build/samples
awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' "$root/README.md" >hello.c
# A command that goes on behind a backslash is one line.
awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 }
	on && sub(/\\$/, "") { printf "%s", $0; next }
	on && !/^make/' "$root/README.md" >commands

while read -r command; do
	run sh -c "$command"
	case $code-$err in
	0- | 0-'demo: '*' requests') ok "$command" ;;
	*) not_ok "$command" "exit code $code" "$err" ;;
	esac
	case $command in
	*' list -b'*) is "names and types" "$(tail -n 1 <<<"$out")" "  hello:greeting(int n, int argc, const char *from)" ;;
	*' trace -n 5'*)
		is "five events" "$(sed 's/.*greeting //' <<<"$out")" "$(for n in 0 1 2 3 4; do
			echo "n=$n argc=1 from=\"build/hello\""
		done)"
		;;
	*' count '*) like "a count" "$out" '^@\[hello:greeting\]: [0-9]+$' ;;
	*' hist '*) like "a histogram" "$out" '\[2, 4\) +2 \|@' ;;
	*--json*) is "JSON, the filter's events only" "$(grep -o '"n":[0-9]*' <<<"$out" | head -n 3 | xargs)" "n:0 n:2 n:4" ;;
	*' check -e '*) is "expectations hold" "$(grep -c '^ok' <<<"$out") $(grep -c '^not' <<<"$out")" "5 0" ;;
	*' check '*) like "a contract holds" "$out" '^TAP version 14' ;;
	*' run '*) like "a program" "$out" '@n: [0-9]+' ;;
	esac
done <commands
is "commands in the README" "$([ "$(lines commands)" -ge 5 ] && echo enough)" enough
is "the README names the folders that there are" \
	"$(sed -n 's/^| \[`\([a-z-]*\)\/`\].*/\1/p' "$root/README.md" | sort | xargs)" \
	"$(cd "$root" && find . -mindepth 1 -maxdepth 1 -type d ! -name '.*' ! -name build -printf '%f\n' | sort | xargs)"
finish
