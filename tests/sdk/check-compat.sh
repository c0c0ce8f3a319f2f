#!/bin/bash
# The drop-in <sys/sdt.h> held against systemtap's: what readelf says of every macro is the same, and the sites are ours.
. "$(dirname "$0")/lib.sh"

stap=""
for dir in /usr/include /usr/include/*-linux-gnu; do
	[ -e "$dir/sys/sdt.h" ] && stap=$dir
done
if [ -z "$stap" ]; then
	skip "the drop-in sys/sdt.h" "no systemtap-sdt-dev"
	finish
fi
mkdir -p "$work/stap/sys"
cp "$stap"/sys/sdt*.h "$work/stap/sys/"

# readelf's lines without addresses and places: provider, name, sizes and signs, whether there is a semaphore. The f
# behind a float's size, which gdb and bpftrace of Debian 12 can't read, is systemtap's alone.
notes_of()
{
	readelf -nW "$1" | sed -n -E 's/.*Provider: //p; s/^ *Name: //p
		s/.*Semaphore: 0x0+$/no semaphore/p; s/.*Semaphore: 0x.*/semaphore/p
		/^ *Arguments:/ { s/^ *Arguments: *//; s/f@/@/g; s/@[^ ]*\([^)]*\)/@/g; s/@[^ ]*/@/g; p }'
}

compare()
{
	local name=$1 source=$2 run=$3
	shift 3

	if ! said=$("$@" -I"$work/stap" -o "$work/theirs" "$here/$source" 2>&1); then
		skip "$name" "systemtap's header fails: $(echo "$said" | grep -m 1 error)"
	elif ! said=$("$@" -Wall -Wextra -Werror -I"$root/sdk/compat" -o "$work/ours" "$here/$source" 2>&1); then
		no "$name" "$said"
	elif [ "$run" = yes ] && [ "$("$work/ours")" != "done" ]; then
		no "$name" "the program fails"
	else
		same "$name" "$(notes_of "$work/theirs")" "$(notes_of "$work/ours")"
	fi
}

for cc in gcc clang; do
	have $cc || { skip "$cc: every macro" "no $cc"; continue; }
	for opt in -O0 -O2; do
		for std in gnu89 gnu99 c99 gnu17; do
			noasm=""
			[ $std = gnu89 ] && noasm=-DNO_ASM # a string before C99 in systemtap's
			for sema in "" -DSEMAPHORES; do
				compare "$cc $opt -std=$std $sema: every macro of sys/sdt.h" compat.c yes \
					$cc $opt -std=$std $noasm $sema
			done
		done
	done
	[ "$(uname -m)" = x86_64 ] &&
		compare "$cc: assembler files" compat.S no $cc -c
done
for cxx in g++ clang++; do
	have $cxx || { skip "$cxx: every macro" "no $cxx"; continue; }
	for std in c++11 gnu++17; do
		for sema in "" -DSEMAPHORES; do
			compare "$cxx -std=$std $sema: every macro of sys/sdt.h" compat.c yes \
				$cxx -O2 -std=$std $sema -DNO_ASM -x c++
		done
	done
done

# What existing software gains: the fast site, and arguments that say what they are.
gcc -O2 -I"$root/sdk/compat" -o "$work/gain" "$here/compat.c"
same "kinds and names come with it" "compat:p3 -4 -8 8 | signed a, signed b, string s" \
	"$(notes "$work/gain" | grep '^compat:p3 ')"
finish
