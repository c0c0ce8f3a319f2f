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

# exactly COMMAND...: what it prints, to the last newline.
exactly()
{
	"$@" 2>/dev/null | even
	echo .
}

# same_text NAME PROGRAM: whose JSON is none with bpftrace 0.17, or another one with 0.23.
same_text()
{
	is "$1" "$(exactly "$telltale" run -e "$2")" "$(exactly bpftrace -e "$2")"
}

# same NAME PROGRAM: as text and as JSON.
same()
{
	same_text "$1" "$2"
	theirs=$(bpftrace -f json -e "$2" 2>/dev/null | jq -cS .)
	run "$telltale" run -f json -e "$2"
	is "$1, in JSON" "$(jq -cS . <<<"$out")" "$theirs"
}

same "blank lines" 'BEGIN { @h = hist(5); @l = lhist(3, 0, 10, 1); @s = stats(4); @a[1] = avg(3); @a[2] = avg(4); @n = 1;
	@k["x"] = hist(1); @k["y"] = hist(5); @e[1] = 1; clear(@e); @z[1] = stats(2); clear(@z); printf("first\n");
	print(@n); print(@h); print(@h); print(@l); print(@s); print(@s); print(@a); print(@k); print(@e); print(@z); print(5);
	exit(); } END { printf("end\n"); }'
same "nothing at all" 'BEGIN { exit(); }'
same "maps that nothing came to" 'BEGIN { if (pid == 0) { @n = 1; @s = sum(3); @c = count(); @min = min(3); @h = hist(3);
	@l = lhist(3, 0, 10, 1); @st = stats(1); @a = avg(1); @t = "abc"; @p = (1, 2); @k[1] = count(); @kh[1] = hist(1);
	@ks[1] = stats(1); } @zero = 0; @empty = ""; exit(); }'
same "zero()" 'BEGIN { @n = 5; zero(@n); @h = hist(1); zero(@h); @s = sum(4); zero(@s); @k[1] = 5; zero(@k); print(@n);
	exit(); }'
same "the order of values, and of keys" 'BEGIN { @n["a"] = 3; @n["b"] = -4; @n["c"] = 1; @t[5] = "z"; @t[3] = "b";
	@t[9] = "k"; @p["q"] = (1, 2); @p["b"] = (4, 5); @p["k"] = (0, 9); @s["q", 3] = "z"; @s["b", 3] = "b"; @s["b", 2] = "k";
	@a[5] = avg(1); @a[3] = avg(5); @a[9] = avg(3); @h[2] = hist(1); @h[1] = hist(1); @h[1] = hist(1); exit(); }'
same "the largest, divided" 'BEGIN { @c[1] = count(); @c[2] = count(); @c[2] = count(); @s[1] = sum(10); @s[2] = sum(-20);
	@s[3] = sum(15); @h = hist(10); @h = hist(20); @h = hist(21); @kh[1] = hist(1); @kh[2] = hist(4); @kh[2] = hist(4);
	@l = lhist(10, 0, 100, 10); @a[1] = avg(10); @a[2] = avg(25); print(@c, 1); print(@s, 2, 2); print(@s, 0, 5);
	print(@h, 1, 2); print(@kh, 1, 2); print(@l, 1, 2); print(@a, 1, 2); exit(); }'
same "printf: conversions and lengths" 'BEGIN { printf("%d %hhd %hd %ld %lld|%u %hhu %hu %lu %llu\n", 300, 300, 70000, -5, -6,
	300, 300, 70000, -5, -6); printf("%x %hhx %hx %lx %llx %X|%o %ho %lo|%p %p %p\n", -1, -1, -1, -1, -1, 255, 8, 70000, 8, 0,
	255, -1); printf("%5d|%-5d|%05d|%.3d|%10s|%-10s|%.2s|%c%c|%20p|\n", 42, 42, 42, 7, "right", "left", "cut", 65, 66, 255);
	printf("%d %x %u %hhd\n", (uint32)4294967295, (int8)-1, (int16)-1, (uint8)255); printf("100%\n"); exit(); }'
same_text "texts with special characters" 'BEGIN { @k["a\nb"] = 1; @k["t\tc"] = 2; @k["q\"x"] = 3; @v = "n\nm"; print("q\"\\\t");
	printf("%s|\n", "n\nm"); exit(); }'
same "names of addresses" 'BEGIN { @[usym(0)] = 1; @[usym(1)] = 2; @b = ksym(0); print(usym(3)); printf("%s|%8s|\n", ksym(3),
	usym(4)); exit(); }'
paths='BEGIN { printf("%s|%s\n", cgroup_path(cgroup), cgroup_path(cgroup, "c*")); exit(); }'
theirs=$(exactly bpftrace -e "$paths")
if grep -q '^unified:[^|]*|c' <<<"$theirs"; then
	is "paths of cgroups" "$(exactly "$telltale" run -e "$paths")" "$theirs"
else
	skip "paths of cgroups" "bpftrace finds none of version 1 here"
