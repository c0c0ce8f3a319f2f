# Completion of telltale for bash. Verbs and options come from telltale itself, so that this file
# knows none of them.

_telltale() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command=${COMP_WORDS[0]} verb=${COMP_WORDS[1]} kind word i

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W \
			"$("$command" --list-verbs 2>/dev/null | cut -f1) --help --version" -- "$cur")
		return
	fi

	# Behind `--` is a command with words of its own.
	for ((i = 2; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == -- ]]; then
			if ((i + 1 == COMP_CWORD)); then
				mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			else
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			fi
			return
		fi
	done

	if [[ $prev == -* ]]; then
		kind=$("$command" "$verb" --list-options 2>/dev/null |
			awk -F '\t' -v option="$prev" '$1 == option { print $2 }')
		case $kind in
		'') ;;
		FILE)
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
			;;
		PID)
			mapfile -t COMPREPLY < <(cd /proc && compgen -W "$(echo [0-9]*)" -- "$cur")
			return
			;;
		STAGE)
			mapfile -t COMPREPLY < <(compgen -W "ast types code plan" -- "$cur")
			return
			;;
		*) return ;;
		esac
	fi

	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$("$command" "$verb" --list-options 2>/dev/null | cut -f1)" -- "$cur")
	elif [[ $verb == run ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -F _telltale telltale
