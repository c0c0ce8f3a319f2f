/*
 * What a C type is, as plain data: its size, what a pointer leads to, the members of a struct. The
 * nodes come from three sources (the kernel's BTF, the DWARF of a file, declarations in a program)
 * and live as long as the struct types that they were asked of. Typedefs and qualifiers are
 * resolved away.
 */
#ifndef TELLTALE_TYPES_CTYPE_H
#define TELLTALE_TYPES_CTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ctype_kind {
	CTYPE_VOID,
	CTYPE_INT, /* also _Bool and char */
	CTYPE_FLOAT,
	CTYPE_POINTER,
	CTYPE_STRUCT,
	CTYPE_UNION,
	CTYPE_ARRAY,
	CTYPE_ENUM,
	CTYPE_FUNCTION, /* only pointers to it are of use */
};

struct ctype {
	enum ctype_kind kind;
	const char *name; /* of a struct, union or enum without the keyword; "" where it has none */
	const char *text; /* as C writes it: "struct task_struct *", "char[16]" */
	uint64_t size;	  /* bytes; 0 where it is not known */
	uint32_t align;	  /* bytes */
	bool is_signed, is_bool;
	bool is_char;	/* plain char: an array of it is a text */
	bool complete;	/* struct, union, enum: what is in it is known, not the name alone */
	bool user;	/* pointer: said to lead to user memory, though it is the kernel's */
	uint64_t count; /* array: elements; 0 where that is open */
	const struct ctype *target; /* of a pointer or an array */
	/* Where its members and enumerators are read from when they are asked for; see source.h. */
	struct type_source *source;
	size_t key;
	bool has_members; /* they have been read */
	struct ctype_member *members;
	size_t member_count, member_room;
	struct ctype_enumerator *enumerators;
	size_t enumerator_count, enumerator_room;
};

/* How something is laid out that is declared with __attribute__((...)). */
struct attributes {
	uint32_t aligned; /* bytes, at least; 0: as its type is */
	bool packed;
	uint8_t mode; /* bytes that an integer type becomes; 0: as it is */
	uint32_t vector; /* bytes of an array that it becomes; 0: as it is */
};

struct ctype_member {
	const char *name; /* "": an anonymous struct or union, or what a class derives from */
	const struct ctype *type;
	uint64_t bit_offset; /* of its lowest bit from the start of the struct */
	uint32_t bits;	     /* of a bit-field; 0: it is none */
	struct attributes attributes; /* until it has its place */
};

struct ctype_enumerator {
	const char *name;
	uint64_t value; /* of a negative one its two's complement */
};

/* True for structs and unions. */
static inline bool ctype_is_record(const struct ctype *t)
{
	return t->kind == CTYPE_STRUCT || t->kind == CTYPE_UNION;
}

/* The same type, though it may come from two sources: of one name and size, or of one build. */
bool ctype_same(const struct ctype *a, const struct ctype *b);

#endif
