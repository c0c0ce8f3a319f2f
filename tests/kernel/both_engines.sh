#!/bin/bash
# The kernel's engine and the one in user space, held against each other: the same programs on the same
# target must print the same.
. "$(dirname "$0")/../lib.sh"
have gcc || skip_all "no compiler"
[ "$(uname -m)" = x86_64 ] || skip_all "x86-64 only"
need_tracing

here=$(cd "$(dirname "$0")" && pwd)
both=$tmp/both
gcc -O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls -I "$root/sdk" -o "$both" "$here/../user/both.c" -lpthread -ldl &&
	gcc -O1 -fPIC -shared -I "$root/sdk" -o "$tmp/library.so" "$here/../user/library.c" || skip_all "the target does not build"
fixed=(setarch -R) # addresses are the same in both runs
"${fixed[@]}" true 2>/dev/null || fixed=()

# Lines that are not compared.
without=(-e '^$')

# What differs from run to run: times, processes, CPUs, and where libraries are, since the kernel maps a
# page of its own into a process with uprobes.
plain()
{
	sed -E 's/0x7[0-9a-f]{11}/0x7/g; s/:140737[0-9]{9}\b/:0x7/g; s/"(time|pid|tid|cpu)":[0-9]+/"\1":0/g; s/^[0-9:.]+ ([a-z]+)\/[0-9\/]+ cpu[0-9]+/\1/'
}

# same NAME WHAT VERB ARGUMENTS...: what the target does, and how it is traced.
same()
{
	local name=$1 what=$2 verb=$3 engine

	shift 3
	for engine in kernel user; do
		# shellcheck disable=SC2086
		run "${fixed[@]}" "$telltale" "$verb" --engine $engine "$@" -- "$both" $what
		{
			echo "exit code $code"
			grep -v "${without[@]}" <<<"$out" | plain
			grep -v -e 'dynamic linker' -e '^$' <<<"$err" | sed 's/process [0-9]*/process/'
		} >"$tmp/$engine"
	done
	if cmp -s "$tmp/kernel" "$tmp/user" && [ "$(lines "$tmp/user")" -gt 1 ]; then
		ok "$name"
	else
		not_ok "$name" "- kernel, + user:" "$(diff -u "$tmp/kernel" "$tmp/user" | tail -n +3)"
	fi
}

# ---- programs ----

# One a line: a name, what the target does, the program ($B: the target's file).
while IFS='|' read -r name what program; do
	[ -n "$name" ] || continue
	same "$name" "$what" run -e "${program//\$B/$both}"
