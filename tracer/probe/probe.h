/*
 * Probes: what can be attached, where, and with which typed fields. The language sees a probe as
 * this description and nothing more; the compiler takes the operands of its sites; the listing
 * prints it.
 */
#ifndef TELLTALE_PROBE_PROBE_H
#define TELLTALE_PROBE_PROBE_H

#include "base/error.h"
#include "base/memory.h"

struct types;
struct definitions; /* of provider files: probe/definition.h */
struct target;
struct operand;

enum probe_kind {
	PROBE_USDT,
	PROBE_UPROBE,	 /* a function's first instruction, or one in it */
	PROBE_URETPROBE, /* a function's return */
	PROBE_KPROBE,	 /* the same of the kernel's functions */
	PROBE_KRETPROBE,
	PROBE_FENTRY, /* the same of those that the kernel's types describe */
	PROBE_FEXIT,
	PROBE_TRACEPOINT,
	PROBE_RAW_TRACEPOINT,
	PROBE_PROFILE,	/* a clock on every CPU */
	PROBE_INTERVAL, /* on one */
	PROBE_SOFTWARE, /* every so many of the kernel's own events */
	PROBE_HARDWARE, /* of the processor's */
	PROBE_WATCH, /* what is done to some bytes of memory */
	PROBE_ASYNC_WATCH,
	PROBE_ITER, /* each of the kernel's things of one sort */
	PROBE_BEGIN,
	PROBE_END,
	PROBE_SELF, /* a signal to telltale itself */
	PROBE_KINDS,
};

/* What a program is given when the probe is hit. */
enum probe_context {
	PROBE_NOTHING,	 /* the end of the program runs it */
	PROBE_REGISTERS, /* of the thread */
	PROBE_RECORD,	 /* the event's fields, as the kernel's format describes them */
	PROBE_VALUES,	 /* 8 bytes for each argument */
	PROBE_TYPED,	 /* the same, of types that the kernel's verifier knows */
	PROBE_SAMPLE,	 /* of a perf event: no arguments */
};

struct probe_spec;
struct probe_set;
struct probe;

/* One row for each kind: everything that differs between them (kind.c). */
struct probe_kind_info {
	const char *name, *short_name; /* short_name "": none */
	const char *form;	       /* how it is written */
	const char *what;	       /* for the manual: when it is hit, and what it has */
	enum probe_context context;
	const char *old_name; /* NULL: none */
	bool in_file;	 /* its sites are in files of the target */
	bool in_process; /* a hit belongs to the process that runs: a target restricts it */
	bool in_kernel;	 /* its arguments may point to the kernel's memory */
	bool numbered;	 /* its arguments are arg0, arg1, ... too */
	bool returns;	 /* retval is there */
	bool alone;	 /* goes with no other probe but BEGIN and END: when it is through, all is */
	bool globs;	 /* there are so many of them, with names to be listed */
	/* The text behind the kind's name and its colon; `text` is the whole, for messages. */
	int (*parse)(const char *text, const char *rest, struct arena *arena,
		     struct probe_spec *spec, struct error *err);
	int (*match)(struct probe_set *set, const struct probe_spec *spec, const char *text,
		     const struct probe ***found, size_t *count, struct error *err);
};

const struct probe_kind_info *probe_kind_info(enum probe_kind kind);

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
	bool is_signed; /* at some site */
	bool named; /* the author gave name and type; else both were made from the operand */
	unsigned operand;	 /* which operand of a site holds it */
	unsigned length_operand; /* PROBE_BYTES */
	bool sign_differs; /* signed at some sites, at others all 64 bits without a sign */
	bool is_wide;	   /* more than 8 bytes at some site */
	bool has_length;   /* PROBE_STRING: of at most length_operand bytes, NUL or not */
	bool in_record;	   /* PROBE_STRING, PROBE_BYTES: in the kernel's record, not at an address */
	uint32_t bytes;	   /* in_record: its room there; 0: that differs from record to record */
	bool hidden; /* from listings, as it is of no use to most */
	const char *unreadable; /* why it can't be had at any site; NULL: it can */
	const char *declared; /* type and name as the kernel has them; NULL: of other kinds */
};

