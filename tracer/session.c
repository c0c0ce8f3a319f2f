/*
 * Owns a session's parts and their order: a target, its probes, a program, its plan. What happens
 * while a plan runs is in run.c, the listing in listing.c.
 */
#include "session.h"

#include "base/text.h"
#include "compile/compile.h"
#include "elf/file.h"
#include "engine/engine.h"
#include "probe/fast.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

void telltale_start(void)
{
	target_remember_signals();
}

int session_new(const struct session_options *options, struct warnings *warnings,
		struct session **session, struct error *err)
{
	struct session *s = calloc(1, sizeof(*s));

	*session = NULL;
	if (!s)
		return error_memory(err);
	s->options = *options;
	s->warnings = warnings;
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->stop_fd < 0) {
		error_set(err, -errno, "eventfd: %s", strerror(errno));
		free(s);
		return err->code;
	}
	*session = s;
	return 0;
}

/* Instances and plan point into the probes, so they go first. */
void session_forget_program(struct session *s)
{
	late_forget(s);
	plan_free(&s->plan);
	program_free(&s->program);
	s->compiled = false;
}

static void forget_probes(struct session *s)
{
	session_forget_program(s);
	probes_free(&s->probes);
	s->probes_known = false;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	forget_probes(s);
	definitions_free(&s->definitions);
	target_close(&s->target);
	close(s->stop_fd);
	free(s);
}

struct output_options session_output_options(const struct session *s)
{
	return (struct output_options){
		.form = s->options.bpftrace_json ? OUTPUT_BPFTRACE
			: s->options.json	 ? OUTPUT_JSON
						 : OUTPUT_TEXT,
		.color = s->options.color,
		.percentiles = s->options.percentiles,
		.trailer = !s->options.cut_in_printf   ? NULL
			   : s->program.config.trailer ? s->program.config.trailer
						       : "..",
		.cat_bytes = s->program.config.cat_bytes,
	};
}

int session_output_error(int code, struct error *err)
{
	if (code == -EPIPE)
		return error_set(err, code, "nobody reads the results any more");
	if (code == -ENOMEM)
		return error_memory(err);
	return error_set(err, code, "can't write the results: %s", strerror(-code));
}

/* ---- the target ---- */

int session_add_file(struct session *s, const char *path, struct error *err)
{
	return target_add_file(&s->target, path, err);
}

int session_add_process(struct session *s, pid_t pid, struct error *err)
{
	return target_add_process(&s->target, pid, s->warnings, err);
}

int session_add_command(struct session *s, char *const argv[], struct error *err)
{
	return target_add_command(&s->target, argv, s->warnings, err);
}

int session_add_provider_file(struct session *s, const char *path, struct error *err)
{
	return definitions_add(&s->definitions, path, err);
}

bool session_command_status(const struct session *s, int *status)
{
	for (size_t i = 0; i < s->target.process_count; i++) {
		const struct target_process *process = &s->target.processes[i];

		if (!process->command)
			continue;
		*status = process->status;
		return process->ended;
	}
	return false;
}

/* A file that the program named and that was not of the target counts for the target's processes
 * where there are some: they may load it later. */
static int restrict_file(struct target *target, struct target_file *file, struct error *err)
{
	for (size_t i = 0; i < target->process_count; i++) {
		pid_t *pid = array_add(&file->pids, &file->pid_count, &file->pid_room, sizeof(*pid));

		if (!pid)
			return error_memory(err);
		*pid = target->processes[i].pid;
	}
	return 0;
}

int session_add_named(struct session *s, const struct probe_spec *spec, struct error *err)
{
	struct target *target = &s->target;
	size_t before = target->file_count;
	struct probe_file file;
	int rc;

	if (!probe_in_file(spec->kind) || !spec->file)
		return 0;
	probe_file_look(spec->file, &file);
	for (size_t i = 0; i < target->file_count; i++)
		if (probe_file_is(&file, target, i))
			return 0;
	if (file.is_pattern)
		return 0; /* of the files that there are */
	rc = target_add_file(target, spec->file, err);
	if (!rc && target->file_count > before)
		rc = restrict_file(target, &target->files[before], err);
	return rc;
}

void session_mark_followed(const struct session *s, struct probe_set *set)
{
	set->follow = true;
	for (size_t i = 0; i < set->count; i++)
		set->items[i].followed = s->target.files[set->items[i].file].pid_count > 0;
}

/* Chosen once, when the first program is to be compiled: by then the target is known. */
enum engine_kind session_engine(struct session *s)
{
	static const enum engine_kind wanted[] = {
		[SESSION_ENGINE_AUTO] = ENGINE_AUTO,
		[SESSION_ENGINE_KERNEL] = ENGINE_KERNEL,
		[SESSION_ENGINE_USER] = ENGINE_USER,
		[SESSION_ENGINE_SELF] = ENGINE_SELF,
	};

	if (s->engine == ENGINE_AUTO)
		s->engine = engine_choose(wanted[s->options.engine], &s->target, &s->no_kernel);
	return s->engine;
}

