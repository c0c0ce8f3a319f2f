/*
 * What the files of the compiler share: the state of one compilation, and of the one BPF program
 * that is being written. The way is compile.c (what programs, maps and cookies there are), exits.c, stmt.c,
 * loop.c, each.c, body.c, ways.c (statements), expr.c, variable.c, text.c (values), fetch.c (arguments), record.c and map.c (what is done with
 * values), ir.c, tidy.c, allocate.c, link.c (instructions).
 */
#ifndef TELLTALE_COMPILE_INTERNAL_H
#define TELLTALE_COMPILE_INTERNAL_H

#include "bpf/abi.h"
#include "compile/compile.h"
#include "compile/ir.h"
#include "lang/func.h"
#include "operand/operand.h"


struct compiler {
	struct program *program;
	const struct probe_set *probes;
	const struct compile_options *options;
	struct plan *plan;
	size_t map_room, record_room, program_room, probe_room;
	struct table probe_numbers; /* struct probe * to place in the plan */
	/* Places of maps in the plan, behind the program's own, which stand first and in its order;
	 * made when first asked for: SIZE_MAX before. */
	size_t ring, control, trouble, zeros, frames, followed, failures;
	struct enum_names { /* what layout.c has made of enums */
		const struct ctype *type;
		const struct plan_enum *names;
	} *enums;
	size_t enum_count, enum_room;
	struct record_layout { /* and of structs */
		const struct ctype *type;
		uint64_t size;
		struct plan_value *parts;
		size_t part_count, part_room;
	} *record_layouts;
	size_t record_layout_count, record_layout_room;
	struct table failure_numbers; /* helper and place to place in the plan */
	size_t first_probe, first_failure, first_program; /* of the plan that this compilation adds */
	bool failed;	  /* memory ran out */
};

/* The different operand sets of the sites of one instance. */
struct variants {
	const struct probe_site **sites; /* one site that stands for each */
	size_t count, room;
};

/*
 * An argument, and beside it what else one must know: of an integer its sign (0 or 1), of one of
 * more than 64 bits its upper half, of a float its bytes.
 */
enum part { PART_VALUE, PART_BESIDE, PARTS };

/* What an integer argument is over all sites. */
enum argument_shape {
	SHAPE_PLAIN,
	SHAPE_EITHER, /* of 64 bits, signed at some sites only */
	SHAPE_WIDE,   /* more than 64 bits */
};

enum {
	VARIANTS_AS_CODE = 4,  /* more different operands of one argument than this become data */
	INLINE_MOST = 128,   /* bytes; more is copied and compared by a call */
	VALUE_ON_STACK = 96,   /* bytes; a larger value is built in the frame */
};

/* A value in memory. */
struct place {
	reg base;
	int offset;
};

/* A place to jump to that is written only when something jumps there. */
struct exit_label {
	label label;
	bool used;
};

/* A loop around the statement at hand: where break and continue go. */
struct loop {
	struct exit_label end, next;
	struct loop *outer;
};

struct gen {
	struct compiler *c;
	struct instance *in;
	struct ir ir;
	reg context;
	unsigned cookie_shift; /* the variant stands above the probe's number */
	bool one_probe;
	size_t probe_number; /* one_probe */
	reg probe;	     /* the probe's number in the plan, else */
	reg variant;	     /* REG_NONE: there is one only */
	struct variants variants;
	size_t recipes;	 /* map of recipes; SIZE_MAX: none yet */
	reg *variables;
	struct wide_variable { /* those that no register holds; where that is so (framed), all */
		int at; /* in the frame */
		struct plan_value layout;
	} *wide;
	reg frame; /* see frame.c */
	uint32_t frame_bytes, frame_deepest;
	bool frame_touched;
	/* The filter's own ways out, for when it comes before the frame: the hit is not meant; a value
	 * can't be read. */
	struct exit_label no_match, no_value;
	struct exit_label give_up, lost, full, endless, busy, done;
	struct exit_label unframed; /* done, and no frame was taken */
	label busy_first; /* the nearest step on the way to `busy`, where there are islands */
	struct loop *loop; /* the innermost one; NULL outside */
	size_t at;	   /* the statement that is being written */
	/* Bodies of loops that the kernel calls (body.c), in the order in which they are placed. */
	struct ir *functions;
	size_t function_count, function_room;
	bool has_counting; /* see gen_key_count() */
	size_t counting;   /* the function of it */
	unsigned depth; /* of such bodies around the statement at hand */
	bool looped;	   /* there are loops: see STACK_LOOPED */
	bool calls_loops;  /* whose bodies the kernel calls, for want of may_goto */
	bool holds_map;	   /* the kernel holds a lock in some of it: nothing may wait for a page */
	bool framed;	   /* variables live in the frame, and what finds no register: see ways.c */
	bool hides;	   /* many ways lead through it: see gen_hide() */
	bool sleepable;	 /* something in it can wait for pages */
	uint64_t warned; /* a bit an operand: that it can't be read has been said */
};

