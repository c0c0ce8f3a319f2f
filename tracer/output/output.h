/*
 * Every byte that telltale prints of a plan's results: records as lines, maps and histograms, the
 * listing of probes; as text for people or as JSON, one object a line. Nothing else formats.
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
};

struct output_options {
	enum output_form form;
	bool color;	  /* the caller knows whether this is a terminal, and NO_COLOR */
	bool line_flush;  /* flush after every poll (a terminal); else in large blocks */
};

/* Prints to `file`, which stays the caller's. */
int output_open(FILE *file, const struct plan *plan, const struct output_options *options,
		struct output **output, struct error *err);

/* One record as the engine delivered it. Returns 0, -EPIPE when nobody reads any more, or another
 * negative errno of writing. A record that does not fit its format is -EBADMSG. */
int output_record(struct output *output, const struct abi_record *record, size_t size);

/*
 * The entries of one map: begin, one call an entry, end (which sorts and prints them: by value for
 * counts and the like, by key for the rest).
 */
int output_map_begin(struct output *output, const struct plan_map *map);
int output_map_entry(struct output *output, const void *key, const void *value);
int output_map_end(struct output *output);

/* With JSON: {"lost":N} and its kind for what went wrong (see struct abi_trouble); text goes to
 * standard error through the caller, so here nothing is printed for it. */
int output_lost(struct output *output, uint64_t lost);

int output_flush(struct output *output);
void output_close(struct output *output); /* NULL is allowed */

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
};

struct listing_probe {
	const char *file, *provider, *name;
	bool semaphore;
	const struct listing_argument *arguments;
	size_t argument_count;
	const struct listing_site *sites;
	size_t site_count;
};

/* Text: a signature a line, `demo:request(int id, const char *path)`, under a line for each file;
 * verbose: sites, operands, addresses and semaphores below each. JSON: as INTERFACE promises. */
int output_listing(FILE *file, const struct listing_probe *probes, size_t count, bool verbose,
		   const struct output_options *options, struct error *err);

#endif
