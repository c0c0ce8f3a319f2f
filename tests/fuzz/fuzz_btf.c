/* Any bytes as the kernel's types: names of them looked up, and what is in those that are found. */
#include "types/source.h"
#include "types/types.h"

#include <stdlib.h>
#include <string.h>

static const struct type_place nowhere = {.file = NOT_IN_FILE};

static void look(struct types *types, enum ctype_kind kind, const char *name)
{
	const struct ctype *type, *full;
	struct ctype_member member;
	struct error err = {0};

	if (types_find(types, &nowhere, kind, name, &type, &err)) {
		if (!err.text[0])
			abort();
		return;
	}
	if (!type->text || (type->kind == CTYPE_POINTER && !type->target))
		abort();
	if (types_complete(types, &nowhere, type, &full, &err) || !ctype_is_record(full))
		return;
	types_member(types, &nowhere, full, "none", &member, &err);
	for (size_t i = 0; i < full->member_count && i < 100; i++)
		if (*full->members[i].name &&
		    types_member(types, &nowhere, full, full->members[i].name, &member, &err))
			abort();
}

static void look_at_code(struct types *types)
{
	static const char *const functions[] = {"fget", "odd", "vfs_read", "bpf_iter_task"};
	struct type_function function;
	const struct ctype *type;
	struct error err;
	uint32_t number;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		if (types_function(types, "", functions[i], &function, &err))
			continue;
		for (size_t n = 0; n < function.parameter_count; n++)
			if (!function.parameters[n].text || !function.parameters[n].type)
				abort();
	}
	if (!types_percpu(types, "runqueues", &number, &type, &err) && !type->text)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"task", "holder", "state", "big", "task_t", "secret"};
	struct types types = {0};
	const struct ctype *type;
	struct error err;
	uint64_t value;
	char *copy = malloc(size + 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (btf_open_memory(&types, copy, size, &types.kernel, &err))
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		look(&types, CTYPE_STRUCT, names[i]);
		look(&types, CTYPE_UNION, names[i]);
		look(&types, CTYPE_ENUM, names[i]);
		look(&types, CTYPE_VOID, names[i]);
	}
	look_at_code(&types);
	types_constant(&types, &nowhere, "HUGE", &value, &type, &err);
	types_free(&types);
	return 0;
}
