/*
 * Owns the lengths of x86-64 instructions, as far as to find the jumps of a function in one sweep over it
 * (Intel SDM volume 2, appendix A: the opcode maps). Compilers keep jump tables elsewhere, so
 * the sweep stays on the instructions.
 */
#include "scope.h"

#include <string.h>

/* What follows an opcode. */
enum {
	NOTHING = 0,
	MODRM = 1,
	BYTE = 2, /* an immediate of one byte */
	WORD = 4, /* of four, or of two behind 0x66 */
	JUMP = 8, /* it is the distance to a target */
	BAD = 16,
};

struct sweep {
	const uint8_t *at, *end;
	bool short_word; /* 0x66 */
	bool over;	 /* an instruction that the function's end cuts off */
	uint8_t rex;
};

static uint8_t one_byte(uint8_t opcode)
{
	if (opcode < 0x40) {
		switch (opcode & 7) {
		case 4:
			return BYTE;
		case 5:
			return WORD;
		default:
			return (opcode & 7) < 4 ? MODRM : BAD;
		}
	}
	switch (opcode) {
	case 0x50 ... 0x5f:
	case 0x6c ... 0x6f:
	case 0x90 ... 0x99:
	case 0x9b ... 0x9f:
	case 0xa4 ... 0xa7:
	case 0xaa ... 0xaf:
	case 0xc3:
	case 0xc9:
	case 0xcc:
	case 0xf4:
	case 0xf5:
	case 0xf8 ... 0xfd:
		return NOTHING;
	case 0x6a:
	case 0xa8:
	case 0xb0 ... 0xb7:
	case 0xcd:
		return BYTE;
	case 0x70 ... 0x7f:
	case 0xe0 ... 0xe3:
	case 0xeb:
		return BYTE | JUMP;
	case 0x68:
	case 0xa9:
	case 0xe8:
		return WORD;
	case 0xe9:
		return WORD | JUMP;
	case 0x6b:
	case 0x80:
	case 0x83:
	case 0xc0:
	case 0xc1:
	case 0xc6:
		return MODRM | BYTE;
	case 0x69:
	case 0x81:
	case 0xc7:
		return MODRM | WORD;
	case 0x63:
	case 0x84 ... 0x8f:
	case 0xd0 ... 0xd3:
	case 0xd8 ... 0xdf:
	case 0xf6:
	case 0xf7:
	case 0xfe:
	case 0xff:
		return MODRM;
	default:
		return BAD;
	}
}

static uint8_t two_byte(uint8_t opcode)
{
	switch (opcode) {
	case 0x05:
	case 0x0b:
	case 0x31:
	case 0xa2:
	case 0xc8 ... 0xcf:
	case 0x77:
		return NOTHING;
	case 0x80 ... 0x8f:
		return WORD | JUMP;
	case 0x70 ... 0x73:
	case 0xa4:
	case 0xac:
	case 0xba:
	case 0xc2:
	case 0xc4 ... 0xc6:
		return MODRM | BYTE;
	case 0x04:
	case 0x06 ... 0x0a:
	case 0x0c:
	case 0x24 ... 0x27:
	case 0x30:
	case 0x32 ... 0x3f:
	case 0xa0 ... 0xa1:
	case 0xa8 ... 0xaa:
		return BAD;
	default:
		return MODRM;
	}
}

static uint8_t take(struct sweep *s)
{
	if (s->at < s->end)
		return *s->at++;
	s->over = true;
	return 0;
}

static uint8_t peek(const struct sweep *s)
{
	return s->at < s->end ? *s->at : 0;
}

