/*
 * The one way an error travels: a function returns 0 or a negative errno, and the caller's
 * `struct error` holds one line that says what happened, where, and what helps.
 *
 * The code decides telltale's exit code (see cli/exit.c):
 *   -ENODATA            a negative answer, such as a probe that matches nothing
 *   -EPERM, -EACCES     not permitted; the text names what is missing
 *   -EOPNOTSUPP         the kernel lacks something; the text names it and since when it exists
 *   anything else       the command line, a file or a program is wrong
 */
#ifndef TELLTALE_BASE_ERROR_H
#define TELLTALE_BASE_ERROR_H

#include <stdarg.h>

struct error {
	int code;	 /* 0, or the negative errno last set */
	char text[2048]; /* one line without a newline; longer texts are cut with "..." */
};

/* Sets the error and returns code, so that `return error_set(err, -EINVAL, "...")` reads well. */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int error_setv(struct error *err, int code, const char *format, va_list args);

/* Puts "prefix: " in front of the text that is there; returns the code. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* -ENOMEM with its text. */
int error_memory(struct error *err);

/*
 * Things that are worth a word but stop nothing: a note that makes no sense, a site that can't be
 * attached. Whoever finds one calls `say` with a line; where it goes is the caller's business.
 */
struct warnings {
	void (*say)(void *context, const char *line);
	void *context;
	unsigned count;
	void (*remark)(void *context, const char *line); /* what is no trouble at all; NULL: nobody asks */
};

void warn(struct warnings *warnings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void remark(struct warnings *warnings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
