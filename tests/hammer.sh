# What the tests that hammer a program share, sourced after lib.sh: the program itself, started with
# eight threads, and whether it is as no tracer has ever been there.

hammer=$tmp/hammer
${CC:-gcc} -O2 -I"$root/sdk" -o "$hammer" "$root/tests/programs/hammer.c" -lpthread || skip_all "no compiler"

# Leaves its number in $target.
start_hammer()
{
	local base listing place

	start hammer nice -n 15 "$hammer" 8 # or our own steps would wait for it
	target=$pid
	base=$(load_base "$target" "$hammer")
	listing=$("$telltale" list --json -b "$hammer")
	places=() semaphores=()
	for place in $(jq -r '.sites[].address' <<<"$listing"); do
		places+=($((base + place)))
	done
	for place in $(jq -r 'select(.semaphore) | .sites[0].semaphore_address' <<<"$listing"); do
		semaphores+=($((base + place)))
	done
	is "four probes, two of them with semaphores" "${#places[@]} ${#semaphores[@]}" "4 2"
	check "nothing is attached" as_before
	descriptors=$(find "/proc/$target/fd" | wc -l)
}

# No semaphore is up, and every site is a nop.
as_before()
{
	local place

	for place in "${semaphores[@]}"; do
		[ "$(semaphore_value "$target" "$place")" = 0 ] || return 1
	done
	for place in "${places[@]}"; do
		[ "$(byte_at "$target" "$place")" = 90 ] || return 1
	done
}

end_hammer()
{
	is "the program has no more descriptors than before" "$(find "/proc/$target/fd" | wc -l)" "$descriptors"
	stop "$target" TERM
	is "the program's results are right" "$code" 0
	like "all of them" "$(cat "$tmp/hammer.err")" 'hammer: [1-9][0-9]+ rounds, 0 wrong'
}
