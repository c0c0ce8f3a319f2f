#!/bin/bash
# Other people's tools: readelf, gdb, bpftrace and BCC's tplist list the markers; gdb and bpftrace read true values.
. "$(dirname "$0")/lib.sh"

if [ "$(uname -m)" != x86_64 ]; then
	skip "other tools" "values are read on x86-64"
	finish
fi

# limited SECONDS COMMAND...: its output, and no longer than that
limited()
{
	timeout -k 2 "$@" 2>&1 </dev/null
}

# tools NAME PROGRAM: each tool on it
tools()
{
	local name=$1 program=$2 seen

	seen=$(readelf -nW "$program" | sed -n 's/.*Provider: //p; s/^ *Name: //p' | tr '\n' ' ')
	same "$name: readelf -n" "tools filled tools serve tools watched " \
		"$(echo "$seen" | xargs -n 2 | sort | tr '\n' ' ')"

	if have gdb; then
		seen=$(limited 30 gdb -nx -batch -ex 'info probes stap' "$program" |
			awk '$1 == "stap" { print $2, $3, $5 ~ /^0x/ ? "semaphore" : "-" }')
		same "$name: gdb: info probes" "tools filled -
tools serve -
tools watched semaphore" "$(echo "$seen" | sort)"
		seen=$(limited 60 gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'break -probe-stap tools:serve' \
			-ex run -ex 'printf "%d %d %d %ld %d\n", $_probe_argc, $_probe_arg0, $_probe_arg2, $_probe_arg3, $_probe_arg4' \
			-ex 'printf "%s %#lx\n", (char *)$_probe_arg1, $_probe_arg5' "$program" | tail -n 2)
		same "$name: gdb: a breakpoint on a marker, and its arguments" \
			"6 41 200 -7000000000 -5
/index 0x3ff8000000000000" "$seen"
		seen=$(limited 60 gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'break -probe-stap tools:filled' \
			-ex run -ex 'printf "%s %d %d\n", (char *)$_probe_arg0, *(int *)$_probe_arg1, *((int *)$_probe_arg1 + 1)' \
			"$program" | tail -n 1)
		same "$name: what an argument points at is in memory" "ccccccc 2 14" "$seen"
	else
		skip "$name: gdb" "no gdb"
	fi

	if ! have bpftrace; then
		skip "$name: bpftrace" "no bpftrace"
	elif ! seen=$(limited 30 bpftrace -l "usdt:$program:*") || [[ $seen == *"supports running as root"* ]]; then
		skip "$name: bpftrace" "$(echo "$seen" | head -n 1)"
	else
		same "$name: bpftrace -l" "usdt:$program:tools:filled
usdt:$program:tools:serve
usdt:$program:tools:watched" "$(echo "$seen" | sort)"
		seen=$(limited 60 bpftrace -e "usdt:$program:tools:serve
			{ printf(\"%d %s %d %lld %d %llx\\n\", arg0, str(arg1), arg2, arg3, arg4, arg5); }
			usdt:$program:tools:watched { printf(\"watched %d\\n\", arg0); }" -c "$program")
		if [[ $seen == *"not permitted"* || $seen == *"Operation not permitted"* || $seen == *memlock* ]]; then
			skip "$name: bpftrace: values" "BPF is not permitted here"
		else
			same "$name: bpftrace reads the arguments, and raises the semaphore" \
				"$(for i in 1 2 3; do
					echo "41 /index 200 -7000000000 -5 3ff8000000000000"
					echo "watched 42"
				done)" "$(echo "$seen" | grep -E '^(41|watched)')"
		fi
	fi

	tplist=$(command -v tplist-bpfcc || command -v tplist)
	if [ -z "$tplist" ]; then
		skip "$name: tplist" "no tplist-bpfcc"
	elif ! seen=$(limited 60 "$tplist" -l "$program"); then
		skip "$name: tplist" "it fails: $(echo "$seen" | tail -n 1)"
	else
		same "$name: tplist" "tools:filled
tools:serve
tools:watched" "$(echo "$seen" | sed -n "s/.* b'\(tools\)':b'\([a-z]*\)'.*/\1:\2/p; s/^[^ ]* \(tools:[a-z]*\).*/\1/p" | sort)"
	fi
}

for cc in gcc clang; do
	have $cc || { skip "$cc: other tools" "no $cc"; continue; }
	if $cc -O3 -I"$root/sdk" -o "$work/tools-$cc" "$here/tools.c"; then
		tools "$cc" "$work/tools-$cc"
	else
		no "$cc: builds"
	fi
done
finish
