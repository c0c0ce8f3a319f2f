/* Owns the parameters of functions as their source declares them, which listings show. */
#include "scope.h"

#include "elf/file.h"
#include "process/target.h"
#include "types/dwarf.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

struct open_dwarf {
	struct dwarf_file file;
	bool has_dwarf;
};

static void close_file(struct parameter_reader *r)
{
	if (r->dwarf)
		dwarf_file_close(&r->dwarf->file);
	free(r->dwarf);
	r->dwarf = NULL;
}

static int open_file(struct parameter_reader *r, uint32_t number, struct error *err)
{
	struct error why = {0};
	int rc;

	if (r->dwarf && r->file == number)
		return 0;
	close_file(r);
	r->dwarf = calloc(1, sizeof(*r->dwarf));
	r->file = number;
	if (!r->dwarf)
		return error_memory(err);
	rc = dwarf_file_open(r->set->target->files[number].elf, &r->dwarf->file, &why);
	r->dwarf->has_dwarf = rc > 0;
	if (rc < 0)
		warn(r->set->warnings, "%s", why.text);
	return rc == -ENOMEM ? error_memory(err) : 0;
}

static bool add_parameter(struct parameter_reader *r, Dwarf_Die *die, struct arena *arena,
			  struct buffer *text)
{
	struct probe_argument *a = array_add(&r->arguments, &r->count, &r->room, sizeof(*a));

	if (!a)
		return false;
	buffer_clear(text);
	if (!variable_text(die, text)) {
		buffer_clear(text);
		buffer_text(text, "?");
	}
	a->name = arena_string(arena, dwarf_name(&r->dwarf->file, die));
	a->type_name = arena_string(arena, buffer_string(text));
	a->named = true;
	return a->name && a->type_name && !text->failed;
}

int parameters_read(struct parameter_reader *r, const struct probe *probe, struct arena *arena,
		    struct error *err)
{
	Dwarf_Die function, die;
	struct buffer text = {0};
	bool good = true;

	r->count = 0;
	if (!probe->site_count || open_file(r, probe->file, err))
		return probe->site_count ? err->code : 0;
	if (!r->dwarf->has_dwarf ||
	    !dwarf_function_at(r->dwarf->file.dwarf, probe->sites->address, &function))
		return 0;
	for (bool more = dwarf_first(&function, &die); more && good; more = dwarf_following(&die))
		if (dwarf_tag(&die) == DW_TAG_formal_parameter)
			good = add_parameter(r, &die, arena, &text);
	buffer_free(&text);
	return good ? 0 : error_memory(err);
}

void parameters_close(struct parameter_reader *r)
{
	close_file(r);
	free(r->arguments);
}
