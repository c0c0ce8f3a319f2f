/*
 * Records: room in the ring buffer, the fields, and the wake-up of the reader when it sleeps. A
 * field that can't be read sets its bit and the record goes on.
 */
#include "compile/internal.h"

#include <signal.h>
#include <stddef.h>

enum {
	FIELDS_MOST = 64, /* one bit each in abi_record.unreadable */
	TEXT_USUAL = 256, /* see usual_record() */
};

struct record {
	struct plan_record *plan;
	size_t number;
	struct plan_field fields[FIELDS_MOST];
	const struct expr *values[FIELDS_MOST]; /* NULL: by its role */
	size_t count;
	uint64_t short_texts; /* a bit a field: one that may turn out longer than there is room */
	label longer;	      /* where to go then */
};

static struct plan_field *add_field(struct gen *g, struct record *r, const struct expr *e,
				    enum plan_role role, const char *name, size_t at)
{
	struct plan_field *f;

	if (r->count == FIELDS_MOST) {
		refuse(g, at, "a record has at most %d fields", FIELDS_MOST);
		r->count--;
	}
	r->values[r->count] = e;
	f = &r->fields[r->count++];
	*f = (struct plan_field){.role = role};
	if (e)
		value_layout(g, e, &f->value);
	f->value.is_own = e && e->kind == EXPR_STRING;
	f->value.name = name;
	return f;
}

static void add_fixed(struct gen *g, struct record *r, enum plan_role role, enum plan_type type,
		      uint32_t size, const char *name)
{
	struct plan_field *f = add_field(g, r, NULL, role, name, 0);

	f->value.type = type;
	f->value.size = size;
}

static size_t clause_number(const struct gen *g)
{
	size_t number = 0;

	for (const struct clause *c = g->c->program->clauses; c && c != g->in->clause; c = c->next)
		number++;
	return number;
}

/* Gives every field its offset, 8-aligned; the size of the whole. */
static uint32_t lay_out(struct record *r)
{
	uint32_t offset = sizeof(struct abi_record);

	for (size_t i = 0; i < r->count; i++) {
		uint32_t align = r->fields[i].value.size >= 8 ? 8 : r->fields[i].value.size;

		offset = (offset + align - 1) / align * align;
		r->fields[i].value.offset = offset;
		offset += r->fields[i].value.size;
	}
	return (offset + 7) & ~7u;
}

/* Gives the record its place in the plan, as a copy of `like`. */
static void add_record(struct gen *g, struct record *r, struct plan_record like)
{
	struct plan *plan = g->c->plan;

	like.size = lay_out(r);
	like.field_count = r->count;
	like.fields = arena_alloc(&plan->arena, r->count * sizeof(*like.fields));
	for (size_t i = 0; like.fields && i < r->count; i++)
		like.fields[i] = r->fields[i];
	r->number = plan->record_count;
	r->plan = array_add(&plan->records, &plan->record_count, &g->c->record_room,
			    sizeof(*r->plan));
	if (r->plan)
		*r->plan = like;
	else
		g->c->failed = true;
}

static void finish_layout(struct gen *g, struct record *r, enum plan_record_kind kind,
			  const char *format)
{
	add_record(g, r, (struct plan_record){.kind = kind, .clause = clause_number(g), .format = format});
}

