#!/bin/bash
# The shells' completions: what they offer is what telltale says of itself.
. "$(dirname "$0")/../lib.sh"

ln -s "$telltale" "$tmp/telltale"
PATH=$tmp:$PATH
. "$root/tracer/cli/completion.bash"

# offers LINE: what bash would offer behind it, with words cut as bash cuts them.
offers()
{
	COMP_LINE=$1
	COMP_POINT=${#1}
	COMP_WORDS=()
	while read -r part; do
		COMP_WORDS+=("$part")
	done < <(sed 's/:/ : /g; s/  */ /g; s/ $//' <<<"$1" | tr ' ' '\n')
	[[ $1 == *' ' ]] && COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	[[ ${COMP_WORDS[COMP_CWORD]} == : ]] && COMP_WORDS[COMP_CWORD]=
	_telltale
	printf '%s\n' "${COMPREPLY[@]}" | sort | xargs
}

is "verbs" "$(offers 'telltale ')" "$({ telltale --list-verbs | cut -f 1; printf '%s\n' --help --version; } | sort | xargs)"
is "a verb" "$(offers 'telltale la')" latency
for verb in $(telltale --list-verbs | cut -f 1); do
	is "options of $verb" "$(offers "telltale $verb -")" "$(telltale "$verb" --list-options | cut -f 1 | sort | xargs)"
done
is "an option" "$(offers 'telltale check --any')" --any-exit
is "engines" "$(offers 'telltale trace --engine ')" "auto kernel user"
is "forms" "$(offers 'telltale run -f ')" "json text"
is "stages" "$(offers 'telltale run -d ')" "ast code plan types"
is "nothing for a value that nobody knows" "$(offers 'telltale trace --filter ')" ""
touch "$tmp/program.bt"
is "a file" "$(cd "$tmp" && offers 'telltale run pro')" program.bt
is "probes of a target" "$(offers "telltale trace -b $samples/demo demo:re")" "reply request"
is "probes of a target, before a colon" "$(offers "telltale count -b $samples/demo de")" \
	"demo:detail demo:reply demo:request demo:tick"
is "probes of a kind" "$(offers 'telltale trace software:page-f')" "page-faults:"
is "behind -- there are files" "$(cd "$tmp" && offers 'telltale trace -- ls pro')" program.bt

# ---- zsh: its own functions are replaced by ones that print what they are given ----

zsh_offers()
{
	zsh -fc '
		_describe() { print -rl -- ${(P)@[-1]} }
		_files() { print files }
		_normal() { print a command }
		words=("${@:2}") CURRENT=$#words
		source $1' zsh "$root/tracer/cli/completion.zsh" "$@"
}
if have zsh; then
	like "zsh: verbs" "$(zsh_offers telltale '')" 'trace:a line per event'
	like "zsh: options" "$(zsh_offers telltale trace -)" '--filter:only hits'
	is "zsh: files" "$(zsh_offers telltale run '')" files
	is "zsh: a command" "$(zsh_offers telltale run -- l)" "a command"
else
	skip "zsh" "there is none"
fi

# ---- fish ----

fish_offers()
{
	HOME=$tmp fish -N -c 'source $argv[1]; complete -C $argv[2]' "$root/tracer/cli/completion.fish" "$1"
}
if have fish; then
	like "fish: verbs" "$(fish_offers 'telltale tr')" '^trace	a line per event$'
	like "fish: options" "$(fish_offers 'telltale trace --fil')" '^--filter	only hits'
	is "fish: files" "$(cd "$tmp" && fish_offers 'telltale run pro')" program.bt
else
	skip "fish" "there is none"
fi
finish
