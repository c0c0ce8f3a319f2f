/*
 * The verbs against a library that only writes down what it was asked for: options, the programs
 * that verbs write, exit codes, signals and outputs that can't be written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the library that pretends ---- */

struct session {
	struct warnings *warnings;
	volatile sig_atomic_t stopped;
	bool command;
};

static struct buffer said; /* what the library was asked for */
static int run_result;     /* of session_run() */
static int program_result; /* of session_program() */
static const char *program_errors = "";
static int command_status; /* as waitpid(2) gives it */
static int signal_while_running;
static int live_sessions;

int session_new(const struct session_options *o, struct warnings *warnings,
                struct session **session, struct error *err)
{
	(void)err;
	*session = calloc(1, sizeof(**session));
	assert_non_null(*session);
	(*session)->warnings = warnings;
	live_sessions++;
	if (o->json)
		buffer_text(&said, "json ");
	if (o->text_limit)
		buffer_print(&said, "text_limit=%u ", o->text_limit);
	if (o->ring_bytes)
		buffer_print(&said, "ring_bytes=%llu ", (unsigned long long)o->ring_bytes);
	if (o->most_records)
		buffer_print(&said, "most_records=%llu ", (unsigned long long)o->most_records);
	if (o->seconds > 0)
		buffer_print(&said, "seconds=%g ", o->seconds);
	if (o->dry_run)
		buffer_text(&said, "dry_run ");
	if (o->large_blocks)
		buffer_text(&said, "large_blocks ");
	for (size_t i = 0; i < o->include_folder_count; i++)
		buffer_print(&said, "I=%s ", o->include_folders[i]);
	for (size_t i = 0; i < o->include_count; i++)
		buffer_print(&said, "include=%s ", o->includes[i]);
	return 0;
}

void session_free(struct session *session)
{
	live_sessions -= session != NULL;
	free(session);
}

int session_add_file(struct session *session, const char *path, struct error *err)
{
	(void)session;
	if (!strcmp(path, "/secret"))
		return error_set(err, -EACCES, "/secret: Permission denied");
	buffer_print(&said, "file=%s ", path);
	return 0;
}

int session_add_provider_file(struct session *session, const char *path, struct error *err)
{
	(void)session;
	(void)err;
	buffer_print(&said, "provider-file=%s ", path);
	return 0;
}

int session_add_process(struct session *session, pid_t pid, struct error *err)
{
	(void)session;
	(void)err;
	buffer_print(&said, "pid=%d ", (int)pid);
	return 0;
}

int session_add_command(struct session *session, char *const argv[], struct error *err)
{
	(void)err;
	session->command = true;
	for (; *argv; argv++)
		buffer_print(&said, "<%s> ", *argv);
	return 0;
}

int session_list(struct session *session, char *const patterns[], size_t count, unsigned how,
                 FILE *file, struct error *err)
{
	(void)session;
	(void)file;
	buffer_print(&said, "list%s%s", how & LIST_VERBOSE ? " verbose" : "",
	             how & LIST_NAMES ? " names" : "");
	for (size_t i = 0; i < count; i++)
		buffer_print(&said, " %s", patterns[i]);
	return count ? error_set(err, -ENODATA, "nothing matches") : 0;
}

int session_contract(struct session *session, char *const patterns[], size_t count, FILE *file,
                     struct error *err)
{
	(void)session;
	(void)file;
	(void)err;
	buffer_print(&said, "contract");
	for (size_t i = 0; i < count; i++)
		buffer_print(&said, " %s", patterns[i]);
	return 0;
}

int session_check(struct session *session, const struct check_options *o, FILE *file,
                  struct buffer *errors, struct error *err)
{
	(void)session;
	fprintf(file, "TAP\n");
	if (o->contract)
		buffer_print(&said, "%s: %s", o->contract_name, o->contract);
	else
		buffer_print(&said, "against=%s", o->against);
	if (o->allow_new)
		buffer_text(&said, " allow_new");
	if (o->allow_added_arguments)
		buffer_text(&said, " allow_added_arguments");
	if (o->junit)
		fprintf(o->junit, "<xml/>");
	buffer_text(errors, program_errors);
	return program_result ? error_set(err, program_result, "no good") : 0;
}

