#!/bin/bash
# The sample program and one with arguments of every kind: values, texts, counts and histograms,
# held against what the program is known to do.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
need_tracing

demo=$samples/demo

# ---- values that follow from a request's number ----

# What demo.c computes, again, with the shell's 64-bit numbers.
mixed() # N: in $mixed
{
	local x=$(($1 + 0x9e3779b97f4a7c15))

	x=$(((x ^ (x >> 30 & 0x3ffffffff)) * 0xbf58476d1ce4e5b9))
	x=$(((x ^ (x >> 27 & 0x1fffffffff)) * 0x94d049bb133111eb))
	mixed=$((x ^ (x >> 31 & 0x1ffffffff)))
}

# N % M, where N has 64 bits without a sign.
modulo()
{
	modulo=$((($1 & 0x7fffffffffffffff) % $2))
	[ "$1" -ge 0 ] || modulo=$(((modulo + 0x7fffffffffffffff % $2 + 1) % $2))
}

reply_size() # ID: in $size
{
	local chance

	mixed "$1"
	chance=$mixed
	modulo "$chance" 12
	size=$((64 + (chance >> 8 & 0xffffffffffffff) % (64 << modulo)))
}

paths=(/ /index.html /images/logo.png '/search?q=telltale' /missing)
replies= requests=
declare -A buckets=()
for ((id = 0; id < 200; id++)); do
	reply_size $id
	status=$((id % 5 == 4 ? 404 : 200))
	replies+="$id $status $size"$'\n'
	mixed $id
	modulo "$mixed" 1000
	requests+="$id ${paths[id % 5]} $modulo"$'\n'
	for ((low = 1; low * 2 <= size; low *= 2)); do :; done
	buckets[$low]=$((${buckets[$low]-0} + 1))
done

run "$telltale" trace --json demo:reply -- "$demo" -n 200 -r 0 -w 1
is "trace -- COMMAND: the command's exit code" "$code" 0
is "trace: every reply with its values, in order" \
	"$(jq -r 'select(.probe == "reply") | .args | "\(.id) \(.status) \(.bytes)"' <<<"${out/demo: 200 requests/}")" \
	"${replies%$'\n'}"
is "trace: no record is lost" "$(grep '^{"lost"' <<<"$out" | jq -s 'map(.lost) | add // 0')" 0

run "$telltale" trace --json demo:request -o "$tmp/requests" -- "$demo" -n 200 -r 0 -w 1
is "trace -o: texts and floating-point numbers" \
	"$(jq -r 'select(.probe) | .args | "\(.id) \(.path) \(.seconds * 1000 | round)"' "$tmp/requests")" \
	"${requests%$'\n'}"
is "the command's own output stays where it was" "$out" "demo: 200 requests"

before=$(date +%s%N)
"$telltale" trace --json demo:reply -o "$tmp/meta" -- "$demo" -n 3 -r 0 -w 1 >/dev/null 2>&1
after=$(date +%s%N)
is "trace: time, pid, tid, cpu, comm" \
	"$(grep '"probe":"reply"' "$tmp/meta" | sed 's/"args".*//; s/.*"time":\([0-9]*\).*/\1 &/' |
		while read -r time rest; do
			[ "$time" -ge "$before" ] && [ "$time" -le "$after" ] && printf 'time '
			[[ $rest =~ \"pid\":([0-9]+),\"tid\":([0-9]+),\"cpu\":([0-9]+),\"comm\":\"demo\" ]] &&
				[ "${BASH_REMATCH[1]}" -lt "${BASH_REMATCH[2]}" ] &&
				[ "${BASH_REMATCH[3]}" -lt "$(nproc --all)" ] && echo the rest
		done)" "time the rest
time the rest
time the rest"

# A lazy marker's arguments are evaluated only while somebody watches.
run "$telltale" trace --json demo:detail -- "$demo" -n 2 -r 0 -w 1
reply_size 1
like "trace: a lazy marker" "$out" "\"id\":1,\"text\":\"request 1 for /index.html: $size bytes\""

# ---- counts and histograms in the kernel ----

for workers in 1 2 3 8; do
	run "$telltale" count --json 'demo:re*' demo:detail -- "$demo" -n 20000 -r 0 -w $workers
	is "count: exact with $workers threads" \
		"$(grep '"map"' <<<"$out" | jq -r '"\(.key[0]) \(.value)"' | sort)" \
		"demo:detail 20000"$'\n'"demo:reply 20000"$'\n'"demo:request 20000"
done

run "$telltale" count --by args.status,args.id%2 demo:reply --json -- "$demo" -n 1000 -r 0 -w 4
is "count --by" "$(grep '"map"' <<<"$out" | jq -r '"\(.key[0]) \(.key[1]) \(.value)"' | sort)" \
	"200 0 400"$'\n'"200 1 400"$'\n'"404 0 100"$'\n'"404 1 100"

run "$telltale" count demo:reply --filter 'args.status == 404' --json -- "$demo" -n 1000 -r 0 -w 4
is "count --filter" "$(grep '"map"' <<<"$out" | jq .value)" 200

run "$telltale" hist --of args.bytes demo:reply --json -- "$demo" -n 200 -r 0 -w 2
is "hist: the same as from the shell" \
	"$(grep '"map"' <<<"$out" | jq -r '.buckets[] | select(.count > 0) | "\(.min) \(.max) \(.count)"')" \
	"$(for low in "${!buckets[@]}"; do
		echo "$low $((low * 2 - 1)) ${buckets[$low]}"
	done | sort -n)"
