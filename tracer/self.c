/*
 * Owns the signal that a program waits for (self:signal:SIGUSR1): from a run's start to its end it
 * arrives at a descriptor. Without such a program it ends telltale, as it does any other.
 */
#include "session.h"

#include "engine/engine.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static bool is_wanted(const struct plan *plan)
{
	for (size_t i = 0; i < plan->program_count; i++)
		if (plan->programs[i].attach == PLAN_ATTACH_SIGNAL)
			return true;
	return false;
}

int self_open(struct self *self, const struct plan *plan, struct error *err)
{
	sigset_t signals;

	self->fd = -1;
	if (!is_wanted(plan))
		return 0;
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, &self->before);
	self->fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (self->fd >= 0)
		return 0;
	error_set(err, -errno, "signalfd: %s", strerror(errno));
	sigprocmask(SIG_SETMASK, &self->before, NULL);
	return err->code;
}

int self_take(const struct self *self, struct engine *engine, struct error *err)
{
	struct signalfd_siginfo info;

	if (self->fd < 0 || read(self->fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	return engine_signal(engine, err);
}

void self_close(struct self *self)
{
	struct signalfd_siginfo info;

	if (self->fd < 0)
		return;
	/* One that came too late would end us now. */
	while (read(self->fd, &info, sizeof(info)) == sizeof(info))
		;
	close(self->fd);
	self->fd = -1;
	sigprocmask(SIG_SETMASK, &self->before, NULL);
}