static void gen_fixed(struct gen *g, const struct plan_field *f, reg base)
{
	int offset = (int)f->value.offset;
	reg value = ir_reg(&g->ir), number = ir_reg(&g->ir);

	switch (f->role) {
	case PLAN_TIME:
		ir_helper(&g->ir, BPF_FUNC_ktime_get_ns, value, 0, NULL);
		ir_store(&g->ir, BPF_DW, base, offset, value);
		break;
	case PLAN_PID: /* the thread's number comes with it, right behind */
		ir_helper(&g->ir, BPF_FUNC_get_current_pid_tgid, value, 0, NULL);
		ir_store(&g->ir, BPF_W, base, offset + 4, value);
		ir_alu_value(&g->ir, BPF_RSH, value, 32);
		ir_store(&g->ir, BPF_W, base, offset, value);
		break;
	case PLAN_STOPPED:
		ir_set(&g->ir, number, SIGSTOP);
		ir_helper(&g->ir, BPF_FUNC_send_signal, value, 1, (struct ir_arg[]){arg_reg(number)});
		ir_store(&g->ir, BPF_DW, base, offset, value);
		break;
	case PLAN_CPU:
		ir_helper(&g->ir, BPF_FUNC_get_smp_processor_id, value, 0, NULL);
		ir_store(&g->ir, BPF_W, base, offset, value);
		break;
	case PLAN_THREAD_NAME:
		ir_helper(&g->ir, BPF_FUNC_get_current_comm, REG_NONE, 2,
			  (struct ir_arg[]){arg_at(base, offset), arg_value(ABI_COMM)});
		break;
	default:
		break; /* PLAN_TID: written with PLAN_PID */
	}
}

static void gen_joined(struct gen *g, const struct expr *array, reg base, int offset, label fail)
{
	reg length = ir_reg(&g->ir);

	ir_function(&g->ir, "tt_join", length, 2,
		    (struct ir_arg[]){arg_at(base, offset + (int)sizeof(struct abi_text)),
				      arg_reg(gen_int(g, array, fail))});
	gen_read_failures(g, "probe_read_user_str", length);
	ir_branch_value(&g->ir, BPF_JSLT, length, 0, fail);
	ir_store(&g->ir, BPF_DW, base, offset, length); /* the length, and whether it was cut */
	g->sleepable = true;
}

static void gen_field(struct gen *g, const struct record *r, size_t i, reg base, reg unreadable)
{
	label fail = ir_label(&g->ir), done = ir_label(&g->ir);
	const struct plan_value *layout = &r->fields[i].value;

	if (!r->values[i]) {
		gen_fixed(g, &r->fields[i], base);
		return;
	}
	if (r->fields[i].role == PLAN_JOINED)
		gen_joined(g, r->values[i], base, (int)layout->offset, fail);
	else if (r->fields[i].role == PLAN_KEY)
		gen_key_into(g, r->values[i], &g->c->plan->maps[r->values[i]->number],
			     (struct place){base, (int)layout->offset}, fail);
	else
		gen_value(g, r->values[i], base, (int)layout->offset, layout, fail);
	if (r->short_texts >> i & 1) {
		reg length = ir_reg(&g->ir);

		ir_load(&g->ir, BPF_W, length, base, (int)layout->offset);
		ir_branch_value(&g->ir, BPF_JGT, length, layout->limit, r->longer);
	}
	ir_jump(&g->ir, done);
	ir_place(&g->ir, fail);
	ir_alu_value(&g->ir, BPF_OR, unreadable, (int64_t)(1ull << i));
	ir_place(&g->ir, done);
}

/* The bell (struct abi_control): only a reader that sleeps is woken, and by one record only. */
static void gen_submit(struct gen *g, reg record)
{
	label quiet = ir_label(&g->ir), end = ir_label(&g->ir);
	reg control = ir_reg(&g->ir), asleep = ir_reg(&g->ir);

	ir_map_value(&g->ir, control, map_control(g->c), 0);
	ir_load(&g->ir, BPF_W, asleep, control, offsetof(struct abi_control, asleep));
	ir_branch_value(&g->ir, BPF_JEQ, asleep, 0, quiet);
	ir_store_value(&g->ir, BPF_W, control, offsetof(struct abi_control, asleep), 0);
	ir_helper(&g->ir, BPF_FUNC_ringbuf_submit, REG_NONE, 2,
		  (struct ir_arg[]){arg_reg(record), arg_value(BPF_RB_FORCE_WAKEUP)});
	ir_jump(&g->ir, end);
	ir_place(&g->ir, quiet);
	ir_helper(&g->ir, BPF_FUNC_ringbuf_submit, REG_NONE, 2,
		  (struct ir_arg[]){arg_reg(record), arg_value(BPF_RB_NO_WAKEUP)});
	ir_place(&g->ir, end);
}

