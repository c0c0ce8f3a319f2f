/*
 * The comments of the SDK's header that are for its users: its first one, and those from the heading
 * "The markers" on to the heading that begins with "For headers".
 */
#include "roff.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMENT_MOST = 8192 };

/* The next comment of several lines, without its stars; false at the end. */
static bool read_comment(FILE *file, char *text, size_t room)
{
	char line[512];
	size_t length = 0, start;
	bool inside = false;

	while (fgets(line, sizeof(line), file)) {
		if (!inside) {
			inside = !strcmp(line, "/*\n");
			continue;
		}
		if (!strcmp(line, " */\n"))
			break;
		start = strncmp(line, " *", 2) ? 0 : line[2] == ' ' ? 3 : 2;
		length += (size_t)snprintf(text + length, room - length, "%s", line + start);
		if (length >= room)
			return false;
	}
	text[length] = '\0';
	return inside;
}

/* Behind the first line and the empty ones that follow it. */
static const char *behind_line(const char *text)
{
	text += strcspn(text, "\n");
	return text + strspn(text, "\n");
}

/* TITLE, and under it a line of =. */
static bool is_heading(const char *text)
{
	const char *newline = strchr(text, '\n');

	return newline && newline[1] == '=';
}

static void put_heading(const char *text)
{
	const char *rest = behind_line(behind_line(text));

	fputs(".Sh ", stdout);
	for (; *text != '\n'; text++)
		putchar(toupper((unsigned char)*text));
	putchar('\n');
	put_paragraphs(rest);
}

/* "MACRO(...) - what it is." */
static void put_macro(char *text)
{
	char *dash = strstr(text, " - ");

	if (dash) {
		*dash = '\0';
		printf(".Ss \"");
		put_text(text);
		printf("\"\n");
		text = dash + 3;
	}
	put_paragraphs(text);
}

int put_header(const char *path)
{
	FILE *file = fopen(path, "r");
	char text[COMMENT_MOST];
	bool first = true, wanted = false;

	if (!file)
		return -errno;
	while (read_comment(file, text, sizeof(text))) {
		if (is_heading(text)) {
			wanted = strncmp(text, "For headers", 11) != 0;
			if (!wanted)
				break;
			put_heading(text);
		} else if (first) {
			put_paragraphs(behind_line(text));
		} else if (wanted) {
			put_macro(text);
		}
		first = false;
	}
	fclose(file);
	return wanted ? -ENODATA : 0;
}
