/*
 * Owns the time while a plan runs: the order of attaching, starting the command, waiting, taking
 * off and printing, and every reason to end.
 */
#include "session.h"

#include "bpf/abi.h"
#include "engine/engine.h"
#include "symbolize.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	MILLISECOND = 1000000,
	SECOND = 1000000000,
	LOOK_EVERY = 100, /* milliseconds, where a process has no descriptor to wait for */
	LISTEN_EVERY = 500, /* milliseconds, to what processes map, where names are wanted */
};

struct run {
	struct session *session;
	struct engine *engine;
	const struct run_sink *sink; /* NULL: the output */
	struct output *output;
	struct names *names;
	int pipe;	  /* the output's descriptor where that is a pipe, else -1 */
	uint64_t records; /* printed, of those that the limit counts */
	uint64_t deadline;
	bool over;     /* exit() was called, or the limit of records is reached */
	bool detached; /* no more sites are to be attached */
	bool nonsense; /* a record did not fit its format */
	struct error error; /* of a record's handling, which can say no more than its code */
	int *wake_fds;
	struct results results;
	struct self self;
	int watch;     /* the paths of the target's files; -1: none */
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* ---- records ---- */

/* What END prints comes after everything, and is not cut off by any limit. */
static bool is_of_end(const struct plan *plan, const struct abi_record *record)
{
	const struct plan_probe *probe;

	if (record->probe >= plan->probe_count)
		return false;
	probe = &plan->probes[record->probe];
	return !*probe->provider && !strcmp(probe->name, "END");
}

static uint64_t field_of(const struct plan_record *shape, const struct abi_record *record, size_t field)
{
	const struct plan_value *v = &shape->fields[field].value;
	uint64_t value = 0;
	uint32_t narrow;

	if (v->size == sizeof(narrow)) {
		memcpy(&narrow, (const char *)record + v->offset, sizeof(narrow));
		return narrow;
	}
	memcpy(&value, (const char *)record + v->offset, sizeof(value));
	return value;
}

/* What is to be watched from now on, or no more; a process that was stopped for that goes on. */
static void take_watch(struct run *run, const struct plan_record *shape,
		       const struct abi_record *record, size_t size)
{
	bool counts = size >= shape->size && !(record->unreadable & 1) && !run->over && !run->detached;
	struct error err;

	if (size < shape->size)
		return;
	if (shape->kind == PLAN_RECORD_UNWATCH) {
		if (counts)
			engine_unwatch(run->engine, field_of(shape, record, 0));
		return;
	}
	if (counts &&
	    engine_watch(run->engine, shape->program, field_of(shape, record, 0), &err))
		warn(run->session->warnings, "%s", err.text);
	if (shape->field_count > 3 && !field_of(shape, record, 3))
		kill((pid_t)field_of(shape, record, 1), SIGCONT);
}

/* exit(code) */
static int take_exit(struct run *run, const struct plan_record *shape,
		     const struct abi_record *record, size_t size)
{
	uint64_t code;

	if (!shape->field_count || size < shape->size || record->unreadable & 1)
		return 0;
	memcpy(&code, (const char *)record + shape->fields[0].value.offset, sizeof(code));
	run->session->exit_code = (int)(code & 0xff);
	run->session->exit_given = true;
	return 0;
}

static int take_record(void *context, const struct abi_record *record, size_t size)
{
	struct run *run = context;
	const struct plan *plan = &run->session->plan;
	uint64_t most = run->session->options.most_records;
	bool end = is_of_end(plan, record);
	int rc;

	if (run->sink)
		return run->sink->record(run->sink->context, record, size);
	if (record->format < plan->record_count &&
	    (plan->records[record->format].kind == PLAN_RECORD_WATCH ||
	     plan->records[record->format].kind == PLAN_RECORD_UNWATCH)) {
		take_watch(run, &plan->records[record->format], record, size);
		return 0;
	}
	if (run->over && !end)
		return 0;
	if (record->format < plan->record_count &&
	    plan->records[record->format].kind == PLAN_RECORD_EXIT) {
		run->over = true;
		return take_exit(run, &plan->records[record->format], record, size);
	}
	rc = record->format < plan->record_count
		     ? results_take(&run->results, &plan->records[record->format], record, size,
				    &run->error)
		     : 1;
	if (rc <= 0)
		return rc;
	rc = output_record(run->output, record, size);
	if (rc == -EBADMSG) {
		if (!run->nonsense)
			warn(run->session->warnings, "a record does not fit its format and is left out");
		run->nonsense = true;
		return 0;
	}
	if (!rc && !end && ++run->records == most)
		run->over = true;
	return rc;
}

/* Polls once, and writes what that brought. Returns the number of records or a negative errno. */
static int poll_once(struct run *run, int timeout_ms, size_t wake_count, struct error *err)
{
	int rc, count;

	err->code = run->error.code = 0;
	count = engine_poll(run->engine, timeout_ms, run->wake_fds, wake_count, take_record, run,
			    err);
	if (count == -EINTR)
		return 0;
	if (count < 0 && run->error.code)
		*err = run->error;
	if (count < 0)
		return err->code ? count : session_output_error(count, err);
	rc = count && run->output && !run->session->options.large_blocks ? output_flush(run->output)
									  : 0;
	return rc ? session_output_error(rc, err) : count;
}

/* Everything that is in the ring by now. */
static int drain(struct run *run, struct error *err)
{
	int count;

	do
		count = poll_once(run, 0, 0, err);
	while (count > 0);
	return count;
}

/* ---- waiting ---- */

/* Collects what to wait for beside records; the timeout is in milliseconds, -1 for none. */
static size_t collect(struct run *run, int *timeout)
{
	const struct target *target = &run->session->target;
	uint64_t time = now(), left;
	size_t count = 0;

	*timeout = -1;
	run->wake_fds[count++] = run->session->stop_fd;
	if (run->pipe >= 0)
		run->wake_fds[count++] = run->pipe;
	if (run->watch >= 0)
		run->wake_fds[count++] = run->watch;
	if (run->self.fd >= 0)
		run->wake_fds[count++] = run->self.fd;
	for (size_t i = 0; i < target->process_count; i++) {
		if (target->processes[i].ended)
			continue;
		if (target->processes[i].pidfd >= 0)
			run->wake_fds[count++] = target->processes[i].pidfd;
		else
			*timeout = LOOK_EVERY;
	}
	if (run->names && (*timeout < 0 || *timeout > LISTEN_EVERY))
		*timeout = LISTEN_EVERY;
	if (run->deadline != UINT64_MAX) {
		left = run->deadline > time ? (run->deadline - time) / MILLISECOND + 1 : 0;
		if (*timeout < 0 || left < (uint64_t)*timeout)
			*timeout = left > INT32_MAX ? INT32_MAX : (int)left;
	}
	return count;
}

/* A pipe without a reader is told by an error on our end, before anything is written. */
static bool reader_gone(const struct run *run)
{
	struct pollfd pipe = {.fd = run->pipe};

	return run->pipe >= 0 && poll(&pipe, 1, 0) == 1 && pipe.revents & POLLERR;
}

static bool is_readable(int fd)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&readable, 1, 0) == 1;
}