/* A record is written where it will be read; without a ring buffer into the frame first. */
static void gen_reserve(struct gen *g, const struct record *r, reg base, size_t at)
{
	if (g->c->options->cpu_buffers) {
		int offset = gen_frame(g, at, r->plan->size);

		ir_move(&g->ir, base, g->frame);
		ir_alu_value(&g->ir, BPF_ADD, base, offset);
		return;
	}
	ir_helper(&g->ir, BPF_FUNC_ringbuf_reserve, base, 3,
		  (struct ir_arg[]){arg_map(map_ring(g->c)), arg_value(r->plan->size),
				    arg_value(0)});
	ir_branch_value(&g->ir, BPF_JEQ, base, 0, use(&g->lost));
}

/* Copies it to this CPU's buffer, whose reader is woken by the kernel. */
static void gen_output(struct gen *g, const struct record *r, reg base)
{
	reg result = ir_reg(&g->ir);

	ir_helper(&g->ir, BPF_FUNC_perf_event_output, result, 5,
		  (struct ir_arg[]){arg_reg(g->context), arg_map(map_ring(g->c)),
				    arg_value(BPF_F_CURRENT_CPU), arg_reg(base),
				    arg_value(r->plan->size)});
	ir_branch_value(&g->ir, BPF_JNE, result, 0, use(&g->lost));
}

static void gen_written(struct gen *g, const struct record *r, reg base, size_t at)
{
	reg unreadable = ir_reg(&g->ir);

	ir_note(&g->ir, "record %zu: %u bytes", r->number, r->plan->size);
	gen_reserve(g, r, base, at);
	ir_store_value(&g->ir, BPF_W, base, offsetof(struct abi_record, format),
		       (int32_t)r->number);
	gen_store_probe(g, base, offsetof(struct abi_record, probe), 0);
	ir_set(&g->ir, unreadable, 0);
	for (size_t i = 0; i < r->count; i++)
		gen_field(g, r, i, base, unreadable);
	ir_store(&g->ir, BPF_DW, base, offsetof(struct abi_record, unreadable), unreadable);
	if (g->c->options->cpu_buffers)
		gen_output(g, r, base);
	else
		gen_submit(g, base);
}

/*
 * Most texts are short, and room for long ones would leave the ring room for few. So a record with texts
 * that are read at the hit is tried with room for usual ones; where one turns out longer, that is given
 * back and the whole is written once more. False: the record is none of these.
 */
static bool usual_record(struct gen *g, struct record *r, struct record *usual)
{
	size_t number = r->number;

	*usual = *r;
	for (size_t i = 0; i < r->count; i++) {
		const struct expr *e = r->values[i];
		struct plan_value *value = &usual->fields[i].value;

		if (e && has_effect(e)) /* not to be done twice */
			return false;
		if (!e || r->fields[i].role != PLAN_ARGUMENT || value->type != PLAN_TEXT || value->limit <= TEXT_USUAL || e->place ||
		    (e->kind != EXPR_ARGUMENT &&
		     (e->kind != EXPR_CALL || function_at(e->number)->id != FUNC_STR)))
			continue;
		text_layout(value, false, TEXT_USUAL);
		usual->short_texts |= (uint64_t)1 << i;
	}
	if (!usual->short_texts || g->c->options->cpu_buffers)
		return false;
	usual->longer = ir_label(&g->ir);
	add_record(g, usual, *r->plan);
	if (usual->plan)
		r->plan = &g->c->plan->records[number]; /* they may have moved */
	return usual->plan;
}

