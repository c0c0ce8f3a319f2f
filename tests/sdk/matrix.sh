#!/bin/bash
# The compiler and linker matrix: every cell is built, run and its notes read; printed as tables, and as TAP with
# one line for each row. `make check-sdk`; matrix.sh -j N runs N cells at a time (2).
. "$(dirname "$0")/lib.sh"

jobs=2
[ "${1-}" = -j ] && jobs=$2
cells=$work/cells
mkdir -p "$cells"
notes -s /bin/true >/dev/null
export root here work cells

strict="-Wall -Wextra -Wpedantic -pedantic-errors -Wconversion -Wshadow -Wundef -Werror"

# One cell, as a function with the arguments of its line in the list. Prints nothing where all is well,
# `-` and the reason where the cell does not exist, what is wrong otherwise.

# compile CC STD OPT LANGUAGE: nothing to warn of; arguments as expected; runs.
cell_compile()
{
	local cc=$1 std=$2 opt=$3 ext=$4 out=$work/bin.$BASHPID flags="" source=args.$4

	echo 'int x;' >"$out.c"
	"$cc" -std="$std" -x "$([ "$ext" = c ] && echo c || echo c++)" -c -o /dev/null "$out.c" \
		2>/dev/null || { echo "- no -std=$std"; return; }
	case $cc in clang*) flags=-Weverything ;; esac
	"$cc" -std="$std" "$opt" $strict $flags -I"$root/sdk" -c -o "$out.o" "$here/quiet.$ext" || return
	"$cc" -std="$std" "$opt" -Wall -Wextra -I"$root/sdk" -o "$out" "$here/$source" || return
	[ "$("$out")" = "done" ] || echo "does not run"
	notes "$out.o" -r >/dev/null 2>&1
	diff <(expect_notes "$source" 8 8 -1) <("$work/notes" "$out" | LC_ALL=C sort -u)
	rm -f "$out"*
}

# link CC LINKER FORM: sema_*.c in that form, its notes and semaphores.
cell_link()
{
	local cc=$1 linker=$2 form=$3 dir=$work/bin.$BASHPID
	local lang=c flags="-O2 -I$root/sdk" l="-fuse-ld=$2" alone=-DALONE out std

	mkdir -p "$dir"
	cd "$dir" || return
	case $cc in *++*) lang=c++ ;; esac
	flags="$flags -x $lang"
	case $linker-$form in
	*-comdat*)
		[ $lang = c++ ] || { echo "- in C++ only"; return; }
		flags="-I$root/sdk -ffunction-sections $([ "$form" = comdat-O0 ] && echo -O0 || echo -O2)"
		"$cc" $flags $l "$here/comdat_1.cc" "$here/comdat_2.cc" -o out || return
		[ "$(./out)" = "done" ] || echo "does not run"
		diff <(sed -n 's|^.*//= ||p' "$here/comdat.h" | sed 's/ P\>/ 8/' | LC_ALL=C sort -u) \
			<("$work/notes" out | LC_ALL=C sort -u)
		[ "$(nm out | grep -c 'telltale_semaphore')" = 3 ] || echo "not three semaphores"
		cd "$work" && rm -rf "$dir"
		return ;;
	gold-static-pie) echo "- gold does not know static PIE"; return ;;
	gold-gc-unused) echo "- gold refuses discarded code that a note names, with any header"; return ;;
	*-lto)
		case $cc-$linker in
		g*-lld | g*-mold) [ "$linker" = mold ] || { echo "- lld has no plugin for GCC's LTO"; return; } ;;
		clang*-lld) ;;
		clang*) echo "- clang's LTO is tried with lld"; return ;;
		esac ;;
	esac
	main="$here/sema_main.c $here/sema_other.c"
	case $form in
	pie) "$cc" $flags -fPIE -pie $l $alone $main -o out ;;
	no-pie) "$cc" $flags -fno-pic -no-pie $l $alone $main -o out ;;
	O0) "$cc" $flags -O0 $l $alone $main -o out ;;
	static) "$cc" $flags -static $l $alone $main -o out ;;
	static-pie) "$cc" $flags -fPIE -static-pie $l $alone $main -o out ;;
	lto) "$cc" $flags -flto $l $alone $main -o out ;;
	gc) "$cc" $flags -fno-inline -ffunction-sections -fdata-sections -Wl,--gc-sections $l $alone $main -o out ;;
	gc-unused) "$cc" $flags -ffunction-sections -fdata-sections -Wl,--gc-sections $l $alone -DDISCARDED \
			$main -o out ;;
	shared)
		"$cc" $flags -fPIC -shared $l "$here/sema_lib.c" -o libsema.so &&
			"$cc" $flags $l $main -o out -Wl,-rpath,"$dir" -x none ./libsema.so ;;
	gc-shared)
		"$cc" $flags -fPIC -ffunction-sections -Wl,--gc-sections -shared $l "$here/sema_lib.c" \
			-o libsema.so &&
			"$cc" $flags $l $main -o out -Wl,-rpath,"$dir" -x none ./libsema.so ;;
	dlopen)
		"$cc" $flags -fPIC -shared $l "$here/sema_lib.c" -o libsema.so &&
			"$cc" $flags $l $main "$here/sema_dlopen.c" -o out -ldl ;;
	relocatable)
		"$cc" $flags $alone -c "$here/sema_main.c" -o 1.o && "$cc" $flags -c "$here/sema_other.c" -o 2.o &&
			ld."$(echo "$linker" | sed s/mold/bfd/)" -r 1.o 2.o -o both.o &&
			"$cc" $l both.o -o out ;;
	strip) "$cc" $flags -g $l $alone $main -o out && strip out ;;
	debug)
		"$cc" $flags -g $l $alone $main -o out && objcopy --only-keep-debug out out.debug &&
			strip -g out && objcopy --add-gnu-debuglink=out.debug out &&
			"$work/notes" -s out >/dev/null ;;
	esac || return
	[ "$(./out)" = "done" ] || { echo "does not run:"; ./out; }
	# lld and mold leave the notes of discarded code, which say 0 or less than any address
	"$work/notes" out | grep -v '^error: [a-z_]*: the site is not in code$' | LC_ALL=C sort -u >seen
	[ "$form" = gc-unused ] && sed -i '/^sema:unused/d' seen
	diff - seen <<'END'
