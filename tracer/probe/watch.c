/*
 * Owns watchpoints: an address, how many bytes there, and what is done to them that counts.
 */
#include "kind.h"

#include "base/text.h"
#include "operand/operand.h"
#include "process/target.h"

#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <stdlib.h>
#include <string.h>

static int refuse(const char *text, const char *part, const char *what, struct error *err)
{
	return error_set(err, -EINVAL, "'%s': '%s' is no %s", text, part, what);
}

/* Letters of rwx, each once. Processors can't tell reads alone from reads and writes, nor code from
 * data. */
static int read_mode(const char *text, const char *mode, uint64_t *bits, struct error *err)
{
	static const char letters[] = "rwx";
	static const unsigned meant[] = {HW_BREAKPOINT_R, HW_BREAKPOINT_W, HW_BREAKPOINT_X};

	*bits = 0;
	for (const char *at = mode; *at; at++) {
		const char *letter = strchr(letters, *at);

		if (!letter)
			return refuse(text, mode, "mode: w, rw or x", err);
		if (*bits & meant[letter - letters])
			return error_set(err, -EINVAL, "'%s': the mode '%s' says '%c' twice", text, mode,
					 *at);
		*bits |= meant[letter - letters];
	}
	if (!*bits)
		return refuse(text, mode, "mode: w, rw or x", err);
	if (*bits != HW_BREAKPOINT_W && *bits != HW_BREAKPOINT_RW && *bits != HW_BREAKPOINT_X)
		return error_set(err, -EINVAL, "'%s': the mode '%s' is none that processors have; "
				 "they have w, rw and x", text, mode);
	return 0;
}

/* What kernel and processor want of a place. */
static int check_place(const char *text, const struct probe_spec *spec, struct error *err)
{
	unsigned long long bytes = spec->period;

	if (spec->mode == HW_BREAKPOINT_X && bytes != sizeof(long))
		return error_set(err, -EINVAL, "'%s': the length for mode x is %zu", text, sizeof(long));
	if (spec->mode != HW_BREAKPOINT_X && spec->offset % bytes)
		return error_set(err, -EINVAL,
				 "'%s': %llu bytes are watched at a multiple of %llu only, which 0x%llx is not",
				 text, bytes, bytes, (unsigned long long)spec->offset);
	return 0;
}

/* Also one of the kernel's, in the upper half. */
static bool read_address(const char *text, uint64_t *address)
{
	char *end;

	errno = 0;
	*address = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno;
}

/* ADDRESS or FUNCTION+argN */
static int read_place(const char *text, char *place, struct probe_spec *spec, struct error *err)
{
	char *plus = strstr(place, "+arg");
	int64_t number;

	if (!plus || plus == place)
		return read_address(place, &spec->offset) ? 0
							  : refuse(text, place, "address, nor FUNCTION+argN", err);
	if (plus[4] < '0' || plus[4] > '9' || !text_number(plus + 4, &number) || number > 100)
		return refuse(text, plus + 1, "argument, as arg0", err);
	*plus = '\0';
	spec->function = place;
	spec->argument = (unsigned)number;
	return 0;
}

/* ADDRESS:LENGTH:MODE, FUNCTION+argN:LENGTH:MODE */
int parse_watch(const char *text, const char *rest, struct arena *arena, struct probe_spec *spec,
		struct error *err)
{
	char *copy = arena_string(arena, rest), *length, *mode;
	int64_t number;
	int rc;

	if (!copy)
		return error_memory(err);
	length = strchr(copy, ':');
	mode = length ? strchr(length + 1, ':') : NULL;
	if (!mode || length == copy || strchr(mode + 1, ':'))
		return error_set(err, -EINVAL, "'%s': write %s", text,
				 probe_kind_info(spec->kind)->form);
	*length++ = *mode++ = '\0';
	rc = read_place(text, copy, spec, err);
	if (rc)
		return rc;
	if (!text_number(length, &number) || (number != 1 && number != 2 && number != 4 && number != 8))
		return refuse(text, length, "length: 1, 2, 4 or 8", err);
	spec->period = (uint64_t)number;
	spec->provider = probe_kind_info(spec->kind)->name;
	spec->name = spec->function
			     ? arena_print(arena, "%s+arg%u:%s:%s", spec->function, spec->argument, length, mode)
			     : arena_print(arena, "0x%llx:%s:%s", (unsigned long long)spec->offset, length,
					   mode);
	if (!spec->name)
		return error_memory(err);
	rc = read_mode(text, mode, &spec->mode, err);
	return rc ? rc : check_place(text, spec, err);
}

/* The functions, in the target's files, by whose calls the address is known. */
static int find_functions(struct probe_set *set, const struct probe_spec *spec, const char *text,
			  struct probe *probe, struct error *err)
{
	const struct probe_spec function = {.kind = PROBE_UPROBE, .provider = "",
					    .name = spec->function};
	int rc;

	if (!set->target || !set->target->process_count)
		return error_set(err, -EINVAL, "'%s': what an argument leads to is watched in a process: "
					       "name one with -p PID or -- COMMAND", text);
	rc = probes_match(set, &function, text, &probe->functions, &probe->function_count, err);
	if (!rc && !probe->function_count)
		rc = probe_none(text, "function", NULL, err);
	if (!rc && spec->argument >= probe->functions[0]->sites->operand_count)
		rc = error_set(err, -EINVAL, "'%s': the arguments of %s that can be had are arg0 to arg%zu",
			       text, spec->function, probe->functions[0]->sites->operand_count - 1);
	probe->watched_argument = spec->argument;
	return rc;
}

int match_watch(struct probe_set *set, const struct probe_spec *spec, const char *text,
		const struct probe ***found, size_t *count, struct error *err)
{
	struct probe_list list = {0};
	struct probe *probe;
	bool made;
	int rc = probe_list_add(&list, set, spec->kind, spec->provider, spec->name, &probe, &made, err);

	if (!rc) {
		probe->sites->offset = spec->offset;
		probe->sites->period = spec->period;
		probe->sites->event = spec->mode;
	}
	if (!rc && spec->function)
		rc = find_functions(set, spec, text, probe, err);
	return probe_list_end(&list, set, rc, found, count, err);
}
