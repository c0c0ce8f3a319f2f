/*
 * Maps: their entries are collected, sorted and printed.
 */
#include "state.h"

#include "bpf/abi.h"

#include <errno.h>
#include <stdlib.h>

/* Keys and values are kept one behind the other, each at a multiple of 8, so that buckets can be
 * read in place. */
static size_t padded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

const char *entry_key(const struct output *o, const struct entry *entry)
{
	return o->entry_bytes.data + entry->offset;
}

const char *entry_value(const struct output *o, const struct entry *entry)
{
	return entry_key(o, entry) + padded(o->map->key_size);
}

static bool is_hist(const struct plan_map *map)
{
	return map->aggregate == PLAN_HIST || map->aggregate == PLAN_LHIST ||
	       map->aggregate == PLAN_BHIST;
}

static struct value number(uint64_t bits, bool is_signed)
{
	return (struct value){.type = PLAN_INT, .size = 8, .bits = bits, .is_signed = is_signed};
}

static __int128 sum_of(const struct abi_average *average, bool is_signed)
{
	__int128 high = is_signed ? (__int128)(int64_t)average->high : (__int128)average->high;

	return high * ((__int128)1 << 32) + average->low;
}

__int128 entry_sum(const struct output *o, const struct entry *entry)
{
	struct abi_average average;

	memcpy(&average, entry_value(o, entry), sizeof(average));
	return sum_of(&average, o->map->value.is_signed);
}

/* Cut towards zero, as in C. */
static uint64_t average_of(const struct abi_average *average, bool is_signed)
{
	return average->count ? (uint64_t)(sum_of(average, is_signed) / average->count) : 0;
}

/* The number that stands for a value: what entries are sorted by, and what is printed first. */
static int main_value(const struct plan_map *map, const char *bytes, struct value *v)
{
	bool is_signed = map->value.is_signed;
	struct abi_average average;
	struct abi_extreme extreme;
	uint64_t bits;

	switch (map->aggregate) {
	case PLAN_COUNT:
	case PLAN_SUM:
		memcpy(&bits, bytes, sizeof(bits));
		*v = number(bits, map->aggregate == PLAN_SUM && is_signed);
		return 0;
	case PLAN_MIN:
	case PLAN_MAX:
		memcpy(&extreme, bytes, sizeof(extreme));
		*v = number(extreme.value, is_signed);
		return 0;
	case PLAN_AVG:
	case PLAN_STATS:
		memcpy(&average, bytes, sizeof(average));
		*v = number(average_of(&average, is_signed), is_signed);
		return 0;
	case PLAN_HIST:
	case PLAN_LHIST:
	case PLAN_BHIST:
		*v = number(hist_total(map, (const uint64_t *)(const void *)bytes), false);
		return 0;
	case PLAN_VALUE:
		return value_take(&map->value, bytes, map->value_size, v);
	}
	return -EBADMSG;
}

bool output_map_holds(const struct plan_map *map, const void *value)
{
	struct abi_average average;
	struct abi_extreme extreme;
	uint64_t mark;

	if (map->marked) {
		memcpy(&mark, (const char *)value + map->value_size - sizeof(mark), sizeof(mark));
		return mark;
	}
	switch (map->aggregate) {
	case PLAN_MIN:
	case PLAN_MAX:
		memcpy(&extreme, value, sizeof(extreme));
		return extreme.set;
	case PLAN_AVG:
	case PLAN_STATS:
		memcpy(&average, value, sizeof(average));
		return average.count;
	case PLAN_HIST:
	case PLAN_LHIST:
	case PLAN_BHIST:
		return hist_total(map, value);
	default:
		return true;
	}
}

static size_t least_value_size(const struct plan_map *map)
{
	switch (map->aggregate) {
	case PLAN_HIST:
	case PLAN_LHIST:
	case PLAN_BHIST:
		return hist_buckets(map) * sizeof(uint64_t);
	case PLAN_COUNT:
	case PLAN_SUM:
		return sizeof(uint64_t);
	case PLAN_MIN:
	case PLAN_MAX:
		return sizeof(struct abi_extreme);
	case PLAN_VALUE:
		return 0;
	default:
		return sizeof(struct abi_average);
	}
}

int output_map_begin(struct output *o, const struct plan_map *map)
{
	if (map->role != PLAN_MAP_USER || map->value_size < least_value_size(map))
		return -EBADMSG;
	if (is_hist(map) && !hist_buckets(map))
		return -EBADMSG;
	o->map = map;
	o->top = 0;
	o->div = 1;
	o->entry_count = 0;
	buffer_clear(&o->entry_bytes);
	return o->failed;
}

void output_map_limits(struct output *o, uint64_t top, uint64_t div)
{
	o->top = top;
	o->div = div ? div : 1;
}

