/*
 * telltale check: a binary against its contract or an older one, or what a command emits against
 * what is expected.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct usage usage = {
        "check",
        "--contract FILE | --against OLD  -b FILE... [OPTIONS]\n"
        "       telltale check -e EXPECTATION... | -x FILE  -- COMMAND ARGS...",
        "Holds binaries to a contract, as 'telltale list --contract' writes it, or to an older\n"
        "binary; needs no privileges. Or runs a command and holds what it emits to what is\n"
        "expected, the command's exit code included. Prints a test point for each, in TAP version\n"
        "14. Exit code 1 when one fails.\n"
        "\n"
        "Expectations, one on a line or behind a ';', '#' begins a comment:\n"
        "  demo:request                            at least one hit\n"
        "  demo:request(status == 200) >= 3        so many; == != < <= > >=\n"
        "  demo:start -> demo:stop                 never a stop without a start before it in its\n"
        "                                          thread; more steps may follow\n"
        "  demo:start -> demo:stop paired by id    and each has its partner, by an argument\n"
        "  demo:start -> demo:stop by id < 10ms    and so long is between them\n"
        "\n"
        "The command's standard output goes to standard error.",
};

struct check {
	struct common common;
	struct words expectations;
	const char *contract, *against, *expectation_file, *junit;
	bool allow_new, allow_added_arguments, any_status;
};

static bool emission(const struct check *k)
{
	return k->expectations.count || k->expectation_file;
}

static int refuse_emission(const struct check *k, struct error *err)
{
	const struct common *c = &k->common;

	if (k->contract || k->against)
		return error_set(err, -EINVAL,
		                 "a contract and expectations are checked one after the other");
	if (k->expectations.count && k->expectation_file)
		return error_set(err, -EINVAL, "check takes one of -e and -x");
	if (!c->command && !c->pids.count && !c->seconds)
		return error_set(err, -EINVAL,
		                 "check needs an end: -- COMMAND, -p PID or -t SECONDS");
	return 0;
}

static int refuse_binaries(const struct check *k, struct error *err)
{
	const struct common *c = &k->common;

	if (!k->contract == !k->against)
		return error_set(err, -EINVAL,
		                 "check needs one of --contract FILE, --against OLD, -e EXPECTATION "
		                 "and -x FILE");
	if (!c->files.count)
		return error_set(err, -EINVAL, "check needs a binary: -b FILE");
	if (c->pids.count || c->command)
		return error_set(err, -EINVAL,
		                 "a contract is that of a binary: -b FILE; -e and -x are for what "
		                 "runs");
	if (k->against && c->files.count > 1)
		return error_set(err, -EINVAL, "--against compares one -b FILE");
	return 0;
}

static int refuse(const struct check *k, struct error *err)
{
	if (k->common.patterns.count)
		return error_set(err, -EINVAL,
		                 "'%s': check takes no probes; a contract or an expectation names "
		                 "them",
		                 k->common.patterns.items[0]);
	return emission(k) ? refuse_emission(k, err) : refuse_binaries(k, err);
}

static FILE *open_junit(const char *path, struct error *err)
{
	FILE *file = fopen(path, "we");

	if (!file)
		error_set(err, -errno, "can't write to %s: %s", path, strerror(errno));
	return file;
}

/* A report that is not whole is worse than none: somebody would believe it, or an older one. */
static int close_junit(FILE *file, const char *path, bool whole, struct error *err)
{
	struct stat status;
	int failed;

	if (!whole && !fstat(fileno(file), &status) && S_ISREG(status.st_mode))
		unlink(path);
	errno = 0;
	failed = ferror(file);
	failed |= fclose(file);
	if (!failed)
		return 0;
	return error_set(err, errno ? -errno : -EIO, "can't write to %s: %s", path,
	                 strerror(errno ? errno : EIO));
}

/* A report goes to the standard output that we were given, and to nobody else: what the command
 * prints there would be taken for test points. */
static FILE *own_output(struct error *err)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		error_set(err, -errno, "standard output: %s", strerror(errno));
	else
		return file;
	if (file)
		fclose(file);
	else if (fd >= 0)
		close(fd);
	return NULL;
}

static int check_binaries(struct check *k, struct session *session, const struct buffer *text,
                          FILE *file, FILE *junit, struct buffer *errors, struct error *err)
{
	struct check_options options = {
	        .contract_name = k->contract && !strcmp(k->contract, "-") ? "stdin" : k->contract,
	        .contract = k->contract ? buffer_string(text) : NULL,
	        .against = k->against,
	        .allow_new = k->allow_new,
	        .allow_added_arguments = k->allow_added_arguments,
	        .junit = junit,
	};

	return session_check(session, &options, file, errors, err);
}

