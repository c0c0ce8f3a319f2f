/*
 * telltale list: the probes of a target.
 */
#include "cli.h"

#include <errno.h>
#include <string.h>

static const struct usage usage = {
        "list",
        "[TARGET] [OPTIONS] [PROBE...] [-- COMMAND ARGS...]",
        "Lists the target's probes with the names and types of their arguments. A COMMAND is "
        "looked\n"
        "at, with the libraries it would load, and not run. Exit code 1 when there is none.",
};

static int list(struct common *c)
{
	struct session *session = NULL;
	struct error err = {0};
	int code = 0;

	if (common_session(c, stdout, &session, &err))
		return complain(&err);
	if (session_list(session, c->patterns.items, c->patterns.count, c->verbose, stdout, &err))
		code = complain(&err);
	session_free(session);
	return code;
}

int list_main(int argc, char **argv)
{
	struct common c = {0};
	const struct option_row rows[] = {
	        TARGET_ROWS(&c),
	        JSON_ROWS(&c),
	        {'q', "quiet", OPTION_FLAG, &c.quiet, NULL, "no warnings"},
	        {'v', "verbose", OPTION_FLAG, &c.verbose, NULL,
	         "with sites, addresses, semaphores and operands"},
	        ROWS_END,
	};
	int code;

	if (!common_parse(&c, &usage, rows, argc, argv, &code))
		return code;
	code = list(&c);
	common_free(&c);
	return code;
}
