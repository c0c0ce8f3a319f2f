#!/bin/bash
# Every form of operand of x86-64: a program at known values, and what telltale prints. Each form as
# code (a probe of its own) and as data (a site of one probe with all of them).
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
have gcc && have objcopy || skip_all "no compiler"
[ "$(uname -m)" = x86_64 ] || skip_all "x86-64 only"
need_tracing

here=$(cd "$(dirname "$0")" && pwd)

# A value of JSON as the .expected section has it; unreadable must be null and named.
show='def show(f): if .args[f] == null then (if (.unreadable // []) | index(f) then "-" else "null?" end)
	else .args[f] | tostring end;'

# JSON numbers above 2^53 are not jq's: they become texts first.
exact()
{
	sed -E 's/(:)(-?[0-9]{15,})([,}])/\1"\2"\3/g'
}

# expected KIND|.*: names and values; what is not known beforehand is taken from the names and values
# on standard input.
expected()
{
	awk 'NR == FNR { got[$1] = $2; next }
		$1 ~ "^('"$1"')$" {
			if ($3 == "any") $3 = got[$2]
			if (sub(/^same:/, "", $3)) $3 = got[$3]
			print $2, $3
		}' - "$tmp/expected"
}

# forms BUILD COMPILER-OPTIONS...: all forms of one source, in a program of that kind.
forms()
{
	local name=$1 values kind

	shift
	if ! err=$(gcc "$@" -o "$tmp/forms" 2>&1); then
		not_ok "$name: builds" "$err"
		return
	fi
	objcopy -O binary --only-section=.expected --set-section-flags .expected=alloc "$tmp/forms" "$tmp/expected"
	run "$telltale" trace --json 'form:*' -- "$tmp/forms"
	is "$name: exit code" "$code" 0
	exact <<<"$out" >"$tmp/out"
	values=$(jq -r "$show"' select(.probe) | "\(.probe) \(show("arg0"))"' "$tmp/out")
	is "$name: each form as code" "$values" "$(expected '.*' <<<"$values")"
	is "$name: nothing is lost" "$(jq -c 'select(has("lost"))' "$tmp/out")" '{"lost":0}'
	run "$telltale" trace --json many:* -- "$tmp/forms"
	exact <<<"$out" >"$tmp/out"
	for kind in integers floats wide; do
		values=$(jq -r "$show"' select(.probe == "'$kind'") | show("arg0")' "$tmp/out" |
			paste -d ' ' <(sed -n "s/^$kind \([^ ]*\).*/\1/p" "$tmp/expected") -)
		is "$name: each form as data: $kind" "$values" "$(expected $kind <<<"$values")"
	done
	is "$name: a float among doubles" "$(jq -r 'select(.probe == "floats") | .args.arg0' "$tmp/out" | grep e-)" \
		"$tiny"
	like "$name: what can't be read is named at the start" "$err" 'can.t be read'
}

tiny=1.401298464324817e-45
forms "position-independent" -pie "$here/operands.S"
forms "at a fixed address" -no-pie "$here/operands.S"
forms "static" -static "$here/operands.S"

tiny=5.605193857299268e-45
if gcc -m32 -nostdlib -static "$here/operands_i386.S" -o "$tmp/i386" 2>/dev/null && "$tmp/i386"; then
	forms "i386, at a fixed address" -m32 -nostdlib -static -no-pie "$here/operands_i386.S"
	forms "i386, position-independent" -m32 -nostdlib -static-pie -Wl,-z,notext "$here/operands_i386.S"
else
	skip "i386" "no 32-bit programs here"
fi

# ---- symbols of other files, and threads ----

cat >"$tmp/marker.h" <<'END'
/* A marker whose operands are written by hand. */
#define MARKER(provider, name, operands)                                                           \
	__asm__ volatile("990: nop\n.pushsection .note.stapsdt, \"\", \"note\"\n.balign 4\n"          \
			 ".4byte 2f - 1f, 4f - 3f, 3\n1: .asciz \"stapsdt\"\n2: .balign 4\n"             \
			 "3: .8byte 990b, 0, 0\n.asciz \"" provider "\", \"" name "\", \"" operands      \
			 "\"\n4: .balign 4\n.popsection")
END
cat >"$tmp/library.c" <<'END'
#include "marker.h"
#include <stdio.h>
int both = 1;	      /* the program has it, too: a copy of its own counts */
static volatile int mine = 2;
int *library(void)
{
	MARKER("got", "both", "8@both@GOTPCREL(%rip)");
	MARKER("got", "other", "8@stdout@GOTPCREL(%rip)");
	MARKER("got", "mine", "-4@mine(%rip)");
	return mine ? &both : (int *)stdout;
}
END
cat >"$tmp/program.c" <<'END'
#include "marker.h"
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
extern int both;
int *library(void);
static volatile __thread int own __attribute__((tls_model("local-exec"))) = 7;
static void *thread(void *value)
{
	own = (int)(intptr_t)value;
	__asm__ volatile("" ::: "memory");
	MARKER("threads", "own", "-4@%fs:own@tpoff");
	return value;
}
int main(void)
{
	if (library() != &both)
		return 1;
	printf("%lu\n%lu\n2\n", (unsigned long)&both, (unsigned long)&stdout);
	fflush(stdout);
	thread((void *)7);
	for (intptr_t i = 1; i <= 20; i++) {
		pthread_t t;

		pthread_create(&t, NULL, thread, (void *)-i);
		pthread_join(t, NULL);
	}
	return 0;
}
END
for kind in -no-pie -pie; do
	if ! err=$(gcc -O1 -fPIC -shared -o "$tmp/liblibrary.so" "$tmp/library.c" 2>&1 &&
		gcc -O1 $kind $([ $kind = -pie ] && echo -fpie || echo -fno-pie) -o "$tmp/program" "$tmp/program.c" -L"$tmp" -llibrary -lpthread \
			-Wl,-rpath,"$tmp" 2>&1); then
		not_ok "$kind: builds" "$err"
		continue
	fi
	run "$telltale" trace --json 'got:*' 'threads:*' -- "$tmp/program"
	is "$kind: addresses in the global offset table, and a global, as the program has them" \
		"$(grep '"got"' <<<"$out" | exact | jq -r .args.arg0)" "$(grep -E '^[0-9]+$' <<<"$out")"
	is "$kind: each thread's own variable" \
		"$(jq -r 'select(.provider? == "threads") | .args.arg0' <<<"$(grep '^{' <<<"$out")" | xargs)" \
		"$(seq -s ' ' -1 -1 -20 | sed 's/^/7 /')"
done

finish
