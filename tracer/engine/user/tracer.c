/*
 * Owns the tracer: the one thread that ptrace(2) answers to, since it answers to threads and not to
 * processes, and its loop. It sleeps in waitpid(2), out of which a signal brings it.
 */
#include "user.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAKE = SIGURG, NUDGE = 5 * 1000 * 1000 }; /* nanoseconds between two of them */

void tracer_say(struct user_engine *u, const char *format, ...)
{
	uint64_t one = 1;
	va_list args;

	va_start(args, format);
	buffer_printv(&u->said, format, args);
	buffer_char(&u->said, '\n');
	va_end(args);
	if (write(u->ring.bell, &one, sizeof(one)) < 0)
		return; /* full: it rings already */
}

/* What the plan wants of files that are new to it, before anything of them runs. */
void tracer_ask(struct user_engine *u, pid_t pid)
{
	uint64_t one = 1;

	if (!u->grows || u->stop)
		return;
	u->asking = pid;
	u->answered = false;
	if (write(u->ring.bell, &one, sizeof(one)) < 0 && errno != EAGAIN)
		return;
	while (!u->answered && !u->stop && !u->failure.code)
		pthread_cond_wait(&u->changed, &u->lock);
	u->asking = 0;
}

/* ---- one thread ---- */

void thread_keep(struct user_engine *u, struct thread *thread)
{
	u->kept += !thread->kept;
	thread->kept = true;
}

bool thread_wait(struct user_engine *u, struct thread *thread)
{
	pid_t got;

	do
		got = waitpid(thread->tid, &thread->status, __WALL | __WNOTHREAD);
	while (got < 0 && errno == EINTR);
	if (got == thread->tid && WIFSTOPPED(thread->status)) {
		thread->stopped = true;
		return true;
	}
	if (got != thread->tid)
		thread->status = 0; /* nobody knows how: as one that ended well */
	thread->stopped = false;
	thread_keep(u, thread);
	return false;
}

/* A thread that is dying says ESRCH, and then its end comes. */
static void resume(struct user_engine *u, struct thread *thread)
{
	if (u->detaching)
		return;
	thread->stopped = false;
	if (thread->group_stopped)
		ptrace(PTRACE_LISTEN, thread->tid, NULL, NULL);
	else
		ptrace(PTRACE_CONT, thread->tid, NULL, (void *)(intptr_t)thread->signal);
}

static bool is_group_stop(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void handle_stop(struct user_engine *u, struct thread *thread, int signal, int event)
{
	switch (event) {
	case 0:
		if (signal == (SIGTRAP | 0x80))
			break;
		if (signal != SIGTRAP || !thread_trap(u, thread))
			thread->signal = signal;
		break;
	case PTRACE_EVENT_STOP:
		thread->group_stopped = is_group_stop(signal);
		thread->asked = true;
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		thread_has_child(u, thread, event);
		break;
	case PTRACE_EVENT_VFORK_DONE:
		thread->vforked = false;
		break;
	case PTRACE_EVENT_EXEC:
		thread_has_exec(u, thread);
		break;
	}
}

void thread_event(struct user_engine *u, struct thread *thread, int status)
{
	if (!WIFSTOPPED(status)) {
		thread_is_gone(u, thread, status);
		return;
	}
	thread->stopped = true;
	thread->signal = 0;
	thread->group_stopped = thread->asked = false;
	handle_stop(u, thread, WSTOPSIG(status), status >> 16);
	if (thread->kept || thread_let_go(u, thread))
		return;
	if (!u->detaching)
		linker_watch(u, thread, true);
	resume(u, thread);
}

/* ---- the loop ---- */

static void handle_kept(struct user_engine *u)
{
	struct thread *t = thread_next(u, NULL);

	while (t && !t->kept)
		t = thread_next(u, t);
	if (!t) {
		u->kept = 0;
		return;
	}
	t->kept = false;
	u->kept--;
	thread_event(u, t, t->status);
}

/* A child may stop before its parent's word of it. */
static void remember_early(struct user_engine *u, pid_t tid, int status)
{
	struct early *early;

	if (!WIFSTOPPED(status))
		return; /* of a thread that an execve(2) has ended */
	early = array_add(&u->early, &u->early_count, &u->early_room, sizeof(*early));
	if (early)
		*early = (struct early){tid, status};
}

static bool is_to_stop(struct user_engine *u, bool wait)
{
	while (wait && !u->stop)
		pthread_cond_wait(&u->changed, &u->lock);
	return u->stop;
}

static void loop(struct user_engine *u)
{
	while (!is_to_stop(u, !u->thread_count)) {
		struct thread *thread;
		bool none;
		int status;
		pid_t tid;

		if (u->kept) {
			handle_kept(u);
			continue;
		}
		pthread_mutex_unlock(&u->lock);
		tid = waitpid(-1, &status, __WALL | __WNOTHREAD);
		none = tid < 0 && errno == ECHILD;
		pthread_mutex_lock(&u->lock);
		if (none)
			is_to_stop(u, true);
		if (tid < 0)
			continue;
		thread = thread_find(u, tid);
		if (thread)
			thread_event(u, thread, status);
		else
			remember_early(u, tid, status);
	}
}

static void *tracer_main(void *context)
{
	struct user_engine *u = context;

	pthread_mutex_lock(&u->lock);
	u->attach_code = attach_processes(u, &u->attach_error);
	u->ready = true;
	pthread_cond_broadcast(&u->changed);
	if (!u->attach_code)
		loop(u);
	detach_processes(u);
	threads_close(u);
	u->done = true;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->lock);
	return NULL;
}

/* ---- the other side ---- */

static void wake(int signal)
{
	(void)signal; /* it is enough that a system call ends by it */
}

/* All signals but the one that wakes it are for the other threads. */
static int start_thread(struct user_engine *u)
{
	struct sigaction action = {.sa_handler = wake};
	sigset_t all, old;
	int code;

	sigaction(WAKE, &action, NULL);
	sigfillset(&all);
	sigdelset(&all, WAKE);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	code = pthread_create(&u->tracer, NULL, tracer_main, u);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return code;
}

int tracer_start(struct user_engine *u, struct error *err)
{
	int code = start_thread(u);

	if (code)
		return error_set(err, -code, "a thread can't be started: %s", strerror(code));
	u->running = true;
	pthread_mutex_lock(&u->lock);
	while (!u->ready)
		pthread_cond_wait(&u->changed, &u->lock);
	code = u->attach_code;
	if (code)
		*err = u->attach_error;
	pthread_mutex_unlock(&u->lock);
	if (code)
		tracer_stop(u);
	return code;
}

/* The signal may come just before the tracer sleeps: so again and again. */
void tracer_stop(struct user_engine *u)
{
	if (!u->running)
		return;
	pthread_mutex_lock(&u->lock);
	u->stop = true;
	pthread_cond_broadcast(&u->changed);
	pthread_cond_broadcast(&u->room);
	while (!u->done) {
		struct timespec until;

		pthread_kill(u->tracer, WAKE);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += NUDGE;
		until.tv_sec += until.tv_nsec / 1000000000l;
		until.tv_nsec %= 1000000000l;
		pthread_cond_timedwait(&u->changed, &u->lock, &until);
	}
	pthread_mutex_unlock(&u->lock);
	pthread_join(u->tracer, NULL);
	u->running = false;
}
