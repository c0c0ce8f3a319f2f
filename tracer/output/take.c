/* Values out of the bytes that an engine delivered, with every length checked. */
#include "value.h"

#include "bpf/abi.h"

#include <errno.h>
#include <string.h>

static uint64_t load_integer(const char *bytes, uint32_t size, bool is_signed)
{
	uint64_t bits = 0;
	unsigned shift = 64 - size * 8;

	memcpy(&bits, bytes, size); /* little-endian, as every host of BPF here */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bits >>= shift;
#endif
	if (is_signed && shift)
		return (uint64_t)((int64_t)(bits << shift) >> shift);
	return bits;
}

/* A text that was cut in the middle of a character ends before that character. */
static size_t whole_characters(const char *bytes, size_t length)
{
	const unsigned char *c = (const unsigned char *)bytes;

	for (size_t back = 1; back <= 3 && back <= length; back++) {
		unsigned char lead = c[length - back];
		unsigned needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

		if ((lead & 0xc0) != 0x80)
			return needed > back ? length - back : length;
	}
	return length;
}

static int take_text(const struct plan_value *place, const char *at, struct value *v)
{
	struct abi_text text;

	if (place->size < sizeof(text))
		return -EBADMSG;
	memcpy(&text, at, sizeof(text));
	if (text.length > place->size - sizeof(text))
		return -EBADMSG;
	v->bytes = at + sizeof(text);
	v->length = text.length;
	v->cut = text.length > place->limit || text.cut;
	if (text.length > place->limit)
		v->length = whole_characters(v->bytes, place->limit);
	return 0;
}

static int take_bytes(const struct plan_value *place, const char *at, struct value *v)
{
	struct abi_bytes bytes;

	if (place->size < sizeof(bytes))
		return -EBADMSG;
	memcpy(&bytes, at, sizeof(bytes));
	if (bytes.length > place->size - sizeof(bytes))
		return -EBADMSG;
	v->bytes = at + sizeof(bytes);
	v->length = bytes.length < place->limit ? bytes.length : place->limit;
	v->cut = bytes.wanted > v->length || bytes.length > v->length;
	return 0;
}

static int take_bits(const struct plan_value *place, const char *at, struct value *v)
{
	unsigned unused = 64u - place->bits;
	uint64_t bits;

	if (place->size > 9 || place->bits > 64 || place->from > 7 ||
	    place->from + place->bits > place->size * 8u)
		return -EBADMSG;
	v->size = 8;
	v->is_signed = place->is_signed;
	bits = load_integer(at, place->size < 8 ? place->size : 8, false) >> place->from;
	if (place->size == 9)
		bits |= (uint64_t)(unsigned char)at[8] << (64 - place->from);
	v->bits = bits << unused;
	v->bits = v->is_signed ? (uint64_t)((int64_t)v->bits >> unused) : v->bits >> unused;
	return 0;
}

static int take_number(const struct plan_value *place, const char *at, struct value *v)
{
	uint32_t size = place->size;
	float small;

	if (place->bits)
		return take_bits(place, at, v);
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return -EBADMSG;
	v->size = (uint8_t)size;
	v->is_signed = place->is_signed && place->type != PLAN_POINTER;
	v->bits = load_integer(at, size, v->is_signed);
	if (place->type != PLAN_FLOAT)
		return 0;
	if (size == 4) {
		memcpy(&small, at, sizeof(small));
		v->real = (double)small;
	} else if (size == 8) {
		memcpy(&v->real, at, sizeof(v->real));
	}
	return size >= 4 ? 0 : -EBADMSG;
}

/* Integers that say their sign themselves, or that have more than 64 bits. */
static int take_pair(const struct plan_value *place, const char *at, struct value *v)
{
	uint64_t second;

	if (place->size != 16)
		return -EBADMSG;
	memcpy(&v->bits, at, sizeof(v->bits));
	memcpy(&second, at + 8, sizeof(second));
	if (place->type == PLAN_WIDE) {
		v->high = second;
		return 0;
	}
	v->size = 8;
	v->is_signed = second != 0;
	return 0;
}

static int take_stack(const struct plan_value *place, const char *at, struct value *v)
{
	if (place->size < 16)
		return -EBADMSG;
	v->bits = load_integer(at, 8, true);
	memcpy(&v->pid, at + 8, sizeof(v->pid));
	return 0;
}

size_t value_parts(const struct plan_value *place)
{
	return place->type == PLAN_ARRAY ? place->count : place->part_count;
}

/* A part of a tuple, a struct or an array that starts there. */
static int take_part(const struct plan_value *whole, const char *at, size_t i, struct value *v)
{
	const struct plan_value *part = &whole->parts[whole->type == PLAN_ARRAY ? 0 : i];
	size_t start = whole->type == PLAN_ARRAY ? i * part->size : 0;

	if (start > whole->size)
		return -EBADMSG;
	return value_take(part, at + start, whole->size - start, v);
}

/* All of its parts are looked at here, so that nobody meets a surprise in them. */
static int take_whole(const struct plan_value *place, const char *at, struct value *v)
{
	struct value part;
	int r = 0;

	v->parts = at;
	for (size_t i = 0; i < value_parts(place) && !r; i++)
		r = take_part(place, at, i, &part);
	return r;
}

struct value value_part(const struct value *whole, size_t i)
{
	struct value part;

	take_part(whole->place, whole->parts, i, &part);
	return part;
}

int value_take(const struct plan_value *place, const void *base, size_t size, struct value *v)
{
	const char *at = (const char *)base + place->offset;

	*v = (struct value){.type = place->type, .place = place};
	if (place->offset > size || place->size > size - place->offset)
		return -EBADMSG;
	switch (place->type) {
	case PLAN_TEXT:
		return take_text(place, at, v);
	case PLAN_BYTES:
		return take_bytes(place, at, v);
	case PLAN_COMM:
		v->bytes = at;
		v->length = strnlen(at, place->size);
		return 0;
	case PLAN_USTACK:
	case PLAN_KSTACK:
	case PLAN_USYM:
	case PLAN_KSYM:
		return take_stack(place, at, v);
	case PLAN_TUPLE:
	case PLAN_RECORD:
	case PLAN_ARRAY:
		return take_whole(place, at, v);
	case PLAN_INET:
	case PLAN_MAC:
		v->parts = at;
		v->place = place;
		return place->size >= (place->type == PLAN_INET ? sizeof(struct abi_inet) : 6)
		               ? 0
		               : -EBADMSG;
	case PLAN_ERRNO:
	case PLAN_TIMESTAMP:
	case PLAN_CGROUP:
	case PLAN_USER:
	case PLAN_FUNCTION:
		v->place = place;
		return take_number(place, at, v);
	case PLAN_NONE:
		return 0;
	case PLAN_WIDE:
		return take_pair(place, at, v);
	default:
		if (place->type == PLAN_INT && place->size == 16)
			return take_pair(place, at, v);
		return take_number(place, at, v);
	}
}
