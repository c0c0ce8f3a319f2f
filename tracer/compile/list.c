/*
 * The plan for people: instructions in the words that the kernel's verifier and llvm-objdump use,
 * with the notes of the generator between them; maps, records and sites.
 */
#include "compile/compile.h"
#include "compile/ir.h"
#include "compile/runtime.h"

#include <string.h>

static const char *width(uint8_t code)
{
	static const char *const names[] = {"u32", "u16", "u8", "u64"};

	return names[BPF_SIZE(code) >> 3];
}

static void print_alu(const struct bpf_insn *i, struct buffer *out)
{
	static const char *const ops[] = {"+=", "-=", "*=", "/=", "|=", "&=", "<<=",
					  ">>=", "-",  "%=", "^=", "=",	 "s>>="};
	const char *wide = BPF_CLASS(i->code) == BPF_ALU64 ? "r" : "w";
	unsigned op = BPF_OP(i->code) >> 4;

	if (BPF_OP(i->code) == BPF_NEG)
		buffer_print(out, "%s%u = -%s%u", wide, i->dst_reg, wide, i->dst_reg);
	else if (op >= sizeof(ops) / sizeof(*ops))
		buffer_print(out, "code 0x%02x", i->code);
	else if (BPF_SRC(i->code) == BPF_X)
		buffer_print(out, "%s%u %s %s%u", wide, i->dst_reg, ops[op], wide, i->src_reg);
	else
		buffer_print(out, "%s%u %s %d", wide, i->dst_reg, ops[op], i->imm);
}

/* Calls of bpf/ functions are named when the callee's first instructions are found in the table. */
static const char *callee_name(const struct plan_program *p, size_t at)
{
	for (size_t f = 0; f < runtime_function_count; f++) {
		const struct runtime_function *r = &runtime_functions[f];

		if (at + r->count <= p->insn_count &&
		    !memcmp(&p->insns[at], r->insns, r->count * sizeof(*r->insns)))
			return r->name;
	}
	return "?";
}

static void print_jump(const struct plan_program *p, size_t at, struct buffer *out)
{
	static const char *const ops[] = {"",	 "==",	"> ", ">=", "&",  "!=",	 "s>",
					  "s>=", "",	"",   "<",  "<=", "s<",	 "s<="};
	const struct bpf_insn *i = &p->insns[at];
	unsigned op = BPF_OP(i->code) >> 4;
	long target = (long)at + 1 + i->off;

	if (BPF_OP(i->code) == BPF_EXIT)
		buffer_text(out, "exit");
	else if (BPF_OP(i->code) == BPF_CALL && i->src_reg == BPF_PSEUDO_CALL)
		buffer_print(out, "call %s", callee_name(p, at + 1 + (size_t)(long)i->imm));
	else if (BPF_OP(i->code) == BPF_CALL)
		buffer_print(out, "call helper %d", i->imm);
	else if (i->code == PLAN_MAY_GOTO)
		buffer_print(out, "may_goto %ld", target);
	else if (BPF_OP(i->code) == BPF_JA)
		buffer_print(out, "goto %ld", target);
	else if (op >= sizeof(ops) / sizeof(*ops))
		buffer_print(out, "code 0x%02x", i->code);
	else if (BPF_SRC(i->code) == BPF_X)
		buffer_print(out, "if r%u %s r%u goto %ld", i->dst_reg, ops[op], i->src_reg, target);
	else
		buffer_print(out, "if r%u %s %d goto %ld", i->dst_reg, ops[op], i->imm, target);
}

