/*
 * What each architecture's file gives to the table in operand.c, and the small scanner that they
 * share. Private to this folder.
 */
#ifndef TELLTALE_OPERAND_ARCH_H
#define TELLTALE_OPERAND_ARCH_H

#include "operand/operand.h"

/*
 * The text of one operand behind `N@`, while it is being read. Every function below skips blanks
 * first and leaves `at` behind what it took. `reason` is why reading stopped.
 */
struct scan {
	const char *at, *end;
	struct arena *arena;
	const struct operand_arch *arch;
	const char *reason;
};

struct operand_arch {
	uint16_t machine; /* EM_* */
	uint8_t bits;     /* 32 or 64 */
	uint8_t width;    /* bytes of a general register: the size of an operand without one */
	const struct operand_register *registers;
	size_t register_count;
	/*
	 * Reads the place (everything behind `N@`) into operand; false, with scan->reason set,
	 * when it does not understand it. The caller checks that nothing is left.
	 */
	bool (*parse)(struct scan *scan, struct operand *operand);
};

#define OPERAND_REGISTERS(table)                                                                   \
	.registers = (table), .register_count = sizeof(table) / sizeof((table)[0])

/* Rows of the tables: a register that the kernel saves at `place`, one
 * that is always zero, and one that it does not save. */
#define REGISTER(n, place, width)                                                                  \
	{                                                                                          \
		.name = (n), .offset = (place), .size = (width)                                    \
	}
#define ZERO(n, width)                                                                             \
	{                                                                                          \
		.name = (n), .offset = -1, .size = (width), .zero = true                           \
	}
#define VECTOR(n, width)                                                                           \
	{                                                                                          \
		.name = (n), .offset = -1, .size = (width), .vector = true                         \
	}
#define VECTORS_8(prefix, width)                                                                   \
	VECTOR(prefix "0", width), VECTOR(prefix "1", width), VECTOR(prefix "2", width),           \
	        VECTOR(prefix "3", width), VECTOR(prefix "4", width), VECTOR(prefix "5", width),   \
	        VECTOR(prefix "6", width), VECTOR(prefix "7", width)
#define VECTORS_16(prefix, width)                                                                  \
	VECTORS_8(prefix, width), VECTOR(prefix "8", width), VECTOR(prefix "9", width),            \
	        VECTOR(prefix "10", width), VECTOR(prefix "11", width),                            \
	        VECTOR(prefix "12", width), VECTOR(prefix "13", width),                            \
	        VECTOR(prefix "14", width), VECTOR(prefix "15", width)
#define VECTORS_32(prefix, width)                                                                  \
	VECTORS_16(prefix, width), VECTOR(prefix "16", width), VECTOR(prefix "17", width),         \
	        VECTOR(prefix "18", width), VECTOR(prefix "19", width),                            \
	        VECTOR(prefix "20", width), VECTOR(prefix "21", width),                            \
	        VECTOR(prefix "22", width), VECTOR(prefix "23", width),                            \
	        VECTOR(prefix "24", width), VECTOR(prefix "25", width),                            \
	        VECTOR(prefix "26", width), VECTOR(prefix "27", width),                            \
	        VECTOR(prefix "28", width), VECTOR(prefix "29", width),                            \
	        VECTOR(prefix "30", width), VECTOR(prefix "31", width)
/* r0 to r31, `width` bytes each and side by side from `first` on. */
#define NUMBERED(n, number, first, width) REGISTER(n #number, (first) + (width) * (number), width)
#define NUMBERED_16(n, first, width)                                                               \
	NUMBERED(n, 0, first, width), NUMBERED(n, 1, first, width), NUMBERED(n, 2, first, width),  \
	        NUMBERED(n, 3, first, width), NUMBERED(n, 4, first, width),                        \
	        NUMBERED(n, 5, first, width), NUMBERED(n, 6, first, width),                        \
	        NUMBERED(n, 7, first, width), NUMBERED(n, 8, first, width),                        \
	        NUMBERED(n, 9, first, width), NUMBERED(n, 10, first, width),                       \
	        NUMBERED(n, 11, first, width), NUMBERED(n, 12, first, width),                      \
	        NUMBERED(n, 13, first, width), NUMBERED(n, 14, first, width),                      \
	        NUMBERED(n, 15, first, width)
