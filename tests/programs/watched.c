/*
 * Bytes to be watched: 10 writes, 3 reads and, in a thread and in a child, 5 writes and 1 more; 7 calls of a function.
 * With a number behind it, so many writes instead of 10.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not 0: what is 0 the kernel writes when the program starts, and these are hits as well. */
volatile long watched = 1;
volatile long beside = 1;

__attribute__((noinline)) void called(void)
{
	__asm__ volatile("");
}

static void *thread(void *n)
{
	for (int i = 0; i < 5; i++)
		watched = i;
	return n;
}

int main(int argc, char **argv)
{
	long writes = argc > 1 ? atol(argv[1]) : 10;
	pthread_t other;

	for (long i = 0; i < writes; i++)
		watched = i;
	for (int i = 0; i < 3; i++)
		beside = watched;
	for (int i = 0; i < 7; i++)
		called();
	if (pthread_create(&other, NULL, thread, NULL) || pthread_join(other, NULL))
		return 1;
	if (!fork()) {
		watched = 1;
		_exit(0);
	}
	return wait(NULL) < 0;
}
