/* Arguments of C; args.h says how it is read. */
/* clang-format off: a note stands on the line of its marker */
#include <stdbool.h>
#include <telltale.h>
#include "args.h"

static void only_c(int n, _Bool b)
{
	const int five = 5;
	int vla[n];
	const _Bool no = b;

	vla[0] = n;
	TELLTALE(args, vla, vla, vla[0]); //= args:vla P -4 | pointer vla, signed vla[0]
	TELLTALE(args, bools, b, no, 1 == five); //= args:bools 1 1 -4 | bool b, bool no, signed 1 == five
}

int main(int argc, char **argv)
{
	only_c(argc, argc > 1);
	if (common(argc, argv))
		return 1;
	puts("done");
	return 0;
}