/* Files that came while the last poll waited. */
static int take_late(struct run *run, int count, struct error *err)
{
	struct session *s = run->session;
	int rc = late_news(s, run->engine, run->output, err);

	if (!rc && is_readable(run->watch))
		rc = late_replaced(s, run->engine, run->output, err);
	return rc ? rc : count;
}

static int wait_for_end(struct run *run, struct error *err)
{
	struct session *s = run->session;
	int count = take_late(run, 0, err); /* loaded since the target was read */

	while (count >= 0 && !run->over && !s->stopped && now() < run->deadline &&
	       !engine_over(run->engine)) {
		bool ended = target_ended(&s->target);
		int timeout;
		size_t wake_count = collect(run, &timeout);

		count = poll_once(run, ended ? 0 : timeout, wake_count, err);
		names_listen(run->names);
		if (count >= 0 && self_take(&run->self, run->engine, err))
			count = err->code;
		if (count >= 0 && !ended)
			count = take_late(run, count, err);
		if (count < 0 || (!count && ended))
			break;
		if (!count && reader_gone(run))
			return session_output_error(-EPIPE, err);
	}
	return count < 0 ? count : 0;
}

/* ---- the whole ---- */

/* Bounds of a double's way to nanoseconds: what is longer than a century is for ever. */
static uint64_t deadline_of(double seconds)
{
	if (!(seconds > 0) || seconds > 3e9)
		return UINT64_MAX;
	return now() + (uint64_t)(seconds * SECOND);
}

static int run_open(struct run *run, FILE *file, struct error *err)
{
	struct session *s = run->session;
	struct engine_options options = {
		.ring_bytes = s->options.ring_bytes
				      ? s->options.ring_bytes
				      : s->program.config.ring_pages * (uint64_t)sysconf(_SC_PAGESIZE),
		.no_follow = s->options.no_follow,
		.debug_verifier = s->options.debug_verifier,
	};
	struct output_options output = session_output_options(s);
	struct stat st;
	int rc;

	run->deadline = UINT64_MAX;
	run->self.fd = -1;
	run->watch = target_watch_paths(&s->target, s->warnings);
	run->pipe = file && !fstat(fileno(file), &st) && S_ISFIFO(st.st_mode) ? fileno(file) : -1;
	run->wake_fds = calloc(s->target.process_count + 4, sizeof(*run->wake_fds));
	if (!run->wake_fds)
		return error_memory(err);
	run->results.session = s;
	rc = results_open(&run->results, err);
	if (rc)
		return rc;
	if (session_engine(s) == ENGINE_USER && s->options.engine == SESSION_ENGINE_AUTO)
		warn(s->warnings, "the user engine (ptrace) runs this: %s", s->no_kernel.text);
	rc = self_open(&run->self, &s->plan, err);
	if (rc)
		return rc;
	rc = engine_open(session_engine(s), &s->plan, &s->target, &options, &run->engine, s->warnings,
			 err);
	if (!rc && file)
		rc = output_open(file, &s->plan, &output, &run->output, err);
	if (!rc && file)
		rc = names_open(run->engine, &s->plan, &s->target, s->program.config.demangle,
				&run->names, s->warnings, err);
	if (!rc && run->names)
		output_set_frames(run->output, names_frames, run->names);
	run->results.engine = run->engine;
	run->results.output = run->output;
	return rc;
}

