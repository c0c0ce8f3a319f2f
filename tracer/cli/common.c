/*
 * From a parsed command line to a session: the target, the limits, where warnings go.
 */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --engine's word. */
static int read_engine(struct common *c, struct error *err)
{
	static const char *const names[] = {
	        [SESSION_ENGINE_AUTO] = "auto",
	        [SESSION_ENGINE_KERNEL] = "kernel",
	        [SESSION_ENGINE_USER] = "user",
	};

	for (size_t i = 0; c->engine && i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(c->engine, names[i]))
			continue;
		c->engine_number = (enum session_engine)i;
		return 0;
	}
	return c->engine ? error_set(err, -EINVAL, "--engine: '%s' is none of auto, kernel, user",
	                             c->engine)
	                 : 0;
}

bool common_parse(struct common *c, const struct usage *usage, const struct option_row *rows,
                  int argc, char **argv, int *code)
{
	struct error err = {0};
	int r = options_parse(usage, rows, argc, argv, &c->patterns, &c->command, &err);

	if (!r && c->text_limit > TEXT_LIMIT_MOST)
		r = error_set(&err, -EINVAL, "--strlen: at most %d", TEXT_LIMIT_MOST);
	if (!r)
		r = read_engine(c, &err);
	if (!r)
		return true;
	*code = r == OPTIONS_DONE ? 0 : EXIT_WRONG;
	if (r != OPTIONS_DONE)
		complain(&err);
	common_free(c);
	return false;
}

void common_free(struct common *c)
{
	words_free(&c->pids);
	words_free(&c->files);
	words_free(&c->provider_files);
	words_free(&c->patterns);
	words_free(&c->include_folders);
	words_free(&c->includes);
}

static void say_warning(void *context, const char *line)
{
	const struct common *c = context;

	if (!c->quiet)
		fprintf(stderr, "telltale: warning: %s\n", line);
}

static void say_remark(void *context, const char *line)
{
	(void)context;
	fprintf(stderr, "telltale: %s\n", line);
}

/* Colours are for a person who looks on, and who did not say no. */
static bool wants_color(FILE *file)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(file)) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

static int add_pid(struct session *session, const char *text, struct error *err)
{
	int64_t pid;

	if (!text_number(text, &pid) || pid < 1 || pid > INT_MAX)
		return error_set(err, -EINVAL, "-p: '%s' is not the number of a process", text);
	return session_add_process(session, (pid_t)pid, err);
}

static int add_target(const struct common *c, struct session *session, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < c->provider_files.count && !r; i++)
		r = session_add_provider_file(session, c->provider_files.items[i], err);
	for (size_t i = 0; i < c->pids.count && !r; i++)
		r = add_pid(session, c->pids.items[i], err);
	for (size_t i = 0; i < c->files.count && !r; i++)
		r = session_add_file(session, c->files.items[i], err);
	if (!r && c->command)
		r = session_add_command(session, c->command, err);
	return r;
}

int common_session(struct common *c, FILE *file, struct session **session, struct error *err)
{
	struct session_options options = {
	        .engine = c->engine_number,
	        .json = c->json,
	        .bpftrace_json = c->bpftrace_json,
	        .color = wants_color(file),
	        .large_blocks = c->large_blocks,
	        .text_default = c->text_default,
	        .cut_in_printf = c->cut_in_printf,
	        .dry_run = c->dry_run,
	        .include_folders = c->include_folders.items,
	        .include_folder_count = c->include_folders.count,
	        .includes = c->includes.items,
	        .include_count = c->includes.count,
	        .text_limit = (uint32_t)c->text_limit,
	        .may_lack_probes = c->may_lack_probes,
	        .report = c->report > 2 ? 2 : c->report,
	        .is_unsafe = c->is_unsafe,
	        .parameters = c->parameters,
	        .parameter_count = c->parameter_count,
	        .ring_bytes = c->ring_bytes,
	        .most_records = c->records,
	        .seconds = c->seconds,
	        .no_follow = c->no_follow,
	        .wait = c->wait,
	        .percentiles = c->percentiles,
	        .apart = c->apart,
	        .debug_verifier = c->verbose,
	        .drop_privileges = true,
	};
	int r;

	c->warnings = (struct warnings){.say = say_warning,
	                                .context = c,
	                                .remark = c->verbose ? say_remark : NULL};
	r = session_new(&options, &c->warnings, session, err);
	if (r)
		return r;
	r = add_target(c, *session, err);
	if (r) {
		session_free(*session);
		*session = NULL;
	}
	return r;
}

/* ---- texts ---- */

int read_text(const char *path, struct buffer *text, struct error *err)
{
	if (!strcmp(path, "-"))
		return text_read_stream(stdin, "standard input", text, err);
	return text_read(path, text, err);
}