sema:everywhere -4 -4 | signed evaluated++, signed x [semaphore]
sema:here -4 | signed x [semaphore]
sema:shared_one -4 | signed x [semaphore]
sema:shared_two -4 | signed x + 1 [semaphore]
sema:shared_two -4 | signed x [semaphore]
END
	[ "$form" = gc-unused ] || ! "$work/notes" out | grep 'not in code'
	# The program's notes and semaphores are where its symbols are, all markers of a name with one.
	"$work/notes" -a out | grep -v '^error' | awk '/\[semaphore\]/ && !/sema:unused/ {
		split($1, n, ":"); name = n[2]; sub(/_(one|two)$/, "", name)
		if (name in at && at[name] != $NF) print name ": two semaphores, " at[name] " and " $NF
		at[name] = $NF }'
	if [ -f libsema.so ]; then
		"$work/notes" libsema.so | LC_ALL=C sort -u | diff - <(cat <<'END'
sema:everywhere -4 | signed x [semaphore]
sema:shared_two -4 | signed x [semaphore]
END
		)
	fi
	cd "$work" && rm -rf "$dir"
}

# The cross compiler of a triplet; gcc-multilib displaces those without a version.
cross()
{
	command -v "$1-gcc" "$1-gcc-12" "$1-gcc-13" "$1-gcc-14" | head -n 1
}

# arch CC TRIPLET QEMU OPT WIDTH CHAR WHAT: for another architecture, statically linked, run under qemu-user.
cell_arch()
{
	local cc=$1 triplet=$2 qemu=$3 opt=$4 width=$5 char=$6 what=$7 out=$work/bin.$BASHPID command

	command=$(cross "$triplet")
	[ "$cc" = clang ] && command="clang --target=$triplet"
	case $what in
	args)
		$command "$opt" -static -Wall -Wextra -Werror -I"$root/sdk" -o "$out" "$here/args.c" || return
		[ "$("qemu-$qemu-static" "$out")" = "done" ] || echo "does not run"
		diff <(expect_notes args.c "$width" "$width" "$char") <("$work/notes" "$out" | LC_ALL=C sort -u)
		;;
	stap)
		$command "$opt" -static -I"$root/sdk" -o "$out" "$here/both.c" || return
		[ "$("qemu-$qemu-static" "$out")" = "done" ] || echo "does not run"
		# systemtap's own header marks floats, which other tools then fail on: f
		$command "$opt" -static -DSTAP -I"$work/stap" -o "$out.stap" "$here/both.c" 2>/dev/null || {
			echo "- systemtap's header does not compile there"
			return
		}
		diff <("$work/notes" -s "$out.stap" | grep -v ^error | sed 's/f\b//g' | LC_ALL=C sort -u) \
			<("$work/notes" -s "$out" | LC_ALL=C sort -u) ;;
	esac
	rm -f "$out" "$out.stap"
}

run_cell()
{
	local id=$1
	shift
	"cell_$@" >"$cells/$id" 2>&1 || echo "failed: $*" >>"$cells/$id"
}
export -f run_cell cross cell_compile cell_link cell_arch notes expect_notes
export strict

# The list of cells, one a line: ID FUNCTION ARGUMENTS.
list=$work/list
: >"$list"

