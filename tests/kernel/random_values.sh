#!/bin/bash
# Random programs on texts, tuples, structs and arrays: what telltale accepts, the kernel takes. The seed is said, and
# can be given: RANDOM_SEED=N.
. "$(dirname "$0")/../lib.sh"
need_tracing

seed=${RANDOM_SEED:-$(($(date +%s) % 32768))}
RANDOM=$seed
programs=${RANDOM_PROGRAMS:-40}

# Each leaves an expression, or statements, in $made; $1 says how deep it may still go.
pick()
{
	made=${*:1+RANDOM%$#:1}
}

text()
{
	local depth=$1 a b c

	if ((depth <= 0 || RANDOM % 2)); then
		pick args.path 'str(arg1,7)' 'str(arg1,65)' 'str(arg1,1024)' 'str(arg1,args.id)' comm '"lit"' \
			'"a_literal_of_more_than_16_bytes"' '""' '$s' '$t.1' '@s[args.id]' '@one'
		return
	fi
	if ((RANDOM % 2)); then
		condition $((depth - 1)); c=$made
		text $((depth - 1)); a=$made
		text $((depth - 1)); b=$made
		made="($c?$a:$b)"
	else
		number $((depth - 1)); a=$made
		pick "@s[$a]" "@t[\"x\",$a].1" '$r.in[1].t' "\$r.in[$a&1].t" "@r[$a].in[$a&1].t" '$p->in[0].t' \
			"str(\$r.in[$a&1].t)" 'str($p->in[1].t,3)'
	fi
}

# A struct.
record()
{
	local a b c

	if (($1 > 0 && RANDOM % 3 == 0)); then
		condition $(($1 - 1)); c=$made
		record $(($1 - 1)); a=$made
		record $(($1 - 1)); b=$made
		made="($c?$a:$b)"
		return
	fi
	number $(($1 - 1)); a=$made
	pick '$r' '*$p' '@one_r' "@r[$a]" '@u[1].1' '$u.1'
}

# An array of four int32.
array()
{
	local a

	number $(($1 - 1)); a=$made
	pick '$r.n' '$p->n' '@one_r.n' "@r[$a].n" '$a' "@a[$a]" '$p->m[1]' "\$r.m[$a&1]"
}

number()
{
	local depth=$1 a b op

	if ((depth <= 0 || RANDOM % 2)); then
		pick args.id 1 -3 '$n' pid '$t.0' 'len($s)' rand
	elif ((RANDOM % 3 == 0)); then
		array $((depth - 1)); a=$made
		number $((depth - 1)); b=$made
		pick "($a)[$b&3]" "($a)[2]" '$r.in[0].s' "\$r.in[$b&1].s" '$r.b' '@one_r.b' '$r.l' "@r[$b].in[$b&1].s" \
			"(uint64)(uint8[])(uint64)($b)" "((uint8[8])(uint64)($b))[$b&7]" "(int16)(int8[2])(int16)($b)" \
			"pton(\"::1\")[$b&15]" '$p->b' '(1,$r.in).1[1].s' "(1,\$r.in).1[$b&1].s"
	elif ((RANDOM % 2)); then
		number $((depth - 1)); a=$made
		number $((depth - 1)); b=$made
		pick + - '*' / % '&' '|'; op=$made
		made="($a $op $b)"
	else
		text $((depth - 1)); a=$made
		text $((depth - 1)); b=$made
		pick "len($a)" "strncmp($a,$b,5)" "strncmp($a,$b,100)" "@n[$a,len($b)]"
	fi
}

condition()
{
	local depth=$1 a b

	if ((RANDOM % 2)); then
		text $((depth - 1)); a=$made
		text $((depth - 1)); b=$made
		pick "$a==$b" "$a!=$b" "strcontains($a,\"nd\")" "has_key(@n,($b,5))"
	else
		number $((depth - 1)); a=$made
		number $((depth - 1)); b=$made
		array $((depth - 1)); c=$made
		array $((depth - 1))
		pick "$a<$b" "$a==$b" "($a>$b&&args.id!=$b)" "($c==$made)" "($c!=$made)" \
			"(uint32[2])(uint64)($a)==(uint32[])(uint64)($b)"
	fi
}

statement()
{
	local depth=$1 a b c

	text "$depth"; a=$made
	number "$depth"; b=$made
	condition "$depth"; c=$made
	if ((depth > 0 && RANDOM % 6 == 0)); then
		statement $((depth - 1)); a=$made
		statement $((depth - 1)); b=$made
		made="if($c){$a}else{$b}"
		return
	fi
	if ((RANDOM % 3 == 0)); then
		record "$depth"; c=$made
		array "$depth"
		pick "\$r=$c;" "@one_r=$c;" "@r[$b]=$c;" "\$a=$made;" "@a[$b]=$made;" "\$u=($a,$c);" "@u[$b]=($a,$c);" \
			"print($c);" "print(($made,$c));" "printf(\"%s_%s\",$made,$a);" "@y[$c,$b]=$made;" \
			"@z[$made,$a]=count();" "print(buf($made));" "for(\$kv:@r){print(\$kv.1.n[\$kv.0&3]);\$a=\$kv.1.n;}"
		return
	fi
	pick "\$s=$a;" "\$n=$b;" "@s[$b]=$a;" "@n[$a,$b]=$b;" "\$t=($b,$a);" "@t[\"x\",$b]=($b,$a);" \
		"@one=$a;" "print(($a,$b,$c));" "printf(\"%s_%d\",$a,$b);" "@c[$a,$b]=count();" \
		"@h[$a]=max($b);" "delete(@n,($a,$b));" "@k[($a,($b,$a))]=$b;"
}

cd "$tmp" || exit 1
IFS=$'\n'
declared='struct rest { short s; char t[6]; }; struct some { int n[4], m[2][4]; struct rest in[2]; unsigned b : 5; long l; };'
first='$p=(struct some *)reg("sp"); $r=*$p; @one_r=*$p; @r[0]=*$p; $a=$r.n; @a[0]=$p->n; $u=("u",$r); @u[1]=("u",$r); $s="init"; $n=5; $t=(1,"tt"); @s[0]="s"; @n["n",0]=1; @t["x",0]=(0,"t"); @one="o"; @k[("k",(1,"k"))]=1;'
accepted=0
for ((i = 0; i < programs; i++)); do
	body=
	for ((k = 0; k < 1 + RANDOM % 5; k++)); do
		statement $((1 + RANDOM % 3))
		body+=" $made"
	done
	program="$declared demo:request { $first$body }"
	run "$telltale" run -q -e "$program" -- "$samples/demo" -n 3 -r 0 -w 1
	if [ "$code" = 0 ]; then
		accepted=$((accepted + 1))
	elif [ "$code" != 2 ] || ! grep -q ': error: ' <<<"$err"; then
		not_ok "random programs (seed $seed)" "$program" "$err"
		finish
	fi
done
unset IFS
is "random programs (seed $seed): all are accepted, loaded and run" "$accepted" "$programs"
finish
