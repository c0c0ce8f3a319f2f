/*
 * From a program and its own functions, the bodies of loops (body.c) and what counts keys (entry.c), to
 * one piece of BPF: adds the functions of bpf/ that they call, and those that these call, behind its own
 * instructions, each once, and gives every call its distance.
 */
#include "compile/internal.h"
#include "compile/runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAPS_MOST = 64, INSNS_MOST = 1000000 }; /* of a program: the kernel's limits */

struct linker {
	struct code *code;
	const struct runtime_function *placed[64]; /* in the order in which they stand */
	size_t at[64];				   /* where each starts */
	size_t count;
};

static const struct runtime_function *find_function(const char *name)
{
	for (size_t i = 0; i < runtime_function_count; i++)
		if (!strcmp(runtime_functions[i].name, name))
			return &runtime_functions[i];
	return NULL;
}

/* Copies a function behind the code; its calls are queued like the program's own. */
static int place(struct linker *l, const struct runtime_function *f)
{
	struct code *code = l->code;

	l->placed[l->count] = f;
	l->at[l->count++] = code->count;
	for (size_t i = 0; i < f->call_count; i++) {
		struct code_call *call = array_add(&code->calls, &code->call_count,
						   &code->call_room, sizeof(*call));

		if (!call)
			return -ENOMEM;
		*call = (struct code_call){code->count + f->calls[i].insn, f->calls[i].function};
	}
	for (size_t i = 0; i < f->count; i++) {
		struct bpf_insn *insn =
			array_add(&code->insns, &code->count, &code->room, sizeof(*insn));

		if (!insn)
			return -ENOMEM;
		*insn = f->insns[i];
	}
	return 0;
}

/* Numbers that find no register live behind what else is in the frame. */
static int place_code(struct gen *g, struct ir *ir, struct code *code, struct error *err)
{
	int rc;

	ir->frame_at = gen_frame_end(g);
	rc = ir_allocate(ir, code, err);
	if (!rc && ir->frame_bytes)
		gen_more_frame(g, g->in->clause->at, (uint32_t)ir->frame_bytes);
	return rc;
}

/* Only what is named: code that nobody reaches has been dropped, and the kernel refuses more of it. */
static int place_own(struct gen *g, struct code *code, size_t *starts, struct error *err)
{
	int rc = place_code(g, &g->ir, code, err);

	for (size_t i = 0; !rc && i < code->count; i++) {
		size_t function = (size_t)code->insns[i].imm;

		if (code->insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (code->insns[i].src_reg == BPF_PSEUDO_FUNC) {
			if (!starts[function]) {
				starts[function] = code->count;
				rc = place_code(g, &g->functions[function], code, err);
			}
			code->insns[i].imm = (int32_t)(starts[function] - i - 1);
		}
		i++; /* its second half */
	}
	return rc;
}

/* Maps of the plan that the code names. */
static size_t count_maps(const struct code *code, size_t map_count)
{
	bool *named = calloc(map_count + 1, sizeof(*named));
	size_t count = 0;

	for (size_t i = 0; named && i < code->count; i++) {
		const struct bpf_insn *insn = &code->insns[i];
		bool names = insn->src_reg == BPF_PSEUDO_MAP_IDX ||
			     insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE;

		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		i++; /* its second half */
		if (!names || named[insn->imm])
			continue;
		named[insn->imm] = true;
		count++;
	}
	free(named);
	return count;
}

static int check_maps(struct gen *g, const struct code *code, struct error *err)
{
	size_t count = count_maps(code, g->c->plan->map_count);

	if (count <= MAPS_MOST)
		return 0;
	return error_set(err, -E2BIG,
			 "it uses %zu maps, with those that telltale needs itself, and the kernel lets a "
			 "program have %d; one map with one more key may do, or several clauses",
			 count, MAPS_MOST);
}

static int place_functions(struct code *code, struct error *err)
{
	struct linker l = {.code = code};

	for (size_t i = 0; i < code->call_count; i++) {
		struct code_call call = code->calls[i];
		const struct runtime_function *f = find_function(call.function);
		size_t known = 0;

		if (!f)
			return error_set(err, -EINVAL, "bpf/ has no function %s", call.function);
		while (known < l.count && l.placed[known] != f)
			known++;
		if (known == l.count && place(&l, f))
			return error_memory(err);
		code->insns[call.insn].imm = (int32_t)(l.at[known] - call.insn - 1);
	}
	return 0;
}

int link_program(struct gen *g, struct code *code, struct error *err)
{
	size_t *starts = calloc(g->function_count + 1, sizeof(*starts));
	int rc = starts ? place_own(g, code, starts, err) : error_memory(err);

	free(starts);
	if (!rc)
		rc = check_maps(g, code, err);
	if (!rc)
		rc = place_functions(code, err);
	if (!rc && code->count > INSNS_MOST)
		rc = error_set(err, -E2BIG,
			       "it is too long: %zu instructions of BPF, and the kernel lets a program have "
			       "%d", code->count, INSNS_MOST);
	return rc;
}
