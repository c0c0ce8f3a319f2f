/*
 * The JSON of bpftrace's `-f json`, for scripts that read it: an object a line, {"type","data"}; a map
 * as a whole is one object, its keys are texts with commas between.
 */
#include "state.h"

#include "bpf/abi.h"

static void put_type(struct output *o, const char *type)
{
	put_text(&o->text, "{\"type\": \"");
	put_text(&o->text, type);
	put_text(&o->text, "\", \"data\": ");
}

void bpftrace_text(struct output *o, const char *type, const char *text, size_t length)
{
	put_type(o, type);
	put_json_string(&o->text, text, length);
	put_text(&o->text, "}\n");
}

/* Stacks and bytes are texts there. Returns false when there were bytes that are not UTF-8. */
static bool put_value(const struct output *o, struct buffer *b, const struct value *v)
{
	struct buffer text = {0};

	if (v->type != PLAN_USTACK && v->type != PLAN_KSTACK && v->type != PLAN_BYTES)
		return value_json(o, b, v);
	value_text(o, &text, v, VALUE_RAW);
	put_json_string(b, buffer_string(&text), text.length);
	b->failed |= text.failed;
	buffer_free(&text);
	return true;
}

void bpftrace_value(struct output *o, const struct value *value)
{
	put_type(o, "value");
	put_value(o, &o->text, value);
	put_text(&o->text, "}\n");
}

void bpftrace_number(struct output *o, const char *type, const char *name, uint64_t number)
{
	put_type(o, type);
	buffer_print(&o->text, "{\"%s\": %llu}}\n", name, (unsigned long long)number);
}

/* ---- maps ---- */

/* A key is a text of the JSON of its parts, of texts without the quotes. Texts that are not UTF-8 show
 * their bytes, or two keys could look the same. */
static void put_keys(struct output *o, const struct entry *entry)
{
	const struct plan_map *map = o->map;
	struct buffer all = {0}, part = {0};
	struct value v;

	for (size_t i = 0; i < map->key_count; i++) {
		bool quoted;

		buffer_clear(&part);
		value_take(&map->keys[i], entry_key(o, entry), map->key_size, &v);
		if (!put_value(o, &part, &v) && v.bytes) {
			buffer_clear(&part);
			put_escaped(&part, v.bytes, v.length, '"');
		}
		quoted = part.length >= 2 && part.data[0] == '"';
		put_text(&all, i ? "," : "");
		put_bytes(&all, part.data + quoted, part.length - 2 * quoted);
	}
	put_json_string(&o->text, buffer_string(&all), all.length);
	o->text.failed |= all.failed | part.failed;
	buffer_free(&all);
	buffer_free(&part);
}

static void put_stats(struct output *o, const struct entry *entry)
{
	struct abi_average average;

	memcpy(&average, entry_value(o, entry), sizeof(average));
	put_text(&o->text, "{\"count\": ");
	put_unsigned(&o->text, average.count);
	put_text(&o->text, ", \"average\": ");
	put_value(o, &o->text, &entry->order);
	put_text(&o->text, ", \"total\": ");
	put_wide(&o->text, entry_sum(o, entry));
	put_char(&o->text, '}');
}

static void put_entry(struct output *o, const struct entry *entry)
{
	const struct plan_map *map = o->map;
	struct value v = entry_shown(o, entry);

	switch (map->aggregate) {
	case PLAN_HIST:
	case PLAN_LHIST:
	case PLAN_BHIST:
		hist_json(&o->text, map, (const uint64_t *)(const void *)entry_value(o, entry),
		          hist_div(o));
		break;
	case PLAN_STATS:
		put_stats(o, entry);
		break;
	default:
		put_value(o, &o->text, &v);
	}
}

static const char *type_of(const struct plan_map *map)
{
	switch (map->aggregate) {
	case PLAN_HIST:
	case PLAN_LHIST:
	case PLAN_BHIST:
		return "hist";
	case PLAN_AVG:
	case PLAN_STATS:
		return "stats";
	default:
		return "map";
	}
}

void bpftrace_map(struct output *o, size_t first)
{
	struct buffer *b = &o->text;
	bool keyed = o->map->key_count > 0;

	if (!o->entry_count)
		return;
	put_type(o, type_of(o->map));
	put_char(b, '{');
	put_json_string(b, o->map->name, strlen(o->map->name));
	put_text(b, keyed ? ": {" : ": ");
	for (size_t i = first; i < o->entry_count; i++) {
		put_text(b, i > first ? ", " : "");
		if (keyed) {
			put_keys(o, &o->entries[i]);
			put_text(b, ": ");
		}
		put_entry(o, &o->entries[i]);
	}
	put_text(b, keyed ? "}}}\n" : "}}\n");
}
