/*
 * The functions of bpf/, as the build put them into the tracer: instructions, and which of them
 * call other functions of bpf/.
 */
#ifndef TELLTALE_COMPILE_RUNTIME_H
#define TELLTALE_COMPILE_RUNTIME_H

#include <linux/bpf.h>
#include <stddef.h>

struct runtime_call {
	size_t insn;
	const char *function;
};

struct runtime_function {
	const char *name;
	const struct bpf_insn *insns;
	size_t count;
	const struct runtime_call *calls;
	size_t call_count;
};

extern const struct runtime_function runtime_functions[];
extern const size_t runtime_function_count;

#endif
