/*
 * Owns what /proc and /sys tell of the machine: small files, which CPUs there are.
 */
#include "features.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Reads the start of a file into text; false where it can't be read. */
bool small_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return length > 0;
}

bool small_number(const char *path, long *number)
{
	char text[64], *end;

	if (!small_text(path, text, sizeof(text)))
		return false;
	*number = strtol(text, &end, 10);
	return end != text;
}

int first_cpu(void)
{
	long cpu;

	/* "0-3,8": the first number is all that is needed. */
	return small_number("/sys/devices/system/cpu/online", &cpu) ? (int)cpu : 0;
}

int each_cpu(int (*call)(void *context, int cpu), void *context)
{
	char text[1024], *at = text;
	int code = 0;

	if (!small_text("/sys/devices/system/cpu/online", text, sizeof(text)))
		return call(context, 0);
	while (!code && *at >= '0' && *at <= '9') {
		long cpu = strtol(at, &at, 10), last = cpu;

		if (*at == '-')
			last = strtol(at + 1, &at, 10);
		for (; !code && cpu <= last; cpu++)
			code = call(context, (int)cpu);
		at += *at == ',';
	}
	return code;
}