static void follow(struct session *s)
{
	struct error err;

	/* The kernel's probes know no process: the program does, also without children. */
	s->probes.restricted = s->target.process_count > 0;
	if (!s->target.process_count || s->options.no_follow)
		return;
	if (engine_can_follow(session_engine(s), &err)) {
		warn(s->warnings, "children of the target are not followed: %s", err.text);
		return;
	}
	session_mark_followed(s, &s->probes);
}

int session_read_probes(struct session *s, struct error *err)
{
	int rc;

	if (s->probes_known && s->files_known == s->target.file_count)
		return 0;
	probes_free(&s->probes);
	rc = probes_read(&s->target, &s->definitions, &s->probes, s->warnings, err);
	s->probes_known = !rc;
	s->files_known = s->target.file_count;
	return rc;
}

/* ---- programs ---- */

/* The files that the program names by itself; *markers: it has probes that need a target. */
static int add_named_files(struct session *s, bool *markers, struct error *err)
{
	struct program *program = &s->program;

	*markers = false;
	for (const struct clause *c = program->clauses; c; c = c->next) {
		for (const struct clause_probe *p = c->probes; p; p = p->next) {
			struct probe_spec spec;
			int rc;

			if (probe_spec_parse(p->text, &program->arena, &spec, err))
				continue; /* the checker says it, with its place */
			*markers |= probe_in_file(spec.kind);
			rc = session_add_named(s, &spec, err);
			if (!rc)
				continue;
			diagnose(&program->diagnostics, p->at, "%s", err->text);
			return rc;
		}
	}
	return 0;
}

static bool machine_runs_here(uint16_t machine)
{
#if defined(__x86_64__)
	return machine == EM_X86_64 || machine == EM_386;
#elif defined(__aarch64__)
	return machine == EM_AARCH64 || machine == EM_ARM;
#elif defined(__riscv)
	return machine == EM_RISCV;
#elif defined(__powerpc64__)
	return machine == EM_PPC64 || machine == EM_PPC;
#elif defined(__s390x__)
	return machine == EM_S390;
#else
	return true;
#endif
}

static int check_file(const struct session *s, size_t number, struct error *err)
{
	const struct target_file *file = &s->target.files[number];
	const struct elf_facts *facts = elf_file_facts(file->elf);

	if (facts->type == ET_REL)
		return error_set(err, -EINVAL,
				 "%s is an object file: its probes can be listed, but are traced in "
				 "the program that it is linked into",
				 file->path);
	if (!machine_runs_here(facts->machine))
		return error_set(err, -EINVAL,
				 "%s is for another architecture (ELF machine %u): its probes can "
				 "be listed, but not traced here",
				 file->path, facts->machine);
	return 0;
}

int session_check_files(const struct session *s, const struct program *program, struct error *err)
{
	for (size_t i = 0; i < program->instance_count; i++) {
		const struct instance *in = &program->instances[i];
		size_t last = SIZE_MAX;

		for (size_t j = 0; probe_in_file(in->kind) && j < in->probe_count; j++) {
			if (in->probes[j]->file != last && check_file(s, in->probes[j]->file, err))
				return err->code;
			last = in->probes[j]->file;
		}
	}
	return 0;
}

static bool kernel_has_thread_storage(void)
{
	return feature(FEATURE_TASK_STORAGE)->code != -EOPNOTSUPP;
}

static bool kernel_has_bounded_loops(void)
{
	return feature(FEATURE_MAY_GOTO)->code != -EOPNOTSUPP;
}

/* Of the other engines: their machine takes such programs. */
static bool has_thread_storage(void)
{
	return true;
}

struct compile_options session_compile_options(struct session *s)
{
	/* Not permitted is no answer: then it is not run here, and shown as most kernels have it. */
	bool in_kernel = session_engine(s) == ENGINE_KERNEL;

	return (struct compile_options){
		.cpu_buffers = in_kernel && feature(FEATURE_RINGBUF)->code == -EOPNOTSUPP,
		.warnings = s->warnings,
		.report = (enum compile_report)s->options.report,
		.vectors = session_engine(s) == ENGINE_USER,
		.has_thread_storage = in_kernel ? kernel_has_thread_storage : has_thread_storage,
		.has_bounded_loops = in_kernel ? kernel_has_bounded_loops : NULL,
	};
}

/* Where the kernel is quicker at another place of a site; the listing keeps to the notes. */
void session_use_fast_sites(struct session *s, struct probe_set *probes)
{
	if (probes->count && session_engine(s) == ENGINE_KERNEL &&
	    feature(FEATURE_FAST_SITES)->present)
		probes_use_fast(probes);
}

static struct elf_file *elf_of_file(void *context, uint32_t number)
{
	const struct session *s = context;

	return number < s->target.file_count ? s->target.files[number].elf : NULL;
}

/* The process of the command; 0 where the target has none. */
static pid_t command_of(const struct session *s)
{
	for (size_t i = 0; i < s->target.process_count; i++)
		if (s->target.processes[i].command)
			return s->target.processes[i].pid;
	return 0;
}

