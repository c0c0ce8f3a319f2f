#!/bin/bash
# Every kind of argument, in C and C++: what the notes say, what the program does, and what is refused.
. "$(dirname "$0")/lib.sh"

expected()
{
	expect_notes "$1" 8 8 -1
}

# One build: it compiles without a warning, runs, and its notes say what the source says.
arguments()
{
	local name="$1" source=$2
	shift 2
	local out=$work/args.$((count + 1))

	if ! said=$("$@" -Wall -Wextra -Werror -I"$root/sdk" -o "$out" "$here/$source" 2>&1); then
		no "$name" "$said"
	elif [ "$("$out")" != "done" ]; then
		no "$name" "the program fails"
	else
		same "$name" "$(expected "$source")" "$(notes "$out" | LC_ALL=C sort -u)"
	fi
}

for cc in $(compilers c); do
	for flags in "-O0 -std=c99" "-O2 -std=gnu11" "-Os -std=c17 -fPIC"; do
		arguments "$cc $flags: arguments of C" args.c $cc $flags
	done
done
for cxx in $(compilers c++); do
	for flags in "-O0 -std=c++11" "-O2 -std=c++17"; do
		arguments "$cxx $flags: arguments of C++" args.cc $cxx $flags
	done
done

# Code that two files have a copy of: each copy's notes stay with it, and a probe has one semaphore.
for cxx in $(compilers c++); do
	for opt in -O0 -O2; do
		name="$cxx $opt: inline functions and templates in two files"
		if ! said=$($cxx -std=c++11 $opt -Wall -Wextra -Werror -I"$root/sdk" -o "$work/comdat" \
				"$here/comdat_1.cc" "$here/comdat_2.cc" 2>&1); then
			no "$name" "$said"
		elif [ "$("$work/comdat")" != "done" ]; then
			no "$name" "the program fails"
		else
			same "$name" "$(sed -n 's|^.*//= ||p' "$here/comdat.h" | sed 's/ P\>/ 8/' | sort -u)" \
				"$(notes "$work/comdat" | sort -u)"
		fi
	done
done

# No compiler has anything to say about the header.
strict="-Wall -Wextra -Wpedantic -pedantic-errors -Wconversion -Wshadow -Wundef -Werror"
for compiler in "gcc -std=c99" "clang -std=c99 -Weverything" "g++ -std=c++11" "clang++ -std=c++11 -Weverything"; do
	have "${compiler%% *}" || { skip "${compiler%% *}: no warning" "not installed"; continue; }
	case $compiler in *++*) source=quiet.cc ;; *) source=quiet.c ;; esac
	for disable in "" -DTELLTALE_DISABLE; do
		# shellcheck disable=SC2086
		check "$compiler $disable: no warning at all" \
			$compiler -O2 $strict $disable -I"$root/sdk" -c -o /dev/null "$here/$source"
	done
done

# With TELLTALE_DISABLE there is no note, and no argument is evaluated.
for cc in $(compilers c); do
	name="$cc: TELLTALE_DISABLE leaves nothing"
	cat >"$work/disabled.c" <<'END'
#define TELLTALE_DISABLE
#include <telltale.h>
TELLTALE_DEFINE_SEMAPHORE(shared);
TELLTALE_DECLARE_SEMAPHORE(shared);
int main(int argc, char **argv)
{
	int calls = 0;
	TELLTALE(p, a, calls++, TELLTALE_BUF(argv[0], argc), TELLTALE_ARG(n, calls++));
	TELLTALE(p, none);
	TELLTALE_SEMA(p, b, calls++);
	TELLTALE_LAZY(p, c, calls++);
	TELLTALE_WITH(shared, p, d, calls++);
	return calls + TELLTALE_ENABLED(p, b) + TELLTALE_SEMAPHORE_ENABLED(shared);
}
END
	if ! said=$($cc -Wall -Wextra -Werror -std=c99 -pedantic-errors -I"$root/sdk" \
			-o "$work/disabled" "$work/disabled.c" 2>&1); then
		no "$name" "$said"
	elif ! "$work/disabled" || [ -n "$(notes "$work/disabled")" ]; then
		no "$name" "something is left"
	else
		ok "$name"
	fi
done

# refused CASE WORDS COMPILER...: it is, and the message has the words.
refused()
{
	local case=$1 words=$2 said
	shift 2

	if said=$("$@" -I"$root/sdk" -DCASE_"$case" -c -o /dev/null "$here/refuse.h" 2>&1); then
		no "$* refuses $case" "it compiled"
	elif [[ $said != *"$words"* ]]; then
		no "$* refuses $case with a sentence" "$said"
	else
		ok "$* refuses $case with a sentence"
	fi
}

many="a marker takes at most twelve arguments"
type="an argument of this type cannot travel in a marker"
for compiler in gcc clang; do
	have $compiler && echo "$compiler -std=c99 -x c"
done >"$work/compilers"
for compiler in g++ clang++; do
	have $compiler && echo "$compiler -std=c++11 -x c++"
done >>"$work/compilers"
while read -r compiler; do
	for disable in "" -DTELLTALE_DISABLE; do
		for case in thirteen thirteen_sema thirteen_lazy twenty buffers; do
			refused $case "$many" $compiler $disable
		done
		for case in structure structure_lazy structure_named int128 long_double complex vector; do
			case "$compiler" in *++*) [ $case = complex ] && continue ;; esac
			refused $case "$type" $compiler $disable
		done
	done
	refused undeclared "nobody" $compiler
	check "$compiler accepts what is next to them" \
		$compiler -I"$root/sdk" -DCASE_accepted -c -o /dev/null "$here/refuse.h"
done <"$work/compilers"

finish
