/*
 * The syntax tree of a program, and after check.c its types. All nodes live in one arena. A clause
 * that matches probes of different shapes is copied for each shape (struct instance), so a node
 * has one type only.
 */
#ifndef TELLTALE_LANG_AST_H
#define TELLTALE_LANG_AST_H

#include "lang/source.h"
#include "lang/type.h"
#include "probe/probe.h"
#include "types/types.h"

/* A type as it is written: `struct foo *`, `unsigned char[6]`. */
struct type_words {
	enum ctype_kind kind; /* CTYPE_STRUCT, _UNION, _ENUM: of that tag; CTYPE_VOID: any other name */
	const char *name;
	const struct ctype *known; /* a basic type, or one that the program declares; or NULL */
	unsigned pointers;
	bool is_array;
	uint64_t count; /* of elements */
	size_t at;
};

enum expr_kind {
	EXPR_INT,      /* number */
	EXPR_STRING,   /* text, length */
	EXPR_BUILTIN,  /* text: its name; number: its place in the table of built-ins */
	EXPR_ARGUMENT, /* argN (text NULL) or args.text; after the check number is the operand */
	EXPR_VARIABLE, /* text; after the check number is the place in the instance's variables */
	EXPR_MAP,      /* text; children: the keys; number: its place in the program's maps */
	EXPR_CALL,     /* text; children: the arguments; number: its place in the table */
	EXPR_UNARY,    /* op: - ! ~ */
	EXPR_BINARY,   /* op */
	EXPR_TERNARY,  /* three children */
	EXPR_STEP_BEFORE, /* ++x: op OP_ADD or OP_SUB; the child is a variable or a map */
	EXPR_STEP_AFTER,  /* x++ */
	EXPR_PARAMETER, /* $1: number; 0 is $#. The check makes it a number or a string */
	EXPR_TUPLE,    /* children: its items; number 1: of all arguments, with their names */
	EXPR_ITEM,     /* child.number: an item of a tuple */
	EXPR_CAST,     /* (words) child */
	EXPR_MEMBER,   /* child.text; number 1: child->text */
	EXPR_INDEX,    /* child[sibling] */
	EXPR_DEREF,    /* *child */
	EXPR_ADDRESS,  /* &child; number 1: of its first element */
	EXPR_SIZEOF,   /* of words, or else of the child; the check makes it a number */
	EXPR_OFFSETOF, /* of text in words, or else in the type of the child; likewise */
};

/* Operators, unary and binary. */
enum op {
	OP_NONE,
	OP_OR, OP_AND, /* || && */
	OP_BITOR, OP_BITXOR, OP_BITAND,
	OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE,
	OP_SHL, OP_SHR, OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD,
	OP_NEG, OP_NOT, OP_BITNOT,
};

const char *op_text(enum op op);

struct expr {
	enum expr_kind kind;
	enum op op;
	size_t at; /* place in the source */
	struct type type;
	const char *text;
	size_t length;
	uint64_t number;
	const struct probe_argument *argument; /* of args.text, after the check */
	const struct type_words *words;	       /* the type that is written in it */
	/* Of a place in memory, after the check: what is there, and a member's bits in its struct. */
	const struct ctype *place;
	uint64_t bit_offset;
	uint32_t bits; /* of a bit-field */
	struct expr *child; /* the first one */
	struct expr *next;  /* the next one of the same parent */
};

/* The array in memory that an expression is, also where a variable has it; NULL: it is none. */
static inline const struct ctype *expr_array(const struct expr *e)
{
	const struct ctype *t = e->place			? e->place
				: e->type.kind == TYPE_ARRAY ? e->type.ctype
							     : NULL;

	return t && t->kind == CTYPE_ARRAY ? t : NULL;
}

/* `args` alone. */
static inline bool expr_is_all_arguments(const struct expr *e)
{
	return e->kind == EXPR_TUPLE && e->number;
}

/* Structs and arrays. */
static inline bool is_in_memory(struct type type)
{
	return type.kind == TYPE_RECORD || type.kind == TYPE_ARRAY;
}

/*
 * Is it, or what it is a part of, a copy that the program holds, as of a variable, and not in the
 * memory that is traced?
 */
