/*
 * Owns the way from a session to contracts: what a binary has and what is wrong with it, as the
 * plain data that contract.c compares, and from there to test points.
 */
#include "check/contract.h"
#include "session.h"

#include "elf/file.h"
#include "elf/note.h"
#include "operand/operand.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SITES_SHOWN = 8, FAULTS_SHOWN = 20 };

/* A binary, or several, on the way to what a contract could say of them. */
struct reader {
	const struct target *target;
	const struct probe_set *set;
	struct contract *contract;
	struct contract_file *file;
};

static struct arena *arena(struct reader *r)
{
	return &r->contract->arena;
}

/* ---- arguments ---- */

/* What one site has. A float is one because its description says so: the operand does not tell. */
static uint64_t shape_at(const struct probe_argument *a, const struct probe_site *site)
{
	const struct operand *o;
	enum shape_form form;

	if (a->operand >= site->operand_count)
		return SHAPE_NONE;
	o = &site->operands[a->operand];
	if ((o->kind == OPERAND_UNKNOWN && !o->sized) || !o->size || o->size > SHAPE_SIZES)
		return SHAPE_UNKNOWN;
	form = o->is_signed ? SHAPE_SIGNED : SHAPE_UNSIGNED;
	if (a->type == PROBE_FLOAT || o->is_float)
		form = SHAPE_FLOAT;
	return SHAPE(form, o->size);
}

static const char *sites_text(struct reader *r, const struct probe *probe,
                              const struct probe_argument *a)
{
	struct buffer b = {0};
	const char *text;

	for (size_t i = 0; i < probe->site_count && i < SITES_SHOWN; i++) {
		const struct probe_site *site = &probe->sites[i];

		buffer_print(&b, "  site 0x%llx: ", (unsigned long long)site->address);
		shapes_print(&b, shape_at(a, site));
		if (a->operand < site->operand_count)
			buffer_print(&b, " (%s)", site->operands[a->operand].text);
		buffer_char(&b, '\n');
	}
	if (probe->site_count > SITES_SHOWN)
		buffer_print(&b, "  and %zu more\n", probe->site_count - SITES_SHOWN);
	text = arena_copy(arena(r), buffer_string(&b), b.length);
	arena(r)->failed |= b.failed;
	buffer_free(&b);
	return text;
}

static void read_argument(struct reader *r, const struct probe *probe,
                          const struct probe_argument *a, struct contract_argument *to)
{
	to->name = arena_string(arena(r), a->name);
	to->type = type_normal(a->type_name, strlen(a->type_name), arena(r));
	for (size_t i = 0; i < probe->site_count; i++)
		to->shapes |= shape_at(a, &probe->sites[i]);
	if (to->type && (to->shapes & (to->shapes - 1)))
		to->sites = sites_text(r, probe, a);
}

/* ---- probes ---- */

static struct contract_probe *add_probe(struct reader *r, const char *provider, const char *name)
{
	struct contract_probe *to = array_add(&r->file->probes, &r->file->probe_count,
	                                      &r->file->probe_room, sizeof(*to));

	if (!to) {
		arena(r)->failed = true;
		return NULL;
	}
	to->provider = arena_string(arena(r), provider);
	to->name = arena_string(arena(r), name);
	return to;
}

static void read_probe(struct reader *r, const struct probe *probe)
{
	struct contract_probe *to = add_probe(r, probe->provider, probe->name);
	size_t semaphores = 0;

	for (size_t i = 0; to && i < probe->argument_count; i++) {
		struct contract_argument *argument = array_add(
		        &to->arguments, &to->argument_count, &to->argument_room, sizeof(*argument));

		if (!argument) {
			arena(r)->failed = true;
			return;
		}
		read_argument(r, probe, &probe->arguments[i], argument);
	}
	for (size_t i = 0; to && i < probe->site_count; i++)
		semaphores += probe->sites[i].has_semaphore;
	if (to) {
		to->semaphore = semaphores > 0;
		to->semaphore_differs = semaphores && semaphores < probe->site_count;
	}
}

static int compare_probes(const void *a, const void *b)
{
	const struct contract_probe *x = a, *y = b;
	int order = strcmp(x->provider, y->provider);

	if (!order)
		order = strcmp(x->name, y->name);
	return order ? order : (x->lost != NULL) - (y->lost != NULL);
}

/* Sorts, and drops a lost site of a probe that has others, or that was lost several times. */
static void sort_probes(struct contract_file *file)
{
	size_t count = 0;

	if (file->probe_count)
		qsort(file->probes, file->probe_count, sizeof(*file->probes), compare_probes);
	for (size_t i = 0; i < file->probe_count; i++) {
		struct contract_probe *probe = &file->probes[i];

		if (count && probe->lost && !strcmp(file->probes[count - 1].name, probe->name) &&
		    !strcmp(file->probes[count - 1].provider, probe->provider))
			continue;
		file->probes[count++] = *probe;
	}
	file->probe_count = count;
}

/* ---- what is wrong with a file ---- */

