/*
 * telltale hist: how the values of an expression are spread.
 */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct usage usage = {
        "hist",
        "[TARGET] [OPTIONS] --of EXPR PROBE... [-- COMMAND ARGS...]",
        "Prints a histogram of EXPR over all hits of the PROBEs; its buckets are powers of two, "
        "or\n"
        "with --linear of one width. It is made in the kernel and printed at the end.",
};

/* MIN,MAX,STEP: three numbers that make sense together. */
static bool linear_is_valid(const char *linear)
{
	int64_t numbers[3];
	char *copy = strdup(linear), *rest = copy, *part;
	size_t count = 0;

	while (copy && (part = strsep(&rest, ",")) != NULL) {
		if (count == 3 || !text_number(part, &numbers[count++]))
			count = 4;
		if (count == 4)
			break;
	}
	free(copy);
	return count == 3 && numbers[0] < numbers[1] && numbers[2] > 0;
}

static int check(const struct common *c, const char *of, const char *linear, struct error *err)
{
	if (!of)
		return error_set(err, -EINVAL, "hist needs --of EXPR, the value to look at");
	if (!c->patterns.count)
		return error_set(err, -EINVAL, "hist needs a PROBE; 'telltale list' shows them");
	if (linear && !linear_is_valid(linear))
		return error_set(err, -EINVAL,
		                 "--linear: '%s' is not MIN,MAX,STEP with MIN below MAX and STEP "
		                 "above 0",
		                 linear);
	return 0;
}

int hist_main(int argc, char **argv)
{
	const char *of = NULL, *linear = NULL, *by = NULL;
	struct common c = {0};
	const struct option_row rows[] = {
	        {0, "of", OPTION_TEXT, &of, "EXPR", "the value, such as args.bytes"},
	        {0, "linear", OPTION_TEXT, &linear, "MIN,MAX,STEP", "buckets of one width"},
	        {0, "by", OPTION_TEXT, &by, "EXPR,...", "one histogram for each value"},
	        WRITER_ROWS(&c),
	        TRACING_ROWS(&c),
	        ROWS_END,
	};
	struct buffer program = {0};
	struct error err = {0};
	int code;

	if (!common_parse(&c, &usage, rows, argc, argv, &code))
		return code;
	if (check(&c, of, linear, &err)) {
		code = complain(&err);
		goto out;
	}
	write_probes(&program, &c);
	buffer_text(&program, "{ @");
	if (by)
		buffer_print(&program, "[%s]", by);
	if (linear)
		buffer_print(&program, " = lhist(%s, %s); }", of, linear);
	else
		buffer_print(&program, " = hist(%s); }", of);
	code = run_program(&c, usage.verb, &program, NULL);
out:
	common_free(&c);
	return code;
}
