/*
 * telltale: one table of verbs, which is the dispatcher and the help.
 */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

static const struct verb verbs[] = {
        {"list", list_main, "the probes of a target"},
        {"trace", trace_main, "a line per event"},
        {"count", count_main, "events per probe, or per value of an expression"},
        {"hist", hist_main, "a histogram of an expression"},
        {"latency", latency_main, "the time between two probes"},
        {"run", run_main, "a program of the tracing language"},
        {"check", check_main, "a binary against its contract, or against an older one"},
        {"gen", gen_main, "provider files to C headers: a stand-in for dtrace(1)"},
        {"features", features_main, "what this kernel and this user may do"},
};

enum { VERBS = sizeof(verbs) / sizeof(*verbs) };

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static void print_usage(FILE *file)
{
	fprintf(file, "Usage: telltale VERB [TARGET] [OPTIONS] [PROBE...] [-- COMMAND ARGS...]\n\n"
	              "Verbs:\n");
	for (size_t i = 0; i < VERBS; i++)
		fprintf(file, "  %-10s %s\n", verbs[i].name, verbs[i].help);
	fprintf(file,
	        "\nTarget, the same for every verb:\n"
	        "  -p PID          a running process and every library it has mapped\n"
	        "  -b FILE         a program or library, in every process that runs it\n"
	        "  -- COMMAND ...  a command, traced from its first instruction to its end\n\n"
	        "PROBE is PROVIDER:NAME, with shell globs. 'telltale VERB --help' says more.\n");
}

static int unknown_verb(const char *name)
{
	const struct verb *near = NULL;
	unsigned least = 3;

	for (size_t i = 0; i < VERBS; i++) {
		unsigned distance = text_distance(verbs[i].name, name);

		if (distance < least && distance < strlen(verbs[i].name)) {
			least = distance;
			near = &verbs[i];
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
	for (size_t i = 0; i < VERBS; i++)
		printf("%s\t%s\n", verbs[i].name, verbs[i].help);
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