static inline bool expr_is_copy(const struct expr *e)
{
	while ((e->kind == EXPR_MEMBER && !e->number) ||
	       ((e->kind == EXPR_INDEX || e->kind == EXPR_DEREF) && expr_array(e->child)))
		e = e->child;
	return is_in_memory(e->type) && !e->place;
}

/* Does any of these, the expression and its next ones, change a variable or a map? (check_stmt.c) */
bool has_effect(const struct expr *e);

enum stmt_kind {
	STMT_EXPR,   /* value */
	STMT_ASSIGN, /* target (a variable or a map) op= value; op OP_NONE: plain */
	STMT_IF,     /* value, body, otherwise */
	STMT_RETURN,
	STMT_LET,    /* target, declared; value, where it has one */
	STMT_BLOCK,  /* body */
	STMT_WHILE,  /* value, body */
	STMT_RANGE,  /* target; value, and as its sibling the end; body */
	STMT_EACH,   /* target; value: a map; body */
	STMT_UNROLL, /* value, body */
	STMT_BREAK,
	STMT_CONTINUE,
	STMT_WATCH,  /* value: an address; `watch`. Nobody writes it, see instance.c */
};

struct stmt {
	enum stmt_kind kind;
	enum op op;
	size_t at;
	struct type declared; /* STMT_LET: TYPE_UNKNOWN where none is written, or it is in words */
	const struct type_words *words;
	struct expr *target, *value;
	struct stmt *body, *otherwise;
	size_t watch; /* STMT_WATCH: the instance for whose probe the address is watched */
	struct stmt *next;
};

struct clause {
	struct clause_probe {
		const char *text;
		size_t at;
		struct clause_probe *next;
	} *probes;
	struct expr *filter; /* NULL: none */
	struct stmt *body;
	size_t at;
	struct clause *next;
};

/* One clause for probes of one shape: what is checked, and compiled to one BPF program. */
struct instance {
	const struct clause *clause;
	enum probe_kind kind;
	const struct probe **probes;
	size_t probe_count, probe_room;
	struct expr *filter; /* its own copy */
	struct stmt *body;
	struct variable {
		const char *name;
		struct type type; /* TYPE_UNKNOWN: declared, nothing assigned yet */
		bool declared;	  /* by let, or by a loop: ends with its block */
		bool typed;	  /* declared with a type, which stays */
		uint32_t bytes;	  /* of a text that was declared with a size; 0: any */
		bool fixed;	  /* what a loop over a map finds: not to be assigned */
		bool loose; /* also used behind the block that assigned it, as bpftrace allowed before
			     * 0.22: 0 where that block did not run */
		bool used; /* its value is, while the instance is checked */
	} *variables;
	size_t variable_count, variable_room;
};

enum {
	PROGRAM_KEYS_MOST = 8,
	PROGRAM_ITEMS_MOST = 16,   /* of a tuple */
	PROGRAM_VALUES_MOST = 256, /* of a tuple, with those of the tuples in it */
	PROGRAM_MAPS_MOST = 1000,
	PROGRAM_VARIABLES_MOST = 2000, /* of a clause */
	PROGRAM_WHOLE_MOST = 16384, /* bytes of a struct or an array that is a value */
	PROGRAM_TEXT = 64,	   /* bytes of a text */
	PROGRAM_TEXT_MOST = 1024,  /* that a program may ask for, or the text limit if that is more */
	PROGRAM_TEXT_LIMIT_MOST = 4096, /* that max_strlen may be */
};

/* A map of the program, as all its uses together say. */
struct program_map {
	const char *name; /* with its @ */
	size_t at;	  /* first use */
	bool keyed;	  /* keys are known (key_count may be 0) */
	struct type keys[PROGRAM_KEYS_MOST];
	size_t key_count;
	const struct function *aggregate; /* NULL: a plain value */
	struct type value;
	bool used; /* its value is, in an expression */
	bool keys_used; /* by a loop over them */
	int64_t lhist_min, lhist_max, lhist_step;
	uint32_t hist_bits;
	const int64_t *bounds; /* of bhist() */
	size_t bound_count;
};

bool map_is_typed(const struct program_map *map);

