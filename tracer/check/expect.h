/*
 * Expectations of what a command emits, for `telltale check -e`: their text (expect_parse.c), the
 * program of the tracing language that watches for them (expect_write.c), what it saw
 * (expect_seen.c), and whether that is what was expected (expect_judge.c). Private to this folder.
 *
 * One on a line, or behind a `;`; `#` begins a comment:
 *
 *	STEP				at least one hit
 *	STEP CMP NUMBER			so many hits; CMP is == != < <= > >=
 *	STEP -> STEP [-> STEP ...]	each hit of a step comes behind one of the step before it, in
 *					the same thread, and all the steps are seen
 *	STEP -> STEP paired		and each has its partner
 *	STEP -> STEP CMP TIME		paired, and so long is between the two; CMP is < <= > >=, TIME a
 *					number with ns, us, ms or s
 *	... by ARGUMENT			matched by an argument that both have, not by the thread; stands
 *					in front of a CMP
 *
 * STEP is PROBE or PROBE(CONDITION, ...): a probe as everywhere, and expressions of the tracing
 * language that all must be true, where a name is an argument of the probe.
 */
#ifndef TELLTALE_EXPECT_H
#define TELLTALE_EXPECT_H

#include "session.h"

struct expect_step {
	size_t at;
	const char *pattern;
	/* The source text of each condition, and what becomes of it in the program. */
	struct expect_condition {
		size_t at, end;
		const char *text;
	} *conditions;
	size_t condition_count, condition_room;
	struct probe_spec spec;
	const struct probe **probes; /* what it matches */
	size_t probe_count;
	size_t hits;	    /* its clause in the program */
	size_t first_near;  /* the clauses of near misses, one a condition and one for the rest */
};

enum { EXPECT_STEPS_MOST = 16, EXPECT_CONDITIONS_MOST = 16, EXPECTATIONS_MOST = 1000 };

struct expectation {
	size_t at;
	unsigned line;
	const char *text; /* as it was written, without blanks at its ends */
	struct expect_step *steps;
	size_t step_count, step_room;
	bool paired;
	const char *key; /* an argument's name; NULL: the thread */
	size_t key_at;
	enum op op;	 /* of hits, or of nanoseconds where there are two steps; OP_NONE: none */
	uint64_t number;
};

struct expectations {
	struct source source;
	struct diagnostics diagnostics;
	struct arena arena;
	struct expectation *items;
	size_t count, room;
};

/* The source must outlive them. -EINVAL when something is wrong (see diagnostics). */
int expect_parse(const struct source *source, struct expectations *e, struct error *err);
void expect_free(struct expectations *e);

/* Behind the quote that ends the string at `at`; `end` where none does. */
size_t expect_quoted_end(const char *text, size_t at, size_t end);

/* ---- expect_write.c ---- */

/* What a clause of the program tells of: hits of a step, or near misses of it. */
struct expect_clause {
	struct expectation *expectation;
	struct expect_step *step;
	size_t missed; /* near misses: all conditions hold but this; EXPECT_MISSED: more than one */
	bool near, events; /* events: of hits every one is sent, not the first few */
};

enum { EXPECT_MISSED = SIZE_MAX, EXPECT_SHOWN = 5 };

struct expect_program {
	struct buffer text;
	struct source_part *parts;
	size_t part_count, part_room;
	struct expect_clause *clauses;
	size_t clause_count, clause_room;
};

/*
 * Finds the probes of each step in the target, and writes the program. A probe that is not there
 * or has not the key is -ENODATA, with all of them in the diagnostics.
 */
int expect_write(struct session *s, struct expectations *e, struct expect_program *program,
		 struct error *err);
void expect_program_free(struct expect_program *program);

/* ---- expect_seen.c ---- */

struct expect_event {
	uint64_t time; /* nanoseconds, of the record */
	uint32_t tid, clause;
	size_t order;  /* of arrival: where times are the same */
	size_t record, size; /* where its bytes are */
};

struct expect_seen {
	const struct plan *plan;
	const struct expect_program *program;
	struct expect_event *events;
	size_t event_count, event_room;
	struct buffer records; /* the bytes of all of them */
	uint64_t *hits; /* of each clause */
	uint64_t *lost, *unreadable; /* of each probe of the plan */
	bool too_many; /* no room for more events */
	bool ended;    /* the command has, with `status` as waitpid(2) gives it */
	int status;
	bool daemon;   /* it left processes behind */
	bool command;  /* there was one */
};

/* Runs the session's program, which expect_write() wrote. */
int expect_watch(struct session *s, const struct expect_program *program, struct expect_seen *seen,
		 struct error *err);
void expect_seen_free(struct expect_seen *seen);

/* An event as `telltale trace` prints it, with a newline. */
int expect_print(const struct expect_seen *seen, const struct expect_event *event,
		 struct buffer *text);

/* ---- expect_judge.c ---- */

struct expect_results {
	struct output_test *tests;
	size_t count;
	struct arena arena;
};

int expect_judge(const struct expectations *e, const struct expect_seen *seen, bool any_status,
		 struct expect_results *results, struct error *err);
void expect_results_free(struct expect_results *results);

#endif
