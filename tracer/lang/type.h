/* The types of the language's values. */
#ifndef TELLTALE_LANG_TYPE_H
#define TELLTALE_LANG_TYPE_H

#include "base/memory.h"

enum type_kind {
	TYPE_UNKNOWN, /* not found out yet, or an error that has been reported */
	TYPE_NONE,    /* no value: a statement */
	TYPE_INT,     /* also characters and booleans: see `look` */
	TYPE_FLOAT,
	TYPE_TEXT,    /* text in the traced process: a pointer, perhaps a length */
	TYPE_LITERAL, /* text in the program itself */
	TYPE_COMM,    /* a thread's name */
	TYPE_PROBE,   /* a probe's name */
	TYPE_STACK,   /* of the user's side */
	TYPE_AGGREGATE, /* count(), hist(), ...: what a map is assigned */
};

/* How an integer is printed. */
enum type_look { LOOK_NUMBER, LOOK_BOOL, LOOK_CHAR, LOOK_POINTER };

struct type {
	enum type_kind kind;
	uint8_t size; /* TYPE_INT: 1, 2, 4, 8; TYPE_FLOAT: 4, 8 */
	bool is_signed;
	enum type_look look;
	bool bytes; /* TYPE_TEXT: bytes with a length, not a text that ends with a NUL */
};

/* "int64", "text": for error messages and dumps. */
const char *type_name(struct type type);
bool type_same(struct type a, struct type b);

#endif
