#!/bin/bash
# With as little as works: an ordinary user with CAP_BPF and CAP_PERFMON traces processes of its own;
# with less nothing is touched; and root gives up what is not needed any more once it has attached.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
have setpriv || skip_all "no setpriv"
[ "$(id -u)" = 0 ] || skip_all "not root, who could give capabilities away"
need_tracing

# An ordinary user can't look into our folders.
cp "$telltale" "$samples/demo" "$tmp"
demo=$tmp/demo
user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
grant()
{
	user_with=("${user[@]}" --inh-caps="-all$1" --ambient-caps="-all$1" --bounding-set="-all$1")
}

"${user_with[@]}" true 2>/dev/null
grant ,+bpf,+perfmon
"${user_with[@]}" true 2>/dev/null || skip_all "capabilities can't be given away here"

status_of() # PID FIELD
{
	awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"
}

# ---- CAP_BPF and CAP_PERFMON ----

start demo "${user[@]}" "$demo" -r 200 -t 100
target=$pid
if ! has_feature multi_pid; then
	skip "an ordinary user" "the kernel has no uprobe_multi that knows processes"
else
	run "${user_with[@]}" "$tmp/telltale" trace --json -n 5 -t 20 -p "$target" demo:reply
	is "an ordinary user traces its own process" "$code $(jq -s 'map(select(.probe)) | length' <<<"$out")" "0 5"
	run "${user_with[@]}" "$tmp/telltale" count demo:request -- "$demo" -n 1000 -r 0
	like "and its own command" "$code $out" '^0 .*demo:request\]: 1000'
	run "${user_with[@]}" "$tmp/telltale" run -t 0.5 -e 'demo:request { @[ustack] = count(); }' -p "$target"
	like "with names in stacks" "$code $out" 'work\+[0-9]+'
	start tracer "${user_with[@]}" "$tmp/telltale" count -p "$target" demo:reply
	tracer=$pid
	wait_until 20 watched "$target" "$demo" demo:reply
	settled()
	{
		[ "$(status_of "$tracer" NoNewPrivs)" = 1 ]
	}
	check "it lets go of what it does not need" wait_until 10 settled
	stop "$tracer" INT
	is "which does not hurt the end" "$code" 0
	run "${user_with[@]}" env TELLTALE_WITHOUT=multi_pid "$tmp/telltale" count --engine kernel -t 0.1 -p "$target" demo:reply
	like "perf events would need more" "$code $err" '^3 .*CAP_SYS_ADMIN'
	run "${user_with[@]}" "$tmp/telltale" count -t 0.1 -p $$ 'libc:*'
	like "so do other users' processes" "$code $err" '^3 .*CAP_SYS_PTRACE'
fi
run "${user_with[@]}" "$tmp/telltale" features --json
is "features: yes, as far as it goes" "$(jq -r 'select(.feature == ("bpf", "processes")) | .present' <<<"$out" | xargs)" "true false"
like "features: how to grant the rest" "$out" 'setcap cap_bpf,cap_perfmon,cap_sys_ptrace\+ep'

# ---- less ----

for missing in perfmon bpf; do
	grant ",+$([ $missing = bpf ] && echo perfmon || echo bpf)"
	run "${user_with[@]}" "$tmp/telltale" count --engine kernel -b "$demo" demo:request -- touch "$tmp/touched.$missing"
	like "without CAP_${missing^^}: says so" "$code $err" "^3 .*CAP_${missing^^} is missing.*setcap"
	check "and starts nothing" test ! -e "$tmp/touched.$missing"
done
run "${user[@]}" "$tmp/telltale" count --engine kernel -t 1 -p "$target" demo:reply
like "with none of them" "$code $err" '^3 .*CAP_BPF and CAP_PERFMON are missing.*setcap'
run "${user[@]}" "$tmp/telltale" list -p "$target" demo:reply
is "listing needs none" "$code" 0

# ---- root gives up ----

# Names of capabilities by their bits; 0 for none.
not_kept() # PID BIT...: none of these is in any set of the process
{
	local pid=$1 set bit

	shift
	for set in CapInh CapPrm CapEff CapAmb; do
		for bit in "$@"; do
			[ $((16#$(status_of "$pid" $set) >> bit & 1)) = 0 ] || return 1
		done
	done
}

# chown, dac_override, setuid, net_admin, sys_module, sys_rawio, sys_admin, sys_boot, mknod, syslog
useless=(0 1 7 12 16 17 21 22 27 34)
for way in "trace" "run -e"; do
	words=(demo:reply)
	[ "$way" = "run -e" ] && words=('demo:reply { @ = count(); } END { printf("end\n"); }')
	# shellcheck disable=SC2086
	start tracer "$telltale" $way "${words[@]}" -p "$target"
	tracer=$pid
	gave_up()
	{
		not_kept "$tracer" "${useless[@]}"
	}
	if wait_until 20 gave_up; then
		ok "root, $way: gives up what it does not need"
	else
		not_ok "root, $way: gives up what it does not need" "$(grep Cap "/proc/$tracer/status")"
	fi
	stop "$tracer" INT
	is "root, $way: and ends well" "$code" 0
done
like "with END run" "$(cat "$tmp/tracer.out")" 'end'

run "$telltale" run --unsafe -e 'BEGIN { system("grep CapEff /proc/self/status"); exit(); }'
like "a program's commands have what we have" "$out" "CapEff:	$(status_of $$ CapEff)"
run "$telltale" run -t 0.5 -e 'demo:request { @[ustack] = count(); }' -p "$target"
like "another user's stacks still have names" "$out" 'work\+[0-9]+'

run env TELLTALE_WITHOUT=multi_pid "$telltale" count --json -t 0.5 -p "$target" demo:reply
is "a link that takes processes for threads is not used for one" "$code $(jq -s '[.[] | .. | numbers] | max > 10' <<<"$out")" "0 true"
finish
