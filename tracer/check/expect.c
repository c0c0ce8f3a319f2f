/*
 * Owns the order of a check of what is emitted: read what is expected, write the program, run it,
 * judge, print. See expect.h.
 */
#include "check/expect.h"

#include <errno.h>
#include <string.h>

static void keep_errors(const struct diagnostics *from, struct buffer *errors)
{
	buffer_add(errors, buffer_string(&from->text), from->text.length);
}

static int compile_program(struct session *s, const struct expectations *e,
			   const struct expect_program *program, struct buffer *errors,
			   struct error *err)
{
	struct source source = {
		.name = e->source.name,
		.text = buffer_string(&program->text),
		.origin = &e->source,
		.parts = program->parts,
		.part_count = program->part_count,
	};
	int rc = session_compile(s, &source, err);

	if (rc)
		keep_errors(&s->program.diagnostics, errors);
	return rc;
}

static int judge(struct session *s, const struct expect_options *options,
		 const struct expectations *e, const struct expect_seen *seen, FILE *file,
		 struct error *err)
{
	struct expect_results results = {.tests = NULL};
	int rc = expect_judge(e, seen, options->any_status, &results, err);

	if (!rc)
		rc = session_print_tests(s, results.tests, results.count, file, options->junit, err);
	expect_results_free(&results);
	return rc;
}

int session_expect(struct session *s, const struct expect_options *options, FILE *file,
		   struct buffer *errors, struct error *err)
{
	struct source source = {.name = options->name, .text = options->text,
				.length = strlen(options->text)};
	struct expectations e = {.items = NULL};
	struct expect_program program = {.text = {0}};
	struct expect_seen seen = {.plan = NULL};
	int rc = expect_parse(&source, &e, err);

	if (!rc)
		rc = expect_write(s, &e, &program, err);
	if (rc)
		keep_errors(&e.diagnostics, errors);
	else
		rc = compile_program(s, &e, &program, errors, err);
	if (!rc && options->show_program)
		rc = fprintf(file, "%s\n", buffer_string(&program.text)) < 0 ? -EIO : 0;
	else if (!rc)
		rc = expect_watch(s, &program, &seen, err);
	if (!rc && !options->show_program)
		rc = judge(s, options, &e, &seen, file, err);
	expect_seen_free(&seen);
	expect_program_free(&program);
	expect_free(&e);
	return rc;
}
