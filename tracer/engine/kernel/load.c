/*
 * Owns the way of a plan's instructions into the kernel: descriptors of maps put in, and the type of
 * program that each way of attaching asks for.
 */
#include "engine/values.h"
#include "features.h"
#include "functions.h"
#include "kernel.h"
#include "process/limits.h"
#include "types/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Offsets in the kernel's structs. Where the kernel does not tell, one that leads to no memory at
 * all, so that what needs it is unreadable.
 */
static bool put_member(struct bpf_insn *insn, struct warnings *warnings)
{
	static const char *const members[] = {
	        [PLAN_TASK_FSBASE] = "thread.fsbase",
	        [PLAN_TASK_TLS] = "thread.tls_array",
	};
	struct error err = {0};
	int offset;

	if (insn->imm < 0 || (size_t)insn->imm >= sizeof(members) / sizeof(*members))
		return false;
	offset = kernel_member("task_struct", members[insn->imm], &err);
	if (offset < 0)
		warn(warnings, "thread-local arguments can't be read: %s", err.text);
	insn->src_reg = 0;
	insn->imm = offset < 0 ? 0 : offset;
	insn[1].imm = offset < 0 ? 0x40000000 : 0;
	return true;
}

static bool put_kernel_value(const struct kernel *e, struct bpf_insn *insn,
                             struct warnings *warnings)
{
	uint64_t value = e->cpus;

	if (insn->imm != PLAN_CPU_VALUES && !engine_value(insn->imm, &value))
		return put_member(insn, warnings);
	insn->src_reg = 0;
	insn->imm = (int32_t)value;
	insn[1].imm = (int32_t)(value >> 32);
	return true;
}

/*
 * Replaces the plan's map indexes by descriptors, and puts in what only a kernel knows. False: the
 * plan is wrong.
 */
static bool put_values(const struct kernel *e, struct bpf_insn *insns, size_t count,
                       struct warnings *warnings)
{
	for (size_t i = 0; i < count; i++) {
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (i + 1 >= count)
			return false;
		if (insns[i].src_reg == BPF_PSEUDO_MAP_IDX ||
		    insns[i].src_reg == BPF_PSEUDO_MAP_IDX_VALUE) {
			if (insns[i].imm < 0 || (size_t)insns[i].imm >= e->map_count)
				return false;
			insns[i].src_reg = insns[i].src_reg == BPF_PSEUDO_MAP_IDX
			                           ? BPF_PSEUDO_MAP_FD
			                           : BPF_PSEUDO_MAP_VALUE;
			insns[i].imm = e->maps[insns[i].imm].fd;
		} else if (insns[i].src_reg == PLAN_PSEUDO_KERNEL &&
		           !put_kernel_value(e, &insns[i], warnings)) {
			return false;
		}
		i++; /* its second half */
	}
	return true;
}

/*
 * Where the kernel has no atomic steps that tell the value from before: compare and exchange becomes
 * a store, as it was before there was the other; only another hit on the same CPU in between is
 * overlooked then. False: something else is needed.
 */
static bool put_atomics(struct bpf_insn *insns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (insns[i].code != (BPF_STX | BPF_ATOMIC | BPF_DW) || !(insns[i].imm & BPF_FETCH))
			continue;
		if (feature(FEATURE_ATOMICS)->present)
			return true;
		if (insns[i].imm != BPF_CMPXCHG)
			return false;
		insns[i].code = BPF_STX | BPF_MEM | BPF_DW;
		insns[i].imm = 0;
	}
	return true;
}

static void choose_type(const struct kernel *e, const struct plan_program *plan,
                        struct sys_program *program)
{
	const struct attach_kind *kind = attach_kind(plan->attach);

	program->type = kind->type;
	program->attach_type = kind->attach_type;
	if (kind->has_many && kind->has_many(e, plan))
		program->attach_type = kind->in_file ? SYS_TRACE_UPROBE_MULTI
		                                     : BPF_TRACE_KPROBE_MULTI;
}

/* ---- loading ---- */

/*
 * Without cookies (before 5.15), each cookie has a copy of the program with the number in place of
 * the call that asks for it. One instruction for one, so that every jump stays right.
 */
static bool put_cookie(struct bpf_insn *insns, size_t count, uint64_t cookie)
{
	for (size_t i = 0; i < count; i++) {
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW)) {
			i++;
			continue;
		}
		if (insns[i].code != (BPF_JMP | BPF_CALL) || insns[i].src_reg ||
		    insns[i].imm != BPF_FUNC_get_attach_cookie)
			continue;
		if (cookie > UINT32_MAX)
			return false;
		/* The 32-bit form clears the upper half. */
		insns[i] = (struct bpf_insn){
		        .code = BPF_ALU | BPF_MOV | BPF_K,
		        .dst_reg = BPF_REG_0,
		        .imm = (int32_t)cookie,
		};
	}
	return true;
}

