/*
 * telltale check: a binary against its contract, or against an older one.
 */
#include "cli.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct usage usage = {
        "check",
        "--contract FILE | --against OLD  -b FILE... [OPTIONS]",
        "Holds binaries to a contract, as 'telltale list --contract' writes it, or to an older\n"
        "binary: a test point for each probe, in TAP version 14. Exit code 1 when one fails. "
        "Needs\n"
        "no privileges.",
};

struct check {
	struct common common;
	const char *contract, *against, *junit;
	bool allow_new, allow_added_arguments;
};

static int refuse(const struct check *k, struct error *err)
{
	if (!k->contract == !k->against)
		return error_set(err, -EINVAL,
		                 "check needs one of --contract FILE and --against OLD");
	if (!k->common.files.count)
		return error_set(err, -EINVAL, "check needs a binary: -b FILE");
	if (k->against && k->common.files.count > 1)
		return error_set(err, -EINVAL, "--against compares one -b FILE");
	if (k->common.patterns.count)
		return error_set(err, -EINVAL, "'%s': check takes no probes; a contract names them",
		                 k->common.patterns.items[0]);
	return 0;
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

static int check(struct check *k, const struct buffer *text, struct buffer *errors,
                 struct error *err)
{
	struct check_options options = {
	        .contract_name = k->contract && !strcmp(k->contract, "-") ? "stdin" : k->contract,
	        .contract = k->contract ? buffer_string(text) : NULL,
	        .against = k->against,
	        .allow_new = k->allow_new,
	        .allow_added_arguments = k->allow_added_arguments,
	};
	struct session *session = NULL;
	struct error failed = {0};
	bool whole;
	int r = common_session(&k->common, stdout, &session, err);

	if (r)
		return r;
	if (k->junit)
		options.junit = open_junit(k->junit, err);
	if (k->junit && !options.junit)
		r = err->code;
	else
		r = session_check(session, &options, stdout, errors, err);
	whole = !r || r == -ENODATA;
	if (options.junit && close_junit(options.junit, k->junit, whole, &failed) && whole) {
		*err = failed;
		r = failed.code;
	}
	session_free(session);
	return r;
}

int check_main(int argc, char **argv)
{
	struct check k = {.contract = NULL};
	const struct option_row rows[] = {
	        {0, "contract", OPTION_TEXT, &k.contract, "FILE",
	         "what is agreed: 'telltale list --contract' writes one; - is standard input"},
	        {0, "against", OPTION_TEXT, &k.against, "FILE", "an older binary instead"},
	        {'b', "binary", OPTION_LIST, &k.common.files, "FILE",
	         "the program or library to check; may repeat"},
	        {0, "provider-file", OPTION_LIST, &k.common.provider_files, "FILE",
	         "names and types of arguments: dtrace's .d or QEMU's trace-events; may repeat"},
	        {0, "allow-new", OPTION_FLAG, &k.allow_new, NULL,
	         "probes that the contract does not have"},
	        {0, "allow-added-arguments", OPTION_FLAG, &k.allow_added_arguments, NULL,
	         "arguments behind those that the contract has"},
	        {0, "junit", OPTION_TEXT, &k.junit, "FILE", "write JUnit XML there, too"},
	        JSON_ROWS(&k.common),
	        {'q', "quiet", OPTION_FLAG, &k.common.quiet, NULL, "no warnings"},
	        ROWS_END,
	};
	struct buffer text = {0}, errors = {0};
	struct error err = {0};
	int code, r;

	if (!common_parse(&k.common, &usage, rows, argc, argv, &code))
		return code;
	r = refuse(&k, &err);
	if (!r && k.contract)
		r = read_text(k.contract, &text, &err);
	if (!r)
		r = check(&k, &text, &errors, &err);
	code = exit_code(r);
	if (errors.length)
		fputs(buffer_string(&errors), stderr);
	else if (r)
		code = complain(&err);
	buffer_free(&text);
	buffer_free(&errors);
	common_free(&k.common);
	return code;
}
