/*
 * Owns what becomes of files that come while a plan runs: libraries that a process of the target
 * loads, programs that it or a child of it becomes, files that replace one of the target's. The same
 * text of the program is checked and compiled once more, for the probes of the new files only, and
 * added to the plan that runs, whose maps it shares. What does not fit there is left out, with a
 * warning.
 */
#include "session.h"

#include "base/text.h"
#include "elf/symbol.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One addition to the plan, which points into both. */
struct addition {
	struct probe_set probes;
	struct program program;
};

static void free_addition(struct addition *a)
{
	if (a) {
		program_free(&a->program);
		probes_free(&a->probes);
		free(a);
	}
}

void late_forget(struct session *s)
{
	for (size_t i = 0; i < s->addition_count; i++)
		free_addition(s->additions[i]);
	free(s->additions);
	s->additions = NULL;
	s->addition_count = s->addition_room = 0;
}

/* ---- where dynamic linkers tell ---- */

/* By its name: ld-linux-x86-64.so.2, ld-2.31.so, ld-musl-x86_64.so.1, ld.so.1. */
static bool is_dynamic_linker(const struct target_file *file)
{
	const char *slash = strrchr(file->path, '/'), *name = slash ? slash + 1 : file->path;

	return glob_match("ld[-.]*so*", name);
}

/* r_state of struct r_debug (<link.h>): RT_ADD or RT_DELETE while libraries come or go. */
static int64_t state_of(const struct target_file *file, const struct symbols *symbols,
			const struct symbol *from)
{
	const struct symbol *debug = symbols_named(symbols, "_r_debug", NULL);
	unsigned width = elf_file_facts(file->elf)->bits / 8;

	return debug ? (int64_t)(debug->address + 3 * width - from->address) : 0;
}

/*
 * The function that debuggers stop at: called when the list of libraries has changed, those that were mapped
 * being neither relocated nor initialised yet.
 */
static int add_loader(struct session *s, size_t file, struct error *err)
{
	const struct target_file *of = &s->target.files[file];
	struct plan_loader *loader;
	const struct symbol *symbol;
	struct symbols *symbols;
	struct error ignored;
	uint64_t offset;
	int rc = 0;

	if (!is_dynamic_linker(of) || symbols_read(of->elf, &symbols, &ignored))
		return 0;
	symbol = symbols_named(symbols, "_dl_debug_state", NULL);
	if (symbol && elf_file_offset(of->elf, symbol->address, &offset)) {
		loader = array_add(&s->plan.loaders, &s->plan.loader_count, &s->plan.loader_room,
				   sizeof(*loader));
		rc = loader ? 0 : error_memory(err);
		if (loader)
			*loader = (struct plan_loader){(uint32_t)file, offset,
						       state_of(of, symbols, symbol)};
	}
	symbols_free(symbols);
	return rc;
}

static int add_loaders(struct session *s, size_t first_file, struct error *err)
{
	int rc = 0;

	for (size_t i = first_file; i < s->target.file_count && !rc; i++)
		rc = add_loader(s, i, err);
	return rc;
}

/* Whether a file that nobody knows yet can have probes that the program means. */
static bool wants_files(const struct session *s, struct arena *arena)
{
	for (const struct clause *c = s->program.clauses; c; c = c->next) {
		for (const struct clause_probe *p = c->probes; p; p = p->next) {
			struct probe_spec spec;
			struct error ignored;

			if (!probe_spec_parse(p->text, arena, &spec, &ignored) &&
			    probe_in_file(spec.kind))
				return true;
		}
	}
	return false;
}

int late_prepare(struct session *s, struct error *err)
{
	struct error why;

	if (!s->target.process_count || !wants_files(s, &s->program.arena))
		return 0;
	if (engine_can_follow(session_engine(s), &why))
		return s->options.wait ? error_set(err, -EOPNOTSUPP,
						   "files that come later are not noticed: %s", why.text)
				       : 0;
	s->plan.grows = true;
	return add_loaders(s, 0, err);
}

/* ---- additions ---- */

