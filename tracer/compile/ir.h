/*
 * Instructions with virtual registers: what the generator writes and allocate.c turns into BPF.
 * There are as many registers as one asks for; a register may be written several times. Each
 * instruction becomes one BPF instruction, but calls, whose arguments are moved into place.
 */
#ifndef TELLTALE_COMPILE_IR_H
#define TELLTALE_COMPILE_IR_H

#include "base/error.h"
#include "base/memory.h"
#include "plan.h"

#include <linux/bpf.h>

typedef int reg; /* a virtual register; from 0 */

enum {
	REG_NONE = -1,
	REG_STACK = -2, /* the frame pointer; offsets are those of ir_stack() */
};

typedef int label;

enum ir_kind {
	IR_BPF,	  /* code, dst, src, offset, value (32 bits) */
	IR_WIDE,  /* dst = 64-bit value, or the map (BPF_PSEUDO_*) in `src` with imm and next imm */
	IR_ENTRY, /* dst = the context; of a function its argument number `value`, from 0 */
	IR_LABEL, /* target */
	IR_FRAMED, IR_UNFRAMED, /* between them dst is the frame's address: see ir_framed() */
	IR_JUMP,  /* code, dst, src or value, target */
	IR_CALL,  /* a helper (value) or a function of bpf/ (function); args; dst or REG_NONE */
	IR_EXIT,  /* returns `value` */
	IR_NOTE,  /* text for people, in listings */
};

/* One argument of a call. */
struct ir_arg {
	enum { ARG_REG, ARG_VALUE, ARG_STACK, ARG_MAP, ARG_FUNCTION } kind;
	reg reg;
	/* ARG_REG: added to it; ARG_STACK: offset from the frame pointer; ARG_MAP: its index;
	 * ARG_FUNCTION: which of the program's own (see link.c) */
	int64_t value;
};

static inline struct ir_arg arg_reg(reg r)
{
	return (struct ir_arg){ARG_REG, r, 0};
}

/* base + offset */
static inline struct ir_arg arg_at(reg base, int offset)
{
	return (struct ir_arg){base == REG_STACK ? ARG_STACK : ARG_REG, base, offset};
}

static inline struct ir_arg arg_value(int64_t value)
{
	return (struct ir_arg){ARG_VALUE, REG_NONE, value};
}

static inline struct ir_arg arg_stack(int offset)
{
	return (struct ir_arg){ARG_STACK, REG_NONE, offset};
}

static inline struct ir_arg arg_map(size_t map)
{
	return (struct ir_arg){ARG_MAP, REG_NONE, (int64_t)map};
}

static inline struct ir_arg arg_function(size_t function)
{
	return (struct ir_arg){ARG_FUNCTION, REG_NONE, (int64_t)function};
}

struct ir_insn {
	enum ir_kind kind;
	uint8_t code;
	uint8_t pseudo; /* IR_WIDE: BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, PLAN_PSEUDO_KERNEL or 0 */
	int16_t offset;
	reg dst, src;
	int64_t value;
	label target;
	const char *function, *text;
	struct ir_arg args[5];
	uint8_t arg_count;
	bool immediate; /* IR_JUMP and ALU: value instead of src */
};

struct ir {
	struct ir_insn *items;
	size_t count, room;
	int regs, labels;
	int stack, stack_deepest; /* bytes in use now, and at the most (without spills) */
	bool shares_stack;	  /* a function of a program, or a program that has some */
	int frame_at, frame_bytes; /* of the frame, for numbers that find no register: from where, and
				    * how many (ir_allocate() counts them) */
	size_t island;		  /* where the last one ends (exits.c) */
	bool failed;		  /* memory ran out */
	struct arena *arena;	  /* texts of notes: the plan's */
};

reg ir_reg(struct ir *ir);
label ir_label(struct ir *ir);

/* Room on the stack, 8-aligned: its offset from the frame pointer (negative). ir_stack_back() gives
 * back all that was taken since the mark (ir->stack). */
int ir_stack(struct ir *ir, int bytes);
void ir_stack_back(struct ir *ir, int mark);

/* Moves the instructions from `from` on to the front of `at`. */
void ir_put_back(struct ir *ir, size_t from, size_t at);

