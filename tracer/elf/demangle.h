/*
 * C++ and Rust names: from _ZN3foo3barEi to foo::bar(int). The one place that demangles.
 */
#ifndef TELLTALE_ELF_DEMANGLE_H
#define TELLTALE_ELF_DEMANGLE_H

#include "base/memory.h"

enum demangle_form {
	DEMANGLE_NAME, /* "foo::bar" */
	DEMANGLE_FULL, /* "foo::bar(int)" */
};

/* Puts the name into a buffer, in place of what it had. False where the symbol is no mangled name. */
bool demangle(const char *symbol, enum demangle_form form, struct buffer *name);

#endif
