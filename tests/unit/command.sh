#!/bin/bash
# The command line where nothing is traced: bad input, each with one clear line and its exit code;
# listings as text and as JSON; help. Needs no privileges (some cases need root to give them up).
. "$(dirname "$0")/../lib.sh"

demo=$samples/demo
[ -x "$demo" ] || skip_all "samples/demo is not built"

# refused NAME CODE REGEX COMMAND...: exit code, nothing on standard output, one line that says it.
refused()
{
	local name=$1 expected=$2 regex=$3

	shift 3
	run "$@"
	if [ "$code" = "$expected" ] && [ -z "$out" ] && [ "$(wc -l <"$tmp/run.err")" = 1 ] && [[ $err =~ ^telltale:\ .*$regex ]]; then
		ok "$name"
	else
		not_ok "$name" "exit code $code (expected $expected), expected one line with: $regex" \
			"standard output: $out" "standard error: $err"
	fi
}

# ---- files ----

: >"$tmp/empty"
echo 'a text' >"$tmp/text"
mkdir "$tmp/folder"
head -c 100 "$demo" >"$tmp/cut"
mkfifo "$tmp/fifo"
refused "not ELF" 2 'not an ELF file' "$telltale" list -b "$tmp/text"
refused "empty" 2 'empty' "$telltale" list -b "$tmp/empty"
refused "truncated" 2 'truncated' "$telltale" list -b "$tmp/cut"
refused "a directory" 2 'directory' "$telltale" list -b "$tmp/folder"
refused "a fifo" 2 'not a' "$telltale" list -b "$tmp/fifo"
refused "no such file" 2 'No such file' "$telltale" list -b "$tmp/nothing"
refused "trace: not ELF" 2 'not an ELF file' "$telltale" trace -b "$tmp/text"
refused "a name of no characters" 2 '' "$telltale" list -b ''
refused "no probes" 1 'no probes' "$telltale" list -b /bin/true

# Cut at every place, with what was cut off missing or zero: a listing or a line, never a crash.
size=$(stat -c %s "$demo")
worst=
for ((at = 0; at < size; at += size / 64 + 1)); do
	head -c $at "$demo" >"$tmp/part"
	cp "$tmp/part" "$tmp/zeros"
	truncate -s "$size" "$tmp/zeros"
	for file in part zeros; do
		run "$telltale" list --json -v -b "$tmp/$file"
		case $code in
		0) [ -n "$out" ] || worst+="$file at $at: exit code 0, nothing listed"$'\n' ;;
		1 | 2) [ "$(grep -c '^telltale: ' "$tmp/run.err")" -ge 1 ] || worst+="$file at $at: exit code $code, no word"$'\n' ;;
		*) worst+="$file at $at: exit code $code: $err"$'\n' ;;
		esac
	done
done
is "cut at any place" "$worst" ""

as_nobody=()
if [ "$(id -u)" = 0 ] && have setpriv; then
	as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --)
	cp "$telltale" "$tmp/telltale" # below a folder that nobody else may look into, perhaps
	cp "$demo" "$tmp/secret"
	chmod 600 "$tmp/secret"
