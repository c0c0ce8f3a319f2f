/*
 * A program with a known number of system calls, for tracepoints.sh. By its argument: "calls" (123
 * getppid, two writes of 3 and 5 bytes, an open of a name of its own), "fork" (7 in a child, 5 in
 * itself), "loop" (until it is killed), "burn" (half a second of processor time), "pages" (touches
 * 1000 pages and prints how many faults it has had).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void ask(int times)
{
	while (times--)
		syscall(SYS_getppid);
}

static void touch_pages(void)
{
	struct rusage usage;
	char *pages = mmap(NULL, 1000 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (pages == MAP_FAILED || madvise(pages, 1000 * 4096, MADV_NOHUGEPAGE))
		exit(1);
	for (int i = 0; i < 1000; i++)
		pages[i * 4096] = 1;
	getrusage(RUSAGE_SELF, &usage);
	printf("%ld\n", usage.ru_minflt + usage.ru_majflt);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int null = open("/dev/null", O_WRONLY);

	if (!strcmp(what, "calls")) {
		ask(123);
		if (write(null, "abc", 3) != 3 || write(null, "defgh", 5) != 5)
			return 1;
		openat(AT_FDCWD, "/no/such/file-of-calls", O_RDONLY);
	} else if (!strcmp(what, "fork")) {
		if (!fork()) {
			ask(7);
			_exit(0);
		}
		wait(NULL);
		ask(5);
	} else if (!strcmp(what, "loop")) {
		for (;;) {
			ask(1);
			usleep(1000);
		}
	} else if (!strcmp(what, "burn")) {
		while (clock() < CLOCKS_PER_SEC / 2)
			;
	} else if (!strcmp(what, "pages")) {
		touch_pages();
	}
	return 0;
}