/* The opcode with its prefixes and escapes. */
static uint8_t take_opcode(struct sweep *s, uint8_t *opcode)
{
	*opcode = take(s);
	while (*opcode == 0x66 || *opcode == 0x67 || *opcode == 0xf0 || *opcode == 0xf2 ||
	       *opcode == 0xf3 || *opcode == 0x2e || *opcode == 0x36 || *opcode == 0x3e ||
	       *opcode == 0x26 || *opcode == 0x64 || *opcode == 0x65) {
		s->short_word |= *opcode == 0x66;
		if (s->at >= s->end)
			return BAD;
		*opcode = take(s);
	}
	if ((*opcode & 0xf0) == 0x40) {
		s->rex = *opcode;
		*opcode = take(s);
	}
	if (*opcode == 0xc5 || *opcode == 0xc4 || *opcode == 0x62) { /* VEX, EVEX */
		unsigned map = 1, skip = *opcode == 0xc5 ? 1 : *opcode == 0xc4 ? 2 : 3;

		if (*opcode != 0xc5)
			map = peek(s) & (*opcode == 0x62 ? 7 : 31);
		while (skip--)
			take(s);
		*opcode = take(s);
		s->short_word = false;
		return map == 1 ? (uint8_t)(two_byte(*opcode) & ~JUMP)
				: map == 2 ? MODRM : map == 3 ? MODRM | BYTE : BAD;
	}
	if (*opcode >= 0xb8 && *opcode <= 0xbf) {
		unsigned bytes = s->rex & 8 ? 8 : s->short_word ? 2 : 4;

		while (bytes--)
			take(s);
		return NOTHING;
	}
	if (*opcode == 0xc2) {
		s->short_word = true;
		return WORD;
	}
	if (*opcode != 0x0f)
		return one_byte(*opcode);
	*opcode = take(s);
	if (*opcode == 0x38 || *opcode == 0x3a) {
		uint8_t third = *opcode;

		take(s);
		return third == 0x38 ? MODRM : MODRM | BYTE;
	}
	return two_byte(*opcode);
}

static uint8_t take_modrm(struct sweep *s)
{
	uint8_t modrm = take(s), mod = modrm >> 6, rm = modrm & 7;
	unsigned skip = mod == 1 ? 1 : mod == 2 || (!mod && rm == 5) ? 4 : 0;

	if (mod != 3 && rm == 4) {
		uint8_t sib = take(s);

		if (!mod && (sib & 7) == 5)
			skip = 4;
	}
	while (skip--)
		take(s);
	return modrm;
}

/* One instruction. Its jump's distance, 0 for none; false: not known. */
static bool step(struct sweep *s, int32_t *distance)
{
	uint8_t opcode, form, modrm;
	unsigned bytes;
	uint32_t value = 0;

	s->short_word = false;
	s->rex = 0;
	*distance = 0;
	form = take_opcode(s, &opcode);
	if (form & BAD)
		return false;
	modrm = form & MODRM ? take_modrm(s) : 0;
	/* Only test, of these two groups, has a value. */
	if (form == MODRM && (opcode == 0xf6 || opcode == 0xf7) && (modrm >> 3 & 7) < 2)
		form |= opcode == 0xf6 ? BYTE : WORD;
	bytes = form & BYTE ? 1 : form & WORD ? 4 : 0;
	if (bytes == 4 && s->short_word && !(s->rex & 8) && !(form & JUMP) && opcode != 0xe8)
		bytes = 2;
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint32_t)take(s) << 8 * i;
	if (form & JUMP)
		*distance = bytes == 1 ? (int8_t)value : (int32_t)value;
	return !s->over;
}

bool sweep_targets(const uint8_t *code, size_t size, uint8_t *targets)
{
	struct sweep s = {.at = code, .end = code + size};

	while (s.at < s.end) {
		int32_t distance;
		int64_t target;

		if (!step(&s, &distance))
			return false;
		target = s.at - code + distance;
		if (distance && target >= 0 && (uint64_t)target < size)
			targets[target / 8] |= (uint8_t)(1 << target % 8);
	}
	return true;
}

size_t sweep_length(const uint8_t *code, size_t size)
{
	struct sweep s = {.at = code, .end = code + size};
	int32_t distance;

	return step(&s, &distance) ? (size_t)(s.at - code) : 0;
}