static void print_memory(const struct bpf_insn *i, struct buffer *out)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LDX:
		buffer_print(out, "r%u = *(%s *)(r%u %+d)", i->dst_reg, width(i->code), i->src_reg,
			     i->off);
		break;
	case BPF_ST:
		buffer_print(out, "*(%s *)(r%u %+d) = %d", width(i->code), i->dst_reg, i->off,
			     i->imm);
		break;
	default:
		if (BPF_MODE(i->code) != BPF_ATOMIC)
			buffer_print(out, "*(%s *)(r%u %+d) = r%u", width(i->code), i->dst_reg,
				     i->off, i->src_reg);
		else if (i->imm & BPF_FETCH)
			buffer_print(out, "r%u = atomic_fetch_%s((%s *)(r%u %+d), r%u)", i->src_reg,
				     (i->imm & 0xf0) == BPF_OR ? "or" : "add", width(i->code),
				     i->dst_reg, i->off, i->src_reg);
		else
			buffer_print(out, "lock *(%s *)(r%u %+d) += r%u", width(i->code), i->dst_reg,
				     i->off, i->src_reg);
	}
}

static void print_wide(const struct plan_program *p, size_t at, struct buffer *out)
{
	const struct bpf_insn *i = &p->insns[at];
	uint32_t high = at + 1 < p->insn_count ? (uint32_t)p->insns[at + 1].imm : 0;

	if (i->src_reg == BPF_PSEUDO_MAP_IDX)
		buffer_print(out, "r%u = map %d", i->dst_reg, i->imm);
	else if (i->src_reg == BPF_PSEUDO_MAP_IDX_VALUE)
		buffer_print(out, "r%u = &map %d [0] +%u", i->dst_reg, i->imm, high);
	else if (i->src_reg == BPF_PSEUDO_FUNC)
		buffer_print(out, "r%u = function at %ld", i->dst_reg, (long)at + 1 + i->imm);
	else if (i->src_reg == PLAN_PSEUDO_KERNEL)
		buffer_print(out, "r%u = kernel value %d", i->dst_reg, i->imm);
	else if (i->src_reg == BPF_PSEUDO_BTF_ID)
		buffer_print(out, "r%u = &variable of the kernel", i->dst_reg);
	else
		buffer_print(out, "r%u = 0x%llx ll", i->dst_reg,
			     (unsigned long long)((uint64_t)high << 32 | (uint32_t)i->imm));
}

