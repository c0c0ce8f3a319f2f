/*
 * Stacks, one frame a line as bpftrace prints them, or as an array of objects; and single addresses
 * as names.
 */
#include "state.h"

#include <errno.h>

enum { STACK_MOST = 127 }; /* frames; the kernel's own limit of PERF_MAX_STACK_DEPTH */

/* Negative: there are no frames to be had. */
static int frames_of(const struct output *o, const struct value *v, struct output_frame *frames)
{
	struct output_stack stack = {
	        .kernel = v->type == PLAN_KSTACK || v->type == PLAN_KSYM,
	        .single = v->type == PLAN_USYM || v->type == PLAN_KSYM,
	        .map = v->place->map,
	        .id = (int64_t)v->bits,
	        .pid = v->pid,
	};

	/* What came from user space has no frame of the kernel's. */
	if (stack.kernel && !stack.single && stack.id == -EFAULT)
		return 0;
	if (!o->frames || (!stack.single && stack.id < 0))
		return -1;
	return o->frames(o->frames_context, &stack, frames, STACK_MOST);
}

static void put_plain_hex(struct buffer *b, uint64_t address)
{
	char digits[20];

	snprintf(digits, sizeof(digits), "%llx", (unsigned long long)address);
	put_text(b, digits);
}

static void put_symbol(struct buffer *b, const struct output_frame *frame)
{
	put_escaped(b, frame->symbol, strlen(frame->symbol), 0);
	put_char(b, '+');
	put_unsigned(b, frame->offset);
}

static void put_file(struct buffer *b, const char *file)
{
	put_text(b, " (");
	put_escaped(b, file, strlen(file), 0);
	put_char(b, ')');
}

static void put_line(struct buffer *b, const struct output_frame *frame)
{
	put_text(b, " at ");
	put_escaped(b, frame->source, strlen(frame->source), 0);
	put_char(b, ':');
	put_unsigned(b, frame->line);
}

static void put_name(struct buffer *b, const struct output_frame *frame, bool is_perf)
{
	if (frame->symbol)
		put_symbol(b, frame);
	else if (is_perf)
		put_text(b, "[unknown]");
	else
		put_hex(b, frame->address);
}

/* As bpftrace has them: there only the process's files stand behind names. */
static void frame_text(struct buffer *b, const struct output_frame *frame, const struct value *stack)
{
	switch (stack->place->stack) {
	case PLAN_STACK_NAMES:
		put_text(b, "        ");
		put_name(b, frame, false);
		break;
	case PLAN_STACK_PERF:
		put_char(b, '\t');
		put_plain_hex(b, frame->address);
		put_char(b, ' ');
		put_name(b, frame, true);
		if (frame->file && stack->type == PLAN_USTACK)
			put_file(b, frame->file);
		break;
	case PLAN_STACK_RAW:
		put_plain_hex(b, frame->address);
		break;
	case PLAN_STACK_FULL:
		put_text(b, "    ");
		put_name(b, frame, false);
		if (frame->source)
			put_line(b, frame);
		if (frame->file)
			put_file(b, frame->file);
		break;
	}
	put_char(b, '\n');
}

/* Begins with a newline and ends with one, so that it stands below what went before. */
void stack_text(const struct output *o, struct buffer *b, const struct value *stack)
{
	struct output_frame frames[STACK_MOST];
	int count = frames_of(o, stack, frames);

	if (count < 0) {
		if ((int64_t)stack->bits < 0) {
			put_text(b, "<unreadable>");
			return;
		}
		put_text(b, "<stack ");
		put_unsigned(b, stack->bits);
		put_char(b, '>');
		return;
	}
	put_char(b, '\n');
	for (int i = 0; i < count; i++)
		frame_text(b, &frames[i], stack);
}

void symbol_text(const struct output *o, struct buffer *b, const struct value *address)
{
	struct output_frame frame[STACK_MOST];

	if (frames_of(o, address, frame) == 1 && frame[0].symbol)
		put_escaped(b, frame[0].symbol, strlen(frame[0].symbol), 0);
	else if (address->bits)
		put_hex(b, address->bits);
	else
		put_char(b, '0'); /* as bpftrace has it */
}

static void frame_json(struct buffer *b, const struct output_frame *frame)
{
	put_text(b, "{\"address\":");
	put_unsigned(b, frame->address);
	if (frame->symbol) {
		put_text(b, ",\"symbol\":");
		put_json_string(b, frame->symbol, strlen(frame->symbol));
		put_text(b, ",\"offset\":");
		put_unsigned(b, frame->offset);
	}
	if (frame->file) {
		put_text(b, ",\"file\":");
		put_json_string(b, frame->file, strlen(frame->file));
	}
	if (frame->source) {
		put_text(b, ",\"source\":");
		put_json_string(b, frame->source, strlen(frame->source));
		put_text(b, ",\"line\":");
		put_unsigned(b, frame->line);
	}
	put_char(b, '}');
}

void stack_json(const struct output *o, struct buffer *b, const struct value *stack)
{
	struct output_frame frames[STACK_MOST];
	int count = frames_of(o, stack, frames);

	if (count < 0) {
		if ((int64_t)stack->bits < 0)
			put_text(b, "null");
		else
			put_unsigned(b, stack->bits);
		return;
	}
	put_char(b, '[');
	for (int i = 0; i < count; i++) {
		if (i)
			put_char(b, ',');
		frame_json(b, &frames[i]);
	}
	put_char(b, ']');
}

bool symbol_json(const struct output *o, struct buffer *b, const struct value *address)
{
	struct buffer text = {0};
	bool clean;

	symbol_text(o, &text, address);
	clean = put_json_string(b, buffer_string(&text), text.length);
	b->failed |= text.failed;
	buffer_free(&text);
	return clean;
}

void output_set_frames(struct output *o, output_frames_fn *frames, void *context)
{
	o->frames = frames;
	o->frames_context = context;
}
