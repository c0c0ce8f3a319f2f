/* Any text as expectations: refused with a place, or steps and conditions that are parts of it. */
#include <stdlib.h>
#include <string.h>

#include "check/expect.h"

static void look(const struct expectation *x, const struct source *source)
{
	if (!x->step_count || !*x->text || x->line < 1)
		abort();
	for (size_t i = 0; i < x->step_count; i++) {
		const struct expect_step *step = &x->steps[i];

		if (!strchr(step->pattern, ':') || step->at >= source->length)
			abort();
		for (size_t j = 0; j < step->condition_count; j++)
			if (step->conditions[j].at >= step->conditions[j].end ||
			    step->conditions[j].end > source->length)
				abort();
	}
	if (x->paired && x->step_count != 2)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);
	struct source source = {.name = "fuzz", .text = text};
	struct expectations e = {.items = NULL};
	struct error err = {0};

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	source.length = strlen(text);
	if (!expect_parse(&source, &e, &err)) {
		for (size_t i = 0; i < e.count; i++)
			look(&e.items[i], &source);
	} else if (!strstr(buffer_string(&e.diagnostics.text), "error: ")) {
		abort();
	}
	expect_free(&e);
	free(text);
	return 0;
}