/*
 * What bpftrace divides: numbers, and the average that stands for avg() and stats(). The counts of
 * hist() are divided when they are printed, for its bars show them as they are.
 */
static void divide(const struct output *o, struct value *v)
{
	if (o->div == 1 || v->type != PLAN_INT || is_hist(o->map))
		return;
	if (v->is_signed && o->div <= INT64_MAX)
		v->bits = (uint64_t)((int64_t)v->bits / (int64_t)o->div);
	else
		v->bits /= o->div;
}

struct value entry_shown(const struct output *o, const struct entry *entry)
{
	struct value v = entry->order;

	if (v.type != PLAN_INT) /* its bytes may have moved since */
		value_take(&o->map->value, entry_value(o, entry), o->map->value_size, &v);
	return v;
}

uint64_t hist_div(const struct output *o)
{
	return o->map->aggregate == PLAN_LHIST ? 1 : o->div;
}

int output_map_entry(struct output *o, const void *key, const void *value)
{
	static const char zeros[8];
	const struct plan_map *map = o->map;
	struct entry *entry =
	        array_add(&o->entries, &o->entry_count, &o->entry_room, sizeof(*entry));
	struct value part;
	int r;

	if (!entry)
		return -ENOMEM;
	entry->offset = o->entry_bytes.length;
	if (map->key_size && key)
		buffer_add(&o->entry_bytes, key, map->key_size);
	else
		for (size_t i = 0; i < map->key_size; i++)
			buffer_char(&o->entry_bytes, 0);
	buffer_add(&o->entry_bytes, zeros, padded(map->key_size) - map->key_size);
	buffer_add(&o->entry_bytes, value, map->value_size);
	buffer_add(&o->entry_bytes, zeros, padded(map->value_size) - map->value_size);
	if (o->entry_bytes.failed)
		return -ENOMEM;
	/* Everything is looked at once here, so that printing can't meet a surprise. */
	r = main_value(map, entry_value(o, entry), &entry->order);
	divide(o, &entry->order);
	for (size_t i = 0; i < map->key_count && !r; i++)
		r = value_take(&map->keys[i], entry_key(o, entry), map->key_size, &part);
	if (r)
		o->entry_count--;
	return r;
}

/* ---- sorting ---- */

static int compare_keys(const struct output *o, const struct entry *a, const struct entry *b)
{
	const struct plan_map *map = o->map;
	struct value left, right;
	int order = 0;

	for (size_t i = 0; i < map->key_count && !order; i++) {
		value_take(&map->keys[i], entry_key(o, a), map->key_size, &left);
		value_take(&map->keys[i], entry_key(o, b), map->key_size, &right);
		order = value_compare(&left, &right);
	}
	return order;
}

/* By value where that is a number, as bpftrace does it. */
static int compare_entries(const void *left, const void *right, void *context)
{
	const struct output *o = context;
	const struct entry *a = left, *b = right;
	int order = a->order.type == PLAN_INT ? value_compare(&a->order, &b->order) : 0;

	return order ? order : compare_keys(o, a, b);
}

/* ---- text ---- */

static void keys_text(struct output *o, const struct entry *entry)
{
	const struct plan_map *map = o->map;
	struct value v;

	if (!map->key_count)
		return;
	put_char(&o->text, '[');
	for (size_t i = 0; i < map->key_count; i++) {
		if (i)
			put_text(&o->text, ", ");
		value_take(&map->keys[i], entry_key(o, entry), map->key_size, &v);
		value_text(o, &o->text, &v, VALUE_PLAIN);
	}
	put_char(&o->text, ']');
}

/* What is about values, and there were none: no number would be true. */
static bool is_of_none(const struct output *o, const struct entry *entry)
{
	return !o->map->marked && !output_map_holds(o->map, entry_value(o, entry));
}

static void stats_text(struct output *o, const struct entry *entry)
{
	struct abi_average average;

	memcpy(&average, entry_value(o, entry), sizeof(average));
	put_text(&o->text, "count ");
	put_unsigned(&o->text, average.count);
	put_text(&o->text, ", average ");
	value_text(o, &o->text, &entry->order, VALUE_PLAIN);
	put_text(&o->text, ", total ");
	put_wide(&o->text, sum_of(&average, o->map->value.is_signed));
}

static void entry_text(struct output *o, const struct entry *entry)
{
	const uint64_t *buckets;
	const struct plan_map *map = o->map;
	struct buffer *b = &o->text;
	struct value v = entry_shown(o, entry);

	put_text(b, paint(&o->options, PAINT_PROBE));
	put_text(b, map->name);
	put_text(b, paint(&o->options, PAINT_OFF));
	keys_text(o, entry);
	put_char(b, ':');
	if (is_hist(map)) {
		put_char(b, '\n');
		buckets = (const uint64_t *)(const void *)entry_value(o, entry);
		hist_text(b, map, buckets, hist_div(o), o->options.percentiles);
		if (o->options.percentiles && map->aggregate == PLAN_HIST)
			hist_percentiles_text(b, map, buckets);
		return;
	}
	put_char(b, ' ');
	if (is_of_none(o, entry)) {
		put_text(b, "no values");
	} else if (map->aggregate == PLAN_STATS) {
		stats_text(o, entry);
	} else {
		value_text(o, b, &v, VALUE_PLAIN);
	}
	put_char(b, '\n');
}

