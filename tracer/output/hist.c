/*
 * Histograms: rows with a bar as bpftrace draws them, or an array of buckets.
 */
#include "state.h"

#include "bpf/abi.h"

enum { BAR = 52 }; /* characters of the longest bar */

size_t hist_buckets(const struct plan_map *map)
{
	uint64_t range;

	if (map->aggregate == PLAN_HIST)
		return ABI_HIST_BUCKETS;
	if (map->lhist_step <= 0 || map->lhist_max <= map->lhist_min)
		return 0;
	range = (uint64_t)map->lhist_max - (uint64_t)map->lhist_min;
	range = (range - 1) / (uint64_t)map->lhist_step + 1;
	return range > ABI_LHIST_MOST ? 0 : (size_t)range + 2;
}

uint64_t hist_total(const struct plan_map *map, const uint64_t *buckets)
{
	uint64_t total = 0;

	for (size_t i = 0; i < hist_buckets(map); i++)
		total += buckets[i];
	return total;
}

/* From the first to the last bucket that holds something; false when none does. */
static bool filled_range(const struct plan_map *map, const uint64_t *buckets, size_t *first,
                         size_t *last)
{
	size_t count = hist_buckets(map);

	*first = count;
	for (size_t i = 0; i < count; i++) {
		if (!buckets[i])
			continue;
		if (*first == count)
			*first = i;
		*last = i;
	}
	return *first < count;
}

/* The values of a bucket, both ends included. */
struct range {
	bool has_min, has_max;
	bool is_unsigned; /* max may be above INT64_MAX */
	int64_t min;
	uint64_t max;
};

static struct range hist_range(size_t i)
{
	struct range range = {.has_min = true, .has_max = true, .is_unsigned = true};

	if (i == 0) {
		range.has_min = range.is_unsigned = false;
		range.max = (uint64_t)-1;
	} else if (i > 1) {
		range.min = (int64_t)((uint64_t)1 << (i - 2));
		range.max = ((uint64_t)1 << (i - 2)) * 2 - 1;
	}
	return range;
}

/* Unsigned arithmetic: the ends may lie anywhere in 64 bits. The last step may be a short one. */
static struct range lhist_range(const struct plan_map *map, size_t i)
{
	size_t last = hist_buckets(map) - 1;
	uint64_t min = (uint64_t)map->lhist_min + (uint64_t)map->lhist_step * (i - 1);
	struct range range = {.has_min = i > 0, .has_max = i < last};

	range.min = i == last ? map->lhist_max : (int64_t)min;
	range.max = i == 0          ? (uint64_t)map->lhist_min - 1
	            : i == last - 1 ? (uint64_t)map->lhist_max - 1
	                            : min + (uint64_t)map->lhist_step - 1;
	return range;
}

/* ---- text ---- */

/* 2^power: 64, 1K, 512M, 8E. */
static void put_power(struct buffer *b, size_t power)
{
	put_unsigned(b, (uint64_t)1 << power % 10);
	if (power >= 10)
		put_char(b, " KMGTPE"[power / 10]);
}

static void put_lhist_end(struct buffer *b, int64_t end)
{
	if (end && end % (1 << 20) == 0) {
		put_signed(b, end / (1 << 20));
		put_char(b, 'M');
	} else if (end && end % (1 << 10) == 0) {
		put_signed(b, end / (1 << 10));
		put_char(b, 'K');
	} else {
		put_signed(b, end);
	}
}

static void hist_label(struct buffer *b, size_t i)
{
	if (i == 0) {
		put_text(b, "(..., 0)");
	} else if (i <= 2) {
		put_text(b, i == 1 ? "[0]" : "[1]");
	} else {
		put_char(b, '[');
		put_power(b, i - 2);
		put_text(b, ", ");
		put_power(b, i - 1);
		put_char(b, ')');
	}
}

static void lhist_label(struct buffer *b, const struct plan_map *map, size_t i)
{
	struct range range = lhist_range(map, i);

	put_text(b, range.has_min ? "[" : "(...");
	if (range.has_min)
		put_lhist_end(b, range.min);
	put_text(b, ", ");
	if (range.has_max)
		put_lhist_end(b, (int64_t)(range.max + 1));
	else
		put_text(b, "...");
	put_char(b, ')');
}

static void put_spaces(struct buffer *b, size_t from, size_t width)
{
	while (b->length - from < width && !b->failed)
		put_char(b, ' ');
}

static void row_text(struct buffer *b, const struct plan_map *map, size_t i, uint64_t count,
                     uint64_t most)
{
	unsigned bar = (unsigned)((float)count / (float)most * BAR); /* bpftrace's rounding */
	uint64_t digits = 1;
	size_t start = b->length;

	if (map->aggregate == PLAN_HIST)
		hist_label(b, i);
	else
		lhist_label(b, map, i);
	for (uint64_t rest = count; rest >= 10; rest /= 10)
		digits++;
	put_spaces(b, start, 16);
	put_spaces(b, b->length, digits < 8 ? 8 - digits : 0);
	put_unsigned(b, count);
	put_text(b, " |");
	start = b->length;
	for (unsigned k = 0; k < bar; k++)
		put_char(b, '@');
	put_spaces(b, start, BAR);
	put_text(b, "|\n");
}

void hist_text(struct buffer *b, const struct plan_map *map, const uint64_t *buckets)
{
	size_t first, last = 0;
	uint64_t most = 0;

	if (!filled_range(map, buckets, &first, &last))
		return;
	for (size_t i = first; i <= last; i++)
		most = buckets[i] > most ? buckets[i] : most;
	for (size_t i = first; i <= last; i++)
		row_text(b, map, i, buckets[i], most);
}

/* ---- JSON ---- */

static void bucket_json(struct buffer *b, const struct range *range, uint64_t count)
{
	put_char(b, '{');
	if (range->has_min) {
		put_text(b, "\"min\":");
		if (range->is_unsigned)
			put_unsigned(b, (uint64_t)range->min);
		else
			put_signed(b, range->min);
		put_char(b, ',');
	}
	if (range->has_max) {
		put_text(b, "\"max\":");
		if (range->is_unsigned)
			put_unsigned(b, range->max);
		else
			put_signed(b, (int64_t)range->max);
		put_char(b, ',');
	}
	put_text(b, "\"count\":");
	put_unsigned(b, count);
	put_char(b, '}');
}

void hist_json(struct buffer *b, const struct plan_map *map, const uint64_t *buckets)
{
	size_t first, last = 0;

	put_char(b, '[');
	if (filled_range(map, buckets, &first, &last)) {
		for (size_t i = first; i <= last; i++) {
			struct range range =
			        map->aggregate == PLAN_HIST ? hist_range(i) : lhist_range(map, i);

			if (i > first)
				put_char(b, ',');
			bucket_json(b, &range, buckets[i]);
		}
	}
	put_char(b, ']');
}