void session_prepare(struct session *s, struct program *program)
{
	program->command = command_of(s);
	program->text_limit = s->options.text_limit;
	program->types.kernel_path = getenv("BPFTRACE_BTF");
	program->have_btf = !access(program->types.kernel_path ? program->types.kernel_path
							       : "/sys/kernel/btf/vmlinux",
				    R_OK);
	program->may_lack_probes = s->options.may_lack_probes;
	program->is_unsafe = s->options.is_unsafe;
	program->parameters = s->options.parameters;
	program->parameter_count = s->options.parameter_count;
	program->include_folders = s->options.include_folders;
	program->include_folder_count = s->options.include_folder_count;
	program->includes = s->options.includes;
	program->include_count = s->options.include_count;
	program->warnings = s->warnings;
	program->text_default = s->options.text_default ? s->options.text_default : TEXT_LIMIT_DEFAULT;
	program->types.file = elf_of_file;
	program->types.context = s;
}

int session_compile(struct session *s, const struct source *source, struct error *err)
{
	struct compile_options options;
	bool markers;
	int rc;

	session_forget_program(s);
	session_prepare(s, &s->program);
	s->program.source = *source;
	rc = program_parse(source->name, source->text, &s->program, err);
	if (!rc)
		rc = add_named_files(s, &markers, err);
	if (!rc && markers && !s->target.file_count)
		rc = error_set(err, -EINVAL,
			       "no target: name one with -p PID, -b FILE or -- COMMAND");
	if (!rc)
		rc = session_read_probes(s, err);
	s->probes.anywhere = s->options.is_unsafe;
	s->probes.may_miss = s->options.wait && s->target.process_count;
	if (!rc)
		follow(s);
	if (!rc)
		rc = program_check(&s->program, &s->probes, err);
	if (!rc)
		rc = session_check_files(s, &s->program, err);
	if (!rc) {
		options = session_compile_options(s);
		session_use_fast_sites(s, &s->probes);
		rc = compile(&s->program, &s->probes, &options, &s->plan, err);
	}
	if (!rc)
		rc = late_prepare(s, err);
	s->compiled = !rc;
	return rc;
}

int session_program(struct session *s, const char *name, const char *text, struct error *err)
{
	struct source source = {.name = name, .text = text};

	return session_compile(s, &source, err);
}

const char *session_program_errors(const struct session *s)
{
	return buffer_string(&s->program.diagnostics.text);
}

/* ---- what there is between a program and its run ---- */

static int dump_tree(struct session *s, struct buffer *text, struct error *err)
{
	(void)err;
	program_print_tree(&s->program, text);
	return 0;
}

static int dump_types(struct session *s, struct buffer *text, struct error *err)
{
	(void)err;
	program_print_types(&s->program, text);
	return 0;
}

static int dump_code(struct session *s, struct buffer *text, struct error *err)
{
	(void)err;
	plan_print_code(&s->plan, text);
	return 0;
}

static int dump_plan(struct session *s, struct buffer *text, struct error *err)
{
	(void)err;
	plan_print(&s->plan, text);
	return 0;
}

static int dump_verifier(struct session *s, struct buffer *text, struct error *err)
{
	struct engine_options options = {.no_follow = s->options.no_follow, .verifier = text};
	struct engine *engine = NULL;
	int rc;

	if (session_engine(s) != ENGINE_KERNEL)
		return error_set(err, -EINVAL, "the verifier is the kernel's, and another engine runs this");
	rc = engine_open(ENGINE_KERNEL, &s->plan, &s->target, &options, &engine, s->warnings, err);
	engine_close(engine);
	return rc;
}

static const struct {
	const char *name;
	int (*dump)(struct session *s, struct buffer *text, struct error *err);
} stages[] = {
	{"ast", dump_tree}, {"types", dump_types}, {"code", dump_code},
	{"plan", dump_plan}, {"verifier", dump_verifier},
};

const char *session_stage(size_t place)
{
	return place < sizeof(stages) / sizeof(*stages) ? stages[place].name : NULL;
}

int session_dump(struct session *s, const char *stage, FILE *file, struct error *err)
{
	struct buffer text = {0};
	size_t place = 0;
	int rc;

	while (session_stage(place) && strcmp(session_stage(place), stage) != 0)
		place++;
	rc = session_stage(place) ? stages[place].dump(s, &text, err)
				  : error_set(err, -EINVAL, "there is no stage '%s'", stage);
	if (text.failed)
		rc = error_memory(err);
	errno = 0;
	if (text.length && fwrite(text.data, 1, text.length, file) != text.length && !rc)
		rc = error_set(err, errno ? -errno : -EIO, "can't write: %s",
			       strerror(errno ? errno : EIO));
	buffer_free(&text);
	return rc;
}

void session_stop(struct session *s)
{
	uint64_t one = 1;
	int saved = errno;
	ssize_t ignored;

	s->stopped = 1;
	ignored = write(s->stop_fd, &one, sizeof(one)); /* full means it is readable already */
	(void)ignored;
	errno = saved;
}

bool session_exit_code(const struct session *s, int *code)
{
	*code = s->exit_code;
	return s->exit_given;
}
