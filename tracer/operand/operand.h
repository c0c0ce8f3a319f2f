/*
 * Operands: where one argument is at one site, as the note's text says in the assembler's words of
 * its architecture: `-4@-1204(%rbp)`. This folder turns the text into a recipe and knows where the
 * kernel keeps each register of a stopped thread. One file per architecture behind one table.
 *
 * Source of the outer form (N@OP, N = size in bytes, negative for signed, `f` behind it for a
 * float): systemtap's sdt_note documentation; the inner forms are what each assembler prints.
 */
#ifndef TELLTALE_OPERAND_OPERAND_H
#define TELLTALE_OPERAND_OPERAND_H

#include "base/error.h"
#include "base/memory.h"

enum operand_kind {
	OPERAND_CONST,    /* value */
	OPERAND_REG,      /* reg */
	OPERAND_MEM,      /* memory at reg + index * scale + displacement */
	OPERAND_SYMMEM,   /* memory at symbol + displacement (+ reg + index * scale) */
	OPERAND_SYMCONST, /* the address symbol + displacement itself */
	/* Of probes of the kernel, whose programs are given values instead of registers (the
	 * context): */
	OPERAND_CONTEXT,  /* in it, displacement bytes from its start */
	OPERAND_TYPED,    /* the same, a pointer whose type the kernel's verifier knows */
	OPERAND_PLACE,    /* the address of that */
	OPERAND_LOCATED,  /* context + value + the 16 bits at displacement: `__data_loc` */
	OPERAND_UNKNOWN,  /* a form that can't be understood; `text` has it, `reason` says why */
};

/*
 * A register as it is spelled in a note. `ebx`, `bl` and `bh` are three registers of one place.
 * On the architectures whose notes have a number only (mips, ppc64) the name is r2. An operand may
 * be wider than its register: `-16@%rax` is a pair of which the note names the lower half.
 */
struct operand_register {
	const char *name; /* the manual's name, without `%` or `$` */
	int16_t offset;   /* of its place in the kernel's struct pt_regs (user_regs) of that
	                     architecture, in bytes; -1 where the kernel does not save it there */
	uint8_t size;     /* bytes that the name stands for: 8 rbx, 4 ebx, 1 bl */
	uint8_t shift;    /* bits to shift right first: 8 for bh */
	bool zero;        /* always reads as zero (xzr); a whole operand of it is OPERAND_CONST */
	bool vector;      /* a floating-point or vector register: not visible to BPF */
};

enum operand_base {
	OPERAND_BASE_NONE,
	OPERAND_BASE_THREAD, /* relative to the thread pointer (%fs on amd64, %gs on i386) */
	OPERAND_BASE_GOT,    /* the place is the symbol's entry in the global offset table, so
	                        the value is the symbol's address */
	OPERAND_BASE_PC,     /* symbol(%rip): relative to the instruction pointer */
	/*
	 * In these the register holds a part of the symbol's address already, and the symbol
	 * stands for the rest only: do not add both.
	 */
	OPERAND_BASE_GOTOFF, /* sym@GOTOFF(%ebx): the register holds the place of the GOT */
	OPERAND_BASE_TPOFF,  /* sym@tpoff(%rax): the register holds the thread pointer */
	OPERAND_BASE_LOW,    /* #:lo12:sym, sym@toc@l, %lo(sym): the register holds the page, the
	                        TOC or the upper bits */
};

struct operand {
	enum operand_kind kind;
	uint8_t size;   /* bytes, 1 to 16; the architecture's register width where the note has none
	                 */
	bool sized;     /* the note gave a size */
	bool is_signed; /* of an unsized operand: true */
	bool is_float;
	enum operand_base base;
	const struct operand_register *reg, *index; /* NULL where not used */
	uint8_t scale;                              /* of index; 1 where not written */
	bool index_signed; /* of an index narrower than an address: extend its sign (arm64 sxtw) */
	int64_t displacement;
	const char *symbol; /* its name without @GOTPCREL, @tpoff and the like; NULL: none */
	uint64_t value;     /* OPERAND_CONST: already cut to `size` and, when signed, extended
	                   to 64 bits; of a wider one the lower 64 bits */
	const char *text;   /* as it stands in the note, this operand only */
	const char *reason; /* OPERAND_UNKNOWN: why */
};

/* sym@GOTOFF(%a,%b): either register may be the one that holds the table's place. */
bool operand_gotoff_of_two(const struct operand *operand);

/* The number of a register in DWARF; -1 where it has none of its own. */
int operand_register_number(uint16_t machine, uint8_t bits, const struct operand_register *reg);

/* True when the architecture (EM_*, bits 32 or 64) has a parser. */
bool operand_machine(uint16_t machine, uint8_t bits);

/*
 * Parses the operands of one note into arena memory. An operand that is not understood becomes
 * OPERAND_UNKNOWN and keeps its place, so that the others keep their numbers. Returns 0, -ENOMEM,
 * or -EOPNOTSUPP for an architecture without a parser.
 */
int operands_parse(uint16_t machine, uint8_t bits, const char *text, struct arena *arena,
                   struct operand **operands, size_t *count, struct error *err);

#endif
