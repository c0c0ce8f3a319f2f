/* The second file of the program; see sema_main.c. */
#include "sema.h"
#include <telltale.h>

TELLTALE_DECLARE_SEMAPHORE(shared);

int there(int x)
{
	int seen = 0;

	TELLTALE_LAZY(sema, everywhere, evaluated++, x);
	TELLTALE_WITH(shared, sema, shared_two, x + 1);
	if (TELLTALE_SEMAPHORE_ENABLED(shared))
		seen += 100;
	if (TELLTALE_ENABLED(sema, everywhere))
		seen += 1;
	return seen;
}
