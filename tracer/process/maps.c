/*
 * Owns the form of /proc/PID/maps:
 *
 *	5581c7c00000-5581c7c21000 r-xp 00002000 fd:01 262153                  /usr/bin/demo
 *
 * The path is a text that the process chose; every length is checked, nothing is copied.
 */
#include "maps.h"

#include <string.h>
#include <sys/sysmacros.h>

struct cursor {
	const char *at, *end;
};

/* Hex or decimal digits, at least one, no overflow; then the character that must follow. */
static bool read_number(struct cursor *c, unsigned base, char then, uint64_t *value)
{
	const char *start = c->at;

	*value = 0;
	for (; c->at < c->end; c->at++) {
		unsigned digit;

		if (*c->at >= '0' && *c->at <= '9')
			digit = (unsigned)(*c->at - '0');
		else if (base == 16 && *c->at >= 'a' && *c->at <= 'f')
			digit = (unsigned)(*c->at - 'a' + 10);
		else
			break;
		if (*value > (UINT64_MAX - digit) / base)
			return false;
		*value = *value * base + digit;
	}
	if (c->at == start)
		return false;
	if (c->at == c->end)
		return !then;
	if (!then)
		return *c->at == ' ';
	return *c->at++ == then;
}

bool maps_parse(const char *line, size_t length, struct maps_line *parsed)
{
	struct cursor c = {line, line + length};
	uint64_t major_number, minor_number;

	memset(parsed, 0, sizeof(*parsed));
	if (!read_number(&c, 16, '-', &parsed->start) || !read_number(&c, 16, ' ', &parsed->end))
		return false;
	if (c.end - c.at < 5 || c.at[4] != ' ')
		return false;
	parsed->writable = c.at[1] == 'w';
	parsed->executable = c.at[2] == 'x';
	parsed->shared = c.at[3] == 's';
	c.at += 5;
	if (!read_number(&c, 16, ' ', &parsed->offset) ||
	    !read_number(&c, 16, ':', &major_number) || !read_number(&c, 16, ' ', &minor_number) ||
	    !read_number(&c, 10, '\0', &parsed->inode))
		return false;
	if (major_number > UINT32_MAX || minor_number > UINT32_MAX || parsed->start >= parsed->end)
		return false;
	parsed->device = makedev((unsigned)major_number, (unsigned)minor_number);
	while (c.at < c.end && *c.at == ' ')
		c.at++;
	parsed->path = c.at;
	parsed->path_length = (size_t)(c.end - c.at);
	return true;
}

static bool starts(const struct maps_line *line, const char *text)
{
	size_t length = strlen(text);

	return line->path_length >= length && !memcmp(line->path, text, length);
}

bool maps_is_file(const struct maps_line *line)
{
	/* Opening a device would call its driver; shared memory below /dev/shm is plain files. */
	if (starts(line, "/dev/"))
		return starts(line, "/dev/shm/");
	/* System V shared memory has the look of a file and none to open. */
	return starts(line, "/") && !starts(line, "/SYSV");
}

bool maps_is_deleted(const struct maps_line *line, size_t *length)
{
	static const char mark[] = " (deleted)";
	const size_t mark_length = sizeof(mark) - 1;

	*length = line->path_length;
	if (line->path_length <= mark_length ||
	    memcmp(line->path + line->path_length - mark_length, mark, mark_length))
		return false;
	*length -= mark_length;
	return true;
}
