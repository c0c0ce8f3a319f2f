/*
 * telltale count: events per probe, or per value of an expression.
 */
#include "cli.h"

static const struct usage usage = {
        "count",
        "[TARGET] [OPTIONS] [PROBE...] [-- COMMAND ARGS...]",
        "Counts the hits of the PROBEs (all of the target's, when none is named) in the kernel, "
        "and\n"
        "prints the counts at the end: with the target, after --time, or at Ctrl-C.",
};

int count_main(int argc, char **argv)
{
	struct common c = {0};
	const char *by = NULL;
	const struct option_row rows[] = {
	        {0, "by", OPTION_TEXT, &by, "EXPR,...",
	         "one count for each value, such as pid or args.path; default: probe"},
	        WRITER_ROWS(&c),
	        TRACING_ROWS(&c),
	        ROWS_END,
	};
	struct buffer program = {0};
	int code;

	if (!common_parse(&c, &usage, rows, argc, argv, &code))
		return code;
	write_probes(&program, &c);
	buffer_print(&program, "{ @[%s] = count(); }", by ? by : "probe");
	code = run_program(&c, usage.verb, &program, NULL);
	common_free(&c);
	return code;
}
