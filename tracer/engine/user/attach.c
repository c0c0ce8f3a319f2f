/*
 * Owns the beginning and the end: how processes are seized, which does not stop them, and how they
 * are let go, with every byte and semaphore as it was. Between: stopping the threads that share
 * memory, for the time of one instruction.
 */
#include "user.h"

#include "process/target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		  PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORKDONE,
};

/* ---- why not ---- */

static long number_of(const char *path, const char *name)
{
	char *text = NULL;
	size_t room = 0;
	long number = -1;
	FILE *file = fopen(path, "re");

	while (file && number < 0 && getline(&text, &room, file) > 0)
		if (!strncmp(text, name, strlen(name)))
			number = strtol(text + strlen(name), NULL, 10);
	free(text);
	if (file)
		fclose(file);
	return number;
}

int explain_ptrace(pid_t pid, int code, struct error *err)
{
	long tracer, scope = number_of("/proc/sys/kernel/yama/ptrace_scope", "");
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	tracer = number_of(path, "TracerPid:");
	if (code == -ESRCH)
		return error_set(err, -ESRCH, "process %d has ended", pid);
	if (code != -EPERM && code != -EACCES)
		return error_set(err, code, "process %d can't be traced: %s", pid, strerror(-code));
	if (tracer > 0)
		return error_set(err, -EPERM,
				 "process %d is traced by process %ld already (a debugger, strace): "
				 "end that first",
				 pid, tracer);
	if (scope == 3)
		return error_set(err, -EPERM,
				 "ptrace(2) is switched off on this machine (kernel.yama.ptrace_scope "
				 "is 3, until the next boot)");
	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (!stat(path, &st) && st.st_uid != geteuid())
		return error_set(err, -EPERM,
				 "process %d belongs to another user, or has changed its own, and "
				 "CAP_SYS_PTRACE is missing: run as that user or as root",
				 pid);
	if (scope == 1 || scope == 2)
		return error_set(err, -EPERM,
				 "not permitted to trace process %d, which telltale did not start "
				 "(kernel.yama.ptrace_scope is %ld): start it with -- COMMAND, run as "
				 "root, or set kernel.yama.ptrace_scope to 0",
				 pid, scope);
	return error_set(err, -EPERM,
			 "not permitted to trace process %d: CAP_SYS_PTRACE is missing, or a seccomp "
			 "filter (of a container) refuses ptrace(2)",
			 pid);
}

/* ---- attaching ---- */

static int seize(struct user_engine *u, struct process *process, pid_t tid, unsigned long options)
{
	if (ptrace(PTRACE_SEIZE, tid, NULL, options))
		return -errno;
	return thread_new(u, tid, process) ? 0 : -ENOMEM;
}

/*
 * All threads, until a look finds no new one: what they start while they are ours comes by itself.
 * None is stopped.
 */
static int seize_threads(struct user_engine *u, struct process *process, struct error *err)
{
	char path[32];
	bool more = true;
	int code = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", process->pid);
	while (more && !code) {
		DIR *folder = opendir(path);
		struct dirent *entry;

		more = false;
		if (!folder)
			return explain_ptrace(process->pid, errno == ENOENT ? -ESRCH : -errno, err);
		while (!code && (entry = readdir(folder))) {
			pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

			if (tid <= 0 || thread_find(u, tid))
				continue;
			code = seize(u, process, tid, OPTIONS);
			more |= !code;
			/* It has ended, or has been born as ours meanwhile. */
			if (tid != process->pid && (code == -ESRCH || (code == -EPERM && more)))
				code = 0;
		}
		closedir(folder);
	}
	if (code == -ENOMEM)
		return error_memory(err);
	return code ? explain_ptrace(process->pid, code, err) : 0;
}

static int attach_one(struct user_engine *u, struct target_process *target, struct error *err)
{
	struct space *space = space_new();
	struct process *process = space ? process_new(u, target->pid, space) : NULL;
	int code;

	if (!process) {
		space_leave(space);
		return error_memory(err);
	}
	process->target = target;
	process->followed = true;
	process->before_exec = target->command;
	process_counts(u, process, true);
	if (target->command) {
		/* It waits for its start, and has one thread. */
		code = seize(u, process, target->pid, OPTIONS | PTRACE_O_EXITKILL);
		if (code)
			return code == -ENOMEM ? error_memory(err)
					       : explain_ptrace(target->pid, code, err);
		return 0;
	}
	code = seize_threads(u, process, err);
	if (!code)
		space_scan(u, process);
	return code;
}