int session_expect(struct session *session, const struct expect_options *o, FILE *file,
                   struct buffer *errors, struct error *err)
{
	(void)session;
	fprintf(file, "TAP\n");
	buffer_print(&said, "%s: %s", o->name, o->text);
	if (o->any_status)
		buffer_text(&said, "any_status");
	buffer_text(errors, program_errors);
	return program_result ? error_set(err, program_result, "no good") : 0;
}

int session_program(struct session *session, const char *name, const char *text, struct error *err)
{
	warn(session->warnings, "one thing");
	buffer_print(&said, "%s: %s", name, text);
	return program_result ? error_set(err, program_result, "no good") : 0;
}

const char *session_program_errors(const struct session *session)
{
	(void)session;
	return program_errors;
}

int session_list_program(struct session *session, const char *name, const char *text, unsigned how,
                         FILE *file, struct error *err)
{
	(void)session;
	(void)file;
	buffer_print(&said, "list%s %s: %s", how & LIST_VERBOSE ? " verbose" : "", name, text);
	return program_result ? error_set(err, program_result, "no good") : 0;
}

int session_list_types(struct session *session, char *const patterns[], size_t count, unsigned how,
                       FILE *file, struct error *err)
{
	(void)session;
	(void)file;
	(void)err;
	buffer_print(&said, "types%s", how & LIST_VERBOSE ? " verbose" : "");
	for (size_t i = 0; i < count; i++)
		buffer_print(&said, " <%s>", patterns[i]);
	return 0;
}

const char *session_stage(size_t place)
{
	static const char *const stages[] = {"ast", "code", "verifier"};

	return place < 3 ? stages[place] : NULL;
}

int session_dump(struct session *session, const char *stage, FILE *file, struct error *err)
{
	(void)session;
	(void)file;
	(void)err;
	buffer_print(&said, " dump=%s", stage);
	return 0;
}

int session_run(struct session *session, FILE *file, struct error *err)
{
	fprintf(file, "result\n");
	if (signal_while_running) {
		raise(signal_while_running);
		assert_true(session->stopped);
	}
	return run_result ? error_set(err, run_result, "it went wrong") : 0;
}

void session_stop(struct session *session)
{
	session->stopped = 1;
}

bool session_exit_code(const struct session *session, int *code)
{
	(void)session;
	(void)code;
	return false;
}

bool session_command_status(const struct session *session, int *status)
{
	*status = command_status;
	return session->command;
}

int session_features(FILE *file, bool json, struct error *err)
{
	fprintf(file, "features\n");
	return json ? error_set(err, -EOPNOTSUPP, "the kernel is old") : 0;
}

/* ---- running a verb with its standard streams in files ---- */

static char printed[4096], complained[4096];

static int redirect(int fd, const char *path)
{
	int saved = dup(fd), file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(saved >= 0 && file >= 0);
	dup2(file, fd);
	close(file);
	return saved;
}

static void restore(int fd, int saved, char *text, size_t size)
{
	ssize_t length;

	lseek(fd, 0, SEEK_SET);
	length = read(fd, text, size - 1);
	text[length > 0 ? length : 0] = '\0';
	dup2(saved, fd);
	close(saved);
}

/* The words of the line as argv; the first is the verb. Quotes are not needed here. */
static int verb(int (*run)(int, char **), const char *line, const char *out)
{
	char *copy = strdup(line), *rest = copy, *argv[32], *word, path[] = "/tmp/telltale-XXXXXX";
	int argc = 0, code, saved_out, saved_err;

	while ((word = strsep(&rest, " ")) != NULL && argc < 31)
		argv[argc++] = word;
	argv[argc] = NULL;
	close(mkstemp(path));
	buffer_clear(&said);
	fflush(stdout);
	saved_out = redirect(STDOUT_FILENO, out ? out : path);
	unlink(path);
	saved_err = redirect(STDERR_FILENO, path);
	unlink(path);
	code = run(argc, argv);
	fflush(stdout);
	clearerr(stdout);
	restore(STDERR_FILENO, saved_err, complained, sizeof(complained));
	restore(STDOUT_FILENO, saved_out, printed, sizeof(printed));
	free(copy);
	assert_int_equal(live_sessions, 0);
	return code;
}

