/*
 * The C types that a tracing program can name, from three sources, in this order: declared in the
 * program itself; the DWARF of the traced file, as its own source at the probe sees it; the
 * kernel's BTF. Each source is opened when a name is looked for there, and not before.
 */
#ifndef TELLTALE_TYPES_TYPES_H
#define TELLTALE_TYPES_TYPES_H

#include "base/error.h"
#include "base/memory.h"
#include "types/ctype.h"

struct elf_file;

/* Zeroed it is ready: a program's declarations and the kernel's types. Ends with types_free(). */
struct types {
	/* The traced files by their numbers; NULL: there are none. */
	struct elf_file *(*file)(void *context, uint32_t number);
	void *context;
	const char *kernel_path; /* of the kernel's BTF; NULL: where the kernel has it */

	struct arena arena;
	struct type_name *names; /* what the program declares */
	size_t name_count, name_room;
	struct table places[CTYPE_FUNCTION]; /* in it, by name, of each kind */
	struct type_constant *constants;
	size_t constant_count, constant_room;
	struct table constant_places;
	struct ctype **made; /* structs of the program's, whose arrays are to be freed */
	size_t made_count, made_room;
	struct type_source *kernel;
	struct type_module *modules; /* of the kernel's, those that were asked for */
	size_t module_count, module_room;
	struct error kernel_error; /* why there is none; code 0: not tried, or it is there */
	struct type_file *files; /* those that were looked at */
	size_t file_count, file_room;
};

void types_free(struct types *types);

/* From where a name is seen: a place in a file of the target, or nowhere (file NOT_IN_FILE). */
enum { NOT_IN_FILE = UINT32_MAX };
struct type_place {
	uint32_t file;
	uint64_t address; /* in the file */
};

/*
 * The type of that name: kind CTYPE_STRUCT, CTYPE_UNION or CTYPE_ENUM of that tag, CTYPE_VOID a
 * typedef or a basic type of a source. -ENOENT when no source knows it (the text says which there
 * are), -EEXIST when a file has several different ones and the place does not tell which is meant.
 */
int types_find(struct types *types, const struct type_place *place, enum ctype_kind kind,
	       const char *name, const struct ctype **found, struct error *err);

/* The type with what is in it, where only its name is known. */
int types_complete(struct types *types, const struct type_place *place, const struct ctype *type,
		   const struct ctype **complete, struct error *err);

/* Reads the members or the enumerators of a complete type, where that has not been done. */
int types_members(const struct ctype *type, struct error *err);

/*
 * A member of a struct or union by name, also one of an anonymous struct in it: bit_offset counts
 * from the start of the whole. -ENOENT names the nearest.
 */
int types_member(struct types *types, const struct type_place *place, const struct ctype *record,
		 const char *name, struct ctype_member *member, struct error *err);

/*
 * Of one kind and size, with the same members at the same places, whatever they were read from; of
 * pointers, what they lead to.
 */
bool types_alike(const struct ctype *a, const struct ctype *b);

/* A constant of an enum by its name; -ENOENT (without a text) when there is none. */
int types_constant(struct types *types, const struct type_place *place, const char *name,
		   uint64_t *value, const struct ctype **type, struct error *err);

/* ---- types that are made: NULL when memory is out ---- */

/* "int8" to "uint64", and C's own: "unsigned long"; NULL for any other name. */
const struct ctype *ctype_basic(const char *name);
/* The nearest of their names for a misspelt one; NULL: none is near. */
const char *ctype_near(const char *name);
extern const struct ctype ctype_void, ctype_function;

/* A type of which nothing is known but its name. */
struct ctype *types_make(struct types *types, enum ctype_kind kind, const char *name);
struct ctype *types_pointer(struct types *types, const struct ctype *target);
struct ctype *types_array(struct types *types, const struct ctype *element, uint64_t count);

