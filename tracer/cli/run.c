/*
 * telltale run: a program of the tracing language, from a file, from the command line or from
 * standard input.
 */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct usage usage = {
        "run",
        "[TARGET] [OPTIONS] (FILE | - | -e TEXT) [PARAMETERS...] [-- COMMAND ARGS...]",
        "Runs a program of the tracing language, which telltale-language(7) describes; `-` reads it\n"
        "from standard input. PARAMETERS are its $1, $2, ... The one-letter options are bpftrace's.\n"
        "With -l, the words are what is to be listed instead: telltale run -l 'tracepoint:sched:*'.",
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

/* The values of an option that may repeat, each a list with commas. */
static int cut_list(const struct words *given, struct words *list, struct error *err)
{
	for (size_t i = 0; i < given->count; i++) {
		for (char *item = strtok(given->items[i], ", "); item; item = strtok(NULL, ", ")) {
			char **word = array_add(&list->items, &list->count, &list->room, sizeof(*word));

			if (!word)
				return error_memory(err);
			*word = item;
		}
	}
	return 0;
}

/* bpftrace's names for what compares with ours. */
static const char *stage_name(const char *stage)
{
	static const char *const other[][2] = {
	        {"codegen", "code"}, {"codegen-opt", "code"}, {"dis", "code"}, {"libbpf", "plan"}};

	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		if (!strcmp(stage, other[i][0]))
			return other[i][1];
	return stage;
}

static bool is_stage(const char *name)
{
	size_t place = 0;

	while (session_stage(place) && strcmp(session_stage(place), name) != 0)
		place++;
	return session_stage(place);
}

/* The stages to be printed instead of a run, each once, in the order of their making. */
static int take_stages(const struct words *given, struct words *stages, struct error *err)
{
	struct words wanted = {0};
	bool all = false;
	int r = cut_list(given, &wanted, err);

	for (size_t i = 0; i < wanted.count && !r; i++) {
		all |= !strcmp(wanted.items[i], "all");
		if (!all && !is_stage(stage_name(wanted.items[i])))
			r = error_set(err, -EINVAL,
			              "-d: '%s' is none of ast, types, code, plan, verifier, all",
			              wanted.items[i]);
	}
	for (size_t place = 0; session_stage(place) && !r; place++) {
		const char *stage = session_stage(place);
		bool is_wanted = all;
		char **word;

		for (size_t i = 0; i < wanted.count; i++)
			is_wanted |= !strcmp(stage_name(wanted.items[i]), stage);
		if (!is_wanted)
			continue;
		word = array_add(&stages->items, &stages->count, &stages->room, sizeof(*word));
		if (word)
			*word = (char *)stage;
		else
			r = error_memory(err);
	}
	words_free(&wanted);
	return r;
}

/* How results are written: as they come, for which `line` and `none` are one, or in blocks. */
static int take_buffering(struct common *c, const char *mode, struct error *err)
{
	c->large_blocks = mode && !strcmp(mode, "full");
	if (!mode || c->large_blocks || !strcmp(mode, "line") || !strcmp(mode, "none"))
		return 0;
	return error_set(err, -EINVAL, "-B: '%s' is none of none, line, full", mode);
}

/* What the kernel is not to be asked for, as in TELLTALE_WITHOUT. */
static int take_missing(const struct words *given, struct error *err)
{
	static const char variable[] = "TELLTALE_WITHOUT";
	const char *before = getenv(variable);
	struct words names = {0};
	struct buffer list = {0};
	int r = cut_list(given, &names, err);

	if (before)
		buffer_text(&list, before);
	for (size_t i = 0; i < names.count && !r; i++) {
		const char *name = names.items[i];

		if (strcmp(name, "uprobe_multi") != 0 && strcmp(name, "kprobe_multi") != 0)
			r = error_set(err, -EINVAL,
			              "--no-feature: '%s' is neither uprobe_multi nor kprobe_multi", name);
		buffer_print(&list, "%s%s", list.length ? "," : "", name);
	}
	if (!r && (list.failed || (list.length && setenv(variable, buffer_string(&list), 1))))
		r = error_memory(err);
	words_free(&names);
	buffer_free(&list);
	return r;
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

/* A file, or standard input; words behind it are its parameters. */
static bool is_program_name(const char *word)
{
	struct stat st;

	return !strcmp(word, "-") || (!stat(word, &st) && S_ISREG(st.st_mode));
}

/* "struct NAME", "union NAME", "enum NAME" */
static bool is_type(const char *pattern)
{
	return !strncmp(pattern, "struct ", 7) || !strncmp(pattern, "union ", 6) ||
	       !strncmp(pattern, "enum ", 5);
}

/* The patterns that are types go to the front; how many there are. */
static size_t part_types(struct words *patterns)
{
	size_t count = 0;

	for (size_t i = 0; i < patterns->count; i++) {
		char *pattern = patterns->items[i];

		if (!is_type(pattern))
			continue;
		memmove(patterns->items + count + 1, patterns->items + count,
		        (i - count) * sizeof(*patterns->items));
		patterns->items[count++] = pattern;
	}
	return count;
}

static int list_patterns(struct common *c, struct session *session, unsigned how, struct error *err)
{
	static char everything[] = "*";
	struct words patterns = {0};
	size_t types;
	int r = 0, answer = 0;

	for (size_t i = 0; i < c->patterns.count && !r; i++)
		r = cut_patterns(c->patterns.items[i], &patterns, err);
	if (!r && !patterns.count)
		r = cut_patterns(everything, &patterns, err);
	types = part_types(&patterns);
	if (!r && types)
		answer = session_list_types(session, patterns.items, types, how, stdout, err);
	if (!r && (!answer || answer == -ENODATA) && patterns.count > types)
		r = session_list(session, patterns.items + types, patterns.count - types,
		                 LIST_NAMES | how, stdout, err);
	words_free(&patterns);
	return r ? r : answer;
}

/* bpftrace's -l: names of probes of all kinds, or those of a program. Without a pattern, all that
 * there are. */
static int run_list(struct common *c, const char *text)
{
	unsigned how = c->verbose ? LIST_VERBOSE : 0;
	bool is_program = text || (c->patterns.count && is_program_name(c->patterns.items[0]));
	struct session *session = NULL;
	struct buffer program = {0};
	struct error err = {0};
	const char *name;
	int code, r = is_program ? take_program(c, text, &program, &name, &err) : 0;

	if (!r)
		r = common_session(c, stdout, &session, &err);
	if (!r && is_program)
		r = session_list_program(session, name, buffer_string(&program), how, stdout, &err);
	else if (!r)
		r = list_patterns(c, session, how, &err);
	code = !r ? 0 : is_program && session ? complain_of_program(session, &err) : complain(&err);
	session_free(session);
	buffer_free(&program);
	return code;
}

struct run_options {
	bool list, info, version, usdt_files;
	const char *text, *command, *form, *buffering;
	struct words stages, missing;
};

static int run_text(struct common *c, const struct run_options *o)
{
	char *copy = NULL, **words = NULL;
	struct buffer program = {0};
	struct words stages = {0};
	struct error err = {0};
	const char *name = NULL;
	int code = take_stages(&o->stages, &stages, &err);

	if (!code)
		code = take_program(c, o->text, &program, &name, &err);
	if (!code && o->command)
		code = take_command(c, o->command, &copy, &words, &err);
	code = code ? complain(&err) : run_program(c, name, &program, &stages);
	buffer_free(&program);
	words_free(&stages);
	free(copy);
	free(words);
	return code;
}

/* What is asked of telltale instead of a run. */
static int run_answer(struct common *c, const struct run_options *o)
{
	struct error err = {0};

	if (o->version) {
		printf("telltale %s\n", TELLTALE_VERSION);
		return 0;
	}
	if (o->info)
		return session_features(stdout, c->json, &err) ? complain(&err) : 0;
	return run_list(c, o->text);
}

int run_main(int argc, char **argv)
{
	struct run_options o = {0};
	struct common c = {.may_lack_probes = true, .apart = true, .cut_in_printf = true,
	                   .text_default = 1023};
	const struct option_row rows[] = {
	        {'n', "count", OPTION_COUNT, &c.records, "COUNT", "end after that many records"},
	        {'e', "program", OPTION_TEXT, &o.text, "TEXT", "the program itself"},
	        {'c', "command", OPTION_TEXT, &o.command, "COMMAND", "as -- COMMAND, in one word"},
	        {'l', "list", OPTION_FLAG, &o.list, NULL,
	         "list instead of running: the probes that match (-l [GLOB]), or that a program has "
	         "(-l FILE, -l -e TEXT), with their arguments where -v is given; or types of the "
	         "kernel's (-lv 'struct sock*')"},
	        {'f', "format", OPTION_TEXT, &o.form, "FORMAT",
	         "text, or json: bpftrace's JSON; --json is telltale's own"},
	        {'B', NULL, OPTION_TEXT, &o.buffering, "MODE",
	         "how results are written: none or line, as they come; full, in blocks"},
	        {'I', NULL, OPTION_LIST, &c.include_folders, "DIR",
	         "where headers are looked for first; may repeat"},
	        {0, "include", OPTION_LIST, &c.includes, "FILE",
	         "a header to read in front of the program; may repeat"},
	        {0, "dry-run", OPTION_FLAG, &c.dry_run, NULL, "end when everything is attached"},
	        {'d', "dump", OPTION_LIST, &o.stages, "STAGE",
	         "print instead of running: ast, types, code, plan, verifier, several with commas, or all"},
	        {'k', NULL, OPTION_LEVEL, &c.report, NULL,
	         "say at the end which of the kernel's helpers failed; -kk: reads of memory, too"},
	        {0, "unsafe", OPTION_FLAG, &c.is_unsafe, NULL,
	         "allow functions that change the system: system(), signal()"},
	        {0, "no-warnings", OPTION_FLAG, &c.quiet, NULL, "as -q"},
	        {0, "no-feature", OPTION_LIST, &o.missing, "FEATURE",
	         "do without uprobe_multi, kprobe_multi"},
	        {0, "usdt-file-activation", OPTION_FLAG, &o.usdt_files, NULL,
	         "taken, and without effect: the kernel raises semaphores by their file always"},
	        {0, "info", OPTION_FLAG, &o.info, NULL, "as the verb features"},
	        {'V', "version", OPTION_FLAG, &o.version, NULL, "the version"},
	        TRACING_ROWS(&c),
	        ROWS_END,
	};
	struct error err = {0};
	int code;

	if (!common_parse(&c, &usage, rows, argc, argv, &code))
		return code;
	code = take_form(&c, o.form, &err);
	if (!code)
		code = take_buffering(&c, o.buffering, &err);
	if (!code)
		code = take_missing(&o.missing, &err);
	if (code)
		code = complain(&err);
	else
		code = o.list || o.info || o.version ? run_answer(&c, &o) : run_text(&c, &o);
	words_free(&o.stages);
	words_free(&o.missing);
	common_free(&c);
	return code;
}