enum { PROGRAM_HIST_BITS_MOST = 5 };   /* hist(n, bits): each power of two in 2^bits parts */
enum { PROGRAM_PROBES_MOST = 1024 }; /* of the kernel's, where nobody says more */
enum { PROGRAM_LHIST_MOST = 1000 }; /* buckets of an lhist() */
enum { PROGRAM_NEEDLE_MOST = 64 };  /* bytes of what strcontains() looks for */
enum { PROGRAM_UNROLL_MOST = 100 };  /* rounds of an unroll */

enum { PROGRAM_CAT_BYTES = 10000 };  /* of a file, where nobody says more */

/* What a probe that matches nothing is. */
enum program_missing {
	MISSING_ERROR,
	MISSING_WARN,
	MISSING_IGNORE,
	MISSING_UNSAID, /* an error; or (may_lack_probes) a warning, where another one matches */
};

/* What is set by config = { ... } or the environment (config.c); 0: nothing was said. */
struct program_config {
	uint64_t text_room; /* of a text: its bytes and one */
	uint64_t map_keys, probes_most, ring_pages, cat_bytes;
	uint64_t print_maps, demangle;
	const char *trailer; /* NULL: nothing was said */
	uint64_t missing_probes; /* enum program_missing */
	uint64_t stack_mode;
};

struct program {
	struct program_config config;
	/* Given before program_parse(): what $1, $2, ... are. */
	char *const *parameters;
	size_t parameter_count;
	int64_t command; /* the process of the command that was started, cpid; 0: there is none */
	bool have_btf; /* the kernel tells its types */
	/* Where headers are looked for before where the system has them, and those to read first. */
	char *const *include_folders, *const *includes;
	size_t include_folder_count, include_count;
	bool no_headers; /* none is read, but from those folders */
	struct preprocessor *preprocessor; /* from program_parse() on */
	struct warnings *warnings; /* or NULL */
	uint32_t text_default;	   /* text_limit where the program says nothing */
	bool may_lack_probes; /* see MISSING_UNSAID */
	size_t *warned; /* places that a warning was about: it is given once */
	size_t warned_count, warned_room;
	bool lacks_probes;    /* some match nothing: maps may have no type, as when files come later */
	bool is_unsafe;	     /* functions that change the system are allowed */
	uint32_t text_limit; /* bytes of a text whose length nothing else says; 0: PROGRAM_TEXT */
	struct source source;
	struct diagnostics diagnostics;
	struct arena arena;
	struct clause *clauses;
	size_t kernel_probes, probes_most; /* attached; allowed (0: PROGRAM_PROBES_MOST) */
	struct instance *instances;
	size_t instance_count, instance_room;
	struct program_map *maps;
	size_t map_count, map_room;
	/* While it is checked: a type changed that had been used; a map's type was not known; such a
	 * map is taken to hold integers. */
	bool unsettled, unknown, guess;
	struct types types; /* what it declares, and what it looks up in files and the kernel */
	bool navigates;	    /* somewhere a type is written or memory is read by one */
};

/* check.c: the types of one instance; instance.c: which instances there are. */
void instance_check(struct program *program, struct instance *instance);
int program_instances(struct program *program, struct probe_set *probes, struct error *err);

/* What the language makes of an argument that a probe describes. */
struct type argument_type(const struct probe_argument *argument, uint32_t text_limit);

/* Text to tree. The text is copied; the origin of its source, where it has one, is set before. -EINVAL when something is wrong (see program->diagnostics). */
int program_parse(const char *name, const char *text, struct program *program,
		  struct error *err);

/* The type that a text such as "const struct foo *" names; NULL when it is none. */
struct type_words *type_from_text(struct program *program, const char *text);

/* Tree to typed instances. A clause whose probes match nothing is -ENODATA; where they may, it has no
 * instance, and maps that are used nowhere else have no type yet (map_is_typed). */
int program_check(struct program *program, struct probe_set *probes, struct error *err);

/*
 * Between parsing and checking, for an addition to a program that runs: the same text with another set
 * of probes. The maps are those of the first program, which must stay.
 */
int program_continue(struct program *program, const struct program *first, struct error *err);

void program_free(struct program *program);

/* The tree as it was read; the instances with the type of every expression. */
void program_print_tree(const struct program *program, struct buffer *out);
void program_print_types(const struct program *program, struct buffer *out);

#endif