static int check_emission(struct check *k, struct session *session, const struct buffer *text,
                          FILE *file, FILE *junit, struct buffer *errors, struct error *err)
{
	const char *name = k->expectation_file;
	struct expect_options options = {
	        .name = !name ? "-e" : !strcmp(name, "-") ? "stdin" : name,
	        .text = buffer_string(text),
	        .any_status = k->any_status,
	        .show_program = k->common.show_program,
	        .junit = junit,
	};
	int r;

	catch_signals(session, &k->common);
	r = session_expect(session, &options, file, errors, err);
	leave_signals();
	return r;
}

static int check(struct check *k, const struct buffer *text, FILE *file, struct buffer *errors,
                 struct error *err)
{
	struct session *session = NULL;
	struct error failed = {0};
	FILE *junit = NULL;
	bool whole;
	int r = common_session(&k->common, file, &session, err);

	if (r)
		return r;
	if (k->junit)
		junit = open_junit(k->junit, err);
	if (k->junit && !junit)
		r = err->code;
	else
		r = (emission(k) ? check_emission : check_binaries)(k, session, text, file, junit,
		                                                    errors, err);
	whole = !r || (r == -ENODATA && !errors->length);
	if (junit && close_junit(junit, k->junit, whole, &failed) && whole) {
		*err = failed;
		r = failed.code;
	}
	session_free(session);
	return r;
}

/* The text of whichever of the forms was given. */
static int read_given(struct check *k, struct buffer *text, struct error *err)
{
	const char *path = k->contract ? k->contract : k->expectation_file;

	for (size_t i = 0; i < k->expectations.count; i++) {
		buffer_text(text, k->expectations.items[i]);
		buffer_char(text, '\n');
	}
	if (text->failed)
		return error_memory(err);
	return path ? read_text(path, text, err) : 0;
}

int check_main(int argc, char **argv)
{
	struct check k = {.contract = NULL};
	const struct option_row rows[] = {
	        {0, "contract", OPTION_TEXT, &k.contract, "FILE",
	         "what is agreed: 'telltale list --contract' writes one; - is standard input"},
	        {0, "against", OPTION_TEXT, &k.against, "FILE", "an older binary instead"},
	        {'e', NULL, OPTION_LIST, &k.expectations, "EXPECTATION",
	         "what the command must emit; may repeat"},
	        {'x', "expectations", OPTION_TEXT, &k.expectation_file, "FILE",
	         "a file of expectations; - is standard input"},
	        {0, "allow-new", OPTION_FLAG, &k.allow_new, NULL,
	         "probes that the contract does not have"},
	        {0, "allow-added-arguments", OPTION_FLAG, &k.allow_added_arguments, NULL,
	         "arguments behind those that the contract has"},
	        {0, "junit", OPTION_TEXT, &k.junit, "FILE", "write JUnit XML there, too"},
	        {0, "any-exit", OPTION_FLAG, &k.any_status, NULL,
	         "the command may end with any exit code or signal"},
	        {0, "show-program", OPTION_FLAG, &k.common.show_program, NULL,
	         "print the program that watches for the expectations"},
	        {'t', "time", OPTION_SECONDS, &k.common.seconds, "SECONDS",
	         "end the command after that time; the check fails then"},
	        TARGET_ROWS(&k.common),
	        FOLLOW_ROWS(&k.common),
	        JSON_ROWS(&k.common),
	        QUIET_ROWS(&k.common),
	        ENGINE_ROWS(&k.common),
	        ROWS_END,
	};
	struct buffer text = {0}, errors = {0};
	struct error err = {0};
	FILE *file = stdout;
	int code, r;

	if (!common_parse(&k.common, &usage, rows, argc, argv, &code))
		return code;
	r = refuse(&k, &err);
	if (!r)
		r = read_given(&k, &text, &err);
	if (!r && emission(&k)) {
		file = own_output(&err);
		r = file ? 0 : err.code;
	}
	if (!r)
		r = check(&k, &text, file, &errors, &err);
	code = exit_code(r);
	if (errors.length)
		fputs(buffer_string(&errors), stderr);
	else if (r)
		code = complain(&err);
	if (file && file != stdout && fclose(file) && !r) {
		error_set(&err, -errno, "can't write to standard output: %s", strerror(errno));
		code = complain(&err);
	}
	buffer_free(&text);
	buffer_free(&errors);
	words_free(&k.expectations);
	common_free(&k.common);
	return code;
}
