/*
 * Time: the kernel stamps events with CLOCK_MONOTONIC; people and other tools want the day.
 */
#include "state.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { SECOND = 1000000000 };

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* The two clocks can't be read at once. Of several readings the one that took the shortest time
 * was disturbed the least. */
int64_t clock_epoch(void)
{
	int64_t best = INT64_MAX, epoch = 0;

	for (int i = 0; i < 32; i++) {
		int64_t before = now(CLOCK_MONOTONIC);
		int64_t real = now(CLOCK_REALTIME);
		int64_t took = now(CLOCK_MONOTONIC) - before;

		if (took < best) {
			best = took;
			epoch = real - (before + took / 2);
		}
	}
	return epoch;
}

/* 14:03:05.123456, local time. The first half is made once a second only. */
void clock_text(struct output *o, struct buffer *b, uint64_t monotonic)
{
	uint64_t time = monotonic + (uint64_t)o->epoch;
	time_t second = (time_t)(time / SECOND);
	struct tm tm;

	if (second != o->second || !o->second_text[0]) {
		o->second = second;
		if (!localtime_r(&second, &tm) ||
		    !strftime(o->second_text, sizeof(o->second_text), "%H:%M:%S", &tm))
			strcpy(o->second_text, "--:--:--");
	}
	put_text(b, o->second_text);
	put_char(b, '.');
	put_padded(b, time % SECOND / 1000, 6);
}

/* %f, which strftime(3) does not have: microseconds. False when the room does not suffice. */
static bool put_microseconds(const char *format, uint64_t time, char *room, size_t size)
{
	size_t used = 0;

	for (; *format; format++) {
		if (size - used < 8)
			return false;
		if (format[0] == '%' && format[1] == 'f') {
			used += (size_t)snprintf(room + used, size - used, "%06u",
			                         (unsigned)(time % SECOND / 1000));
			format++;
			continue;
		}
		if (format[0] == '%' && format[1])
			room[used++] = *format++;
		room[used++] = *format;
	}
	room[used] = '\0';
	return true;
}

/* An empty result and one without room are the same to strftime(3), which is why a character stands
 * in front. */
int clock_real(struct buffer *b, const char *format, uint64_t time)
{
	time_t second = (time_t)(time / SECOND);
	char marked[512] = ".", text[1024];
	struct tm tm;
	size_t length;

	if (!put_microseconds(format, time, marked + 1, sizeof(marked) - 1) ||
	    !localtime_r(&second, &tm))
		return -EBADMSG;
	length = strftime(text, sizeof(text), marked, &tm);
	if (!length)
		return -EBADMSG;
	buffer_add(b, text + 1, length - 1);
	return 0;
}

/* time(format): the time of the hit, local. */
int clock_format(struct output *o, struct buffer *b, const char *format, uint64_t monotonic)
{
	return clock_real(b, format, monotonic + (uint64_t)o->epoch);
}