static int reset(void **state)
{
	(void)state;
	run_result = program_result = command_status = signal_while_running = 0;
	program_errors = "";
	return 0;
}

#define asks(run, line, expected)                                                                  \
	do {                                                                                       \
		assert_int_equal(verb(run, line, NULL), 0);                                        \
		assert_string_equal(buffer_string(&said), expected);                               \
	} while (0)

#define refuses(run, line, expected)                                                               \
	do {                                                                                       \
		assert_int_equal(verb(run, line, NULL), EXIT_WRONG);                               \
		assert_string_equal(complained, "telltale: " expected "\n");                       \
	} while (0)

/* ---- tests ---- */

static void programs(void **state)
{
	(void)state;
	asks(trace_main, "trace -p 12 demo:request", "pid=12 trace: demo:request { event(); }");
	asks(trace_main, "trace -p 12", "pid=12 trace: *:* { event(); }");
	asks(trace_main, "trace a:b -p 12 --filter id>3 c:*",
	     "pid=12 trace: a:b, c:* /id>3/ { event(); }");
	asks(trace_main, "trace --stack -b /bin/x", "file=/bin/x trace: *:* { event(ustack); }");
	asks(count_main, "count -p 1", "pid=1 count: *:* { @[probe] = count(); }");
	asks(count_main, "count -p 1 a:b --by pid,args.x",
	     "pid=1 count: a:b { @[pid,args.x] = count(); }");
	asks(hist_main, "hist -p 1 a:b --of seconds*1000",
	     "pid=1 hist: a:b { @ = hist(seconds*1000); }");
	asks(hist_main, "hist -p 1 a:b --of x --by comm --linear 0,100,10",
	     "pid=1 hist: a:b { @[comm] = lhist(x, 0,100,10); }");
	asks(latency_main, "latency -p 1 a:b a:c --filter x>1 --by comm --key args.r",
	     "pid=1 latency: a:b /x>1/ { @start[args.r] = nsecs; }\n"
	     "a:c /@start[args.r]/ {\n\t@nsecs[comm] = hist(nsecs - @start[args.r], 5);\n"
	     "\tdelete(@start[args.r]);\n}\nEND { clear(@start); }");
	asks(run_main, "run -e BEGIN{exit();}", "-e: BEGIN{exit();}");
	asks(run_main, "run -e x -d code", "-e: x dump=code");
	asks(run_main, "run -e x -d codegen,verifier -d ast", "-e: x dump=ast dump=code dump=verifier");
	asks(run_main, "run -d all -e x", "-e: x dump=ast dump=code dump=verifier");
	asks(run_main, "run -e x --dry-run -B full -I a -I b --include c.h",
	     "dry_run large_blocks I=a I=b include=c.h -e: x");
	asks(run_main, "run -B none -e y -e x --usdt-file-activation --no-feature uprobe_multi", "-e: x");
	unsetenv("TELLTALE_WITHOUT");
	asks(run_main, "run -l -e x", "list -e: x");
	asks(run_main, "run -lv -e x", "list verbose -e: x");
	asks(list_main, "list -b /bin/x -v", "file=/bin/x list verbose");
	assert_int_equal(verb(run_main, "run -l", NULL), 1); /* where patterns match nothing */
	assert_string_equal(buffer_string(&said), "list names *");
	assert_int_equal(verb(run_main, "run -lv t:a:b,k:c", NULL), 1);
	assert_string_equal(buffer_string(&said), "list verbose names t:a:b k:c");
}

