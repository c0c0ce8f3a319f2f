/*
 * The text of a marker's argument list, cut into the names of its operands (sdk/NOTE.md, "Text
 * note"). Private to this folder.
 */
#ifndef TELLTALE_ELF_NAMES_H
#define TELLTALE_ELF_NAMES_H

#include "base/memory.h"

struct argument_name {
	const char *name;
	const char *type; /* NULL where the author gave none */
};

/*
 * Fills the names of `count` operands from a text that begins with the probe's name. False when the
 * text does not give exactly that many, or (arena->failed) when memory is out.
 */
bool argument_names(struct arena *arena, const char *text, size_t length,
                    struct argument_name *names, size_t count);

#endif
