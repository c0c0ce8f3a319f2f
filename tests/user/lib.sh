# Shared by the tests of the user engine: sourced. They run as an ordinary user without capabilities:
# root becomes one. Sets both (the program of both.c) and trace (a telltale with --engine user).
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

have gcc || skip_all "no compiler"
[ "$(uname -m)" = x86_64 ] || skip_all "x86-64 only"

as=()
if [ "$(id -u)" = 0 ]; then
	have setpriv || skip_all "root, and no setpriv"
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all --)
	chmod 777 "$tmp"
fi

both=$tmp/both
gcc -O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls -I "$root/sdk" -o "$both" "$root/tests/user/both.c" \
	-lpthread -ldl || skip_all "the target does not build"
gcc -O1 -fPIC -shared -I "$root/sdk" -o "$tmp/library.so" "$root/tests/user/library.c" || skip_all "no library"
cp "$telltale" "$tmp/telltale"

# need_ptrace: the whole script is skipped where nothing may be traced, with the reason.
need_ptrace()
{
	run "${as[@]}" "$tmp/telltale" count --engine user both:numbers -- "$both" numbers
	[ "$code" != 3 ] || skip_all "$err"
	like "as an ordinary user, without capabilities" "$out" 'both:numbers\]: 200'
}

# user VERB...: telltale as that user, in the foreground as `run` does it.
user()
{
	local verb=$1

	shift
	run "${as[@]}" "$tmp/telltale" "$verb" --engine user "$@"
}