fi
same_text "texts that are made late" 'BEGIN { print(strerror(2)); printf("%s|%30s|\n", strerror(0), strerror(13)); printf("%s %s\n",
	ntop(0x01020304), strftime("%Y", 0)); printf("%r|%rx|\n", buf(0, 0), buf(0, 0)); exit(); }'
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
#define _GNU_SOURCE
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	struct timespec nap = {0, 20000000};
	struct addrinfo *addresses;
	struct stat status;
	void *block;
	int fd;

	for (int i = 0; i < 3; i++) {
		kill(getpid(), 0);
		kill(getpid(), SIGCONT);
		syscall(SYS_stat, "/telltale/nothing", &status);
		open("/telltale/no file", O_RDONLY);
		syscall(SYS_nanosleep, &nap, 0);
		if (!fork()) {
			execl("/bin/echo", "echo", "of tt_work", "and another", (char *)0);
			_exit(1);
		}
		wait(0);
		if (!getaddrinfo("127.0.0.1", "80", 0, &addresses))
			freeaddrinfo(addresses);
	}
	for (int i = 0; i < 200000; i++)
		syscall(SYS_getppid);
	fd = open(getenv("FILE"), O_CREAT | O_WRONLY | O_DIRECT, 0600);
	if (fd >= 0 && !posix_memalign(&block, 4096, 65536))
		for (int i = 0; i < 5; i++)
			pwrite(fd, block, i < 3 ? 4096 : 65536, i * 65536);
	sync();
	setuid(getuid());
	return 0;
}
END
gcc -O1 -w -o "$tmp/tt_work" "$tmp/work.c" || skip_all "gcc can't build the workload"

cp "$tmp/tt_work" "$tmp/tt_warm"
export FILE=$build/tt_file
at_exit+=('rm -f "$FILE"')

# both_see TOOL: both have seen a program of another name; they say that they trace before they do.
both_see()
{
	work "$1" tt_warm
	if [ "$1" = gethostlatency ] || [ "$1" = bashreadline ]; then sleep 0.1; fi
	grep -aq tt_warm "$tmp/$1.theirs.out" && grep -aq tt_warm "$tmp/$1.ours.out"
}

# ours: the workload's lines, without times of day and the numbers of processes.
ours()
{
	grep -a tt_work "$1" | sed -E 's/^[0-9]{2}:[0-9]{2}:[0-9]{2} *//; s/\b[0-9]+(\.[0-9]+)?\b/N/g; s/ +/ /g' | sort
}

# work TOOL NAME: what the tool is to see, by a program of that name.
work()
{
	case $1 in
	bashreadline)
		printf ': %s "a line"\nexit\n' "$2" | script -qc 'bash --norc -i' /dev/null ;;
	*)
		"$tmp/$2" ;;
	esac >/dev/null 2>&1
}

# attached PID: it has links, or events, of its program's probes.
attached()
{
	[ "$(ls -l "/proc/$1/fd" 2>/dev/null | grep -cE 'perf_event|bpf.link')" -gt 0 ]
}

# entry FILE: what a map has of the workload, at the end.
entry()
{
	awk 'index($0, "[tt_work]:") { on = 1 } on && /^(@|$)/ && !index($0, "[tt_work]:") { exit } on { sub(/ +$/, ""); print }' "$1"
}

lines='killsnoop syncsnoop statsnoop execsnoop opensnoop setuids naptime gethostlatency bashreadline'
maps='syscount bitesize'
watching=()
for tool in $lines $maps; do
	start "$tool.theirs" bpftrace "$tools/$tool.bt"
	watching+=("$pid")
	start "$tool.ours" "$telltale" run "$tools/$tool.bt"
	watching+=("$pid")
done
for tool in $lines; do
	wait_until 60 both_see "$tool"
done
for pid in "${watching[@]}"; do
	wait_until 60 attached "$pid"
done
work bashreadline tt_work
work all tt_work
sleep 0.5
for pid in "${watching[@]}"; do
	stop "$pid" INT
done
for tool in $lines; do
	is "$tool.bt: the header" "$(even <"$tmp/$tool.ours.out" | head -1)" \
		"$(even <"$tmp/$tool.theirs.out" | head -1)"
	is "$tool.bt: the lines of a workload" "$(ours "$tmp/$tool.ours.out")" "$(ours "$tmp/$tool.theirs.out")"
	like "$tool.bt: there are some" "$(ours "$tmp/$tool.ours.out")" .
done
for tool in $maps; do
	is "$tool.bt: what it has of a workload" "$(entry "$tmp/$tool.ours.out")" "$(entry "$tmp/$tool.theirs.out")"
done
like "syscount.bt: there is something" "$(entry "$tmp/syscount.ours.out")" '^@process.tt_work.: [0-9]{6}$'
for tool in cpuwalk loads pidpersec runqlat runqlen ssllatency sslsnoop tcpdrop writeback; do
	run "$telltale" run -q -t 0.3 "$tools/$tool.bt"
	if [ "$code" = 2 ] && ! timeout 20 bpftrace -d "$tools/$tool.bt" >/dev/null 2>&1; then
		skip "$tool.bt runs" "not with bpftrace either, on this kernel: $(head -1 <<<"$err")"
	else
		is "$tool.bt runs" "$code $err" "0 "
	fi
done
finish