/* All calls of that helper fail. */
static void put_failure(struct bpf_insn *insns, size_t count, int helper, int code)
{
	for (size_t i = 0; i < count; i++) {
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++;
		else if (insns[i].code == (BPF_JMP | BPF_CALL) && !insns[i].src_reg &&
		         insns[i].imm == helper)
			insns[i] = (struct bpf_insn){
			        .code = BPF_ALU64 | BPF_MOV | BPF_K,
			        .dst_reg = BPF_REG_0,
			        .imm = code,
			};
	}
}

/* Calls that only a sleepable program may have fail in the others. */
static void put_no_sleep(struct bpf_insn *insns, size_t count)
{
	put_failure(insns, count, BPF_FUNC_copy_from_user, -EFAULT);
}

/*
 * Sleepable where the kernel has that and agrees: before 6.2 it refuses some maps in such programs,
 * and those of stack traces always.
 */
static int load_insns(struct sys_program *program, struct bpf_insn *insns, bool sleepable)
{
	int fd;

	program->insns = insns;
	put_failure(insns, program->insn_count, ABI_HELPER_VECTOR, -EOPNOTSUPP);
	program->sleepable = sleepable && feature(FEATURE_SLEEPABLE)->present;
	if (!program->sleepable)
		put_no_sleep(insns, program->insn_count);
	fd = sys_program_load(program);
	if (fd == -EMFILE) {
		raise_file_limit();
		fd = sys_program_load(program);
	}
	if (fd >= 0 || !program->sleepable)
		return fd;
	put_no_sleep(insns, program->insn_count);
	return load_insns(program, insns, false);
}

static bool calls_helper(const struct bpf_insn *insns, size_t count, int helper)
{
	for (size_t i = 0; i < count; i++) {
		if (insns[i].code == (BPF_JMP | BPF_CALL) && !insns[i].src_reg && insns[i].imm == helper)
			return true;
		i += insns[i].code == (BPF_LD | BPF_IMM | BPF_DW);
	}
	return false;
}

static bool has_loops(const struct bpf_insn *insns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (insns[i].code == PLAN_MAY_GOTO)
			return true;
	return false;
}

/* What not every kernel has that the program can do without no other way. */
static int check_features(const struct bpf_insn *insns, size_t count, struct error *err)
{
	static const struct {
		int helper;
		enum feature feature;
		const char *what;
	} needs[] = {
	        {BPF_FUNC_loop, FEATURE_CALLED_LOOPS, "needed for while and for; unroll does without"},
	        {BPF_FUNC_for_each_map_elem, FEATURE_EACH, "needed for a loop over a map and for its len()"},
	        {BPF_FUNC_map_lookup_percpu_elem, FEATURE_CPU_VALUES,
	         "needed for the value of count() and its kind in an expression"},
	};

	if (has_loops(insns, count) && !feature(FEATURE_MAY_GOTO)->present)
		return feature_refuse(FEATURE_MAY_GOTO, "needed for while and for; unroll does without",
		                      err);
	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		if (calls_helper(insns, count, needs[i].helper) && !feature(needs[i].feature)->present)
			return feature_refuse(needs[i].feature, needs[i].what, err);
	return 0;
}

/* For which function of whose types a program is. */
static int put_function(struct sys_program *program, const struct plan_site *site, struct error *err)
{
	program->function = (uint32_t)site->event;
	if (!site->module || !*site->module)
		return 0;
	program->module_types = sys_module_types(site->module);
	if (program->module_types >= 0)
		return 0;
	return error_set(err, program->module_types, "the types of the module %s can't be had: %s",
	                 site->module, strerror(-program->module_types));
}

/* Loads a program, for one site where one is given, whose cookie is put in: the descriptor or
 * -errno. */
static int load_one(struct kernel *e, size_t index, const struct plan_site *site,
                    struct warnings *warnings, struct error *err)
{
	const struct plan_program *plan = &e->plan->programs[index];
	struct sys_program program = {
	        .name = plan->name,
	        .insn_count = plan->insn_count,
	};
	struct bpf_insn *insns = malloc(plan->insn_count * sizeof(*insns) + 1);
	struct functions functions;
	int fd, rc, refused = 0;

