/*
 * Owns which site is attached by which link. All sites of one program in one file are one
 * uprobe_multi link where the kernel has it, else a perf event each (perf.c). The kernel takes a
 * link as a whole or not at all; when it refuses one, halves are tried until the bad sites are
 * found and named.
 */
#include "features.h"
#include "kernel.h"
#include "process/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct attaching {
	struct kernel *engine;
	struct warnings *warnings;
	struct error first; /* the first refusal: the reason when nothing could be attached */
	bool *attached;     /* of the program at hand, one for each of its sites */
	bool again; /* the program at hand has been attached, but not to all processes of today */
};

struct kernel_link *link_add(struct kernel *e, int fd, int event)
{
	struct kernel_link *link =
	        array_add(&e->links, &e->link_count, &e->link_room, sizeof(*link));

	if (link) {
		link->fd = fd;
		link->event = event;
	}
	return link;
}

/* ---- words ---- */

static const char *reason(int code)
{
	switch (code) {
	case -ESRCH:
		return "the process has ended";
	case -EMFILE:
		return "too many open files (raise the hard limit: ulimit -Hn)";
	case -EILSEQ:
		return "no instruction starts there";
	case -524: /* ENOTSUPP, the kernel's own */
		return "the instruction there can't be probed";
	case -EINVAL:
		return "the kernel refuses the place (not in the file, not an instruction, or "
		       "another tracer names another semaphore for it)";
	default:
		return strerror(-code);
	}
}

/* The same codes mean other things where no file is. */
static const char *event_reason(enum plan_attach attach, int code)
{
	if (code == -EINVAL && attach == PLAN_ATTACH_RAW_TRACEPOINT)
		return "the program asks for more arguments than it has";
	if (attach == PLAN_ATTACH_ITER && code == -EEXIST)
		return "there is a file of its pin's name already";
	if (attach == PLAN_ATTACH_ITER && (code == -EPERM || code == -ENOENT || code == -EINVAL))
		return "its pin is in no BPF file system (mount -t bpf bpf /sys/fs/bpf)";
	if (code == -ENOSPC && attach == PLAN_ATTACH_WATCH)
		return "all watchpoints that the processor has are taken";
	if (code == -EINVAL && attach == PLAN_ATTACH_WATCH)
		return "the processor can't watch that place in this mode";
	if (code == -EINVAL || code == -ENOENT || code == -ESRCH || code == -EADDRNOTAVAIL)
		return "this kernel can't probe it";
	if (code == -EBUSY)
		return "another tracer has it";
	return reason(code);
}

static void remember_first(struct attaching *a, int code, const char *text)
{
	if (!a->first.code)
		error_set(&a->first, code, "%s", text);
}

/* NULL: its sites are not in a file. */
static const struct target_file *file_of(const struct group *g)
{
	const struct kernel *e = g->engine;

	return attach_kind(e->plan->programs[g->program].attach)->in_file
	               ? &e->target->files[g->file]
	               : NULL;
}

static void say_bad_site(struct attaching *a, const struct group *g, const struct plan_site *site,
                         int code)
{
	const char *name = a->engine->plan->probes[site->probe].full;
	const struct target_file *file = file_of(g);
	char text[1024];

	if (file)
		snprintf(text, sizeof(text), "%s at offset 0x%llx of %s can't be attached: %s", name,
		         (unsigned long long)site->offset, file->path, reason(code));
	else
		snprintf(text, sizeof(text), "%s can't be attached: %s", name,
		         event_reason(a->engine->plan->programs[g->program].attach, code));
	remember_first(a, code, text);
	warn(a->warnings, "%s", text);
}

static void say_bad_group(struct attaching *a, const struct group *g, size_t count, int code)
{
	const struct target_file *file = file_of(g);
	const char *where = file ? file->path : a->engine->plan->probes[g->sites[0]->probe].full;
	char text[1024], remedy[200];

	if (code == -EPERM || code == -EACCES)
		explain_refusal(remedy, sizeof(remedy), !a->engine->multi);
	else
		snprintf(remedy, sizeof(remedy), "%s", reason(code));
	if (g->pid)
		snprintf(text, sizeof(text), "%s: %zu site%s can't be attached in process %d: %s",
		         where, count, count == 1 ? "" : "s", g->pid, remedy);
	else
		snprintf(text, sizeof(text), "%s: %zu site%s can't be attached: %s",
		         where, count, count == 1 ? "" : "s", remedy);
	remember_first(a, code, text);
	warn(a->warnings, "%s", text);
}