static void options(void **state)
{
	(void)state;
	asks(trace_main,
	     "trace -p1 -p 2 -b /a --binary=/b --json -n5 -t 1.5 -s 4K --ring-size=1M a:b",
	     "json text_limit=4096 ring_bytes=1048576 most_records=5 seconds=1.5 pid=1 pid=2 "
	     "file=/a file=/b trace: a:b { event(); }");
	asks(trace_main, "trace -qp 1 a:b", "pid=1 trace: a:b { event(); }");
	assert_string_equal(complained, "");
	asks(trace_main, "trace --pi 1 --jso a:b", "json pid=1 trace: a:b { event(); }");
	assert_string_equal(complained, "telltale: warning: one thing\n");
	asks(trace_main, "trace a:b -- ls -l --help", "<ls> <-l> <--help> trace: a:b { event(); }");
	asks(trace_main, "trace usdt:/bin/x:a:b",
	     "trace: usdt:/bin/x:a:b { event(); }");
	asks(run_main, "run -p 1 -t 3s -e x -q", "seconds=3 pid=1 -e: x");
	asks(run_main, "run -e x -c ls", "<ls> -e: x");
}

static void refusals(void **state)
{
	(void)state;
	refuses(trace_main, "trace -p", "-p needs a value: -p PID");
	refuses(trace_main, "trace -p 0", "-p: '0' is not the number of a process");
	refuses(trace_main, "trace -p 1x", "-p: '1x' is not the number of a process");
	refuses(trace_main, "trace -p 4294967297",
	        "-p: '4294967297' is not the number of a process");
	refuses(trace_main, "trace -n 0", "-n: '0' is not a whole number above 0");
	refuses(trace_main, "trace -n 99999999999999999999",
	        "-n: '99999999999999999999' is not a whole number above 0");
	refuses(trace_main, "trace -t nan", "-t: 'nan' is not a number of seconds above 0");
	refuses(trace_main, "trace --time=-1", "--time: '-1' is not a number of seconds above 0");
	refuses(trace_main, "trace -s 4097 -p 1", "--strlen: at most 4096");
	refuses(trace_main, "trace --ring-size 99999999999G",
	        "--ring-size: '99999999999G' is not a size such as 65536, 64K or 8M");
	refuses(trace_main, "trace --ring-size 1Kx",
	        "--ring-size: '1Kx' is not a size such as 65536, 64K or 8M");
	refuses(trace_main, "trace --fliter x",
	        "unknown option '--fliter'; did you mean '--filter'?");
	refuses(trace_main, "trace --fliter=x",
	        "unknown option '--fliter=x'; did you mean '--filter'?");
	refuses(trace_main, "trace -Z", "unknown option '-Z'; see 'telltale trace --help'");
	refuses(trace_main, "trace --s", "option '--s' is ambiguous; see 'telltale trace --help'");
	refuses(trace_main, "trace --json=1", "--json takes no value");
	refuses(trace_main, "trace --=1", "unknown option '--=1'; see 'telltale trace --help'");
	refuses(trace_main, "trace -p 1 --", "a command must follow '--'");
	refuses(hist_main, "hist -p 1 a:b", "hist needs --of EXPR, the value to look at");
	refuses(latency_main, "latency -p 1 a:b", "latency needs two PROBEs, START and END");
	refuses(hist_main, "hist -p 1 --of x", "hist needs a PROBE; 'telltale list' shows them");
	refuses(hist_main, "hist -p 1 --of x a:b --linear 0,10",
	        "--linear: '0,10' is not MIN,MAX,STEP with MIN below MAX and STEP above 0");
	refuses(hist_main, "hist -p 1 --of x a:b --linear 0,10,1,",
	        "--linear: '0,10,1,' is not MIN,MAX,STEP with MIN below MAX and STEP above 0");
	refuses(run_main, "run", "run needs a program: FILE, '-' or -e TEXT");
	refuses(run_main, "run -e a -d everything",
	        "-d: 'everything' is none of ast, types, code, plan, verifier, all");
	refuses(run_main, "run -e a -c ls -- ls", "one command: with -c or behind --");
	refuses(run_main, "run -e a -c 'x", "-c: ''x' is not a command");
	refuses(run_main, "run /no/such", "can't read /no/such: No such file or directory");
	refuses(run_main, "run /", "can't read /: Is a directory");
	refuses(features_main, "features x", "features takes no words, only options");
	refuses(trace_main, "trace -p 1 -o /no/such/x",
	        "can't write to /no/such/x: No such file or directory");
}