static void add_fault(struct reader *r, enum contract_condition condition, const char *kind,
                      const char *message)
{
	struct contract_fault *fault = array_add(&r->file->faults, &r->file->fault_count,
	                                         &r->file->fault_room, sizeof(*fault));

	if (!fault || !message)
		arena(r)->failed = true;
	if (fault)
		*fault = (struct contract_fault){condition, kind, message};
}

static bool is_shown(const struct contract_file *file, enum contract_condition condition)
{
	size_t count = 0;

	for (size_t i = 0; i < file->fault_count; i++)
		count += file->faults[i].condition == condition;
	return count < FAULTS_SHOWN;
}

static void read_left_out(struct reader *r, const struct notes *notes)
{
	for (size_t i = 0; i < notes->left_out_count; i++) {
		const struct note_left_out *left = &notes->left_out[i];

		if (left->no_site) {
			struct contract_probe *probe = add_probe(r, left->provider, left->name);

			if (probe)
				probe->lost = left->reason;
		} else if (is_shown(r->file, CONDITION_NOTES)) {
			add_fault(r, CONDITION_NOTES, "note-damaged",
			          arena_print(arena(r), "note %u of .note.stapsdt: %s",
			                      left->number, left->reason));
		}
	}
}

static void check_base(struct reader *r, const struct notes *notes, const struct note *note)
{
	const char *kind = !note->base ? "base-zero" : "base-lost";

	if ((note->base && notes->has_base) || !is_shown(r->file, CONDITION_BASE))
		return;
	add_fault(r, CONDITION_BASE, kind,
	          note->base ? arena_print(arena(r),
	                                   "the file has no section .stapsdt.base, which note %u "
	                                   "(%s:%s) refers to: a linker or strip has dropped it",
	                                   note->number, note->provider, note->name)
	                     : arena_print(arena(r),
	                                   "the base of note %u (%s:%s) is 0: a linker has lost "
	                                   ".stapsdt.base",
	                                   note->number, note->provider, note->name));
}

static void check_semaphore(struct reader *r, const struct elf_section *probes,
                            const struct note *note)
{
	uint64_t from = probes ? note->semaphore_address - probes->address : 0;

	if (!note->has_semaphore || !is_shown(r->file, CONDITION_SEMAPHORES) ||
	    (probes && note->semaphore_address >= probes->address && probes->size >= 2 &&
	     from <= probes->size - 2))
		return;
	add_fault(r, CONDITION_SEMAPHORES, "semaphore-outside",
	          arena_print(arena(r), "the semaphore of note %u (%s:%s), at 0x%llx, is %s",
	                      note->number, note->provider, note->name,
	                      (unsigned long long)note->semaphore_address,
	                      probes ? "not in .probes"
	                             : "in no .probes: the file has no such section"));
}

static void check_notes(struct reader *r, struct elf_file *elf, const struct notes *notes)
{
	struct elf_section probes;
	struct error ignored;
	bool has_probes = elf_file_section(elf, ".probes", &probes, &ignored) == 1;

	for (size_t i = 0; i < notes->count && !r->file->unlinked; i++) {
		check_base(r, notes, &notes->items[i]);
		check_semaphore(r, has_probes ? &probes : NULL, &notes->items[i]);
	}
}

/* The probes were read with all that was to be said of the notes, so here it is not said again. */
static void read_faults(struct reader *r, struct elf_file *elf)
{
	struct warnings quiet = {0};
	struct notes notes = {0};
	struct error failed = {0};

	if (notes_read(elf, &notes, &quiet, &failed)) {
		add_fault(r, CONDITION_NOTES, "notes-unreadable",
		          arena_string(arena(r), failed.text));
		return;
	}
	read_left_out(r, &notes);
	check_notes(r, elf, &notes);
	notes_free(&notes);
}

/* ---- files ---- */

static void read_file(struct reader *r, size_t number, const bool *marked)
{
	const struct target_file *file = &r->target->files[number];
	const struct elf_facts *facts = elf_file_facts(file->elf);

	r->file = array_add(&r->contract->files, &r->contract->file_count, &r->contract->file_room,
	                    sizeof(*r->file));
	if (!r->file) {
		arena(r)->failed = true;
		return;
	}
	r->file->name = arena_string(arena(r), file->path);
	r->file->bits = facts->bits;
	r->file->unlinked = facts->type == ET_REL;
	for (size_t i = 0; i < r->set->count; i++)
		if (r->set->items[i].kind == PROBE_USDT && r->set->items[i].file == number &&
		    (!marked || marked[i]))
			read_probe(r, &r->set->items[i]);
	if (!marked)
		read_faults(r, file->elf);
	if (!arena(r)->failed)
		sort_probes(r->file);
}

/* The files of a target; of those that are marked the probes only. */
static int read_target(const struct target *target, const struct probe_set *set, const bool *marked,
                       struct contract *contract, struct error *err)
{
	struct reader r = {.target = target, .set = set, .contract = contract};