	if (!insns)
		return error_memory(err);
	memcpy(insns, plan->insns, plan->insn_count * sizeof(*insns));
	if (!put_values(e, insns, plan->insn_count, warnings)) {
		free(insns);
		return error_set(err, -EINVAL,
		                 "program %s of the plan asks for what is not there",
		                 plan->name);
	}
	if (site && !put_cookie(insns, plan->insn_count, site->cookie)) {
		free(insns);
		return feature_refuse(FEATURE_COOKIE, "needed for a cookie of this size", err);
	}
	if (!put_atomics(insns, plan->insn_count)) {
		free(insns);
		return feature_refuse(FEATURE_ATOMICS,
		                      "needed for values that are large, and for ++ of a map", err);
	}
	rc = check_features(insns, plan->insn_count, err);
	if (rc) {
		free(insns);
		return rc;
	}
	fd = functions_open(&functions, insns, plan->insn_count, err);
	if (fd) {
		free(insns);
		return fd;
	}
	functions_put(&functions, &program);
	choose_type(e, plan, &program);
	if (site && attach_kind(plan->attach)->typed)
		refused = put_function(&program, site, err);
	fd = refused ? refused : load_insns(&program, insns, plan->sleepable);
	if (fd >= 0 && e->options.verifier)
		hear_verifier(e, &program);
	if (fd < 0 && !refused)
		explain_verifier(e, &program, plan->place, fd, warnings, err);
	if (program.module_types > 0)
		close(program.module_types);
	functions_close(&functions);
	free(insns);
	return fd < 0 ? err->code : fd;
}

static int load_by_cookie(struct kernel *e, size_t index, struct warnings *warnings,
                          struct error *err)
{
	const struct plan_program *plan = &e->plan->programs[index];
	struct kernel_copies *copies = &e->copies[index];

	for (size_t i = 0; i < plan->site_count; i++) {
		/* The plan's own memory is the key: it outlives the engine. */
		const uint64_t *cookie = &plan->sites[i].cookie;
		size_t found;
		int *fd, there = table_put(&copies->by_cookie, cookie, sizeof(*cookie),
		                           copies->count, &found);

		if (there > 0)
			continue;
		fd = there ? NULL
		           : array_add(&copies->fds, &copies->count, &copies->room, sizeof(*fd));
		if (!fd)
			return error_memory(err);
		*fd = load_one(e, index, &plan->sites[i], warnings, err);
		if (*fd < 0)
			return *fd;
	}
	return 0;
}

int programs_load(struct kernel *e, struct warnings *warnings, struct error *err)
{
	size_t first = e->program_count, count = e->plan->program_count;
	struct kernel_copies *copies;
	int code = 0, *programs;

	programs = realloc(e->programs, (count + 1) * sizeof(*programs));
	if (programs)
		e->programs = programs;
	copies = realloc(e->copies, (count + 1) * sizeof(*copies));
	if (copies)
		e->copies = copies;
	if (!programs || !copies)
		return error_memory(err);
	e->program_count = count;
	for (size_t i = first; i < count; i++) {
		e->programs[i] = -1;
		e->copies[i] = (struct kernel_copies){.count = 0};
	}
	for (size_t i = first; i < count && code >= 0; i++) {
		const struct plan_program *program = &e->plan->programs[i];

		const struct attach_kind *kind = attach_kind(program->attach);

		if (kind->typed ||
		    (program->uses_cookie && (kind->by_copy || !feature(FEATURE_COOKIE)->present)))
			code = load_by_cookie(e, i, warnings, err);
		else
			code = e->programs[i] = load_one(e, i, NULL, warnings, err);
	}
	return code < 0 ? code : 0;
}

int program_for(const struct kernel *e, size_t index, uint64_t cookie)
{
	const struct kernel_copies *copies = &e->copies[index];
	size_t found;

	if (table_get(&copies->by_cookie, &cookie, sizeof(cookie), &found))
		return copies->fds[found];
	return e->programs[index];
}

void programs_close(struct kernel *e)
{
	for (size_t i = 0; i < e->program_count; i++) {
		if (e->programs[i] >= 0)
			close(e->programs[i]);
		for (size_t j = 0; j < e->copies[i].count; j++)
			if (e->copies[i].fds[j] >= 0)
				close(e->copies[i].fds[j]);
		table_free(&e->copies[i].by_cookie);
		free(e->copies[i].fds);
	}
	free(e->programs);
	free(e->copies);
	e->programs = NULL;
	e->copies = NULL;
	e->program_count = 0;
}