static void exit_codes(void **state)
{
	(void)state;
	assert_int_equal(verb(trace_main, "trace -b /secret", NULL), 3);
	assert_string_equal(complained, "telltale: /secret: Permission denied\n");
	assert_int_equal(verb(list_main, "list -p 1 x:y", NULL), 1);
	assert_int_equal(verb(features_main, "features", NULL), 0);
	assert_int_equal(verb(features_main, "features --json", NULL), 4);
	run_result = -EPERM;
	assert_int_equal(verb(trace_main, "trace -p 1", NULL), 3);
	run_result = -EPIPE;
	assert_int_equal(verb(trace_main, "trace -qp 1", NULL), 0);
	assert_string_equal(complained, "");
	run_result = 0;
	program_result = -EINVAL;
	program_errors = "-e:1:1: error: x\n    x\n    ^";
	assert_int_equal(verb(run_main, "run -qe x", NULL), EXIT_WRONG);
	assert_string_equal(complained, "-e:1:1: error: x\n    x\n    ^\n");
	program_errors = "";
	program_result = -ENODATA;
	assert_int_equal(verb(run_main, "run -qe x", NULL), 1);
	assert_string_equal(complained, "telltale: no good\n");
}

static void commands(void **state)
{
	(void)state;
	command_status = 7 << 8;
	assert_int_equal(verb(trace_main, "trace -- x", NULL), 7);
	assert_int_equal(verb(trace_main, "trace -p 1", NULL), 0);
	command_status = SIGKILL;
	assert_int_equal(verb(count_main, "count -- x", NULL), 137);
	run_result = -EOPNOTSUPP;
	assert_int_equal(verb(count_main, "count -- x", NULL), 4);
}

static void interrupts(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	(void)state;
	command_status = SIGINT;
	for (size_t i = 0; i < 3; i++) {
		signal_while_running = signals[i];
		assert_int_equal(verb(trace_main, "trace -- x", NULL), 0);
		assert_string_equal(printed, "result\n");
	}
}

static void outputs(void **state)
{
	char path[] = "/tmp/telltale-XXXXXX", line[100], text[100] = "";
	FILE *file;

	(void)state;
	close(mkstemp(path));
	snprintf(line, sizeof(line), "trace -p 1 -o %s", path);
	assert_int_equal(verb(trace_main, line, NULL), 0);
	assert_string_equal(printed, "");
	file = fopen(path, "r");
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	unlink(path);
	assert_string_equal(text, "result\n");
	assert_int_equal(verb(trace_main, "trace --show-program a:b", NULL), 0);
	assert_string_equal(printed, "a:b { event(); }\n");
	assert_string_equal(buffer_string(&said), "");
	if (access("/dev/full", W_OK))
		return;
	assert_int_equal(verb(trace_main, "trace -qp 1", "/dev/full"), EXIT_WRONG);
	assert_string_equal(complained,
	                    "telltale: can't write to standard output: No space left on "
	                    "device\n");
}

static void program_files(void **state)
{
	char path[] = "/tmp/telltale-XXXXXX", line[100], expected[200];
	FILE *file;

	(void)state;
	file = fdopen(mkstemp(path), "w");
	fputs("BEGIN\n{ exit(); }\n", file);
	fclose(file);
	snprintf(line, sizeof(line), "run %s", path);
	snprintf(expected, sizeof(expected), "%s: BEGIN\n{ exit(); }\n", path);
	assert_int_equal(verb(run_main, line, NULL), 0);
	assert_string_equal(buffer_string(&said), expected);
	file = fopen(path, "w");
	fwrite("a\0b", 1, 3, file);
	fclose(file);
	assert_int_equal(verb(run_main, line, NULL), EXIT_WRONG);
	assert_non_null(strstr(complained, "has a NUL byte"));
	unlink(path);
}

static void help(void **state)
{
	static int (*const verbs[])(int, char **) = {list_main, trace_main, count_main,
	                                             hist_main, run_main,   features_main,
	                                             check_main};

	(void)state;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		assert_int_equal(verb(verbs[i], "x --help", NULL), 0);
		assert_memory_equal(printed, "Usage: telltale ", 16);
		assert_non_null(strstr(printed, "--json"));
		assert_int_equal(verb(verbs[i], "x --list-options", NULL), 0);
		assert_non_null(strstr(printed, "\n--help\t\tthis text\n"));
		assert_string_equal(buffer_string(&said), "");
	}
}

