#!/bin/bash
# The programs of bpftrace's own manual that need nothing of the kernel's functions: what bpftrace
# takes, telltale takes. Nothing is run.
. "$(dirname "$0")/../lib.sh"
have bpftrace || skip_all "no bpftrace"
have man || skip_all "no man"
need_tracing

MANPAGER=cat man bpftrace 2>/dev/null | sed 's/.\x08//g' >"$tmp/manual"

# From a line that begins a clause, a struct or a directive to where its braces are closed.
awk -v folder="$tmp" '
	!inside && /^ *(BEGIN|END|struct|(tracepoint|interval|i|t|software|hardware|profile|rawtracepoint|uprobe|uretprobe|usdt|u|ur):)/ {
		inside = 1; depth = 0; seen = 0; text = ""; lines = 0
	}
	inside {
		text = text $0 "\n"
		seen += gsub(/\{/, "{")
		depth += gsub(/\{/, "{") - gsub(/\}/, "}")
		if (seen && depth <= 0) { printf "%s", text >(folder "/" ++count ".bt"); inside = 0 }
		else if (++lines > 40 || (!seen && /^ *$/)) inside = 0
	}' "$tmp/manual"

tried=0
worse=
for file in "$tmp"/*.bt; do
	# Headers are not read, and telltale says so.
	grep -qE 'kprobe|kretprobe|kfunc|watchpoint|iter:|#include' "$file" && continue
	run "$telltale" run --unsafe -d plan "$file"
	tried=$((tried + 1))
	if [ "$code" != 0 ] && timeout 20 bpftrace --unsafe -d "$file" >/dev/null 2>&1; then
		worse+="$(cat "$file")"$'\n'"$err"$'\n'
	fi
done
[ "$tried" -ge 20 ] || skip_all "the manual is not installed, or another one: $tried programs found"
is "programs of bpftrace's manual that only bpftrace takes" "$worse" ""
finish
