/*
 * Stacks, one frame a line as bpftrace prints them, or as an array of objects.
 */
#include "state.h"

enum { STACK_MOST = 127 }; /* frames; the kernel's own limit of PERF_MAX_STACK_DEPTH */

/* Negative: there are no frames to be had. */
static int frames_of(const struct output *o, const struct value *stack, struct output_frame *frames)
{
	int64_t id = (int64_t)stack->bits;

	if (id < 0 || !o->frames)
		return -1;
	return o->frames(o->frames_context, stack->type == PLAN_KSTACK, id, stack->pid, frames,
	                 STACK_MOST);
}

static void frame_text(struct buffer *b, const struct output_frame *frame)
{
	put_text(b, "    ");
	if (frame->symbol) {
		put_escaped(b, frame->symbol, strlen(frame->symbol), 0);
		put_char(b, '+');
		put_unsigned(b, frame->offset);
	} else {
		put_hex(b, frame->address);
	}
	if (frame->file) {
		put_text(b, " (");
		put_escaped(b, frame->file, strlen(frame->file), 0);
		put_char(b, ')');
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
		frame_text(b, &frames[i]);
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

void output_set_frames(struct output *o, output_frames_fn *frames, void *context)
{
	o->frames = frames;
	o->frames_context = context;
}
