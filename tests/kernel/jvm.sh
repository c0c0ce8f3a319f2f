#!/bin/bash
# A Java virtual machine, whose libjvm.so has hundreds of probes without semaphores: those of a
# process, classes as they are loaded, garbage collections.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
java=$(command -v java) || skip_all "no Java (Debian's openjdk-17-jre-headless)"
java=$(readlink -f "$java")
library=${java%/bin/java}/lib/server/libjvm.so
[ -r "$library" ] && readelf -n "$library" 2>/dev/null | grep -q 'Provider: hotspot' ||
	skip_all "this Java has no probes in libjvm.so"

# It does what it is told, a line each.
cat >"$tmp/Work.java" <<'END'
import java.io.*;

public class Work {
	static class Alpha { }
	static class Beta { }
	static class Gamma extends Beta { }

	public static void main(String[] args) throws Exception {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));

		System.out.println("ready");
		for (String line; (line = in.readLine()) != null;) {
			if (line.equals("gc"))
				System.gc();
			else
				Class.forName(line);
			System.out.println("done " + line);
		}
	}
}
END
if ! said=$("$java" -m jdk.compiler/com.sun.tools.javac.Main -d "$tmp" "$tmp/Work.java" 2>&1); then
	skip_all "this Java has no compiler: ${said%%$'\n'*}"
fi

mkfifo "$tmp/fifo"
"$java" -Xmx64m -XX:+UseSerialGC -Xshare:auto -Xlog:gc:"$tmp/gc.log" -cp "$tmp" Work <"$tmp/fifo" >"$tmp/java.out" 2>&1 &
jvm=$!
started+=("$jvm")
exec 3>"$tmp/fifo"
if ! wait_until 60 contains "$tmp/java.out" '^ready$'; then
	not_ok "the Java program runs" "$(cat "$tmp/java.out")"
	finish
fi
told=0
tell() # LINE: and waits until it is done
{
	told=$((told + 1))
	echo "$1" >&3
	wait_until 30 eval '[ "$(grep -c "^done" "$tmp/java.out")" = $told ]'
}

# ---- what is listed ----

run "$telltale" list --json -p "$jvm" 'hotspot*:*'
is "list -p: the exit code" "$code" 0
is "list -p: as many sites in libjvm.so as readelf finds" \
	"$(jq -s --arg file "$library" 'map(select(.file == $file) | .sites | length) | add' <<<"$out")" \
	"$(readelf -n "$library" 2>/dev/null | grep -cE 'Provider: hotspot')"
is "list -p: names and operands, as readelf has them" \
	"$(jq -r --arg file "$library" 'select(.file == $file) | "\(.provider):\(.probe)" as $name | .sites[] | "\($name) \(.operands)"' <<<"$out" |
		sed 's/ *$//' | sort | md5sum)" \
	"$(readelf -nW "$library" 2>/dev/null | awk '
		/Provider:/ { provider = $NF } /Name:/ { name = $2 }
		/Arguments:/ { sub(/.*Arguments: ?/, ""); if (provider ~ /^hotspot/) print provider ":" name " " $0 }' |
		sed 's/ *$//' | sort | md5sum)"
is "list -p: no probe has a semaphore" "$(jq .semaphore <<<"$out" | sort -u)" false
run "$telltale" list --json -p "$jvm"
is "list -p: each file and site once" "$(jq -r '.file as $f | .sites[] | "\($f) \(.address)"' <<<"$out" | sort | uniq -d)" ""

need_tracing

# ---- classes as they are loaded: a text that does not end with a NUL, and its length ----

start classes "$telltale" run --json -p "$jvm" -e 'hotspot:class__loaded { printf("%d %s\n", arg1, str(arg0, arg1)); }'
tracer=$pid
wait_until 60 watched "$jvm" "$library" hotspot:class__loaded || explain "$(cat "$tmp/classes.err")"
tell 'Work$Alpha'
tell 'Work$Gamma'
wait_until 20 contains "$tmp/classes.out" Gamma
stop "$tracer" INT
is "class__loaded: an interrupt ends it with exit code 0" "$code" 0
is "class__loaded: names and lengths, a class after its superclass" \
	"$(jq -r 'select(.printf) | .printf' "$tmp/classes.out" | grep 'Work')" \
	$'10 Work$Alpha\n9 Work$Beta\n10 Work$Gamma'