is "hist: the count of all" "$(grep '"map"' <<<"$out" | jq .count)" 200

run "$telltale" hist --of args.id --linear 0,100,25 demo:reply --json -- "$demo" -n 200 -r 0 -w 2
is "hist --linear" \
	"$(grep '"map"' <<<"$out" | jq -c '[.buckets[] | [.min, .max, .count]]')" \
	'[[0,24,25],[25,49,25],[50,74,25],[75,99,25],[100,null,100]]'

# ---- every size and sign ----

cat >"$tmp/kinds.c" <<'END'
#include <telltale.h>
#include <stdbool.h>
#include <stddef.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

static char text[5000];
static const char *bad = (const char *)16;

int main(void)
{
	signed char sc = SCHAR_MIN;
	unsigned char uc = UCHAR_MAX;
	short s = SHRT_MIN;
	unsigned short us = USHRT_MAX;
	int i = INT_MIN;
	unsigned u = UINT_MAX;
	long l = LONG_MIN;
	unsigned long ul = ULONG_MAX;
	long long ll = LLONG_MAX;
	float f = 0.5f;
	double d = -1.25e100;
	bool b = true;
	char c = 'x';
	const char *fits, *cut, *empty = "", *utf8 = "gr\303\274n \346\227\245", *raw = "a\377b", *null = NULL;
	char *page;

	memset(text, 't', sizeof(text) - 1);
	cut = text;
	fits = text + sizeof(text) - 1 - 16;
	/* a text whose end is the end of what is mapped */
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(page + 4096, 4096);
	memcpy(page + 4092, "end", 4);
	page += 4092;
	for (int round = 0; round < 2; round++) {
		TELLTALE(kinds, small, sc, uc, s, us, c, b);
		TELLTALE(kinds, large, i, u, l, ul, ll, f, d);
		TELLTALE(kinds, constant, 7, -7, 3000000000u, 'c', -1L);
		TELLTALE(kinds, texts, fits, cut, empty, utf8, raw);
		TELLTALE(kinds, edges, page, null, bad);
		TELLTALE(kinds, none);
		TELLTALE(kinds, twelve, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, (int)12 + round * 0);
	}
	return 23;
}
END
kinds()
{
	grep "\"probe\":\"$1\"" "$tmp/kinds.json" | sed 's/.*"args"://; s/}$//' | sort -u
}

sixteen=tttttttttttttttt
for options in -O0 -O2; do
	if ! said=$(gcc -std=gnu11 $options -I"$root/sdk" -o "$tmp/kinds" "$tmp/kinds.c" 2>&1); then
		not_ok "$options: every kind of argument is compiled" "$said"
		continue
	fi
	run "$telltale" trace --json --strlen 16 -o "$tmp/kinds.json" 'kinds:*' -- "$tmp/kinds"
	is "$options: the exit code of a command that fails" "$code" 23
	is "$options: two rounds of seven" "$(grep -c '"probe"' "$tmp/kinds.json")" 14
	is "$options: small integers" "$(kinds small)" \
		'{"sc":-128,"uc":255,"s":-32768,"us":65535,"c":120,"b":true}'
	is "$options: large integers, floating-point numbers" "$(kinds large)" \
		'{"i":-2147483648,"u":4294967295,"l":-9223372036854775808,"ul":18446744073709551615,"ll":9223372036854775807,"f":0.5,"d":-1.25e+100}'
	is "$options: constants" "$(kinds constant | sed 's/"[^"]*":/:/g')" '{:7,:-7,:3000000000,:99,:-1}'
	# In pages that nobody has touched yet some of them are; without a ring buffer no program sleeps.
	if has_feature sleepable && has_feature ringbuf; then
		is "$options: texts: of the limit, cut and marked, empty, not UTF-8" "$(kinds texts)" \
			"{\"fits\":\"$sixteen\",\"cut\":\"$sixteen\",\"empty\":\"\",\"utf8\":\"grün 日\",\"raw\":\"a$(printf '\xef\xbf\xbd')b\"},\"truncated\":[\"cut\"],\"raw\":{\"raw\":\"61ff62\"}"
	else
		skip "$options: texts" "no sleepable programs that send events"
	fi
	is "$options: texts at the end of a page, at 0, in no page" "$(kinds edges)" \
		'{"page":"end","null":null,"bad":null},"unreadable":["null","bad"]'
	is "$options: no arguments" "$(kinds none)" '{}'
	is "$options: twelve arguments" "$(kinds twelve | sed 's/"[^"]*":/:/g')" \
		'{:1,:2,:3,:4,:5,:6,:7,:8,:9,:10,:11,:12}'
	run "$telltale" trace --strlen 16 kinds:texts -- "$tmp/kinds"
	like "$options: as text, a cut text is marked" "$out" "cut=\"$sixteen\"\.\.\. "
	like "$options: as text, a whole text is not" "$out" "fits=\"$sixteen\" "
	run "$telltale" trace --json -s 4096 kinds:texts -- "$tmp/kinds"
	is "$options: the longest limit" "$(grep -c "\"cut\":\"$(printf 't%.0s' {1..4096})\"" <<<"$out")" 2
done

finish