fi
if [ ${#as_nobody[@]} -gt 0 ] && "${as_nobody[@]}" "$tmp/telltale" --version >/dev/null 2>&1; then
	refused "unreadable" 3 'Permission denied' "${as_nobody[@]}" "$tmp/telltale" list -b "$tmp/secret"
	refused "another user's process" 3 'CAP_SYS_PTRACE' "${as_nobody[@]}" "$tmp/telltale" list -p $$
	chmod 644 "$tmp/secret"
	run "${as_nobody[@]}" "$tmp/telltale" list -b "$tmp/secret" demo:reply
	is "listing a file needs no privileges" "$code" 0
else
	skip "unreadable" "not root"
	skip "another user's process" "not root"
	skip "listing a file needs no privileges" "not root"
fi

# ---- processes ----

(exit 0) &
gone=$!
wait $gone
refused "a pid that does not exist" 2 "no process $gone" "$telltale" list -p $gone
refused "trace: a pid that does not exist" 2 "no process $gone" "$telltale" trace -p $gone
for pid in 0 -1 abc 99999999999999999999 1.5 ''; do
	refused "no pid: '$pid'" 2 '-p' "$telltale" list -p "$pid"
done
# Its parent never waits for it.
start parent sh -c '"$0" -n 1 -r 0 >/dev/null & echo $!; exec sleep 100' "$demo"
parent=$pid
wait_until 10 contains "$tmp/parent.out" '^[0-9]+$'
zombie=$(cat "$tmp/parent.out")
wait_until 10 ended "$zombie"
refused "a process that has ended, and is still in the table" 2 "$zombie" "$telltale" list -p "$zombie"
stop "$parent"

# ---- probes ----

refused "a probe that matches nothing, and near names" 1 "demo:requst.*demo:request" "$telltale" list -b "$demo" demo:requst
refused "a pattern that matches nothing" 1 "zzz" "$telltale" list -b "$demo" 'zzz*:*'
refused "no target" 2 'no target' "$telltale" list
refused "an option that is not there" 2 "'--jsn'.*--json" "$telltale" list --jsn
refused "an option without its value" 2 '-b' "$telltale" list -b
refused "a verb that is not there" 2 "'lst'.*'list'" "$telltale" lst
refused "a count that is none" 2 "'many'" "$telltale" trace -b "$demo" -n many
refused "a time that is none" 2 "'-1'" "$telltale" trace -b "$demo" -t -1
refused "hist without its value" 2 '--of' "$telltale" hist -b "$demo" demo:reply
refused "a command that is not there" 2 'No such file' "$telltale" trace demo:reply -- "$tmp/nothing"
refused "no program" 2 'program' "$telltale" run -b "$demo"

# complains NAME REGEX COMMAND...: a program's error, with its place, the line and a caret.
complains()
{
	local name=$1 regex=$2

	shift 2
	run "$@"
	if [ "$code" = 2 ] && [ -z "$out" ] && [[ $err =~ ^[^:]+:[0-9]+:[0-9]+:\ error:\ .*$regex ]] &&
		[ "$(sed -n 3p "$tmp/run.err" | tr -d ' \t~')" = '^' ]; then
		ok "$name"
	else
		not_ok "$name" "exit code $code, expected 2 and: $regex" "$out" "$err"
	fi
}
complains "an argument that is not there, and near names" "'byts'.*'bytes'" "$telltale" hist -b "$demo" demo:reply --of args.byts
complains "a filter that is cut off" 'expected' "$telltale" trace -b "$demo" demo:reply --filter 'args.id =='
complains "a program that is none" 'expected' "$telltale" run -b "$demo" -e 'demo:reply { printf("%d" }'

# ---- listings ----

run "$telltale" list -b "$demo"
is "list: names and types of a program's own markers" "$out" "$demo:
  demo:reply(int id, int status, uint64_t bytes)
  demo:request(int id, const char *path, double seconds)
  demo:detail(int id, const char *text)
  demo:tick(uint64_t seconds, int64_t served)"
is "list: not a word beside" "$err" ""
run "$telltale" list -b "$demo" 'demo:re*' demo:tick
is "list: globs" "$(grep -o 'demo:[a-z]*(' <<<"$out" | xargs)" "demo:reply( demo:request( demo:tick("
for n in 1 2 3 4 5 6 7 8; do
	"$telltale" list -v -b "$demo" 2>"$tmp/pipe.err" | head -n 1 >"$tmp/pipe.out"
	statuses="${PIPESTATUS[*]}"
	[ "$statuses $(cat "$tmp/pipe.err")" = "0 0 " ] || break
done
is "list | head -1 ends quietly" "$statuses $(cat "$tmp/pipe.err")" "0 0 "
refused "standard output that is full" 2 'No space left' sh -c '"$0" list -b "$1" >/dev/full' "$telltale" "$demo"

if have jq; then
	run "$telltale" list --json -b "$demo"
	is "list --json: an object for each probe" "$(jq -r '"\(.provider):\(.probe) \(.semaphore) \(.args | map(.name) | join(","))"' <<<"$out")" \
		"demo:reply true id,status,bytes
demo:request false id,path,seconds
demo:detail true id,text
demo:tick false seconds,served"
	is "list --json: what each object has" "$(jq -c 'keys' <<<"$out" | sort -u)" '["args","file","kind","probe","provider","semaphore","sites"]'
	is "list --json: what each argument has" "$(jq -c '.args[] | keys' <<<"$out" | sort -u)" '["name","signed","size","type"]'
	is "list --json: what sites have" "$(jq -c '.sites[] | keys' <<<"$out" | sort -u)" \
		'["address","args","offset","operands","semaphore_address","semaphore_offset"]
["address","args","offset","operands"]'
	is "list --json: sizes and signs" "$(jq -c 'select(.probe == "reply") | .args | map([.type, .size, .signed])' <<<"$out")" \
		'[["int",4,true],["int",4,true],["uint64_t",8,false]]'
	is "list --json: a double is a float at its site, too" \
		"$(jq -c 'select(.probe == "request") | .sites[0].args | map(.float)' <<<"$out")" '[false,false,true]'
	is "list --json: kinds of operands" "$(jq -r '.sites[].args[].kind' <<<"$out" | sort -u | grep -vE '^(const|reg|mem|symmem|symconst)$')" ""
	is "list --json: sites and semaphores as readelf has them" \
		"$(jq -r '"\(.provider):\(.probe)" as $name | .sites[] | "\($name) \(.address) \(.semaphore_address // 0)"' <<<"$out" | sort)" \
		"$(readelf -nW "$demo" | awk '/Provider:/ { provider = $NF } /Name:/ { name = $2 }
			/Location:/ { sub(/,$/, "", $2); print provider ":" name, $2, $6 }' |
			while read -r name site semaphore; do
				echo "$name $((site)) $((semaphore))"
			done | sort)"
	run "$telltale" features --json
	is "features --json: each with a name and an answer" "$(jq -r 'has("feature") and has("present")' <<<"$out" | sort -u)" true
else
	skip "list --json" "no jq"
fi

# ---- help ----

run "$telltale" --version
like "--version" "$code $out" '^0 telltale [0-9]+\.[0-9]+'
run "$telltale" --help
is "--help: the exit code" "$code" 0
for verb in $(sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p' <<<"$out"); do
	run "$telltale" "$verb" --help
	if [ "$code" = 0 ] && [ -n "$out" ] && [ -z "$err" ]; then
		ok "$verb --help"
	else
		not_ok "$verb --help" "exit code $code" "$err"
	fi
done
run "$telltale"
is "no verb: the exit code" "$code" 2
run "$telltale" count --show-program -b "$demo" 'demo:*' --by args.id
is "--show-program" "$code $out" "0 demo:* { @[args.id] = count(); }"

finish
