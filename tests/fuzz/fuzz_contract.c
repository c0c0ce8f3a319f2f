/*
 * Any text as a contract: refused with a place, or written again as a text that says the same, and
 * held to itself without a difference.
 */
#include <stdlib.h>
#include <string.h>

#include "check/contract.h"

struct side {
	struct source source;
	struct contract contract;
	struct diagnostics diagnostics;
	struct buffer text;
	struct error err;
};

static int read_side(struct side *side)
{
	int code;

	side->source = (struct source){.name = "fuzz", .text = buffer_string(&side->text), .length = side->text.length};
	code = contract_parse(&side->source, &side->contract, &side->diagnostics, &side->err);
	if (code && (!side->diagnostics.errors ||
	             !strstr(buffer_string(&side->diagnostics.text), "error: ")))
		abort();
	return code;
}

static void forget(struct side *side)
{
	contract_free(&side->contract);
	diagnostics_free(&side->diagnostics);
	buffer_free(&side->text);
}

static int compare_names(const void *a, const void *b)
{
	const struct contract_probe *x = a, *y = b;
	int order = strcmp(x->provider, y->provider);

	return order ? order : strcmp(x->name, y->name);
}

/* As if a binary had all that the contract says. */
static void make_found(struct contract *contract)
{
	for (size_t i = 0; i < contract->file_count; i++) {
		struct contract_file *file = &contract->files[i];

		file->bits = 64;
		for (size_t j = 0; j < file->probe_count; j++)
			for (size_t k = 0; k < file->probes[j].argument_count; k++)
				if (!file->probes[j].arguments[k].shapes)
					file->probes[j].arguments[k].shapes = shapes_of_type(
					        file->probes[j].arguments[k].type, 64);
		if (file->probe_count)
			qsort(file->probes, file->probe_count, sizeof(*file->probes),
			      compare_names);
	}
}

static void hold(const struct contract *agreed, struct contract *found)
{
	struct contract_allowed allowed = {0};
	struct contract_results results = {0};
	struct error err = {0};

	make_found(found);
	for (size_t i = 0; i < found->file_count; i++)
		if (!found->files[i].name)
			found->files[i].name = "binary";
	if (!contract_compare(agreed, found, &allowed, &results, &err))
		for (size_t i = 0; i < results.count && agreed->file_count == 1; i++)
			if (results.tests[i].problem_count)
				abort();
	contract_results_free(&results);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct side first = {.err = {0}}, second = {.err = {0}};
	struct buffer again = {0};

	if (memchr(data, '\0', size))
		return 0;
	buffer_add(&first.text, data, size);
	if (!read_side(&first)) {
		contract_print(&first.contract, &second.text);
		if (read_side(&second))
			abort();
		contract_print(&second.contract, &again);
		if (strcmp(buffer_string(&again), buffer_string(&second.text)))
			abort();
		hold(&first.contract, &second.contract);
	}
	forget(&first);
	forget(&second);
	buffer_free(&again);
	return 0;
}