void ir_entry(struct ir *ir, reg dst, int argument);
void ir_exit(struct ir *ir, int value);
void ir_place(struct ir *ir, label l);
void ir_note(struct ir *ir, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * From here on `frame` is the address of memory that the verifier does not follow, which has room for
 * numbers that find no register; ir_unframed(): it is no longer.
 */
void ir_framed(struct ir *ir, reg frame);
void ir_unframed(struct ir *ir, reg frame);

void ir_set(struct ir *ir, reg dst, int64_t value);
void ir_move(struct ir *ir, reg dst, reg src);
/* op: BPF_ADD, ...; 64 bits wide. */
void ir_alu(struct ir *ir, int op, reg dst, reg src);
void ir_alu_value(struct ir *ir, int op, reg dst, int64_t value);
void ir_negate(struct ir *ir, reg dst);
/* The bytes of the low `bits` bits in reverse order. */
void ir_swap(struct ir *ir, reg dst, unsigned bits);
/* Leaves the low `bits` bits, as signed or unsigned. */
void ir_extend(struct ir *ir, reg dst, unsigned bits, bool is_signed);

/* size: BPF_B, BPF_H, BPF_W, BPF_DW */
void ir_load(struct ir *ir, int size, reg dst, reg base, int offset);
void ir_store(struct ir *ir, int size, reg base, int offset, reg src);
void ir_store_value(struct ir *ir, int size, reg base, int offset, int32_t value);
void ir_atomic_add(struct ir *ir, reg base, int offset, reg src);
/* The two below also leave the old value in src. */
void ir_atomic_fetch_add(struct ir *ir, reg base, int offset, reg src);
void ir_atomic_or(struct ir *ir, reg base, int offset, reg src);

void ir_jump(struct ir *ir, label target);
/* op: BPF_JEQ, ...; 64 bits wide. */
void ir_branch(struct ir *ir, int op, reg a, reg b, label target);
void ir_branch_value(struct ir *ir, int op, reg a, int64_t value, label target);

/* See PLAN_MAY_GOTO: every loop needs one. */
void ir_may_goto(struct ir *ir, label target);

/* A value that only the kernel that runs it knows (enum plan_kernel_value). */
void ir_kernel(struct ir *ir, reg dst, int value);
/* dst = the address of the kernel's variable of that number in its BTF. */
void ir_kernel_variable(struct ir *ir, reg dst, uint32_t number);
void ir_map_value(struct ir *ir, reg dst, size_t map, uint32_t offset);
void ir_helper(struct ir *ir, int helper, reg dst, size_t count, const struct ir_arg *args);
void ir_function(struct ir *ir, const char *name, reg dst, size_t count,
		 const struct ir_arg *args);

/* The size code for 1, 2, 4 or 8 bytes. */
int ir_size(unsigned bytes);


/* What an instruction does to its dst: writes it; writes it without reading it. */
bool ir_writes(const struct ir_insn *insn);
bool ir_only_writes(const struct ir_insn *insn);
bool ir_is_move(const struct ir_insn *insn);
/* An atomic operation that leaves the old value in src. */
bool ir_fetches(const struct ir_insn *insn);
/* Does any instruction name it? */
bool ir_mentions(const struct ir *ir, reg r);

/* tidy.c: drops what nobody needs. False when memory is out. */
bool ir_tidy(struct ir *ir);

/* ---- BPF ---- */

struct code_call {
	size_t insn;
	const char *function;
};

/* BPF instructions with calls of bpf/ functions still open (link.c closes them), and for listings
 * the notes in front of instructions. */
struct code {
	struct bpf_insn *insns;
	size_t count, room;
	struct code_call *calls;
	size_t call_count, call_room;
	struct plan_note *notes;
	size_t note_count, note_room;
};

void code_free(struct code *code);

/*
 * Bytes of stack an emitted program may use, spills included. With may_goto it is less: a kernel
 * that gives programs with 64 bytes a stack of their own (6.13) looks for the loop's time limit on
 * the other stack (seen on 6.18), so that a loop may end after 65,535 rounds, and worse. A program, its
 * functions, one in the other, and one of bpf/ share 512 bytes.
 */
enum { STACK_PROGRAM = 256, STACK_LOOPED = 56, STACK_SHARED = 128 };

/*
 * Gives every virtual register a place and writes the instructions. -E2BIG when the stack does not
 * suffice.
 */
int ir_allocate(struct ir *ir, struct code *code, struct error *err);

#endif
