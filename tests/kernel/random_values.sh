#!/bin/bash
# Random programs on texts and tuples: what telltale accepts, the kernel takes. The seed is said, and
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
		pick "@s[$a]" "@t[\"x\",$a].1"
	fi
}

number()
{
	local depth=$1 a b op

	if ((depth <= 0 || RANDOM % 2)); then
		pick args.id 1 -3 '$n' pid '$t.0' 'len($s)' rand
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
		pick "$a<$b" "$a==$b" "($a>$b&&args.id!=$b)"
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
	pick "\$s=$a;" "\$n=$b;" "@s[$b]=$a;" "@n[$a,$b]=$b;" "\$t=($b,$a);" "@t[\"x\",$b]=($b,$a);" \
		"@one=$a;" "print(($a,$b,$c));" "printf(\"%s_%d\",$a,$b);" "@c[$a,$b]=count();" \
		"@h[$a]=max($b);" "delete(@n,($a,$b));" "@k[($a,($b,$a))]=$b;"
}

cd "$tmp" || exit 1
IFS=$'\n'
first='$s="init"; $n=5; $t=(1,"tt"); @s[0]="s"; @n["n",0]=1; @t["x",0]=(0,"t"); @one="o"; @k[("k",(1,"k"))]=1;'
accepted=0
for ((i = 0; i < programs; i++)); do
	body=
	for ((k = 0; k < 1 + RANDOM % 5; k++)); do
		statement $((1 + RANDOM % 3))
		body+=" $made"
	done
	program="demo:request { $first$body }"
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
