#!/bin/bash
# Semaphores on kernels that do not keep them: telltale raises them in the processes' memory, in
# those that come later, too, and puts them back, also when it is killed.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
need_tracing
have bpftool || skip_all "no bpftool"

# A file of its own: the kernel remembers for a file's uprobes whether it keeps their semaphores.
demo=$tmp/demo
cp "$samples/demo" "$demo"
place=$("$telltale" list --json -b "$demo" demo:reply | jq '.sites[0].semaphore_address')
export TELLTALE_WITHOUT=ref_ctr

address_in() # PID
{
	echo $((place + $(load_base "$1" "$demo")))
}

value_is() # PID VALUE
{
	[ "$(semaphore_value "$1" "$(address_in "$1")")" = "$2" ]
}

put_value() # PID VALUE
{
	printf "\\x0$2\\0" | dd of="/proc/$1/mem" bs=2 count=1 seek="$(address_in "$1")" \
		oflag=seek_bytes conv=notrunc 2>/dev/null
}

value() # NAME PID VALUE
{
	if wait_until 10 value_is "$2" "$3"; then
		ok "$1"
	else
		not_ok "$1" "it is $(semaphore_value "$2" "$(address_in "$2")"), not $3" "$(cat "$tmp/tracer.err" 2>/dev/null)"
	fi
}

start one "$demo" -r 100 -t 100
one=$pid
start two "$demo" -r 100 -t 100
two=$pid
wait_until 10 value_is "$two" 0
put_value "$two" 5

# One process.
start tracer "$telltale" count -p "$one" demo:reply
value "-p: it is raised" "$one" 1
value "-p: another process's is not, since children are followed by all" "$two" 6
stop "$pid" INT
is "-p: an interrupt ends it with 0" "$code" 0
like "and it has counted" "$(cat "$tmp/tracer.out")" 'demo:reply\]?:? +[0-9]'
is "-p: it is back when telltale has ended" "$(semaphore_value "$one" "$(address_in "$one")")" 0
is "-p: so is the other" "$(semaphore_value "$two" "$(address_in "$two")")" 5

start tracer "$telltale" count --no-follow -p "$one" demo:reply
value "--no-follow: it is raised" "$one" 1
value "--no-follow: another process's is not" "$two" 5
stop "$pid" INT
value "--no-follow: it is back" "$one" 0

# All processes, and one that comes later; two tracers at once.
start tracer "$telltale" count -b "$demo" demo:reply
tracer=$pid
value "-b: it is raised in one process" "$one" 1
value "-b: and in the other, on top of what it was" "$two" 6
like "that processes which come later are late is said" "$(cat "$tmp/tracer.err")" 'keeps no semaphores'
start late "$demo" -r 100 -t 100
late=$pid
value "-b: and in one that comes later" "$late" 1
start other "$telltale" count -b "$demo" demo:reply
other=$pid
value "two tracers: raised twice" "$late" 2
stop "$other" INT
value "one of them ends" "$late" 1
stop "$tracer" KILL
value "the other is killed: back in one process" "$one" 0
value "and in the other" "$two" 5
value "and in the one that came later" "$late" 0
gone()
{
	! pgrep -f "^$telltale count -b $demo" >/dev/null
}
check "and nobody stays behind" wait_until 10 gone

# Forked children have a copy, which must come down as well.
cat >"$tmp/forks.c" <<'END'
#include <telltale.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
	char byte;
	int go = read(0, &byte, 1); /* until the tracer is there */
	for (int i = 0; i < 20 && go == 1; i++)
		if (!fork()) {
			TELLTALE_LAZY(demo, child, i);
			go = read(0, &byte, 1);
			return TELLTALE_ENABLED(demo, child);
		}
	int status, raised = 0;
	while (wait(&status) > 0)
		raised += status != 0;
	return TELLTALE_ENABLED(demo, child) ? 100 : raised;
}
END
${CC:-gcc} -I"$root/sdk" -o "$tmp/forks" "$tmp/forks.c" || skip_all "no compiler"
mkfifo "$tmp/go"
start tracer "$telltale" count -b "$tmp/forks" demo:child
tracer=$pid
"$tmp/forks" <"$tmp/go" &
forks=$!
started+=("$forks")
exec 9>"$tmp/go"
place=$("$telltale" list --json -b "$tmp/forks" demo:child | jq '.sites[0].semaphore_address')
demo=$tmp/forks
value "a program that will fork" "$forks" 1
printf x >&9
children_are_there()
{
	[ "$(pgrep -c -P "$forks")" = 20 ]
}
wait_until 10 children_are_there
child=$(pgrep -P "$forks" | tail -n 1)
value "its child has a copy, which is not raised again" "$child" 1
stop "$tracer" INT
value "all are back: the program's" "$forks" 0
value "and the child's" "$child" 0
printf xxxxxxxxxxxxxxxxxxxx >&9
exec 9>&-
finished "$forks"
is "and those of all 20 children" "$code" 0
like "whose hits were counted" "$(cat "$tmp/tracer.out")" 'demo:child\]?:? +20'

finish
