/*
 * The way that all tracing verbs share: a program's text, a session, signals, an exit code.
 */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* ---- signals ---- */

static struct {
	struct session *session; /* while the handlers are in place */
	bool command_ends_it;	 /* the command is all of the target */
	volatile sig_atomic_t interrupted;
	struct timespec stopped; /* when the trace was told to end; seconds 0: not yet */
} running;

static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
enum { SIGNALS = sizeof(signals) / sizeof(*signals), AT_ONCE = 250 /* milliseconds */ };

/*
 * A key of the terminal has reached the command, too: what becomes of it is the command's business,
 * as if we were not there, and its end is ours. Should it go on, the second time ends the trace, as
 * does any signal that was meant for us alone. The next one ends us the hard way, but one that comes at
 * once is the same one: timeout(1) sends it to the process and to its group.
 */
static bool is_at_once(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - running.stopped.tv_sec) * 1000 +
	               (now.tv_nsec - running.stopped.tv_nsec) / 1000000 <
	       AT_ONCE;
}

static void stop(int number, siginfo_t *info, void *unused)
{
	bool by_terminal = info->si_code == SI_KERNEL;

	(void)unused;
	if (by_terminal && running.command_ends_it && !running.interrupted) {
		running.interrupted = 1;
		return;
	}
	running.interrupted = 1;
	if (!running.stopped.tv_sec) {
		clock_gettime(CLOCK_MONOTONIC, &running.stopped);
		session_stop(running.session);
	} else if (!is_at_once()) {
		signal(number, SIG_DFL);
		raise(number);
	}
}

void catch_signals(struct session *session, const struct common *c)
{
	struct sigaction action = {.sa_sigaction = stop, .sa_flags = SA_SIGINFO};

	running.session = session;
	running.stopped = (struct timespec){0};
	running.command_ends_it = c->command && !c->pids.count;
	sigemptyset(&action.sa_mask);
	for (int i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, NULL);
}

void leave_signals(void)
{
	for (int i = 0; i < SIGNALS; i++)
		signal(signals[i], SIG_DFL);
}

/* ---- programs ---- */

void write_probes(struct buffer *program, const struct common *c)
{
	if (!c->patterns.count)
		buffer_text(program, "*:*");
	for (size_t i = 0; i < c->patterns.count; i++) {
		if (i)
			buffer_text(program, ", ");
		buffer_text(program, c->patterns.items[i]);
	}
	buffer_char(program, ' ');
	if (c->filter)
		buffer_print(program, "/%s/ ", c->filter);
}

int complain_of_program(const struct session *session, const struct error *err)
{
	const char *errors = session_program_errors(session);

	if (!errors || !*errors)
		return complain(err);
	fputs(errors, stderr);
	if (errors[strlen(errors) - 1] != '\n')
		fputc('\n', stderr);
	return exit_code(err->code);
}

/* An interrupt is how a person ends a trace; it says nothing of the command, which may well have
 * been ended by the same key. */
static int run_to_end(struct session *session, const struct common *c, FILE *file)
{
	struct error err = {0};
	int status, r;

	catch_signals(session, c);
	r = session_run(session, file, &err);
	if (r) {
		clearerr(file); /* what went wrong is said here, once */
		return complain(&err);
	}
	if (session_exit_code(session, &status))
		return status;
	if (!running.interrupted && session_command_status(session, &status))
		return exit_status(status);
	return 0;
}

static int dump(struct session *session, const struct words *stages, FILE *file)
{
	struct error err = {0};

	for (size_t i = 0; i < stages->count; i++)
		if (session_dump(session, stages->items[i], file, &err))
			return complain(&err);
	return 0;
}

static int run_on(struct common *c, const char *name, const char *text, const struct words *stages,
                  FILE *file)
{
	struct session *session = NULL;
	struct error err = {0};
	int code;

	if (common_session(c, file, &session, &err))
		return complain(&err);
	if (session_program(session, name, text, &err))
		code = complain_of_program(session, &err);
	else if (stages && stages->count)
		code = dump(session, stages, file);
	else
		code = run_to_end(session, c, file);
	leave_signals();
	session_free(session);
	return code;
}

/* What could not be written is never lost without a word. */
static int finish_output(FILE *file, const char *path, int code)
{
	struct error err = {0};
	int failed;

	errno = 0;
	failed = ferror(file) | fflush(file);
	if (path)
		failed |= fclose(file);
	if (!failed || errno == EPIPE || code)
		return code;
	error_set(&err, errno ? -errno : -EIO, "can't write to %s: %s",
	          path ? path : "standard output", strerror(errno ? errno : EIO));
	complain(&err);
	return EXIT_WRONG;
}

static FILE *open_output(const char *path)
{
	struct error err = {0};
	FILE *file = path ? fopen(path, "we") : stdout;

	if (!file) {
		error_set(&err, -errno, "can't write to %s: %s", path, strerror(errno));
		complain(&err);
	}
	return file;
}

int run_program(struct common *c, const char *name, struct buffer *program,
                const struct words *stages)
{
	int code = EXIT_WRONG;
	struct error err = {0};
	FILE *file = NULL;

	if (program->failed) {
		error_memory(&err);
		complain(&err);
		goto out;
	}
	file = open_output(c->path);
	if (!file)
		goto out;
	if (c->show_program) {
		fprintf(file, "%s\n", buffer_string(program));
		code = 0;
	} else {
		code = run_on(c, name, buffer_string(program), stages, file);
	}
	code = finish_output(file, c->path, code);
out:
	buffer_free(program);
	return code;
}