/* Checks and compiles the program for one more file. Returns 1 when the plan has more. */
static int compile_addition(struct session *s, struct addition *a, size_t file, struct error *err)
{
	struct compile_options options = session_compile_options(s);
	struct plan_size before = plan_size(&s->plan);
	int rc = probes_read_file(&s->target, file, &s->definitions, &a->probes, s->warnings, err);

	if (rc)
		return rc;
	options.addition = true;
	a->probes.anywhere = s->options.is_unsafe;
	if (s->probes.follow)
		session_mark_followed(s, &a->probes);
	session_prepare(s, &a->program);
	a->program.parameters = s->program.parameters;
	a->program.parameter_count = s->program.parameter_count;
	a->program.source = s->program.source;
	rc = program_parse(s->program.source.name, s->program.source.text, &a->program, err);
	if (!rc)
		rc = program_continue(&a->program, &s->program, err);
	if (!rc)
		rc = program_check(&a->program, &a->probes, err);
	if (rc || !a->program.instance_count)
		return rc;
	rc = session_check_files(s, &a->program, err);
	if (!rc)
		session_use_fast_sites(s, &a->probes);
	if (!rc)
		rc = compile(&a->program, &a->probes, &options, &s->plan, err);
	if (rc)
		plan_cut(&s->plan, &before);
	return rc ? rc : 1;
}

/* The plan gets what a new file has for it. */
static int add_file(struct session *s, size_t file, struct output *output, struct error *err)
{
	struct addition *a = calloc(1, sizeof(*a)), **slot;
	int rc = a ? compile_addition(s, a, file, err) : error_memory(err);

	if (rc <= 0) {
		free_addition(a);
		if (rc && rc != -ENOMEM) {
			warn(s->warnings, "%s: its probes are left out: %s",
			     s->target.files[file].path, err->text);
			rc = 0;
		}
		return rc;
	}
	slot = array_add(&s->additions, &s->addition_count, &s->addition_room, sizeof(*slot));
	if (!slot) {
		free_addition(a);
		return error_memory(err);
	}
	*slot = a;
	return output ? output_grow(output, err) : 0;
}

/* File by file, so that one that does not fit keeps no other out. */
static int extend(struct session *s, size_t first_file, struct engine *engine, struct output *output,
		  struct error *err)
{
	int rc = s->plan.grows ? add_loaders(s, first_file, err) : 0;

	for (size_t i = first_file; i < s->target.file_count && !rc; i++)
		rc = add_file(s, i, output, err);
	if (rc)
		return rc;
	if (engine_extend(engine, s->warnings, err))
		warn(s->warnings, "%s", err->text);
	return 0;
}

/* ---- news ---- */

static int look_at(struct session *s, pid_t pid, struct engine *engine, struct output *output,
		   struct error *err)
{
	size_t count = s->target.file_count;
	int rc = target_look_again(&s->target, pid, s->warnings, err);

	if (rc == -ENOMEM)
		return rc;
	if (rc)
		warn(s->warnings, "process %d: what it has loaded is not known: %s", pid, err->text);
	return extend(s, count, engine, output, err);
}

int late_missed(const struct session *s, struct error *err)
{
	const struct clause *clause = s->program.clauses;

	if (!s->options.wait || !clause)
		return 0;
	for (size_t i = 0; i < s->plan.program_count; i++)
		if (s->plan.programs[i].site_count)
			return 0;
	return error_set(err, -ENODATA, "no file came that has a probe for '%s'%s", clause->probes->text,
			 clause->next || clause->probes->next ? " or the others" : "");
}

int late_news(struct session *s, struct engine *engine, struct output *output, struct error *err)
{
	int rc = 0;
	pid_t pid;

	while (!rc && engine_news(engine, &pid)) {
		size_t count = s->target.file_count;

		rc = look_at(s, pid, engine, output, err);
		if (!engine_go_on(engine) && s->target.file_count > count)
			warn(s->warnings,
			     "process %d has loaded %s, and telltale was slow to look at it: first "
			     "hits may be missing",
			     pid, s->target.files[count].path);
	}
	return rc;
}

int late_replaced(struct session *s, struct engine *engine, struct output *output,
		  struct error *err)
{
	size_t count = s->target.file_count;
	int rc = target_replaced(&s->target, s->warnings, err);

	return rc || s->target.file_count == count ? rc : extend(s, count, engine, output, err);
}
