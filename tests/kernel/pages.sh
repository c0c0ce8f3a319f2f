#!/bin/bash
# Texts, bytes and integers on pages that are not in memory: mapped and never touched, or dropped.
. "$(dirname "$0")/../lib.sh"
have jq || skip_all "no jq"
have gcc || skip_all "no compiler"
need_tracing
has_feature sleepable || skip_all "no sleepable programs (Linux 6.0)"

cat >"$tmp/pages.c" <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <telltale.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 6 };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* A mapping of the file of which no page is in memory, as far as this process sees it. */
static char *fresh(int fd)
{
	unsigned char in[PAGES];
	char *at = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	/* No reading ahead of a fault: each page is brought in by itself. */
	if (madvise(at, PAGES * PAGE, MADV_RANDOM))
		fail("madvise");
	if (fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		fail("posix_fadvise");
	if (mincore(at, PAGES * PAGE, in))
		fail("mincore");
	for (int i = 0; i < PAGES; i++)
		if (in[i] & 1)
			fprintf(stderr, "page %d is still in memory\n", i);
	return at;
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR);
	char *at;

	if (fd < 0 || argc != 2)
		fail("open");
	TELLTALE(pages, text, TELLTALE_ARG(text, (const char *)fresh(fd)));
	at = fresh(fd);
	TELLTALE(pages, text, TELLTALE_ARG(text, (const char *)at + PAGE - 5)); /* goes on behind */
	at = fresh(fd);
	TELLTALE(pages, bytes, TELLTALE_ARG(bytes, TELLTALE_BUF(at + 2 * PAGE - 4, 8)));
	at = fresh(fd);
	munmap(at + PAGE, PAGE);
	TELLTALE(pages, text, TELLTALE_ARG(text, (const char *)at + PAGE - 5)); /* nothing there */
	at = fresh(fd);
	TELLTALE(pages, long, TELLTALE_ARG(text, (const char *)at + 3 * PAGE));
	at = fresh(fd);
	TELLTALE(pages, again, TELLTALE_ARG(text, (const char *)at));
	TELLTALE(pages, again, TELLTALE_ARG(text, (const char *)at));
	TELLTALE(pages, text, TELLTALE_ARG(text, (const char *)NULL));
	return 0;
}
END
check "builds" gcc -O1 -I"$root/sdk" -o "$tmp/pages" "$tmp/pages.c"

# put OFFSET TEXT: with a NUL behind it.
put()
{
	printf '%s\0' "$2" | dd of="$tmp/file" bs=1 seek="$1" conv=notrunc status=none
}

truncate -s $((6 * 4096)) "$tmp/file"
long=$(printf 'x%.0s' {1..3990})
put 0 "hello, page"
put $((4096 - 5)) "over the edge"
put $((2 * 4096 - 4)) abcdefgh
put $((3 * 4096)) "$long"

# A folder in memory has no pages to drop; then the mappings are fresh at least.
trace()
{
	run "$@" -- "$tmp/pages" "$tmp/file"
}

trace "$telltale" trace --json --strlen 64 'pages:*'
is "exit code" "$code" 0
is "texts and bytes" "$(jq -c 'select(.probe and .probe != "long") | [.probe, .args[]]' <<<"$out")" \
	'["text","hello, page"]
["text","over the edge"]
["bytes","abcdefgh"]
["text",null]
["again","hello, page"]
["again","hello, page"]
["text",null]'
is "what is not there is named" "$(jq -c 'select(.unreadable) | .unreadable' <<<"$out" | sort | uniq -c | xargs)" '2 [text]'
trace "$telltale" trace --json pages:long
is "by default 256 bytes of a text" "$(jq -r 'select(.probe) | .args.text | length' <<<"$out")" 256
for limit in 1024 4096; do
	trace "$telltale" trace --json --strlen $limit pages:long
	is "--strlen $limit" "$(jq -r 'select(.probe) | .args.text' <<<"$out")" \
		"$(head -c $limit <<<"$long" | tr -d '\n')"
done
trace "$telltale" trace --json --filter 'args.text == "over the edge"' pages:text
is "a filter reads it" "$(jq -r 'select(.probe) | .args.text' <<<"$out")" "over the edge"
trace "$telltale" count --json --by 'str(args.text)' pages:again
like "so does a key" "$out" 'hello, page'
trace "$telltale" trace --json --stack pages:again
is "with a stack, which such programs can't have, the text that is not there is named" \
	"$(jq -c 'select(.probe) | .args.text' <<<"$out" | head -n 1)" null
export TELLTALE_WITHOUT=sleepable
trace "$telltale" trace --json 'pages:again'
is "without sleepable programs: unreadable" "$(jq -c 'select(.probe) | [.args.text, .unreadable]' <<<"$out" | head -n 1)" \
	'[null,["text"]]'

finish
