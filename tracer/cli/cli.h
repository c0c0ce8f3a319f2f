/*
 * What the verbs share: the options of all of them, the way from a program's text to an exit code,
 * and what goes to standard error. Only libtelltale.h is below this folder.
 */
#ifndef TELLTALE_CLI_CLI_H
#define TELLTALE_CLI_CLI_H

#include "options.h"

/* One file each. argv[0] is the verb; the result is the exit code. */
int list_main(int argc, char **argv);
int trace_main(int argc, char **argv);
int count_main(int argc, char **argv);
int hist_main(int argc, char **argv);
int latency_main(int argc, char **argv);
int run_main(int argc, char **argv);
int gen_main(int argc, char **argv);
int check_main(int argc, char **argv);
int features_main(int argc, char **argv);

/* ---- verbs.c ---- */

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

const struct verb *verb_at(size_t place); /* NULL behind the last */

/* ---- exit.c ---- */

enum { EXIT_WRONG = 2 }; /* the command line is wrong */

int exit_code(int error);              /* of a negative errno; see base/error.h */
int exit_status(int status);           /* of a command, as waitpid(2) gives it */
int complain(const struct error *err); /* prints it, returns its exit code */

/* ---- common.c: what every verb with a target takes ---- */

struct common {
	struct words pids, files, provider_files;
	struct words patterns; /* the PROBEs, or what else a verb takes */
	char **command;
	char *const *parameters; /* of a program: $1, $2, ... */
	size_t parameter_count;
	bool no_follow, wait, percentiles, apart;
	bool json, bpftrace_json, quiet, verbose;
	/* of verbs that trace */
	bool show_program;
	const char *filter, *path, *engine;
	enum session_engine engine_number;
	uint64_t records, text_limit, ring_bytes;
	uint32_t text_default; /* where text_limit is 0; 0: the session's own */
	bool is_unsafe, may_lack_probes, dry_run, large_blocks, cut_in_printf;
	struct words include_folders, includes;
	unsigned report;
	double seconds;

	struct warnings warnings; /* of the session, which must end before this does */
};

/*
 * Rows that several verbs have, under headings: each verb's own stand in front of them.
 */
/* clang-format off */
#define HEADING(text) {.kind = OPTION_HEADING, .help = text}

#define TARGET_ROWS(c)										\
	HEADING("Target"),									\
	{'p', "pid", OPTION_LIST, &(c)->pids, "PID",						\
	 "a running process and its libraries; may repeat"},					\
	{'b', "binary", OPTION_LIST, &(c)->files, "FILE",					\
	 "a program or library, in every process that runs it; may repeat"},			\
	{0, "provider-file", OPTION_LIST, &(c)->provider_files, "FILE",			\
	 "names and types of arguments: dtrace's .d or QEMU's trace-events; may repeat"}

#define FOLLOW_ROWS(c)										\
	{0, "no-follow", OPTION_FLAG, &(c)->no_follow, NULL,					\
	 "with -p and --: not the children that the process forks from now on"}

#define JSON_ROWS(c)										\
	HEADING("Output"),									\
	{0, "json", OPTION_FLAG, &(c)->json, NULL, "one JSON object a line"}

#define QUIET_ROWS(c) {'q', "quiet", OPTION_FLAG, &(c)->quiet, NULL, "no warnings"}

/* Of verbs that run programs. */
#define ENGINE_ROWS(c)										\
	HEADING("How it runs"),									\
	{0, "engine", OPTION_TEXT, &(c)->engine, "ENGINE",					\
	 "kernel (BPF), user (ptrace: no privileges, slower) or auto, the first where it can be"}, \
	{0, "ring-size", OPTION_SIZE, &(c)->ring_bytes, "SIZE",				\
	 "room for events that wait to be printed, such as 8M"}

#define TRACING_ROWS(c)										\
	TARGET_ROWS(c),										\
	FOLLOW_ROWS(c),										\
	{0, "wait", OPTION_FLAG, &(c)->wait, NULL,						\
	 "with -p and --: for probes of libraries and programs that come later"},		\
	JSON_ROWS(c),										\
	{'o', "output", OPTION_TEXT, &(c)->path, "FILE", "write the results there"},		\
	{'s', "strlen", OPTION_SIZE, &(c)->text_limit, "N",					\
	 "bytes of a text at the most; where not given 1023 in programs, else 256"},					\
	QUIET_ROWS(c),										\
	{'v', "verbose", OPTION_FLAG, &(c)->verbose, NULL,					\
	 "say what is attached; should the kernel refuse a program: its whole reason"},				\
	ENGINE_ROWS(c),										\
	{'t', "time", OPTION_SECONDS, &(c)->seconds, "SECONDS", "end after that time"}

/* Of verbs that write a program for the person. */
#define WRITER_ROWS(c)										\
	{0, "filter", OPTION_TEXT, &(c)->filter, "EXPR",					\
	 "only hits for which it is true, such as 'args.id > 3'"},				\
	{0, "show-program", OPTION_FLAG, &(c)->show_program, NULL,				\
	 "print the program instead of running it"}

#define ROWS_END {.name = NULL}
/* clang-format on */

/* Parses the command line. On a return of false the verb has nothing left to do but to return
 * *code. */
bool common_parse(struct common *c, const struct usage *usage, const struct option_row *rows,
                  int argc, char **argv, int *code);
void common_free(struct common *c);

/* A session with the target added. Warnings go to standard error. */
int common_session(struct common *c, FILE *file, struct session **session, struct error *err);

/* A text that a person wrote, such as a program; "-" is standard input. */
int read_text(const char *path, struct buffer *text, struct error *err);

/* ---- tracing.c: a program's text to an exit code ---- */

/* From here on an interrupt ends the session's run properly, or is left to its command; and back. */
void catch_signals(struct session *session, const struct common *c);
void leave_signals(void);

/* "PROBE, PROBE /FILTER/ " in front of a clause's braces. Without PROBEs: all of the target. */
void write_probes(struct buffer *program, const struct common *c);

/* Errors of a program come with the line and a caret; others are one line. The exit code. */
int complain_of_program(const struct session *session, const struct error *err);

/* `name` is what messages call the program; `stages`, if any, are printed instead of a run. Frees the
 * program. */
int run_program(struct common *c, const char *name, struct buffer *program,
                const struct words *stages);

#endif
