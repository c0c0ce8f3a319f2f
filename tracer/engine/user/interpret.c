/*
 * Owns the running of steps: what each of BPF's instructions does, and the bounds of a run. Registers
 * hold addresses of our own memory; each access is checked against what the program may touch.
 */
#include "machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MEM_SIGNED = 0x80, JUMP_IF_MAY = 0xe0 }; /* see decode.c */

/* What a function's caller wants back. */
struct frame {
	uint64_t kept[4], top;
	uint32_t back;
};

/* ---- memory ---- */

static inline bool may(struct machine *m, uint64_t address, uint64_t size, bool write)
{
	return range_has(&m->ranges[0], address, size, write) ||
	       machine_may(m, address, size, write);
}

static inline uint64_t load(struct machine *m, uint64_t address, unsigned size)
{
	uint64_t value = 0;

	if (may(m, address, size, false))
		memcpy(&value, (const void *)(uintptr_t)address, size);
	return value;
}

static inline void store(struct machine *m, uint64_t address, uint64_t value, unsigned size)
{
	if (may(m, address, size, true))
		memcpy((void *)(uintptr_t)address, &value, size);
}

static unsigned size_of(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

/* One program runs at a time, so a plain read and write is atomic to all others. */
static void run_atomic(struct machine *m, const struct step *s, uint64_t r[])
{
	unsigned size = size_of(s->code);
	uint64_t address = r[s->dst] + (uint64_t)(int64_t)s->offset;
	uint64_t old, given = r[s->src], new;

	if (!may(m, address, size, true))
		return;
	old = load(m, address, size);
	if (s->value == BPF_CMPXCHG) {
		uint64_t expected = size == 4 ? (uint32_t)r[0] : r[0];

		if (old == expected)
			store(m, address, given, size);
		r[0] = old;
		return;
	}
	switch (s->value & ~BPF_FETCH) {
	case BPF_ADD:
		new = old + given;
		break;
	case BPF_OR:
		new = old | given;
		break;
	case BPF_AND:
		new = old & given;
		break;
	case BPF_XOR:
		new = old ^ given;
		break;
	default: /* BPF_XCHG, whose number has BPF_FETCH in it */
		new = given;
	}
	store(m, address, new, size);
	if (s->value & BPF_FETCH)
		r[s->src] = old;
}

/* ---- arithmetic that is not an operator of C ---- */

static uint64_t divide(uint64_t a, uint64_t b, bool is_signed, bool wide)
{
	if (!wide) {
		a = is_signed ? (uint64_t)(int32_t)a : (uint32_t)a;
		b = is_signed ? (uint64_t)(int32_t)b : (uint32_t)b;
	}
	if (!b)
		return 0;
	if (!is_signed)
		return a / b;
	return b == UINT64_MAX ? 0 - a : (uint64_t)((int64_t)a / (int64_t)b);
}

/* By zero: what it was. */
static uint64_t remainder_of(uint64_t a, uint64_t b, bool is_signed, bool wide)
{
	if (!wide) {
		a = is_signed ? (uint64_t)(int32_t)a : (uint32_t)a;
		b = is_signed ? (uint64_t)(int32_t)b : (uint32_t)b;
	}
	if (!b)
		return a;
	if (!is_signed)
		return a % b;
	return b == UINT64_MAX ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
}

static uint64_t extend(uint64_t value, int bits)
{
	return bits == 8    ? (uint64_t)(int8_t)value
	       : bits == 16 ? (uint64_t)(int16_t)value
	       : bits == 32 ? (uint64_t)(int32_t)value
			    : value;
}

static uint64_t cut(uint64_t value, int64_t bits)
{
	return bits == 16 ? (uint16_t)value : bits == 32 ? (uint32_t)value : value;
}

static uint64_t swap(uint64_t value, int64_t bits)
{
	return bits == 16   ? __builtin_bswap16((uint16_t)value)
	       : bits == 32 ? __builtin_bswap32((uint32_t)value)
			    : __builtin_bswap64(value);
}

/* ---- the loop ---- */

/* An operator in its four forms: 64 or 32 bits wide, with a value or a register. */
#define FORMS(op, expression)                                                                      \
	case BPF_ALU64 | (op) | BPF_K: {                                                           \
		uint64_t a = r[s->dst], b = (uint64_t)s->value;                                    \
		const bool wide = true;                                                            \
		(void)wide;                                                                        \
		r[s->dst] = (expression);                                                          \
		break;                                                                             \
	}                                                                                          \
	case BPF_ALU64 | (op) | BPF_X: {                                                           \
		uint64_t a = r[s->dst], b = r[s->src];                                             \
		const bool wide = true;                                                            \
		(void)wide;                                                                        \
		r[s->dst] = (expression);                                                          \
		break;                                                                             \
	}                                                                                          \
	case BPF_ALU | (op) | BPF_K: {                                                             \
		uint64_t a = (uint32_t)r[s->dst], b = (uint32_t)s->value;                          \
		const bool wide = false;                                                           \
		(void)wide;                                                                        \
		r[s->dst] = (uint32_t)(expression);                                                \
		break;                                                                             \
	}                                                                                          \
	case BPF_ALU | (op) | BPF_X: {                                                             \
		uint64_t a = (uint32_t)r[s->dst], b = (uint32_t)r[s->src];                         \
		const bool wide = false;                                                           \
		(void)wide;                                                                        \
		r[s->dst] = (uint32_t)(expression);                                                \
		break;                                                                             \
	}

/* A comparison in its four forms. */
#define BRANCHES(op, type64, type32, comparison)                                                   \
	case BPF_JMP | (op) | BPF_K:                                                               \
		if ((type64)r[s->dst] comparison(type64) s->value)                                 \
			at = s->target;                                                            \
		break;                                                                             \
	case BPF_JMP | (op) | BPF_X:                                                               \
		if ((type64)r[s->dst] comparison(type64) r[s->src])                                \
			at = s->target;                                                            \
		break;                                                                             \
	case BPF_JMP32 | (op) | BPF_K:                                                             \
		if ((type32)r[s->dst] comparison(type32) s->value)                                 \
			at = s->target;                                                            \
		break;                                                                             \
	case BPF_JMP32 | (op) | BPF_X:                                                             \
		if ((type32)r[s->dst] comparison(type32) r[s->src])                                \
			at = s->target;                                                            \
		break;

#define SIZES(size, bytes, bits)                                                                   \
	case BPF_LDX | BPF_MEM | (size):                                                           \
		r[s->dst] = load(m, r[s->src] + (uint64_t)(int64_t)s->offset, bytes);              \
		break;                                                                             \
	case BPF_LDX | MEM_SIGNED | (size):                                                        \
		r[s->dst] = extend(load(m, r[s->src] + (uint64_t)(int64_t)s->offset, bytes), bits); \
		break;                                                                             \
	case BPF_STX | BPF_MEM | (size):                                                           \
		store(m, r[s->dst] + (uint64_t)(int64_t)s->offset, r[s->src], bytes);              \
		break;                                                                             \
	case BPF_ST | BPF_MEM | (size):                                                            \
		store(m, r[s->dst] + (uint64_t)(int64_t)s->offset, (uint64_t)s->value, bytes);     \
		break;

static uint64_t top_of(struct machine *m)
{
	return (uintptr_t)m->stack + sizeof(m->stack) - (uint64_t)m->frames * FRAME_BYTES;
}

/* The result of the function that starts at that step. */
static uint64_t run(struct machine *m, uint32_t at, const uint64_t args[5])
{
	const struct step *steps = m->program->steps;
	struct frame frames[FRAMES];
	uint64_t r[11] = {0}, loops = LOOPS_MOST;
	unsigned depth = 0;

	if (m->frames >= FRAMES) {
		machine_fail(m, -ELOOP, "calls in calls, more than %d", FRAMES);
		return 0;
	}
	memcpy(&r[1], args, 5 * sizeof(*args));
	r[10] = top_of(m);
	m->frames++;
	while (!m->failed) {
		const struct step *s = &steps[at++];

		if (!m->left--) {
			machine_fail(m, -ELOOP, "a program ran for %llu instructions without an end",
				     (unsigned long long)m->most);
			break;
		}
		switch (s->code) {
			FORMS(BPF_ADD, a + b)
			FORMS(BPF_SUB, a - b)
			FORMS(BPF_MUL, a * b)
			FORMS(BPF_OR, a | b)
			FORMS(BPF_AND, a & b)
			FORMS(BPF_XOR, a ^ b)
			FORMS(BPF_LSH, wide ? a << (b & 63) : a << (b & 31))
			FORMS(BPF_RSH, wide ? a >> (b & 63) : a >> (b & 31))
			FORMS(BPF_ARSH, wide ? (uint64_t)((int64_t)a >> (b & 63))
					     : (uint64_t)((int32_t)a >> (b & 31)))
			FORMS(BPF_DIV, divide(a, b, s->offset, wide))
			FORMS(BPF_MOD, remainder_of(a, b, s->offset, wide))
			FORMS(BPF_MOV, ((void)a, s->offset ? extend(b, s->offset) : b))
			BRANCHES(BPF_JEQ, uint64_t, uint32_t, ==)
			BRANCHES(BPF_JNE, uint64_t, uint32_t, !=)
			BRANCHES(BPF_JGT, uint64_t, uint32_t, >)
			BRANCHES(BPF_JGE, uint64_t, uint32_t, >=)
			BRANCHES(BPF_JLT, uint64_t, uint32_t, <)
			BRANCHES(BPF_JLE, uint64_t, uint32_t, <=)
			BRANCHES(BPF_JSGT, int64_t, int32_t, >)
			BRANCHES(BPF_JSGE, int64_t, int32_t, >=)
			BRANCHES(BPF_JSLT, int64_t, int32_t, <)
			BRANCHES(BPF_JSLE, int64_t, int32_t, <=)
			BRANCHES(BPF_JSET, uint64_t, uint32_t, &)
			SIZES(BPF_B, 1, 8)
			SIZES(BPF_H, 2, 16)
			SIZES(BPF_W, 4, 32)
			SIZES(BPF_DW, 8, 64)
		case BPF_ALU64 | BPF_NEG:
			r[s->dst] = 0 - r[s->dst];
			break;
		case BPF_ALU | BPF_NEG:
			r[s->dst] = (uint32_t)(0 - r[s->dst]);
			break;
		case BPF_ALU | BPF_END | BPF_TO_LE:
			r[s->dst] = cut(r[s->dst], s->value);
			break;
		case BPF_ALU | BPF_END | BPF_TO_BE:
		case BPF_ALU64 | BPF_END:
			r[s->dst] = swap(r[s->dst], s->value);
			break;
		case BPF_STX | BPF_ATOMIC | BPF_W:
		case BPF_STX | BPF_ATOMIC | BPF_DW:
			run_atomic(m, s, r);
			break;
		case BPF_LD | BPF_IMM | BPF_DW:
			r[s->dst] = (uint64_t)s->value;
			at++;
			break;
		case BPF_JMP | BPF_JA:
		case BPF_JMP32 | BPF_JA:
			at = s->target;
			break;
		case BPF_JMP | JUMP_IF_MAY:
			if (!loops--) {
				loops = 0;
				at = s->target;
			}
			break;
		case BPF_JMP | BPF_CALL:
			if (s->src != BPF_PSEUDO_CALL) {
				r[0] = s->helper(m, r[1], r[2], r[3], r[4], r[5]);
				break;
			}
			if (m->frames >= FRAMES) {
				machine_fail(m, -ELOOP, "calls in calls, more than %d", FRAMES);
				break;
			}
			frames[depth] = (struct frame){{r[6], r[7], r[8], r[9]}, r[10], at};
			depth++;
			r[10] = top_of(m);
			m->frames++;
			at = s->target;
			break;
		case BPF_JMP | BPF_EXIT:
			m->frames--;
			if (!depth--)
				return r[0];
			memcpy(&r[6], frames[depth].kept, sizeof(frames[depth].kept));
			r[10] = frames[depth].top;
			at = frames[depth].back;
			break;
		default:
			machine_fail(m, -EINVAL, "a program ran into what is no instruction (%u)",
				     s->code);
		}
	}
	return 0;
}

uint64_t machine_call(struct machine *m, uint64_t step, const uint64_t args[5])
{
	if (step >= m->program->count) {
		machine_fail(m, -EINVAL, "a call of a function that is none");
		return 0;
	}
	return run(m, (uint32_t)step, args);
}

/* ---- a run ---- */

int machine_open(struct machine *m, struct user_map **maps, size_t map_count, struct user_ring *ring,
		 struct error *err)
{
	struct range *ranges = calloc(map_count + 3 + RANGES, sizeof(*ranges));

	if (!ranges)
		return error_memory(err);
	free(m->ranges);
	m->ranges = ranges;
	m->maps = maps;
	m->map_count = map_count;
	m->ring = ring;
	m->most = STEPS_MOST;
	m->range_count = 0;
	machine_add_range(m, m->stack, sizeof(m->stack), true);
	machine_add_range(m, NULL, 0, false); /* the context, */
	machine_add_range(m, NULL, 0, false); /* the task */
	for (size_t i = 0; i < map_count; i++)
		machine_add_range(m, maps[i]->values, maps[i]->value_bytes, true);
	return 0;
}

void machine_close(struct machine *m)
{
	free(m->ranges);
	m->ranges = NULL;
}

static void set_range(struct range *r, const void *start, size_t size)
{
	*r = (struct range){(uintptr_t)start, (uintptr_t)start + size, false};
}

int machine_run(struct machine *m, const struct user_program *program, struct current *current,
		uint64_t *result, struct error *err)
{
	uint64_t args[5] = {(uintptr_t)&current->regs}, returned;

	m->program = program;
	m->current = current;
	m->failed = false;
	m->frames = 0;
	m->left = m->most;
	m->recent = 0;
	set_range(&m->ranges[1], &current->regs, sizeof(current->regs));
	set_range(&m->ranges[2], &current->task, sizeof(current->task));
	returned = run(m, 0, args);
	/* A record that was begun and not finished is nobody's. */
	while (m->record_count)
		user_ring_finish(m->records[--m->record_count], true);
	m->range_count = 3 + m->map_count;
	if (m->ring && m->ring->data)
		user_ring_publish(m->ring);
	if (result)
		*result = returned;
	if (m->failed && err)
		*err = m->error;
	return m->failed ? m->error.code : 0;
}