/* ---- one group ---- */

int group_attach_multi(struct group *g, size_t first, size_t end)
{
	struct kernel *e = g->engine;
	const struct plan_program *program = &e->plan->programs[g->program];
	struct sys_uprobe_multi multi = {
	        .path = g->path,
	        .offsets = g->offsets + first,
	        .ref_ctr_offsets = g->any_ref_ctr ? g->ref_ctr_offsets + first : NULL,
	        .cookies = program->uses_cookie ? g->cookies + first : NULL,
	        .count = end - first,
	        .at_return = program->attach == PLAN_ATTACH_URETPROBE,
	        .pid = g->pid,
	};
	int fd = sys_link_uprobe_multi(e->programs[g->program], &multi);

	if (fd < 0)
		return fd;
	if (!link_add(e, fd, -1)) {
		close(fd);
		return -ENOMEM;
	}
	return 0;
}

/* What the kernel refuses where it keeps the semaphores is refused where it does not, too. */
static bool has_odd_semaphore(const struct group *g, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		if (g->sites[i]->semaphore_offset & 1)
			return true;
	return false;
}

static const struct attach_kind *kind_of(const struct group *g)
{
	return attach_kind(g->engine->plan->programs[g->program].attach);
}

static int try_some(struct group *g, size_t first, size_t end)
{
	const struct attach_kind *kind = kind_of(g);

	if (has_odd_semaphore(g, first, end))
		return -EINVAL;
	return g->many ? kind->attach_many(g, first, end) : kind->attach(g, first);
}

/* Refusals that have nothing to do with the places of the sites. */
static bool is_of_all(int code)
{
	return code == -EPERM || code == -EACCES || code == -ENOMEM || code == -ESRCH ||
	       code == -EBADF || code == -EMFILE || code == -ENFILE || code == -ENODEV;
}

static void mark(struct attaching *a, const struct group *g, size_t first, size_t end)
{
	const struct plan_site *start = a->engine->plan->programs[g->program].sites;

	for (size_t i = first; i < end; i++)
		a->attached[g->sites[i] - start] = true;
}

/* Attaches all of them, or halves; false when the rest need not be tried. */
static bool attach_some(struct attaching *a, struct group *g, size_t first, size_t end)
{
	size_t most = g->many ? SYS_MULTI_MOST : 1;
	size_t middle = end - first > most ? first + most : first + (end - first) / 2;
	int code;

	if (end - first <= most) {
		code = try_some(g, first, end);
		if (!code) {
			mark(a, g, first, end);
			return true;
		}
		if (is_of_all(code)) {
			say_bad_group(a, g, g->count - first, code);
			return false;
		}
		if (end - first == 1) {
			say_bad_site(a, g, g->sites[first], code);
			return true;
		}
	}
	return attach_some(a, g, first, middle) && attach_some(a, g, middle, end);
}

/* The perf events of many sites one by one, without a recursion as deep as there are sites. */
static void attach_one_by_one(struct attaching *a, struct group *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (!attach_some(a, g, i, i + 1))
			return;
}

/* To how many processes of a file its sites are attached. */
static size_t pids_known(const struct kernel *e, uint32_t file)
{
	return file < e->file_count ? e->file_pids[file] : 0;
}

static void attach_group(struct attaching *a, struct group *g)
{
	const struct target_file *file = file_of(g);
	size_t pids = file ? file->pid_count : 0;
	size_t first = a->again ? pids_known(a->engine, g->file) : 0;
	bool keeps = feature(FEATURE_REF_CTR)->present; /* else guardian.c does */

	if (file)
		snprintf(g->path, sizeof(g->path), "/proc/self/fd/%d", file->fd);
	g->any_ref_ctr = false;
	for (size_t i = 0; i < g->count; i++) {
		g->offsets[i] = g->sites[i]->offset;
		g->ref_ctr_offsets[i] = keeps ? g->sites[i]->semaphore_offset : 0;
		g->cookies[i] = g->sites[i]->cookie;
		g->any_ref_ctr |= g->ref_ctr_offsets[i] != 0;
	}
	/* A followed program picks its processes itself. */
	if (a->engine->plan->programs[g->program].followed)
		pids = 0;
	if (a->again && first >= pids)
		return;
	for (size_t i = first; i < (pids ? pids : 1); i++) {
		g->pid = pids ? file->pids[i] : 0;
		if (g->many)
			attach_some(a, g, 0, g->count);
		else
			attach_one_by_one(a, g);
	}
}

