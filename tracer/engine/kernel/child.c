/* Owns how a fork of telltale becomes a process of its own, which holds nothing that it need not. */
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void close_range_of(unsigned first, unsigned last)
{
	unsigned most = (unsigned)sysconf(_SC_OPEN_MAX);

	if (first > last || !syscall(SYS_close_range, first, last, 0))
		return;
	/* Before 5.9 one by one. */
	for (unsigned fd = first; fd <= last && fd < most; fd++)
		close((int)fd);
}

void child_settle(const char *name, const int *keep, size_t count)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	unsigned next = 3;
	int null;

	setsid();
	prctl(PR_SET_NAME, name);
	for (int signal = 1; signal < SIGRTMAX; signal++)
		if (signal != SIGCHLD && signal != SIGSEGV && signal != SIGBUS && signal != SIGABRT)
			sigaction(signal, &ignore, NULL); /* of two it is refused */
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	for (size_t i = 0; i < count; i++) {
		if ((unsigned)keep[i] > next)
			close_range_of(next, (unsigned)keep[i] - 1);
		next = (unsigned)keep[i] + 1;
	}
	close_range_of(next, ~0u);
}