static void checks(void **state)
{
	char path[] = "/tmp/telltale-XXXXXX", line[100], text[100] = "";
	FILE *file;

	(void)state;
	close(mkstemp(path));
	asks(list_main, "list -b /bin/x --contract a:b", "file=/bin/x contract a:b");
	asks(check_main, "check --contract /dev/null -b /bin/x", "file=/bin/x /dev/null: ");
	snprintf(line, sizeof(line), "check --against /a -b /b --allow-new --junit=%s", path);
	asks(check_main, line, "file=/b against=/a allow_new");
	file = fopen(path, "r");
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	unlink(path);
	assert_string_equal(text, "<xml/>");
	asks(check_main, "check --against /a -b /b --allow-added-arguments --json",
	     "json file=/b against=/a allow_added_arguments");
	asks(check_main, "check -e a:b -e c:d --any-exit -- cmd x", "<cmd> <x> -e: a:b\nc:d\nany_status");
	asks(check_main, "check -x /dev/null -t 2 -b /b", "seconds=2 file=/b /dev/null: ");
	refuses(check_main, "check -e a:b -x /dev/null -- cmd", "check takes one of -e and -x");
	refuses(check_main, "check -e a:b --contract /dev/null -- cmd", "a contract and expectations are checked one after the other");
	refuses(check_main, "check -e a:b -b /b", "check needs an end: -- COMMAND, -p PID or -t SECONDS");
	refuses(check_main, "check --against /a -b /b -- cmd", "a contract is that of a binary: -b FILE; -e and -x are for what runs");
	refuses(check_main, "check -b /b", "check needs one of --contract FILE, --against OLD, -e EXPECTATION and -x FILE");
	refuses(check_main, "check --contract /dev/null --against /a -b /b",
	        "check needs one of --contract FILE, --against OLD, -e EXPECTATION and -x FILE");
	refuses(check_main, "check --against /a", "check needs a binary: -b FILE");
	refuses(check_main, "check --against /a -b /b -b /c", "--against compares one -b FILE");
	refuses(check_main, "check --against /a -b /b a:b",
	        "'a:b': check takes no probes; a contract or an expectation names them");
	refuses(check_main, "check --contract /no/such -b /b",
	        "can't read /no/such: No such file or directory");
	refuses(check_main, "check --against /a -b /b --junit /no/such/x",
	        "can't write to /no/such/x: No such file or directory");
	refuses(list_main, "list --contract --json -b /b",
	        "--contract is a text: --json does not go with it");
	program_result = -ENODATA;
	assert_int_equal(verb(check_main, "check --against /a -b /b", NULL), 1);
	assert_string_equal(complained, "telltale: no good\n");
	program_result = -EINVAL;
	program_errors = "c:1:1: error: x\nx\n^\n";
	assert_int_equal(verb(check_main, "check --contract /dev/null -b /b", NULL), EXIT_WRONG);
	assert_string_equal(complained, program_errors);
	if (access("/dev/full", W_OK))
		return;
	program_result = 0;
	program_errors = "";
	refuses(check_main, "check --against /a -b /b --junit /dev/full",
	        "can't write to /dev/full: No space left on device");
}

static int finish(void **state)
{
	(void)state;
	buffer_free(&said);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(programs, reset),
	        cmocka_unit_test_setup(options, reset),
	        cmocka_unit_test_setup(refusals, reset),
	        cmocka_unit_test_setup(exit_codes, reset),
	        cmocka_unit_test_setup(commands, reset),
	        cmocka_unit_test_setup(interrupts, reset),
	        cmocka_unit_test_setup(outputs, reset),
	        cmocka_unit_test_setup(program_files, reset),
	        cmocka_unit_test_setup(checks, reset),
	        cmocka_unit_test_setup(help, reset),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("cli_verbs", tests, NULL, finish);
}
