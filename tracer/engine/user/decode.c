/*
 * Owns the way from a plan's instructions to steps: everything that can be known before a run is
 * settled and checked here, so that a program that asks for what this engine does not have is
 * refused when the plan is opened.
 */
#include "machine.h"

#include "engine/values.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* Not in the headers of Debian 12. */
enum {
	MEM_SIGNED = 0x80,   /* BPF_MEMSX */
	JUMP_IF_MAY = 0xe0,  /* BPF_JCOND, may_goto */
};

struct decoding {
	struct machine *machine;
	const struct plan_program *plan;
	struct user_program *program;
	struct error *err;
};

static int refuse(struct decoding *d, const char *what, long number)
{
	return error_set(d->err, -EOPNOTSUPP,
			 "the user engine has no %s %ld, which the program %s needs: use --engine "
			 "kernel",
			 what, number, d->plan->name ? d->plan->name : "");
}

static int malformed(struct decoding *d, size_t at)
{
	return error_set(d->err, -EINVAL, "program %s of the plan is malformed at instruction %zu",
			 d->plan->name ? d->plan->name : "", at);
}

/* ---- 64-bit constants, maps, functions ---- */

static int decode_kernel_value(struct decoding *d, int32_t which, struct step *s)
{
	switch (which) {
	case PLAN_TASK_FSBASE:
		s->value = offsetof(struct current, task.fsbase) - offsetof(struct current, task);
		return 0;
	case PLAN_TASK_TLS:
		s->value = offsetof(struct current, task.tls) - offsetof(struct current, task);
		return 0;
	case PLAN_CPU_VALUES: /* see maps.c */
		s->value = 1;
		return 0;
	default:
		if (engine_value(which, (uint64_t *)&s->value))
			return 0;
		return error_set(d->err, -EOPNOTSUPP,
				 "the user engine can't look into the kernel, which the program %s "
				 "does: use --engine kernel",
				 d->plan->name ? d->plan->name : "");
	}
}

static int decode_wide(struct decoding *d, size_t at, struct step *s)
{
	const struct bpf_insn *insn = &d->plan->insns[at];
	struct machine *m = d->machine;

	if (at + 1 >= d->plan->insn_count)
		return malformed(d, at);
	s->value = (int64_t)((uint64_t)(uint32_t)insn->imm | (uint64_t)(uint32_t)insn[1].imm << 32);
	switch (insn->src_reg) {
	case 0:
		return 0;
	case BPF_PSEUDO_MAP_IDX:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		if (insn->imm < 0 || (size_t)insn->imm >= m->map_count)
			return malformed(d, at);
		if (insn->src_reg == BPF_PSEUDO_MAP_IDX)
			s->value = (int64_t)(uintptr_t)m->maps[insn->imm];
		else
			s->value = (int64_t)(uintptr_t)(m->maps[insn->imm]->values +
							(uint32_t)insn[1].imm);
		return 0;
	case BPF_PSEUDO_FUNC:
		s->value = (int64_t)at + insn->imm + 1;
		return s->value < 0 || (size_t)s->value >= d->plan->insn_count ? malformed(d, at) : 0;
	case PLAN_PSEUDO_KERNEL:
		return decode_kernel_value(d, insn->imm, s);
	default:
		return refuse(d, "64-bit constant of kind", insn->src_reg);
	}
}

/* ---- jumps and calls ---- */

static int decode_target(struct decoding *d, size_t at, int64_t distance, struct step *s)
{
	int64_t target = (int64_t)at + 1 + distance;

	if (target < 0 || (size_t)target >= d->plan->insn_count)
		return malformed(d, at);
	s->target = (uint32_t)target;
	return 0;
}

static int decode_call(struct decoding *d, size_t at, struct step *s)
{
	const struct bpf_insn *insn = &d->plan->insns[at];

	if (insn->src_reg == BPF_PSEUDO_CALL)
		return decode_target(d, at, insn->imm, s);
	if (insn->src_reg)
		return refuse(d, "function of the kernel, number", insn->imm);
	s->helper = helper_of(insn->imm);
	return s->helper ? 0 : refuse(d, "helper", insn->imm);
}

