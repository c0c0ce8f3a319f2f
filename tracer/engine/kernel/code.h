/* How the small programs that the engine itself brings are written. */
#ifndef TELLTALE_ENGINE_KERNEL_CODE_H
#define TELLTALE_ENGINE_KERNEL_CODE_H

#include <linux/bpf.h>

/* Instructions by their classes, as the kernel's include/linux/filter.h groups them. */
#define REGISTER(op, d, s)	((struct bpf_insn){BPF_ALU64 | (op) | BPF_X, (d), (s), 0, 0})
#define VALUE(op, d, v)		((struct bpf_insn){BPF_ALU64 | (op) | BPF_K, (d), 0, 0, (v)})
#define LOAD(d, s, o)		((struct bpf_insn){BPF_LDX | BPF_DW | BPF_MEM, (d), (s), (o), 0})
#define STORE32(o, s)		((struct bpf_insn){BPF_STX | BPF_W | BPF_MEM, 10, (s), (o), 0})
#define STORE64(o, s)		((struct bpf_insn){BPF_STX | BPF_DW | BPF_MEM, 10, (s), (o), 0})
#define STORE32_VALUE(o, v)	((struct bpf_insn){BPF_ST | BPF_W | BPF_MEM, 10, 0, (o), (v)})
#define BRANCH_X(op, d, s, o)	((struct bpf_insn){BPF_JMP | (op) | BPF_X, (d), (s), (o), 0})
#define BRANCH_K(op, d, v, o)	((struct bpf_insn){BPF_JMP | (op) | BPF_K, (d), 0, (o), (v)})
#define HELPER(f)		((struct bpf_insn){BPF_JMP | BPF_CALL, 0, 0, 0, (f)})
#define MAP(d, fd)		((struct bpf_insn){BPF_LD | BPF_DW | BPF_IMM, (d), BPF_PSEUDO_MAP_FD, 0, (fd)}), \
				((struct bpf_insn){0, 0, 0, 0, 0})
#define EXIT			((struct bpf_insn){BPF_JMP | BPF_EXIT, 0, 0, 0, 0})

#endif
