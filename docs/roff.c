/*
 * Texts as mdoc(7) wants them.
 */
#include "roff.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* So that no character is a request, a macro, or prettified into another one. */
static void put(const char *text, size_t length)
{
	static const struct {
		char c;
		const char *roff;
	} special[] = {{'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'`', "\\(ga"},
		       {'^', "\\(ha"}, {'~', "\\(ti"}, {'"', "\\(dq"}};

	for (size_t i = 0; i < length; i++) {
		size_t s = 0;

		while (s < sizeof(special) / sizeof(*special) && special[s].c != text[i])
			s++;
		if (s < sizeof(special) / sizeof(*special))
			fputs(special[s].roff, stdout);
		else
			putchar(text[i]);
	}
}

void put_text(const char *text)
{
	put(text, strlen(text));
}

void put_line(const char *line, size_t length)
{
	fputs("\\&", stdout);
	put(line, length);
	putchar('\n');
}

void put_sentence(const char *text)
{
	put_line(text, strlen(text));
}

void put_item(const char *text)
{
	fputs(".It \"\\fB", stdout);
	put_text(text);
	fputs("\\fR\"\n", stdout);
}

static bool is_literal(const char *text, size_t length)
{
	return *text == ' ' || *text == '\t' || memmem(text, length, "\n ", 2) ||
	       memmem(text, length, "\n\t", 2);
}

void put_paragraphs(const char *text)
{
	while (*text) {
		const char *end = strstr(text, "\n\n");
		size_t length = end ? (size_t)(end - text) : strlen(text);
		bool literal = is_literal(text, length);

		fputs(literal ? ".Bd -literal\n" : ".Pp\n", stdout);
		for (size_t at = 0; at < length;) {
			const char *newline = memchr(text + at, '\n', length - at);
			size_t line = newline ? (size_t)(newline - text) - at : length - at;

			put_line(text + at, line);
			at += line + 1;
		}
		if (literal)
			fputs(".Ed\n", stdout);
		text += length + (end ? 2 : 0);
	}
}
