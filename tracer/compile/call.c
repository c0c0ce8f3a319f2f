/* Calls of functions that have a value: numbers, and values that the reader turns into text. */
#include "base/cgroup.h"
#include "compile/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ptrace.h>
#include <stddef.h>
#include <string.h>

/* ---- texts ---- */

static struct ir_arg bytes_of(struct place p)
{
	return arg_at(p.base, p.offset + (int)sizeof(struct abi_text));
}

/* A text in the frame, where one may look beyond its end. */
static struct place gen_frame_text(struct gen *g, const struct expr *e, struct plan_value *layout,
				   label fail)
{
	struct place from = gen_text_place(g, e, layout, fail);
	struct place to = {g->frame, gen_frame(g, e->at, layout->size + ABI_NEEDLE)};

	gen_zero(g, to, layout->size + ABI_NEEDLE);
	gen_copy(g, from, to, layout->size);
	return to;
}

static reg gen_strncmp(struct gen *g, const struct expr *e, label fail)
{
	const struct expr *a = e->child, *b = a->next;
	struct plan_value left, right;
	struct place one = gen_text_place(g, a, &left, fail);
	struct place other = gen_text_place(g, b, &right, fail);
	/* Behind a text is a NUL, so that the shorter one's room is enough to tell. */
	uint64_t room = (left.limit < right.limit ? left.limit : right.limit) + 1;
	uint64_t most = b->next->number < room ? b->next->number : room;
	reg result = ir_reg(&g->ir);

	ir_function(&g->ir, "tt_compare", result, 3,
		    (struct ir_arg[]){bytes_of(one), bytes_of(other), arg_value((int64_t)most)});
	return result;
}

static reg gen_strcontains(struct gen *g, const struct expr *e, label fail)
{
	struct plan_value hay, needle;
	struct place in = gen_frame_text(g, e->child, &hay, fail);
	struct place what = gen_frame_text(g, e->child->next, &needle, fail);
	reg result = ir_reg(&g->ir), length = ir_reg(&g->ir);
	label fits = ir_label(&g->ir);

	ir_load(&g->ir, BPF_W, length, what.base, what.offset);
	ir_branch_value(&g->ir, BPF_JLE, length, needle.limit, fits);
	ir_set(&g->ir, length, needle.limit);
	ir_place(&g->ir, fits);
	ir_function(&g->ir, "tt_contains", result, 5,
		    (struct ir_arg[]){arg_at(in.base, in.offset), arg_value(hay.limit), bytes_of(what),
				      arg_reg(length), arg_value((needle.limit + 7) / 8)});
	return result;
}

/* The stack is taken for that alone. */
static reg gen_depth(struct gen *g, const struct expr *stack, label fail)
{
	uint32_t bytes = stack->type.limit * (uint32_t)sizeof(uint64_t);
	int at = gen_frame(g, stack->at, bytes);
	reg got = ir_reg(&g->ir);

	ir_helper(&g->ir, BPF_FUNC_get_stack, got, 4,
		  (struct ir_arg[]){arg_reg(g->context), arg_at(g->frame, at), arg_value(bytes),
				    arg_value(stack->type.space == SPACE_KERNEL ? 0 : BPF_F_USER_STACK)});
	gen_failures(g, REPORT_FAILURES, "get_stack", got, 0);
	ir_branch_value(&g->ir, BPF_JSLT, got, 0, fail);
	ir_alu_value(&g->ir, BPF_RSH, got, 3);
	return got;
}

static reg gen_text_length(struct gen *g, const struct expr *e, label fail)
{
	struct plan_value layout;
	struct place at = gen_text_place(g, e, &layout, fail);
	reg length = ir_reg(&g->ir);
	label fits = ir_label(&g->ir);

	ir_load(&g->ir, BPF_W, length, at.base, at.offset);
	ir_branch_value(&g->ir, BPF_JLE, length, layout.limit, fits);
	ir_set(&g->ir, length, layout.limit); /* it was cut there */
	ir_place(&g->ir, fits);
	return length;
}

static reg gen_len(struct gen *g, const struct expr *e, label fail)
{
	if (e->kind == EXPR_MAP && !e->child && g->c->plan->maps[e->number].key_count)
		return gen_key_count(g, e->number);
	return e->type.kind == TYPE_STACK ? gen_depth(g, e, fail) : gen_text_length(g, e, fail);
}

/* ---- numbers ---- */

static reg gen_bswap(struct gen *g, const struct expr *e, label fail)
{
	reg dst = ir_reg(&g->ir);

	ir_move(&g->ir, dst, gen_int(g, e->child, fail));
	if (e->child->type.size == 1)
		ir_extend(&g->ir, dst, 8, false);
	else
		ir_swap(&g->ir, dst, e->child->type.size * 8u);
	return dst;
}

static reg gen_clock(struct gen *g, const struct expr *e)
{
	const char *clock = e->child ? e->child->text : "monotonic";
	reg dst = ir_reg(&g->ir), offset;

	if (!strcmp(clock, "boot")) {
		ir_helper(&g->ir, BPF_FUNC_ktime_get_boot_ns, dst, 0, NULL);
		return dst;
	}
	if (!strcmp(clock, "tai")) {
		ir_helper(&g->ir, BPF_FUNC_ktime_get_tai_ns, dst, 0, NULL);
		return dst;
	}
	ir_helper(&g->ir, BPF_FUNC_ktime_get_ns, dst, 0, NULL);
	if (strcmp(clock, "sw_tai") != 0)
		return dst;
	offset = ir_reg(&g->ir);
	ir_kernel(&g->ir, offset, PLAN_TAI_OFFSET);
	ir_alu(&g->ir, BPF_ADD, dst, offset);
	return dst;
}

