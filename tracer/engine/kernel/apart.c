/*
 * Owns how sites are attached and taken off without a chance for a kill -9 in the middle. A process
 * that is being killed can't touch other processes' pages any more, so the kernel gives up undoing
 * what it has begun ("failed to unregister, leaking uprobe", seen on 6.18 with one kill in six):
 * breakpoints and raised semaphores would stay in the target.
 *
 * So it is done by a process of its own, which shares memory and descriptors with us, as vfork(2) has
 * it: we wait until it is through. Who kills us meanwhile kills us only; the other one finishes, and
 * its end closes the descriptors, which takes everything off in peace.
 */
#include "apart.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 1 << 20 };

struct call {
	void (*function)(void *context);
	void *context;
};

/*
 * In a group of its own, so that a signal to ours does not mean it; other signals are blocked. Not in a
 * session of its own, which the scheduler would let wait behind who is busy in ours (autogroups).
 */
static int apart(void *context)
{
	const struct call *call = context;

	setpgid(0, 0);
	prctl(PR_SET_NAME, "tt-attach");
	call->function(call->context);
	_exit(0);
}

void run_apart(void (*function)(void *context), void *context)
{
	struct call call = {function, context};
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	sigset_t all, old;
	int pid = -1;

	if (stack != MAP_FAILED) {
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, &old);
		/* Without a signal at its end, which would be news to who embeds us. */
		pid = clone(apart, stack + STACK, CLONE_VM | CLONE_VFORK | CLONE_FILES, &call);
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
	if (pid < 0)
		function(context);
	else
		while (waitpid(pid, NULL, __WCLONE) < 0 && errno == EINTR)
			;
	if (stack != MAP_FAILED)
		munmap(stack, STACK);
}
