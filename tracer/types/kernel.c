/* Owns the facts about the running kernel's structs that the engine asks for by name. */
#include "types/types.h"

#include <errno.h>
#include <string.h>

int kernel_member(const char *type, const char *path, struct error *err)
{
	static const struct type_place nowhere = {.file = NOT_IN_FILE};
	const char *all = path;
	const struct ctype *t;
	struct types types = {0};
	uint64_t bits = 0;
	int rc = types_find(&types, &nowhere, CTYPE_STRUCT, type, &t, err);

	while (!rc && *path) {
		size_t length = strcspn(path, ".");
		char *name = arena_copy(&types.arena, path, length);
		struct ctype_member member;

		rc = name ? types_member(&types, &nowhere, t, name, &member, err)
			  : error_memory(err);
		if (rc)
			break;
		bits += member.bit_offset;
		t = member.type;
		path += length + (path[length] == '.');
	}
	if (rc == -ENOENT || (!rc && (bits % 8 || bits / 8 > INT32_MAX)))
		rc = error_set(err, -EOPNOTSUPP, "this kernel's struct %s has no member %s", type,
			       all);
	types_free(&types);
	return rc ? rc : (int)(bits / 8);
}
