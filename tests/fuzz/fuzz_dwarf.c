/* Any file's debug information: names in it looked up, and what is in those that are found. */
#include "elf/file.h"
#include "types/source.h"
#include "types/types.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct elf_file *opened;

static struct elf_file *file(void *context, uint32_t number)
{
	(void)context;
	(void)number;
	return opened;
}

static void look(struct types *types, const struct type_place *place, enum ctype_kind kind,
		 const char *name)
{
	struct ctype_member member;
	const struct ctype *type;
	struct error err = {0};

	if (types_find(types, place, kind, name, &type, &err)) {
		if (!err.text[0])
			abort();
		return;
	}
	if (!type->text)
		abort();
	if (ctype_is_record(type))
		types_member(types, place, type, "none", &member, &err);
	types_members(type, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"node", "mixed", "hue", "spot_t", "int"};
	static const uint64_t addresses[] = {0, 0x4000b0, UINT64_MAX};
	struct types types = {.file = file, .kernel_path = "no/btf"};
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct type_parameter parameter;
	const struct ctype *type;
	struct error err;
	uint64_t value;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (!elf_file_open_fd(fd, "fuzz", &opened, &err)) {
		for (size_t a = 0; a < sizeof(addresses) / sizeof(*addresses); a++) {
			struct type_place place = {0, addresses[a]};

			for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
				look(&types, &place, CTYPE_STRUCT, names[i]);
				look(&types, &place, CTYPE_UNION, names[i]);
				look(&types, &place, CTYPE_VOID, names[i]);
			}
			types_constant(&types, &place, "COLD", &value, &type, &err);
			types_parameter(&types, &place, "node", 0, &parameter, &err);
			types_parameter(&types, &place, NULL, 1, &parameter, &err);
			types_returned(&types, &place, &type, &err);
		}
		types_free(&types);
		elf_file_close(opened);
		opened = NULL;
	}
	close(fd);
	return 0;
}
