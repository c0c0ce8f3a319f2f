/*
 * telltale trace: a line per event.
 */
#include "cli.h"

static const struct usage usage = {
        "trace",
        "[TARGET] [OPTIONS] [PROBE...] [-- COMMAND ARGS...]",
        "Prints a line for every hit of the PROBEs (all of the target's, when none is named), "
        "with\n"
        "its arguments. Ends with the target, or at Ctrl-C.",
};

int trace_main(int argc, char **argv)
{
	struct common c = {0};
	bool stack = false;
	const struct option_row rows[] = {
	        {'n', "count", OPTION_COUNT, &c.records, "COUNT", "end after that many events"},
	        {0, "stack", OPTION_FLAG, &stack, NULL, "with the stack that led there"},
	        WRITER_ROWS(&c),
	        TRACING_ROWS(&c),
	        ROWS_END,
	};
	struct buffer program = {0};
	int code;

	if (!common_parse(&c, &usage, rows, argc, argv, &code))
		return code;
	write_probes(&program, &c);
	buffer_text(&program, stack ? "{ event(ustack); }" : "{ event(); }");
	code = run_program(&c, usage.verb, &program, NULL);
	common_free(&c);
	return code;
}
