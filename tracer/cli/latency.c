/*
 * telltale latency: the time from one probe to another.
 */
#include "cli.h"

#include <errno.h>

static const struct usage usage = {
	"latency",
	"[TARGET] [OPTIONS] START END [-- COMMAND ARGS...]",
	"Prints a histogram of the nanoseconds from a hit of START to the next hit of END in the same\n"
	"thread, and percentiles. With --key both are matched by that value instead, such as the\n"
	"pointer of a request that several threads work on. A START without its END counts nowhere,\n"
	"and of two STARTs the later one. --filter is asked at START.",
};

/* The parts of a bucket: a percentile is told to 1/32, 3 %. */
enum { BITS = 5 };

static void write_program(struct buffer *program, const struct common *c, const char *key,
			  const char *by)
{
	buffer_print(program, "%s", c->patterns.items[0]);
	if (c->filter)
		buffer_print(program, " /%s/", c->filter);
	buffer_print(program, " { @start[%s] = nsecs; }\n", key);
	buffer_print(program, "%s /@start[%s]/ {\n\t@nsecs", c->patterns.items[1], key);
	if (by)
		buffer_print(program, "[%s]", by);
	buffer_print(program, " = hist(nsecs - @start[%s], %d);\n\tdelete(@start[%s]);\n}\n", key,
		     BITS, key);
	buffer_text(program, "END { clear(@start); }");
}

int latency_main(int argc, char **argv)
{
	const char *key = NULL, *by = NULL;
	struct common c = {.percentiles = true};
	const struct option_row rows[] = {
		{0, "key", OPTION_TEXT, &key, "EXPR,...",
		 "what START and END have in common; the thread where not given"},
		{0, "by", OPTION_TEXT, &by, "EXPR,...",
		 "one histogram for each value that it has at END"},
		WRITER_ROWS(&c),
		TRACING_ROWS(&c),
		ROWS_END,
	};
	struct buffer program = {0};
	struct error err = {0};
	int code;

	if (!common_parse(&c, &usage, rows, argc, argv, &code))
		return code;
	if (c.patterns.count != 2) {
		error_set(&err, -EINVAL, "latency needs two PROBEs, START and END");
		code = complain(&err);
	} else {
		write_program(&program, &c, key ? key : "tid", by);
		code = run_program(&c, usage.verb, &program, NULL);
	}
	common_free(&c);
	return code;
}
