#!/bin/bash
# The same programs by bpftrace and by telltale: what they print as text and as JSON, and the tools that
# Debian's bpftrace package installs, on one workload that both watch at once.
. "$(dirname "$0")/../lib.sh"
have bpftrace || skip_all "no bpftrace"
have jq || skip_all "no jq"
have gcc || skip_all "no gcc"
need_tracing
# bpftrace looks for tracepoints there; telltale does not need it.
if ! [ -d /sys/kernel/tracing/events ] && mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; then
	at_exit+=('umount /sys/kernel/tracing')
fi
bpftrace -e 'BEGIN { exit(); }' >/dev/null 2>&1 || skip_all "bpftrace does not run here"

# ---- forms ----

cat >"$tmp/forms.bt" <<'END'
BEGIN
{
	printf("hello %d %s %5.2d|%-5s|%x\n", 3, "there", 7, "ab", 255);
	@ = 5; @k["a", 1] = 7; @k["b", 2] = 8; @s = "text"; @neg = -5;
	@h = hist(5); @h = hist(100); @l = lhist(5, 0, 10, 2); @hk["x"] = hist(3); @lk[1] = lhist(3, 0, 4, 1);
	@st = stats(5); @stk["a"] = stats(9); @av[1] = avg(7); @mn = min(4); @mx = max(4); @sm["z"] = sum(12);
	@c["q"] = count(); @t[1] = (1, "x"); @usr = usym(3); @b[1, "x", 2] = 3;
	print(@); print((1, "two", 3)); print("val"); print(@k); print(5); clear(@b);
	exit();
}
END { printf("end\n"); }
END

# even: without what differs by intent: bpftrace's own words, and blanks at the end of a line, which
# newer ones don't print.
even()
{
	sed -e '/^Attaching /d; s/ *$//'
}

theirs=$(bpftrace "$tmp/forms.bt" 2>/dev/null | even)
run "$telltale" run "$tmp/forms.bt"
is "text" "$(even <<<"$out")" "$theirs"
theirs=$(bpftrace -f json "$tmp/forms.bt" 2>/dev/null | jq -cS .)
run "$telltale" run -f json "$tmp/forms.bt"
is "JSON" "$(jq -cS . <<<"$out")" "$theirs"

# same NAME PROGRAM: as text and as JSON.
same()
{
	theirs=$(bpftrace -e "$2" 2>/dev/null | even)
	run "$telltale" run -e "$2"
	is "$1" "$(even <<<"$out")" "$theirs"
	theirs=$(bpftrace -f json -e "$2" 2>/dev/null | jq -cS .)
	run "$telltale" run -f json -e "$2"
	is "$1, in JSON" "$(jq -cS . <<<"$out")" "$theirs"
}

same "control characters that the program writes" 'BEGIN {
	printf("\033[31mred\033[0m|%s|%.3s|%6s|\n", "\033[32m", "\033abcd", "\033"); print("\033[1mx"); exit(); }'
same "maps that are cleared, and not set again" 'BEGIN {
	@v = 1; clear(@v); @gone = 3; delete(@gone); @n = count(); clear(@n); @zero = 3; zero(@zero);
	@again = 1; clear(@again); @min = min(4); clear(@min); @h = hist(1); clear(@h); @l = lhist(1, 0, 3, 1); clear(@l);
	@st = stats(3); clear(@st); @sum = sum(2); clear(@sum); @text = "x"; clear(@text); @pair = (1, 2); clear(@pair);
	@avg = avg(3); clear(@avg); print(@v); exit(); } END { @again = 5; }'

# ---- tools ----

tools=$(dirname "$(command -v killsnoop.bt)")
[ -x "$tools/killsnoop.bt" ] || skip "bpftrace's tools" "they are not installed"
cat >"$tmp/work.c" <<'END'
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	struct timespec nap = {0, 20000000};
	struct stat status;

	for (int i = 0; i < 3; i++) {
		kill(getpid(), 0);
		kill(getpid(), SIGCONT);
		syscall(SYS_stat, "/telltale/nothing", &status);
		open("/telltale/no file", O_RDONLY);
		syscall(SYS_nanosleep, &nap, 0);
		if (!fork()) {
			execl("/bin/echo", "echo", "an argument", "and another", (char *)0);
			_exit(1);
		}
		wait(0);
	}
	sync();
	setuid(getuid());
	return 0;
}
END
gcc -O1 -w -o "$tmp/tt_work" "$tmp/work.c" || skip_all "gcc can't build the workload"

cp "$tmp/tt_work" "$tmp/tt_warm"

# both_see: both tools have seen a program of another name; they say that they trace before they do.
both_see()
{
	"$tmp/tt_warm" >/dev/null
	grep -aq tt_warm "$1" && grep -aq tt_warm "$2"
}

# ours: the workload's lines, without times of day and the numbers of processes.
ours()
{
	grep -aE 'tt_work|an argument' "$1" | sed -E 's/^[0-9]{2}:[0-9]{2}:[0-9]{2} *//; s/\b[0-9]+(\.[0-9]+)?\b/N/g; s/ +/ /g' | sort
}

for tool in killsnoop syncsnoop statsnoop execsnoop opensnoop setuids naptime; do
	start "$tool.theirs" bpftrace "$tools/$tool.bt"
	theirs=$pid
	start "$tool.ours" "$telltale" run "$tools/$tool.bt"
	ours=$pid
	wait_until 60 both_see "$tmp/$tool.theirs.out" "$tmp/$tool.ours.out"
	"$tmp/tt_work" >/dev/null
	sleep 0.3
	stop "$theirs" INT
	stop "$ours" INT
	is "$tool.bt: the header" "$(even <"$tmp/$tool.ours.out" | head -1)" \
		"$(even <"$tmp/$tool.theirs.out" | head -1)"
	is "$tool.bt: the lines of a workload" "$(ours "$tmp/$tool.ours.out")" "$(ours "$tmp/$tool.theirs.out")"
	like "$tool.bt: there are some" "$(ours "$tmp/$tool.ours.out")" .
done
for tool in bashreadline bitesize cpuwalk gethostlatency pidpersec runqlen syscount writeback ssllatency sslsnoop; do
	run "$telltale" run -q -t 0.3 "$tools/$tool.bt"
	if [ "$code" = 2 ] && ! timeout 20 bpftrace -d "$tools/$tool.bt" >/dev/null 2>&1; then
		skip "$tool.bt runs" "not with bpftrace either, on this kernel: $(head -1 <<<"$err")"
	else
		is "$tool.bt runs" "$code $err" "0 "
	fi
done
finish