done <<'END'
count|numbers|both:* { @[probe] = count(); }
sums and extremes|numbers|both:numbers { @s = sum(args.small); @i = min(args.less); @a = max(args.wide); @v = avg(args.less); @t = stats(args.i); }
what is counted as a value|numbers|both:numbers { @c = count(); @k[args.i % 3] = sum(args.less); @lo[args.i % 3] = min(args.less); @hi = max(args.wide); @v = avg(args.less); if (@c > 3 && @k[1] < 0) { @seen = max((int64)@c); } @last = (@c, @k[0], @lo[2], @hi, @v, @k[99], len(@k), len(@lo)); } both:numbers /@c == 5/ { printf("%d %d %d\n", @c, @k[2], len(@k)); }
histograms|numbers|both:numbers { @ = hist(args.i); @n = hist(args.less); @l = lhist(args.small, 0, 250, 25); @k[args.i % 3] = hist(args.small); }
filters|numbers|both:numbers /args.i > 10 && (args.small < 100 \|\| args.less == -300)/ { @[args.small] = count(); }
arithmetic|numbers|both:numbers { @a = sum(args.i / 3 + args.i % 7 * 2); @b = sum(-args.less >> 2); @c = sum(args.wide ^ 0xff \| args.i << 3); @d = sum(args.less < 0 ? 1 : 2); @e = sum(args.wide / 5 % 1000003); }
printf of integers|numbers|both:numbers /args.i < 30/ { printf("%d %u %d %x %d\n", args.i, args.small, args.less, args.wide, args.i * args.i); }
floats|numbers|both:floats { event(); }
texts as keys|texts|both:text { @[str(args.word)] = count(); @n[args.word == "alpha"] = count(); }
texts printed|texts|both:text { printf("%d %s\n", args.i, str(args.word)); }
texts compared|texts|both:text /str(args.word) == "delta, the fourth"/ { @ = count(); }
texts cut|texts|both:text { printf("%s\n", str(args.word, 3)); }
texts nowhere|texts|both:pointer { printf("%s\n", str(args.bad)); }
events|texts|both:* { event(); }
semaphores|texts|both:lazy { @ = sum(args.i); }
calls|calls|uprobe:$B:fib { @ = count(); @arg = hist(arg0); }
returns|calls|uretprobe:$B:fib { @[retval] = count(); }
both ends|calls|uprobe:$B:mix { @in = count(); } uretprobe:$B:mix { @out = count(); @sum = sum((int64)retval); }
depth of calls|calls|uprobe:$B:fib { @d++; @deepest = max(@d); } uretprobe:$B:fib { @d--; }
returns that never come|calls|uprobe:$B:leaves { @in = count(); } uretprobe:$B:leaves { @out = count(); @[retval] = count(); }
functions of a library|texts|uprobe:libc.so.6:exit { @ = count(); }
maps|numbers|both:numbers { @x[args.i % 10] = args.i; @y = args.small; @z[args.i % 10, args.small % 2] += 1; if (args.i % 4 == 0) { delete(@x[args.i % 10]); } }
printing and clearing maps|numbers|both:numbers { @x[args.i % 3] = count(); @y = count(); } END { print(@x); clear(@x); zero(@y); }
a full map|numbers|both:numbers { @[args.i, args.wide] = args.i; }
BEGIN and END|numbers|BEGIN { @n = 5; printf("begin\n"); } both:numbers { @n += args.i; } END { printf("end %d\n", @n); }
names|numbers|both:numbers /pid == tid/ { @[comm, uid, probe] = count(); }
unroll|numbers|both:numbers { $s = 0; unroll(4) { $s = $s * 2 + args.i; } @ = sum($s); }
while|numbers|both:numbers { $i = 0; $s = 0; while ($i < args.small) { $s += $i; $i++; } @ = sum($s); }
ranges|numbers|both:numbers { for ($i : 0..args.small) { if ($i > 20) { break; } @[$i] = count(); } }
loops over maps|numbers|both:numbers { @x[args.i % 5] = args.i; } END { for ($kv : @x) { @sum += $kv.1; @keys[$kv.0] = count(); } }
loops over what CPUs count|numbers|both:numbers { @c[args.i % 7] = count(); @s[args.i % 7] = sum(args.less); @v[args.i % 7] = avg(args.less); @n[args.i % 7] = min(args.less); @x[args.i % 7] = max(args.wide); } END { for ($kv : @c) { @k[$kv.0] = $kv.1; } for ($kv : @s) { @k[$kv.0] += $kv.1; } for ($kv : @v) { @av[$kv.0] = $kv.1; } for ($kv : @n) { @least[$kv.0] = $kv.1; } for ($kv : @x) { @most[$kv.0] = $kv.1; } }
loops over maps in loops, and out of them|texts|both:text { @t[args.i % 3, str(args.word)] = args.i; @u[args.i % 2] = 1; for ($a : @t) { if (args.i == 9) { @early++; return; } for ($b : @u) { if ($b.0 == 7) { return; } @n[$a.0.0, $a.0.1] += $b.1; } if (args.i == 3) { delete(@t[$a.0.0, $a.0.1]); } $i = 0; while ($i < 3) { $i++; @r++; } } @ends++; }
tuples|texts|both:text { $t = (args.i % 2, str(args.word)); @[$t] = count(); }
texts kept|texts|both:text { $s = str(args.word); @last[args.i % 3] = $s; if ($s == "beta") { @beta = count(); } }
strings searched|texts|both:text { @[strcontains(str(args.word), "ta")] = count(); }
stacks|calls|uprobe:$B:mix { @[ustack] = count(); }
exit|forever|both:tick /args.i == 7/ { printf("seven\n"); exit(); }
threads|threads|both:thread { @[args.number] = count(); @s = sum(args.i); }
values that threads carry|threads|both:thread { if (@last[tid]) { @again = sum(@last[tid]); } @last[tid] = args.i + 1; if (args.i % 7 == 0) { delete(@last[tid]); } } END { clear(@last); }
returns of threads|threads|uretprobe:$B:mix { @[(int64)retval] = count(); }
children|children|both:* { @[probe] = count(); } uretprobe:$B:fib { @r[retval] = count(); }
END

same "events as JSON" texts trace --json 'both:*'
same "events as text" texts trace 'both:text'
same "not the children" children count --no-follow 'both:*'
same "count by a key" numbers count --by 'args.i % 4' both:numbers
same "a histogram" numbers hist --of args.less both:numbers
same "libraries that come later" "loads $tmp/library.so" trace --wait 'library:*'
same "a signal ends it" dies count 'both:*'

# ---- every form of operand ----

if gcc -pie "$here/operands.S" -o "$tmp/forms" 2>/dev/null; then
	both=$tmp/forms
	# vector registers, which BPF can't see: floats stand among floats there
	without=(-e '"probe":"vector4\?"' -e '"probe":"floats"')
	same "operands as code" "" trace -q --json 'form:*'
	same "operands as data" "" trace -q --json 'many:integers' 'many:wide'
	without=(-e '^$')
	run "$telltale" trace --engine user --json form:vector form:vector4 many:floats -- "$tmp/forms"
	is "and vector registers in the user engine" \
		"$(jq -c 'select(.probe == "vector") | .args.arg0 | floor' <<<"$out") $(jq -c 'select(.probe == "floats") | .args.arg0' <<<"$out" | grep -Ec '^4(\.0)?$') $err" "4 1 "
else
	skip "operands" "they do not build"
fi

finish