#define NUMBERED_32(n, first, width)                                                               \
	NUMBERED_16(n, first, width), NUMBERED(n, 16, first, width),                               \
	        NUMBERED(n, 17, first, width), NUMBERED(n, 18, first, width),                      \
	        NUMBERED(n, 19, first, width), NUMBERED(n, 20, first, width),                      \
	        NUMBERED(n, 21, first, width), NUMBERED(n, 22, first, width),                      \
	        NUMBERED(n, 23, first, width), NUMBERED(n, 24, first, width),                      \
	        NUMBERED(n, 25, first, width), NUMBERED(n, 26, first, width),                      \
	        NUMBERED(n, 27, first, width), NUMBERED(n, 28, first, width),                      \
	        NUMBERED(n, 29, first, width), NUMBERED(n, 30, first, width),                      \
	        NUMBERED(n, 31, first, width)

extern const struct operand_arch operand_amd64, operand_x32, operand_i386, operand_arm64,
        operand_arm, operand_riscv64, operand_ppc64, operand_s390x, operand_mips32, operand_mips64,
        operand_loongarch64;

/* Sets the reason, unless there is one; always false. */
bool scan_fail(struct scan *scan, const char *reason);
/* The next character that is not a blank, or NUL at the end; takes nothing. */
char scan_peek(struct scan *scan);
/* Takes the character when it is the next one. */
bool scan_take(struct scan *scan, char c);
/* The same, and fails with a reason when it is not. */
bool scan_expect(struct scan *scan, char c);
/* Takes letters, digits, `_` and `.`; *length is 0 when there are none. */
const char *scan_word(struct scan *scan, size_t *length);

/* Takes a word that has to be a register of the architecture; NULL sets the reason. */
const struct operand_register *scan_register(struct scan *scan);
/* Finds a register by name; NULL without a word. */
const struct operand_register *find_register(const struct operand_arch *arch, const char *name,
                                             size_t length);

/* Takes the next word when it is a register of the architecture; NULL, and nothing taken, else. */
const struct operand_register *scan_if_register(struct scan *scan);
/* Whether a register can be a part of an address. */
bool addresses(struct scan *scan, const struct operand_register *reg);

/* `40+CheckpointStats@GOTOFF-8`: numbers, at most one symbol, at most one `@suffix`. */
struct sum {
	const char *symbol; /* in the arena; NULL where there is none */
	uint64_t number;    /* of two's complement, so that 2^64-1 and -1 are one */
	const char *suffix; /* behind the @; not ended by a NUL */
	size_t suffix_length;
};

/* Reads a sum of one term or more. */
bool scan_sum(struct scan *scan, struct sum *sum);
bool suffix_is(const struct sum *sum, const char *name);

/*
 * What stands between a relocation's marks, `lo12` of `:lo12:` or `lo` of `%lo(`; the name goes to
 * sum->suffix. False where none is next; nothing is taken then.
 */
bool scan_relocation(struct scan *scan, char before, char behind, struct sum *sum);
/* The same, and the sum behind it; `%lo(sum)` is closed too. */
bool scan_relocated(struct scan *scan, char before, char behind, struct sum *sum);

/* Fills a constant, or the address of a symbol where the sum has one. */
void operand_constant(struct operand *operand, const struct sum *sum);
/* Fills memory at a sum; registers are set by the caller. */
void operand_memory(struct operand *operand, const struct sum *sum);
/*
 * Fills an operand of an architecture that does not mark its constants: a bare number is one, a
 * bare symbol is memory (the constraint of the stapsdt macros, "n", takes no symbol as a constant).
 */
void operand_bare(struct operand *operand, const struct sum *sum);
/* Fills a register operand; one that always reads as zero is the constant. */
void operand_whole(struct operand *operand, const struct operand_register *reg);

#endif
