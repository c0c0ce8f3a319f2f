/*
 * Any text as a program of the tracing language, against a few probes: parsed, checked, printed, and
 * where it is right, compiled.
 */
#include <stdlib.h>
#include <string.h>

#include "compile/compile.h"
#include "elf/file.h"
#include "lang/ast.h"
#include "tests/unit/probe_help.h"

/* What is refused has a reason, with its place unless it is no fault of the text. */
static void check_refusal(const struct program *program, int code, const struct error *err)
{
	if (code != err->code || !err->text[0])
		abort();
	if (program->diagnostics.errors && !strstr(buffer_string(&program->diagnostics.text), "error: "))
		abort();
}

/* What the engine takes on trust. */
static void check_plan(const struct plan *plan)
{
	for (size_t i = 0; i < plan->program_count; i++) {
		const struct plan_program *program = &plan->programs[i];

		if (!program->insn_count)
			abort();
		for (size_t j = 0; j < program->site_count; j++)
			if (program->sites[j].probe >= plan->probe_count)
				abort();
	}
	for (size_t i = 0; i < plan->record_count; i++)
		for (size_t j = 0; j < plan->records[i].field_count; j++) {
			const struct plan_value *value = &plan->records[i].fields[j].value;

			if (value->offset > plan->records[i].size ||
			    value->size > plan->records[i].size - value->offset)
				abort();
		}
}

/* What functions and symbols are looked for in: of the files by hand none exists. */
static void give_files(struct hand *hand)
{
	static struct elf_file *file;
	struct error err;

	if (!file && elf_file_open("tests/fuzz/seeds/elf/seed", &file, &err))
		abort();
	for (size_t i = 0; i < hand->target.file_count; i++)
		hand->target.files[i].elf = file;
}

static bool yes(void)
{
	return true;
}

static int run(struct program *program, struct hand *hand, const char *text, struct error *err)
{
	const struct compile_options options = {.has_thread_storage = yes};
	struct buffer out = {0};
	struct plan plan = {0};
	int code;

	program->types.kernel_path = "no/btf"; /* the same on every kernel */
	program->no_headers = true;
	code = program_parse("fuzz", text, program, err);

	program_print_tree(program, &out);
	if (!code)
		code = program_check(program, &hand->set, err);
	if (!code) {
		program_print_types(program, &out);
		code = compile(program, &hand->set, &options, &plan, err);
	}
	if (!code) {
		check_plan(&plan);
		plan_print_code(&plan, &out);
		plan_print(&plan, &out);
	}
	plan_free(&plan);
	buffer_free(&out);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct program program = {0};
	struct error err = {0};
	struct hand hand;
	char *text = malloc(size + 1);
	int code;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	hand_make(&hand);
	give_files(&hand);
	hand.set.tracefs = "/"; /* no tracepoints: they differ from machine to machine */
	hand.set.kernel_types = "no/btf"; /* nor what these are */
	hand.set.kernel_symbols = "/no/kallsyms";
	code = run(&program, &hand, text, &err);
	if (code)
		check_refusal(&program, code, &err);
	program_free(&program);
	hand_free(&hand);
	free(text);
	return 0;
}
