/*
 * What a verb's table says to people (--help) and to the shell (--list-options).
 */
#include "explain.h"

#include <stdio.h>
#include <string.h>

void (*explain_instead)(const struct usage *usage, const struct option_row *rows);

bool option_is_end(const struct option_row *row)
{
	return !row->letter && !row->name && !row->help;
}

bool option_takes_value(const struct option_row *row)
{
	return row->kind != OPTION_FLAG && row->kind != OPTION_LEVEL;
}

static bool has_letter(const struct option_row *rows, char letter)
{
	while (!option_is_end(rows) && rows->letter != letter)
		rows++;
	return !option_is_end(rows);
}

enum { COLUMN = 28, WIDTH = 100 };

/* From the column on, in lines that fit. */
static void print_wrapped(const char *text)
{
	size_t most = WIDTH - COLUMN, length;

	while ((length = strlen(text)) > most) {
		length = most;
		while (length && text[length] != ' ')
			length--;
		length = length ? length : most;
		printf("%.*s\n%*s", (int)length, text, COLUMN, "");
		text += length + (text[length] == ' ');
	}
	printf("%s\n", text);
}

static void print_row(const struct option_row *row)
{
	int width = printf("  ");

	if (row->letter)
		width += printf("-%c%s", row->letter, row->name ? ", " : "");
	else
		width += printf("    ");
	if (row->name)
		width += printf("--%s", row->name);
	if (option_takes_value(row))
		width += printf(" %s", row->value);
	if (width > COLUMN - 2) {
		printf("\n");
		width = 0;
	}
	printf("%*s", COLUMN - width, "");
	print_wrapped(row->help);
}

static void print_help(const struct usage *usage, const struct option_row *rows)
{
	const struct option_row help = {has_letter(rows, 'h') ? 0 : 'h', "help", OPTION_FLAG, NULL,
	                                NULL, "this text"};
	bool first = true;

	printf("Usage: telltale %s %s\n\n%s\n", usage->verb, usage->synopsis, usage->text);
	for (; !option_is_end(rows); rows++, first = false) {
		if (rows->kind == OPTION_HEADING)
			printf("\n%s:\n", rows->help);
		else if (first)
			printf("\nOptions:\n");
		if (rows->kind != OPTION_HEADING)
			print_row(rows);
	}
	printf("\n");
	print_row(&help);
}

/* Every spelling, what its value is called, and what it does. */
static void print_words(const struct option_row *rows)
{
	if (!has_letter(rows, 'h'))
		printf("-h\t\tthis text\n");
	for (; !option_is_end(rows); rows++) {
		const char *value = option_takes_value(rows) ? rows->value : "";

		if (rows->letter)
			printf("-%c\t%s\t%s\n", rows->letter, value, rows->help);
		if (rows->name)
			printf("--%s\t%s\t%s\n", rows->name, value, rows->help);
	}
	printf("--help\t\tthis text\n");
}

bool explain_answer(const struct usage *usage, const struct option_row *rows, const char *argument)
{
	bool help = !strcmp(argument, "--help") ||
	            (!strcmp(argument, "-h") && !has_letter(rows, 'h'));

	if (explain_instead)
		explain_instead(usage, rows);
	else if (help)
		print_help(usage, rows);
	else if (!strcmp(argument, "--list-options"))
		print_words(rows);
	else
		return false;
	return true;
}
