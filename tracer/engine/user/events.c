/*
 * Owns what the kernel tells of processes: children, execve(2), ends; and who of them is followed.
 */
#include "user.h"

#include "process/target.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- who counts ---- */

void process_counts(struct user_engine *u, const struct process *process, bool counts)
{
	uint32_t pid = (uint32_t)process->pid;

	if (!u->followed || !process->followed)
		return;
	if (!counts)
		user_map_delete(u->followed, &pid);
	else if (user_map_update(u->followed, &pid, &pid, BPF_ANY) && !u->failure.code)
		error_set(&u->failure, -E2BIG, "too many processes to follow");
}

/* A process with memory of its own is given it back as it was. */
bool thread_let_go(struct user_engine *u, struct thread *thread)
{
	struct process *process = thread->process;

	if (process->followed || process->space->users > 1)
		return false;
	space_restore(u, process);
	linker_watch(u, thread, false);
	ptrace(PTRACE_DETACH, thread->tid, NULL, (void *)(intptr_t)thread->signal);
	thread_free(u, thread);
	if (!process->threads)
		process_free(u, process);
	return true;
}

/* ---- children ---- */

/* With which flags a system call that made a child was called. */
static uint64_t clone_flags(const struct thread *thread, int event)
{
	struct user_regs_struct regs;
	uint64_t flags = 0;
	bool narrow;

	if (event == PTRACE_EVENT_VFORK)
		flags = CLONE_VFORK | CLONE_VM;
	if (ptrace(PTRACE_GETREGS, thread->tid, NULL, &regs))
		return flags;
	narrow = regs.cs == 0x23;
	if (regs.orig_rax == (narrow ? 120 : SYS_clone))
		return narrow ? regs.rbx : regs.rdi;
	if (regs.orig_rax == SYS_clone3)
		process_read(thread->process, narrow ? regs.rbx : regs.rdi, &flags, sizeof(flags));
	return flags;
}

/* The process that a new thread belongs to; NULL: no memory. */
static struct process *process_of_child(struct user_engine *u, struct thread *parent, pid_t child,
					uint64_t flags)
{
	struct process *process = parent->process;
	struct space *space = process->space;
	bool followed = process->followed && !u->options.no_follow;

	if (flags & CLONE_THREAD)
		return process;
	if (flags & CLONE_VM)
		space->users++;
	else
		space = space_copy(space, child);
	process = space ? process_new(u, child, space) : NULL;
	if (!process) {
		space_leave(space);
		return NULL;
	}
	process->followed = followed;
	tell_process(u, ENGINE_FORKED, child, parent->process->pid);
	process_counts(u, process, true);
	return process;
}

static bool take_early(struct user_engine *u, pid_t tid, int *status)
{
	for (size_t i = 0; i < u->early_count; i++) {
		if (u->early[i].tid != tid)
			continue;
		*status = u->early[i].status;
		u->early[i] = u->early[--u->early_count];
		return true;
	}
	return false;
}

void thread_has_child(struct user_engine *u, struct thread *thread, int event)
{
	uint64_t flags = clone_flags(thread, event);
	struct process *process;
	struct thread *child;
	unsigned long message;
	int status;

	if (ptrace(PTRACE_GETEVENTMSG, thread->tid, NULL, &message))
		return;
	if (event == PTRACE_EVENT_VFORK || flags & CLONE_VFORK)
		thread->vforked = true;
	process = process_of_child(u, thread, (pid_t)message, flags);
	child = process ? thread_new(u, (pid_t)message, process) : NULL;
	if (!child) {
			error_memory(&u->failure);
			return;
	}
	if (!(flags & CLONE_VM))
		thread_copy_calls(child, thread);
	if (take_early(u, child->tid, &status))
		thread_event(u, child, status);
}

/* ---- execve ---- */

/* The thread has its process's number now, whichever it was, and the others are gone. */
void thread_has_exec(struct user_engine *u, struct thread *thread)
{
	struct process *process = thread->process;
	struct thread *t = NULL, *next;
	struct space *space;

	for (t = thread_next(u, NULL); t; t = next) {
		next = thread_next(u, t);
		if (t->process == process && t != thread)
			thread_free(u, t);
	}
	if (thread->comm >= 0)
		close(thread->comm);
	thread->comm = -1;
	thread->rseq = 0;
	thread->watches = false;
	thread->call_count = 0;
	space = space_new();
	if (!space) {
			error_memory(&u->failure);
			return;
	}
	space_leave(process->space);
	process->space = space;
	process->before_exec = false;
	tell_process(u, ENGINE_EXECUTED, process->pid, 0);
	if (!process->followed)
		return;
	tracer_ask(u, process->pid);
	space_scan(u, process);
}

/* ---- ends ---- */

static void tell_end(struct user_engine *u, pid_t pid, int status)
{
	struct ended *ended;
	uint64_t one = 1;

	ended = array_add(&u->ended, &u->ended_count, &u->ended_room, sizeof(*ended));
	if (ended)
		*ended = (struct ended){pid, status};
	else
		error_memory(&u->failure);
	/* A bell that is full rings. */
	if (write(u->ring.bell, &one, sizeof(one)) < 0 && errno != EAGAIN)
		tracer_say(u, "the end of process %d is seen late", pid);
}

void thread_is_gone(struct user_engine *u, struct thread *thread, int status)
{
	struct process *process = thread->process;
	struct thread *t, *next;
	bool whole = thread->tid == process->pid;

	thread_free(u, thread);
	if (!whole && process->threads)
		return;
	for (t = thread_next(u, NULL); t; t = next) {
		next = thread_next(u, t);
		if (t->process == process)
			thread_free(u, t);
	}
	process_counts(u, process, false);
	if (process->target)
		tell_end(u, process->pid, status);
	process_free(u, process);
}
