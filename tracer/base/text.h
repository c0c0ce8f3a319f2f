/*
 * Texts that come from people, files and traced processes: globs, near names, UTF-8, and the
 * escaping that keeps a traced program from writing into the terminal.
 */
#ifndef TELLTALE_BASE_TEXT_H
#define TELLTALE_BASE_TEXT_H

#include "error.h"
#include "memory.h"

#include <stdio.h>

/* Shell globs: `*`, `?`, `[a-z]`, `[!a]`; no special characters beside these. Linear in practice
 * (one backtrack point), whatever the pattern. */
bool glob_match(const char *pattern, const char *text);
bool glob_is_pattern(const char *text);

/*
 * How far two names are from each other: insertions, deletions, changes and swaps of neighbours.
 * Names longer than 127 bytes are far from everything (returns 128).
 */
unsigned text_distance(const char *a, const char *b);

/*
 * For "did you mean": keeps the nearer of two names in *best. Start with NULL and TEXT_FAR; a name
 * that is too far from what was written helps nobody and is never kept.
 */
enum { TEXT_FAR = 128 };
void text_keep_nearer(const char *written, const char *name, const char **best,
		      unsigned *distance);

/*
 * The length of the valid UTF-8 sequence at the start of bytes, 0 where there is none. Overlong
 * forms, surrogates and values above U+10FFFF are not valid.
 */
unsigned utf8_length(const unsigned char *bytes, size_t left);

/*
 * Adds text for a person to read: control characters, DEL, C1 controls and bytes that are not
 * UTF-8 appear as \n, \t, \x1b, ...; a backslash and, where quote is not 0, that quote are escaped.
 */
void escape_text(struct buffer *b, const char *bytes, size_t length, char quote);

/*
 * Adds a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD; returns false when
 * there were any.
 */
bool escape_json(struct buffer *b, const char *bytes, size_t length);

/*
 * Reads a file's text, of TEXT_MOST bytes at the most: more is no program, contract or provider file
 * but a mistake, and so is a NUL byte. `name` is for messages.
 */
enum { TEXT_MOST = 16 * 1024 * 1024 };
int text_read(const char *path, struct buffer *text, struct error *err);
int text_read_stream(FILE *file, const char *name, struct buffer *text, struct error *err);

/*
 * Reads a whole number in decimal, or in hex behind 0x, with an optional minus. Returns false when
 * text is anything else or does not fit; never cuts a number silently.
 */
bool text_number(const char *text, int64_t *value);

#endif
