/*
 * Owns the probes that no place of a program hits: clocks (profile, interval), and what runs once
 * (BEGIN, END, a signal to telltale).
 */
#include "kind.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

enum { SECOND = 1000000000 };

static const struct unit {
	const char *name;
	uint64_t nanoseconds; /* 0: how many a second */
} units[] = {{"s", SECOND}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}, {"hz", 0}};

static const struct unit *find_unit(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strlen(units[i].name) == length && !memcmp(units[i].name, name, length))
			return &units[i];
	return NULL;
}

/* UNIT:N, or as later versions of bpftrace have it, N and the unit: 100ms. */
static const struct unit *split(const char *rest, struct arena *arena, const char **number)
{
	size_t digits = strspn(rest, "0123456789");
	const char *colon = strchr(rest, ':');

	if (colon) {
		*number = colon + 1;
		return find_unit(rest, (size_t)(colon - rest));
	}
	*number = arena_copy(arena, rest, digits);
	return digits && *number ? find_unit(rest + digits, strlen(rest + digits)) : NULL;
}

int parse_clock(const char *text, const char *rest, struct arena *arena, struct probe_spec *spec,
		struct error *err)
{
	const char *kind = probe_kind_info(spec->kind)->name, *count;
	const struct unit *unit = split(rest, arena, &count);
	int64_t number;

	if (!unit)
		return error_set(err, -EINVAL, "'%s': write %s:UNIT:N, UNIT being s, ms, us or hz",
				 text, kind);
	if (!text_number(count, &number) || number < 1)
		return error_set(err, -EINVAL, "'%s': '%s' is not a number above 0", text, count);
	if (!unit->nanoseconds && number <= SECOND)
		spec->period = SECOND / (uint64_t)number;
	else if (unit->nanoseconds && number <= (int64_t)(INT64_MAX / unit->nanoseconds))
		spec->period = (uint64_t)number * unit->nanoseconds;
	else
		return error_set(err, -EINVAL, "'%s': %s is too much", text, count);
	spec->provider = kind;
	spec->name = arena_print(arena, "%s:%lld", unit->name, (long long)number);
	return spec->name ? 0 : error_memory(err);
}

int match_clock(struct probe_set *set, const struct probe_spec *spec, const char *text,
		const struct probe ***found, size_t *count, struct error *err)
{
	struct probe_list list = {0};
	struct probe *probe;
	bool made;
	int rc = probe_list_add(&list, set, spec->kind, spec->provider, spec->name, &probe, &made,
				err);

	(void)text;
	if (!rc)
		probe->sites->period = spec->period;
	return probe_list_end(&list, set, rc, found, count, err);
}

int parse_once(const char *text, const char *rest, struct arena *arena, struct probe_spec *spec,
	       struct error *err)
{
	(void)arena;
	if (*rest)
		return error_set(err, -EINVAL, "'%s': nothing follows %s", text,
				 probe_kind_info(spec->kind)->name);
	spec->provider = "";
	spec->name = probe_kind_info(spec->kind)->name;
	return 0;
}

int parse_signal(const char *text, const char *rest, struct arena *arena, struct probe_spec *spec,
		 struct error *err)
{
	(void)arena;
	if (strcmp(rest, "signal:SIGUSR1") != 0)
		return error_set(err, -EINVAL, "'%s': the one signal that there is, is %s", text,
				 probe_kind_info(spec->kind)->form);
	spec->provider = "self";
	spec->name = "signal:SIGUSR1";
	return 0;
}

int match_once(struct probe_set *set, const struct probe_spec *spec, const char *text,
	       const struct probe ***found, size_t *count, struct error *err)
{
	struct probe_list list = {0};
	struct probe *probe;
	bool made;
	int rc = probe_list_add(&list, set, spec->kind, spec->provider, spec->name, &probe, &made,
				err);

	(void)text;
	return probe_list_end(&list, set, rc, found, count, err);
}
