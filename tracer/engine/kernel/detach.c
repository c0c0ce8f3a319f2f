/*
 * Owns how sites are taken off. The kernel ends a link only after every processor has left its
 * programs, 30 to 90 ms each. For uprobe_multi links the waits of several threads overlap.
 *
 * Perf events are worse: ending one waits a tenth of a second with the kernel's event_mutex held, so
 * that threads gain nothing, nor does leaving it to the kernel at the end of the process (measured
 * on 6.18: 60 events closed by 16 threads 5.8 s, by exit 6.8 s; 1,000 take 100 s). But a program
 * runs no more once its link to the event is closed, and those waits do overlap (1,000 in 2 s). So
 * the links are closed by threads, and many events are left to a process of their own that closes
 * them one by one, while telltale prints its results and ends. Until it is through, hits of the
 * sites that are left cost the target what a uprobe costs, and their semaphores stay up.
 */
#include "child.h"
#include "kernel.h"
#include "privileges.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLOSERS = 16 };

struct closing {
	struct kernel *engine;
	size_t next;
	bool events; /* too */
	pthread_mutex_t lock;
};

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void links_drop(struct kernel *e, size_t count)
{
	while (e->link_count > count) {
		struct kernel_link *link = &e->links[--e->link_count];

		close_one(&link->fd);
		close_one(&link->event);
	}
}

static void *closer(void *context)
{
	struct closing *c = context;

	for (;;) {
		size_t i;

		pthread_mutex_lock(&c->lock);
		i = c->next++;
		pthread_mutex_unlock(&c->lock);
		if (i >= c->engine->link_count)
			return NULL;
		close_one(&c->engine->links[i].fd);
		if (c->events)
			close_one(&c->engine->links[i].event);
	}
}

static void close_by_threads(struct kernel *e, bool events)
{
	struct closing c = {.engine = e, .events = events};
	pthread_t threads[CLOSERS];
	size_t started = 0;

	pthread_mutex_init(&c.lock, NULL);
	while (started < CLOSERS && started + 1 < e->link_count &&
	       !pthread_create(&threads[started], NULL, closer, &c))
		started++;
	closer(&c); /* this thread, too: none could be started, and all is well */
	while (started)
		pthread_join(threads[--started], NULL);
	pthread_mutex_destroy(&c.lock);
}

/* ---- many perf events ---- */

/* Events whose programs are taken off by closing a link; before 5.15 only their own end does. */
static size_t slow_events(const struct kernel *e)
{
	size_t count = 0;

	for (size_t i = 0; i < e->link_count; i++)
		count += e->links[i].event >= 0;
	return count;
}

static bool can_hand_over(const struct kernel *e)
{
	for (size_t i = 0; i < e->link_count; i++)
		if (e->links[i].event >= 0 && e->links[i].fd < 0)
			return false;
	return true;
}

void links_warn(const struct kernel *e, struct warnings *warnings)
{
	size_t events = slow_events(e);

	if (events < SLOW_FROM)
		return;
	warn(warnings,
	     "%zu sites are attached by a perf event each%s: the kernel will take about %zu seconds to "
	     "take them off%s",
	     events, e->multi ? "" : " (uprobe_multi of Linux 6.6 would need one link)",
	     (events + 5) / 10,
	     can_hand_over(e) ? ", which goes on after telltale has ended" : "");
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* A child's child, so that nobody has to wait for it. */
static bool hand_over(struct kernel *e, int *events, size_t count)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		if (fork())
			_exit(0);
		child_settle("tt-detach", events, count);
		capabilities_keep(0);
		for (size_t i = 0; i < count; i++)
			close(events[i]);
		_exit(0);
	}
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* Ours are not the last ones now. */
	for (size_t i = 0; i < e->link_count; i++)
		close_one(&e->links[i].event);
	return true;
}

static bool hand_over_events(struct kernel *e)
{
	int *events = calloc(e->link_count + 1, sizeof(*events));
	size_t count = 0;
	bool done;

	if (!events)
		return false;
	for (size_t i = 0; i < e->link_count; i++)
		if (e->links[i].event >= 0)
			events[count++] = e->links[i].event;
	qsort(events, count, sizeof(*events), by_number);
	done = hand_over(e, events, count);
	free(events);
	return done;
}

void links_close(struct kernel *e)
{
	bool slow = slow_events(e) >= SLOW_FROM && can_hand_over(e);

	close_by_threads(e, !slow);
	if (slow && !hand_over_events(e))
		close_by_threads(e, true);
	free(e->links);
	e->links = NULL;
	e->link_count = e->link_room = 0;
}
