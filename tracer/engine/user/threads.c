/*
 * Owns the tables of traced processes and threads.
 */
#include "user.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct thread **bucket_of(const struct user_engine *u, pid_t tid)
{
	return (struct thread **)&u->threads[(unsigned)tid % THREAD_BUCKETS];
}

struct thread *thread_find(const struct user_engine *u, pid_t tid)
{
	struct thread *t = *bucket_of(u, tid);

	while (t && t->tid != tid)
		t = t->next;
	return t;
}

struct thread *thread_new(struct user_engine *u, pid_t tid, struct process *process)
{
	struct thread *t = calloc(1, sizeof(*t)), **bucket = bucket_of(u, tid);

	if (!t)
		return NULL;
	t->tid = tid;
	t->process = process;
	t->comm = -1;
	t->next = *bucket;
	*bucket = t;
	process->threads++;
	u->thread_count++;
	return t;
}

void thread_free(struct user_engine *u, struct thread *thread)
{
	struct thread **link = bucket_of(u, thread->tid);

	while (*link != thread)
		link = &(*link)->next;
	*link = thread->next;
	u->thread_count--;
	u->kept -= thread->kept;
	thread->process->threads--;
	if (thread->comm >= 0)
		close(thread->comm);
	free(thread->calls);
	free(thread);
}

/* All of them, in no order: NULL first, NULL at the end. */
struct thread *thread_next(const struct user_engine *u, const struct thread *after)
{
	size_t bucket = after ? (unsigned)after->tid % THREAD_BUCKETS + 1 : 0;

	if (after && after->next)
		return after->next;
	while (bucket < THREAD_BUCKETS && !u->threads[bucket])
		bucket++;
	return bucket < THREAD_BUCKETS ? u->threads[bucket] : NULL;
}

/* A fork's child returns from the functions that its parent was in. */
void thread_copy_calls(struct thread *to, const struct thread *from)
{
	if (!from->call_count)
		return;
	to->calls = malloc(from->call_count * sizeof(*to->calls));
	if (!to->calls)
		return;
	memcpy(to->calls, from->calls, from->call_count * sizeof(*to->calls));
	to->call_count = to->call_room = from->call_count;
}

struct process *process_find(const struct user_engine *u, pid_t pid)
{
	struct process *p = u->processes;

	while (p && p->pid != pid)
		p = p->next;
	return p;
}

struct process *process_new(struct user_engine *u, pid_t pid, struct space *space)
{
	struct process *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->pid = pid;
	p->space = space;
	p->next = u->processes;
	u->processes = p;
	return p;
}

void process_free(struct user_engine *u, struct process *process)
{
	struct process **link = &u->processes;

	while (*link != process)
		link = &(*link)->next;
	*link = process->next;
	space_leave(process->space);
	free(process);
}

void threads_close(struct user_engine *u)
{
	struct thread *t;

	while ((t = thread_next(u, NULL)))
		thread_free(u, t);
	while (u->processes)
		process_free(u, u->processes);
	free(u->early);
	u->early = NULL;
	u->early_count = u->early_room = 0;
}
