/*
 * Owns the table of the kinds of probes, and the set's own probes that are not in its files.
 */
#include "kind.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct probe_kind_info kinds[PROBE_KINDS] = {
	[PROBE_USDT] = {"usdt", "U", "usdt:FILE:PROVIDER:NAME",
			"a marker; all three parts may be globs, and PROVIDER:NAME alone is a marker of "
			"the target",
			PROBE_REGISTERS,
			.in_file = true, .in_process = true, .numbered = true,
			.globs = true, .parse = parse_usdt, .match = match_usdt},
	[PROBE_UPROBE] = {"uprobe", "u", "uprobe:FILE:FUNCTION",
			"the start of a function, FUNCTION+OFFSET, or an address of the file, "
			"where an instruction begins (anywhere with --unsafe); "
			"FUNCTION may be a glob, FILE:cpp:FUNCTION is by demangled name; "
			"arguments are arg0 and on, by name where there is debug information",
			PROBE_REGISTERS,
			  .in_file = true, .in_process = true, .numbered = true,
			  .parse = parse_function, .match = match_function},
	[PROBE_URETPROBE] = {"uretprobe", "ur", "uretprobe:FILE:FUNCTION",
			"the return of a function; retval is what it returns",
			PROBE_REGISTERS,
			     .in_file = true, .in_process = true, .returns = true,
			     .parse = parse_function, .match = match_function},
	[PROBE_KPROBE] = {"kprobe", "k", "kprobe:[MODULE:]FUNCTION",
			"the start of a function of the kernel, or FUNCTION+OFFSET; arguments "
			"are arg0 and on",
			PROBE_REGISTERS,
			  .in_process = true, .in_kernel = true, .numbered = true,
			  .globs = true, .parse = parse_kernel, .match = match_kernel_function},
	[PROBE_KRETPROBE] = {"kretprobe", "kr", "kretprobe:[MODULE:]FUNCTION",
			"the return of a function of the kernel; retval is what it returns",
			PROBE_REGISTERS,
			     .in_process = true, .in_kernel = true, .returns = true,
			     .parse = parse_kernel, .match = match_kernel_function},
	[PROBE_FENTRY] = {"fentry", "f", "fentry:[MODULE:]FUNCTION",
			"the start of a function that the kernel's types describe: its arguments are "
			"args.NAME, with their types",
			PROBE_TYPED,
			  .in_process = true, .in_kernel = true, .globs = true,
			  .old_name = "kfunc", .parse = parse_kernel, .match = match_typed},
	[PROBE_FEXIT] = {"fexit", "fr", "fexit:[MODULE:]FUNCTION",
			"the return of such a function; retval is what it returns, args.NAME "
			"what it was given",
			PROBE_TYPED,
			 .in_process = true, .in_kernel = true, .returns = true, .globs = true,
			 .old_name = "kretfunc", .parse = parse_kernel, .match = match_typed},
	[PROBE_TRACEPOINT] = {"tracepoint", "t", "tracepoint:CATEGORY:NAME",
			"a tracepoint of the kernel; its fields are args.NAME",
			PROBE_RECORD,
			      .in_process = true, .in_kernel = true,
			      .globs = true, .parse = parse_tracepoint, .match = match_tracepoint},
	[PROBE_RAW_TRACEPOINT] = {"rawtracepoint", "rt", "rawtracepoint:NAME",
			"the same without its description; arguments are arg0 and on, as the "
			"kernel has them",
			PROBE_VALUES,
				  .in_process = true, .in_kernel = true, .numbered = true,
				  .globs = true, .parse = parse_kernel, .match = match_raw_tracepoint},
	[PROBE_PROFILE] = {"profile", "p", "profile:hz:RATE",
			"a clock on every CPU: hz:RATE, s:N, ms:N, us:N; also profile:10ms",
			PROBE_SAMPLE, .in_process = true,
			   .parse = parse_clock, .match = match_clock},
	[PROBE_INTERVAL] = {"interval", "i", "interval:s:SECONDS",
			"a clock on one CPU: s:N, ms:N, us:N, hz:RATE; also interval:100ms",
			PROBE_SAMPLE,
			    .parse = parse_clock, .match = match_clock},
	[PROBE_SOFTWARE] = {"software", "s", "software:EVENT:COUNT",
			"every COUNT-th event that the kernel counts; 'telltale list "
			"software:*' names them",
			PROBE_SAMPLE,
			    .in_process = true, .globs = true, .parse = parse_counter, .match = match_counter},
	[PROBE_HARDWARE] = {"hardware", "h", "hardware:EVENT:COUNT",
			"every COUNT-th event that the processor counts; 'telltale list "
			"hardware:*' names them",
			PROBE_SAMPLE,
			    .in_process = true, .globs = true, .parse = parse_counter, .match = match_counter},
	[PROBE_WATCH] = {"watchpoint", "w", "watchpoint:ADDRESS:LENGTH:MODE",
			"when the 1, 2, 4 or 8 bytes at an address are written (mode w), read or "
			"written (rw), or, of 8, executed (x), as far as the processor can watch; "
			"FUNCTION+argN for ADDRESS is what the argument is at a call",
			PROBE_SAMPLE, .in_process = true, .parse = parse_watch, .match = match_watch},
	[PROBE_ASYNC_WATCH] = {"asyncwatchpoint", "aw", "asyncwatchpoint:ADDRESS:LENGTH:MODE",
			"the same; a process does not wait at FUNCTION until it is watched",
			PROBE_SAMPLE,
			       .in_process = true, .parse = parse_watch, .match = match_watch},
	[PROBE_ITER] = {"iter", "it", "iter:THING[:PIN]",
			"once for each thing that the kernel has, as task, task_file, task_vma; what is "
			"known of it is ctx->NAME; the program ends when all are through",
			PROBE_TYPED, .in_kernel = true, .globs = true, .alone = true,
			.parse = parse_iterator, .match = match_typed},
	[PROBE_BEGIN] = {"BEGIN", "begin", "BEGIN",
			"once, before all others",
			PROBE_NOTHING, .parse = parse_once,
			 .match = match_once},
	[PROBE_END] = {"END", "end", "END",
			"once, behind all others",
			PROBE_NOTHING, .parse = parse_once,
		       .match = match_once},
	[PROBE_SELF] = {"self", "", "self:signal:SIGUSR1",
			"when telltale gets the signal SIGUSR1",
			PROBE_NOTHING, .parse = parse_signal,
			.match = match_once},
};

