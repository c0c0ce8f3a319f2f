#!/bin/bash
# libstdc++'s own probes, in a C++ program without markers: its exceptions are counted exactly.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
[ -x "$samples/throw" ] || skip_all "samples/throw is not built"
library=$(ldd "$samples/throw" | awk '/libstdc\+\+/ { print $3 }')
[ -n "$library" ] && readelf -n "$library" | grep -q 'Provider: libstdcxx' ||
	skip_all "this libstdc++ carries no probes"

run "$telltale" list --json -b "$library" 'libstdcxx:*'
is "list: libstdc++'s probes, as readelf has them" \
	"$(jq -r '"\(.provider):\(.probe) \(.sites[].operands)"' <<<"$out" | sort)" \
	"$(readelf -nW "$library" | awk '
		/Provider:/ { provider = $NF } /Name:/ { name = $2 }
		/Arguments:/ { sub(/.*Arguments: ?/, ""); if (provider == "libstdcxx") print provider ":" name " " $0 }' | sort)"

need_tracing

counts()
{
	grep '"map"' <<<"$out" | jq -r '"\(.key[0]) \(.value)"' | sort
}

run "$telltale" count --json 'libstdcxx:throw' 'libstdcxx:catch' -- "$samples/throw" 777
is "count -- COMMAND: throws and catches" "$(counts)" $'libstdcxx:catch 777\nlibstdcxx:throw 777'
is "the program did what it does" "$(grep -v '^{' <<<"$out")" "throw: 388 texts, 389 numbers"

start count "$telltale" count --json -b "$library" 'libstdcxx:throw' 'libstdcxx:catch'
counter=$pid
start sleeper "$samples/throw" 0 # only to have the library's pages somewhere
cat >"$tmp/wait.cc" <<'END'
#include <unistd.h>
#include <stdexcept>
int main()
{
	char c;
	try { if (read(0, &c, 1) == 0) throw 1; } catch (int) { }
	return 0;
}
END
if g++ -o "$tmp/wait" "$tmp/wait.cc" && mkfifo "$tmp/fifo"; then
	"$tmp/wait" <"$tmp/fifo" &
	waiting=$!
	started+=("$waiting")
	exec 3>"$tmp/fifo"
	wait_until 20 watched "$waiting" "$library" libstdcxx:throw
	exec 3>&-
	finished "$waiting"
	is "a process that was there before, watched by its library" "$code" 0
	"$samples/throw" 10 >/dev/null
	"$samples/throw" 20 >/dev/null
	stop "$counter" INT
	is "count -b LIBRARY: the interrupted count's exit code" "$code" 0
	out=$(cat "$tmp/count.out")
	is "count -b LIBRARY: of three processes" "$(counts)" $'libstdcxx:catch 31\nlibstdcxx:throw 31'
else
	skip "count -b LIBRARY" "no C++ compiler"
fi

run "$telltale" trace --json libstdcxx:throw -- "$samples/throw" 4
is "trace: the arguments' names" "$(grep '"probe"' <<<"$out" | jq -c '.args | keys' | sort | uniq -c | xargs)" \
	'4 [object,type]'
is "trace: four objects of two types, none of them at 0" \
	"$(grep '"probe"' <<<"$out" | jq -s '(map(.args.type) | unique | length), (map(select(.args.object == 0 or .args.type == 0)) | length)' | xargs)" "2 0"

finish
