/*
 * Owns where a value was before it was copied for the marker: compilers move an argument to a register
 * or a slot of the stack of its own right in front of the site (clang always, gcc for floats), where
 * no variable is. Only moves are followed, of x86-64, of the marker's own line or from the function's start on, and only behind
 * all other instructions and all that is jumped to, so that a copy that is found is one on every way.
 */
#include "scope.h"

#include "elf/file.h"
#include "operand/operand.h"

#include <dwarf.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	REACH = 256,	      /* bytes in front of the site */
	FUNCTION_MOST = 1 << 20, /* bytes; a larger one is not searched for jumps */
	STARTS_MOST = 32,
};

/* Encoded register to DWARF's number: the rest is the same. */
static const uint8_t numbers[8] = {0, 2, 1, 3, 7, 6, 4, 5};
enum { XMM = 17, RIP = 16 };

/* A move, decoded. */
struct move {
	struct place to, from; /* PLACE_NONE: something else */
	uint8_t size;	       /* bytes that are the same on both sides */
};

struct decoder {
	const uint8_t *at, *end;
	uint64_t next; /* address behind the instruction: what %rip is */
	uint8_t rex;
	uint8_t prefix; /* 0x66, 0xf2, 0xf3 or 0 */
	uint8_t modrm;
	bool failed;
};

static uint8_t byte(struct decoder *d)
{
	if (d->at < d->end)
		return *d->at++;
	d->failed = true;
	return 0;
}

static int32_t number(struct decoder *d, unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint32_t)byte(d) << 8 * i;
	return bytes == 1 ? (int8_t)value : (int32_t)value;
}

static struct place general(const struct decoder *d, unsigned encoded, unsigned size)
{
	/* ah, ch, dh, bh */
	if (size == 1 && !d->rex && encoded >= 4 && encoded < 8)
		return (struct place){.kind = PLACE_NONE};
	return (struct place){PLACE_REGISTER, encoded < 8 ? numbers[encoded] : (int)encoded, 0};
}

static struct place vector(unsigned encoded)
{
	return (struct place){PLACE_REGISTER, XMM + (int)encoded, 0};
}

static unsigned reg_field(const struct decoder *d)
{
	return (d->modrm >> 3 & 7) | (d->rex & 4) << 1;
}

/* The place of the other operand; of a register the encoded number in *encoded. */
static struct place other(struct decoder *d, bool *is_register, unsigned *encoded)
{
	unsigned mod = d->modrm >> 6, rm = d->modrm & 7, base = rm;
	bool index = false;
	int64_t offset = 0;

	*is_register = mod == 3;
	*encoded = rm | (unsigned)(d->rex & 1) << 3;
	if (mod == 3)
		return (struct place){.kind = PLACE_NONE};
	if (rm == 4) {
		uint8_t sib = byte(d);

		base = sib & 7;
		index = (sib >> 3 & 7) != 4 || d->rex & 2;
	}
	if (mod == 0 && base == 5) {
		offset = number(d, 4);
		if (rm == 4)
			index = true; /* no base: nothing that we know */
		else
			return (struct place){PLACE_STATIC, RIP, offset};
	} else if (mod) {
		offset = number(d, mod == 1 ? 1 : 4);
	}
	base |= (unsigned)(d->rex & 1) << 3;
	if (index)
		return (struct place){.kind = PLACE_NONE};
	return (struct place){PLACE_MEMORY, base < 8 ? numbers[base] : (int)base, offset};
}

/* A move between a register (of the vector kind where `wide`) and what else is named. */
static void both(struct decoder *d, struct move *m, bool store, bool wide, bool other_wide,
		 unsigned size)
{
	struct place reg, place;
	bool is_register;
	unsigned encoded;

	d->modrm = byte(d);
	reg = wide ? vector(reg_field(d)) : general(d, reg_field(d), size);
	place = other(d, &is_register, &encoded);
	if (is_register)
		place = other_wide ? vector(encoded) : general(d, encoded, size);
	m->to = store ? place : reg;
	m->from = store ? reg : place;
	m->size = (uint8_t)size;
}

static void two_bytes(struct decoder *d, struct move *m)
{
	uint8_t opcode = byte(d);
	unsigned word = d->rex & 8 ? 8 : 4;

	switch (opcode) {
	case 0x10: /* movss, movsd */
	case 0x11:
		if (d->prefix != 0xf2 && d->prefix != 0xf3)
			break;
		both(d, m, opcode == 0x11, true, true, d->prefix == 0xf2 ? 8 : 4);
		return;
	case 0x28: /* movaps */
		both(d, m, false, true, true, 16);
		return;
	case 0x6e: /* movd, movq */
		if (d->prefix != 0x66)
			break;
		both(d, m, false, true, false, word);
		return;
	case 0x7e:
		if (d->prefix == 0xf3)
			both(d, m, false, true, true, 8);
		else if (d->prefix == 0x66)
			both(d, m, true, true, false, word);
		else
			break;
		return;
	case 0xd6:
		if (d->prefix != 0x66)
			break;
		both(d, m, true, true, true, 8);
		return;
	case 0xb6: /* movzx, movsx: of what is in both */
	case 0xbe:
		both(d, m, false, false, false, 1);
		return;
	case 0xb7:
	case 0xbf:
		both(d, m, false, false, false, 2);
		return;
	}
	d->failed = true;
}

