/*
 * Histograms: rows with a bar as bpftrace draws them, or an array of buckets.
 */
#include "state.h"

#include "bpf/abi.h"

#include <string.h>

enum { BAR = 52 }; /* characters of the longest bar */

size_t hist_buckets(const struct plan_map *map)
{
	uint64_t range;

	if (map->aggregate == PLAN_HIST)
		return map->hist_bits > ABI_HIST_BITS_MOST ? 0 : ABI_HIST_BUCKETS_OF(map->hist_bits);
	if (map->aggregate == PLAN_BHIST)
		return map->bounds && map->bound_count <= ABI_BOUNDS_MOST ? map->bound_count + 1 : 0;
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

static struct range hist_range(const struct plan_map *map, size_t i)
{
	struct range range = {.has_min = true, .has_max = true, .is_unsigned = true};
	uint64_t parts = (uint64_t)1 << map->hist_bits, part;
	size_t shift;

	if (i == 0) {
		range.has_min = range.is_unsigned = false;
		range.max = (uint64_t)-1;
	} else if (i <= parts) {
		range.max = i - 1;
		range.min = (int64_t)range.max;
	} else {
		shift = (size_t)((i - 1 - parts) / parts);
		part = (i - 1 - parts) % parts;
		range.min = (int64_t)((parts + part) << shift);
		range.max = (uint64_t)range.min + ((uint64_t)1 << shift) - 1;
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

static struct range bhist_range(const struct plan_map *map, size_t i)
{
	struct range range = {.has_min = i > 0, .has_max = i < map->bound_count};

	if (range.has_min)
		range.min = map->bounds[i - 1];
	if (range.has_max)
		range.max = (uint64_t)map->bounds[i] - 1;
	return range;
}

static struct range range_of(const struct plan_map *map, size_t i)
{
	return map->aggregate == PLAN_HIST    ? hist_range(map, i)
	       : map->aggregate == PLAN_LHIST ? lhist_range(map, i)
	                                      : bhist_range(map, i);
}

/* ---- text ---- */

/* 64, 1K, 1280, 512M, 8E: in the unit in which all ends of that power of two are whole numbers. */
static void put_short(struct buffer *b, uint64_t value, uint32_t bits)
{
	unsigned power = value ? 63 - (unsigned)__builtin_clzll(value) : 0;
	unsigned unit = power < bits ? 0 : (power - bits) / 10;

	put_unsigned(b, value >> unit * 10);
	if (unit)
		put_char(b, " KMGTPE"[unit]);
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

static void hist_label(struct buffer *b, const struct plan_map *map, size_t i)
{
	struct range range = hist_range(map, i);

	if (!range.has_min) {
		put_text(b, "(..., 0)");
		return;
	}
	put_char(b, '[');
	put_short(b, (uint64_t)range.min, map->hist_bits);
	if (range.max == (uint64_t)range.min) {
		put_char(b, ']');
		return;
	}
	put_text(b, ", ");
	if (range.max == UINT64_MAX)
		put_text(b, "16E");
	else
		put_short(b, range.max + 1, map->hist_bits);
	put_char(b, ')');
}

static void lhist_label(struct buffer *b, const struct plan_map *map, size_t i)
{
	struct range range = range_of(map, i);

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
                     unsigned bar)
{
	uint64_t digits = 1;
	size_t start = b->length;

	if (map->aggregate == PLAN_HIST)
		hist_label(b, map, i);
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

/* The same values with one bucket for each power of two. */
static void coarsen(const struct plan_map *map, const uint64_t *buckets, struct plan_map *coarse,
                    uint64_t *sums)
{
	*coarse = *map;
	coarse->hist_bits = 0;
	memset(sums, 0, ABI_HIST_BUCKETS * sizeof(*sums));
	for (size_t i = 0; i < hist_buckets(map); i++) {
		uint64_t low = (uint64_t)hist_range(map, i).min;
		size_t to = i == 0 ? 0 : !low ? 1 : 65 - (size_t)__builtin_clzll(low);

		sums[to] += buckets[i];
	}
}

/*
 * The end of the bucket that the part of `percent` of all values reaches: no more is known than
 * that so many are not above it.
 */
static struct range percentile(const struct plan_map *map, const uint64_t *buckets,
                               unsigned percent)
{
	uint64_t total = hist_total(map, buckets), seen = 0;
	/* The rank, rounded up, without a product that could overflow. */
	uint64_t rank = total / 100 * percent + (total % 100 * percent + 99) / 100;
	size_t i = 0;

	while (i + 1 < hist_buckets(map) && (seen += buckets[i]) < rank)
		i++;
	return hist_range(map, i);
}

static const unsigned percents[] = {50, 90, 99, 100};

void hist_percentiles_text(struct buffer *b, const struct plan_map *map, const uint64_t *buckets)
{
	for (size_t i = 0; i < sizeof(percents) / sizeof(*percents); i++) {
		struct range range = percentile(map, buckets, percents[i]);

		put_text(b, i ? ", " : "");
		if (percents[i] == 100) {
			put_text(b, "all");
		} else {
			put_unsigned(b, percents[i]);
			put_char(b, '%');
		}
		put_text(b, range.has_min ? " <= " : " < 0");
		if (range.has_min)
			put_unsigned(b, range.max);
	}
	put_char(b, '\n');
}

void hist_percentiles_json(struct buffer *b, const struct plan_map *map, const uint64_t *buckets)
{
	put_char(b, '{');
	for (size_t i = 0; i < sizeof(percents) / sizeof(*percents); i++) {
		struct range range = percentile(map, buckets, percents[i]);

		put_text(b, i ? ",\"" : "\"");
		put_unsigned(b, percents[i]);
		put_text(b, "\":");
		if (range.is_unsigned)
			put_unsigned(b, range.max);
		else
			put_signed(b, (int64_t)range.max);
	}
	put_char(b, '}');
}

void hist_text(struct buffer *b, const struct plan_map *map, const uint64_t *buckets, uint64_t div,
               bool by_powers)
{
	uint64_t sums[ABI_HIST_BUCKETS];
	struct plan_map coarse;
	size_t first, last = 0;
	uint64_t most = 0;

	if (by_powers && map->aggregate == PLAN_HIST && map->hist_bits) {
		coarsen(map, buckets, &coarse, sums);
		map = &coarse;
		buckets = sums;
	}
	if (!filled_range(map, buckets, &first, &last))
		return;
	for (size_t i = first; i <= last; i++)
		most = buckets[i] > most ? buckets[i] : most;
	for (size_t i = first; i <= last; i++)
		/* The rounding is bpftrace's. */
		row_text(b, map, i, buckets[i] / div,
		         (unsigned)((float)buckets[i] / (float)most * BAR));
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

void hist_json(struct buffer *b, const struct plan_map *map, const uint64_t *buckets, uint64_t div)
{
	size_t first, last = 0;

	put_char(b, '[');
	if (filled_range(map, buckets, &first, &last)) {
		for (size_t i = first; i <= last; i++) {
			struct range range =
			        range_of(map, i);

			if (i > first)
				put_char(b, ',');
			bucket_json(b, &range, buckets[i] / div);
		}
	}
	put_char(b, ']');
}
