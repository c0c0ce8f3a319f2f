/* What the sources of types share: how the rest of the room asks one. */
#ifndef TELLTALE_TYPES_SOURCE_H
#define TELLTALE_TYPES_SOURCE_H

#include "types/types.h"

enum { TYPE_DEPTH_MOST = 32 }; /* a pointer to a pointer to ..., an array of arrays of ... */

struct type_source {
	struct types *types;
	/* As types_find(); 0 found, -ENOENT (without a text) not there. */
	int (*find)(struct type_source *source, const struct type_place *place,
		    enum ctype_kind kind, const char *name, const struct ctype **found,
		    struct error *err);
	/* As types_constant(). */
	int (*constant)(struct type_source *source, const struct type_place *place,
			const char *name, uint64_t *value, const struct ctype **type,
			struct error *err);
	/* As types_parameter(); NULL, as the next: it has no functions. */
	int (*parameter)(struct type_source *source, const struct type_place *place,
			 const char *name, size_t at, struct type_parameter *parameter,
			 struct error *err);
	/* As types_returned(). */
	int (*returned)(struct type_source *source, const struct type_place *place,
			const struct ctype **type, struct error *err);
	/* As types_function(); NULL: it describes none. */
	int (*function)(struct type_source *source, const char *name,
			struct type_function *function, struct error *err);
	/* As types_percpu(). */
	int (*percpu)(struct type_source *source, const char *name, uint32_t *number,
		      const struct ctype **type, struct error *err);
	/* Reads the members of a struct, or the enumerators of an enum. */
	int (*members)(struct type_source *source, struct ctype *type, struct error *err);
	void (*close)(struct type_source *source);
};

/* The kernel's BTF, or that of a module of it, whose base it is; or that of memory, which is freed with it. */
int btf_open(struct types *types, const char *path, struct type_source *base,
	     struct type_source **source, struct error *err);
int btf_open_memory(struct types *types, void *data, size_t length, struct type_source **source,
		    struct error *err);

/* 1 opened, 0 the file has no DWARF, -errno. */
int dwarf_source_open(struct types *types, struct elf_file *file, struct type_source **source,
		      struct error *err);

/* An integer's or float's node from what a source says of it. */
struct ctype *types_number(struct types *types, enum ctype_kind kind, const char *name,
			   uint64_t size, bool is_signed);

#endif
