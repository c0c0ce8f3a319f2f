/* C's types in the checker: check_type.c and check_memory.c. */
#ifndef TELLTALE_LANG_CHECK_TYPE_H
#define TELLTALE_LANG_CHECK_TYPE_H

#include "lang/check.h"

/* ---- check_type.c ---- */

/* The written type; NULL, and reported, when it is not known. */
const struct ctype *resolve(struct checker *c, const struct expr *e, const struct type_words *words,
			    enum type_space space);
/* The type with what is in it; NULL, and reported, when nobody knows more than its name. */
const struct ctype *completed(struct checker *c, const struct expr *e, const struct ctype *type,
			      enum type_space space);
/* True when the name, that of a built-in value up to now, is a constant; it becomes a number. */
bool check_constant(struct checker *c, struct expr *e);

/* Where a probe's file is asked for types. */
struct type_place place_of(const struct probe *probe);
/* Where memory is that a number of this probe leads to. */
enum type_space default_space(const struct checker *c);
/* A pointer of which it is known what it leads to. */
bool is_pointer(struct type type);
/* What is read from memory that has this type; TYPE_UNKNOWN, and reported, when nothing can be. */
struct type value_type(struct checker *c, const struct expr *e, const struct ctype *ctype,
		       enum type_space space);

/* The type of an argument of which the probe says that it is of the type `text`. */
void type_argument(struct checker *c, struct expr *e, const char *text);
void type_enum_argument(struct checker *c, struct expr *e, const char *text);
/* A field of the kernel's records that is an array of numbers. */
void type_record_array(struct checker *c, struct expr *e);

void check_cast(struct checker *c, struct expr *e);
void check_sizeof(struct checker *c, struct expr *e);
void check_offsetof(struct checker *c, struct expr *e);

/* ---- check_args.c ---- */

void check_function_argument(struct checker *c, struct expr *e);
/* Gives `args` its items; false, and reported, when there are none, or not all can be read. */
bool list_arguments(struct checker *c, struct expr *args);
const char *const *listed_names(struct checker *c, const struct expr *args, size_t count);
/* retval of a function whose debug information says what it is. */
void type_returned(struct checker *c, struct expr *e);

/* ---- check_memory.c ---- */

void check_member(struct checker *c, struct expr *e);
void check_index(struct checker *c, struct expr *e);
void check_deref(struct checker *c, struct expr *e);
void check_address(struct checker *c, struct expr *e);
/* An array that is computed with is the address of its first element: the node becomes that. */
struct expr *decayed(struct checker *c, struct expr *e);
/* pointer + n, n + pointer, pointer - n, pointer - pointer: true when it is one of these. */
bool check_pointer_arithmetic(struct checker *c, struct expr *e);

/* ---- check_address.c ---- */

/* kptr(), uptr(), kaddr(), uaddr() */
void check_address_function(struct checker *c, struct expr *call, const struct function *f);

#endif
