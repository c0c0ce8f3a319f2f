/*
 * A program that does the same every time: what both engines are held against each other on
 * (kernel/both_engines.sh), and what the user engine alone is tried on. Its argument says what of it.
 */
#include <telltale.h>

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))

static const char *const words[] = {"alpha", "beta", "", "delta, the fourth", "\xc3\xa9\xff\x01"};
enum { WORDS = sizeof(words) / sizeof(*words) };

/* Not const: what the compiler knows of it would be no work. */
static volatile long seed = 1;

APART long fib(long n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

APART long mix(long a, const char *word)
{
	long value = a * 31 + (long)strlen(word);

	__asm__ volatile("" : "+r"(value));
	return value % 17 - 5;
}

static jmp_buf back;

APART long leaves(long n)
{
	if (n % 3 == 0)
		longjmp(back, 1);
	return n;
}

APART long tail(long n)
{
	return mix(n, "tail");
}

static void numbers(void)
{
	for (long i = 0; i < 200; i++) {
		uint8_t small = (uint8_t)(i * 7);
		int16_t less = (int16_t)(i * -300);
		uint64_t wide = (uint64_t)i << 56 | (uint64_t)i;

		TELLTALE(both, numbers, i, small, less, wide);
		TELLTALE(both, floats, i, (float)i / 4, (double)i / -3);
		seed += mix(i, words[i % WORDS]);
	}
}

static void texts(void)
{
	char bytes[] = "with\0a zero";
	const char *nowhere = (const char *)8;

	for (long i = 0; i < 40; i++) {
		TELLTALE_SEMA(both, text, i, TELLTALE_ARG(word, words[i % WORDS]),
			      TELLTALE_BUF(bytes, sizeof(bytes) - i % 4));
		TELLTALE(both, pointer, i, TELLTALE_ARG(bad, i % 4 ? words[0] : nowhere));
		TELLTALE_LAZY(both, lazy, i);
	}
}

static void calls(void)
{
	seed = fib(12);
	for (volatile long i = 0; i < 20; i++) {
		if (!setjmp(back))
			leaves(i);
		seed += tail(i);
	}
}

static void *thread(void *argument)
{
	long number = (long)(intptr_t)argument;
	volatile long own = 0;

	for (long i = 0; i < 500; i++) {
		TELLTALE_SEMA(both, thread, number, i);
		own += mix(i, "thread");
	}
	return NULL;
}

static void threads(void)
{
	pthread_t all[8];

	for (intptr_t i = 0; i < 8; i++)
		pthread_create(&all[i], NULL, thread, (void *)i);
	for (int i = 0; i < 8; i++)
		pthread_join(all[i], NULL);
}

/* Children of every kind: a copy, one that shares memory, and one that becomes another program. */
static int children(char *self)
{
	int status, sum = 0;

	for (int i = 0; i < 4; i++) {
		pid_t child = i == 2 ? vfork() : fork();

		if (!child) {
			if (i >= 2) {
				execl(self, self, "numbers", (char *)NULL);
				_exit(99);
			}
			TELLTALE_SEMA(both, child, i);
			_exit((int)fib(5) + i);
		}
		waitpid(child, &status, 0);
		TELLTALE(both, parent, i);
		sum = sum * 10 + (WIFEXITED(status) ? WEXITSTATUS(status) : 100);
	}
	return sum;
}

static int loads(const char *library)
{
	for (int i = 0; i < 3; i++) {
		void *handle = dlopen(library, RTLD_NOW);
		void (*hit)(void) = handle ? (void (*)(void))dlsym(handle, "hit") : NULL;

		if (!hit)
			return 98;
		hit();
		dlclose(handle);
	}
	return 0;
}

static volatile sig_atomic_t traps, users;

static void count_signal(int number)
{
	if (number == SIGTRAP)
		traps++;
	else
		users++;
	if (number != SIGTRAP) /* which would be blocked: the kernel then takes its handler away */
		TELLTALE(both, handler, number);
}

static int signals(void)
{
	signal(SIGTRAP, count_signal);
	signal(SIGUSR1, count_signal);
	for (int i = 0; i < 10; i++) {
		TELLTALE_SEMA(both, signals, i);
		raise(SIGUSR1);
		__asm__ volatile("int3");
		raise(SIGTRAP);
		seed += mix(i, "signal");
	}
	return traps == 20 && users == 10 ? 20 : 97;
}

/* Until it is told to end; the file says how far it is. */
static int forever(void)
{
	for (long i = 0;; i++) {
		TELLTALE_SEMA(both, tick, i);
		seed += mix(i, "tick");
		if (i % 1000 == 0)
			usleep(1000);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "numbers"))
		numbers();
	else if (!strcmp(what, "texts"))
		texts();
	else if (!strcmp(what, "calls"))
		calls();
	else if (!strcmp(what, "threads"))
		threads();
	else if (!strcmp(what, "children"))
		return children(argv[0]) % 128;
	else if (!strcmp(what, "loads") && argc > 2)
		return loads(argv[2]);
	else if (!strcmp(what, "signals"))
		return signals();
	else if (!strcmp(what, "dies"))
		numbers(), raise(SIGSEGV);
	else if (!strcmp(what, "forever"))
		return forever();
	else
		return 2;
	return (int)((unsigned long)seed % 64);
}
