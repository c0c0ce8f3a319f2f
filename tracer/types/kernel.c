/* Owns the facts about the running kernel, and the traced files, that are asked for by name. */
#include "types/types.h"

#include "elf/symbol.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int kernel_symbol(const char *name, uint64_t *address, struct error *err)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	size_t length = strlen(name), room = 0;
	bool found = false;
	char *line = NULL;
	int rc = file ? 0 : -errno;

	/* ADDRESS TYPE NAME, and a module's behind it */
	while (file && !found && getline(&line, &room, file) > 0) {
		const char *at = strchr(line, ' ');

		if (!at || !at[1] || at[2] != ' ' || strncmp(at + 3, name, length) ||
		    !strchr("\n\t", at[3 + length]))
			continue;
		*address = strtoull(line, NULL, 16);
		found = true;
	}
	free(line);
	if (file)
		fclose(file);
	if (rc)
		return error_set(err, rc, "/proc/kallsyms can't be read: %s", strerror(-rc));
	if (!found)
		return error_set(err, -ENOENT, "the kernel has no symbol '%s'", name);
	if (!*address)
		return error_set(err, -EACCES,
				 "the kernel hides its addresses: it takes CAP_SYSLOG, or 0 in "
				 "/proc/sys/kernel/kptr_restrict");
	return 0;
}

int kernel_function(const char *name, struct error *err)
{
	struct types types = {0};
	struct type_function function;
	int rc = types_function(&types, "", name, &function, err);

	if (rc == -ENOENT)
		rc = error_set(err, -EOPNOTSUPP, "this kernel's types describe no function %s", name);
	types_free(&types);
	return rc ? rc : (int)function.number;
}

int types_symbol(struct types *types, uint32_t number, const char *name, struct file_symbol *symbol,
		 struct error *err)
{
	struct elf_file *file = types->file ? types->file(types->context, number) : NULL;
	const struct symbol *found = NULL;
	struct symbols *symbols;
	bool ambiguous = false;
	int rc;

	if (!file)
		return error_set(err, -ENOENT, "the file of the probe is not known");
	rc = symbols_read(file, &symbols, err);
	if (rc)
		return rc;
	found = symbols_named(symbols, name, &ambiguous);
	if (!found)
		rc = error_set(err, -ENOENT, "%s has no symbol '%s'", elf_file_path(file), name);
	else if (found->type == STT_TLS)
		rc = error_set(err, -EINVAL, "'%s' is in another place for each thread", name);
	else if (ambiguous)
		rc = error_set(err, -EEXIST, "%s has several symbols '%s'", elf_file_path(file), name);
	else
		*symbol = (struct file_symbol){found->address, found->size,
					       elf_file_facts(file)->type == ET_EXEC};
	symbols_free(symbols);
	return rc;
}

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
