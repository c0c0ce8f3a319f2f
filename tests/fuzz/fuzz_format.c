/*
 * Any text as the format of a tracepoint, and (it may start with _Z) as a C++ name.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/demangle.h"
#include "probe/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer name = {0};
	struct arena arena = {0};
	struct format format;
	struct error err;
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (!format_parse(text, &arena, &format, &err)) {
		for (size_t i = 0; i < format.field_count; i++) {
			const struct format_field *f = &format.fields[i];

			if (f->offset < FORMAT_FIRST || !f->size || f->size > FORMAT_RECORD_MOST ||
			    f->offset > FORMAT_RECORD_MOST - f->size || !*f->name || !*f->type)
				abort();
		}
	}
	demangle(text, DEMANGLE_NAME, &name);
	demangle(text, DEMANGLE_FULL, &name);
	buffer_free(&name);
	arena_free(&arena);
	free(text);
	return 0;
}