is "class__loaded: each text has its length" \
	"$(jq -r 'select(.printf) | .printf | rtrimstr("\n")' "$tmp/classes.out" | awk '$1 != length($2)')" ""

run "$telltale" trace --json -t 0.2 -p "$jvm" hotspot:class__loaded
is "trace: nothing is loaded, nothing is printed" "$(grep -c '"probe"' <<<"$out")" 0

# The names that the verb prints come from what telltale knows of the provider; the length is an
# argument of its own, so the text must not be read as one that ends with a NUL.
start verb "$telltale" trace --json -p "$jvm" hotspot:class__loaded
tracer=$pid
wait_until 60 watched "$jvm" "$library" hotspot:class__loaded
tell 'java.util.concurrent.Exchanger'
tell 'java.util.concurrent.Phaser'
wait_until 20 contains "$tmp/verb.out" Phaser
stop "$tracer" INT
is "trace: names of classes" "$(jq -r 'select(.probe) | .args.class' "$tmp/verb.out" | grep -xE 'java/util/concurrent/(Exchanger|Phaser)')" \
	$'java/util/concurrent/Exchanger\njava/util/concurrent/Phaser'

# ---- garbage collections ----

start gc "$telltale" count --json -p "$jvm" hotspot:gc__begin hotspot:gc__end
counter=$pid
start full "$telltale" trace --json -p "$jvm" hotspot:gc__begin
tracer=$pid
wait_until 60 watched "$jvm" "$library" hotspot:gc__begin
wait_until 60 watched "$jvm" "$library" hotspot:gc__end
wait_until 60 eval '[ -n "$(find /proc/$tracer/fd -lname "anon_inode:bpf_link" 2>/dev/null)" ]'
before=$(grep -c 'Pause Full' "$tmp/gc.log")
for _ in 1 2 3 4 5; do
	tell gc
done
stop "$counter" INT
stop "$tracer" INT
collections=$(($(grep -c 'Pause Full' "$tmp/gc.log") - before))
is "the log of the machine has five collections" "$collections" 5
of()
{
	jq -r --arg probe "hotspot:$1" 'select(.map and .key[0] == $probe) | .value' "$tmp/gc.out"
}
is "count: gc__begin" "$(of gc__begin)" "$collections"
is "count: gc__end" "$(of gc__end)" "$collections"
is "trace: gc__begin says that each is a full one" \
	"$(jq -c 'select(.probe) | [.args[]]' "$tmp/full.out" | sort | uniq -c | xargs)" "5 [true]"

# ---- all probes of a large library at once ----

start all "$telltale" count --json -p "$jvm" 'hotspot:*'
tracer=$pid
wait_until 60 watched "$jvm" "$library" hotspot:gc__begin
tell gc
tell 'java.util.concurrent.CyclicBarrier'
stop "$tracer" INT
is "hotspot:*: the exit code" "$code" 0
is "hotspot:*: a collection and a class" \
	"$(jq -r 'select(.map) | select(.key[0] == "hotspot:gc__begin" or .key[0] == "hotspot:gc__end") | .value' "$tmp/all.out" | xargs)" "1 1"
like "hotspot:*: classes" "$(cat "$tmp/all.out")" 'hotspot:class__loaded'

# ---- from the start on: the launcher loads the machine by dlopen ----

run "$telltale" count --json --wait hotspot:class__loaded hotspot:vm__init__begin -- \
	"$(readlink -f "$java")" -Xmx64m -Xlog:class+load:"$tmp/loaded.log" -version
is "--wait: the machine's start" \
	"$(jq -r 'select(.map and .key[0] == "hotspot:vm__init__begin") | .value' <<<"$out")" 1
is "--wait: every class that the machine's log has" \
	"$(jq -r 'select(.map and .key[0] == "hotspot:class__loaded") | .value' <<<"$out")" \
	"$(grep -c ' source: ' "$tmp/loaded.log")"

exec 3>&-
finished "$jvm"
is "the machine ends as it should" "$code" 0
finish
