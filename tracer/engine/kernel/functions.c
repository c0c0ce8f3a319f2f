/*
 * Owns what the kernel must be told of a program whose functions helpers call: where each function starts,
 * and a type for it, in the kernel's own format (Documentation/bpf/btf.rst).
 */
#include "functions.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int function_types(void)
{
	static const char texts[] = "\0int\0main\0part";
	static const struct {
		struct btf_header header;
		uint32_t integer[4], prototype[3], main[3], part[3];
		char texts[sizeof(texts)];
	} btf = {
	        .header = {.magic = BTF_MAGIC, .version = BTF_VERSION,
	                   .hdr_len = sizeof(struct btf_header), .type_len = 13 * 4,
	                   .str_off = 13 * 4, .str_len = sizeof(texts)},
	        .integer = {1, BTF_KIND_INT << 24, 4, BTF_INT_SIGNED << 24 | 32},
	        .prototype = {0, BTF_KIND_FUNC_PROTO << 24, 1},
	        .main = {5, BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC, 2},
	        .part = {10, BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC, 2},
	        .texts = "\0int\0main\0part",
	};

	return sys_types_load(&btf, sizeof(btf.header) + 13 * 4 + sizeof(texts));
}

static bool is_wide(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* Whether the instruction names a function, by a call or by its address. */
static bool names_function(const struct bpf_insn *insn)
{
	return (is_wide(insn) && insn->src_reg == BPF_PSEUDO_FUNC) ||
	       (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL);
}

/* Does a helper call a function of the program? */
static bool has_functions(const struct bpf_insn *insns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_wide(&insns[i]) && insns[i].src_reg == BPF_PSEUDO_FUNC)
			return true;
		i += is_wide(&insns[i]);
	}
	return false;
}

/* Every function must be told, each once, in the order in which they stand. */
static int find_starts(struct functions *f, const struct bpf_insn *insns, size_t count)
{
	bool *starts = calloc(count + 1, sizeof(*starts));
	size_t found = 1;

	if (!starts)
		return -ENOMEM;
	starts[0] = true;
	for (size_t i = 0; i < count; i++) {
		size_t target = i + 1 + (size_t)(long)insns[i].imm;

		if (names_function(&insns[i]) && target < count && !starts[target]) {
			starts[target] = true;
			found++;
		}
		i += is_wide(&insns[i]);
	}
	f->items = calloc(found, sizeof(*f->items));
	for (size_t i = 0; f->items && i < count; i++)
		if (starts[i])
			f->items[f->count++] = (struct bpf_func_info){
			        (uint32_t)i, i ? FUNCTION_TYPE_PART : FUNCTION_TYPE_MAIN};
	free(starts);
	return f->items ? 0 : -ENOMEM;
}

int functions_open(struct functions *f, const struct bpf_insn *insns, size_t count,
                   struct error *err)
{
	*f = (struct functions){.types = -1};
	if (!has_functions(insns, count))
		return 0;
	if (find_starts(f, insns, count))
		return error_memory(err);
	f->types = function_types();
	if (f->types >= 0)
		return 0;
	functions_close(f);
	return error_set(err, f->types, "the kernel refused the types of a program's functions: %s",
	                 strerror(-f->types));
}

void functions_put(const struct functions *f, struct sys_program *program)
{
	program->types = f->types;
	program->functions = f->items;
	program->function_count = f->count;
}

void functions_close(struct functions *f)
{
	if (f->types >= 0)
		close(f->types);
	free(f->items);
	f->items = NULL;
	f->count = 0;
}
