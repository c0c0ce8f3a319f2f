#compdef telltale
# Completion of telltale for zsh: verbs and options come from telltale itself.

_telltale() {
	local -a offered
	local command=$words[1] verb=$words[2]

	if (( CURRENT == 2 )); then
		offered=(${(f)"$($command --list-verbs 2>/dev/null | awk -F '\t' '{ print $1 ":" $2 }')"})
		_describe verb offered
	elif (( ${words[(i)--]} < CURRENT )); then
		shift ${words[(i)--]} words
		(( CURRENT = $#words ))
		_normal
	elif [[ $words[CURRENT] == -* ]]; then
		offered=(${(f)"$($command $verb --list-options 2>/dev/null | awk -F '\t' '{ print $1 ":" $3 }')"})
		_describe option offered
	else
		_files
	fi
}

_telltale "$@"
