/* A shared library with markers of the program's names, and semaphores of its own; see sema_main.c.
 */
#include "sema.h"
#include <telltale.h>

#ifdef __cplusplus
namespace library_space
{
#endif
TELLTALE_DEFINE_SEMAPHORE(shared);

static int in_library(int x)
{
	int seen = 0;

	TELLTALE_LAZY(sema, everywhere, x);
	TELLTALE_WITH(shared, sema, shared_two, x);
	if (TELLTALE_SEMAPHORE_ENABLED(shared))
		seen += 100;
	if (TELLTALE_ENABLED(sema, everywhere))
		seen += 1;
	return seen;
}
#ifdef __cplusplus
} // namespace library_space
#define in_library library_space::in_library
#endif

int library(int x)
{
	return in_library(x);
}
