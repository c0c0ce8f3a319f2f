/*
 * Every byte that telltale prints of a plan's results: records as lines, maps and histograms, the
 * listing of probes, test points; as text for people or as JSON, one object a line. Nothing else
 * formats.
 */
#ifndef TELLTALE_OUTPUT_OUTPUT_H
#define TELLTALE_OUTPUT_OUTPUT_H

#include "base/error.h"
#include "plan.h"

#include <stdio.h>

struct abi_record;
struct output;

enum output_form {
	OUTPUT_TEXT,
	OUTPUT_JSON, /* telltale's own: one object a line, a promise */
	OUTPUT_BPFTRACE, /* bpftrace's JSON, see bpftrace.c; of programs only */
};

struct output_options {
	enum output_form form;
	bool color;	  /* the caller knows whether this is a terminal, and NO_COLOR */
	/* text: behind one that was cut, in printf(); NULL: "...", wherever one is printed but there */
	const char *trailer;
	uint64_t cat_bytes; /* of a file that cat() prints; 0: PRINTED_MOST */
	bool percentiles; /* text: below hist() maps, whose rows are powers of two then */
};

/* Prints to `file`, which stays the caller's. */
int output_open(FILE *file, const struct plan *plan, const struct output_options *options,
		struct output **output, struct error *err);

/* The plan has been added to: before the first record of what is new. */
int output_grow(struct output *output, struct error *err);

/*
 * One record as the engine delivered it. In JSON, what INTERFACE promises for events; beside it
 *
 *	{...,"args":{...},"ustack":[{"address","symbol","offset","file"}],"kstack":[...],
 *	 "unreadable":[NAME],"truncated":[NAME],"raw":{NAME:"hex"}}
 *	{"printf":"what it printed","raw":{"printf":"hex"}}
 *	{"print":VALUE,"raw":{"print":"hex"}}
 *	{"cat":"a file's content"}, {"system":"what a command printed"}, {"join":"texts"}
 *
 * where each of the later members is there only when it has something to say.
 *
 * Returns 0, -EPIPE when nobody reads any more, or another
 * negative errno of writing. A record that does not fit its format is -EBADMSG. */
int output_record(struct output *output, const struct abi_record *record, size_t size);

/*
 * The entries of one map: begin, one call an entry, end (which sorts and prints them: by value for
 * counts and the like, by key for the rest).
 *
 * Text is bpftrace's. JSON is one object an entry, `key` an array that is empty for a map without
 * keys, `value` always the number (or text) that a person would name first:
 *
 *	count, sum, values	{"map":"@a","key":["demo:request",4],"value":12}
 *	min, max		the same; null before the first value
 *	avg, stats		..."value":6,"count":2,"sum":13}; the value is the average, cut to a whole
 *				number as bpftrace does; null while the count is 0
 *	hist, lhist		{"map":"@h","key":[],"count":3,"buckets":[{"min":4,"max":7,"count":3}]}
 *				of hist also "percentiles":{"50":7,"90":7,"99":7,"100":7}: so many
 *				percent of the values are not above that
 *
 * The range of a bucket includes both its ends; one that is open has no min, or no max. Buckets
 * begin with the first and end with the last that is not empty. Keys and values that are not UTF-8
 * have their bytes in "raw":{"key":["hex" or null],"value":"hex"}.
 */
int output_map_begin(struct output *output, const struct plan_map *map);
/* Whether a value has come to it yet; counts have one always. */
bool output_map_holds(const struct plan_map *map, const void *value);
/* Behind the begin: only the `top` largest values (0: all), and each divided by `div`. */
void output_map_limits(struct output *output, uint64_t top, uint64_t div);
int output_map_entry(struct output *output, const void *key, const void *value);
int output_map_end(struct output *output);

/* Text: the blank lines that bpftrace has between what a program printed and its maps at the end. */
int output_apart(struct output *output);

/* With bpftrace's JSON: how many probes are attached. */
int output_attached(struct output *output, size_t probes);
/* A program stays in the kernel, to be found at that path. */
int output_pinned(struct output *output, const char *path);

/* With JSON: {"lost":N} and its kind for what went wrong (see struct abi_trouble); text goes to
 * standard error through the caller, so here nothing is printed for it. */
int output_lost(struct output *output, uint64_t lost);

/* A helper of the kernel that failed (run -k). Printed with JSON, as above. */
struct output_failure {
	const char *helper, *place; /* FILE:LINE:COLUMN */
	unsigned line, column;
	int number;	/* errno, the last one */
	uint64_t count;
};
int output_failure(struct output *output, const struct output_failure *failure);

/*
 * Stacks, and addresses that are printed as names: a record or a key holds only a number. Whoever has
 * the stack maps and the symbols gives the frames, innermost first: at most `room` of them, returns
 * how many, or a negative errno. Its texts are valid until it is called again; NULL where it knows
 * nothing. Without it, or when it fails, a stack is printed as its number and an address as it is.
 */
