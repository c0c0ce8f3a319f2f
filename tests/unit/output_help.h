/*
 * What the tests of output/ share: an output that prints into memory.
 */
#ifndef TESTS_UNIT_OUTPUT_HELP_H
#define TESTS_UNIT_OUTPUT_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "bpf/abi.h"
#include "output/output.h"

#include <stdlib.h>
#include <string.h>

struct printed {
	struct plan plan;
	struct output *output;
	FILE *file;
	char *text;
	size_t length, seen;
};

static struct plan_probe help_probes[] = {
        {"demo", "request", "usdt:/usr/bin/demo:demo:request", "demo:request", ""},
        {"demo", "re\"ply", "usdt:/usr/bin/demo:demo:re\"ply", "demo:re\"ply", ""},
};

static inline void printed_with(struct printed *p, struct plan_record *records, size_t count,
                                const struct output_options *options)
{
	struct error err = {0};

	*p = (struct printed){.plan = {.probes = help_probes,
	                               .probe_count = 2,
	                               .records = records,
	                               .record_count = count}};
	p->file = open_memstream(&p->text, &p->length);
	assert_non_null(p->file);
	assert_int_equal(output_open(p->file, &p->plan, options, &p->output, &err), 0);
}

static inline void printed_open(struct printed *p, struct plan_record *records, size_t count,
                                enum output_form form, bool color)
{
	struct output_options options = {.form = form, .color = color};

	printed_with(p, records, count, &options);
}

/* All that was printed since the last time. */
static inline const char *printed_now(struct printed *p)
{
	const char *text;

	assert_int_equal(output_flush(p->output), 0);
	fflush(p->file);
	text = p->text + p->seen;
	p->seen = p->length;
	return text;
}

static inline void printed_is(struct printed *p, const char *expected)
{
	assert_string_equal(printed_now(p), expected);
}

static inline void printed_close(struct printed *p)
{
	output_close(p->output);
	fclose(p->file);
	free(p->text);
}

#endif
