/*
 * Owns the process that keeps the semaphores where the kernel does not (before 4.20, or where
 * TELLTALE_WITHOUT=ref_ctr plays that): a fork of telltale that holds nothing but the processes'
 * memory and one end of a socket. It looks for processes that come later, and when the other end is
 * closed, be it by a detach or since telltale was killed, it puts the semaphores back and ends. Of
 * the ways to survive a kill -9 this one needs no file that a next start would have to find and
 * believe; only who kills both leaves semaphores raised.
 *
 * Processes that come later are found by looking, so their first milliseconds go unseen where a
 * marker looks at its semaphore; that is said.
 */
#include "child.h"
#include "features.h"
#include "kernel.h"
#include "privileges.h"
#include "process/target.h"
#include "semaphore.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LOOK_EVERY = 20,   /* milliseconds between two looks at which processes there are */
	AGAIN_EVERY = 25,  /* one of so many looks at the mappings of known ones, too */
};

struct order {
	enum { ORDER_PLACE, ORDER_RAISE } kind; /* ORDER_RAISE is answered when it is done */
	pid_t pid;				/* 0: every process */
	uint64_t device, inode, offset;
};

struct answer {
	pid_t refused_by;
	int refusal;
};

/* ---- the guardian's side ---- */

/* Obeys one order; false when there is nobody to obey any more. */
static bool obey(struct semaphores *s, int socket)
{
	struct order order;
	struct answer answer;

	if (recv(socket, &order, sizeof(order), 0) != sizeof(order))
		return false;
	if (order.kind == ORDER_PLACE)
		return !semaphores_add(s, order.device, order.inode, order.offset, order.pid);
	semaphores_raise(s, true);
	answer = (struct answer){s->refused_by, s->refusal};
	return send(socket, &answer, sizeof(answer), MSG_NOSIGNAL) == sizeof(answer);
}

static void __attribute__((noreturn)) guard(int socket)
{
	struct pollfd told = {.fd = socket, .events = POLLIN};
	struct semaphores s = {0};
	unsigned looks = 0;

	child_settle("tt-semaphores", &socket, 1);
	capabilities_keep(CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_DAC_OVERRIDE) |
	                  CAPABILITY(CAP_DAC_READ_SEARCH) | CAPABILITY(CAP_CHECKPOINT_RESTORE));
	for (;;) {
		int ready = poll(&told, 1, s.since ? LOOK_EVERY : -1);

		if (ready > 0 && !obey(&s, socket))
			break;
		if (!ready)
			semaphores_raise(&s, ++looks % AGAIN_EVERY == 0);
	}
	semaphores_lower(&s);
	semaphores_free(&s);
	_exit(0);
}

/* ---- telltale's side ---- */

static bool order(const struct kernel *e, const struct order *order)
{
	return send(e->guardian.socket, order, sizeof(*order), MSG_NOSIGNAL) == sizeof(*order);
}

/* For the processes that its file is meant for; a followed program is for all. */
static bool order_site(const struct kernel *e, const struct plan_site *site, bool followed)
{
	const struct target_file *file = &e->target->files[site->file];
	struct order o = {ORDER_PLACE, 0, file->device, file->inode, site->semaphore_offset};
	bool sent = true;

	if (followed || !file->pid_count)
		return order(e, &o);
	for (size_t i = 0; i < file->pid_count && sent; i++) {
		o.pid = file->pids[i];
		sent = order(e, &o);
	}
	return sent;
}

/* All of the plan; what the guardian knows already it passes over. */
static bool order_places(const struct kernel *e, size_t *count)
{
	bool sent = true;

	*count = 0;
	for (size_t i = 0; i < e->program_count; i++) {
		const struct plan_program *program = &e->plan->programs[i];

		for (size_t j = 0; j < program->site_count && sent; j++) {
			if (!program->sites[j].semaphore_offset)
				continue;
			++*count;
			sent = order_site(e, &program->sites[j], program->followed);
		}
	}
	return sent;
}

int guardian_start(struct kernel *e, struct error *err)
{
	int ends[2];
	pid_t pid;

	if (feature(FEATURE_REF_CTR)->present)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return error_set(err, -errno, "socketpair: %s", strerror(errno));
	pid = fork();
	if (!pid)
		guard(ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error_set(err, -errno, "fork: %s", strerror(errno));
	}
	e->guardian = (struct guardian){.pid = pid, .socket = ends[0]};
	return 0;
}

int guardian_raise(struct kernel *e, struct warnings *warnings, struct error *err)
{
	struct order now = {.kind = ORDER_RAISE};
	struct answer answer;
	ssize_t got = -1;
	size_t count;

	if (!e->guardian.pid)
		return 0;
	if (order_places(e, &count) && order(e, &now))
		do
			got = recv(e->guardian.socket, &answer, sizeof(answer), 0);
		while (got < 0 && errno == EINTR);
	if (got != sizeof(answer))
		return error_set(err, -ECHILD, "the process that raises semaphores has ended");
	if (answer.refusal)
		warn(warnings, "semaphores of process %d can't be raised: %s", answer.refused_by,
		     strerror(answer.refusal));
	if (count && !e->guardian.said)
		warn(warnings,
		     "this kernel keeps no semaphores (4.20 does): telltale raises them itself, up "
		     "to %d ms late in processes that come later, and %d in libraries",
		     LOOK_EVERY, LOOK_EVERY * AGAIN_EVERY);
	e->guardian.said |= count > 0;
	return 0;
}

bool guardian_end(struct kernel *e)
{
	int status = 0;
	pid_t got;

	if (!e->guardian.pid)
		return true;
	close(e->guardian.socket); /* it ends by this */
	do
		got = waitpid(e->guardian.pid, &status, 0);
	while (got < 0 && errno == EINTR);
	e->guardian.pid = 0;
	return got < 0 || (WIFEXITED(status) && !WEXITSTATUS(status));
}