/* A constant's way: the place is not what it was. */
static void constant(struct decoder *d, struct move *m, unsigned size)
{
	bool is_register;
	unsigned encoded;

	d->modrm = byte(d);
	m->to = other(d, &is_register, &encoded);
	if (is_register)
		m->to = general(d, encoded, size);
	number(d, size == 1 ? 1 : d->prefix == 0x66 ? 2 : 4);
}

/* and $1,%r10b */
static void and_one(struct decoder *d)
{
	bool is_register;
	unsigned encoded;

	d->modrm = byte(d);
	other(d, &is_register, &encoded);
	d->failed |= (d->modrm >> 3 & 7) != 4 || byte(d) != 1;
}

/* One instruction, which must be a move, or do nothing. */
static void decode(struct decoder *d, struct move *m)
{
	unsigned word;
	uint8_t opcode;

	*m = (struct move){.size = 0};
	d->rex = d->prefix = 0;
	opcode = byte(d);
	if (opcode == 0x66 || opcode == 0xf2 || opcode == 0xf3) {
		d->prefix = opcode;
		opcode = byte(d);
	}
	if ((opcode & 0xf0) == 0x40) {
		d->rex = opcode;
		opcode = byte(d);
	}
	word = d->rex & 8 ? 8 : d->prefix == 0x66 ? 2 : 4;
	if (opcode == 0x0f)
		two_bytes(d, m);
	else if (opcode == 0x88 || opcode == 0x8a)
		both(d, m, opcode == 0x88, false, false, 1);
	else if (opcode == 0x89 || opcode == 0x8b)
		both(d, m, opcode == 0x89, false, false, word);
	else if (opcode == 0x63)
		both(d, m, false, false, false, 4);
	else if (opcode == 0xc6 || opcode == 0xc7)
		constant(d, m, opcode == 0xc6 ? 1 : 4);
	else if (opcode == 0x24 && d->at < d->end && *d->at == 1)
		byte(d); /* and $1,%al: of a bool, which it does not change */
	else if (opcode == 0x80)
		and_one(d);
	else if (opcode != 0x90)
		d->failed = true;
	/* What is relative to %rip is known when the instruction's end is. */
	if (m->to.kind == PLACE_STATIC)
		m->to = (struct place){.kind = PLACE_NONE};
	if (m->from.kind == PLACE_STATIC)
		m->from.offset += (int64_t)(d->next - (uint64_t)(d->end - d->at));
}

/* ---- what is where ---- */

static bool overlaps(const struct place *a, unsigned size, const struct place *b, unsigned other)
{
	if (a->kind != b->kind || a->number != b->number)
		return false;
	return a->kind == PLACE_REGISTER || (a->offset < b->offset + (int64_t)other &&
					     b->offset < a->offset + (int64_t)size);
}

static void record(struct copies *copies, const struct move *m, uint64_t address)
{
	const struct copy *source = NULL;
	struct copy new = {.to = m->to, .from = m->from, .size = m->size, .address = address};

	for (size_t i = 0; i < copies->count; i++)
		if (m->from.kind != PLACE_NONE && place_same(&copies->items[i].to, &m->from) &&
		    copies->items[i].size >= m->size)
			source = &copies->items[i];
	new.before = source ? source->self : 0;
	/* What is overwritten is no copy any more, nor what is found by a register that is. */
	for (size_t i = 0; i < copies->count; i++) {
		struct copy *c = &copies->items[i];

		if (overlaps(&c->to, c->size, &m->to, m->size ? m->size : 8) ||
		    (m->to.kind == PLACE_REGISTER && c->to.kind == PLACE_MEMORY &&
		     c->to.number == m->to.number))
			c->stale = true;
	}
	new.self = copies->count + 1;
	if (m->from.kind != PLACE_NONE && m->to.kind != PLACE_NONE)
		copies->items[copies->count++] = new;
}

static bool is_target(const struct function_code *c, uint64_t address)
{
	return c->targets[(address - c->address) / 8] >> (address - c->address) % 8 & 1;
}

/*
 * From a boundary of instructions up to the site. What is no move may change anything, and where something
 * jumps to anything may be: what is known begins behind it. False: there was such a thing.
 */
static bool follow(const struct function_code *c, uint64_t start, uint64_t end,
		   struct copies *copies)
{
	bool moves_only = true;
	struct move m;

