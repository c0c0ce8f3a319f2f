/*
 * telltale features: what this kernel and this user may do.
 */
#include "cli.h"

#include <errno.h>

static const struct usage usage = {
        "features",
        "[OPTIONS]",
        "Tries what tracing needs of the kernel, and says of each thing that is missing what to "
        "do\n"
        "about it.",
};

int features_main(int argc, char **argv)
{
	struct common c = {0};
	const struct option_row rows[] = {JSON_ROWS(&c), ROWS_END};
	struct error err = {0};
	int code;

	if (!common_parse(&c, &usage, rows, argc, argv, &code))
		return code;
	if (c.patterns.count || c.command)
		error_set(&err, -EINVAL, "features takes no words, only options");
	else
		session_features(stdout, c.json, &err);
	code = err.code ? complain(&err) : 0;
	common_free(&c);
	return code;
}
