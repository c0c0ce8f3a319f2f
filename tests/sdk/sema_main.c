/*
 * Semaphores across files: this one, sema_other.c in the same binary, and sema_lib.c in a shared
 * library that has markers of the same names. notes.c shows which semaphore each note has; the
 * program watches itself by raising one, and sees which places notice.
 */
#ifdef __cplusplus
#include <cstdio>
#else
#include <stdio.h>
#endif
#include "sema.h"
#include <telltale.h>

TELLTALE_DEFINE_SEMAPHORE(shared);

int evaluated;

int here(int x)
{
	int seen = 0;

	TELLTALE_LAZY(sema, everywhere, evaluated++, x);
	TELLTALE_SEMA(sema, here, x);
	if (TELLTALE_SEMAPHORE_ENABLED(shared)) {
		TELLTALE_WITH(shared, sema, shared_one, x);
		seen += 100;
	}
	TELLTALE_WITH(shared, sema, shared_two, x);
	if (TELLTALE_ENABLED(sema, everywhere))
		seen += 1;
	if (TELLTALE_ENABLED(sema, here))
		seen += 10;
	return seen;
}

#ifdef ALONE /* without the shared library */
int library(int x)
{
	return x - x;
}
#endif

#ifdef DISCARDED
/* Nobody calls it: with --gc-sections its code is left out, and what its note says is nowhere in
 * code. */
int never_called(int x)
{
	TELLTALE_SEMA(sema, unused, x);
	return x;
}
#endif

/* What a tracer does with the semaphore of a note, by its symbol. */
#define OWN(name) raise_##name
extern volatile unsigned short OWN(everywhere) __asm__("telltale_semaphore.sema.everywhere")
        __attribute__((visibility("hidden")));

static int expect(const char *what, int got, int wanted)
{
	if (got == wanted)
		return 0;
	printf("%s: %d, not %d\n", what, got, wanted);
	return 1;
}

int main(void)
{
	int bad = 0;

	bad += expect("at rest", here(1), 0);
	bad += expect("at rest, elsewhere", there(1), 0);
	bad += expect("at rest, in the library", library(1), 0);
	bad += expect("evaluated at rest", evaluated, 0);
	OWN(everywhere)++;
	bad += expect("raised", here(1), 1);
	bad += expect("raised, elsewhere", there(1), 1);
	bad += expect("raised, in the library", library(1), 0);
	bad += expect("evaluated when raised", evaluated, 2);
	OWN(everywhere)--;
	telltale_x_shared_shared++;
	bad += expect("shared", here(1), 100);
	bad += expect("shared, elsewhere", there(1), 100);
	bad += expect("shared, in the library", library(1), 0);
	telltale_x_shared_shared--;
	if (!bad)
		puts("done");
	return bad;
}