static int decode_jump(struct decoding *d, size_t at, struct step *s)
{
	const struct bpf_insn *insn = &d->plan->insns[at];
	int op = BPF_OP(insn->code);

	switch (op) {
	case BPF_CALL:
		return BPF_CLASS(insn->code) == BPF_JMP ? decode_call(d, at, s) : malformed(d, at);
	case BPF_EXIT:
		return BPF_CLASS(insn->code) == BPF_JMP ? 0 : malformed(d, at);
	case BPF_JA:
		return decode_target(d, at,
				     BPF_CLASS(insn->code) == BPF_JMP ? insn->off : insn->imm, s);
	case JUMP_IF_MAY:
		if (insn->src_reg)
			return refuse(d, "jump of kind", insn->src_reg);
		/* fall through */
	default:
		return decode_target(d, at, insn->off, s);
	}
}

/* ---- memory and arithmetic ---- */

static int decode_memory(struct decoding *d, size_t at)
{
	const struct bpf_insn *insn = &d->plan->insns[at];
	int mode = BPF_MODE(insn->code), class = BPF_CLASS(insn->code), size = BPF_SIZE(insn->code);

	if (mode == BPF_MEM || (mode == MEM_SIGNED && class == BPF_LDX && size != BPF_DW))
		return 0;
	if (mode != BPF_ATOMIC || class != BPF_STX || (size != BPF_W && size != BPF_DW))
		return refuse(d, "instruction", insn->code);
	switch (insn->imm) {
	case BPF_ADD:
	case BPF_OR:
	case BPF_AND:
	case BPF_XOR:
	case BPF_ADD | BPF_FETCH:
	case BPF_OR | BPF_FETCH:
	case BPF_AND | BPF_FETCH:
	case BPF_XOR | BPF_FETCH:
	case BPF_XCHG:
	case BPF_CMPXCHG:
		return 0;
	default:
		return refuse(d, "atomic operation", insn->imm);
	}
}

static int decode_arithmetic(struct decoding *d, size_t at)
{
	const struct bpf_insn *insn = &d->plan->insns[at];
	int op = BPF_OP(insn->code);

	if (op > BPF_END)
		return refuse(d, "instruction", insn->code);
	if (op == BPF_END && insn->imm != 16 && insn->imm != 32 && insn->imm != 64)
		return refuse(d, "width", insn->imm);
	if ((op == BPF_DIV || op == BPF_MOD) && (insn->off < 0 || insn->off > 1))
		return refuse(d, "division of kind", insn->off);
	if (op == BPF_MOV && insn->off &&
	    (BPF_SRC(insn->code) != BPF_X ||
	     (insn->off != 8 && insn->off != 16 && insn->off != 32)))
		return refuse(d, "move of width", insn->off);
	return 0;
}

static int decode_one(struct decoding *d, size_t at, struct step *s)
{
	const struct bpf_insn *insn = &d->plan->insns[at];

	*s = (struct step){.code = insn->code, .dst = insn->dst_reg, .src = insn->src_reg,
			   .offset = insn->off, .value = insn->imm};
	if (insn->dst_reg > BPF_REG_10)
		return malformed(d, at);
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
			return refuse(d, "instruction", insn->code);
		return decode_wide(d, at, s);
	case BPF_JMP:
	case BPF_JMP32:
		if (insn->src_reg > BPF_REG_10)
			return malformed(d, at);
		return decode_jump(d, at, s);
	case BPF_ALU:
	case BPF_ALU64:
		if (insn->src_reg > BPF_REG_10)
			return malformed(d, at);
		return decode_arithmetic(d, at);
	default:
		if (insn->src_reg > BPF_REG_10)
			return malformed(d, at);
		return decode_memory(d, at);
	}
}

int user_program_decode(struct machine *m, const struct plan_program *plan, struct user_program *program,
		   struct error *err)
{
	struct decoding d = {m, plan, program, err};
	int code = 0;

	*program = (struct user_program){.name = plan->name ? plan->name : "",
					 .attach = plan->attach,
					 .count = plan->insn_count};
	/* One more, whose code is none: where a program runs off its end. */
	program->steps = calloc(plan->insn_count + 1, sizeof(*program->steps));
	if (!program->steps)
		return error_memory(err);
	for (size_t i = 0; i < plan->insn_count && !code; i++) {
		code = decode_one(&d, i, &program->steps[i]);
		i += plan->insns[i].code == (BPF_LD | BPF_IMM | BPF_DW); /* its second half */
	}
	if (code)
		user_program_free(program);
	return code;
}

void user_program_free(struct user_program *program)
{
	free(program->steps);
	program->steps = NULL;
}
