/*
 * Owns the lists of places: what the sites of all programs come to when those at one address of one
 * file are put together, in the order of files and offsets; one list for each time the plan has grown.
 */
#include "user.h"

#include "process/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_at_site(const struct plan_program *program)
{
	return program->attach == PLAN_ATTACH_UPROBE || program->attach == PLAN_ATTACH_URETPROBE;
}

static int by_place(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->site->file != y->site->file)
		return x->site->file < y->site->file ? -1 : 1;
	if (x->site->offset != y->site->offset)
		return x->site->offset < y->site->offset ? -1 : 1;
	if (x->program != y->program)
		return x->program < y->program ? -1 : 1;
	return (x->site > y->site) - (x->site < y->site);
}

/* Puts uses at the same address together. */
static int make_batch(struct user_engine *u, struct use *uses, size_t count, struct error *err)
{
	struct batch *batch = array_add(&u->batches, &u->batch_count, &u->batch_room, sizeof(*batch));

	if (batch)
		batch->places = calloc(count + 1, sizeof(*batch->places));
	if (!batch || !batch->places) {
		u->batch_count -= !!batch;
		free(uses);
		return error_memory(err);
	}
	batch->uses = uses;
	for (size_t i = 0; i < count; i++) {
		const struct plan_site *site = uses[i].site;
		struct place *last =
			batch->place_count ? &batch->places[batch->place_count - 1] : NULL;

		if (!last || last->file != site->file || last->offset != site->offset) {
			last = &batch->places[batch->place_count++];
			*last = (struct place){.file = site->file,
					       .offset = site->offset,
					       .name = u->plan->probes[site->probe].full,
					       .uses = &uses[i]};
		}
		last->use_count++;
	}
	u->attached += count;
	return 0;
}

static struct place *find_place(const struct batch *batch, uint32_t file, uint64_t offset)
{
	size_t count;
	struct place *places = places_of(batch, file, &count);

	for (size_t i = 0; i < count; i++)
		if (places[i].offset == offset)
			return &places[i];
	return NULL;
}

/* Where an earlier batch has the same place, this one's hangs on it. */
static void link_batch(struct user_engine *u)
{
	struct batch *last = &u->batches[u->batch_count - 1];

	for (size_t i = 0; i < last->place_count; i++) {
		struct place *p = &last->places[i], *same = NULL;

		for (size_t b = 0; b + 1 < u->batch_count && !same; b++)
			same = find_place(&u->batches[b], p->file, p->offset);
		while (same && same->also)
			same = same->also;
		if (same)
			same->also = p;
	}
}

static int copy_files(struct user_engine *u, struct error *err)
{
	size_t count = u->target->file_count;
	struct known_file *files = calloc(count + 1, sizeof(*files));

	for (size_t i = 0; files && i < count; i++) {
		const struct target_file *from = &u->target->files[i];

		files[i] = (struct known_file){from->device, from->inode, from->path, NULL,
					       from->pid_count};
		files[i].pids = malloc((from->pid_count + 1) * sizeof(*files[i].pids));
		if (!files[i].pids) {
			while (i--)
				free(files[i].pids);
			free(files);
			files = NULL;
			break;
		}
		if (from->pid_count)
			memcpy(files[i].pids, from->pids, from->pid_count * sizeof(*from->pids));
	}
	if (!files)
		return error_memory(err);
	for (size_t i = 0; i < u->file_count; i++)
		free(u->files[i].pids);
	free(u->files);
	u->files = files;
	u->file_count = count;
	return 0;
}

int places_collect(struct user_engine *u, size_t first_program, struct error *err)
{
	size_t count = 0, filled = 0;
	struct use *uses;
	int code = copy_files(u, err);

	if (code)
		return code;
	for (size_t i = first_program; i < u->plan->program_count; i++)
		count += is_at_site(&u->plan->programs[i]) ? u->plan->programs[i].site_count : 0;
	if (!count)
		return 0;
	uses = calloc(count, sizeof(*uses));
	if (!uses)
		return error_memory(err);
	for (size_t i = first_program; i < u->plan->program_count; i++)
		for (size_t s = 0; is_at_site(&u->plan->programs[i]) &&
				   s < u->plan->programs[i].site_count; s++)
			uses[filled++] = (struct use){i, &u->plan->programs[i].sites[s]};
	qsort(uses, count, sizeof(*uses), by_place);
	code = make_batch(u, uses, count, err);
	if (!code)
		link_batch(u);
	return code;
}

void places_free(struct user_engine *u)
{
	for (size_t i = 0; i < u->batch_count; i++) {
		free(u->batches[i].places);
		free(u->batches[i].uses);
	}
	free(u->batches);
	for (size_t i = 0; i < u->file_count; i++)
		free(u->files[i].pids);
	free(u->files);
}

struct place *places_of(const struct batch *batch, uint32_t file, size_t *count)
{
	size_t first = 0, end = batch->place_count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (batch->places[middle].file < file)
			first = middle + 1;
		else
			end = middle;
	}
	for (*count = 0; first + *count < batch->place_count &&
			 batch->places[first + *count].file == file;)
		++*count;
	return &batch->places[first];
}