/*
 * A declaration in the program: names it (incomplete, or the one that is there already), adds what
 * is in it, and lays it out as the C compiler of this machine does.
 */
struct ctype *types_declare(struct types *types, enum ctype_kind kind, const char *name);
/* What it declares of that name (CTYPE_VOID: a typedef), be it the name alone; NULL: nothing. */
const struct ctype *types_declared(const struct types *types, enum ctype_kind kind,
				   const char *name);
bool types_add_typedef(struct types *types, const char *name, const struct ctype *type);
/* bits: of a bit-field (0: one without a name that ends a unit), or BITS_NONE. */
enum { BITS_NONE = -1 };
bool types_add_member(struct types *types, struct ctype *record, const char *name,
		      const struct ctype *type, int bits, const struct attributes *attributes);
bool types_add_constant(struct types *types, struct ctype *type, const char *name, uint64_t value);
/* -EOVERFLOW, without a text, when it is larger than any memory. */
int types_finish(struct ctype *type, const struct attributes *attributes);
/* The same type with another alignment. */
const struct ctype *types_aligned(struct types *types, const struct ctype *type, uint32_t align);

/*
 * The parameter of that name of the function whose code starts at the place. -EOPNOTSUPP when it
 * arrives in no register that can be read. Without a name it is the one of that number, from 0;
 * -ENOENT behind the last.
 */
struct type_parameter {
	const char *name;
	unsigned number; /* of the register, in the order of the ABI: 0 is rdi */
	const struct ctype *type;
};
int types_parameter(struct types *types, const struct type_place *place, const char *name, size_t at,
		    struct type_parameter *parameter, struct error *err);
/* What that function returns; -ENOENT where nothing tells. */
int types_returned(struct types *types, const struct type_place *place, const struct ctype **type,
		   struct error *err);

/*
 * A function of the kernel's, or of a module of it (else ""), as its BTF describes it; -ENOENT, without a text, when it describes none
 * of that name. Texts are as C declares it, typedefs included: "struct file *", "u32".
 */
struct type_function {
	uint32_t number; /* in the BTF */
	struct function_value {
		const char *name, *text;
		const struct ctype *type;
	} *parameters;
	size_t parameter_count;
	struct function_value result; /* type NULL: none */
};
int types_function(struct types *types, const char *module, const char *name,
		   struct type_function *function, struct error *err);

/* A variable that the kernel has once for each CPU: its type, and its number in the BTF. -ENOENT names
 * the nearest. */
int types_percpu(struct types *types, const char *name, uint32_t *number, const struct ctype **type,
		 struct error *err);

/* Where a symbol of a traced file is; fixed: also in processes, the file is loaded there only. */
struct file_symbol {
	uint64_t address, size;
	bool fixed;
};
int types_symbol(struct types *types, uint32_t file, const char *name, struct file_symbol *symbol,
		 struct error *err);

/* ---- facts about the running kernel ---- */

/* The address of a symbol of /proc/kallsyms. -ENOENT, -EACCES when the kernel hides addresses. */
int kernel_symbol(const char *name, uint64_t *address, struct error *err);

/*
 * The offset in bytes of a member, such as "tgid" or "thread.fsbase" of "task_struct". Negative:
 * -EOPNOTSUPP when the kernel has no such member or does not tell its types, or another -errno.
 */
int kernel_member(const char *type, const char *path, struct error *err);

/*
 * Calls `each` with the kernel's structs, unions and enums that a pattern such as "struct sock*" means:
 * the name, and how C declares it. `path` as struct types has it. -ENODATA when there are none; what `each` returns ends it.
 */
int kernel_types_text(const char *path, const char *pattern,
		      int (*each)(void *context, const char *name, const char *declaration,
				  struct error *err),
		      void *context, struct error *err);

/* The number of a function in the kernel's BTF. -EOPNOTSUPP as kernel_member(). */
int kernel_function(const char *name, struct error *err);

#endif
