/*
 * Owns what is done in here instead of in the process: the plain instructions that functions begin
 * with and that follow calls. To let the processor do it costs two more stops, and stops of all
 * other threads meanwhile. Only 64-bit code; what is not here is not known, and then stepped. Calls
 * and returns are left to the processor, which may keep a shadow stack.
 */
#include "user.h"

#include <string.h>

enum {
	CODE_64 = 0x33, /* the code segment of 64-bit programs */
	CARRY = 1, PARITY = 4, ADJUST = 16, ZERO = 64, SIGN = 128, OVERFLOW_FLAG = 2048,
	ALL_FLAGS = CARRY | PARITY | ADJUST | ZERO | SIGN | OVERFLOW_FLAG,
};

struct emulation {
	const struct process *process;
	struct user_regs_struct *regs;
	const uint8_t *at, *end; /* of the instruction */
	bool wide;		 /* REX.W */
	uint8_t extend_reg, extend_index, extend_base;
};

static unsigned long long *register_of(struct user_regs_struct *r, unsigned number)
{
	unsigned long long *const registers[] = {&r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp,
						 &r->rsi, &r->rdi, &r->r8,  &r->r9,  &r->r10, &r->r11,
						 &r->r12, &r->r13, &r->r14, &r->r15};

	return registers[number & 15];
}

static bool take(struct emulation *e, void *to, size_t size)
{
	if ((size_t)(e->end - e->at) < size)
		return false;
	memcpy(to, e->at, size);
	e->at += size;
	return true;
}

/* ---- operands ---- */

/* A register and a register or memory: what a ModRM byte says. */
struct operands {
	unsigned long long *reg, *other; /* other NULL: memory */
	uint64_t address;
	uint8_t group; /* the digit that stands in the register's place */
};

static bool take_address(struct emulation *e, uint8_t modrm, struct operands *o)
{
	unsigned mode = modrm >> 6, base = modrm & 7;
	bool relative = !mode && base == 5;
	uint8_t sib;
	int8_t short_distance = 0;
	int32_t distance = 0;

	o->address = 0;
	if (base == 4) {
		unsigned index;

		if (!take(e, &sib, 1))
			return false;
		base = sib & 7;
		index = (sib >> 3 & 7) | e->extend_index;
		if (index != 4)
			o->address = *register_of(e->regs, index) << (sib >> 6);
		if (!mode && base == 5)
			mode = 4; /* no base, but a distance */
		else
			o->address += *register_of(e->regs, base | e->extend_base);
	} else if (!relative) {
		o->address = *register_of(e->regs, base | e->extend_base);
	}
	if (mode == 1 && !take(e, &short_distance, 1))
		return false;
	if ((mode == 2 || mode == 4 || relative) && !take(e, &distance, 4))
		return false;
	o->address += (uint64_t)(int64_t)short_distance + (uint64_t)(int64_t)distance;
	return !relative; /* from the next instruction, whose place an immediate still moves */
}

static bool take_operands(struct emulation *e, struct operands *o)
{
	uint8_t modrm;

	if (!take(e, &modrm, 1))
		return false;
	*o = (struct operands){.group = modrm >> 3 & 7};
	o->reg = register_of(e->regs, o->group | e->extend_reg);
	if (modrm >> 6 == 3) {
		o->other = register_of(e->regs, (modrm & 7) | e->extend_base);
		return true;
	}
	return take_address(e, modrm, o);
}

static bool get(const struct emulation *e, const struct operands *o, uint64_t *value)
{
	size_t size = e->wide ? 8 : 4;

	*value = 0;
	if (!o->other)
		return process_read(e->process, o->address, value, size) == (ssize_t)size;
	memcpy(value, o->other, size);
	return true;
}

static bool set(const struct emulation *e, const struct operands *o, uint64_t value)
{
	if (!o->other)
		return process_write(e->process, o->address, &value, e->wide ? 8 : 4);
	*o->other = e->wide ? value : (uint32_t)value;
	return true;
}

static void set_register(const struct emulation *e, unsigned long long *reg, uint64_t value)
{
	*reg = e->wide ? value : (uint32_t)value;
}

/* ---- flags ---- */

static void set_flags(struct emulation *e, uint64_t flags)
{
	e->regs->eflags = (e->regs->eflags & ~(uint64_t)ALL_FLAGS) | flags;
}

static uint64_t flags_of(const struct emulation *e, uint64_t result)
{
	uint64_t top = e->wide ? 1ull << 63 : 1ull << 31;

	if (!e->wide)
		result = (uint32_t)result;
	return (result ? 0 : ZERO) | (result & top ? SIGN : 0) |
	       (__builtin_parity((unsigned)(result & 0xff)) ? 0 : PARITY);
}