struct output_stack {
	bool kernel;
	bool single; /* id is an address, not the number of a stack in the plan's map number `map` */
	size_t map;
	int64_t id;
	uint32_t pid;
};

struct output_frame {
	uint64_t address;
	const char *symbol;
	uint64_t offset; /* in the symbol */
	const char *file;
	const char *source; /* the line's file */
	unsigned line;
};

typedef int output_frames_fn(void *context, const struct output_stack *stack,
			     struct output_frame *frames, size_t room);
void output_set_frames(struct output *output, output_frames_fn *frames, void *context);

/* Writes what was printed since the last time, always: cheap enough for after every poll that
 * brought records. Until then it is written in large blocks. */
int output_flush(struct output *output);

/* Frees it. What was not flushed is gone. NULL is allowed. */
void output_close(struct output *output);

/* ---- the listing: plain data again, so that output sees no probe and no ELF ---- */

struct listing_operand {
	const char *kind; /* "const", "reg", "mem", "symmem", "symconst", "unknown" */
	uint8_t size;
	bool is_signed, is_float;
	const char *reg, *index, *symbol, *reason; /* NULL: does not apply */
	uint8_t scale;
	bool has_displacement, has_value;
	int64_t displacement;
	uint64_t value;
};

struct listing_site {
	uint64_t address, offset;
	bool has_semaphore;
	uint64_t semaphore_address, semaphore_offset;
	const char *operand_text;
	const struct listing_operand *operands;
	size_t operand_count;
};

struct listing_argument {
	const char *name, *type_name;
	uint8_t size;
	bool is_signed;
	const char *declared; /* for a listing of names, in place of name and type; may be NULL */
};

struct listing_probe {
	const char *file, *provider, *name; /* file "": none */
	bool semaphore;
	const struct listing_argument *arguments;
	size_t argument_count;
	const struct listing_site *sites;
	size_t site_count;
	const char *kind, *full; /* "usdt", "usdt:/bin/demo:demo:request"; kind NULL: a marker */
};

/* Text: a signature a line, `demo:request(int id, const char *path)`, under a line for each file;
 * verbose: sites, operands, addresses and semaphores below each. JSON: as INTERFACE promises. */
/* As bpftrace -l, a name a line; verbose: with the arguments below, indented. JSON: the same. */
int output_names(FILE *file, const struct listing_probe *probes, size_t count, bool verbose,
		 const struct output_options *options, struct error *err);
/* A type of the kernel's: its declaration, or (NULL) its name. JSON: {"type","declaration"}. */
int output_type(FILE *file, const char *name, const char *declaration,
		const struct output_options *options, struct error *err);
int output_listing(FILE *file, const struct listing_probe *probes, size_t count, bool verbose,
		   const struct output_options *options, struct error *err);

/* ---- test points of `telltale check`, as plain data ---- */

struct output_problem {
	const char *kind;	    /* "argument-type": a word that programs may rely on */
	const char *message;	    /* a sentence for people */
	const char *expected, *got; /* NULL: does not apply */
};

/* Texts may be anything, they are escaped here. Those that are NULL do not apply. */
struct output_test {
	const char *group; /* what is under test: the class in JUnit */
	const char *name;
	const char *skipped;	    /* why */
	const char *at;		    /* where what was expected is written: "FILE:LINE" */
	const char *expected, *got; /* as a whole */
	const char *details;	    /* some lines, such as the events that were nearest */
	double seconds;
	const struct output_problem *problems; /* none: it passed */
	size_t problem_count;
};

/*
 * Text: TAP version 14; what a test has to say stands below it as YAML, texts in JSON's quotes,
 * which are YAML's as well. JSON: an object a test, and one of numbers at the end:
 *
 *	{"group","name","ok":bool,"skipped","at","expected","got","details",
 *	 "problems":[{"kind","message","expected","got"}]}
 *	{"passed":N,"failed":N,"skipped":N}
 */
int output_tests(FILE *file, const struct output_test *tests, size_t count,
		 const struct output_options *options, struct error *err);

/* The same as JUnit XML: one suite of that name. */
int output_junit(FILE *file, const char *suite, const struct output_test *tests, size_t count,
		 struct error *err);

/* ---- features, as plain data ---- */

struct listing_feature {
	const char *name, *what, *since;
	bool present;
	bool permitted;	    /* false: the user may not, whatever the kernel can */
	const char *remedy; /* when not present: what to do; may be NULL */
};

/* Text: a line each, "yes" or "no", the remedy below. JSON: an object each,
 * {"feature","what","since","present","permitted","remedy"}; the remedy only where it is missing. */
int output_features(FILE *file, const struct listing_feature *features, size_t count,
		    const struct output_options *options, struct error *err);

#endif
