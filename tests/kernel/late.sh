#!/bin/bash
# Files that come while a plan runs: libraries that are loaded later, programs that a process becomes, files that
# replace one of -b; and files that have no path, or one in another mount namespace only.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
have gcc || skip_all "no gcc"

# One action an argument: what it says is done in turn.
cat >"$tmp/host.c" <<'END_OF_FILE'
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <telltale.h>

static void load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);
	void (*work)(int);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	work = (void (*)(int))dlsym(library, "work");
	for (int i = 0; i < 3; i++)
		work(i);
}

static void load_nameless(const char *path)
{
	char block[65536], name[64];
	int from = open(path, O_RDONLY), to = memfd_create("plug", 0);
	ssize_t got;

	while ((got = read(from, block, sizeof(block))) > 0)
		if (write(to, block, (size_t)got) != got)
			exit(1);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", to);
	load(name);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *what = argv[i], *path = strchr(what, '=');

		path = path ? path + 1 : what;
		if (!strcmp(what, "hit"))
			TELLTALE(host, hit, 1);
		else if (!strncmp(what, "open=", 5))
			load(path);
		else if (!strncmp(what, "memfd=", 6))
			load_nameless(path);
		else if (!strncmp(what, "made=", 5))
			close(open(path, O_CREAT | O_WRONLY, 0600));
		else if (!strncmp(what, "await=", 6))
			while (access(path, F_OK))
				usleep(1000);
		else if (!strcmp(what, "exec"))
			execv(argv[i + 1], argv + i + 1);
		else if (!strcmp(what, "fork") && fork())
			exit(wait(NULL) < 0);
	}
	return 0;
}
END_OF_FILE
cat >"$tmp/plug.c" <<'END_OF_FILE'
#include <telltale.h>
__attribute__((constructor)) static void start(void) { TELLTALE(plug, start, 1); }
void work(int n) { TELLTALE_SEMA(plug, work, n); }
END_OF_FILE
cat >"$tmp/text.c" <<'END_OF_FILE'
#include <telltale.h>
void work(int i) { const char *n = i ? "many" : "none"; TELLTALE(plug, work, n); }
END_OF_FILE
build()
{
	gcc -O2 -D_GNU_SOURCE -I"$root/sdk" -o "$tmp/host" "$tmp/host.c" &&
		gcc -O2 -I"$root/sdk" -shared -fPIC -o "$tmp/plug.so" "$tmp/plug.c" &&
		gcc -O2 -I"$root/sdk" -shared -fPIC -o "$tmp/text.so" "$tmp/text.c" &&
		cp "$tmp/plug.so" "$tmp/plug2.so" && cp "$tmp/host" "$tmp/other"
}
build || skip_all "gcc can't build the target"
need_tracing
cd "$tmp" || exit 1

# Of a run with --json: how often each probe was hit, as "host:hit 1, plug:start 1".
hits()
{
	grep '^{' <<<"$out" | jq -r 'select(.probe) | "\(.provider):\(.probe)"' | sort | uniq -c |
		awk '{ printf "%s%s %s", n++ ? ", " : "", $2, $1 }'
}

# ---- a command ----

run "$telltale" trace --json '*:*' -- ./host hit open=./plug.so open=./plug2.so
is "-- COMMAND: libraries that it loads, from their constructors on" "$(hits)" \
	"host:hit 1, plug:start 2, plug:work 6"
is "nothing is said about it" "$err" ""

run "$telltale" trace --json --no-follow '*:*' -- ./host hit open=./plug.so
is "--no-follow: the same" "$(hits)" "host:hit 1, plug:start 1, plug:work 3"

run "$telltale" trace --json '*:*' -- ./host hit memfd=./plug.so
is "a library in memory, without a name" "$(hits)" "host:hit 1, plug:start 1, plug:work 3"

run "$telltale" count --json 'plug:work' -b ./plug2.so -- ./host open=./plug.so open=./plug2.so
is "count: all probes of one name have their line" \
	"$(grep '^{' <<<"$out" | jq -r 'select(.map) | .value' | sort | tr '\n' ' ')" "3 3 "

TELLTALE_WITHOUT=uprobe_multi run "$telltale" trace --json '*:*' -- ./host hit open=./plug.so
is "without uprobe_multi" "$(hits)" "host:hit 1, plug:start 1, plug:work 3"

# ---- probes that nobody has yet ----

run "$telltale" trace 'plug:*' -- ./host open=./plug.so
is "a pattern that matches nothing yet is an error" "$code" 1
like "which says what helps" "$err" "--wait"
run "$telltale" trace --json --wait 'plug:*' -- ./host open=./plug.so
is "--wait: it may come" "$(hits)" "plug:start 1, plug:work 3"
run "$telltale" run --json --wait -e 'plug:work { @[args.n] = count(); @m = max(args.n); } END { print(@m); }' \
	-- ./host open=./plug.so