# table NAME ROWS COLUMNS: print what the cells named NAME.row.column say.
table()
{
	local name=$1 rows=$2 columns=$3 row column said bad width=14

	printf '# %-34s' "$name"
	for column in $columns; do
		printf ' %-*s' $width "$column"
	done
	echo
	for row in $rows; do
		bad=""
		printf '# %-34s' "$row"
		for column in $columns; do
			said=$cells/$name.$row.$column
			if [ ! -e "$said" ]; then
				printf ' %-*s' $width ""
			elif [ ! -s "$said" ]; then
				printf ' %-*s' $width ok
			elif [ "$(head -c 2 "$said")" = "- " ]; then
				printf ' %-*s' $width -
			else
				printf ' %-*s' $width FAILED
				bad="$bad$row, $column:
$(head -n 12 "$said")
"
			fi
		done
		echo
		if [ -z "$bad" ]; then
			ok "$name: $row" >>"$work/tap"
		else
			no "$name: $row" "$bad" >>"$work/tap"
		fi
		count=$(grep -cE '^(not )?ok' "$work/tap")
	done
	grep -lE '^- ' "$cells/$name".* 2>/dev/null | while read -r said; do
		echo "#   $(basename "$said" | sed "s/^$name\.//"): $(head -n 1 "$said")"
	done | sort -t: -k2 | awk -F': - ' '{ n[$2]++; first[$2] = first[$2] ? first[$2] : $1 }
		END { for (why in n) print "#   -: " why }' | sort
	echo "#"
}

optimisations="-O0 -O2 -O3 -Os"
standards_c="c99 c11 c17 c2x gnu99 gnu11 gnu17 gnu2x"
standards_cc="c++11 c++14 c++17 c++20 c++2b gnu++11 gnu++14 gnu++17 gnu++20 gnu++2b"
linkers=$(for l in bfd gold lld mold; do { have ld.$l || have $l; } && echo $l; done)
forms="O0 pie no-pie static static-pie shared dlopen relocatable lto gc gc-shared gc-unused strip debug comdat comdat-O0"

# Debian's oldest and newest of each, and the default.
c=$(for cc in gcc gcc-11 clang-13 clang clang-16; do have $cc && echo $cc; done)
cxx=$(for cc in g++ g++-11 clang++-13 clang++ clang++-16; do have $cc && echo $cc; done)
rows_compile=""
for ext in c cc; do
	standards=standards_$ext
	for cc in $([ $ext = c ] && echo $c || echo $cxx); do
		for std in ${!standards}; do
			rows_compile="$rows_compile $cc,$std"
			for opt in $optimisations; do
				echo "compile.$cc,$std.$opt compile $cc $std $opt $ext" >>"$list"
			done
		done
	done
done
rows_link=""
for cc in gcc clang g++ clang++; do
	have $cc || continue
	for linker in $linkers; do
		rows_link="$rows_link $cc,$linker"
		for form in $forms; do
			echo "link.$cc,$linker.$form link $cc $linker $form" >>"$list"
		done
	done
done

# The other architectures: triplet, qemu's name, bytes of a pointer, of a char with its sign.
rows_arch=""
columns_arch="args-O0 args-O2 args-Os stap-O0 stap-O2"
mkdir -p "$work/stap/sys"
cp /usr/include/*/sys/sdt.h /usr/include/*/sys/sdt-config.h "$work/stap/sys/" 2>/dev/null
while read -r triplet qemu width char; do
	for cc in gcc clang; do
		rows_arch="$rows_arch $cc,$triplet"
		for column in $columns_arch; do
			id=arch.$cc,$triplet.$column
			if [ -z "$(cross "$triplet")" ]; then
				echo "- no $triplet-gcc" >"$cells/$id"
			elif ! have "qemu-$qemu-static"; then
				echo "- no qemu-$qemu-static" >"$cells/$id"
			elif [ "${column%-*}" = stap ] && [ ! -e "$work/stap/sys/sdt.h" ]; then
				echo "- no sys/sdt.h of systemtap's" >"$cells/$id"
			else
				echo "$id arch $cc $triplet $qemu -${column#*-} $width $char ${column%-*}" >>"$list"
			fi
		done
	done
done <<'END'
x86_64-linux-gnu x86_64 8 -1
i686-linux-gnu i386 4 -1
aarch64-linux-gnu aarch64 8 1
arm-linux-gnueabihf arm 4 1
riscv64-linux-gnu riscv64 8 1
powerpc64le-linux-gnu ppc64le 8 1
s390x-linux-gnu s390x 8 1
END

xargs -P "$jobs" -L 1 bash -c 'run_cell "$@"' cell <"$list"

: >"$work/tap"
table compile "$rows_compile" "$optimisations"
table link "$rows_link" "$forms"
table arch "$rows_arch" "$columns_arch"
count=0
while read -r line; do
	case $line in ok* | "not ok"*) count=$((count + 1)) ;; esac
	case $line in "not ok"*) failed=$((failed + 1)) ;; esac
done <"$work/tap"
# The provider files of real projects belong to the long tests too.
"$here/real-providers.sh" >"$work/providers"
while read -r line; do
	case $line in
	ok* | "not ok"*) count=$((count + 1)) ;;
	1..*) continue ;;
	esac
	case $line in "not ok"*) failed=$((failed + 1)) ;; esac
	echo "$line" >>"$work/tap"
done <"$work/providers"
awk '/^(not )?ok/ { sub(/ok [0-9]+/, "ok " ++n) } { print }' "$work/tap"
finish
