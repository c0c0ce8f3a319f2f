/* SPDX-License-Identifier: MIT */
/*
 * gen.h - provider files to C: what `telltale gen` and the telltale-dtrace command are made of.
 *
 * A reader makes a struct gen_file of a file's text: gen_read_d() of dtrace's provider definitions
 * (.d), gen_read_events() of QEMU's trace-events. A writer makes of that a header with a macro for
 * each probe, or the object file with the semaphores.
 *
 *	struct gen_file file = { 0 };
 *	struct gen_error error;
 *
 *	if (gen_read_d(&file, text, size, "probes.d", &error) == 0)
 *		gen_write_header(&file, "probes.d", out);
 *	else
 *		gen_print_error(&error, stderr);
 *	gen_free(&file);
 *
 * Functions return 0 or -errno. -EINVAL: the text is wrong, and struct gen_error says where. They
 * print to the FILE that they are given, and nowhere else.
 */
#ifndef TELLTALE_GEN_H
#define TELLTALE_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GEN_MAX_ARGUMENTS 12

struct gen_argument {
	char *type; /* as declared, `const char *` */
	char *name; /* never NULL: arg0, arg1, ... where the file has none */
};

struct gen_probe {
	char *name; /* as in C and in notes: query__start */
	struct gen_argument *arguments;
	size_t count;
	bool disabled; /* its macros do nothing */
	char *format;  /* of a trace event, for the reader of the header; NULL */
	int line;
};

struct gen_provider {
	char *name;
	struct gen_probe *probes;
	size_t count;
};

struct gen_file {
	struct gen_provider *providers;
	size_t count;
};

struct gen_error {
	char file[256];
	int line, column;
	char text[200];
	char source[200]; /* the line; empty where there is none */
};

/*
 * Read dtrace's provider definitions; also what a C preprocessor makes of them, with its line
 * markers. A `-` in a probe's name is `__` in C, as dtrace has it.
 */
int gen_read_d(struct gen_file *file, const char *text, size_t size, const char *path,
               struct gen_error *error);

/* Read QEMU's trace-events; every event is a probe of provider. */
int gen_read_events(struct gen_file *file, const char *text, size_t size, const char *path,
                    const char *provider, struct gen_error *error);

/*
 * Write the header: for each probe PROVIDER_PROBE(args...) and PROVIDER_PROBE_ENABLED(), as `dtrace
 * -h` names them (POSTGRESQL_QUERY_START for query__start), on telltale.h. path is where the
 * definitions come from, for its first line.
 */
int gen_write_header(const struct gen_file *file, const char *path, FILE *out);

/* Write the C source that defines the semaphores which the header declares. */
int gen_write_semaphores(const struct gen_file *file, const char *path, FILE *out);

/*
 * Compile that source to the object file at path, with $CC and $CFLAGS (cc). keep: leave the source
 * beside it. What the compiler says goes to standard error.
 */
int gen_write_object(const struct gen_file *file, const char *source, const char *path, bool keep,
                     struct gen_error *error);

/*
 * Preprocess the file at path with $CC (cc), options being those of the preprocessor (-I, -D),
 * NULL-terminated. The text is the caller's to free.
 */
int gen_preprocess(const char *path, char *const options[], char **text, size_t *size,
                   struct gen_error *error);

/* `FILE:LINE:COLUMN: error: TEXT`, the line and a caret. */
void gen_print_error(const struct gen_error *error, FILE *out);

void gen_free(struct gen_file *file);

#endif