	copies->count = 0;
	for (uint64_t address = start; address < end;) {
		const uint8_t *bytes = c->bytes + (address - c->address);
		struct decoder d = {.at = bytes, .end = bytes + (end - address), .next = end};
		size_t length = sweep_length(bytes, end - address);

		if (!length)
			return false;
		decode(&d, &m);
		if (d.failed || (size_t)(d.at - bytes) != length ||
		    (address != start && is_target(c, address)) || copies->count == COPIES_MOST) {
			copies->count = 0;
			moves_only = false;
		}
		if (!d.failed && (m.to.kind != PLACE_NONE || m.from.kind != PLACE_NONE))
			record(copies, &m, address);
		address += length;
	}
	if (is_target(c, end)) {
		copies->count = 0;
		moves_only = false;
	}
	return moves_only;
}

/* ---- the function ---- */

void function_code_free(struct function_code *c)
{
	free(c->bytes);
	free(c->targets);
	*c = (struct function_code){.size = 0};
}

/* The function's code, and where something jumps to (by a jump table to the start of a statement, and
 * no copy is taken from in front of the marker's own). Sites of one function come one after the other, so the last one is kept. */
static bool read_code(const struct elf_file *elf, const struct scoped_site *s, struct function_code *c)
{
	Dwarf_Die function = s->function;
	Dwarf_Addr low, high;
	uint64_t site = s->site->address, offset;

	if (!function.addr || dwarf_lowpc(&function, &low) || dwarf_highpc(&function, &high) ||
	    site < low || site >= high || high - low > FUNCTION_MOST)
		return false;
	if (c->size == high - low && c->address == low)
		return c->swept;
	function_code_free(c);
	c->bytes = malloc(high - low);
	c->targets = calloc(1, (high - low) / 8 + 1);
	if (!c->bytes || !c->targets || !elf_file_offset(elf, low, &offset) ||
	    pread(elf_file_fd(elf), c->bytes, high - low, (off_t)offset) != (ssize_t)(high - low)) {
		function_code_free(c);
		return false;
	}
	c->address = low;
	c->size = high - low;
	c->swept = sweep_targets(c->bytes, c->size, c->targets);
	return c->swept;
}

/* ---- the marker's line ---- */

/* Where instructions of the site's line begin, from the site backwards: how many there are. */
static size_t line_starts(const struct scoped_site *s, uint64_t lowest, uint64_t *starts)
{
	uint64_t end = s->site->address;
	Dwarf_Die unit = s->unit;
	Dwarf_Lines *lines;
	size_t count, low = 0, high, found = 0;
	uint64_t other = 0; /* an address of another line, so far */
	int wanted = 0;

	if (!unit.addr || dwarf_getsrclines(&unit, &lines, &count))
		return 0;
	for (high = count; low < high;) { /* the first row behind the site */
		size_t middle = low + (high - low) / 2;
		Dwarf_Addr address = 0;

		dwarf_lineaddr(dwarf_onesrcline(lines, middle), &address);
		if (address <= end)
			low = middle + 1;
		else
			high = middle;
	}
	while (low-- > 0 && found < STARTS_MOST) {
		Dwarf_Line *row = dwarf_onesrcline(lines, low);
		Dwarf_Addr address;
		int line;

		if (dwarf_lineaddr(row, &address) || dwarf_lineno(row, &line) || address < lowest ||
		    end - address > REACH)
			break;
		if (!line) /* the compiler's own, of no line */
			continue;
		if (!wanted)
			wanted = line;
		/* Of several rows at one address, any may be of the line. */
		if (address < other)
			break;
		if (line == wanted) {
			other = 0;
			if (!found || starts[found - 1] != address)
				starts[found++] = address;
		} else if (!found || starts[found - 1] != address) {
			other = address;
		}
	}
	return found;
}

void copies_find(const struct elf_file *elf, const struct scoped_site *s, struct function_code *code,
		 struct copies *copies)
{
	uint64_t site = s->site->address, starts[STARTS_MOST];
	size_t count;

	copies->count = 0;
	if (s->site->machine != EM_X86_64 || !read_code(elf, s, code))
		return;
	count = line_starts(s, code->address, starts);
	/* No other way leads to the start of the function: moves from there on are as good. */
	if (site - code->address <= REACH && follow(code, code->address, site, copies))
		return;
	copies->count = 0;
	if (count)
		follow(code, starts[count - 1], site, copies);
}

const struct copy *copy_at(const struct copies *copies, const struct place *place, unsigned size)
{
	for (size_t i = copies->count; i-- > 0;)
		if (!copies->items[i].stale && copies->items[i].size >= size &&
		    place_same(&copies->items[i].to, place))
			return &copies->items[i];
	return NULL;
}

const struct copy *copy_before(const struct copies *copies, const struct copy *copy)
{
	return copy->before ? &copies->items[copy->before - 1] : NULL;
}
