/* A library that both.c loads, with a marker in its constructor. */
#include <telltale.h>

static volatile int loaded;

static __attribute__((constructor)) void load(void)
{
	loaded++;
	TELLTALE_SEMA(library, constructor, loaded);
}

void hit(void);
void hit(void)
{
	TELLTALE_SEMA(library, hit, loaded, TELLTALE_ARG(name, "library"));
}