static void gen_record(struct gen *g, struct record *r, size_t at)
{
	uint32_t frame = g->frame_bytes;
	int stack = g->ir.stack;
	struct record usual;
	label end;
	reg base;

	if (!r->plan)
		return;
	if (!usual_record(g, r, &usual)) {
		gen_written(g, r, ir_reg(&g->ir), at);
		return;
	}
	base = ir_reg(&g->ir);
	end = ir_label(&g->ir);
	gen_written(g, &usual, base, at);
	ir_jump(&g->ir, end);
	ir_place(&g->ir, usual.longer);
	ir_helper(&g->ir, BPF_FUNC_ringbuf_discard, REG_NONE, 2,
		  (struct ir_arg[]){arg_reg(base), arg_value(BPF_RB_NO_WAKEUP)});
	g->frame_bytes = frame;
	ir_stack_back(&g->ir, stack);
	gen_written(g, r, ir_reg(&g->ir), at);
	ir_place(&g->ir, end);
}

/* With all that is known of its frames. */
static void add_event_stack(struct gen *g, struct record *r, const struct expr *call)
{
	struct plan_field *f = add_field(g, r, call->child, PLAN_STACK, "stack", call->at);

	if (f && f->value.stack == PLAN_STACK_NAMES)
		f->value.stack = PLAN_STACK_FULL;
}

/* event(): the arguments as the program would name them. */
void gen_event(struct gen *g, const struct expr *call)
{
	const struct probe *probe = g->in->probes[0];
	struct record r = {0};

	add_fixed(g, &r, PLAN_TIME, PLAN_INT, 8, "time");
	add_fixed(g, &r, PLAN_PID, PLAN_INT, 4, "pid");
	add_fixed(g, &r, PLAN_TID, PLAN_INT, 4, "tid");
	add_fixed(g, &r, PLAN_CPU, PLAN_INT, 4, "cpu");
	add_fixed(g, &r, PLAN_THREAD_NAME, PLAN_COMM, ABI_COMM, "comm");
	for (size_t i = 0; i < probe->argument_count; i++) {
		const struct probe_argument *a = &probe->arguments[i];
		struct expr *e = arena_alloc(&g->c->program->arena, sizeof(*e));

		if (!e) {
			g->c->failed = true;
			return;
		}
		*e = (struct expr){.kind = EXPR_ARGUMENT, .at = call->at, .text = a->name,
				   .number = a->operand, .argument = a,
				   .type = argument_type(a, g->c->program->text_limit)};
		add_field(g, &r, e, PLAN_ARGUMENT, arena_string(&g->c->plan->arena, a->name),
			  call->at);
	}
	if (call->child)
		add_event_stack(g, &r, call);
	finish_layout(g, &r, PLAN_RECORD_EVENT, NULL);
	gen_record(g, &r, call->at);
}

void gen_printf(struct gen *g, const struct expr *call, enum plan_record_kind kind)
{
	struct record r = {0};

	for (const struct expr *e = call->child->next; e; e = e->next)
		add_field(g, &r, e, PLAN_ARGUMENT, "", e->at);
	finish_layout(g, &r, kind,
		      arena_copy(&g->c->plan->arena, call->child->text, call->child->length));
	if (r.plan && kind == PLAN_RECORD_ERRORF)
		r.plan->place = source_place(&g->c->program->source, call->at, &g->c->plan->arena);
	gen_record(g, &r, call->at);
}

/* join(): the texts are written where they will be read. */
void gen_join(struct gen *g, const struct expr *call)
{
	const struct expr *separator = call->child->next;
	struct record r = {0};
	struct plan_field *f = add_field(g, &r, NULL, PLAN_JOINED, "", call->at);

	text_layout(&f->value, false, ABI_JOIN - 1);
	r.values[0] = call->child;
	finish_layout(g, &r, PLAN_RECORD_JOIN,
		      separator ? arena_string(&g->c->plan->arena, separator->text) : " ");
	gen_record(g, &r, call->at);
}

void gen_signal(struct gen *g, const struct expr *call)
{
	const struct expr *e = call->child;
	reg number, sent = gen_result(g);

	if (e->kind == EXPR_STRING) {
		number = ir_reg(&g->ir);
		ir_set(&g->ir, number, signal_number(e->text));
	} else {
		number = gen_int(g, e, use(&g->give_up));
	}
	ir_helper(&g->ir, BPF_FUNC_send_signal, sent, 1, (struct ir_arg[]){arg_reg(number)});
	gen_failures(g, REPORT_FAILURES, "send_signal", sent, 0);
}

