/*
 * Owns the reading of format files, events/CATEGORY/NAME/format in tracefs:
 *
 *	name: sched_process_exec
 *	ID: 365
 *	format:
 *		field:unsigned short common_type;	offset:0;	size:2;	signed:0;
 *		...
 *		field:__data_loc char[] filename;	offset:8;	size:4;	signed:0;
 *
 *	print fmt: ...
 *
 * A field's text is a C declaration, but for the brackets of __data_loc.
 */
#include "format.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The number behind "NAME:" in a line that ends at `end`. */
static bool line_number(const char *line, const char *end, const char *name, uint32_t *number)
{
	const char *at = memmem(line, (size_t)(end - line), name, strlen(name));
	char digits[16] = "";
	size_t length;
	int64_t value;

	if (!at)
		return false;
	at += strlen(name);
	length = strspn(at, "0123456789");
	if (!length || length >= sizeof(digits) || at + length > end)
		return false;
	memcpy(digits, at, length);
	if (!text_number(digits, &value) || value > UINT32_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool take_prefix(const char **start, const char *end, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(end - *start) < length || memcmp(*start, word, length))
		return false;
	*start += length;
	return true;
}

/* "const char * filename", "char comm[16]", "__data_loc char[] name": type and name. */
static bool cut_declaration(const char *start, const char *end, struct arena *arena,
			    struct format_field *field)
{
	const char *brackets, *name, *last;

	if (take_prefix(&start, end, "__data_loc "))
		field->place = FIELD_LOCATED;
	else if (take_prefix(&start, end, "__rel_loc "))
		field->place = FIELD_RELATIVE;
	while (end > start && end[-1] == ' ')
		end--;
	brackets = end;
	if (end > start && end[-1] == ']') {
		brackets = memrchr(start, '[', (size_t)(end - start));
		if (!brackets)
			return false;
	}
	last = brackets;
	name = last;
	while (name > start && is_name(name[-1]))
		name--;
	if (name == last || name == start || isdigit((unsigned char)*name))
		return false;
	field->name = arena_copy(arena, name, (size_t)(last - name));
	for (last = name; last > start && last[-1] == ' ';)
		last--;
	field->is_array = end > brackets || (last > start && last[-1] == ']');
	field->type = arena_print(arena, "%.*s%.*s", (int)(last - start), start,
				  (int)(end - brackets), brackets);
	return last > start;
}

/* A field that a program can't see is left out: *taken is false then. */
static int parse_field(const char *line, const char *end, struct arena *arena,
		       struct format_field *field, bool *taken, struct error *err)
{
	const char *semicolon = memchr(line, ';', (size_t)(end - line));
	uint32_t is_signed = 0;

	*field = (struct format_field){0};
	if (semicolon)
		field->declared = arena_copy(arena, line, (size_t)(semicolon - line));
	if (!semicolon || !cut_declaration(line, semicolon, arena, field) ||
	    !line_number(semicolon, end, "\toffset:", &field->offset) ||
	    !line_number(semicolon, end, "\tsize:", &field->size))
		return error_set(err, -EBADMSG, "a field of the format can't be understood: %.*s",
				 (int)(end - line > 100 ? 100 : end - line), line);
	line_number(semicolon, end, "\tsigned:", &is_signed);
	field->is_signed = is_signed;
	*taken = field->offset >= FORMAT_FIRST && field->size &&
		 field->size <= FORMAT_RECORD_MOST &&
		 field->offset <= FORMAT_RECORD_MOST - field->size &&
		 (field->place == FIELD_HERE || field->size == 4);
	return arena->failed ? error_memory(err) : 0;
}

int format_parse(const char *text, struct arena *arena, struct format *format, struct error *err)
{
	struct format_field *fields = NULL, *slot;
	size_t room = 0;
	bool numbered = false;
	const char *end;
	int rc = 0;

	*format = (struct format){0};
	for (; *text && !rc; text = *end ? end + 1 : end) {
		const char *start = text + strspn(text, "\t ");
		struct format_field field;
		bool taken = false;

		end = strchrnul(text, '\n');
		if (!strncmp(start, "print fmt:", 10))
			break;
		if (!strncmp(start, "ID: ", 4))
			numbered |= line_number(start, end, "ID: ", &format->number);
		if (strncmp(start, "field:", 6) || start > end)
			continue;
		rc = parse_field(start + 6, end, arena, &field, &taken, err);
		if (rc || !taken)
			continue;
		slot = array_add(&fields, &format->field_count, &room, sizeof(*slot));
		if (slot)
			*slot = field;
		else
			rc = error_memory(err);
	}
	if (!rc && !numbered)
		rc = error_set(err, -EBADMSG, "the format has no number");
	if (!rc) {
		format->fields = arena_alloc(arena, (format->field_count + 1) * sizeof(*fields));
		if (!format->fields)
			rc = error_memory(err);
		else if (fields)
			memcpy(format->fields, fields, format->field_count * sizeof(*fields));
	}
	free(fields);
	if (rc)
		format->field_count = 0;
	return rc;
}
