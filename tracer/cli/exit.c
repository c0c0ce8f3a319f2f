/*
 * How telltale ends, and what it says then. The codes are a promise: scripts branch on them.
 */
#include "cli.h"

#include <errno.h>
#include <sys/wait.h>

int exit_code(int error)
{
	switch (error) {
	case 0:
	case -EPIPE: /* whoever read our output has seen enough */
		return 0;
	case -ENODATA:
		return 1;
	case -EPERM:
	case -EACCES:
		return 3;
	case -EOPNOTSUPP:
		return 4;
	default:
		return EXIT_WRONG;
	}
}

int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int complain(const struct error *err)
{
	if (err->code != -EPIPE)
		fprintf(stderr, "telltale: %s\n", err->text);
	return exit_code(err->code);
}
