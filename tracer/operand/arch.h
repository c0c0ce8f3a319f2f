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
	uint8_t bits;	  /* 32 or 64 */
	uint8_t width;	  /* bytes of a general register: the size of an operand without one */
	const struct operand_register *registers;
	size_t register_count;
	/*
	 * Reads the place (everything behind `N@`) into operand; false, with scan->reason set,
	 * when it does not understand it. The caller checks that nothing is left.
	 */
	bool (*parse)(struct scan *scan, struct operand *operand);
};

#define OPERAND_REGISTERS(table) \
	.registers = (table), .register_count = sizeof(table) / sizeof((table)[0])

extern const struct operand_arch operand_amd64;

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

/* `40+CheckpointStats@GOTOFF-8`: numbers, at most one symbol, at most one `@suffix`. */
struct sum {
	const char *symbol;  /* in the arena; NULL where there is none */
	uint64_t number;     /* of two's complement, so that 2^64-1 and -1 are one */
	const char *suffix;  /* behind the @; not ended by a NUL */
	size_t suffix_length;
};

/* Reads a sum of one term or more. */
bool scan_sum(struct scan *scan, struct sum *sum);
bool suffix_is(const struct sum *sum, const char *name);

/* Fills a constant, or the address of a symbol where the sum has one. */
void operand_constant(struct operand *operand, const struct sum *sum);
/* Fills memory at a sum; registers are set by the caller. */
void operand_memory(struct operand *operand, const struct sum *sum);

#endif
