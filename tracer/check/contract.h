/*
 * The contract of a binary: which probes it has, with which arguments. The same plain data holds
 * what a contract says and what a binary has; comparing them is contract.c, the text of a contract
 * contract_text.c and contract_parse.c, the way from a binary to it check.c. Private to this
 * folder.
 */
#ifndef TELLTALE_CONTRACT_H
#define TELLTALE_CONTRACT_H

#include "base/error.h"
#include "base/memory.h"
#include "lang/source.h"
#include "output/output.h"

/*
 * What an argument is to the machine: a set, as sites may differ. A bit for each form and size in
 * bytes, `i32` is SHAPE(SHAPE_SIGNED, 4), and two more. A contract's set is what is allowed.
 */
enum shape_form { SHAPE_SIGNED, SHAPE_UNSIGNED, SHAPE_FLOAT, SHAPE_FORMS };
enum { SHAPE_SIZES = 16 };

#define SHAPE(form, size) ((uint64_t)1 << ((form)*SHAPE_SIZES + (size)-1))
#define SHAPE_NONE        ((uint64_t)1 << 48) /* a site does not have the argument */
#define SHAPE_UNKNOWN     ((uint64_t)1 << 49) /* an operand that nobody understands */

/* What the text of a type says by itself, in a program of 32 or 64 bits; 0 when it says nothing.
 * Pointers, `long`, `size_t` and their like are as wide as an address. */
uint64_t shapes_of_type(const char *type, unsigned bits);
void shapes_print(struct buffer *b, uint64_t shapes); /* "i32|u32" */
/* Reads one such word, `i32`; 0 when it is none. */
uint64_t shape_parse(const char *word, size_t length);

struct contract_argument {
	const char *name;
	const char *type;  /* blanks as type_normal() has them */
	uint64_t shapes;   /* 0 in a contract: what the type says */
	const char *sites; /* of a binary whose sites differ: where it is which; else NULL */
};

struct contract_probe {
	const char *provider, *name;
	struct contract_argument *arguments;
	size_t argument_count, argument_room;
	bool semaphore;
	bool semaphore_differs; /* at some sites only */
	const char *lost;       /* no site is left, and why; NULL: there are sites */
	unsigned line;          /* in the contract; 0: none */
};

/* What is wrong with a file, whatever its contract says; each is a test point of its own. */
enum contract_condition {
	CONDITION_NOTES,
	CONDITION_BASE,
	CONDITION_SEMAPHORES,
	CONDITIONS,
};

struct contract_fault {
	enum contract_condition condition;
	const char *kind, *message;
};

struct contract_file {
	const char *name; /* of a contract: may be a glob, NULL: any file; of a binary its path */
	unsigned line;
	unsigned bits;                 /* of a binary; 0 in a contract */
	bool unlinked;                 /* an object file: base and semaphores are not final */
	struct contract_probe *probes; /* sorted by provider and name, in a binary's */
	size_t probe_count, probe_room;
	struct contract_fault *faults;
	size_t fault_count, fault_room;
};

struct contract {
	const char *name; /* of the contract's file, or of the binary that it was made from */
	bool is_binary;
	struct contract_file *files;
	size_t file_count, file_room;
	struct arena arena; /* the texts */
};

void contract_free(struct contract *contract);

/* The one spelling of a type: one blank between words, stars together behind a blank. */
char *type_normal(const char *text, size_t length, struct arena *arena);

/* Writes the text of a contract, files and probes in their order. */
void contract_print(const struct contract *contract, struct buffer *b);

/* One probe's line, without its end: what messages show, too. `bits`: of the file. */
void contract_print_probe(struct buffer *b, const struct contract_probe *probe, unsigned bits);

/* Reads it. The name and the text must live as long as the contract. -EINVAL with every error in
 * `diagnostics`, whose source is set here. The contract needs contract_free() also then. */
int contract_parse(const struct source *source, struct contract *contract,
                   struct diagnostics *diagnostics, struct error *err);

struct contract_allowed {
	bool new_probes, added_arguments;
};

struct contract_results {
	struct output_test *tests;
	size_t count, room;
	struct arena arena; /* the texts and the problems */
};

/* Holds what is there to what was agreed: a test point for each condition and each probe. Of one
 * file on each side their names do not matter. */
int contract_compare(const struct contract *agreed, const struct contract *found,
                     const struct contract_allowed *allowed, struct contract_results *results,
                     struct error *err);
void contract_results_free(struct contract_results *results);

#endif
