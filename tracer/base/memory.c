#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

void *array_grow(void **items, size_t *count, size_t *room, size_t size)
{
	char *element;

	if (*count == *room) {
		size_t wanted = *room ? *room * 2 : 8;
		void *grown = wanted > SIZE_MAX / size ? NULL : realloc(*items, wanted * size);

		if (!grown)
			return NULL;
		*items = grown;
		*room = wanted;
	}
	element = (char *)*items + *count * size;
	memset(element, 0, size);
	++*count;
	return element;
}

static bool buffer_reserve(struct buffer *b, size_t more)
{
	size_t wanted = b->room ? b->room : 64;
	char *grown;

	if (b->failed)
		return false;
	if (more >= SIZE_MAX / 4 - b->length) {
		b->failed = true;
		return false;
	}
	if (b->length + more + 1 <= b->room)
		return true;
	while (wanted < b->length + more + 1)
		wanted *= 2;
	grown = realloc(b->data, wanted);
	if (!grown) {
		b->failed = true;
		return false;
	}
	b->data = grown;
	b->room = wanted;
	return true;
}

void buffer_add(struct buffer *b, const void *bytes, size_t length)
{
	if (!length || !buffer_reserve(b, length))
		return;
	memcpy(b->data + b->length, bytes, length);
	b->length += length;
	b->data[b->length] = '\0';
}

void buffer_char(struct buffer *b, char c)
{
	buffer_add(b, &c, 1);
}

void buffer_text(struct buffer *b, const char *text)
{
	buffer_add(b, text, strlen(text));
}

void buffer_printv(struct buffer *b, const char *format, va_list args)
{
	va_list again;
	int needed;

	va_copy(again, args);
	needed = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (needed < 0 || !buffer_reserve(b, (size_t)needed))
		return;
	vsnprintf(b->data + b->length, (size_t)needed + 1, format, args);
	b->length += (size_t)needed;
}

void buffer_print(struct buffer *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buffer_printv(b, format, args);
	va_end(args);
}

void buffer_clear(struct buffer *b)
{
	b->length = 0;
	if (b->data)
		b->data[0] = '\0';
}

void buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){0};
}

const char *buffer_string(const struct buffer *b)
{
	return b->data ? b->data : "";
}

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

enum { ARENA_BLOCK = 16 * 1024 };

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *block = a->blocks;
	void *memory;

	if (size > SIZE_MAX / 2) {
		a->failed = true;
		return NULL;
	}
	size = (size + align - 1) / align * align;
	if (!block || block->size - block->used < size) {
		size_t room = size > ARENA_BLOCK ? size : ARENA_BLOCK;

		block = malloc(sizeof(*block) + room);
		if (!block) {
			a->failed = true;
			return NULL;
		}
		block->next = a->blocks;
		block->used = 0;
		block->size = room;
		a->blocks = block;
	}
	memory = block->data + block->used;
	block->used += size;
	return memset(memory, 0, size);
}

char *arena_copy(struct arena *a, const char *text, size_t length)
{
	char *copy = arena_alloc(a, length + 1);

	if (copy && length)
		memcpy(copy, text, length);
	return copy;
}

char *arena_string(struct arena *a, const char *text)
{
	return arena_copy(a, text, strlen(text));
}

char *arena_print(struct arena *a, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length >= 0)
		text = arena_alloc(a, (size_t)length + 1);
	if (text) {
		va_start(args, format);
		vsnprintf(text, (size_t)length + 1, format, args);
		va_end(args);
	}
	return text;
}

void arena_free(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	a->failed = false;
}

struct table_slot {
	const void *key;
	size_t length, value;
	size_t hash; /* of the key: tells most others apart, and makes growing cheap */
};

/*
 * FNV-1a, 64 bits, from a start that differs in every process: names come from files that may be
 * made to collide.
 */
static size_t hash_bytes(const void *key, size_t length)
{
	const unsigned char *bytes = key;
	static uint64_t seed; /* the same whoever sets it */
	uint64_t hash = 14695981039346656037u;

	if (!seed)
		memcpy(&seed, (const void *)getauxval(AT_RANDOM), sizeof(seed));
	hash ^= seed;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 1099511628211u;
	return (size_t)(hash ^ hash >> 32);
}

static struct table_slot *find_slot(const struct table *t, const void *key, size_t length,
				    size_t hash)
{
	size_t i = hash & (t->room - 1);

	while (t->slots[i].key && (t->slots[i].hash != hash || t->slots[i].length != length ||
				   memcmp(t->slots[i].key, key, length)))
		i = (i + 1) & (t->room - 1);
	return &t->slots[i];
}

static int table_grow(struct table *t)
{
	struct table bigger = {.count = t->count, .room = t->room ? t->room * 2 : 64};

	bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < t->room; i++) {
		const struct table_slot *s = &t->slots[i];

		if (s->key)
			*find_slot(&bigger, s->key, s->length, s->hash) = *s;
	}
	free(t->slots);
	*t = bigger;
	return 0;
}

int table_put(struct table *t, const void *key, size_t length, size_t value, size_t *found)
{
	size_t hash = hash_bytes(key, length);
	struct table_slot *slot;

	if (t->count * 2 >= t->room && table_grow(t))
		return -ENOMEM;
	slot = find_slot(t, key, length, hash);
	if (slot->key) {
		*found = slot->value;
		return 1;
	}
	*slot = (struct table_slot){key, length, value, hash};
	t->count++;
	*found = value;
	return 0;
}

bool table_get(const struct table *t, const void *key, size_t length, size_t *value)
{
	struct table_slot *slot =
		t->room ? find_slot(t, key, length, hash_bytes(key, length)) : NULL;

	if (!slot || !slot->key)
		return false;
	*value = slot->value;
	return true;
}

void table_free(struct table *t)
{
	free(t->slots);
	*t = (struct table){0};
}
