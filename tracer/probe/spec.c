/*
 * Owns how a person writes a probe: the words in front, the parts between the colons, and what can
 * be left out.
 */
#include "probe.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { SECOND = 1000000000 };

/* Kinds of probes of other tracers, so that nobody looks for a provider of that name. */
static const char *const unknown_kinds[] = {
	"kprobe",   "kretprobe",  "tracepoint", "rawtracepoint", "profile",  "software", "hardware",
	"fentry",   "watchpoint", "fexit",	"kfunc",	 "kretfunc", "iter",	 "self",
};

static bool starts(const char *text, const char *word, const char **rest)
{
	size_t length = strlen(word);

	if (strncmp(text, word, length) || text[length] != ':')
		return false;
	*rest = text + length + 1;
	return true;
}

/* ---- intervals ---- */

static int parse_interval(const char *text, const char *rest, struct probe_spec *spec,
			  struct error *err)
{
	static const struct {
		const char *name;
		uint64_t nanoseconds; /* 0: how many a second */
	} units[] = {{"s", SECOND}, {"ms", 1000000}, {"us", 1000}, {"hz", 0}};
	int64_t number;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		const char *count;

		if (!starts(rest, units[i].name, &count))
			continue;
		if (!text_number(count, &number) || number < 1)
			return error_set(err, -EINVAL, "'%s': '%s' is not a number above 0", text,
					 count);
		if (!units[i].nanoseconds && number <= SECOND)
			spec->period = SECOND / (uint64_t)number;
		else if (units[i].nanoseconds &&
			 number <= (int64_t)(INT64_MAX / units[i].nanoseconds))
			spec->period = (uint64_t)number * units[i].nanoseconds;
		else
			return error_set(err, -EINVAL, "'%s': %s is too much", text, count);
		spec->kind = PROBE_INTERVAL;
		spec->provider = "";
		spec->name = "interval";
		return 0;
	}
	return error_set(err, -EINVAL,
			 "'%s': an interval is interval:UNIT:N, UNIT being s, ms, us or hz", text);
}

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

static int parse_usdt(const char *text, const char *rest, bool worded, struct arena *arena,
		      struct probe_spec *spec, struct error *err)
{
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
	spec->kind = PROBE_USDT;
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

/* FILE:FUNCTION; a path may have colons, the function has none. */
static int parse_function(const char *text, const char *rest, struct arena *arena,
			  struct probe_spec *spec, struct error *err)
{
	char *copy = arena_string(arena, rest);
	char *colon = copy ? strrchr(copy, ':') : NULL;

	if (!copy)
		return error_memory(err);
	if (!colon || colon == copy || !colon[1])
		return error_set(err, -EINVAL,
				 "'%s': a probe on a function is uprobe:FILE:FUNCTION", text);
	*colon = '\0';
	spec->file = copy;
	spec->name = colon + 1;
	return 0;
}

int probe_spec_parse(const char *text, struct arena *arena, struct probe_spec *spec,
		     struct error *err)
{
	const char *rest;

	*spec = (struct probe_spec){.provider = "", .name = text};
	if (!strcmp(text, "BEGIN") || !strcmp(text, "END")) {
		spec->kind = *text == 'B' ? PROBE_BEGIN : PROBE_END;
		return 0;
	}
	if (starts(text, "interval", &rest) || starts(text, "i", &rest))
		return parse_interval(text, rest, spec, err);
	if (starts(text, "uprobe", &rest) || starts(text, "u", &rest)) {
		spec->kind = PROBE_UPROBE;
		return parse_function(text, rest, arena, spec, err);
	}
	if (starts(text, "uretprobe", &rest) || starts(text, "ur", &rest)) {
		spec->kind = PROBE_URETPROBE;
		return parse_function(text, rest, arena, spec, err);
	}
	if (starts(text, "usdt", &rest) || starts(text, "U", &rest))
		return parse_usdt(text, rest, true, arena, spec, err);
	for (size_t i = 0; i < sizeof(unknown_kinds) / sizeof(*unknown_kinds); i++)
		if (starts(text, unknown_kinds[i], &rest))
			return error_set(err, -EINVAL,
					 "'%s': %s probes are not among those that telltale has: "
					 "usdt, uprobe, uretprobe, interval, BEGIN, END",
					 text, unknown_kinds[i]);
	return parse_usdt(text, text, false, arena, spec, err);
}
