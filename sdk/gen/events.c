/* SPDX-License-Identifier: MIT */
/*
 * events.c - QEMU's trace-events, a line an event:
 *
 *	# comment
 *	vring_notify(void *vdev, void *vq) "vdev %p vq %p"
 *	disable slow(uint64_t addr) "addr 0x%"PRIx64
 *	vcpu guest_mem(TCGv vaddr, uint8_t size) "size=%d", "vaddr=0x%016"PRIx64" size=%d"
 *
 * Properties stand before the name: `disable` makes of an event's macros nothing; `vcpu` and `tcg`
 * say where QEMU compiles it, which is not our concern. Of the format, which is printf's, nothing
 * is made; the header shows it. A line may be continued with a backslash.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

/* Where an error is, for a place in the line. */
static struct gen_token here(const struct gen_text *text, const char *at)
{
	return (struct gen_token){.kind = GEN_SIGN,
	                          .at = at,
	                          .size = 1,
	                          .line = text->line,
	                          .column = (int)(at - text->line_start) + 1};
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *skip(const char *at, const char *end)
{
	while (at < end &&
	       (isspace((unsigned char)*at) || (*at == '\\' && at + 1 < end && at[1] == '\n')))
		at++;
	return at;
}

static const char *word_end(const char *at, const char *end)
{
	while (at < end && is_word(*at))
		at++;
	return at;
}

static bool is_property(const char *at, size_t size)
{
	static const char *const properties[] = {"disable", "tcg", "tcg-trans", "tcg-exec", "vcpu"};

	for (size_t i = 0; i < sizeof(properties) / sizeof(*properties); i++)
		if (strlen(properties[i]) == size && !memcmp(properties[i], at, size))
			return true;
	return false;
}

/* `(type name, type name)`; at is behind the bracket. The place behind the closing one, or NULL. */
static const char *arguments(struct gen_text *text, struct gen_probe *probe, const char *at,
                             const char *end, int *err, struct gen_error *error)
{
	const char *open = at - 1, *from = at;
	int depth = 1;

	for (; at < end; at++) {
		struct gen_token token = here(text, from);
		bool blank = skip(from, at) == at;

		if (*at == '(')
			depth++;
		else if (*at == ')')
			depth--;
		if (depth && !(*at == ',' && depth == 1))
			continue;
		from = skip(from, at);
		if (!depth &&
		    (blank ||
		     (at - from >= 4 && !memcmp(from, "void", 4) && skip(from + 4, at) == at)) &&
		    !probe->count)
			return at + 1;
		if (blank) {
			*err = gen_fail(error, text, &token, "an argument is expected");
			return NULL;
		}
		if (!gen_is_type(from, (size_t)(at - from))) {
			token = here(text, from);
			*err = gen_fail(error, text, &token, "this is no type");
			return NULL;
		}
		if (probe->count == GEN_MAX_ARGUMENTS) {
			*err = gen_fail(error, text, &token,
			                "event %s has more than twelve arguments", probe->name);
			return NULL;
		}
		*err = gen_add_argument(probe, from, (size_t)(at - from));
		if (*err)
			return NULL;
		if (!depth)
			return at + 1;
		from = at + 1;
	}
	*err = gen_fail(error, text,
	                &(struct gen_token){.at = open,
	                                    .line = text->line,
	                                    .column = (int)(open - text->line_start) + 1},
	                "`)` is expected behind an event's arguments");
	return NULL;
}

/* `"format"`, with words such as PRIx64 between its strings; perhaps two, with a comma; perhaps
 * none. */
static int format(struct gen_text *text, struct gen_probe *probe, const char *at, const char *end,
                  struct gen_error *error)
{
	const char *start = at;
	struct gen_token token = here(text, at);

	if (at == end)
		return 0;
	if (*at != '"')
		return gen_fail(error, text, &token, "a format in quotes is expected");
	while (at < end) {
		token = here(text, at);
		if (*at == '"') {
			for (at++; at < end && *at != '"'; at++)
				at += *at == '\\' && at + 1 < end;
			if (at >= end)
				return gen_fail(error, text, &token, "this string has no end");
			at++;
		} else if (is_word(*at)) {
			at = word_end(at, end);
		} else if (*at == ',') {
			at++;
		} else {
			return gen_fail(error, text, &token,
			                "nothing is expected behind the format");
		}
		at = skip(at, end);
	}
	while (end > start && isspace((unsigned char)end[-1]))
		end--;
	probe->format = strndup(start, (size_t)(end - start));
	return probe->format ? 0 : -ENOMEM;
}

static int event(struct gen_text *text, struct gen_provider *provider, const char *at,
                 const char *end, struct gen_error *error)
{
	struct gen_token token;
	struct gen_probe *probe;
	const char *name;
	bool disabled = false;
	int err = 0;

	for (;;) {
		const char *behind;

		name = at;
		behind = word_end(at, end);
		while (behind < end && *behind == '-')
			behind = word_end(behind + 1, end);
		token = here(text, name);
		if (behind == name || isdigit((unsigned char)*name))
			return gen_fail(error, text, &token, "an event's name is expected");
		at = skip(behind, end);
		if (at < end && *at == '(') {
			probe = gen_add_probe(provider, name, (size_t)(behind - name));
			break;
		}
		if (at == end || *at == '"') {
			token = here(text, behind);
			return gen_fail(error, text, &token,
			                "`(` is expected behind an event's name");
		}
		if (!is_property(name, (size_t)(behind - name)))
			return gen_fail(error, text, &token, "no property of events: `%.*s`",
			                (int)(behind - name), name);
		disabled |= !strncmp(name, "disable", (size_t)(behind - name));
	}
	if (!probe)
		return -ENOMEM;
	probe->line = text->line;
	probe->disabled = disabled;
	if (gen_find_probe(provider, probe->name) != probe)
		return gen_fail(error, text, &token, "event %s stands twice", probe->name);
	at = arguments(text, probe, at + 1, end, &err, error);
	if (!at)
		return err;
	return format(text, probe, skip(at, end), end, error);
}

int gen_read_events(struct gen_file *file, const char *start, size_t size, const char *path,
                    const char *provider_name, struct gen_error *error)
{
	struct gen_provider *provider;
	struct gen_text text;
	int err = 0;

	memset(error, 0, sizeof(*error));
	gen_text_init(&text, start, size, path);
	provider = gen_add_provider(file, provider_name, strlen(provider_name));
	if (!provider)
		return -ENOMEM;
	while (!err && text.at < text.end) {
		const char *end = text.at, *at;
		int lines = 1;

		for (; end < text.end && *end != '\n'; end++) {
			if (*end == '\\' && end + 1 < text.end && end[1] == '\n') {
				lines++;
				end++;
			}
		}
		text.line_start = text.at;
		at = skip(text.at, end);
		if (at < end && *at != '#')
			err = event(&text, provider, at, end, error);
		text.at = end < text.end ? end + 1 : end;
		text.line += lines;
	}
	if (!err && !provider->count) {
		struct gen_token token = here(&text, text.line_start);

		err = gen_fail(error, &text, &token, "no event in this file");
	}
	return err;
}
