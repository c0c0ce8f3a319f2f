#!/bin/bash
# Provider files to headers and objects: what is made of them compiles and has the right notes; wrong ones are answered
# with FILE:LINE:COLUMN; the options are dtrace's.
. "$(dirname "$0")/lib.sh"

san="-fsanitize=address,undefined -fno-sanitize-recover"
echo 'int main(void) { return 0; }' >"$work/try.c"
# shellcheck disable=SC2086
gcc $san -o "$work/try" "$work/try.c" 2>/dev/null || san=""
# shellcheck disable=SC2086
if ! said=$(gcc -std=c11 -D_GNU_SOURCE -g $san -Wall -Wextra -Werror -I"$root/sdk" -o "$work/telltale" \
		"$here/gen_main.c" "$root"/tracer/cli/{gen,explain}.c "$root"/sdk/gen/*.c 2>&1); then
	no "gen builds" "$said"
	finish
fi
gen=$work/telltale
cd "$work" || exit 1
cp "$here/gen.d" "$here/gen.trace-events" .

# ---- what is made compiles, runs and describes itself ----
check "a header of gen.d, through the preprocessor" "$gen" -C -h -s gen.d -o gen.h
check "a header of trace events" "$gen" -h -s gen.trace-events -o events.h
check "an object of gen.d" "$gen" -C -G -s gen.d -o gen.o
check "an object of trace events" "$gen" -G -s gen.trace-events -o events.o
for cc in "gcc -std=c99 -pedantic-errors" "clang -O2" "g++ -O2 -x c++" "clang++ -std=c++11 -x c++"; do
	have "${cc%% *}" || { skip "$cc: a program on both headers" "no ${cc%% *}"; continue; }
	# shellcheck disable=SC2086
	if ! said=$($cc -Wall -Wextra -Werror -I. -I"$root/sdk" -c -o use.o "$here/gen_use.c" 2>&1 &&
			${cc%% *} -o use use.o gen.o events.o 2>&1); then
		no "$cc: a program on both headers" "$said"
	else
		same "$cc: a program on both headers runs" "done" "$(./use)"
		same "$cc: names, kinds and semaphores in its notes" \
			"$(sed -n 's|^.*//= ||p' "$here/gen_use.c" | sort -u)" "$(notes use | sort -u)"
	fi
done
same "declared types are in the text" "4" \
	"$(grep -cE 'TELLTALE_TYPE\((const char \*, customer|unsigned int, n|struct node \*const \*, list|char, buf)\)' \
		<(sed 's/), /)\n/g; s/char \[16\]/char/' gen.h))"

# ---- as dtrace names them ----
macros()
{
	grep -hoE '^#define [A-Z0-9_]+ ?\(' "$1" | tr -d '( ' | sed 's/#define//' | sort -u
}
if have dtrace && dtrace --help 2>&1 | grep -q File.d; then
	sed -e '/quiet(void)/d; /fn(int/d; /order-done/d; /: (orderinfo/d; /a_b/d; /a__b/d' gen.d >common.d
	dtrace -C -h -s common.d -o theirs.h && "$gen" -C -h -s common.d -o ours.h
	same "the macros that dtrace -h writes" "$(macros theirs.h)" "$(macros ours.h)"
	same "and their numbers of arguments" \
		"$(grep -E '^#define [A-Z_0-9]+\(' theirs.h | sed 's/arg/a/g; s/[ \\]*$//; /ENABLED/d' | sort -u)" \
		"$(grep -E '^#define [A-Z_0-9]+\(' ours.h | sed 's/[ \\]*$//; /ENABLED/d' | sort -u)"
	"$gen" -C -G -s common.d -o ours.o
	dtrace -C -G -s common.d -o theirs.o
	same "the symbols that dtrace -G defines" "$(nm theirs.o | awk '$3 != "__dtrace" { print $3 }' | sort)" \
		"$(nm ours.o | awk '{ print $3 }' | sort)"
else
	skip "the macros that dtrace -h writes" "no dtrace of systemtap-sdt-dev"
fi

# ---- options ----
rm -f gen.h2 && cp gen.d plain.d
"$gen" -C -h -s plain.d && same "without -o, FILE.h" yes "$([ -s plain.h ] && echo yes)"
"$gen" -C -G -s plain.d && same "without -o, FILE.o" yes "$([ -s plain.o ] && echo yes)"
same "-o - is standard output" "$(sed 's/plain/gen/' plain.h)" "$("$gen" -C -s gen.d -o -)"
same "-s - is standard input" "$(sed 's/ gen\.trace-events / - /' events.h)" \
	"$("$gen" --format trace-events -s - <gen.trace-events)"
printf '#include "inc.h"\nprovider p {\n#ifdef WITH\n probe with(WITH x);\n#endif\n probe b(T x);\n};\n' >c.d
mkdir -p inc && echo '#define T char *' >inc/inc.h
same "-I and -D reach the preprocessor" "/* with(long x) */ /* b(char *x) */" \
	"$("$gen" -C -Iinc -D WITH=long -h -s c.d -o - | grep '^/\* [a-z]*(' | tr '\n' ' ' | sed 's/ $//')"
printf '#!/bin/sh\necho "$@" >%s/cc.args\nexec gcc "$@"\n' "$work" >mycc && chmod +x mycc
CC="$work/mycc" CFLAGS="-DFROM_CFLAGS  -O1" "$gen" -k -G -s gen.trace-events -o kept.o
same "-G honours CC and CFLAGS" "-DFROM_CFLAGS -O1 -fPIC" "$(grep -o -- '-DFROM_CFLAGS -O1 -fPIC' cc.args)"
same "-k keeps the source" 1 "$(ls kept.o.*.c | wc -l)"
same "without -k no source is left" 0 "$(ls gen.o.*.c 2>/dev/null | wc -l)"
check "dtrace's other options are taken" "$gen" -64 -xnolibs -x lazyload -fPIC -G -C -s gen.d -o x.o some.o
same "the launcher runs gen" "$("$gen" -C -s gen.d -o -)" \
	"$(TELLTALE=$work/launched sh -c 'printf "#!/bin/sh\nshift\nexec %s \"\$@\"\n" "$1" >"$TELLTALE" && chmod +x "$TELLTALE"
		exec "$2" -C -s gen.d -o -' sh "$gen" "$root/sdk/gen/telltale-dtrace")"
same "--provider names trace events" "extern volatile unsigned short mine_bare_semaphore;" \
	"$("$gen" --provider mine -s gen.trace-events -o - | grep '^extern.*bare')"
CC=false "$gen" -G -s gen.d -o never.o >/dev/null 2>&1
same "a compiler that fails: exit code 2, no object" "2 no" "$? $([ -e never.o ] && echo yes || echo no)"

# ---- a file that says nothing: dtrace takes it, and QEMU's build has them ----
printf '\n/* no events */\n' >none.d
check "a header of nothing" "$gen" -h -s none.d -o none.h
check "an object of nothing" "$gen" -G -s none.d -o none.o
check "the header compiles" gcc -Wall -Wextra -Werror -I"$root/sdk" -fsyntax-only -include none.h -x c "$work/try.c"

# ---- wrong files: exit code 2, and where ----
# wrong NAME FILE WHERE TEXT: printf's format TEXT in FILE is wrong at WHERE
wrong()
{
	local said status

	# shellcheck disable=SC2059
	printf "$4" >"$2"
	said=$("$gen" -h -s "$2" -o wrong.h 2>&1)
	status=$?
	if [ $status = 2 ] && [[ $said == "$2:$3: error: "* ]]; then
		ok "wrong: $1"
	else
		no "wrong: $1" "exit code $status:" "$said"
	fi
}
wrong "no provider" e.d 2:1 'typedef int x;\n'
wrong "not a provider" e.d 1:1 'hello world\n'
wrong "no closing brace" e.d 3:1 'provider p {\n probe a();\n'
wrong "no semicolon" e.d 3:1 'provider p {\n probe a()\n};\n'
wrong "not a probe" e.d 2:2 'provider p {\n prob a();\n};\n'
wrong "no name" e.d 2:8 'provider p {\n probe (int);\n};\n'
wrong "no bracket" e.d 2:15 'provider p {\n probe a(int x;\n};\n'
wrong "an empty argument" e.d 2:14 'provider p {\n probe a(int,);\n};\n'
wrong "an empty first argument" e.d 2:10 'provider p {\n probe a(,int);\n};\n'
wrong "a percent sign" e.d 2:14 'provider p {\n probe a(int %% x);\n};\n'
wrong "a percent sign in an event" trace-events 1:3 'a(int %%x) "fmt"\n'
wrong "thirteen arguments" e.d 3:58 'provider p {\n probe a(int,int,int,int,int,int,int,int,int,int,int,int);\n probe b(int,int,int,int,int,int,int,int,int,int,int,int,int);\n};\n'
wrong "a probe twice" e.d 3:8 'provider p {\n probe a();\n probe a();\n};\n'
wrong "twice by a dash" e.d 3:8 'provider p {\n probe a__b();\n probe a-b();\n};\n'
wrong "a comment without end" e.d 2:2 'provider p {\n /* probe a();\n};\n'
wrong "a string without end" e.d 1:10 'provider "p {\n'
wrong "binary" e.d 1:1 '\001\002\177'
wrong "line markers are followed" e.d 1:1 '# 1 "e.d"\nwhat\n'
wrong "an event without arguments" trace-events 2:6 '# c\nevent "x"\n'
wrong "an event without a bracket" trace-events 1:2 'a(int x "fmt"\n'
wrong "an unknown property" trace-events 1:1 'often a(int x) "fmt"\n'
wrong "a string without end" trace-events 2:10 'a(int x) "fmt"\nb(int x) "fmt\n'
wrong "something behind the format" trace-events 1:16 'a(int x) "fmt" !\n'
wrong "an event twice" trace-events 2:1 'a(int x) "fmt"\na(int x) "fmt"\n'
wrong "no events" trace-events 2:1 '# nothing\n'
"$gen" -h -s nosuch.d -o x.h 2>said
same "a file that is not there" "2 nosuch.d: error: No such file or directory" "$? $(cat said)"
"$gen" -h -s gen.d -o /nonexistent/x.h 2>said
same "a place that is not there" "2 /nonexistent/x.h: error: No such file or directory" "$? $(cat said)"
"$gen" -h -o x.h 2>said
same "no file at all" 2 $?
"$gen" --nonsense -s gen.d 2>said
same "no such option" "2 1" "$? $(grep -c nonsense said)"
"$gen" --help | grep -q -- '-G'
same "--help" 0 $?

# Bytes cut off anywhere, and bytes changed: an error or a header, never a crash (this is built with sanitizers).
crashed=0
size=$(stat -c %s gen.d)
for cut in $(seq 0 23 "$size"); do
	head -c "$cut" gen.d >cut.d
	"$gen" -h -s cut.d -o cut.h >/dev/null 2>&1
	[ $? -le 2 ] || crashed=$((crashed + 1))
	{ head -c "$cut" gen.trace-events; printf '\377(\\"'; } >trace-events
	"$gen" -h -s trace-events -o cut.h >/dev/null 2>&1
	[ $? -le 2 ] || crashed=$((crashed + 1))
done
same "nothing crashes on half a file" 0 "$crashed"
finish
