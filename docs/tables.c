/*
 * Writes a manual from its template: a line @NAME@ is replaced by one of the program's own tables,
 * in mdoc(7), everything else stays. What the program has is said by the program only.
 *
 *	fill docs/telltale.1.in sdk/telltale.h >telltale.1
 */
#include "roff.h"

#include "base/memory.h"
#include "cli/cli.h"
#include "lang/config.h"
#include "lang/func.h"
#include "probe/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options and verbs ---- */

static void put_option(const char *name)
{
	fputs("\\fB\\-\\-", stdout);
	put_text(name);
	fputs("\\fR", stdout);
}

static void put_spelling(const struct option_row *row)
{
	if (row->letter)
		printf("\\fB\\-%c\\fR%s", row->letter, row->name ? ", " : "");
	if (row->name)
		put_option(row->name);
	if (option_takes_value(row)) {
		fputs(" \\fI", stdout);
		put_text(row->value);
		fputs("\\fR", stdout);
	}
}

static void put_row(const struct option_row *row)
{
	fputs(".It \"", stdout);
	put_spelling(row);
	fputs("\"\n", stdout);
	put_sentence(row->help);
}

/* The rows in front of the first heading, or those behind. */
static void put_rows(const struct option_row *row, bool own)
{
	bool open = false;

	for (bool heading = false; !option_is_end(row); row++) {
		heading |= row->kind == OPTION_HEADING;
		if (heading == own)
			continue;
		if (row->kind == OPTION_HEADING) {
			printf("%s.Ss %s\n", open ? ".El\n" : "", row->help);
			open = false;
			continue;
		}
		if (!open)
			fputs(".Bl -tag -width Ds\n", stdout);
		open = true;
		put_row(row);
	}
	if (open)
		fputs(".El\n", stdout);
}

/* What it shares with other verbs is described once, and here only named. */
static void put_shared_names(const struct option_row *row)
{
	bool heading = false, any = false;

	for (; !option_is_end(row); row++) {
		heading |= row->kind == OPTION_HEADING;
		if (!heading || row->kind == OPTION_HEADING)
			continue;
		fputs(any ? ", " : ".Pp\nDescribed below: ", stdout);
		any = true;
		if (row->letter)
			printf("\\fB\\-%c\\fR", row->letter);
		else
			put_option(row->name);
	}
	if (any)
		fputs(".\n", stdout);
}

/* A form that stands on a line of its own has the verb in front, and blanks for --help. */
static void put_synopsis(const struct usage *usage)
{
	const char *form = usage->synopsis;

	printf("telltale %s ", usage->verb);
	while (*form) {
		size_t length = strcspn(form, "\n");

		put_line(form, length);
		form += length;
		form += strspn(form, "\n ");
	}
}

static void write_verb(const struct usage *usage, const struct option_row *rows)
{
	printf(".Ss %s\n.Bd -literal\n", usage->verb);
	put_synopsis(usage);
	fputs(".Ed\n", stdout);
	put_paragraphs(usage->text);
	put_rows(rows, true);
	put_shared_names(rows);
}

static void write_shared(const struct usage *usage, const struct option_row *rows)
{
	(void)usage;
	put_rows(rows, false);
}

static void explain(const struct verb *verb)
{
	char name[16], question[] = "--help", *argv[] = {name, question, NULL};

	snprintf(name, sizeof(name), "%s", verb->name);
	verb->run(2, argv);
}

static void verbs(void)
{
	const struct verb *verb;

	explain_instead = write_verb;
	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++)
		explain(verb);
}

/* Of a verb that has them all. */
static void shared_options(void)
{
	const struct verb *verb;

	explain_instead = write_shared;
	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++)
		if (verb->run == trace_main)
			explain(verb);
}

static void verb_lines(void)
{
	const struct verb *verb;

	fputs(".Bl -tag -width features\n", stdout);
	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++) {
		put_item(verb->name);
		put_sentence(verb->help);
	}
	fputs(".El\n", stdout);
}

/* ---- the language ---- */

static void functions(bool aggregate)
{
	const struct function *f;

	fputs(".Bl -tag -width Ds\n", stdout);
	for (size_t i = 0; (f = function_at(i)) != NULL; i++) {
		if ((f->type.kind == TYPE_AGGREGATE) != aggregate)
			continue;
		put_item(f->signature);
		put_sentence(f->what);
	}
	fputs(".El\n", stdout);
}

static void aggregations(void)
{
	functions(true);
}

static void other_functions(void)
{
	functions(false);
}

