#!/bin/bash
# The options of `telltale run` that bpftrace has, where they need a kernel; and the settings of both.
. "$(dirname "$0")/../lib.sh"
need_tracing
demo="$samples/demo"

says() # ARGUMENTS of run: what it printed, without blank lines
{
	run timeout 30 "$telltale" run "$@"
	grep -v '^$' <<<"$out"
}

# ---- files, parameters, scripts ----

cat >"$tmp/p.bt" <<EOF
#!/usr/bin/env -S $telltale run
BEGIN { printf("%d %s\n", \$1, str(\$2)); exit(); }
EOF
chmod +x "$tmp/p.bt"
is "options in front" "$(says -q --no-warnings "$tmp/p.bt" 5 five)" "5 five"
is "options behind" "$(says "$tmp/p.bt" 5 five -B none -q)" "5 five"
is "-e, the last of several" "$(says -e 'BEGIN { exit(3); }' -e 'BEGIN { print(1); exit(); }')" 1
is "standard input" "$(timeout 30 "$telltale" run - 6 six <"$tmp/p.bt" | grep .)" "6 six"
run "$tmp/p.bt" 7 seven
is "a script" "$code: $(grep -v '^$' <<<"$out")" "0: 7 seven"
is "-B full" "$(says -B full "$tmp/p.bt" 1 2)" "1 2"
is "without uprobe_multi" "$(says --no-feature uprobe_multi,kprobe_multi -q \
	-e "u:$demo:main { print(1); exit(); }" -- "$demo" -n 1 -r 1000 | grep -x 1)" 1

run "$telltale" run -v -q -e "BEGIN { exit(); } u:$demo:main, u:$demo:_start { @ = 1; }"
like "-v says what is attached" "$err" \
	"telltale: -e:1:[0-9]+: [a-z]+: [0-9]+ instructions, at 2 places.*attached: BEGIN.*attached: uprobe:$demo:main.*attached: uprobe:$demo:_start"

# ---- what does not run ----

run "$telltale" run --dry-run -e 'BEGIN { print(1); } END { print(2); } interval:s:1 { @ = 1; }'
is "--dry-run prints nothing" "$code:$out" "0:"
run "$telltale" run --dry-run -e 'BEGIN { nonsense }'
is "but what is wrong" "$code" 2
run "$telltale" run --dry-run -e 'BEGIN { }' -c "touch $tmp/touched"
ok "nor does it start the command" [ ! -e "$tmp/touched" ]
run "$telltale" run -d verifier -e 'BEGIN { @ = 1; }'
like "-d verifier" "$code $out" '^0 BEGIN:.*processed [0-9]+ insns'
run "$telltale" run -d all -e 'BEGIN { @ = 1; }'
like "-d all" "$out" 'probe BEGIN.*assign.*processed [0-9]+ insns'
run "$telltale" run --info
like "--info" "$out" '^(yes|no) .*uprobe_multi'

# ---- lists ----

is "-l of a file" "$(says -l "$tmp/p.bt")" BEGIN
is "-l -e" "$(says -l -e "BEGIN { } uprobe:$demo:main, END { exit(); }")" "BEGIN
END
uprobe:$demo:main"
run "$telltale" run -l -e 'BEGIN { '
is "-l of a program that is wrong" "$code" 2
if have gcc; then
	echo 'struct s { int a; }; __attribute__((noinline)) int f(const char *text, struct s *s, unsigned long n)
	{ return text[n] + s->a; } int main(void) { struct s s = { 1 }; return f("a", &s, 0); }' >"$tmp/f.c"
	gcc -g -O1 -o "$tmp/f" "$tmp/f.c" && is "-lv: parameters of a function" \
		"$(says -lv "uprobe:$tmp/f:f")" "uprobe:$tmp/f:f
    const char *text
    struct s *s
    unsigned long n"
else
	skip "-lv: parameters of a function" "no gcc"
fi
if [ -r /sys/kernel/btf/vmlinux ]; then
	run "$telltale" run -lv 'struct list_head,enum pid_type'
	is "-lv of types" "$(sed -n '1,/^}/p; /^enum/p; /PIDTYPE_PID/p' <<<"$out")" "struct list_head {
	struct list_head *next;
	struct list_head *prev;
};
enum pid_type {
	PIDTYPE_PID = 0,"
	is "-l of types" "$(says -l 'struct list_hea*')" "struct list_head"
	run "$telltale" run -l 'struct no_such_type'
	is "none" "$code" 1
else
	skip "types" "no BTF"
fi

BPFTRACE_BTF=$tmp/no.btf run "$telltale" run -e 'BEGIN { print(curtask->pid); exit(); }'
like "BPFTRACE_BTF" "$err" "no.btf"

# ---- headers ----

mkdir "$tmp/include"
printf '#pragma once\n#define FOUR 4\nstruct four { char bytes[FOUR]; };\n' >"$tmp/include/four.h"
printf '#include "include/four.h"\nBEGIN { print(FOUR); exit(); }\n' >"$tmp/beside.bt"
is "a header beside the program" "$(says "$tmp/beside.bt")" 4
is "-I" "$(says -I "$tmp/include" -e $'#include <four.h>\nBEGIN { print(sizeof(struct four)); exit(); }')" 4
is "--include" "$(says --include four.h -I "$tmp/include" -e 'BEGIN { print(FOUR + 1); exit(); }')" 5
is "CPATH" "$(CPATH=$tmp/include says -e $'#include <four.h>\nBEGIN { print(FOUR); exit(); }')" 4
run "$telltale" run -e $'#include <no/four.h>\nBEGIN { }'
like "one that is not there" "$code $err" "^2 -e:1:1: error: 'no/four.h' file not found"
is "numbers of C's library" "$(says -e $'#include <errno.h>\n#include <sys/socket.h>\n#include <fcntl.h>
	BEGIN { printf("%d %d %d\\n", EPERM, AF_INET, O_RDONLY); exit(); }')" "1 2 0"
finish
