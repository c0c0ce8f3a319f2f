/* The types of the language's values. */
#ifndef TELLTALE_LANG_TYPE_H
#define TELLTALE_LANG_TYPE_H

#include "base/memory.h"
#include "types/ctype.h"

enum type_kind {
	TYPE_UNKNOWN, /* not found out yet, or an error that has been reported */
	TYPE_NONE,    /* no value: a statement */
	TYPE_INT,     /* also characters and booleans: see `look` */
	TYPE_FLOAT,
	TYPE_TEXT,    /* text in the traced process: a pointer, perhaps a length */
	TYPE_LITERAL, /* text in the program itself */
	TYPE_COMM,    /* a thread's name */
	TYPE_PROBE,   /* a probe's name */
	TYPE_STACK,   /* of the user's or the kernel's side; `limit` frames at the most */
	TYPE_SYMBOL,  /* an address that is printed as its name: usym(), ksym() */
	TYPE_AGGREGATE, /* count(), hist(), ...: what a map is assigned */
	TYPE_TUPLE,
	TYPE_RECORD,  /* a struct or union, whole */
	TYPE_ARRAY,   /* an array that is no text */
	TYPE_SHOWN, /* a number or bytes that is a text only when it is printed: see `show` */
};

enum type_show {
	SHOW_ERRNO, SHOW_TIME, SHOW_INET, SHOW_MAC, SHOW_CGROUP, SHOW_USER, SHOW_FUNCTION,
};

/* What SHOW_TIME counts from. */
enum type_clock { CLOCK_OF_NSECS, CLOCK_OF_BOOT, CLOCK_OF_TAI };

/* How an integer is printed. */
enum type_look { LOOK_NUMBER, LOOK_BOOL, LOOK_CHAR, LOOK_POINTER };

/* Where memory is. */
enum type_space {
	SPACE_ANY, /* nobody knows: the address itself tells */
	SPACE_USER,
	SPACE_KERNEL,
};

/* How a stack is: as bpftrace has it, with addresses and modules as perf has it, addresses only. */
enum type_stack { STACK_NAMES, STACK_PERF, STACK_RAW };
enum { STACK_FRAMES_MOST = 127 }; /* PERF_MAX_STACK_DEPTH of the kernel */

struct type {
	enum type_kind kind;
	uint8_t size; /* TYPE_INT: 1, 2, 4, 8; TYPE_FLOAT: 4, 8 */
	uint8_t width; /* TYPE_INT: the size of what was put where it is kept; 0: that is `size` */
	bool is_signed;
	enum type_look look;
	bool bytes; /* TYPE_TEXT: bytes with a length, not a text that ends with a NUL */
	uint32_t limit; /* TYPE_TEXT, TYPE_LITERAL: how many bytes it has at the most, without the NUL */
	enum type_stack stack; /* TYPE_STACK */
	const struct type_tuple *tuple; /* TYPE_TUPLE */
	/* C's type of it, where it has one: of pointers, enums, structs, arrays, texts in arrays. */
	const struct ctype *ctype;
	enum type_space space; /* of a pointer, and of what is in memory */
	enum type_show show;		/* TYPE_SHOWN */
	enum type_clock clock;		/* SHOW_TIME */
	const char *format;		/* SHOW_TIME; SHOW_CGROUP: which hierarchies, or NULL */
};

/* The items of a tuple, as they are stored. */
struct type_tuple {
	size_t count;
	size_t values; /* those of the tuples in it counted, too */
	const char *const *names; /* of the items; NULL: they have none */
	struct type items[];
};

/* "int64", "text": for error messages and dumps. */
const char *type_name(struct type type);
bool type_same(struct type a, struct type b);
/* Of a tuple with those of the tuples in it; 1 of any other. */
size_t type_values(struct type type);

/* ---- type.c: values that variables, maps and tuples hold ---- */

/* Texts of any sort: compared with each other, and kept together. */
bool type_is_text(struct type type);
bool type_is_enum(struct type type);
/* Bytes of an integer, also of one that is kept in more. */
unsigned type_width(struct type type);
/* What a value is where it is kept: integers have 8 bytes, a literal is a text. */
struct type type_stored(struct type type);
/*
 * What holds `more` as well as what `into` held: the wider text, the items of tuples one by one.
 * TYPE_UNKNOWN holds nothing yet. False when nothing can hold both, or without memory.
 */
bool type_widen(struct arena *arena, struct type *into, struct type more);

#endif
