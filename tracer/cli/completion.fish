# Completion of telltale for fish: verbs and options come from telltale itself.

function __telltale_options
	set -l words (commandline -opc)
	test (count $words) -ge 2; and $words[1] $words[2] --list-options 2>/dev/null | cut -f 1,3
end

complete -c telltale -f -n __fish_use_subcommand -a '(telltale --list-verbs)'
complete -c telltale -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' \
	-a '(__telltale_options)'