/* result = a + b, or a - b. */
static uint64_t add_or_subtract(struct emulation *e, uint64_t a, uint64_t b, bool subtract)
{
	uint64_t top = e->wide ? 1ull << 63 : 1ull << 31;
	uint64_t result = subtract ? a - b : a + b, flags;

	if (!e->wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
		result = (uint32_t)result;
	}
	flags = flags_of(e, result) | ((a ^ b ^ result) & ADJUST);
	if (subtract ? a < b : result < a)
		flags |= CARRY;
	if ((subtract ? (a ^ b) & (a ^ result) : (a ^ result) & (b ^ result)) & top)
		flags |= OVERFLOW_FLAG;
	set_flags(e, flags);
	return result;
}

/* ---- instructions ---- */

static bool push(struct emulation *e, uint64_t value)
{
	if (!process_write(e->process, e->regs->rsp - 8, &value, 8))
		return false;
	e->regs->rsp -= 8;
	return true;
}

static bool pop(struct emulation *e, unsigned long long *to)
{
	uint64_t value, from = e->regs->rsp;

	if (process_read(e->process, from, &value, 8) != 8)
		return false;
	e->regs->rsp = from + 8;
	*to = value;
	return true;
}

/* add, sub, cmp and what else has an immediate operand: 83 and 81 */
static bool with_immediate(struct emulation *e, uint8_t code)
{
	struct operands o;
	int8_t short_value = 0;
	int32_t value = 0;
	uint64_t a, result;

	if (!take_operands(e, &o) || (o.group != 0 && o.group != 5 && o.group != 7))
		return false;
	if (code == 0x83 ? !take(e, &short_value, 1) : !take(e, &value, 4))
		return false;
	if (!get(e, &o, &a))
		return false;
	result = add_or_subtract(e, a,
				 code == 0x83 ? (uint64_t)(int64_t)short_value
					      : (uint64_t)(int64_t)value,
				 o.group != 0);
	return o.group == 7 || set(e, &o, result);
}

/* add, or, and, sub, xor, cmp, test: what they make of a and b, with its flags. */
static uint64_t compute(struct emulation *e, uint8_t code, uint64_t a, uint64_t b)
{
	uint64_t result;

	switch (code & 0x38) {
	case 0x00:
		return add_or_subtract(e, a, b, false);
	case 0x28:
	case 0x38:
		return add_or_subtract(e, a, b, true);
	case 0x08:
		result = a | b;
		break;
	case 0x30:
		result = a ^ b;
		break;
	default:
		result = a & b;
	}
	set_flags(e, flags_of(e, result));
	return result;
}

/* Of two operands, the first of which (by the code's second bit) is the register or the other. */
static bool with_two(struct emulation *e, uint8_t code)
{
	struct operands o;
	uint64_t other, result;
	bool to_register = code & 2, compares = (code & 0x38) == 0x38;

	if (!take_operands(e, &o) || !get(e, &o, &other))
		return false;
	result = compute(e, code, to_register ? *o.reg : other, to_register ? other : *o.reg);
	if (compares)
		return true;
	if (!to_register)
		return set(e, &o, result);
	set_register(e, o.reg, result);
	return true;
}

/* mov, test, lea, movslq */
static bool with_registers(struct emulation *e, uint8_t code)
{
	struct operands o;
	uint64_t value;

	if (!take_operands(e, &o))
		return false;
	switch (code) {
	case 0x89: /* mov to the other */
		return set(e, &o, *o.reg);
	case 0x8b: /* mov from the other */
		if (!get(e, &o, &value))
			return false;
		set_register(e, o.reg, value);
		return true;
	case 0x8d: /* lea */
		if (o.other)
			return false;
		set_register(e, o.reg, o.address);
		return true;
	case 0x63: /* movslq */
		if (!e->wide)
			return false;
		e->wide = false;
		if (!get(e, &o, &value))
			return false;
		*o.reg = (uint64_t)(int64_t)(int32_t)value;
		return true;
	default: /* test */
		if (!get(e, &o, &value))
			return false;
		set_flags(e, flags_of(e, value & *o.reg));
		return true;
	}
}

/* endbr64 and nops of several bytes: 0f */
static bool with_two_bytes(struct emulation *e, bool repeat)
{
	struct operands o;
	uint8_t code;

	if (!take(e, &code, 1))
		return false;
	if (code == 0x1f)
		return take_operands(e, &o) && !o.other;
	if (code != 0x1e || !repeat || !take(e, &code, 1))
		return false;
	return code == 0xfa || code == 0xfb;
}

