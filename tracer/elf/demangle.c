/*
 * Owns the use of binutils' demangler (libiberty). It bounds its recursion; what it does not bound
 * is the length of what it writes (a few hundred bytes of substitutions can stand for gigabytes),
 * so it writes through a function that leaves it when that is enough. It holds no memory then.
 */
#include "demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum { MANGLED_MOST = 4096, DEMANGLED_MOST = 64 * 1024 };

struct writing {
	struct buffer text;
	jmp_buf enough;
};

static void take(const char *text, size_t length, void *context)
{
	struct writing *w = context;

	if (w->text.length + length > DEMANGLED_MOST)
		longjmp(w->enough, 1);
	buffer_add(&w->text, text, length);
}

bool demangle(const char *symbol, enum demangle_form form, struct buffer *name)
{
	/* DMGL_RET_DROP: a template's return type is no part of its name. */
	int options = DMGL_RET_DROP | (form == DEMANGLE_FULL ? DMGL_PARAMS | DMGL_ANSI : 0);
	struct writing w = {.text = *name};
	volatile bool done = false;

	if (symbol[0] != '_' || (symbol[1] != 'Z' && symbol[1] != 'R') ||
	    strnlen(symbol, MANGLED_MOST) == MANGLED_MOST)
		return false;
	buffer_clear(&w.text);
	if (!setjmp(w.enough))
		done = rust_demangle_callback(symbol, options, take, &w) ||
		       cplus_demangle_v3_callback(symbol, options, take, &w);
	*name = w.text;
	return done && !name->failed;
}
