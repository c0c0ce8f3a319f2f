/* What the files of the checker share. */
#ifndef TELLTALE_LANG_CHECK_H
#define TELLTALE_LANG_CHECK_H

#include "lang/ast.h"
#include "lang/func.h"

struct checker {
	struct program *program;
	struct instance *instance;
	/* Places of the variables that can be seen, innermost block last. */
	size_t *visible;
	size_t visible_count, visible_room;
	unsigned loops; /* around the statement at hand */
	/* The variables as they were when the instance was looked at before. */
	struct variable *known;
	size_t known_count;
};

extern const struct type type_s64, type_u64;

/* An error at an expression. */
void wrong(struct checker *c, const struct expr *e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A warning about a place, once, however often it is looked at. */
void warn_at(struct checker *c, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Finds the type of an expression and of all below it. */
void check_expr(struct checker *c, struct expr *e);

/* True when it is an integer; says what `who` takes when it is something else. */
bool check_int(struct checker *c, const struct expr *e, const char *who);

/* The type of a + b: all is computed in 64 bits, signed unless one side needs all 64 unsigned. */
struct type arithmetic(struct type a, struct type b);

/* ---- check_variable.c ---- */

void check_variable(struct checker *c, struct expr *e);
void assign_variable(struct checker *c, struct stmt *s);
/* ++ and --, of a variable that was checked. */
void step_variable(struct checker *c, struct expr *e);
/* let $x, and what a loop declares: seen from here to the end of the block. */
void declare_variable(struct checker *c, struct expr *target, struct type type);
/* The variable of a loop over a map: its keys and its value. */
void declare_entry(struct checker *c, struct expr *target, struct type type);
/* Behind a block nothing is seen that the block brought: mark is visible_count in front of it. */
void leave_block(struct checker *c, size_t mark);

/* ---- parameter.c ---- */

void check_parameter(struct checker *c, struct expr *e);
/* str() of a parameter becomes its text: true then. */
bool check_parameter_text(struct checker *c, struct expr *call);

/* ---- fold.c ---- */

/* An operator on numbers becomes the number. */
void fold(struct expr *e);

/* ---- check_value.c ---- */

/* How many bytes of a text a program may ask for. */
uint32_t text_most(const struct checker *c);
/* True when the value can be `where` ("kept in a map"); reports it when not. */
bool check_storable(struct checker *c, const struct expr *e, const char *where);
/* Widens what is held so that it can hold the value as well; false when nothing can hold both. */
bool hold(struct checker *c, struct type *held, bool used, struct type value);
/* `x += 1` and its kind compute with integers. */
bool check_operands(struct checker *c, const struct stmt *s, struct type held);
void check_tuple(struct checker *c, struct expr *e);
void check_item(struct checker *c, struct expr *e);
/* A value that is printed by itself. Of a map that counts, the key's value is what its hits make of
 * it, so it is the reader who knows it. */
void check_printed(struct checker *c, struct expr *e);
/* True when it is == or != of two texts. */
/* Two arrays, compared: reported where they can't be. */
bool check_array_comparison(struct checker *c, const struct expr *e);
bool is_text_comparison(const struct expr *e);
void check_wide_ternary(struct checker *c, struct expr *e);

/* ---- check_map.c ---- */

/* The map that the expression names, new when it is named for the first time; NULL without memory. */
struct program_map *find_map(struct checker *c, struct expr *e);
/* A use with its keys, held against those of the other uses. The map; NULL without memory. */
struct program_map *check_keys(struct checker *c, struct expr *e);
/* Finds also the maps of clauses that no instance was made of. */
int program_name_maps(struct program *program, struct error *err);
/* A map whose value is counted with: a truth becomes a number. */
void count_map(struct checker *c, struct program_map *map);
/* A map whose value is stepped, as @++: it holds an integer. */
void step_map(struct checker *c, struct expr *e);
/* A key, or the tuple of several, and a value of the map that a loop goes over, as a tuple.
 * TYPE_UNKNOWN: wrong, which has been said, or not known yet. */
struct type check_entries(struct checker *c, struct expr *e);
/* A map whose value is used. */
/* Of an aggregate that is one number, which can be asked for: count(), sum(), min(), max(), avg(). */
bool is_one_number(const struct program_map *map);
void check_map(struct checker *c, struct expr *e);

/* ---- check_func.c ---- */

/* The arguments of a function that is none of the old ones in check_call.c. */
void check_function(struct checker *c, struct expr *call, const struct function *f);
/* Those whose arguments are not values: a map with a key, a map, a clock. */
void check_key_call(struct checker *c, struct expr *call, const struct function *f);
void check_len(struct checker *c, struct expr *call, const struct function *f);
void check_clock(struct checker *c, struct expr *call);
/* The buckets that an assignment of bhist() gives its map. */
void set_bhist(struct checker *c, const struct expr *call, struct program_map *map);

/* ---- check_call.c ---- */

/* A number as it is written, with its sign. False when it is none. */
bool constant(const struct expr *e, int64_t *number);

void check_call(struct checker *c, struct expr *e);
/* The buckets that an assignment of hist() or lhist() gives its map. */
void set_hist(struct checker *c, const struct expr *call, struct program_map *map);
void set_lhist(struct checker *c, const struct expr *call, struct program_map *map);

#endif
