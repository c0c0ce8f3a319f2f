#!/bin/bash
# The questions of samples/jvm, asked of a Java program and held against the machine's own log and what the program knows of itself.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
java=$(command -v java) || skip_all "no Java (Debian's openjdk-17-jre-headless)"
java=$(readlink -f "$java")
library=${java%/bin/java}/lib/server/libjvm.so
[ -r "$library" ] && readelf -n "$library" 2>/dev/null | grep -q 'Provider: hotspot' ||
	skip_all "this Java has no probes in libjvm.so"
need_tracing

cat >"$tmp/Work.java" <<'END'
public class Work {
	static class Thing { long a, b; }
	static class Lock { }
	static final Lock lock = new Lock();
	static Object kept;

	static void contend(boolean first) throws Exception {
		Thread other = new Thread(() -> {
			synchronized (lock) { }
		}, "second");

		synchronized (lock) {
			other.start();
			while (other.getState() != Thread.State.BLOCKED)
				Thread.sleep(1);
			Thread.sleep(30);
		}
		other.join();
	}

	public static void main(String[] args) throws Exception {
		System.out.println("ready");
		System.in.read();
		for (int i = 0; i < 4; i++)
			System.gc();
		for (int i = 0; i < 5000; i++)
			kept = new Thing();
		for (int i = 0; i < 3; i++)
			contend(true);
		System.out.println("done");
		System.in.read();
	}
}
END
if ! said=$("$java" -m jdk.compiler/com.sun.tools.javac.Main -d "$tmp" "$tmp/Work.java" 2>&1); then
	skip_all "this Java has no compiler: ${said%%$'\n'*}"
fi
mkfifo "$tmp/fifo"
"$java" -Xmx64m -XX:+UseSerialGC -XX:+DTraceAllocProbes -XX:+DTraceMonitorProbes -Xlog:gc:"$tmp/gc.log" -cp "$tmp" Work <"$tmp/fifo" \
	>"$tmp/java.out" 2>&1 &
jvm=$!
started+=("$jvm")
exec 3>"$tmp/fifo"
wait_until 60 contains "$tmp/java.out" '^ready$' || { not_ok "the Java program runs" "$(cat "$tmp/java.out")"; finish; }
before=$(grep -c 'Pause Full' "$tmp/gc.log")

tracers=()
for question in gc-pauses allocations monitors; do
	start $question "$telltale" run --json -p "$jvm" "$root/samples/jvm/$question.bt"
	tracers+=("$pid")
	wait_until 60 attached "$pid" || not_ok "$question attaches" "$(cat "$tmp/$question.err")"
done
echo >&3
wait_until 60 contains "$tmp/java.out" '^done$' || not_ok "the program does its work" "$(cat "$tmp/java.out")"
for tracer in "${tracers[@]}"; do
	stop "$tracer" INT
	[ "$code" = 0 ] || not_ok "a tracer ends well" "exit code $code"
done
exec 3>&-
finished "$jvm"

value() # QUESTION MAP LAST-KEY FIELD
{
	jq -s --arg map "$2" --arg key "$3" --arg field "$4" \
		'[.[] | select(.map == $map and (.key[-1] | tostring) == $key) | .[$field]] | add // 0' "$tmp/$1.out"
}
collections=$(($(grep -c 'Pause Full' "$tmp/gc.log") - before))
is "the log has the collections that the program asked for" "$collections" 4
is "gc-pauses: as many full ones as the log has" "$(value gc-pauses @pauses full count)" "$collections"
is "gc-pauses: they take as long as the log says, give or take" "$(grep 'Pause Full' "$tmp/gc.log" | tail -n 4 |
	sed 's/.* \([0-9.]*\)ms$/\1/' | awk -v own="$(value gc-pauses @pauses full sum)" '
		{ sum += $1 * 1000 } END { print (own > 0 && own > sum * 0.5 && own < sum * 2 + 20000) ? "yes" : own " " sum }')" yes
is "allocations: objects of a class" "$(value allocations @objects 'Work$Thing' value)" 5000
is "monitors: three waits for a lock" "$(value monitors @waited_us 'Work$Lock' count)" 3
is "monitors: of 30 ms and more each" "$(($(value monitors @waited_us 'Work$Lock' sum) >= 85000))" 1
is "monitors: by the second thread" "$(($(value monitors @by_thread second value) >= 85000))" 1
finish