/* One instruction; true when it takes two places. */
static bool print_insn(const struct plan_program *p, size_t at, struct buffer *out)
{
	const struct bpf_insn *i = &p->insns[at];

	buffer_print(out, "%5zu: ", at);
	switch (BPF_CLASS(i->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		print_alu(i, out);
		break;
	case BPF_JMP:
		print_jump(p, at, out);
		break;
	case BPF_LD:
		print_wide(p, at, out);
		break;
	case BPF_JMP32:
		buffer_print(out, "code 0x%02x", i->code);
		break;
	default:
		print_memory(i, out);
	}
	buffer_char(out, '\n');
	return i->code == (BPF_LD | BPF_IMM | BPF_DW);
}

void plan_print_code(const struct plan *plan, struct buffer *out)
{
	for (size_t n = 0; n < plan->program_count; n++) {
		const struct plan_program *p = &plan->programs[n];
		size_t note = 0;

		buffer_print(out, "program %zu: %s, %zu instructions, %zu sites\n", n, p->name,
			     p->insn_count, p->site_count);
		for (size_t at = 0; at < p->insn_count; at++) {
			for (; note < p->note_count && p->notes[note].insn <= at; note++)
				buffer_print(out, "       ; %s\n", p->notes[note].text);
			at += print_insn(p, at, out);
		}
	}
}

static const char *role_name(const struct plan_map *m)
{
	static const char *const names[] = {
		[PLAN_MAP_RING] = "ring",	[PLAN_MAP_CONTROL] = "control",
		[PLAN_MAP_TROUBLE] = "trouble", [PLAN_MAP_RECIPES] = "data",
		[PLAN_MAP_STACKS] = "stacks",	[PLAN_MAP_FOLLOWED] = "followed",
		[PLAN_MAP_THREAD] = "of each thread",
		[PLAN_MAP_FAILURES] = "failures",
	};

	return m->role == PLAN_MAP_USER ? m->name : names[m->role];
}

static void print_value(const struct plan_value *v, struct buffer *out)
{
	static const char *const names[] = {
		[PLAN_INT] = "int",	[PLAN_WIDE] = "wide",	  [PLAN_BOOL] = "bool",	  [PLAN_CHAR] = "char",
		[PLAN_FLOAT] = "float", [PLAN_POINTER] = "pointer", [PLAN_TEXT] = "text",
		[PLAN_BYTES] = "bytes", [PLAN_COMM] = "comm",	  [PLAN_PROBE] = "probe",
		[PLAN_USTACK] = "ustack", [PLAN_KSTACK] = "kstack", [PLAN_USYM] = "usym",
		[PLAN_KSYM] = "ksym",	  [PLAN_NONE] = "none",
		[PLAN_TUPLE] = "tuple", [PLAN_RECORD] = "struct", [PLAN_ARRAY] = "array",
		 [PLAN_ERRNO] = "errno", [PLAN_TIMESTAMP] = "timestamp",
		[PLAN_INET] = "inet",	[PLAN_MAC] = "mac",	[PLAN_CGROUP] = "cgroup",
		[PLAN_USER] = "user",	[PLAN_FUNCTION] = "function",
	};

	buffer_print(out, "    +%u %s%s, %u bytes", v->offset,
		     v->type == PLAN_INT && !v->is_signed && v->size <= 8 ? "unsigned " : "",
		     names[v->type],
		     v->size);
	if (v->names)
		buffer_print(out, ", an enum of %zu", v->names->count);
	if (v->limit)
		buffer_print(out, ", at most %u", v->limit);
	if (v->name && *v->name)
		buffer_print(out, ": %s", v->name);
	buffer_char(out, '\n');
}

static void print_site(const struct plan_program *p, const struct plan_site *site,
		       struct buffer *out)
{
	buffer_print(out, "    site of probe %u: ", site->probe);
	if (p->attach <= PLAN_ATTACH_URETPROBE)
		buffer_print(out, "file %u +0x%llx, semaphore 0x%llx", site->file,
			     (unsigned long long)site->offset,
			     (unsigned long long)site->semaphore_offset);
	else if (site->symbol)
		buffer_print(out, "%s+0x%llx", site->symbol, (unsigned long long)site->offset);
	else
		buffer_print(out, "event %llu, period %llu", (unsigned long long)site->event,
			     (unsigned long long)site->period);
	buffer_print(out, ", cookie 0x%llx\n", (unsigned long long)site->cookie);
}

void plan_print(const struct plan *plan, struct buffer *out)
{
	static const char *const kinds[] = {"event",  "printf", "errorf", "cat",	 "system", "join",
					    "exit",   "time",	"value",  "print", "clear",  "zero",
					    "watch",  "unwatch"};

	for (size_t i = 0; i < plan->probe_count; i++)
		buffer_print(out, "probe %zu: %s\n", i, plan->probes[i].full);
	for (size_t i = 0; i < plan->map_count; i++) {
		const struct plan_map *m = &plan->maps[i];

		buffer_print(out, "map %zu: %s, key %u bytes, value %u bytes, %u entries%s\n", i,
			     role_name(m), m->key_size, m->value_size, m->entries,
			     m->per_cpu ? ", per CPU" : "");
		for (size_t k = 0; k < m->key_count; k++)
			print_value(&m->keys[k], out);
	}
	for (size_t i = 0; i < plan->record_count; i++) {
		const struct plan_record *r = &plan->records[i];

		buffer_print(out, "record %zu: %s, %u bytes\n", i, kinds[r->kind], r->size);
		for (size_t f = 0; f < r->field_count; f++)
			print_value(&r->fields[f].value, out);
	}
	for (size_t i = 0; i < plan->program_count; i++) {
		const struct plan_program *p = &plan->programs[i];

		buffer_print(out, "program %zu: %s, %zu instructions%s%s\n", i, p->name,
			     p->insn_count, p->uses_cookie ? ", by cookie" : "",
			     p->followed ? ", of followed processes" : "");
		for (size_t s = 0; s < p->site_count; s++)
			print_site(p, &p->sites[s], out);
	}
}
