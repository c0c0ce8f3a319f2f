/*
 * Every macro of telltale.h in code that no compiler has anything to say about: what is said with
 * all warnings on comes from the header (matrix.sh).
 */
#include <telltale.h>

struct quiet {
	int number;
	unsigned int bits;
	const char *text;
	double real;
};

TELLTALE_DECLARE_SEMAPHORE(quiet_shared);
TELLTALE_DEFINE_SEMAPHORE(quiet_shared);

extern int quiet_all(const struct quiet *quiet, float real, unsigned char small, bool yes);
extern int quiet_all(const struct quiet *quiet, float real, unsigned char small, bool yes)
{
	TELLTALE(quiet, none);
	TELLTALE(quiet, several, quiet, quiet->number, quiet->text, quiet->real, real, small, yes);
	TELLTALE(quiet, twelve, 1, 2U, 3L, 4UL, small, real, 7.5, "eight", quiet, yes, 11,
	         quiet->bits);
	TELLTALE(quiet, named, TELLTALE_ARG(name, quiet->bits),
	         TELLTALE_BUF(quiet->text, quiet->bits),
	         TELLTALE_ARG(other, TELLTALE_BUF(quiet, sizeof(*quiet))));
	TELLTALE_SEMA(quiet, sema, small);
	TELLTALE_LAZY(quiet, lazy, quiet->number + 1);
	TELLTALE_LAZY(quiet, lazy_none);
	TELLTALE_WITH(quiet_shared, quiet, with, quiet->number);
	if (TELLTALE_ENABLED(quiet, sema))
		return 1;
	if (TELLTALE_SEMAPHORE_ENABLED(quiet_shared)) {
		TELLTALE_WITH(quiet_shared, quiet, inner, quiet->number);
		return 2;
	}
	if (yes)
		TELLTALE(quiet, no_braces, small);
	else
		TELLTALE_LAZY(quiet, no_braces, small);
	return 0;
}