/* ---- compile.c ---- */

/* The maps that all programs share: their places, made at the first call. */
size_t map_ring(struct compiler *c);
size_t map_control(struct compiler *c);
size_t map_trouble(struct compiler *c);
/* A value of at least `bytes`. */
size_t map_failures(struct compiler *c, uint32_t bytes);
size_t map_stacks(struct compiler *c, uint32_t frames);
size_t map_followed(struct compiler *c);
/* At least `bytes` zeros, to make the first value of a key from. */
size_t map_zeros(struct compiler *c, uint32_t bytes);
/* `count` frames of at least `bytes`. */
size_t map_frames(struct compiler *c, uint32_t bytes, uint32_t count);
struct plan_map *add_map(struct compiler *c);

/* An error at a place of the program. */
void refuse(struct gen *g, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static inline label use(struct exit_label *l)
{
	l->used = true;
	return l->label;
}

/* ---- exits.c ---- */

/* Where values can't be had, records or keys find no room, a loop has no end: that is counted, and the
 * hit is done. */
void gen_troubles(struct gen *g);
/* A statement that nothing behind it hangs on: trouble in it is counted, and the clause goes on. */
void gen_or_else(struct gen *g, void (*gen_stmt)(struct gen *g, const struct stmt *s), const struct stmt *s);
/* All ways out of a clause. The filter has its own where no frame is taken yet. */
void gen_exits(struct gen *g, bool framed, bool early);
/* Between statements: where the ways out have got far, steps on the way to them. */
void gen_island(struct gen *g);

/* ---- frame.c ---- */

/* Bytes of the frame, 8-aligned: where they start. All that a statement takes is free behind it. */
int gen_frame(struct gen *g, size_t at, uint32_t bytes);
/* Memory for a value: of the stack where it is small, else of the frame. */
struct place gen_room(struct gen *g, size_t at, uint32_t bytes);
/* Whole words of zeros. */
void gen_zero(struct gen *g, struct place to, uint32_t bytes);
void gen_copy(struct gen *g, struct place from, struct place to, uint32_t bytes);
void gen_take_frame(struct gen *g);
void gen_give_frame(struct gen *g);
/* Where its bytes end, and as many more behind, when the code has been written. */
int gen_frame_end(const struct gen *g);
void gen_more_frame(struct gen *g, size_t at, uint32_t bytes);

/* ---- place.c: values in memory ---- */

/* No register holds it. */
bool is_wide(struct type type);
/* Not all of its bytes are written when it is, so that its memory must be cleared first where all
 * of it counts: in keys, in what is compared or kept. */
bool layout_has_holes(const struct plan_value *layout);
/* Where a value is, as what; made where it is nowhere yet. */
struct place gen_place(struct gen *g, const struct expr *e, struct plan_value *layout, label fail);
/* Of a part of a copy (expr_is_copy). */
struct place gen_copy_place(struct gen *g, const struct expr *e, label fail);
/* Makes it in new memory. */
struct place gen_made(struct gen *g, const struct expr *e, const struct plan_value *layout,
		      label fail);
/* Copies a value into a place for the same or more. */
void gen_convert(struct gen *g, struct place from, const struct plan_value *have, struct place to,
		 const struct plan_value *want);
/* A text whose bytes are those of a thread's name: its length. */
void gen_name_length(struct gen *g, struct place to);
void place_variables(struct gen *g);
/* Those that are 0 from the start (see struct variable). */
void gen_clear_variables(struct gen *g);
void gen_wide_assign(struct gen *g, const struct stmt *s);

/* ---- expr.c: integers. `fail` is where to go when a value can't be read. ---- */

reg gen_int(struct gen *g, const struct expr *e, label fail);
/* Goes on when the condition is not 0, to if_false when it is. */
void gen_condition(struct gen *g, const struct expr *e, label if_false, label fail);
/* The probe's number in the plan, 4 bytes, into memory. */
/* The probe's number in the plan, counted from `first`. */
void gen_store_probe(struct gen *g, reg base, int offset, size_t first);
/* dst = dst op b, for values of that type. */
void gen_arithmetic(struct gen *g, enum op op, struct type type, reg dst, const struct expr *b,
		    label fail);

/* ---- variable.c ---- */

void gen_variables(struct gen *g); /* at the start */
reg gen_variable(struct gen *g, const struct expr *e);
void gen_variable_set(struct gen *g, const struct expr *e, reg value);
void gen_variable_assign(struct gen *g, const struct stmt *s);
/* As gen_int(); what is computed later does not change the value. */
reg gen_int_before(struct gen *g, const struct expr *e, const struct expr *later, label fail);

/* x++ and its kind as values. */
reg gen_step(struct gen *g, const struct expr *e, label fail);

/* ---- typed.c ---- */

/* Where path() has put its text: a register, of the kernel's memory. */
reg gen_path(struct gen *g, const struct expr *call, label fail);
void gen_iterator(struct gen *g);
reg gen_percpu(struct gen *g, const struct expr *call, label fail);
/* A pointer of a type that the verifier knows, at an address, as a number. */
void gen_plain(struct gen *g, struct ir_arg at, reg dst, label fail);

/* ---- seq.c ---- */

/* An iterator that is left in the kernel. */
bool is_pinned(const struct gen *g);
void gen_seq_printf(struct gen *g, const struct expr *call);

/* ---- ways.c ---- */

/* What is other in this clause: there are loops, many ways, many variables. */
void look_for_ways(struct gen *g);
/* Of a number that comes out other on each of the ways that meet here. */
void gen_hide(struct gen *g, reg value);

/* ---- loop.c ---- */

void gen_while(struct gen *g, const struct stmt *s);
void gen_range(struct gen *g, const struct stmt *s);
void gen_unroll(struct gen *g, const struct stmt *s);
void enter_loop(struct gen *g, struct loop *loop);
void leave_loop(struct gen *g, struct loop *loop);

/* ---- body.c ---- */

/* A loop: what its rounds are, and where the kernel calls them what of. */
struct body {
	const struct stmt *stmt;
	const char *what;					  /* for listings */
	void (*begin)(struct gen *g, struct body *body);	  /* of a round, in front of the statements */
	void (*next)(struct gen *g, const struct body *body); /* behind them, after continue too; or NULL */
	int range; /* of a range: in the frame, the counter and its end */
	/* The arguments that the kernel calls it with: those in front of what it is handed, as far as
	 * they are wanted (else REG_NONE), and how many these are. */
	reg passed[3];
	int given;
	/* Of the call: the function, and where on the stack it finds what it is handed. */
	size_t function;
	int handed;
	int words;   /* in the frame */
	bool leaves; /* it may end the hit */
	bool asks_context;
};

/* Writes the function and what it is handed, for a helper to be called next; false: refused. Behind the
 * call gen_returned() ends the hit where the body did. */
bool gen_called(struct gen *g, struct body *body);
void gen_returned(struct gen *g, const struct body *body);

/* ---- each.c ---- */

void gen_each(struct gen *g, const struct stmt *s);

/* ---- call.c ---- */

/* The value of a call: a number. */
reg gen_call(struct gen *g, const struct expr *e, label fail);
/* A value that the reader turns into text. */
void gen_shown(struct gen *g, const struct expr *e, struct place to, label fail);
void gen_pton(struct gen *g, const struct expr *e, struct place to);

/* ---- fetch.c ---- */

reg gen_operand(struct gen *g, size_t operand, label fail);
reg gen_operand_part(struct gen *g, size_t operand, enum part part, label fail);

/* ---- failure.c ---- */

/* Where a helper's result goes that nobody asks for but gen_failures(). */
reg gen_result(struct gen *g);
/* Counts it when the helper failed, where that is wanted; `usual` is no failure (0: there is none). */
void gen_failures(struct gen *g, enum compile_report wanted, const char *helper, reg result,
		  int usual);

/* Of a function of bpf/ that says no more than that it could not read: less than 0. */
void gen_read_failures(struct gen *g, const char *helper, reg status);

/* ---- memory.c ---- */

/* Where a pointer of the probe leads that nothing more is known of. */
enum type_space pointed_space(const struct gen *g);
/* A process's memory is read also where it is not resident, if the probe can wait for it. */
void gen_read_memory(struct gen *g, enum type_space space, struct ir_arg to, struct ir_arg bytes,
		     struct ir_arg address, label fail);
/* Text of at most `size` bytes with its NUL into memory: its length with the NUL. */
reg gen_read_text(struct gen *g, enum type_space space, struct ir_arg to, struct ir_arg size,
		  struct ir_arg pointer, label fail);
/* Of pointed_space(). */
void gen_user_read(struct gen *g, struct ir_arg to, struct ir_arg bytes, reg address, label fail);

/* ---- location.c: what is read by its type ---- */

/* What an expression names in the memory of a program or the kernel: base + offset. */
struct location {
	reg base;
	int64_t offset;
};
struct location gen_location(struct gen *g, const struct expr *e, label fail);
reg gen_address_of(struct gen *g, const struct expr *e, label fail);
/* What is at a place: a number; of an array or struct its address. */
reg gen_load(struct gen *g, const struct expr *e, label fail);
reg gen_cast(struct gen *g, const struct expr *e, label fail);
/* A struct or an array into memory. */
void gen_whole(struct gen *g, const struct expr *e, struct place to, label fail);
/* Two arrays of integers: goes on when they are equal. */
void gen_array_equal(struct gen *g, const struct expr *a, const struct expr *b, label if_not,
		     label fail);
/* Where what an expression is a part of is read. */
enum type_space read_space(const struct expr *e);
/* What 1 is to a pointer, in bytes; 1 for any other type. */
uint64_t pointer_step(struct type type);

/* ---- recipe.c ---- */

struct abi_recipe recipe_of(const struct probe_site *site, size_t operand, enum part part);
/* Why it is ABI_NOWHERE. */
const char *recipe_reason(const struct probe_site *site, size_t operand);
/* Floats of another size than that at some sites. */
bool floats_differ(const struct variants *v, size_t operand, unsigned size);
enum argument_shape argument_shape(const struct variants *v, size_t operand);

/* ---- text.c ---- */

/* Bytes that a text or bytes of that limit take, and what to print them as. */
void text_layout(struct plan_value *value, bool bytes, uint32_t limit);
/* Writes the text at base + offset as struct abi_text or abi_bytes. */
void gen_text(struct gen *g, const struct expr *e, reg base, int offset,
	      const struct plan_value *layout, label fail);
/* Two texts, one of them perhaps a literal: goes on when they are equal. */
void gen_text_equal(struct gen *g, const struct expr *a, const struct expr *b, label if_not,
		    label fail);
/* Where a text is, as struct abi_text or abi_bytes. */
struct place gen_text_place(struct gen *g, const struct expr *e, struct plan_value *layout,
			    label fail);
/* A literal as struct abi_text. */
void gen_literal(struct gen *g, const struct expr *e, struct place to,
		 const struct plan_value *layout);

/* ---- layout.c ---- */

/* The layout of what is kept; `offset` is left alone. */
void type_layout(struct compiler *c, struct type type, struct plan_value *value);

/* ---- value.c: any value into memory ---- */

/* The layout of a value in a record. */
void value_layout(struct gen *g, const struct expr *e, struct plan_value *value);
void gen_value(struct gen *g, const struct expr *e, reg base, int offset,
	       const struct plan_value *layout, label fail);

/* ---- record.c, map.c, stmt.c ---- */

void gen_event(struct gen *g, const struct expr *call);
/* printf() and what else has a format. */
void gen_printf(struct gen *g, const struct expr *call, enum plan_record_kind kind);
void gen_join(struct gen *g, const struct expr *call);
void gen_watch(struct gen *g, const struct stmt *s);
void gen_unwatch(struct gen *g, const struct expr *call);
void gen_signal(struct gen *g, const struct expr *call);
/* The key of a map expression, in memory that has been cleared where that counts. */
void gen_key_into(struct gen *g, const struct expr *e, const struct plan_map *map, struct place key,
		  label fail);
/* The same in new memory. */
struct place gen_key(struct gen *g, const struct expr *e, const struct plan_map *map, label fail);
static inline struct ir_arg key_arg(struct place key)
{
	return arg_at(key.base, key.offset);
}
void gen_lookup(struct gen *g, size_t place, struct place key, reg address);
void gen_time(struct gen *g, const struct expr *call);
void gen_map_record(struct gen *g, const struct expr *call, enum plan_record_kind kind);
void gen_exit_record(struct gen *g, const struct expr *call);
void plan_user_map(struct compiler *c, const struct program_map *from, struct plan_map *to);
void gen_aggregate(struct gen *g, const struct stmt *s);
void gen_map_assign(struct gen *g, const struct stmt *s);
void gen_map_delete(struct gen *g, const struct expr *call);
void gen_value_record(struct gen *g, const struct expr *call);
reg gen_map_step(struct gen *g, const struct expr *e, label fail);
void gen_stmts(struct gen *g, const struct stmt *s);

/* ---- entry.c: what is asked of a map ---- */

reg gen_map_read(struct gen *g, const struct expr *e, label fail);
struct place gen_map_place(struct gen *g, const struct expr *e, label fail);
/* What all CPUs together have seen of a key: what the map has, is this CPU's. */
reg gen_merged(struct gen *g, size_t place, struct ir_arg key);
/* Whether a map has a key; how many it has. */
reg gen_has_key(struct gen *g, const struct expr *call, label fail);
reg gen_key_count(struct gen *g, size_t place);

/* ---- thread.c: maps by the thread ---- */

/* Gives a map of the program, by its place, the memory of threads where that is right. */
void plan_own(struct compiler *c, size_t place);
/*
 * Of such a map: goes to `found` with the address of the thread's own value, made of zeros if it is
 * new and to be made; goes on where there is none, or where it is no such map.
 */
void gen_own(struct gen *g, const struct plan_map *map, bool make, reg address, label found);

/* ---- link.c ---- */

int link_program(struct gen *g, struct code *code, struct error *err);

#endif
