/*
 * Probes: what can be attached, where, and with which typed fields. The language sees a probe as
 * this description and nothing more; the compiler takes the operands of its sites; the listing
 * prints it.
 */
#ifndef TELLTALE_PROBE_PROBE_H
#define TELLTALE_PROBE_PROBE_H

#include "base/error.h"
#include "base/memory.h"

struct target;
struct operand;

enum probe_kind {
	PROBE_USDT,
	PROBE_BEGIN,
	PROBE_END,
	PROBE_INTERVAL,
};

/* What an argument is to the person; its place differs from site to site. */
enum probe_type {
	PROBE_INT,
	PROBE_BOOL,
	PROBE_CHAR,
	PROBE_FLOAT,
	PROBE_POINTER,
	PROBE_STRING, /* pointer to NUL-terminated text */
	PROBE_BYTES,  /* pointer to bytes whose length is operand `length_operand` */
};

struct probe_argument {
	const char *name;      /* "path", or "arg0" where nobody gave it one */
	const char *type_name; /* for people: "int", "unsigned long", "const char *" */
	enum probe_type type;
	uint8_t size; /* bytes of the operand; of sites that differ the largest */
	bool is_signed;
	bool named; /* the author gave name and type; else both were made from the operand */
	unsigned operand;	 /* which operand of a site holds it */
	unsigned length_operand; /* PROBE_BYTES */
};

struct probe_site {
	uint64_t address, offset; /* in the file, bytes */
	bool has_semaphore;
	uint64_t semaphore_address, semaphore_offset;
	const struct operand *operands;
	size_t operand_count;
	const char *operand_text; /* as in the note */
	/* One number for all sites of the set whose operand text, architecture and arguments are
	 * the same: they can share code. */
	size_t variant;
};

struct probe {
	enum probe_kind kind;
	uint32_t file; /* index into the target's files */
	const char *provider, *name;
	const struct probe_argument *arguments; /* those that people see */
	size_t argument_count;
	struct probe_site *sites;
	size_t site_count, site_room;
	uint64_t period; /* PROBE_INTERVAL, nanoseconds */
};

/* All probes of the files of a target; sorted as they stand in the files. */
struct probe_set {
	struct probe *items;
	size_t count, room;
	const struct target *target;
	struct arena arena;
};

/* Reads the probes of every file of the target. Notes that make no sense are warnings. */
int probes_read(const struct target *target, struct probe_set *set, struct warnings *warnings,
		struct error *err);
void probes_free(struct probe_set *set);

/*
 * What a person writes for a probe: PROVIDER:NAME, usdt:FILE:PROVIDER:NAME, usdt:PROVIDER:NAME,
 * BEGIN, END, interval:UNIT:N; globs in every part. A FILE matches by its whole path or, without
 * a slash, by its last part. usdt may be written U or u.
 */
struct probe_spec {
	enum probe_kind kind;
	const char *file; /* NULL: any */
	const char *provider, *name;
	uint64_t period;
};

int probe_spec_parse(const char *text, struct arena *arena, struct probe_spec *spec,
		     struct error *err);

/*
 * The probes of the set that match, in the order of the set, as a NULL-ended array in the set's
 * arena. -ENODATA when none does; the text names near ones then.
 */
int probes_match(struct probe_set *set, const struct probe_spec *spec, const char *text,
		 const struct probe ***found, size_t *count, struct error *err);

/* The path of the probe's file as people know it; "" where it has none. */
const char *probe_path(const struct probe_set *set, const struct probe *probe);

#endif
