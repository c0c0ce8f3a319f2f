/*
 * What the programs that get traced have in common: how they see, from their own memory, that a
 * tracer has attached, and how they start one and take its time.
 */
#ifndef TESTS_BENCH_WATCH_H
#define TESTS_BENCH_WATCH_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Looks every 20 microseconds, so as to leave the processor to the tracer. */
static inline void look_again(void)
{
	struct timespec t = {0, 20000};

	nanosleep(&t, NULL);
}

/*
 * Starts the command and prints in milliseconds: from before its exec until `attached()`; from its
 * SIGINT until not `attached_any()`, and until it has ended; then its largest memory in KB. Where it
 * does not attach within 20 s, it is killed and nothing is printed.
 */
static inline int time_command(char **command, bool (*attached)(void), bool (*attached_any)(void))
{
	double start, up, interrupt, off, end;
	struct rusage usage;
	int status;
	pid_t pid;

	prctl(PR_SET_TIMERSLACK, 1);
	start = now_ms();
	pid = fork();
	if (pid < 0)
		return 1;
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		signal(SIGINT, SIG_DFL);
		execvp(*command, command);
		_exit(127);
	}
	while (!attached()) {
		if (now_ms() - start > 20000 || waitpid(pid, &status, WNOHANG) == pid) {
			kill(pid, SIGKILL);
			fprintf(stderr, "%s did not attach\n", *command);
			return 1;
		}
		look_again();
	}
	up = now_ms();
	usleep(150000); /* until it waits, and would see a signal */
	interrupt = now_ms();
	kill(pid, SIGINT);
	while (attached_any())
		look_again();
	off = now_ms();
	wait4(pid, &status, 0, &usage);
	end = now_ms();
	printf("%.2f %.2f %.2f %ld\n", up - start, off - interrupt, end - interrupt,
	       usage.ru_maxrss);
	return 0;
}

#endif
