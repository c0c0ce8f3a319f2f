# Completion of telltale for bash. Verbs, options and probes come from telltale itself, so that this
# file knows none of them.

# The last word up to the cursor, whole: bash cuts words at colons.
_telltale_word() {
	local line=${COMP_LINE:0:COMP_POINT}

	echo "${line##*[[:space:]]}"
}

# Words that begin as the one at the cursor; of each, bash wants what follows the last colon there.
_telltale_offer() {
	local word=$1 before=

	[[ $word == *:* ]] && before=${word%:*}:
	mapfile -t COMPREPLY < <(compgen -W "$2" -- "$word")
	COMPREPLY=("${COMPREPLY[@]#"$before"}")
}

# The probes of the target that the line names; of the kernel's, those of a kind that is written out.
_telltale_probes() {
	local command=$1 word=$2 i target=()

	for ((i = 2; i < COMP_CWORD - 1; i++)); do
		[[ ${COMP_WORDS[i]} == -[pb] ]] && target+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}")
	done
	if [[ ${#target[@]} -gt 0 ]]; then
		"$command" run -q -l "${target[@]}" '*:*' 2>/dev/null | sed 's/^usdt:.*:\([^:]*:[^:]*\)$/\1/'
	elif [[ $word == *:* ]]; then
		"$command" run -q -l "$word*" 2>/dev/null
	fi
}

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
			compopt -o filenames 2>/dev/null
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
		ENGINE)
			mapfile -t COMPREPLY < <(compgen -W "auto kernel user" -- "$cur")
			return
			;;
		FORMAT)
			mapfile -t COMPREPLY < <(compgen -W \
				"$([[ $verb == gen ]] && echo d trace-events || echo text json)" -- "$cur")
			return
			;;
		*) return ;;
		esac
	fi

	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$("$command" "$verb" --list-options 2>/dev/null | cut -f1)" -- "$cur")
	elif [[ $verb == run || $verb == gen ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	elif [[ $verb != check && $verb != features ]]; then
		word=$(_telltale_word)
		_telltale_offer "$word" "$(_telltale_probes "$command" "$word")"
	fi
}

complete -F _telltale telltale