is "--wait: maps have their types from what comes" \
	"$(grep '^{' <<<"$out" | jq -c 'select(.map == "@m") | .value')" "2
2"
run "$telltale" run --json --wait -e 'plug:work { if (@last[tid]) { @again = sum(@last[tid]); } @last[tid] = args.n + 1; }
	END { clear(@last); }' -- ./host open=./plug.so open=./plug2.so
is "--wait: values that a thread carries, over both files" \
	"$(grep '^{' <<<"$out" | jq -c 'select(.map) | [.map, .value]')" '["@again",9]'
run "$telltale" trace --wait 'plugg:*' -- ./host open=./plug.so
is "--wait: if it never came, that is the answer" "$code" 1
like "it says which" "$err" "no file came that has a probe for 'plugg:\*'"
run "$telltale" run --wait -e 'BEGIN { @a = 1; @b["x"] = @c; } plug:work { @c = args.n; }' -- ./host open=./plug.so
is "--wait: a map that is used before it has a type is refused" "$code" 2
like "by its name" "$err" "@c"

# ---- what does not fit ----

run "$telltale" run --json -e 'plug:work { @[args.n] = count(); }' -b ./plug2.so -- ./host open=./plug2.so open=./text.so
is "a library whose values don't fit: the rest goes on" "$(grep -c '^{.*"value":1' <<<"$out")" 3
like "and it is said" "$err" "text.so: its probes are left out: .*@ is .* elsewhere|text.so: its probes are left out"

# ---- processes ----

start target ./host made=ready await=go hit open=./plug.so made=opened await=end
target=$pid
start second ./host await=go hit await=end
second=$pid
wait_until 10 test -e ready
start tracer "$telltale" trace --json '*:*' -p "$target" -p "$second"
tracer=$pid
wait_until 20 watched "$target" "$tmp/host" host:hit
touch go
wait_until 20 test -e opened
wait_until 20 contains tracer.out '"n":2'
touch end
finished "$tracer"
out=$(cat tracer.out)
is "-p, twice: a library that one of them loads" "$(hits)" "host:hit 2, plug:start 1, plug:work 3"
finished "$target"
finished "$second"
rm -f ready go opened end

# A child, from when the tracer has heard of it: it is watched then.
links()
{
	find "/proc/$1/fd" -lname '*bpf*link*' 2>/dev/null | wc -l
}
more_links()
{
	[ "$(links "$1")" -gt "$2" ]
}
start target ./host made=ready await=fork fork made=forked await=go hit open=./plug.so \
	exec ./other made=became await=again hit open=./plug2.so
target=$pid
wait_until 10 test -e ready
start tracer "$telltale" trace --json '*:*' -p "$target"
tracer=$pid
wait_until 20 watched "$target" "$tmp/host" host:hit
before=$(links "$tracer")
touch fork
wait_until 20 test -e forked
wait_until 20 more_links "$tracer" "$before"
touch go
wait_until 20 test -e became
wait_until 20 watched "$(pgrep -P "$target")" "$tmp/other" host:hit
touch again
finished "$tracer"
out=$(cat tracer.out)
is "a child that loads one, and becomes another program that does, too" "$(hits)" \
	"host:hit 2, plug:start 2, plug:work 6"
finished "$target"
rm -f ready fork forked go became again