static void run_close(struct run *run)
{
	names_close(run->names);
	output_close(run->output);
	engine_close(run->engine);
	self_close(&run->self);
	free(run->wake_fds);
	results_close(&run->results);
}

/* Commands that the program runs and files that it reads are the person's who runs it: there is no
 * telling what they need. */
static bool acts_for_person(const struct plan *plan)
{
	for (size_t i = 0; i < plan->record_count; i++)
		if (plan->records[i].kind == PLAN_RECORD_SYSTEM ||
		    plan->records[i].kind == PLAN_RECORD_CAT)
			return true;
	return false;
}

/* Only what is still needed is kept from the attach on. */
static int drop_privileges(struct run *run, struct error *err)
{
	struct session *s = run->session;
	unsigned needs = 0;

	if (!s->options.drop_privileges || acts_for_person(&s->plan))
		return 0;
	if (s->plan.grows || run->watch >= 0)
		needs |= ENGINE_NEED_MORE;
	for (size_t i = 0; i < s->plan.program_count; i++)
		if (s->plan.programs[i].waits)
			needs |= ENGINE_NEED_MORE;
	if (run->names)
		needs |= ENGINE_NEED_SYMBOLS;
	for (size_t i = 0; i < s->target.process_count; i++)
		if (s->target.processes[i].command)
			needs |= ENGINE_NEED_SIGNAL;
	return engine_drop_privileges(run->engine, needs, err);
}

static int print_pins(struct run *run, struct error *err)
{
	const struct plan *plan = &run->session->plan;

	for (size_t i = 0; run->output && i < plan->program_count; i++)
		for (size_t n = 0; n < plan->programs[i].site_count; n++)
			if (plan->programs[i].sites[n].pin &&
			    output_pinned(run->output, plan->programs[i].sites[n].pin))
				return session_output_error(-EIO, err);
	return 0;
}

/* For -v. */
static void say_attached(const struct session *s)
{
	for (size_t i = 0; i < s->plan.program_count; i++) {
		const struct plan_program *p = &s->plan.programs[i];

		if (p->site_count)
			remark(s->warnings, "%s: %s: %zu instructions, at %zu place%s", p->place, p->name,
			       p->insn_count, p->site_count, p->site_count == 1 ? "" : "s");
	}
	for (size_t i = 0; i < s->plan.probe_count; i++)
		remark(s->warnings, "attached: %s", s->plan.probes[i].shown);
}

/* From the first site attached to the last one taken off. */
static int run_attached(struct run *run, struct error *err)
{
	struct session *s = run->session;
	int rc = engine_attach(run->engine, s->warnings, err);

	if (!rc)
		say_attached(s);
	if (!rc)
		rc = drop_privileges(run, err);
	if (!rc && run->output && output_attached(run->output, s->plan.probe_count))
		rc = session_output_error(-EIO, err);
	if (!rc)
		rc = print_pins(run, err);
	if (!rc && s->options.dry_run)
		s->stopped = 1;
	if (!rc && !s->stopped)
		rc = target_start(&s->target, err);
	if (!rc) {
		run->deadline = deadline_of(s->options.seconds);
		rc = wait_for_end(run, err);
	}
	engine_detach(run->engine);
	run->detached = true;
	return rc;
}

static int print_results(struct run *run, struct error *err)
{
	struct session *s = run->session;
	int rc = s->options.apart ? output_apart(run->output) : 0;

	if (rc)
		return session_output_error(rc, err);
	if (s->program.config.print_maps)
		rc = results_print(&run->results, err);
	if (!rc)
		rc = trouble_report(s, run->engine, run->output, err);
	if (rc)
		return rc;
	rc = output_flush(run->output);
	return rc ? session_output_error(rc, err) : late_missed(s, err);
}

static int run_plan(struct run *run, FILE *file, struct error *err)
{
	struct session *s = run->session;
	int rc;

	if (!s->compiled)
		return error_set(err, -EINVAL, "there is no program to run");
	rc = run_open(run, file, err);
	if (!rc)
		rc = run_attached(run, err);
	if (!rc && !s->options.dry_run)
		rc = drain(run, err);
	if (!rc && !s->options.dry_run)
		rc = run->sink ? run->sink->finish(run->sink->context, run->engine, err)
			       : print_results(run, err);
	/* We started it and it was to end with us; it may well be the one that was told to. */
	target_signal(&s->target, SIGTERM);
	run_close(run);
	return rc;
}

int session_run(struct session *s, FILE *file, struct error *err)
{
	struct run run = {.session = s};

	return run_plan(&run, file, err);
}

int session_run_into(struct session *s, const struct run_sink *sink, struct error *err)
{
	struct run run = {.session = s, .sink = sink};

	return run_plan(&run, NULL, err);
}