static void unsafe_functions(void)
{
	const struct function *f;
	const char *comma = "";

	for (size_t i = 0; (f = function_at(i)) != NULL; i++) {
		if (!function_is_unsafe(f))
			continue;
		printf("%s\\fB%s\\fR()", comma, f->name);
		comma = ",\n";
	}
	putchar('\n');
}

static void builtins(void)
{
	const struct builtin *b;

	fputs(".Bl -tag -width username\n", stdout);
	for (size_t i = 0; (b = builtin_at(i)) != NULL; i++) {
		put_item(b->name);
		put_sentence(b->what);
	}
	fputs(".El\n", stdout);
}

static void probes(void)
{
	fputs(".Bl -tag -width Ds\n", stdout);
	for (enum probe_kind k = 0; k < PROBE_KINDS; k++) {
		const struct probe_kind_info *info = probe_kind_info(k);

		fputs(".It \"\\fB", stdout);
		put_text(info->form);
		if (*info->short_name) {
			fputs("\\fR, short \\fB", stdout);
			put_text(info->short_name);
		}
		fputs("\\fR\"\n", stdout);
		put_sentence(info->what);
	}
	fputs(".El\n", stdout);
}

static void put_values(const struct setting *s)
{
	if (s->kind == SETTING_NUMBER)
		printf(" %llu to %llu", (unsigned long long)s->least, (unsigned long long)s->most);
	else if (s->kind == SETTING_TRUTH)
		printf(" true, false");
	else if (s->kind == SETTING_TEXT)
		printf(" TEXT");
	for (size_t i = 0; s->kind == SETTING_WORD && s->words[i]; i++)
		printf("%s %s", i ? "," : "", s->words[i]);
}

static void settings(void)
{
	const struct setting *s;

	fputs(".Bl -tag -width Ds\n", stdout);
	for (size_t i = 0; (s = setting_at(i)) != NULL; i++) {
		if (s->kind == SETTING_NOTHING)
			continue;
		printf(".It \"\\fB%s\\fR =", s->name);
		put_values(s);
		fputs("\"\n", stdout);
		put_sentence(s->what);
		if (s->old || s->opposite)
			printf("(in the environment also BPFTRACE_%s)\n", s->old ? s->old : s->opposite);
	}
	fputs(".El\n", stdout);
}

static void ignored_settings(void)
{
	const struct setting *s;
	const char *comma = "";

	for (size_t i = 0; (s = setting_at(i)) != NULL; i++) {
		if (s->kind != SETTING_NOTHING)
			continue;
		printf("%s\\%%%s", comma, s->name);
		comma = ",\n";
	}
	putchar('\n');
}

static const char *header_path;
static bool header_failed;

static void header(void)
{
	header_failed = put_header(header_path) != 0;
}

static void version(void)
{
	printf(".Os telltale %s\n", TELLTALE_VERSION);
}

static const struct {
	const char *name;
	void (*write)(void);
} tables[] = {
	{"@VERSION@", version},
	{"@VERBS@", verbs},
	{"@VERB_LINES@", verb_lines},
	{"@SHARED_OPTIONS@", shared_options},
	{"@PROBES@", probes},
	{"@BUILTINS@", builtins},
	{"@AGGREGATIONS@", aggregations},
	{"@FUNCTIONS@", other_functions},
	{"@UNSAFE@", unsafe_functions},
	{"@SETTINGS@", settings},
	{"@IGNORED_SETTINGS@", ignored_settings},
	{"@HEADER@", header},
};

static bool write_table(const char *line)
{
	size_t i = 0;

	while (i < sizeof(tables) / sizeof(*tables) && strcmp(tables[i].name, line) != 0)
		i++;
	if (i == sizeof(tables) / sizeof(*tables))
		return false;
	tables[i].write();
	return true;
}

int main(int argc, char **argv)
{
	FILE *file = argc == 3 ? fopen(argv[1], "r") : NULL;
	char *line = NULL;
	size_t room = 0;
	int code = 0;

	if (!file) {
		fprintf(stderr, "usage: fill TEMPLATE HEADER >MANUAL\n");
		return 2;
	}
	header_path = argv[2];
	while (!code && getline(&line, &room, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '@')
			puts(line);
		else if (!write_table(line)) {
			fprintf(stderr, "%s: there is no table %s\n", argv[1], line);
			code = 1;
		}
	}
	free(line);
	fclose(file);
	if (header_failed || fflush(stdout)) {
		perror("fill");
		code = 1;
	}
	return code;
}