struct probe_site {
	uint64_t address, offset; /* in the file, bytes */
	bool has_semaphore;
	uint64_t semaphore_address, semaphore_offset;
	const struct operand *operands;
	size_t operand_count;
	const char *operand_text; /* as in the note */
	uint16_t machine; /* EM_*, of the site's file */
	uint8_t bits;	  /* 32 or 64: in a 32-bit program every address is cut to 32 bits */
	/*
	 * Where the symbols of the operands are, one for each operand; all NULL when no operand
	 * names a symbol. An address is that of the file's symbol table (of a thread-local symbol:
	 * its distance from the thread pointer in a program, of a symbol@GOTOFF behind two registers of
	 * one weight its distance from the table, both modulo 2^64). Not known is a symbol that the file does not
	 * define, or that several local ones of different addresses are called.
	 */
	const uint64_t *symbol_addresses;
	const bool *symbol_known;
	const bool *symbol_in_got; /* the address is that of the entry which has the symbol's */
	/*
	 * One number, from 0, for all sites of the set that can share the code of their operands:
	 * same text, machine and bits. Sites with a thread-local symbol share within their
	 * file only, and those with another one, whose distance is another at each site, not
	 * at all.
	 */
	size_t variant;
	/* Of the kernel's probes: */
	const char *symbol; /* function (with `offset`) or raw tracepoint */
	const char *module; /* the symbol's; "": the kernel itself */
	const char *pin;    /* iterator: the path to leave it at; NULL: it is run */
	uint64_t event;	    /* tracepoint, function of the kernel's types: its number; software,
			       hardware: which; watchpoint (at the address `offset`): the mode */
	uint64_t period;    /* watchpoint: how many bytes; clocks: nanoseconds; software, hardware: events from hit to hit */
};

struct probe {
	enum probe_kind kind;
	uint32_t file; /* index into the target's files */
	const char *provider, *name;
	const struct probe_argument *arguments; /* those that people see */
	size_t argument_count;
	struct probe_site *sites;
	size_t site_count, site_room;
	bool names_asked; /* see probes_name_arguments() */
	bool in_full;	 /* a marker that was asked for with usdt: in front, and is shown so, too */
	bool followed;	 /* only hits of the target's processes and their children count */
	/* A watchpoint on what an argument of these leads to, whenever one is called; else none. */
	const struct probe **functions;
	size_t function_count;
	unsigned watched_argument;
};

/* All probes of the files of a target; sorted as they stand in the files. */
struct probe_set {
	struct probe *items;
	size_t count, room;
	size_t variant_count; /* the variants of its sites are below this */
	/* Those that are no markers, made when somebody asks for them, each once: by full name. */
	struct table others;
	struct probe **other;
	size_t other_count, other_room;
	const struct target *target;
	struct warnings *warnings;
	bool anywhere; /* functions are probed also where no instruction may begin */
	bool may_miss; /* what matches nothing is no error: files may come that have it */
	/* An addition to another set, of a program that runs: the probes of one file only. */
	bool addition;
	size_t file; /* that one */
	bool follow;	 /* probes in files of certain processes are `followed` */
	bool restricted; /* there are such processes: so are the kernel's probes */
	const char *tracefs; /* the kernel's descriptions of its tracepoints; NULL: where they are */
	/* Likewise its types and symbols. */
	const char *kernel_types, *kernel_symbols;
	struct types *types; /* the kernel's, once they were asked for */
	struct arena arena;
};

static inline bool probe_in_file(enum probe_kind kind)
{
	return probe_kind_info(kind)->in_file;
}

/* Of a layout that differs from probe to probe: programs that look into it are for one. */
static inline bool probe_has_layout(enum probe_kind kind)
{
	enum probe_context context = probe_kind_info(kind)->context;

	return context == PROBE_RECORD || context == PROBE_TYPED;
}

/*
 * Reads the probes of every file of the target, one for each file, provider and name, with all its
 * sites. Its arguments are those that a note or else a definition describes (of several descriptions that of the site
 * with the most operands), else those of the site with the most operands; two of one name become
 * `x` and `x_2`. Notes that make no sense are warnings, and so is a file whose notes can't be read,
 * unless it is the only one. The set needs probes_free() also after an error.
 */
