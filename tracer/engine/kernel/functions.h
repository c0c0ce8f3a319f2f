/* Functions of a program that helpers call: what the kernel wants to be told of them. */
#ifndef TELLTALE_ENGINE_KERNEL_FUNCTIONS_H
#define TELLTALE_ENGINE_KERNEL_FUNCTIONS_H

#include "base/error.h"
#include "sys.h"

/* The types that function_types() makes, all of them `int ()`, which nothing asks again. */
enum { FUNCTION_TYPE_MAIN = 3, FUNCTION_TYPE_PART = 4 };

/* A descriptor of them, or -errno. */
int function_types(void);

struct functions {
	int types; /* -1: no helper calls any */
	struct bpf_func_info *items;
	size_t count;
};

/* What to load a program with; nothing where no helper calls a function. */
int functions_open(struct functions *functions, const struct bpf_insn *insns, size_t count,
                   struct error *err);
void functions_put(const struct functions *functions, struct sys_program *program);
void functions_close(struct functions *functions);

#endif
