/*
 * Between allocate.c, which gives every virtual register a place, and encode.c, which writes the
 * instructions.
 */
#ifndef TELLTALE_COMPILE_ALLOCATE_H
#define TELLTALE_COMPILE_ALLOCATE_H

#include "compile/ir.h"

/* Instruction i reads at 2 * i and writes at 2 * i + 1. */
struct interval {
	int start, end; /* end < 0: never used */
	int uses;
	bool crosses_call;
	/* What must not go to the frame, where the verifier would forget what it knows of it: */
	bool is_pointer; /* ... as it sees it */
	bool leads_on;	 /* ... and to others: what the program or function is given */
	bool is_bound;	 /* a number that it may want to know the limits of */
	int hint; /* another virtual register it is copied from, or REG_NONE */
	int place; /* 0 to 9: a BPF register; below 0: offset from the frame pointer; from PLACE_FRAME
		    * downwards: in the frame, at that distance from it */
};

enum { PLACE_FRAME = -65536 };

struct allocation {
	struct ir *ir;
	struct interval *intervals;
	int *label_at; /* label to instruction */
	int stack, stack_most; /* bytes in use, spills included, and that there are */
	reg frame; /* REG_NONE: there is none */
	int frame_from, frame_to; /* between these it can be used */
	struct code *code;
	bool failed;
};

/* Writes the instructions. */
int encode(struct allocation *a, struct error *err);

#endif
