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

# ---- the examples of telltale(1), on a process of the sample; what has no end is interrupted ----

start demo "$samples/demo" -r 100
target=$pid
ln -s hello build/prog
awk '/^\.Sh EXAMPLES/ { examples = 1 }
	/^\.Ed/ { on = 0 }
	on { gsub(/\\e/, "\\") }
	on && /^ / { sub(/^ */, " "); printf "%s", $0; next }
	on { printf "%s%s", separator, $0; separator = "\n" }
	examples && /^\.Bd/ { on = 1 }
	END { print "" }' "$root/docs/telltale.1.in" |
	sed "s/4711/$target/; s/\([ >]\)prog/\1build\/prog/g; s/^telltale/build\/telltale/" >examples
while read -r command; do
	rm "$tmp/run.out" # a command that a trace has left behind still writes its last words there
	case $command in
	*' list '* | *' check '* | *' -- '* | *' -t '*) run sh -c "$command" ;;
	*) run timeout --preserve-status -s INT 2 sh -c "exec $command" ;;
	esac
	if [ "$code" = 0 ] && [ -n "$out$(find build -name prog.contract)" ]; then
		ok "$command"
	else
		not_ok "$command" "exit code $code" "$out" "$err"
	fi
done <examples
is "examples in the manual" "$([ "$(lines examples)" -ge 12 ] && echo enough)" enough
finish