static reg gen_cgroupid(struct gen *g, const struct expr *e)
{
	const char *path = e->child->text;
	reg dst = ir_reg(&g->ir);
	uint64_t number = 0;
	int code = cgroup_number(path, &number);

	if (code == -EINVAL)
		refuse(g, e->child->at, "'%s' is no cgroup of version 2", path);
	else if (code)
		refuse(g, e->child->at, "the cgroup '%s': %s", path, strerror(-code));
	ir_set(&g->ir, dst, (int64_t)number);
	return dst;
}

reg gen_call(struct gen *g, const struct expr *e, label fail)
{
	reg dst;

	switch (function_at(e->number)->id) {
	case FUNC_STRNCMP:
		return gen_strncmp(g, e, fail);
	case FUNC_STRCONTAINS:
		return gen_strcontains(g, e, fail);
	case FUNC_LEN:
		return gen_len(g, e->child, fail);
	case FUNC_HAS_KEY:
		return gen_has_key(g, e, fail);
	case FUNC_BSWAP:
		return gen_bswap(g, e, fail);
	case FUNC_NSECS:
		return gen_clock(g, e);
	case FUNC_CGROUPID:
		return gen_cgroupid(g, e);
	case FUNC_KPTR:
	case FUNC_UPTR:
		return gen_int(g, e->child, fail);
	case FUNC_UADDR:
		dst = ir_reg(&g->ir);
		if (e->bits) { /* the file is loaded in one place */
			ir_set(&g->ir, dst, (int64_t)e->child->number);
			return dst;
		}
		ir_load(&g->ir, BPF_DW, dst, g->context, offsetof(struct pt_regs, rip));
		ir_alu_value(&g->ir, BPF_ADD, dst, (int64_t)e->child->number);
		return dst;
	case FUNC_PERCPU_KADDR:
		return gen_percpu(g, e, fail);
	case FUNC_REG:
		dst = ir_reg(&g->ir);
		ir_load(&g->ir, BPF_DW, dst, g->context, register_place(e->child->text));
		return dst;
	default:
		refuse(g, e->at, "%s() is not an integer", e->text);
		return ir_reg(&g->ir);
	}
}

/* ---- values that the reader turns into text ---- */

/* Of bytes or an array of them, as many as the function wants. */
static uint32_t bytes_count(const struct expr *e)
{
	return e->type.kind == TYPE_ARRAY ? (uint32_t)e->type.ctype->size : e->type.limit;
}

static void gen_bytes_of(struct gen *g, const struct expr *e, struct place to, label fail)
{
	struct plan_value layout;
	struct place from;

	from = gen_place(g, e, &layout, fail);
	if (e->type.kind == TYPE_TEXT)
		from.offset += (int)sizeof(struct abi_bytes);
	gen_copy(g, from, to, bytes_count(e));
}

static void gen_inet(struct gen *g, const struct expr *e, struct place to, label fail)
{
	const struct expr *address = e->child->next ? e->child->next : e->child;
	struct place room = {to.base, to.offset + (int)offsetof(struct abi_inet, bytes)};

	gen_zero(g, to, sizeof(struct abi_inet));
	if (e->child->next)
		ir_store(&g->ir, BPF_DW, to.base, to.offset, gen_int(g, e->child, fail));
	else
		ir_store_value(&g->ir, BPF_DW, to.base, to.offset,
			       bytes_count(address) == 16 ? AF_INET6 : AF_INET);
	if (address->type.kind == TYPE_INT) {
		ir_store(&g->ir, BPF_W, room.base, room.offset, gen_int(g, address, fail));
		return;
	}
	gen_bytes_of(g, address, room, fail);
}

static void gen_mac(struct gen *g, const struct expr *e, struct place to, label fail)
{
	ir_store_value(&g->ir, BPF_DW, to.base, to.offset, 0);
	if (e->child->type.kind == TYPE_INT) {
		gen_user_read(g, arg_at(to.base, to.offset), arg_value(6),
			      gen_int(g, e->child, fail), fail);
		return;
	}
	gen_bytes_of(g, e->child, to, fail);
}

void gen_shown(struct gen *g, const struct expr *e, struct place to, label fail)
{
	reg id;

	switch (e->type.show) {
	case SHOW_FUNCTION:
		gen_store_probe(g, to.base, to.offset, 0);
		break;
	case SHOW_USER:
		id = ir_reg(&g->ir);
		ir_helper(&g->ir, BPF_FUNC_get_current_uid_gid, id, 0, NULL);
		ir_extend(&g->ir, id, 32, false);
		ir_store(&g->ir, BPF_DW, to.base, to.offset, id);
		break;
	case SHOW_INET:
		gen_inet(g, e, to, fail);
		break;
	case SHOW_MAC:
		gen_mac(g, e, to, fail);
		break;
	case SHOW_TIME: /* behind its format */
		ir_store(&g->ir, BPF_DW, to.base, to.offset, gen_int(g, e->child->next, fail));
		break;
	default:
		ir_store(&g->ir, BPF_DW, to.base, to.offset, gen_int(g, e->child, fail));
	}
}

/* pton(): known here. */
void gen_pton(struct gen *g, const struct expr *e, struct place to)
{
	uint32_t bytes[4] = {0};
	size_t count = e->type.ctype->size / sizeof(*bytes);

	inet_pton(count == 1 ? AF_INET : AF_INET6, e->child->text, bytes);
	for (size_t i = 0; i < count; i++)
		ir_store_value(&g->ir, BPF_W, to.base, to.offset + (int)(i * sizeof(*bytes)),
			       (int32_t)bytes[i]);
}