int attach_processes(struct user_engine *u, struct error *err)
{
	int code = 0;

	for (size_t i = 0; i < u->target->process_count && !code; i++)
		if (!u->target->processes[i].ended)
			code = attach_one(u, &u->target->processes[i], err);
	return code;
}

/* ---- stopping the others ---- */

static bool runs_beside(const struct thread *t, const struct thread *but)
{
	return t != but && t->process->space == but->process->space && !t->stopped && !t->kept &&
	       !t->vforked && !t->group_stopped;
}

void stop_others(struct user_engine *u, struct thread *but)
{
	for (struct thread *t = thread_next(u, NULL); t; t = thread_next(u, t))
		if (runs_beside(t, but))
			t->halted = !ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL);
	for (struct thread *t = thread_next(u, NULL); t; t = thread_next(u, t)) {
		if (!t->halted)
			continue;
		t->halted = false;
		if (!thread_wait(u, t))
			continue;
		if (t->status >> 8 == (SIGTRAP | PTRACE_EVENT_STOP << 8))
			t->halted = true;
		else
			thread_keep(u, t); /* for the loop; the interrupt comes after it */
	}
}

void resume_others(struct user_engine *u, struct thread *but)
{
	(void)but;
	for (struct thread *t = thread_next(u, NULL); t; t = thread_next(u, t)) {
		if (!t->halted)
			continue;
		t->halted = false;
		t->stopped = ptrace(PTRACE_CONT, t->tid, NULL, NULL) != 0;
	}
}

/* ---- letting go ---- */

static struct thread *find_running(const struct user_engine *u)
{
	for (struct thread *t = thread_next(u, NULL); t; t = thread_next(u, t))
		if ((!t->stopped || t->kept) && !t->vforked)
			return t;
	return NULL;
}

/* What it has to say first is heard: a hit, a child, its end. */
static void stop_one(struct user_engine *u, struct thread *t)
{
	if (!t->kept) {
		ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL);
		thread_wait(u, t);
	}
	if (t->kept) {
		t->kept = false;
		u->kept--;
	}
	thread_event(u, t, t->status);
}

/* An int3 has been executed, and the stop came before its signal. */
static bool trap_is_pending(const struct thread *t)
{
	struct __ptrace_peeksiginfo_args args = {.nr = 8};
	struct user_regs_struct regs;
	siginfo_t infos[8];
	long count;

	if (!t->asked || ptrace(PTRACE_GETREGS, t->tid, NULL, &regs) ||
	    !space_find(t->process->space, regs.rip - 1))
		return false;
	count = ptrace(PTRACE_PEEKSIGINFO, t->tid, &args, infos);
	for (long i = 0; i < count; i++)
		if (infos[i].si_signo == SIGTRAP && infos[i].si_code == SI_KERNEL)
			return true;
	return false;
}

static void take_pending_trap(struct user_engine *u, struct thread *t)
{
	if (!trap_is_pending(t) || ptrace(PTRACE_CONT, t->tid, NULL, NULL))
		return;
	t->stopped = false;
	thread_wait(u, t);
	if (t->kept) {
		t->kept = false;
		u->kept--;
	}
	thread_event(u, t, t->status);
}

void detach_processes(struct user_engine *u)
{
	struct thread *t, *next;

	u->detaching = true;
	while ((t = find_running(u)))
		stop_one(u, t);
	for (t = thread_next(u, NULL); t; t = next) {
		next = thread_next(u, t);
		if (t->stopped)
			take_pending_trap(u, t);
	}
	while ((t = find_running(u))) /* what the last hits have started */
		stop_one(u, t);
	for (struct process *p = u->processes; p; p = p->next)
		space_restore(u, p);
	for (t = thread_next(u, NULL); t; t = next) {
		next = thread_next(u, t);
		if (!t->stopped)
			continue;
		linker_watch(u, t, false);
		ptrace(PTRACE_DETACH, t->tid, NULL, (void *)(intptr_t)t->signal);
		thread_free(u, t);
	}
	/* Those that wait for a vfork(2)'s child, which runs by now. */
	while ((t = thread_next(u, NULL))) {
		if (thread_wait(u, t)) {
			linker_watch(u, t, false);
			ptrace(PTRACE_DETACH, t->tid, NULL, NULL);
		}
		thread_free(u, t);
	}
}
