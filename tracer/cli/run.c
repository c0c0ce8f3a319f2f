/*
 * telltale run: a program of the tracing language, from a file, from the command line or from
 * standard input.
 */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct usage usage = {
        "run",
        "[TARGET] [OPTIONS] (FILE | - | -e TEXT) [PARAMETERS...] [-- COMMAND ARGS...]",
        "Runs a program of the tracing language, which telltale-language(7) describes; `-` reads it\n"
        "from standard input. PARAMETERS are its $1, $2, ... The one-letter options are bpftrace's.\n"
        "With -l, the words are probes to be listed instead: telltale run -l 'tracepoint:sched:*'.",
};

/* Splits the text of -c into words, in place: blanks part them, quotes and backslashes keep blanks
 * in. Nothing is expanded. Returns false at a quote that does not end. */
static bool split_command(char *text, char **words, size_t most)
{
	char *out = text, quote = 0;
	size_t count = 0;
	bool inside = false;

	for (; *text; text++) {
		bool blank = *text == ' ' || *text == '\t' || *text == '\n';

		if (!quote && blank) {
			if (inside)
				*out++ = '\0';
			inside = false;
			continue;
		}
		if (!inside && count < most)
			words[count++] = out;
		inside = true;
		if (quote ? *text == quote : *text == '"' || *text == '\'')
			quote = quote ? 0 : *text;
		else if (*text == '\\' && quote != '\'' && text[1])
			*out++ = *++text;
		else
			*out++ = *text;
	}
	*out = '\0';
	words[count] = NULL;
	return !quote && count > 0;
}

/* The `-c` of the command line as the words of a command. */
static int take_command(struct common *c, const char *command, char **copy, char ***words,
                        struct error *err)
{
	size_t most = strlen(command) / 2 + 1;

	if (c->command)
		return error_set(err, -EINVAL, "one command: with -c or behind --");
	*copy = strdup(command);
	*words = calloc(most + 1, sizeof(**words));
	if (!*copy || !*words)
		return error_memory(err);
	if (!split_command(*copy, *words, most))
		return error_set(err, -EINVAL, "-c: '%s' is not a command", command);
	c->command = *words;
	return 0;
}

/* The program's text and what messages call it. */
static int take_program(struct common *c, const char *text, struct buffer *program,
                        const char **name, struct error *err)
{
	c->parameters = c->patterns.items;
	c->parameter_count = c->patterns.count;
	if (text) {
		*name = "-e";
		buffer_text(program, text);
		return 0;
	}
	if (!c->patterns.count)
		return error_set(err, -EINVAL, "run needs a program: FILE, '-' or -e TEXT");
	c->parameters++;
	c->parameter_count--;
	*name = !strcmp(c->patterns.items[0], "-") ? "stdin" : c->patterns.items[0];
	return read_text(c->patterns.items[0], program, err);
}

static int take_form(struct common *c, const char *form, struct error *err)
{
	c->bpftrace_json = form && !strcmp(form, "json");
	if (!form || c->bpftrace_json || !strcmp(form, "text"))
		return 0;
	return error_set(err, -EINVAL, "-f: '%s' is neither text nor json", form);
}

static int check_stage(const char *stage, struct error *err)
{
	static const char *const stages[] = {"ast", "types", "code", "plan"};

	for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++)
		if (!stage || !strcmp(stage, stages[i]))
			return 0;
	return error_set(err, -EINVAL, "-d: '%s' is none of ast, types, code, plan", stage);
}

/* Cuts a list of patterns at its commas, as a program's probes are; in quotes and parentheses, which
 * C++ names have, they stay. */
static int cut_patterns(char *text, struct words *patterns, struct error *err)
{
	unsigned depth = 0;
	bool quoted = false;
	char *start = text;

	for (;; text++) {
		char **word, c = *text;

		quoted ^= c == '"';
		depth += c == '(';
		depth -= c == ')' && depth;
		if (c && (c != ',' || quoted || depth))
			continue;
		*text = '\0';
		start += strspn(start, " ");
		word = *start ? array_add(&patterns->items, &patterns->count, &patterns->room,
					  sizeof(*word))
			      : NULL;
		if (*start && !word)
			return error_memory(err);
		if (word)
			*word = start;
		if (!c)
			return 0;
		start = text + 1;
	}
}

/* bpftrace's -l: names of probes of all kinds. Without a pattern, all that there are. */
static int run_list(struct common *c)
{
	static char everything[] = "*";
	struct words patterns = {0};
	struct session *session = NULL;
	struct error err = {0};
	int r = 0;

	for (size_t i = 0; i < c->patterns.count && !r; i++)
		r = cut_patterns(c->patterns.items[i], &patterns, &err);
	if (!r && !patterns.count)
		r = cut_patterns(everything, &patterns, &err);
	if (!r)
		r = common_session(c, stdout, &session, &err);
	if (!r)
		r = session_list(session, patterns.items, patterns.count,
		                 LIST_NAMES | (c->verbose ? LIST_VERBOSE : 0), stdout, &err);
	session_free(session);
	words_free(&patterns);
	return r ? complain(&err) : 0;
}

int run_main(int argc, char **argv)
{
	bool list = false;
	const char *text = NULL, *stage = NULL, *command = NULL, *name = NULL, *form = NULL;
	struct common c = {.may_lack_probes = true, .apart = true};
	const struct option_row rows[] = {
	        {'n', "count", OPTION_COUNT, &c.records, "COUNT", "end after that many records"},
	        {'e', "program", OPTION_TEXT, &text, "TEXT", "the program itself"},
	        {'c', "command", OPTION_TEXT, &command, "COMMAND", "as -- COMMAND, in one word"},
	        {'l', "list", OPTION_FLAG, &list, NULL,
	         "list the probes that match instead of running: -l [GLOB]; -v: with their arguments"},
	        {'f', "format", OPTION_TEXT, &form, "FORMAT",
	         "text, or json: bpftrace's JSON; --json is telltale's own"},
	        {'d', "dump", OPTION_TEXT, &stage, "STAGE",
	         "print ast, types, code or plan instead of running"},
	        {'k', NULL, OPTION_LEVEL, &c.report, NULL,
	         "say at the end which of the kernel's helpers failed; -kk: reads of memory, too"},
	        {0, "unsafe", OPTION_FLAG, &c.is_unsafe, NULL,
	         "allow functions that change the system: system(), signal()"},
	        {0, "no-warnings", OPTION_FLAG, &c.quiet, NULL, "as -q"},
	        TRACING_ROWS(&c),
	        ROWS_END,
	};
	char *copy = NULL, **words = NULL;
	struct buffer program = {0};
	struct error err = {0};
	int code;

	if (!common_parse(&c, &usage, rows, argc, argv, &code))
		return code;
	if (list) {
		code = run_list(&c);
		common_free(&c);
		return code;
	}
	code = check_stage(stage, &err);
	if (!code)
		code = take_form(&c, form, &err);
	if (!code)
		code = take_program(&c, text, &program, &name, &err);
	if (!code && command)
		code = take_command(&c, command, &copy, &words, &err);
	code = code ? complain(&err) : run_program(&c, name, &program, stage);
	buffer_free(&program);
	free(copy);
	free(words);
	common_free(&c);
	return code;
}
