/* From a place in a program to the lines that a person sees. */
#include "source.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

enum { LINE_MOST = 400, MESSAGE_MOST = 1000 }; /* bytes that are shown */

static void show_line(struct diagnostics *d, const struct source *source, size_t start, size_t at)
{
	const char *line = source->text + start;
	const char *newline = memchr(line, '\n', source->length - start);
	size_t length = newline ? (size_t)(newline - line) : source->length - start;

	if (at - start > LINE_MOST / 2) { /* of a long line, what is around the place */
		size_t cut = at - start - LINE_MOST / 4;

		while ((line[cut] & 0xc0) == 0x80 && start + cut < at)
			cut++;
		start += cut;
		line += cut;
		length -= cut < length ? cut : length;
	}
	if (length > LINE_MOST)
		length = LINE_MOST;
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
		if ((source->text[i] & 0xc0) != 0x80)
			buffer_char(&d->text, ' ');
	buffer_text(&d->text, "^\n");
}

const struct source_part *source_part(const struct source *source, size_t at)
{
	size_t low = 0, high = source->part_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (source->parts[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &source->parts[low - 1] : NULL;
}

/* What was written between two parts has its place where the first one ends. */
static const struct source *origin_of(const struct source *source, size_t *at)
{
	while (source->origin) {
		const struct source_part *part = source_part(source, *at);
		size_t into = part ? *at - part->at : 0;

		if (part)
			*at = part->from + (into < part->length ? into : part->length);
		else
			*at = 0;
		source = part && part->origin ? part->origin : source->origin;
	}
	return source;
}

/* Which text a place is in, where it is there, and where its line starts. */
static const struct source *find_line(const struct source *source, size_t *at, size_t *line,
				      size_t *start)
{
	*line = 1;
	*start = 0;
	source = origin_of(source, at);
	if (*at > source->length)
		*at = source->length;
	for (size_t i = 0; i < *at; i++) {
		if (source->text[i] == '\n') {
			++*line;
			*start = i + 1;
		}
	}
	return source;
}

const char *source_place(const struct source *source, size_t at, struct arena *arena)
{
	size_t line, start;

	source = find_line(source, &at, &line, &start);
	return arena_print(arena, "%s:%zu:%zu", source->name, line, at - start + 1);
}

void source_numbers(const struct source *source, size_t at, unsigned *line, unsigned *column)
{
	size_t number, start;

	find_line(source, &at, &number, &start);
	*line = (unsigned)number;
	*column = (unsigned)(at - start + 1);
}

/* What is quoted may be any length. */
static void shorten(struct buffer *b, size_t length)
{
	if (b->length <= length)
		return;
	while (((unsigned char)b->data[length] & 0xc0) == 0x80) /* not within a character */
		length--;
	b->length = length;
	buffer_text(b, "...");
}

void diagnose(struct diagnostics *d, size_t at, const char *format, ...)
{
	const struct source *source = d->source;
	size_t line, start;
	size_t before = d->text.length;
	va_list args;

	if (d->errors && d->last == at)
		return;
	d->last = at;
	if (d->errors++ >= DIAGNOSTICS_MOST)
		return;
	source = find_line(source, &at, &line, &start);
	buffer_print(&d->text, "%s:%zu:%zu: error: ", source->name, line, at - start + 1);
	va_start(args, format);
	buffer_printv(&d->text, format, args);
	va_end(args);
	shorten(&d->text, before + MESSAGE_MOST);
	if (source != d->source && before && memmem(d->text.data, before, d->text.data + before,
						    d->text.length - before)) {
		d->text.length = before; /* a part that was written twice is wrong once */
		d->errors--;
		return;
	}
	if (!d->first.length)
		buffer_add(&d->first, d->text.data + before, d->text.length - before);
	buffer_char(&d->text, '\n');
	show_line(d, source, start, at);
}

struct diagnostics_mark diagnostics_mark(const struct diagnostics *d)
{
	return (struct diagnostics_mark){d->errors, d->last, d->text.length, d->first.length};
}

static void cut(struct buffer *b, size_t length)
{
	b->length = length;
	if (b->data)
		b->data[length] = '\0';
}

void diagnostics_back(struct diagnostics *d, struct diagnostics_mark mark)
{
	d->errors = mark.errors;
	d->last = mark.last;
	cut(&d->text, mark.text);
	cut(&d->first, mark.first);
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
