/*
 * telltale: from the first word to a verb, and what is asked of telltale as a whole.
 */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static const struct verb *find_verb(const char *name)
{
	const struct verb *verb = verb_at(0);

	for (size_t i = 1; verb && strcmp(verb->name, name) != 0; i++)
		verb = verb_at(i);
	return verb;
}

static void print_usage(FILE *file)
{
	const struct verb *verb;

	fprintf(file, "Usage: telltale VERB [TARGET] [OPTIONS] [PROBE...] [-- COMMAND ARGS...]\n\n"
	              "Verbs:\n");
	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++)
		fprintf(file, "  %-10s %s\n", verb->name, verb->help);
	fprintf(file,
	        "\nTarget, the same for every verb:\n"
	        "  -p PID          a running process and every library it has mapped\n"
	        "  -b FILE         a program or library, in every process that runs it\n"
	        "  -- COMMAND ...  a command, traced from its first instruction to its end\n\n"
	        "PROBE is PROVIDER:NAME with shell globs, or any probe of the tracing language:\n"
	        "uprobe:FILE:FUNCTION, tracepoint:CATEGORY:NAME, ...\n\n"
	        "Exit code: 0 success, 1 a negative answer (nothing found, a check failed), 2 the\n"
	        "command line or a program is wrong, 3 not permitted, 4 the kernel lacks something,\n"
	        "128 and more ended by a signal; else the command's own.\n\n"
	        "'telltale VERB --help' says more; so do telltale(1) and telltale-language(7).\n");
}

static int unknown_verb(const char *name)
{
	const struct verb *near = NULL, *verb;
	unsigned least = 3;

	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++) {
		unsigned distance = text_distance(verb->name, name);

		if (distance < least && distance < strlen(verb->name)) {
			least = distance;
			near = verb;
		}
	}
	if (near)
		fprintf(stderr, "telltale: '%s' is not a verb; did you mean '%s'?\n", name,
		        near->name);
	else
		fprintf(stderr, "telltale: '%s' is not a verb; see 'telltale --help'\n", name);
	return EXIT_WRONG;
}

/* `telltale help [VERB]`, as people know it from git. */
static int help_main(int argc, char **argv)
{
	char *question[] = {NULL, "--help", NULL};
	const struct verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;

	if (verb) {
		question[0] = argv[1];
		return verb->run(2, question);
	}
	if (argc > 1)
		return unknown_verb(argv[1]);
	print_usage(stdout);
	return 0;
}

static int list_verbs(void)
{
	const struct verb *verb;

	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++)
		printf("%s\t%s\n", verb->name, verb->help);
	return 0;
}

static int dispatch(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct verb *verb = find_verb(name);

	if (verb)
		return verb->run(argc - 1, argv + 1);
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help"))
		return help_main(argc - 1, argv + 1);
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		printf("telltale %s\n", TELLTALE_VERSION);
		return 0;
	}
	if (!strcmp(name, "--list-verbs")) /* for the shell's completion */
		return list_verbs();
	if (!*name) {
		print_usage(stderr);
		return EXIT_WRONG;
	}
	if (*name == '-') {
		fprintf(stderr, "telltale: unknown option '%s'; see 'telltale --help'\n", name);
		return EXIT_WRONG;
	}
	return unknown_verb(name);
}

int main(int argc, char **argv)
{
	int code;

	telltale_start();
	signal(SIGPIPE, SIG_IGN);
	code = dispatch(argc, argv);
	errno = 0;
	if (fflush(stdout) && errno != EPIPE && !code) {
		fprintf(stderr, "telltale: can't write to standard output: %s\n", strerror(errno));
		return EXIT_WRONG;
	}
	return code;
}
