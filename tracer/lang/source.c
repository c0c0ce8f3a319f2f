/* From a place in a program to the lines that a person sees. */
#include "source.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

static void show_line(struct diagnostics *d, size_t start, size_t at)
{
	const char *line = d->source->text + start;
	const char *newline = memchr(line, '\n', d->source->length - start);
	size_t length = newline ? (size_t)(newline - line) : d->source->length - start;

	/* One column a character on both lines, so that the caret stands under its place. */
	for (size_t i = 0, n; i < length; i += n) {
		n = utf8_length((const unsigned char *)line + i, length - i);
		if (n > 1 || (n && line[i] >= ' ' && line[i] != 0x7f)) {
			buffer_add(&d->text, line + i, n);
		} else {
			buffer_char(&d->text, line[i] == '\t' ? ' ' : '?');
			n = 1;
		}
	}
	buffer_char(&d->text, '\n');
	for (size_t i = start; i < at; i++)
		if ((d->source->text[i] & 0xc0) != 0x80)
			buffer_char(&d->text, ' ');
	buffer_text(&d->text, "^\n");
}

void diagnose(struct diagnostics *d, size_t at, const char *format, ...)
{
	size_t line = 1, start = 0;
	size_t before = d->text.length;
	va_list args;

	if (d->errors && d->last == at)
		return;
	d->last = at;
	if (d->errors++ >= DIAGNOSTICS_MOST)
		return;
	if (at > d->source->length)
		at = d->source->length;
	for (size_t i = 0; i < at; i++) {
		if (d->source->text[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	buffer_print(&d->text, "%s:%zu:%zu: error: ", d->source->name, line, at - start + 1);
	va_start(args, format);
	buffer_printv(&d->text, format, args);
	va_end(args);
	if (!d->first.length)
		buffer_add(&d->first, d->text.data + before, d->text.length - before);
	buffer_char(&d->text, '\n');
	show_line(d, start, at);
}

void diagnostics_free(struct diagnostics *d)
{
	buffer_free(&d->text);
	buffer_free(&d->first);
}

int diagnostics_result(const struct diagnostics *d, struct error *err)
{
	if (d->text.failed || d->first.failed)
		return error_memory(err);
	if (d->errors)
		return error_set(err, -EINVAL, "%s", buffer_string(&d->first));
	return 0;
}
