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

/* Stacks are texts there. */
static void put_value(struct output *o, const struct value *v)
{
	struct buffer text = {0};

	if (v->type != PLAN_USTACK && v->type != PLAN_KSTACK) {
		value_json(o, &o->text, v);
		return;
	}
	value_text(o, &text, v, VALUE_PLAIN);
	put_json_string(&o->text, buffer_string(&text), text.length);
	o->text.failed |= text.failed;
	buffer_free(&text);
}

void bpftrace_value(struct output *o, const struct value *value)
{
	put_type(o, "value");
	put_value(o, value);
	put_text(&o->text, "}\n");
}

void bpftrace_number(struct output *o, const char *type, const char *name, uint64_t number)
{
	put_type(o, type);
	buffer_print(&o->text, "{\"%s\": %llu}}\n", name, (unsigned long long)number);
}

/* ---- maps ---- */

static void put_keys(struct output *o, const struct entry *entry)
{
	const struct plan_map *map = o->map;
	struct buffer text = {0};
	struct value v;

	for (size_t i = 0; i < map->key_count; i++) {
		put_text(&text, i ? "," : "");
		value_take(&map->keys[i], entry_key(o, entry), map->key_size, &v);
		value_text(o, &text, &v, VALUE_KEY);
	}
	put_json_string(&o->text, buffer_string(&text), text.length);
	o->text.failed |= text.failed;
	buffer_free(&text);
}

static void put_stats(struct output *o, const struct entry *entry)
{
	struct abi_average average;

	memcpy(&average, entry_value(o, entry), sizeof(average));
	put_text(&o->text, "{\"count\": ");
	put_unsigned(&o->text, average.count);
	put_text(&o->text, ", \"average\": ");
	put_value(o, &entry->order);
	put_text(&o->text, ", \"total\": ");
	put_wide(&o->text, entry_sum(o, entry));
	put_char(&o->text, '}');
}

static void put_entry(struct output *o, const struct entry *entry)
{
	const struct plan_map *map = o->map;
	struct value v = entry->order;

	switch (map->aggregate) {
	case PLAN_HIST:
	case PLAN_LHIST:
	case PLAN_BHIST:
		hist_json(&o->text, map, (const uint64_t *)(const void *)entry_value(o, entry));
		break;
	case PLAN_STATS:
		put_stats(o, entry);
		break;
	case PLAN_VALUE: /* the bytes may have moved since */
		value_take(&map->value, entry_value(o, entry), map->value_size, &v);
		/* fall through */
	default:
		put_value(o, &v);
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
