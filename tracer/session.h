/* What the files of a session share; private to this folder. */
#ifndef TELLTALE_SESSION_H
#define TELLTALE_SESSION_H

#include "lang/ast.h"
#include "libtelltale.h"
#include "output/output.h"
#include "plan.h"
#include "probe/definition.h"
#include "probe/probe.h"
#include "process/target.h"

#include <signal.h>

struct session {
	struct session_options options;
	struct warnings *warnings; /* the caller's */
	struct target target;
	struct definitions definitions;
	struct probe_set probes;
	bool probes_known;
	size_t files_known; /* of the target when the probes were read */
	struct program program;
	struct plan plan;
	bool compiled;
	/* session_stop(): the flag is the truth, the descriptor wakes a poll. */
	int stop_fd;
	volatile sig_atomic_t stopped;
};

struct output_options session_output_options(const struct session *session);

/* Reads the probes of the target, once, and again when a file has come since. */
int session_read_probes(struct session *session, struct error *err);

/* Adds the file that a specification names, where it names one that the target does not have. */
int session_add_named(struct session *session, const struct probe_spec *spec, struct error *err);

/*
 * Reads the probes of the target and marks those of the patterns (none: all), a flag each, for the
 * caller to free. -ENODATA, with *marked, when a pattern has none.
 */
int session_choose(struct session *session, char *const patterns[], size_t count, bool **marked,
		   struct arena *arena, struct error *err);

#endif
