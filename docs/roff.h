/*
 * Texts as mdoc(7) wants them, on standard output.
 */
#ifndef TELLTALE_DOCS_ROFF_H
#define TELLTALE_DOCS_ROFF_H

#include <stddef.h>

void put_text(const char *text);
/* A line of its own: nothing at its start is taken for a request. */
void put_line(const char *line, size_t length);
void put_sentence(const char *text);
/* The head of a list's item, all of it literal. */
void put_item(const char *text);
/* Paragraphs, with an empty line between them; one that has indented lines keeps its lines. */
void put_paragraphs(const char *text);

/* header.c: the comments of the SDK's header that are for its users. */
int put_header(const char *path);

#endif
