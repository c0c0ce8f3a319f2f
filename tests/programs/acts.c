/*
 * What targets do that is hard on a tracer.
 *
 *	acts wait           hits acts:hit every ten milliseconds until it is told to end
 *	acts fork N         forks N children that hit it once each
 *	acts exec N         hits it and runs itself anew, N times
 *	acts reload LIB N   loads the library, calls its reload_hit(), and unloads it, N times
 *
 * With RELOADED defined it is that library.
 */
#include <telltale.h>

#ifdef RELOADED

int reload_hit(int n);
int reload_hit(int n)
{
	TELLTALE_LAZY(reload, hit, n);
	return TELLTALE_ENABLED(reload, hit);
}

#else

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void __attribute__((noinline)) hit(int n)
{
	TELLTALE_SEMA(acts, hit, n);
}

static int reload(const char *path, int times)
{
	for (int i = 0; i < times; i++) {
		void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		int (*function)(int) = library ? (int (*)(int))dlsym(library, "reload_hit") : NULL;

		if (!function)
			return 1;
		function(i);
		dlclose(library);
		if (dlopen(path, RTLD_NOW | RTLD_NOLOAD)) /* it must really be gone */
			return 2;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[argc - 1]) : 0;

	if (argc > 1 && !strcmp(argv[1], "wait"))
		for (;; usleep(10000))
			hit(0);
	if (argc > 2 && !strcmp(argv[1], "fork")) {
		for (int i = 0; i < n; i++) {
			if (!fork()) {
				hit(i);
				_exit(0);
			}
			if (i % 16 == 15)
				while (wait(NULL) > 0)
					;
		}
		while (wait(NULL) > 0)
			;
		return 0;
	}
	if (argc > 2 && !strcmp(argv[1], "exec")) {
		char less[16];

		hit(n);
		snprintf(less, sizeof(less), "%d", n - 1);
		if (n > 1)
			execl("/proc/self/exe", argv[0], "exec", less, (char *)NULL);
		return n != 1;
	}
	if (argc > 3 && !strcmp(argv[1], "reload"))
		return reload(argv[2], n);
	return 2;
}

#endif
