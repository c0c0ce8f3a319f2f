#!/bin/bash
# `-- COMMAND` on a terminal, as if a shell had started the command by itself: keys reach it once, it
# reads the terminal, stops and goes on with telltale, and its exit code comes back. And everything is
# attached before a constructor of its libraries runs.
. "$(dirname "$0")/../lib.sh"
have script || skip_all "no script(1)"
need_tracing

cat >"$tmp/constructs.c" <<'END'
#include <telltale.h>
static void __attribute__((constructor)) early(void)
{
	for (int i = 0; i < 100; i++)
		TELLTALE_LAZY(early, hit, i);
}
void nothing(void);
void nothing(void)
{
}
END
cat >"$tmp/terminal.c" <<'END'
#include <telltale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
void nothing(void);
static volatile sig_atomic_t signals;
static void on_signal(int signal)
{
	(void)signal;
	signals++;
}
int main(int argc, char **argv)
{
	char line[100];

	nothing();
	signal(SIGINT, on_signal);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && !strcmp(argv[1], "read")) {
		printf("foreground: %d\n", tcgetpgrp(0) == getpgrp());
		if (fgets(line, sizeof(line), stdin))
			printf("read: %s", line);
		return 7;
	}
	printf("ready\n");
	for (int n = 0; n < 3000 && !signals; n++, usleep(10000))
		TELLTALE(terminal, tick, n);
	usleep(200000);		/* it takes its time to end, and may get another signal then */
	TELLTALE(terminal, last, 1);
	printf("signals: %d\n", (int)signals);
	return 3;
}
END
${CC:-gcc} -O2 -I"$root/sdk" -shared -fPIC -o "$tmp/libconstructs.so" "$tmp/constructs.c" &&
	${CC:-gcc} -O2 -I"$root/sdk" -o "$tmp/terminal" "$tmp/terminal.c" -L"$tmp" -lconstructs -Wl,-rpath,"$tmp" ||
	skip_all "no compiler"

run "$telltale" count early:hit -- "$tmp/terminal" read
is "constructors of its libraries are seen" "$code ${out##*$'\n'}" "7 @[early:hit]: 100"

# A terminal with a shell in it: what is typed goes to descriptor 9, what is shown to $tmp/shown.
mkfifo "$tmp/keys"
exec 9<>"$tmp/keys"
PS1='$ ' TERM=dumb script -qefc "bash --norc --noprofile -i" /dev/null <"$tmp/keys" >"$tmp/shown" 2>&1 &
shell=$!
started+=("$shell")

type_in() # TEXT
{
	printf '%b' "$1" >&9
}

shown() # NAME REGEX: waits until the terminal shows it
{
	if wait_until 20 contains "$tmp/shown" "$2"; then
		ok "$1"
	else
		not_ok "$1" "$(tail -n 30 "$tmp/shown")"
	fi
}

type_in "$telltale count -o $tmp/counted terminal:tick -- $tmp/terminal read; echo code=\$?\n"
shown "it is in the foreground" 'foreground: 1'
type_in 'hello\n'
shown "and reads the terminal" 'read: hello'
shown "its exit code comes back" 'code=7'

type_in "$telltale count -o $tmp/counted 'terminal:*' -- $tmp/terminal; echo code=\$?.\n"
shown "the command runs" 'ready'
type_in '\x03'
shown "Ctrl-C reaches it once" 'signals: 1'
shown "which ends the trace well" 'code=0\.'
like "whose end was traced, too" "$(cat "$tmp/counted")" 'terminal:last\]: 1'

type_in "$telltale count -o $tmp/counted 'terminal:*' -- $tmp/terminal\n"
again()
{
	[ "$(grep -c ready "$tmp/shown")" = 2 ]
}
wait_until 20 again
type_in '\x1a'
shown "Ctrl-Z stops telltale" 'Stopped'
command=$(pgrep -f "^$tmp/terminal\$" | tail -n 1)
tracer=$(pgrep -f "^$telltale count .* -- $tmp/terminal\$" | tail -n 1)
stopped()
{
	[[ $(cat "/proc/$1/stat" 2>/dev/null) == *") T "* ]]
}
check "and the command" wait_until 10 stopped "$command"
check "both of them" wait_until 10 stopped "$tracer"
type_in 'fg; echo later=$?\n'
running()
{
	! stopped "$command" && ! stopped "$tracer"
}
check "fg lets both go on" wait_until 10 running
type_in '\x03'
shown "to the end" 'later=0'

type_in "$telltale count -t 0.3 -o $tmp/counted -b $tmp/terminal terminal:tick -- sleep 30; echo limit=\$?\n"
shown "a limit ends a command that would go on" 'limit=0'
type_in "$telltale count -o $tmp/counted terminal:tick -b $tmp/terminal -- sh -c 'trap \"\" INT; echo deaf; exec sleep 30'; echo twice=\$?\n"
shown "a command that ignores Ctrl-C" '^deaf'
type_in '\x03'
sleep 0.3
check "lives on, and so does the trace" pgrep -f "^$telltale count .*echo deaf"
type_in '\x03'
shown "a second one ends the trace" 'twice=0'
type_in 'exit\n'
finished "$shell"
# timeout(1) sends its signal twice at once, to the process and to its group.
start double "$telltale" run -e 'BEGIN { printf("on\n"); } interval:s:10 { exit(); } END { printf("end\n"); }'
wait_until 20 grep -q on "$tmp/double.out"
kill -INT "$pid"
kill -INT "$pid" 2>/dev/null
stop "$pid" INT
is "an interrupt that comes twice at once is one" "$code $(sed '/^$/d' "$tmp/double.out" | xargs)" "0 on end"
finish