const struct probe_kind_info *probe_kind_info(enum probe_kind kind)
{
	return &kinds[kind];
}

bool probe_starts(const char *text, const char *word, const char **rest)
{
	size_t length = strlen(word);

	if (!length || strncmp(text, word, length) || text[length] != ':')
		return false;
	*rest = text + length + 1;
	return true;
}

bool probe_kind_of(const char *text, enum probe_kind *kind, const char **rest)
{
	for (*kind = 0; *kind < PROBE_KINDS; ++*kind) {
		const struct probe_kind_info *info = &kinds[*kind];

		if (probe_starts(text, info->name, rest) ||
		    probe_starts(text, info->short_name, rest) ||
		    (info->old_name && probe_starts(text, info->old_name, rest)))
			return true;
		*rest = "";
		if (info->parse == parse_once &&
		    (!strcmp(text, info->name) || !strcmp(text, info->short_name)))
			return true;
	}
	return false;
}

/* ---- probes that are no markers ---- */

static struct probe *make_other(struct probe_set *set, enum probe_kind kind, const char *provider,
				const char *name, const char *key)
{
	struct probe **slot = array_add(&set->other, &set->other_count, &set->other_room,
					sizeof(*slot));
	struct probe *probe = arena_alloc(&set->arena, sizeof(*probe));
	struct probe_site *site = arena_alloc(&set->arena, sizeof(*site));
	size_t place;

	if (!slot || !probe || !site ||
	    table_put(&set->others, key, strlen(key), set->other_count - 1, &place) < 0) {
		set->other_count -= !!slot;
		return NULL;
	}
	*slot = probe;
	*probe = (struct probe){
		.kind = kind,
		.provider = arena_string(&set->arena, provider),
		.name = arena_string(&set->arena, name),
		.sites = site,
		.site_count = kinds[kind].context != PROBE_NOTHING,
		.followed = kinds[kind].in_process && !kinds[kind].in_file && set->restricted,
	};
	site->machine = probe_host_machine();
	site->bits = 64;
	return probe;
}

int probe_list_add(struct probe_list *list, struct probe_set *set, enum probe_kind kind,
		   const char *provider, const char *name, struct probe **probe, bool *made,
		   struct error *err)
{
	const struct probe **slot = array_add(&list->items, &list->count, &list->room,
					      sizeof(*slot));
	char *key = arena_print(&set->arena, "%d:%s:%s", kind, provider, name);
	size_t place;

	if (!slot || !key)
		return error_memory(err);
	*made = !table_get(&set->others, key, strlen(key), &place);
	*probe = *made ? make_other(set, kind, provider, name, key) : set->other[place];
	*slot = *probe;
	return !*probe || set->arena.failed ? error_memory(err) : 0;
}

int probe_list_end(struct probe_list *list, struct probe_set *set, int rc,
		   const struct probe ***found, size_t *count, struct error *err)
{
	const struct probe **copy = NULL;

	if (!rc) {
		copy = arena_alloc(&set->arena, (list->count + 1) * sizeof(*copy));
		if (!copy)
			rc = error_memory(err);
		else if (list->count)
			memcpy(copy, list->items, list->count * sizeof(*copy));
	}
	*found = copy;
	*count = copy ? list->count : 0;
	free(list->items);
	*list = (struct probe_list){0};
	return rc;
}

int probe_none(const char *text, const char *what, const char *near, struct error *err)
{
	return error_set(err, -ENODATA, "no %s matches '%s'%s%s%s", what, text,
			 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

const char *probe_full_name(const struct probe_set *set, const struct probe *probe,
			    struct arena *arena)
{
	if (probe->kind == PROBE_USDT)
		return arena_print(arena, "usdt:%s:%s:%s", probe_path(set, probe), probe->provider,
				   probe->name);
	return arena_print(arena, "%s%s%s", probe->provider, *probe->provider ? ":" : "",
			   probe->name);
}