/*
 * A process that is to be stopped is so before its record is seen; who reads it lets it go on. A signal
 * that can't be sent is told with it.
 */
void gen_watch(struct gen *g, const struct stmt *s)
{
	const struct instance *watched = &g->c->program->instances[s->watch];
	struct record r = {0};

	add_field(g, &r, s->value, PLAN_ARGUMENT, "", s->at);
	add_fixed(g, &r, PLAN_PID, PLAN_INT, 4, "");
	add_fixed(g, &r, PLAN_TID, PLAN_INT, 4, "");
	if (watched->kind == PROBE_WATCH)
		add_fixed(g, &r, PLAN_STOPPED, PLAN_INT, 8, "");
	finish_layout(g, &r, PLAN_RECORD_WATCH, NULL);
	if (r.plan)
		r.plan->program = g->c->first_program + s->watch;
	gen_record(g, &r, s->at);
}

void gen_unwatch(struct gen *g, const struct expr *call)
{
	struct record r = {0};

	add_field(g, &r, call->child, PLAN_ARGUMENT, "", call->at);
	finish_layout(g, &r, PLAN_RECORD_UNWATCH, NULL);
	gen_record(g, &r, call->at);
}

/* print(value) */
void gen_value_record(struct gen *g, const struct expr *call)
{
	const struct expr *e = call->child;
	struct record r = {0};
	size_t i = 0;

	/* Of all arguments each is a field: those that can be read are printed. */
	if (!expr_is_all_arguments(e))
		add_field(g, &r, e, PLAN_ARGUMENT, "", call->at);
	else
		for (const struct expr *item = e->child; item; item = item->next)
			add_field(g, &r, item, PLAN_ARGUMENT,
				  arena_string(&g->c->plan->arena, e->type.tuple->names[i++]), call->at);
	finish_layout(g, &r, PLAN_RECORD_VALUE, NULL);
	gen_record(g, &r, call->at);
}

void gen_time(struct gen *g, const struct expr *call)
{
	const struct expr *format = call->child;
	struct record r = {0};

	add_fixed(g, &r, PLAN_TIME, PLAN_INT, 8, "time");
	finish_layout(g, &r, PLAN_RECORD_TIME,
		      format ? arena_copy(&g->c->plan->arena, format->text, format->length)
			     : "%H:%M:%S\n");
	gen_record(g, &r, call->at);
}

/* What is done with a map as a whole, or with the value of many hits, is done by the reader: the
 * record says of which. */
void gen_map_record(struct gen *g, const struct expr *call, enum plan_record_kind kind)
{
	const struct expr *map = call->child, *top = map->next;
	const struct plan_map *plan = &g->c->plan->maps[map->number];
	struct record r = {0};
	struct plan_field *f;

	if (map->child) {
		f = add_field(g, &r, NULL, PLAN_KEY, "", call->at);
		f->value = (struct plan_value){.type = PLAN_TUPLE, .size = plan->key_size, .name = "",
					       .parts = plan->keys, .part_count = plan->key_count};
		r.values[0] = map;
	}
	finish_layout(g, &r, kind, NULL);
	if (r.plan) {
		r.plan->map = map->number;
		r.plan->top = top ? top->number : 0;
		r.plan->div = top && top->next ? top->next->number : 1;
	}
	gen_record(g, &r, call->at);
}

void gen_exit_record(struct gen *g, const struct expr *call)
{
	struct record r = {0};

	if (call->child)
		add_field(g, &r, call->child, PLAN_ARGUMENT, "code", call->at);
	finish_layout(g, &r, PLAN_RECORD_EXIT, NULL);
	gen_record(g, &r, call->at);
	ir_jump(&g->ir, use(&g->done));
}
