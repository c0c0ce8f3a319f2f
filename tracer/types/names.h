/* The names that a program declares; private to this folder. */
#ifndef TELLTALE_TYPES_NAMES_H
#define TELLTALE_TYPES_NAMES_H

#include "types/types.h"

struct type_name {
	const char *name;
	const struct ctype *type;
};

struct type_constant {
	const char *name;
	uint64_t value;
	const struct ctype *type;
};

#endif