int probes_read(const struct target *target, struct definitions *definitions, struct probe_set *set, struct warnings *warnings, struct error *err);
/* The same of one file, as an addition. */
int probes_read_file(const struct target *target, size_t file, struct definitions *definitions,
		     struct probe_set *set, struct warnings *warnings, struct error *err);
void probes_free(struct probe_set *set);

/*
 * What a person writes for a probe, with globs in every part:
 *
 *	PROVIDER:NAME			in any file of the target
 *	usdt:PROVIDER:NAME		the same
 *	usdt:FILE:PROVIDER:NAME		an empty FILE, or *, is any
 *	usdt:FILE:NAME			any provider; FILE has a slash, or no provider is called so
 *	FILE:PROVIDER:NAME		FILE has a slash
 *	uprobe:FILE:FUNCTION		also FUNCTION+OFFSET and 0xADDRESS, an address of the file
 *	uretprobe:FILE:FUNCTION		its return
 *	uprobe:FILE:cpp:FUNCTION	a C++ function by its demangled name
 *
 * and of the kernel, as the table in kind.c has them. A FILE matches by its whole path, by being the same file
 * (links), or, without a slash, by the last part of the path.
 */
struct probe_spec {
	enum probe_kind kind;
	const char *file;	    /* NULL: any */
	const char *provider, *name; /* "*": any */
	bool worded;	 /* usdt: stands in front of a marker */
	bool maybe_file; /* usdt:A:B: when no provider A has a B, A may be a file */
	bool demangled;	 /* functions: by their C++ names only */
	const char *module; /* functions of the kernel: theirs; NULL: any */
	const char *pin;    /* iterator */
	uint64_t offset; /* kprobe; watchpoint: the address */
	uint64_t mode;	 /* watchpoint: HW_BREAKPOINT_* */
	const char *function; /* watchpoint: on what an argument of it leads to; NULL: at `offset` */
	unsigned argument;
	uint64_t period; /* as in struct probe_site; 0: as the kind has it by itself */
};

int probe_spec_parse(const char *text, struct arena *arena, struct probe_spec *spec,
		     struct error *err);

/*
 * The probes of the set that match, in the order of the set, as a NULL-ended array in the set's
 * arena. -ENODATA when none does; the text names near ones then. `text` is what the person wrote.
 */
int probes_match(struct probe_set *set, const struct probe_spec *spec, const char *text,
		 const struct probe ***found, size_t *count, struct error *err);

/* True when FILE of a specification names the file of that number in the set's target. */
struct probe_file {
	const char *name;
	bool has_slash, is_pattern;
	bool exists; /* without globs and with a slash: */
	uint64_t device, inode;
};
void probe_file_look(const char *name, struct probe_file *file);
bool probe_file_is(const struct probe_file *file, const struct target *target, size_t number);

/* The kind whose name or short name stands in front of the first colon of a text. */
bool probe_kind_of(const char *text, enum probe_kind *kind, const char **rest);

/* The two names of what a probe counts, the second "" where it has but one; NULL: it is of
 * another kind. */
const char *counter_names(const struct probe *probe, const char **alias);

/* The whole as a person would write it, "tracepoint:sched:sched_switch", into the arena. */
const char *probe_full_name(const struct probe_set *set, const struct probe *probe,
			    struct arena *arena);

/*
 * The parameters of functions as their source declares them, for people: one reader for several
 * functions, zeroed before the first. None where the file's debug information does not know the
 * function.
 */
struct parameter_reader {
	const struct probe_set *set;
	struct probe_argument *arguments; /* of the last function that was asked for */
	size_t count, room;
	struct open_dwarf *dwarf; /* of its file */
	uint32_t file;
};
int parameters_read(struct parameter_reader *reader, const struct probe *probe, struct arena *arena,
		    struct error *err);
void parameters_close(struct parameter_reader *reader);

/*
 * Gives the arguments of markers of the set that have neither names nor types those of the variables
 * that they are in the source, where the file's DWARF tells it for sure. To be asked for when names
 * count, since it takes its time; what has been asked is not asked again.
 */
int probes_name_arguments(struct probe_set *set, const struct probe *const *probes, size_t count,
			  struct error *err);

/* The path of the probe's file as people know it; "" where it has none. */
const char *probe_path(const struct probe_set *set, const struct probe *probe);

#endif