# Nobody else meets a breakpoint in the linker of all: a process under valgrind would die of it. (In a
# copy of it, which no other tracer on the machine knows.)
cp "$(awk '/\/ld-linux/ { print $6; exit }' "/proc/$$/maps")" ld-own.so.2
at=$(nm -D ld-own.so.2 2>/dev/null | awk '/ _dl_debug_state/ { print $1 }')
loader_byte() # PID
{
	local base

	base=$(awk -v file="$tmp/ld-own.so.2" '$6 == file && $3 ~ /^0+$/ { split($1, a, "-"); print a[1]; exit }' \
		"/proc/$1/maps")
	byte_at "$1" $((16#$base + 16#$at))
}
has_breakpoint()
{
	[ "$(loader_byte "$1")" = cc ]
}
if [ -n "$at" ]; then
	start target ./ld-own.so.2 ./host made=ready await=go open=./plug.so
	target=$pid
	wait_until 10 test -e ready
	start tracer "$telltale" trace --json '*:*' -p "$target"
	tracer=$pid
	check "the linker of the target is watched" wait_until 20 has_breakpoint "$target"
	start other ./ld-own.so.2 ./host made=others await=go
	wait_until 10 test -e others
	check "that of nobody else" eval '! has_breakpoint "$pid"'
	touch go
	finished "$tracer"
	out=$(cat tracer.out)
	is "a linker of one's own" "$(hits)" "plug:start 1, plug:work 3"
	finished "$target"
	finished "$pid"
fi
rm -f ready others go

# ---- a tracer that is slow, or gone ----

start target ./host made=ready await=go open=./plug.so made=opened
target=$pid
wait_until 10 test -e ready
start tracer "$telltale" trace --json --wait '*:*' -p "$target"
tracer=$pid
ld=$(ldd ./host | awk '/ld-linux/ { print $1 }')
wait_until 20 watched "$target" "$tmp/host" host:hit
kill -STOP "$tracer"
touch go
check "a tracer that is stopped holds up nobody for long" wait_until 20 test -e opened
kill -CONT "$tracer"
finished "$tracer"
finished "$target"
rm -f ready go opened

start target ./host made=ready await=go open=./plug.so made=opened
target=$pid
wait_until 10 test -e ready
start tracer "$telltale" trace '*:*' -p "$target"
tracer=$pid
wait_until 20 watched "$target" "$tmp/host" host:hit
stop "$tracer" KILL
touch go
check "a tracer that was killed neither" wait_until 20 test -e opened
finished "$target"
is "and its target ends as ever" "$code" 0
rm -f ready go opened

# ---- a file that is replaced ----

start tracer "$telltale" trace --json -n 3 'host:*' -b ./host
tracer=$pid
start target ./host made=ready await=go hit
target=$pid
wait_until 20 watched "$target" "$tmp/host" host:hit
./host hit
cp other new && mv new host
start replaced ./host await=go hit
replaced=$pid
check "-b FILE: the file that replaces it" wait_until 20 watched "$replaced" "$tmp/host" host:hit
touch go
finished "$tracer"
out=$(cat tracer.out)
is "hits of both" "$(hits)" "host:hit 3"
finished "$target"
finished "$replaced"
rm -f ready go

# ---- deleted files, and files that others can't see ----

# watched_at PID PATH LIKE: as watched, of a file that its maps call so and that is the same as LIKE.
watched_at()
{
	local base

	base=$(awk -v file="$2" '$6 == file && $3 ~ /^0+$/ { split($1, a, "-"); print a[1]; exit }' "/proc/$1/maps")
	first_site "$3" host:hit && [ -n "$base" ] && [ "$(byte_at "$1" $((at + 16#$base)))" != 90 ]
}

cp other gone
cp plug.so gone.so
start target ./gone made=ready await=go hit open=./gone.so made=opened await=end
target=$pid
wait_until 10 test -e ready
rm gone
start tracer "$telltale" trace --json '*:*' -p "$target"
tracer=$pid
wait_until 20 watched_at "$target" "$tmp/gone" "$tmp/other"
touch go
wait_until 20 test -e opened
touch end
finished "$tracer"
out=$(cat tracer.out)
is "-p: a program that was deleted" "$(hits)" "host:hit 1, plug:start 1, plug:work 3"
finished "$target"
rm -f ready go opened end

# The program is in an overlay of a mount namespace of its own, and so is the library that it loads.
cat >"$tmp/within.sh" <<'END_OF_FILE'
set -e
mount --make-rprivate /
mkdir "$1/space"
mount -t tmpfs none "$1/space"
mkdir "$1/space/lower" "$1/space/upper" "$1/space/work" "$1/space/merged"
cp "$1/other" "$1/plug.so" "$1/space/lower"
mount -t overlay overlay -o "lowerdir=$1/space/lower,upperdir=$1/space/upper,workdir=$1/space/work" "$1/space/merged"
mkdir "$1/space/bound"
mount --bind "$1/space/merged" "$1/space/bound"
exec "$1/space/bound/other" "made=$1/ready" "await=$1/go" hit "open=$1/space/merged/plug.so" "made=$1/opened" "await=$1/end"
END_OF_FILE
if unshare -m true 2>/dev/null; then
	start target unshare -m sh "$tmp/within.sh" "$tmp"
	target=$pid
	if wait_until 10 test -e ready; then
		start tracer "$telltale" trace --json '*:*' -p "$target"
		tracer=$pid
		wait_until 20 watched_at "$target" "$tmp/space/bound/other" "$tmp/other"
		touch go
		wait_until 20 test -e opened
		touch end
		finished "$tracer"
		out=$(cat tracer.out)
		is "-p: a program and a library in overlays of another namespace" "$(hits)" \
			"host:hit 1, plug:start 1, plug:work 3"
		run "$telltale" list --json -b "/proc/$$/root$tmp/other"
		is "-b through /proc/PID/root" "$(jq -r '.probe' <<<"$out")" hit
	else
		skip "another mount namespace" "no overlay: $(tail -n 1 target.err)"
	fi
	finished "$target"
else
	skip "another mount namespace" "unshare is not permitted"
fi
rm -rf space
finish