static bool jump(struct emulation *e, uint8_t code)
{
	uint64_t next;
	int8_t near;
	int32_t far;

	if (code == 0xeb ? !take(e, &near, 1) : !take(e, &far, 4))
		return false;
	next = e->regs->rip + (code == 0xeb ? (uint64_t)(int64_t)near : (uint64_t)(int64_t)far) +
	       (code == 0xeb ? 2 : 5);
	e->regs->rip = next;
	return true;
}

/* Whether a conditional jump of that code is taken. */
static bool holds(uint64_t flags, uint8_t code)
{
	bool less = !(flags & SIGN) != !(flags & OVERFLOW_FLAG), answer;

	switch (code >> 1 & 7) {
	case 0:
		answer = flags & OVERFLOW_FLAG;
		break;
	case 1:
		answer = flags & CARRY;
		break;
	case 2:
		answer = flags & ZERO;
		break;
	case 3:
		answer = flags & (CARRY | ZERO);
		break;
	case 4:
		answer = flags & SIGN;
		break;
	case 5:
		answer = flags & PARITY;
		break;
	case 6:
		answer = less;
		break;
	default:
		answer = less || flags & ZERO;
	}
	return answer != (code & 1);
}

static bool jump_if(struct emulation *e, uint8_t code)
{
	int8_t near;

	if (!take(e, &near, 1))
		return false;
	e->regs->rip += 2 + (holds(e->regs->eflags, code) ? (uint64_t)(int64_t)near : 0);
	return true;
}

static void take_rex(struct emulation *e, uint8_t *code)
{
	if ((*code & 0xf0) != 0x40)
		return;
	e->wide = *code & 8;
	e->extend_reg = *code & 4 ? 8 : 0;
	e->extend_index = *code & 2 ? 8 : 0;
	e->extend_base = *code & 1 ? 8 : 0;
	if (!take(e, code, 1))
		*code = 0x0f; /* which nothing follows */
}

/* Executes one instruction with rip at its start; *jumped: rip is where it has to be. */
static bool execute(struct emulation *e, bool *jumped)
{
	bool operand16 = false, repeat = false;
	uint8_t code;
	uint32_t value;

	if (!take(e, &code, 1))
		return false;
	/* The prefixes that nops are padded with. */
	while (code == 0x66 || code == 0x2e || code == 0xf3) {
		operand16 |= code == 0x66;
		repeat |= code == 0xf3;
		if (!take(e, &code, 1))
			return false;
	}
	if ((operand16 || repeat) && code != 0x0f && (code != 0x90 || repeat))
		return false;
	take_rex(e, &code);
	if (code >= 0x50 && code <= 0x57)
		return push(e, *register_of(e->regs, (code - 0x50u) | e->extend_base));
	if (code >= 0x58 && code <= 0x5f)
		return pop(e, register_of(e->regs, (code - 0x58u) | e->extend_base));
	if (code >= 0xb8 && code <= 0xbf) {
		if (e->wide || !take(e, &value, 4))
			return false;
		*register_of(e->regs, (code - 0xb8u) | e->extend_base) = value;
		return true;
	}
	if (code >= 0x70 && code <= 0x7f) {
		*jumped = true;
		return jump_if(e, code);
	}
	switch (code) {
	case 0x90:
		return !e->extend_base; /* else it exchanges two registers */
	case 0x0f:
		return with_two_bytes(e, repeat);
	case 0x01:
	case 0x03:
	case 0x09:
	case 0x0b:
	case 0x21:
	case 0x23:
	case 0x29:
	case 0x2b:
	case 0x31:
	case 0x33:
	case 0x39:
	case 0x3b:
		return with_two(e, code);
	case 0x63:
	case 0x85:
	case 0x89:
	case 0x8b:
	case 0x8d:
		return with_registers(e, code);
	case 0x81:
	case 0x83:
		return with_immediate(e, code);
	case 0xc9:
		e->regs->rsp = e->regs->rbp;
		return pop(e, &e->regs->rbp);
	case 0xe9:
	case 0xeb:
		*jumped = true;
		return jump(e, code);
	default:
		return false;
	}
}

bool emulate(struct thread *thread, const struct breakpoint *b, struct user_regs_struct *regs)
{
	struct user_regs_struct changed = *regs;
	struct emulation e = {.process = thread->process, .regs = &changed, .at = b->original,
			      .end = b->original + b->length};
	bool jumped = false;

	changed.rip = b->address;
	if (regs->cs != CODE_64 || !execute(&e, &jumped))
		return false;
	if (!jumped)
		changed.rip = b->address + (uint64_t)(e.at - b->original);
	*regs = changed;
	return true;
}
