/* SPDX-License-Identifier: MIT */
/* lexer.c - the words of provider definitions, and where they stand. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

void gen_text_init(struct gen_text *text, const char *start, size_t size, const char *path)
{
	memset(text, 0, sizeof(*text));
	text->start = text->at = text->line_start = start;
	text->end = start + size;
	text->path = path;
	text->line = 1;
	snprintf(text->file, sizeof(text->file), "%s", path);
}

int gen_fail(struct gen_error *error, const struct gen_text *text, const struct gen_token *at,
             const char *format, ...)
{
	const char *line = at->at;
	size_t length = 0;
	va_list args;

	memcpy(error->file, text->file, sizeof(error->file));
	error->line = at->line;
	error->column = at->column;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	while (line > text->start && line[-1] != '\n')
		line--;
	while (line + length < text->end && line[length] != '\n' &&
	       length < sizeof(error->source) - 1)
		length++;
	memcpy(error->source, line, length);
	error->source[length] = 0;
	return -EINVAL;
}

void gen_print_error(const struct gen_error *error, FILE *out)
{
	if (!error->line) {
		fprintf(out, "%s: error: %s\n", error->file, error->text);
		return;
	}
	fprintf(out, "%s:%d:%d: error: %s\n", error->file, error->line, error->column, error->text);
	if (!error->source[0])
		return;
	fprintf(out, "%s\n", error->source);
	for (int i = 0; i < error->column - 1; i++)
		fputc(error->source[i] == '\t' ? '\t' : ' ', out);
	fprintf(out, "^\n");
}

static void advance(struct gen_text *text)
{
	if (*text->at++ == '\n') {
		text->line++;
		text->line_start = text->at;
	}
}

/* `# 12 "file.d"` or `#line 12 "file.d"`: the next line is that. */
static void line_marker(struct gen_text *text, const char *end)
{
	const char *at = text->at + 1;
	long line;

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (end - at > 4 && !strncmp(at, "line", 4))
		at += 4;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (at == end || !isdigit((unsigned char)*at))
		return;
	/* the text need not end with a NUL, so strtol() would not know where to stop */
	for (line = 0; at < end && isdigit((unsigned char)*at); at++) {
		line = line * 10 + (*at - '0');
		if (line > 100000000)
			return;
	}
	text->line = (int)line - 1;
	at = memchr(at, '"', (size_t)(end - at));
	if (at) {
		const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));

		if (close)
			snprintf(text->file, sizeof(text->file), "%.*s", (int)(close - at - 1),
			         at + 1);
	}
}

/* A preprocessor line, with its continuations. */
static void skip_directive(struct gen_text *text)
{
	const char *end = text->at;

	while (end < text->end && *end != '\n')
		end++;
	line_marker(text, end);
	while (text->at < text->end && *text->at != '\n') {
		if (*text->at == '\\' && text->at + 1 < text->end && text->at[1] == '\n')
			advance(text);
		advance(text);
	}
}

static bool at_line_start(const struct gen_text *text)
{
	for (const char *at = text->line_start; at < text->at; at++)
		if (*at != ' ' && *at != '\t')
			return false;
	return true;
}

static int skip_comment(struct gen_text *text, const struct gen_token *start,
                        struct gen_error *error)
{
	for (; text->end - text->at >= 2; advance(text)) {
		if (text->at[0] == '*' && text->at[1] == '/') {
			text->at += 2;
			return 0;
		}
	}
	return gen_fail(error, text, start, "this comment has no end");
}

static int skip_blanks(struct gen_text *text, struct gen_token *token, struct gen_error *error)
{
	while (text->at < text->end) {
		token->at = text->at;
		token->line = text->line;
		token->column = (int)(text->at - text->line_start) + 1;
		if (isspace((unsigned char)*text->at)) {
			advance(text);
		} else if (*text->at == '#' && at_line_start(text)) {
			skip_directive(text);
		} else if (text->end - text->at >= 2 && text->at[0] == '/' && text->at[1] == '*') {
			text->at += 2;
			if (skip_comment(text, token, error))
				return -EINVAL;
		} else if (text->end - text->at >= 2 && text->at[0] == '/' && text->at[1] == '/') {
			while (text->at < text->end && *text->at != '\n')
				text->at++;
		} else {
			break;
		}
	}
	return 0;
}

int gen_next(struct gen_text *text, struct gen_token *token, struct gen_error *error)
{
	int err = skip_blanks(text, token, error);

	if (err)
		return err;
	token->at = text->at;
	token->line = text->line;
	token->column = (int)(text->at - text->line_start) + 1;
	token->kind = GEN_SIGN;
	if (text->at == text->end) {
		token->kind = GEN_END;
	} else if (isalnum((unsigned char)*text->at) || *text->at == '_') {
		token->kind = GEN_WORD;
		while (text->at < text->end &&
		       (isalnum((unsigned char)*text->at) || *text->at == '_'))
			text->at++;
	} else if (*text->at == '"') {
		token->kind = GEN_STRING;
		for (text->at++; text->at < text->end && *text->at != '"' && *text->at != '\n';
		     text->at++)
			if (*text->at == '\\' && text->at + 1 < text->end)
				text->at++;
		if (text->at >= text->end || *text->at != '"')
			return gen_fail(error, text, token, "this string has no end");
		text->at++;
	} else if (iscntrl((unsigned char)*text->at)) {
		return gen_fail(error, text, token, "a byte 0x%02x, which is no text",
		                (unsigned char)*text->at);
	} else {
		text->at++;
	}
	token->size = (size_t)(text->at - token->at);
	return 0;
}

bool gen_is(const struct gen_token *token, const char *what)
{
	return token->kind != GEN_END && token->size == strlen(what) &&
	       !memcmp(token->at, what, token->size);
}
