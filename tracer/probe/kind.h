/*
 * The kinds of probes: what each file of this folder gives to the table in kind.c, and what they
 * share. Private to this folder.
 */
#ifndef TELLTALE_PROBE_KIND_H
#define TELLTALE_PROBE_KIND_H

#include "probe.h"

typedef int probe_parse_fn(const char *text, const char *rest, struct arena *arena,
			   struct probe_spec *spec, struct error *err);
typedef int probe_match_fn(struct probe_set *set, const struct probe_spec *spec, const char *text,
			   const struct probe ***found, size_t *count, struct error *err);

probe_parse_fn parse_usdt, parse_function; /* spec.c */
probe_match_fn match_usdt;		   /* match.c */
probe_match_fn match_function;		   /* function.c */
probe_parse_fn parse_clock, parse_once, parse_signal; /* clock.c */
probe_match_fn match_clock, match_once;
probe_parse_fn parse_counter; /* counter.c */
probe_match_fn match_counter;
probe_parse_fn parse_watch; /* watch.c */
probe_match_fn match_watch;
probe_parse_fn parse_tracepoint; /* tracepoint.c */
probe_match_fn match_tracepoint;
probe_parse_fn parse_kernel, parse_iterator; /* kernel.c */
probe_match_fn match_raw_tracepoint, match_kernel_function, match_typed;

/* "NAME" behind a colon: false where `text` starts with something else. */
bool probe_starts(const char *text, const char *word, const char **rest);

/* Which files of the target are meant, a flag each in the set's arena; NULL for all. */
int probe_choose_files(struct probe_set *set, const char *name, bool **chosen, struct error *err);

/* ---- probes that are no markers ---- */

/* A list of probes on its way into the set's arena. */
struct probe_list {
	const struct probe **items;
	size_t count, room;
};

/*
 * The probe of that kind and name, made where the set has none yet; added to the list. It has one
 * site, empty when *made is set: for the caller to fill.
 */
int probe_list_add(struct probe_list *list, struct probe_set *set, enum probe_kind kind,
		   const char *provider, const char *name, struct probe **probe, bool *made,
		   struct error *err);
/* Moves the list to where probes_match() wants it, or frees it when rc is an error. Returns rc. */
int probe_list_end(struct probe_list *list, struct probe_set *set, int rc,
		   const struct probe ***found, size_t *count, struct error *err);

/* -ENODATA: nothing is called so; the name that is nearest (or NULL), as a person would write it. */
int probe_none(const char *text, const char *what, const char *near, struct error *err);

/*
 * Registers that hold integer arguments by a calling convention ("8@%rdi ..."), or the return
 * value, as operands and as arguments arg0, arg1, ... (retval).
 */
struct convention {
	struct operand *operands;
	size_t operand_count;
	struct probe_argument *arguments;
	const char *text;
	uint32_t number; /* of the function in the kernel's types; 0: they were not asked */
};
int probe_convention(uint16_t machine, uint8_t bits, bool at_return, struct arena *arena,
		     struct convention *convention, struct error *err);

/*
 * What a function of the kernel's, or of a module's (else ""), or an iterator, of that name is given by its types; *symbol is the
 * function's name in them. -ENOENT when they describe none (typed.c).
 */
int probe_typed(struct probe_set *set, enum probe_kind kind, const char *module, const char *name,
		const char **symbol, struct convention *convention, struct error *err);

/* The machine that telltale runs on, EM_*. */
uint16_t probe_host_machine(void);

#endif
