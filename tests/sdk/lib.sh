# Shared by the tests of the SDK: sourced, not run. Where things are, and TAP.

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${TELLTALE_BUILD:-$root/build/sdk-tests}/$(basename "$0" .sh)
export LC_ALL=C
rm -rf "$work"
mkdir -p "$work"

count=0
failed=0

# ok NAME, or no NAME [EXPLANATION...], or skip NAME REASON
ok()
{
	count=$((count + 1))
	echo "ok $count - $1"
}

no()
{
	count=$((count + 1))
	failed=$((failed + 1))
	echo "not ok $count - $1"
	shift
	[ $# = 0 ] || printf '%s\n' "$@" | sed 's/^/# /' | head -n 40
}

skip()
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# check NAME COMMAND...: the command succeeds; its output explains where it does not.
check()
{
	local name=$1 out

	shift
	if out=$("$@" 2>&1); then
		ok "$name"
	else
		no "$name" "$* failed:" "$out"
	fi
}

# same NAME EXPECTED ACTUAL: two texts are equal.
same()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		no "$1" "$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3"))"
	fi
}

have()
{
	command -v "$1" >/dev/null 2>&1
}

# The compilers of a language that are installed: Debian's oldest to newest, and the default.
compilers()
{
	local c all

	case $1 in
	c) all="gcc gcc-11 gcc-12 gcc-13 gcc-14 clang clang-13 clang-14 clang-15 clang-16" ;;
	c++) all="g++ g++-11 g++-12 g++-13 g++-14 clang++ clang++-13 clang++-14 clang++-15 clang++-16" ;;
	esac
	for c in $all; do
		have "$c" && echo "$c"
	done
}

# The note printer, built once for the run.
notes()
{
	[ -x "$work/notes" ] || gcc -std=c11 -O1 -Wall -Wextra -o "$work/notes" "$here/notes.c" || return 1
	"$work/notes" "$@"
}

finish()
{
	echo "1..$count"
	[ "$failed" = 0 ]
	exit
}

# expect_notes SOURCE POINTER LONG CHAR: what the `//=` comments of a source and its args.h say, for these sizes.
expect_notes()
{
	cat "$here/$1" "$here/args.h" | sed -n 's|^.*//= ||p' | sed -E ":again
		s/^([^|]*) (-?)P( |\$)/\1 \2$2\3/; t again
		s/^([^|]*) (-?)L( |\$)/\1 \2$3\3/; t again
		s/^([^|]*) C( |\$)/\1 $4\2/; t again" | LC_ALL=C sort -u
}
