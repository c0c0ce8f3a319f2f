/*
 * What one open output knows; shared by the files of this folder only.
 */
#ifndef TELLTALE_OUTPUT_STATE_H
#define TELLTALE_OUTPUT_STATE_H

#include "number.h"
#include "output.h"
#include "value.h"

/* Names, escaped once when the output is opened. */
struct words {
	const char *text; /* " id=" of an argument, " demo:request" of a probe */
	size_t text_length;
	const char *json; /* "\"id\":", and what an event's line says of its probe */
	size_t json_length;
	const char *json_shown; /* probes: "\"demo:request\"" */
	size_t json_shown_length;
};

/* What is special about one record's values, found while they are printed. */
struct oddities {
	uint64_t cut, raw; /* one bit a field */
};

struct entry {
	size_t offset;      /* of key and value in `entry_bytes` */
	struct value order; /* entries are sorted by this, then by their keys */
};

struct output {
	FILE *file;
	const struct plan *plan;
	struct output_options options;
	struct arena arena;
	struct buffer text; /* printed and not written yet */
	struct buffer line; /* scratch of printf records in JSON */
	int failed;         /* the negative errno of the first write that failed */

	int64_t epoch;  /* what makes CLOCK_MONOTONIC nanoseconds since 1970 */
	int64_t second; /* the one that `second_text` shows */
	char second_text[16];

	struct words *probes; /* as the plan's probes */
	size_t probe_count, probe_room;
	struct words **fields; /* of each of the plan's records */
	size_t record_count, record_room;

	output_frames_fn *frames;
	void *frames_context;

	uint64_t top, div; /* see output_map_limits() */
	const struct plan_map *map; /* between output_map_begin() and output_map_end() */
	struct buffer entry_bytes;
	struct entry *entries;
	size_t entry_count, entry_room;
};

/* record.c: writes what is there when it is much, and tells how it went. */
int output_written(struct output *o);

/* event.c */
/* Makes the words of what the plan has and they don't yet. */
int event_words(struct output *o, struct error *err);
int event_text(struct output *o, const struct plan_record *shape, const struct abi_record *record,
               size_t size);
int event_json(struct output *o, const struct plan_record *shape, const struct abi_record *record,
               size_t size);
/* A member that lists the fields of the set, where there are any. */
void names_json(struct output *o, const char *member, const struct plan_record *shape,
                uint64_t fields);

/* format.c */
int format_check(const struct plan_record *shape, struct error *err);
int format_record(struct output *o, struct buffer *b, const struct plan_record *shape,
                  const struct abi_record *record, size_t size);

/* async.c: cat(), system(), join(), errorf() */
int async_record(struct output *o, const struct plan_record *shape, const struct abi_record *record,
                 size_t size);

/* shown.c: PLAN_ERRNO to PLAN_FUNCTION */
void shown_text(const struct output *o, struct buffer *b, const struct value *v);
bool shown_json(const struct output *o, struct buffer *b, const struct value *v);

/* clock.c */
/* Nanoseconds since 1970 by a format of strftime(3), and %f. */
int clock_real(struct buffer *b, const char *format, uint64_t time);
int64_t clock_epoch(void);
void clock_text(struct output *o, struct buffer *b, uint64_t monotonic);
int clock_format(struct output *o, struct buffer *b, const char *format, uint64_t monotonic);

/* stack.c */
void stack_text(const struct output *o, struct buffer *b, const struct value *stack);
void stack_json(const struct output *o, struct buffer *b, const struct value *stack);
void symbol_text(const struct output *o, struct buffer *b, const struct value *address);
bool symbol_json(const struct output *o, struct buffer *b, const struct value *address);

/* map.c: of the map at hand; avg() and stats(): the sum of what they were given */
const char *entry_key(const struct output *o, const struct entry *entry);
const char *entry_value(const struct output *o, const struct entry *entry);
__int128 entry_sum(const struct output *o, const struct entry *entry);
struct value entry_shown(const struct output *o, const struct entry *entry);
uint64_t hist_div(const struct output *o);

/* bpftrace.c: OUTPUT_BPFTRACE */
void bpftrace_text(struct output *o, const char *type, const char *text, size_t length);
void bpftrace_value(struct output *o, const struct value *value);
void bpftrace_number(struct output *o, const char *type, const char *name, uint64_t number);
void bpftrace_map(struct output *o, size_t first); /* the entries from that on */

/* hist.c: the rows, or the JSON array, of the buckets of PLAN_HIST and PLAN_LHIST; their counts are
 * divided by `div`. */
size_t hist_buckets(const struct plan_map *map);
uint64_t hist_total(const struct plan_map *map, const uint64_t *buckets);
void hist_text(struct buffer *b, const struct plan_map *map, const uint64_t *buckets, uint64_t div,
               bool by_powers);
void hist_percentiles_text(struct buffer *b, const struct plan_map *map, const uint64_t *buckets);
void hist_percentiles_json(struct buffer *b, const struct plan_map *map, const uint64_t *buckets);
void hist_json(struct buffer *b, const struct plan_map *map, const uint64_t *buckets, uint64_t div);

/* Colours, "" where they are off. */
enum paint { PAINT_OFF, PAINT_DIM, PAINT_PROBE, PAINT_NAME };
const char *paint(const struct output_options *options, enum paint what);

#endif