static size_t first_shown(const struct output *o)
{
	return o->map->aggregate != PLAN_STATS && o->top && o->top < o->entry_count ? o->entry_count - o->top : 0;
}

/* Blank lines are where bpftrace has them: below each histogram, below averages, for a map that is empty. */
static void entries_text(struct output *o)
{
	bool averages = o->map->aggregate == PLAN_AVG || o->map->aggregate == PLAN_STATS;

	for (size_t i = first_shown(o); i < o->entry_count; i++) {
		entry_text(o, &o->entries[i]);
		if (is_hist(o->map))
			put_char(&o->text, '\n');
		output_written(o);
	}
	if (!o->entry_count)
		put_char(&o->text, '\n');
	if (averages)
		put_char(&o->text, '\n');
}

/* ---- JSON ---- */

static void keys_json(struct output *o, const struct entry *entry, bool *clean)
{
	const struct plan_map *map = o->map;
	struct value v;

	put_char(&o->text, '[');
	for (size_t i = 0; i < map->key_count; i++) {
		if (i)
			put_char(&o->text, ',');
		value_take(&map->keys[i], entry_key(o, entry), map->key_size, &v);
		*clean &= value_json(o, &o->text, &v);
	}
	put_char(&o->text, ']');
}

static void raw_value(struct buffer *b, const struct value *v)
{
	if (!v->bytes) {
		put_text(b, "null");
		return;
	}
	put_char(b, '"');
	put_hex_bytes(b, v->bytes, v->length);
	put_char(b, '"');
}

static void raw_entry_json(struct output *o, const struct entry *entry, const struct value *value)
{
	const struct plan_map *map = o->map;
	struct value v;

	put_text(&o->text, ",\"raw\":{\"key\":[");
	for (size_t i = 0; i < map->key_count; i++) {
		if (i)
			put_char(&o->text, ',');
		value_take(&map->keys[i], entry_key(o, entry), map->key_size, &v);
		raw_value(&o->text, &v);
	}
	put_text(&o->text, "],\"value\":");
	raw_value(&o->text, value);
	put_char(&o->text, '}');
}

static void average_json(struct output *o, const struct entry *entry)
{
	struct abi_average average;

	memcpy(&average, entry_value(o, entry), sizeof(average));
	put_text(&o->text, ",\"count\":");
	put_unsigned(&o->text, average.count);
	put_text(&o->text, ",\"sum\":");
	put_wide(&o->text, sum_of(&average, o->map->value.is_signed));
}

static void entry_json(struct output *o, const struct entry *entry)
{
	const uint64_t *buckets;
	const struct plan_map *map = o->map;
	struct buffer *b = &o->text;
	struct value v = entry_shown(o, entry);
	bool clean = true;

	put_text(b, "{\"map\":");
	put_json_string(b, map->name, strlen(map->name));
	put_text(b, ",\"key\":");
	keys_json(o, entry, &clean);
	if (is_hist(map)) {
		put_text(b, ",\"count\":");
		put_unsigned(b, v.bits);
		put_text(b, ",\"buckets\":");
		buckets = (const uint64_t *)(const void *)entry_value(o, entry);
		hist_json(b, map, buckets, hist_div(o));
		if (map->aggregate == PLAN_HIST && v.bits) {
			put_text(b, ",\"percentiles\":");
			hist_percentiles_json(b, map, buckets);
		}
	} else {
		put_text(b, ",\"value\":");
		if (!is_of_none(o, entry))
			clean &= value_json(o, b, &v);
		else
			put_text(b, "null");
		if (map->aggregate == PLAN_AVG || map->aggregate == PLAN_STATS)
			average_json(o, entry);
	}
	if (!clean)
		raw_entry_json(o, entry, &v);
	put_text(b, "}\n");
}

int output_map_end(struct output *o)
{
	if (o->entry_count > 1)
		qsort_r(o->entries, o->entry_count, sizeof(*o->entries), compare_entries, o);
	if (o->options.form == OUTPUT_TEXT) {
		entries_text(o);
	} else if (o->options.form == OUTPUT_BPFTRACE) {
		bpftrace_map(o, first_shown(o));
	} else {
		for (size_t i = first_shown(o); i < o->entry_count; i++) {
			entry_json(o, &o->entries[i]);
			output_written(o);
		}
	}
	o->map = NULL;
	return output_written(o);
}
