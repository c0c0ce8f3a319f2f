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
        "at, with the libraries it would load, and not run. The kernel's probes need no target:\n"
        "'tracepoint:sched:*', 'kprobe:vfs_*', 'software:*'. Exit code 1 when there is none.\n"
        "--contract writes what 'telltale check' reads.",
};

static const struct error contract_is_text = {
        -EINVAL, "--contract is a text: --json does not go with it"};

static int list(struct common *c, bool contract)
{
	struct session *session = NULL;
	struct error err = {0};
	int r;

	if (common_session(c, stdout, &session, &err))
		return complain(&err);
	if (contract)
		r = session_contract(session, c->patterns.items, c->patterns.count, stdout, &err);
	else
		r = session_list(session, c->patterns.items, c->patterns.count, c->verbose ? LIST_VERBOSE : 0,
		                 stdout, &err);
	session_free(session);
	return r ? complain(&err) : 0;
}

int list_main(int argc, char **argv)
{
	struct common c = {0};
	bool contract = false;
	const struct option_row rows[] = {
	        {'v', "verbose", OPTION_FLAG, &c.verbose, NULL,
	         "with sites, addresses, semaphores and operands"},
	        {0, "contract", OPTION_FLAG, &contract, NULL,
	         "as a contract, to be kept and reviewed: a text"},
	        TARGET_ROWS(&c),
	        JSON_ROWS(&c),
	        QUIET_ROWS(&c),
	        ROWS_END,
	};
	int code;

	if (!common_parse(&c, &usage, rows, argc, argv, &code))
		return code;
	if (contract && c.json)
		code = complain(&contract_is_text);
	else
		code = list(&c, contract);
	common_free(&c);
	return code;
}
