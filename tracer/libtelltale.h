/*
 * libtelltale: all that the telltale command uses. A session is a target, a program and what comes
 * of it; its life is
 *
 *	session_new, session_add_..., session_program, session_run, session_free
 *
 * and each step may be the last. Errors and warnings are as base/error.h says.
 */
#ifndef TELLTALE_LIBTELLTALE_H
#define TELLTALE_LIBTELLTALE_H

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <sys/types.h>

#define TELLTALE_VERSION "0.1.0"

struct session;

/* Called first of all by main(), before it changes any signal: a command that a session starts has
 * its signals as they are now. */
void telltale_start(void);

/* What runs programs: BPF in the kernel, or ptrace(2), which needs no privileges and a process. */
enum session_engine {
	SESSION_ENGINE_AUTO, /* the kernel's where it is permitted, else the other */
	SESSION_ENGINE_KERNEL,
	SESSION_ENGINE_USER,
	SESSION_ENGINE_SELF, /* for a session on the own process; see telltale_test.h */
};

struct session_options {
	enum session_engine engine;
	bool json;
	bool bpftrace_json; /* of programs: bpftrace's JSON instead of our own */
	bool color;
	bool large_blocks; /* results are written when a block of them is full, not as they come */
	uint32_t text_limit;   /* bytes of a text at the most; 0: as the program says, or */
	uint32_t text_default; /* where it does not; 0: TEXT_LIMIT_DEFAULT */
	bool cut_in_printf; /* in text, one that was cut is marked in printf() alone, as bpftrace has it */
	uint64_t ring_bytes;   /* 0: by the engine's own choice */
	uint64_t most_records; /* end after that many records; 0: no limit */
	double seconds;	       /* end after that time; 0: no limit */
	bool percentiles; /* below histograms by powers of two, in text (JSON has them always) */
	bool apart; /* in text, two blank lines come before the maps at the end, as bpftrace has them */
	bool no_follow; /* of processes and commands: not the children that they fork */
	bool wait; /* a probe may have no site yet, if a process or command is to load its file */
	bool debug_verifier;
	char *const *parameters; /* $1, $2, ... of a program */
	size_t parameter_count;
	bool may_lack_probes; /* of a program: one that matches nothing is a warning, where another does */
	bool is_unsafe; /* functions that change the system are allowed */
	/* Of a program's headers: where they are looked for first, and those to read in front of it. */
	char *const *include_folders, *const *includes;
	size_t include_folder_count, include_count;
	bool dry_run; /* session_run() ends when all is attached: nothing is started, or printed */
	/* Failures of the kernel's helpers are counted, and said at the end: 1, or (those of reading
	 * memory, too) 2. */
	unsigned report;
	bool drop_privileges; /* session_run() gives up, for good, what it needs no more once it has attached */
};

enum { TEXT_LIMIT_DEFAULT = 256, TEXT_LIMIT_MOST = 4096 };

int session_new(const struct session_options *options, struct warnings *warnings,
		struct session **session, struct error *err);
void session_free(struct session *session); /* NULL is allowed */

/* The target. At least one of these before anything below, unless the program or the patterns name
 * files by themselves, or the program has no markers. */
int session_add_file(struct session *session, const char *path, struct error *err);
int session_add_process(struct session *session, pid_t pid, struct error *err);
int session_add_command(struct session *session, char *const argv[], struct error *err);

/* Names and types of arguments for probes whose notes do not tell them: a .d file of dtrace, or
 * (any other name) QEMU's trace-events. Before anything below. */
int session_add_provider_file(struct session *session, const char *path, struct error *err);

/*
 * The probes of the target that match one of the patterns (none: all). -ENODATA when nothing
 * matches. Prints the listing to `file`.
 */
enum {
	LIST_VERBOSE = 1, /* with sites and operands, or (by names) with the arguments */
	LIST_NAMES = 2,	  /* as bpftrace -l: the full name of a probe a line */
};
int session_list(struct session *session, char *const patterns[], size_t pattern_count,
		 unsigned how, FILE *file, struct error *err);

/* The same probes as a contract: a text that people review, and that session_check() reads. */
int session_contract(struct session *session, char *const patterns[], size_t pattern_count,
		     FILE *file, struct error *err);

struct check_options {
	/* One of the two: a contract's text and what messages call it, or an older binary. */
	const char *contract_name, *contract;
	const char *against;
	bool allow_new;		    /* probes that the contract does not have */
	bool allow_added_arguments; /* behind those that it has */
	FILE *junit;		    /* NULL: none */
};

/*
 * Holds the target's files to a contract, and prints the test points to `file`. -ENODATA when some
 * have failed. The errors of a contract are complete in `errors`: one or more `NAME:LINE:COLUMN:
 * error: ...` with the line and a caret; nothing is printed to `file` then.
 */
int session_check(struct session *session, const struct check_options *options, FILE *file,
		  struct buffer *errors, struct error *err);

struct expect_options {
	const char *name, *text; /* of the expectations (the top of expect.h says how they read) */
	bool any_status;	 /* the command may end as it likes */
	bool show_program;	 /* print the program that would watch, and do nothing */
	FILE *junit;		 /* NULL: none */
};

/*
 * Runs until the target ends, or the session's limits or session_stop() say so, and holds what was
 * emitted to what is expected; prints a test point each to `file`. -ENODATA when some have failed,
 * and when a probe is not there: then nothing has been started. Errors in the text as with
 * session_check().
 */
int session_expect(struct session *session, const struct expect_options *options, FILE *file,
		   struct buffer *errors, struct error *err);

/*
 * Compiles a program of the tracing language. `name` is what error messages call it. The error of
 * a program is complete: one or more `NAME:LINE:COLUMN: error: ...` with the line and a caret, in
 * session_program_errors().
 */
int session_program(struct session *session, const char *name, const char *text,
		    struct error *err);
const char *session_program_errors(const struct session *session);

/* The probes that a program would be attached to, printed as session_list() does. Errors of the
 * program as with session_program(). */
int session_list_program(struct session *session, const char *name, const char *text, unsigned how,
			 FILE *file, struct error *err);

/* The kernel's types whose names match, such as "struct sock*"; with LIST_VERBOSE what is in them. */
int session_list_types(struct session *session, char *const patterns[], size_t pattern_count,
		       unsigned how, FILE *file, struct error *err);

/* What session_dump() can print, NULL behind the last. */
const char *session_stage(size_t place);

/* Prints one stage of the last session_program(), such as "ast"; of "verifier" what the kernel says of
 * its programs when it loads them. */
int session_dump(struct session *session, const char *stage, FILE *file, struct error *err);

/*
 * (A command that still runs when the run is over for another reason than its own end gets SIGTERM:
 * it was to end with the run. It is not waited for.)
 *
 * Runs the program until the limits of the options, until every process of the target has ended,
 * until exit() in the program, or until session_stop(); prints records as they come and maps at
 * the end to `file`. What was lost or unreadable is a warning, and in JSON an object.
 * -EPIPE when nobody reads `file` any more (not an error to a person).
 */
int session_run(struct session *session, FILE *file, struct error *err);

/* True when the program gave an exit code, by exit(code). */
bool session_exit_code(const struct session *session, int *code);

/* Ends session_run() properly. The only function that a signal handler may call. */
void session_stop(struct session *session);

/* The exit status of the command of session_add_command() as waitpid(2) has it. False when there
 * was none or it still runs. */
bool session_command_status(const struct session *session, int *status);

/* What this kernel and this user may do, with the remedy for each no. */
int session_features(FILE *file, bool json, struct error *err);

#endif