/* ---- all of them ---- */

static int by_file(const void *a, const void *b)
{
	const struct plan_site *const *x = a, *const *y = b;

	if ((*x)->file != (*y)->file)
		return (*x)->file < (*y)->file ? -1 : 1;
	return (*x > *y) - (*x < *y);
}

/* Attaches one program file by file. */
static int attach_program(struct attaching *a, size_t index, struct error *err)
{
	const struct plan_program *program = &a->engine->plan->programs[index];
	size_t count = program->site_count;
	const struct plan_site **sites = calloc(count + 1, sizeof(*sites));
	uint64_t *numbers = calloc(3 * count + 1, sizeof(*numbers));
	bool *attached = calloc(count + 1, sizeof(*attached));
	struct group g = {.engine = a->engine, .program = index, .sites = sites};
	const struct attach_kind *kind;
	int code = 0;

	if (!sites || !numbers || !attached) {
		code = error_memory(err);
		goto out;
	}
	kind = attach_kind(program->attach);
	g.many = kind->has_many && kind->has_many(a->engine, program);
	g.offsets = numbers;
	g.ref_ctr_offsets = numbers + count;
	g.cookies = numbers + 2 * count;
	a->attached = attached;
	for (size_t i = 0; i < count; i++)
		sites[i] = &program->sites[i];
	qsort(sites, count, sizeof(*sites), by_file);
	for (size_t first = 0; first < count; first += g.count) {
		g.sites = sites + first;
		g.file = sites[first]->file;
		for (g.count = 1; first + g.count < count; g.count++)
			if (sites[first + g.count]->file != g.file)
				break;
		attach_group(a, &g);
	}
	for (size_t i = 0; i < count && !a->again; i++)
		a->engine->attached += attached[i];
out:
	free(attached);
	free(numbers);
	free(sites);
	return code;
}

/* Files that count for more processes than when their sites were attached last. */
static bool has_more_pids(const struct kernel *e)
{
	for (size_t i = 0; i < e->file_count; i++)
		if (e->target->files[i].pid_count > e->file_pids[i])
			return true;
	return false;
}

static int remember_pids(struct kernel *e, struct error *err)
{
	size_t *pids = realloc(e->file_pids, (e->target->file_count + 1) * sizeof(*pids));

	if (!pids)
		return error_memory(err);
	e->file_pids = pids;
	e->file_count = e->target->file_count;
	for (size_t i = 0; i < e->file_count; i++)
		pids[i] = e->target->files[i].pid_count;
	return 0;
}

/* Those that are clocks, or those that are not. Files can come to count for more processes. */
static int attach_programs(struct attaching *a, bool clocks, size_t *wanted, struct error *err)
{
	struct kernel *e = a->engine;
	int code = 0;

	for (size_t i = has_more_pids(e) ? 0 : e->attached_programs; i < e->program_count && !code;
	     i++) {
		const struct attach_kind *kind = attach_kind(e->plan->programs[i].attach);

		a->again = i < e->attached_programs;
		if (!kind->attach || kind->is_clock != clocks || e->plan->programs[i].waits || (a->again && !kind->in_file))
			continue;
		*wanted += a->again ? 0 : e->plan->programs[i].site_count;
		code = attach_program(a, i, err);
	}
	return code;
}

static int refuse(const struct attaching *a, struct error *err)
{
	int code = a->first.code;

	code = code == -EPERM || code == -EACCES	      ? -EPERM
	       : code == -EOPNOTSUPP || code == -ENOSPC ? -EOPNOTSUPP /* there is no room for it */
							: -ENODATA;
	return error_set(err, code, "nothing could be attached: %s", a->first.text);
}

int sites_attach(struct kernel *e, struct warnings *warnings, struct error *err)
{
	struct attaching a = {.engine = e, .warnings = warnings};
	size_t wanted = 0, clocks = 0, before = e->attached, links = e->link_count, attached;
	int code = attach_programs(&a, false, &wanted, err);

	attached = e->attached;
	if (!code && wanted && attached == before)
		code = refuse(&a, err);
	if (!code)
		code = attach_programs(&a, true, &clocks, err);
	if (!code && e->attached - attached < clocks)
		code = refuse(&a, err);
	e->attached_programs = e->program_count;
	if (!code)
		code = remember_pids(e, err);
	if (!code && e->link_count >= links + SLOW_FROM)
		links_warn(e, warnings);
	return code;
}
