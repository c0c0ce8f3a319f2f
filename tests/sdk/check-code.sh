#!/bin/bash
# Nothing is paid while nobody watches: the machine code of functions with and without their markers.
#
# code.c is compiled twice. A plain marker may add its nops and nothing else: no instruction more, no access
# to memory more. (Registers may be given out differently.) A lazy marker adds, on the path that is taken
# while nobody watches, one load, one compare and one branch.
. "$(dirname "$0")/lib.sh"

if [ "$(uname -m)" != x86_64 ]; then
	skip "machine code" "compares x86-64 code"
	finish
fi
for tool in objdump awk; do
	have $tool || { skip "machine code" "no $tool"; finish; }
done

# Of each function: its instructions as `function<TAB>address<TAB>mnemonic operands`. A jump out of the file
# loses its target, which is its own relocation.
disassemble()
{
	objdump -dr --no-show-raw-insn "$1" | awk -F'\t' '
		function flush() {
			if (line != "") print line
			line = ""
		}
		/^[0-9a-f]+ <.*>:$/ { flush(); split($0, name, /[<>]/); f = name[2]; next }
		/R_X86_64_(PLT32|PC32)/ && line ~ /\tjmp / { sub(/jmp .*/, "jmp    elsewhere", line) }
		/^ *[0-9a-f]+:\t/ && !/R_X86_64/ {
			flush()
			sub(/^ +/, "", $1); sub(/:$/, "", $1)
			sub(/ +(#.*)?$/, "", $2)
			line = f "\t" $1 "\t" $2
		}
		END { flush() }'
}

# compare WITHOUT WITH BARRIER: prints what is wrong, a line for each function.
compare()
{
	awk -F'\t' -v barrier="$3" '
	# Instructions that the markers brought, by kind. A site is a nop followed by one of ten bytes.
	function is_site(text, next_text) {
		return text == "nop" && next_text ~ /^cs nopw 0x0\(%rax,%rax,1\)$/
	}
	function is_padding(text) {
		return text ~ /^(data16 |cs )*nop[wl]? / || text == "xchg   %ax,%ax" || text == "nop"
	}
	function accesses(text) {
		return text ~ /\(/ && text !~ /^(lea|nop|cs nop)/
	}
	function fail(f, why) { print f ": " why; bad = 1 }
	FNR == 1 { file++ }
	{
		n[file, $1]++
		text[file, $1, n[file, $1]] = $3
		at[file, $1, $2] = n[file, $1]
		seen[$1] = 1
	}
	function count(file, f,   i) {
		total = memory = sites = 0
		for (i = 1; i <= n[file, f]; i++) {
			t = text[file, f, i]
			if (is_site(t, text[file, f, i + 1])) { sites++; i++; continue }
			if (is_padding(t)) continue
			total++
			memory += accesses(t)
		}
	}
	# The way through f while nobody watches: the semaphore is 0, so its test falls on "equal".
	function walk(file, f,   i, t, parts, steps) {
		total = memory = tests = sites = loads = calls = 0
		pending = 0
		for (i = 1; i <= n[file, f] && steps < 1000; i++) {
			steps++
			t = text[file, f, i]
			if (is_site(t, text[file, f, i + 1])) { sites++; i++; continue }
			if (is_padding(t)) continue
			total++
			memory += accesses(t)
			split(t, parts, / +/)
			loads += t ~ /\(%rip\)/
			calls += t ~ /^call/
			if (t ~ /^(test|cmp)/) { tests++; pending = 1; continue }
			if (t ~ /^ret/) break
			if (t ~ /^j(e|mp) / || t ~ /^jne /) {
				if (t ~ /^jmp /) total--
				if ((t ~ /^je / && pending) || t ~ /^jmp /) {
					if (!((file, f, parts[2]) in at)) break
					i = at[file, f, parts[2]] - 1
				}
				pending = 0
			}
		}
	}
	END {
		for (f in seen) {
			if (f ~ /^barrier_/ && !barrier) continue
			if (f ~ /^(plain|barrier)_/) {
				functions++
				count(1, f); plain_total = total; plain_memory = memory
				if (sites) fail(f, "a site without a marker")
				count(2, f)
				if (sites < 1) fail(f, "no site")
				if (total > plain_total)
					fail(f, total - plain_total " instructions more than without the marker")
				if (memory != plain_memory)
					fail(f, "accesses to memory: " memory ", without the marker " plain_memory)
			} else if (f ~ /lazy/) {
				functions++
				walk(1, f); plain_total = total; plain_memory = memory; plain_tests = tests; plain_calls = calls
				walk(2, f)
				if (sites) fail(f, "the site is on the path not taken")
				if (loads != 1) fail(f, loads " loads of the semaphore")
				if (calls != plain_calls) fail(f, "a call on the path not taken")
				if (memory - plain_memory != 1)
					fail(f, "accesses to memory: " memory ", without the marker " plain_memory)
				if (tests - plain_tests != 1) fail(f, tests - plain_tests " compares more")
				if (total - plain_total > 3 && f ~ /^lazy_/)
					fail(f, total - plain_total " instructions more than without the marker")
			}
		}
		if (functions < 15) { print "only " functions " functions seen"; bad = 1 }
		exit bad
	}' "$1" "$2"
}

for cc in $(compilers c); do
	barrier=1
	case $cc in clang*) barrier= ;; esac
	for opt in -O1 -O2 -O3 -Os; do
		for pic in -fPIE -fno-pic; do
			name="$cc $opt $pic: markers add nops only, lazy ones a load, a compare and a branch"
			base=$work/$cc$opt$pic
			if ! out=$($cc $opt $pic -I"$root/sdk" -c "$here/code.c" -o "$base.without.o" 2>&1 &&
				$cc $opt $pic -I"$root/sdk" -DWITH_MARKERS -c "$here/code.c" -o "$base.with.o" 2>&1); then
				no "$name" "$out"
				continue
			fi
			disassemble "$base.without.o" >"$base.without"
			disassemble "$base.with.o" >"$base.with"
			check "$name" compare "$base.without" "$base.with" "$barrier"
		done
	done
done

finish
