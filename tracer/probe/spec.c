/*
 * Owns how a person writes a probe: the words in front, the parts between the colons, and what can
 * be left out.
 */
#include "kind.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

/* Kinds of probes of other tracers, so that nobody looks for a provider of that name. */
/* ---- markers ---- */

static const char *or_any(const char *part)
{
	return *part ? part : "*";
}

/* Splits at the last two colons: names have none, a path may. Returns the number of parts. */
static size_t split(char *text, char *parts[3])
{
	char *last = strrchr(text, ':'), *middle;

	parts[0] = text;
	if (!last)
		return 1;
	*last = '\0';
	parts[1] = last + 1;
	middle = strrchr(text, ':');
	if (!middle)
		return 2;
	*middle = '\0';
	parts[2] = parts[1];
	parts[1] = middle + 1;
	return 3;
}

/* `rest` is the whole text where the word in front is left out. */
int parse_usdt(const char *text, const char *rest, struct arena *arena, struct probe_spec *spec,
	       struct error *err)
{
	bool worded = rest != text;
	char *copy = arena_string(arena, rest), *parts[3];
	size_t count;

	if (!copy)
		return error_memory(err);
	count = split(copy, parts);
	if (!*parts[count - 1])
		return error_set(err, -EINVAL, "'%s': the probe's name is missing behind the ':'",
				 text);
	if (count == 1)
		return error_set(err, -EINVAL,
				 "'%s' is not a probe: write PROVIDER:NAME, such as '*:%s'", text,
				 rest);
	if (count == 3 && !worded && !strchr(parts[0], '/'))
		return error_set(err, -EINVAL,
				 "'%s' is not a probe: write PROVIDER:NAME or "
				 "usdt:FILE:PROVIDER:NAME",
				 text);
	spec->worded = worded;
	spec->name = parts[count - 1];
	spec->provider = or_any(parts[count - 2]);
	if (count == 3 && *parts[0] && strcmp(parts[0], "*") != 0)
		spec->file = parts[0];
	if (count == 2 && strchr(parts[0], '/')) {
		spec->file = parts[0];
		spec->provider = "*";
	} else if (count == 2) {
		spec->maybe_file = worded && *parts[0];
	}
	return 0;
}

/* ---- functions ---- */

/* The colon that ends FILE: the last one that is not one of two. NULL: none. */
static char *last_colon(char *text)
{
	for (char *at = text + strlen(text); at > text; at--)
		if (at[-1] == ':' && *at != ':' && (at - 1 == text || at[-2] != ':'))
			return at - 1;
	return NULL;
}

/* FILE:FUNCTION, FILE:cpp:FUNCTION; a path may have colons, a function only two together. */
int parse_function(const char *text, const char *rest, struct arena *arena, struct probe_spec *spec,
		   struct error *err)
{
	char *copy = arena_string(arena, rest);
	char *colon = copy ? last_colon(copy) : NULL;

	if (!copy)
		return error_memory(err);
	if (!colon || colon == copy || !colon[1])
		return error_set(err, -EINVAL, "'%s': a probe on a function is %s", text,
				 probe_kind_info(spec->kind)->form);
	*colon = '\0';
	spec->name = colon + 1;
	colon = last_colon(copy);
	spec->demangled = colon && colon != copy && !strcmp(colon, ":cpp");
	if (spec->demangled)
		*colon = '\0';
	spec->file = copy;
	return 0;
}

/* ---- kinds ---- */

int probe_spec_parse(const char *text, struct arena *arena, struct probe_spec *spec,
		     struct error *err)
{
	const char *rest;

	*spec = (struct probe_spec){.provider = "", .name = text};
	if (probe_kind_of(text, &spec->kind, &rest))
		return probe_kind_info(spec->kind)->parse(text, rest, arena, spec, err);
	spec->kind = PROBE_USDT;
	return parse_usdt(text, text, arena, spec, err);
}
