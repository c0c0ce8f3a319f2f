#!/bin/bash
# run -k: helpers of the kernel that failed are said at the end, with place, errno and how often; -kk says
# reads of memory, too; without it the program is none the longer.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
need_tracing

demo=$samples/demo
gone='demo:request { delete(@x[1]); @x[2] = 1; @n = count(); }'
seen=$tmp/seen # apart from what the demo says
failed() { jq -c 'select(.failed) | [.failed, .place, .errno, .count]' "$seen"; }

for engine in kernel user; do
	run timeout 60 "$telltale" run --engine "$engine" -q -k --json -o "$seen" -e "$gone" -- "$demo" -n 5
	is "$engine: a key that is not there" "$(failed)" "$(printf '["map_delete_elem","-e:1:16",2,%s]' \
		"$(jq -c 'select(.map == "@n").value' "$seen")")"
	read='demo:request { printf("%d", *(int32 *)uptr(8)); }'
	run timeout 60 "$telltale" run --engine "$engine" -q -k --json -o "$seen" -e "$read" -- "$demo" -n 1
	is "$engine: -k says no reads" "$(failed)" ""
	run timeout 60 "$telltale" run --engine "$engine" -q -kk --json -o "$seen" -e "$read" -- "$demo" -n 1
	is "$engine: -kk does" "$(failed | cut -d, -f1-3)" '["probe_read_user","-e:1:16",14'
done
run timeout 60 "$telltale" run -k -e "$gone" -- "$demo" -n 2
like "as a warning" "$err" 'warning: -e:1:16: map_delete_elem failed [0-9]+ times, the last time: No such file or directory \(-2\)'
run timeout 60 "$telltale" run -q -t 0.2 -k --json -o "$seen" -e 'config = { max_map_keys = 1 } i:ms:5 { @y[nsecs] = count(); }'
like "a map that is full" "$(failed)" '^\["map_update_elem","-e:1:40",7,[0-9]+\]$'
code_of() { "$telltale" run "$@" -d code -b "$demo" -e "$gone" | sed -n 's/.* \([0-9]*\) instructions.*/\1/p'; }
check "without it nothing is written for it" test "$(code_of)" -lt "$(code_of -k)"
if have bpftrace && bpftrace -e 'BEGIN { exit(); }' >/dev/null 2>&1; then
	same='i:ms:20 { delete(@x[1]); @x[2] = 1; @n++; if (@n > 3) { exit(); } }'
	theirs=$(timeout 60 bpftrace -f json -k -e "$same" 2>/dev/null | jq -c 'select(.type == "helper_error") | [.helper, .retcode]' | uniq)
	run timeout 60 "$telltale" run -f json -k -e "$same"
	is "bpftrace's JSON" "$(jq -c 'select(.type == "helper_error") | [.helper, .retcode]' <<<"$out")" "$theirs"
else
	skip "bpftrace's JSON" "no bpftrace that runs"
fi
finish