	for (size_t i = 0; i < target->file_count && !contract->arena.failed; i++)
		read_file(&r, i, marked);
	return contract->arena.failed ? error_memory(err) : 0;
}

/* ---- the text of a contract ---- */

static const char *basename_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static int compare_files(const void *a, const void *b)
{
	const struct contract_file *x = a, *y = b;
	int order = strcmp(basename_of(x->name), basename_of(y->name));

	return order ? order : strcmp(x->name, y->name);
}

/* Files without probes go; the rest is known by the last part of its path, where that is enough. */
static void name_files(struct contract *contract)
{
	struct contract_file *files = contract->files;
	size_t count = 0;

	for (size_t i = 0; i < contract->file_count; i++)
		if (files[i].probe_count)
			files[count++] = files[i];
	contract->file_count = count;
	if (count)
		qsort(files, count, sizeof(*files), compare_files);
	for (size_t i = 0, same; i < count; i += same) {
		const char *name = basename_of(files[i].name);

		for (same = 1; i + same < count; same++)
			if (strcmp(basename_of(files[i + same].name), name))
				break;
		if (same == 1)
			files[i].name = name;
	}
}

static int write_text(FILE *file, const struct buffer *text, struct error *err)
{
	if (text->failed)
		return error_memory(err);
	errno = 0;
	if (fwrite(buffer_string(text), 1, text->length, file) == text->length && !fflush(file))
		return 0;
	return error_set(err, errno ? -errno : -EIO, "can't write: %s",
	                 strerror(errno ? errno : EIO));
}

int session_contract(struct session *s, char *const patterns[], size_t count, FILE *file,
                     struct error *err)
{
	struct contract contract = {0};
	struct buffer text = {0};
	struct arena arena = {0};
	bool *marked;
	int rc = session_choose(s, patterns, count, &marked, &arena, err);

	/* A contract that lacks what was asked for would be a trap. */
	if (!rc)
		rc = read_target(&s->target, &s->probes, marked, &contract, err);
	if (!rc) {
		name_files(&contract);
		contract_print(&contract, &text);
		rc = write_text(file, &text, err);
	}
	free(marked);
	buffer_free(&text);
	contract_free(&contract);
	arena_free(&arena);
	return rc;
}

/* ---- the check ---- */

/* What an older binary has is what was agreed. */
static int read_against(struct session *s, const char *path, struct contract *agreed,
                        struct error *err)
{
	struct target target = {0};
	struct probe_set set = {0};
	int rc = target_add_file(&target, path, err);

	if (!rc)
		rc = probes_read(&target, &s->definitions, &set, s->warnings, err);
	if (!rc)
		rc = read_target(&target, &set, NULL, agreed, err);
	agreed->name = path;
	agreed->is_binary = true;
	probes_free(&set);
	target_close(&target);
	return rc;
}

static int read_agreed(struct session *s, const struct check_options *options,
                       struct contract *agreed, struct buffer *errors, struct error *err)
{
	struct diagnostics diagnostics = {0};
	struct source source;
	int rc;

	if (options->against)
		return read_against(s, options->against, agreed, err);
	source = (struct source){.name = options->contract_name, .text = options->contract,
	                         .length = strlen(options->contract)};
	rc = contract_parse(&source, agreed, &diagnostics, err);
	if (rc == -EINVAL)
		buffer_add(errors, buffer_string(&diagnostics.text), diagnostics.text.length);
	diagnostics_free(&diagnostics);
	return rc;
}

int session_print_tests(struct session *s, const struct output_test *tests, size_t count,
                        FILE *file, FILE *junit, struct error *err)
{
	struct output_options form = session_output_options(s);
	size_t failed = 0;
	int rc = output_tests(file, tests, count, &form, err);

	if (!rc && junit)
		rc = output_junit(junit, "telltale check", tests, count, err);
	for (size_t i = 0; i < count; i++)
		failed += tests[i].problem_count > 0;
	if (!rc && failed)
		rc = error_set(err, -ENODATA, "%zu of %zu test points failed", failed, count);
	return rc;
}

int session_check(struct session *s, const struct check_options *options, FILE *file,
                  struct buffer *errors, struct error *err)
{
	struct contract_allowed allowed = {options->allow_new, options->allow_added_arguments};
	struct contract agreed = {0}, found = {0};
	struct contract_results results = {0};
	int rc = read_agreed(s, options, &agreed, errors, err);

	if (!rc)
		rc = session_read_probes(s, err);
	if (!rc)
		rc = read_target(&s->target, &s->probes, NULL, &found, err);
	if (!rc && options->against && found.file_count != 1)
		rc = error_set(err, -EINVAL, "an older binary is held against one -b FILE");
	if (!rc)
		rc = contract_compare(&agreed, &found, &allowed, &results, err);
	if (!rc)
		rc = session_print_tests(s, results.tests, results.count, file, options->junit,
		                         err);
	contract_results_free(&results);
	contract_free(&found);
	contract_free(&agreed);
	return rc;
}
